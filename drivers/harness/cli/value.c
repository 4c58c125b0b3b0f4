/* drivers/harness/cli/value.c - see value.h. */
#include "drivers/harness/cli/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t value_bits(const harness_value *value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value->as, value->dtype == TRINE_F32 ? 4 : 8);
    return bits;
}

void bits_text(const harness_value *value, char *text, size_t size)
{
    snprintf(text, size, "%0*" PRIx64, value->dtype == TRINE_F32 ? 8 : 16, value_bits(value));
}

void value_text(const harness_value *value, char *text, size_t size)
{
    switch (value->dtype) {
    case TRINE_F64:
        snprintf(text, size, "%.17g", value->as.f64);
        break;
    case TRINE_F32:
        snprintf(text, size, "%.9g", (double)value->as.f32);
        break;
    case TRINE_U64:
        snprintf(text, size, "%" PRIu64, value->as.u64);
        break;
    default:
        snprintf(text, size, "%" PRId64, value->as.i64);
    }
}

/* |whole| < 2^114 (2^50 elements of 64 bits), which are at most 35 digits. */
static void whole_text(harness_int128 whole, char *text, size_t size)
{
    char digits[40], *at = digits + sizeof digits - 1;
    bool negative = whole < 0;
    *at = '\0';
    do {
        int digit = (int)(whole % 10);
        *--at = (char)('0' + (digit < 0 ? -digit : digit));
        whole /= 10;
    } while (whole);
    snprintf(text, size, "%s%s", negative ? "-" : "", at);
}

void reference_text(const facts *f, trine_dtype dtype, char *text, size_t size)
{
    exact_number sum, nearest;
    harness_int128 whole;
    facts_sum(f, &sum);
    if (f->nan || (f->plus_inf && f->minus_inf)) {
        snprintf(text, size, "nan");
    } else if (f->plus_inf || f->minus_inf) {
        snprintf(text, size, f->plus_inf ? "inf" : "-inf");
    } else if (dtype != TRINE_F64 && dtype != TRINE_F32) {
        (void)exact_whole(&sum, &whole);
        whole_text(whole, text, size);
    } else if (!isfinite(exact_double(&sum))) {
        snprintf(text, size, "%sinf", exact_sign(&sum) < 0 ? "-" : "");
    } else {
        double value = exact_double(&sum);
        exact_clear(&nearest);
        exact_add_real(&nearest, (long double)value);
        exact_add(&sum, &nearest, -1);
        double rest = exact_double(&sum);
        snprintf(text, size, "%.17g %c %.3g", value, signbit(rest) ? '-' : '+', fabs(rest));
    }
}

const char *verdict_name(harness_verdict verdict)
{
    static const char *const names[] = {"right", "wrong", "unverified"};
    return names[verdict];
}
