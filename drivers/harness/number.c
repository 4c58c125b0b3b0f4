/* harness/number.c - see number.h. */
#include "drivers/harness/number.h"

#include <string.h>

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    static const char units[] = "KMGTkmgt";
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (at == text)
        return false;
    const char *unit = *at ? strchr(units, *at) : NULL;
    if (unit) {
        unsigned shift = 10 * (unsigned)((unit - units) % 4 + 1);
        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
        at += at[1] == 'i' ? 2 : 1;
    }
    if (*at || value < least || value > most)
        return false;
    *number = value;
    return true;
}
