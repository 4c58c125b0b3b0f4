/* core/partition/share.h - ranges of items: equal shares of a whole, and what two ranges have in
 * common. */
#ifndef TRINE_CORE_SHARE_H
#define TRINE_CORE_SHARE_H

#include "core/system/util.h"

/* Items [first, end). */
typedef struct trine_range {
    uint64_t first, end;
} trine_range;

/* Share i of `shares` > 0 of n items. The first n % shares of them have one item more. */
static inline trine_range trine_fair_share(uint64_t n, uint64_t shares, uint64_t i)
{
    uint64_t quotient = n / shares, remainder = n % shares;
    uint64_t first = i * quotient + trine_min(i, remainder);
    return (trine_range){first, first + quotient + (i < remainder)};
}

/* The same in whole units, but for the last share that has any items. unit > 0. */
static inline trine_range trine_fair_share_of_units(uint64_t n, uint64_t unit, uint64_t shares,
                                                    uint64_t i)
{
    trine_range units = trine_fair_share(trine_divide_up(n, unit), shares, i);
    return (trine_range){trine_min(units.first * unit, n), trine_min(units.end * unit, n)};
}

/* The items of both; an empty range where there are none. */
static inline trine_range trine_range_common(trine_range a, trine_range b)
{
    uint64_t first = trine_max(a.first, b.first);
    return (trine_range){first, trine_max(first, trine_min(a.end, b.end))};
}

#endif
