/* core/linalg/matrix.h - what the products share: checking their arguments. */
#ifndef TRINE_CORE_MATRIX_H
#define TRINE_CORE_MATRIX_H

#include "core/array/array.h"

/* One argument of a product, which should have that shape. */
typedef struct trine_operand {
    const char *name;
    const trine_array *array;
    uint64_t rows, columns;
} trine_operand;

/* That operand[0 .. 3) are arrays (before any of their shapes is asked for). */
trine_status trine_operands_given(const char *call, const trine_array *const arrays[3],
                                  const char *const names[3]);

/* That the three are of one team, that type and their shapes, lie where the call takes them, and
 * that the last one, the result, overlaps none of the others. */
trine_status trine_operands_check(const char *call, trine_dtype dtype,
                                  const trine_operand operands[3]);

#endif
