/* drivers/harness/cli/number.c - see number.h. */
#include "drivers/harness/cli/number.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* digits * 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* Beyond it every number but 0 is out of range. */
enum { MAX_EXPONENT = 1000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes digits into d; each moves the exponent by `step`. False when there is none, or too many. */
static bool take_digits(const char **at, decimal *d, int step)
{
    const char *first = *at;
    for (; is_digit(**at); (*at)++) {
        unsigned digit = (unsigned)(**at - '0');
        if (d->digits > (UINT64_MAX - digit) / 10)
            return false;
        d->digits = 10 * d->digits + digit;
        d->exponent += step;
    }
    return *at > first;
}

static bool take_exponent(const char **at, decimal *d)
{
    bool negative = **at == '-';
    int exponent = 0;
    *at += **at == '-' || **at == '+';
    const char *first = *at;
    for (; is_digit(**at); (*at)++)
        if (exponent < MAX_EXPONENT)
            exponent = 10 * exponent + (**at - '0');
    d->exponent += negative ? -exponent : exponent;
    return *at > first;
}

static bool take_decimal(const char **at, decimal *d)
{
    if (!take_digits(at, d, 0))
        return false;
    if (**at == '.') {
        (*at)++;
        if (!take_digits(at, d, -1))
            return false;
    }
    if (**at != 'e' && **at != 'E')
        return true;
    (*at)++;
    return take_exponent(at, d);
}

/* The unit that is the whole of text; 0 when it is none. */
static uint64_t unit_of(const char *text)
{
    static const char letters[] = "KMGTkmgt";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    if (*text == '\0')
        return 1;
    if (!letter)
        return 0;
    int power = (int)((letter - letters) % 4 + 1);
    bool capital = letter < letters + 4;
    const char *rest = text + 1;
    if (*rest == '\0' || strcmp(rest, "i") == 0 || (capital && strcmp(rest, "iB") == 0))
        return (uint64_t)1 << 10 * power;
    if (strcmp(rest, "B") != 0 || !(capital || *text == 'k'))
        return 0;
    uint64_t unit = 1;
    for (int i = 0; i < power; i++)
        unit *= 1000;
    return unit;
}

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    decimal d = {0, 0};
    const char *at = text;
    if (!take_decimal(&at, &d))
        return false;
    uint64_t unit = unit_of(at);
    if (unit == 0)
        return false;
    /* Below 2^64 * 2^40. */
    uint128 value = (uint128)d.digits * unit;
    for (; d.exponent < 0 && value; d.exponent++) {
        if (value % 10)
            return false;
        value /= 10;
    }
    for (; d.exponent > 0 && value; d.exponent--) {
        if (value > UINT64_MAX)
            return false;
        value *= 10;
    }
    if (value > UINT64_MAX || value < least || value > most)
        return false;
    *number = (uint64_t)value;
    return true;
}
