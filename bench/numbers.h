/* numbers.h - a source of items: the numbers from 0 to n. */
#ifndef TRINE_BENCH_NUMBERS_H
#define TRINE_BENCH_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct numbers {
    uint64_t next, n;
} numbers;

static inline bool next_number(void *context, void *item, size_t *size)
{
    numbers *numbers = context;
    if (numbers->next == numbers->n)
        return false;
    memcpy(item, &numbers->next, sizeof numbers->next);
    numbers->next++;
    *size = sizeof numbers->next;
    return true;
}

#endif
