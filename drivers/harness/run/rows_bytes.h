/* drivers/harness/run/rows_bytes.h - rows and failures on their way from rank 0 to the driver that
 * started it.
 */
#ifndef TRINE_HARNESS_ROWS_BYTES_H
#define TRINE_HARNESS_ROWS_BYTES_H

#include <stddef.h>

#include "drivers/harness/run/rows.h"

/* What the run found, malloc'ed, and how many bytes that is; NULL without memory. */
void *run_to_bytes(const harness_run *run, size_t *size);

/* Adds the rows and failures to the run, and takes over what the data is where there are rows.
 * False when the bytes are not those of this very program, are cut or name what this run does not
 * have (a mode, a type), or memory is short: then nothing is added. */
bool run_from_bytes(harness_run *run, const void *bytes, size_t size);

#endif
