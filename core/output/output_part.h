/* core/output/output_part.h - the temporaries that outputs are written to: their names and
 * leftovers. */
#ifndef TRINE_CORE_OUTPUT_PART_H
#define TRINE_CORE_OUTPUT_PART_H

#include "core/output/output.h"

/* What became of a temporary's name. */
typedef enum part_state { PART_MADE, PART_LIVING, PART_FOREIGN, PART_FAILED } part_state;

/* The name of that slot's temporary for the output's name. */
void trine_part_name(trine_output *output, unsigned slot);

/* Makes and locks output->part, with those permissions, in the place of a leftover too; into
 * output->fd. FAILED with errno. */
part_state trine_part_make(trine_output *output, mode_t mode);

/* Removes what stands under that name when a killed process left it. MADE: nothing stands there. */
part_state trine_part_clear(int folder, const char *part);

#endif
