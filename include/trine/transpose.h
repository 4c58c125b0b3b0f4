/* trine/transpose.h - rows become columns. */
#ifndef TRINE_TRANSPOSE_H
#define TRINE_TRANSPOSE_H

#include <trine/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/** out[c][r] = x[r][c].
 *
 * x of rows x columns, out of columns x rows elements of the same type, any type, which share no
 * memory. (One axis is one column: x of n elements goes to 1 x n.) Places may differ; on a team of
 * several ranks the blocks of PRIVATE and SHARED arrays make one whole, as in array.h, whose rows
 * are those of all ranks together. Between ranks, panels of rows of about 32 MiB a rank travel at a
 * time.
 *
 * Collective; when one rank's arguments are refused, as in reduce.h. Errors: ARGUMENT (NULL,
 * overlap), DTYPE, LENGTH (shapes that do not fit), TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, MPI;
 * out then holds a mixture only when it was WORKER or MPI. */
TRINE_API trine_status trine_transpose(const trine_array *x, trine_array *out);

#ifdef __cplusplus
}
#endif
#endif
