/* harness/number.h - numbers as options give them, read strictly. */
#ifndef TRINE_HARNESS_NUMBER_H
#define TRINE_HARNESS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number from `least` to `most`, with one of K M G T (or Ki Mi Gi Ti), small letters too:
 * powers of 1024. Nothing else may stand before or behind it. */
bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
