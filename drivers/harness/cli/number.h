/* drivers/harness/cli/number.h - numbers as options give them, read strictly. */
#ifndef TRINE_HARNESS_NUMBER_H
#define TRINE_HARNESS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* What read_number takes, for messages and --help. */
#define NUMBER_UNITS                                                                               \
    "K M G T (or KiB to TiB) are powers of 1024, kB MB GB TB of 1000; 1e9 and 1.5G are numbers, "  \
    "too"

/* A whole number from `least` to `most`: digits, which may have a fraction and an exponent (1e9,
 * 2.5e6), and one unit: K M G T or Ki Mi Gi Ti, small letters too, or KiB MiB GiB TiB, which are
 * powers of 1024; kB (or KB) MB GB TB, which are powers of 1000. Their product must be whole (1.5K
 * is 1536; 1.5 is no number). Nothing else may stand before or behind it. */
bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
