/* drivers/harness/cli/value.h - results as text. */
#ifndef TRINE_HARNESS_VALUE_H
#define TRINE_HARNESS_VALUE_H

#include <stddef.h>

#include "drivers/harness/harness.h"

enum { VALUE_TEXT = 48, REFERENCE_TEXT = 96 };

/* The result's 64 bits (32 for f32), as they are; and in hex, 16 digits (8). */
uint64_t value_bits(const harness_value *value);
void bits_text(const harness_value *value, char *text, size_t size);

/* In as many digits as tell it from its neighbours. */
void value_text(const harness_value *value, char *text, size_t size);

/* What the reference says of the sum of such elements. */
void reference_text(const facts *feference, trine_dtype dtype, char *text, size_t size);

/* "right", "wrong", "unverified". */
const char *verdict_name(harness_verdict verdict);

#endif
