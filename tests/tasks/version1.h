/* version1.h - a journal of today's version made into one of version 1. */
#ifndef TRINE_TESTS_TASKS_VERSION1_H
#define TRINE_TESTS_TASKS_VERSION1_H

#include <stddef.h>
#include <string.h>

#include "core/tasks/queue/journal_format.h"
#include "core/tasks/queue/journal_version1.h"

/* The check of version 1 of a header or a record whose first n bytes, up to the check, are at head;
 * result: what is behind that. */
static inline trine_journal_check version1_check(const void *head, size_t n, const void *result,
                                                 size_t size)
{
    const uint32_t unused = 0;
    uint32_t crc = trine_journal1_crc(0, head, n);
    crc = trine_journal1_crc(crc, &unused, sizeof unused);
    return (trine_journal_check){{unused, trine_journal1_crc(crc, result, size)}};
}

/* Of tasks with that kind and param, no data, and items that are 8 bytes: first + their number. */
static inline void to_version1(unsigned char *bytes, size_t size, const char *kind,
                               const void *param, size_t param_size, uint64_t first)
{
    trine_journal_header h;
    trine_journal_record r;
    memcpy(&h, bytes, sizeof h);
    h.version = 1;
    h.name_hash = trine_journal1_hash(kind, strlen(kind), 0);
    h.param_hash = trine_journal1_hash(param, param_size, 0);
    h.data_hash = trine_journal1_hash(NULL, 0, 0);
    h.check = version1_check(&h, offsetof(trine_journal_header, check), NULL, 0);
    memcpy(bytes, &h, sizeof h);
    for (size_t at = sizeof h; at < size; at += sizeof r + (size_t)r.size) {
        memcpy(&r, bytes + at, sizeof r);
        const uint64_t item = first + r.index;
        r.identity = trine_journal1_hash(&item, sizeof item, r.index);
        r.check = version1_check(&r, offsetof(trine_journal_record, check), bytes + at + sizeof r,
                                 (size_t)r.size);
        memcpy(bytes + at, &r, sizeof r);
    }
}

#endif
