/* core/tasks/queue/journal_format.h - the bytes of a journal: a header, records, and what finds
 * damage in them.
 *
 *     header   "trinejnl", version, sizes and hashes of the owner's param and data, name, check
 *     record   item's number, hash of its bytes, size of its result, check; the result
 *
 * Hashes and checks of version 2 are XXH3's of 64 bits (Y. Collet, xxHash). Those of version 1 are
 * MurmurHash64A's and CRC-32C's. Numbers are in this machine's byte order; `order` tells it.
 */
#ifndef TRINE_CORE_JOURNAL_FORMAT_H
#define TRINE_CORE_JOURNAL_FORMAT_H

#include <stdint.h>
#include <xxhash.h>

#include "core/tasks/queue/journal.h"

/* NAME: space for the kind's name; longer ones are known by their first bytes and their hash. */
enum {
    TRINE_JOURNAL_OLDEST = 1,
    TRINE_JOURNAL_VERSION = 2,
    TRINE_JOURNAL_NAME = 64,
    TRINE_JOURNAL_ORDER = 0x01020304
};

/* Of all bytes of a header, or of a record and its result, but its own. Version 2: the two halves
 * of the hash. Version 1: 0, which is one of the bytes, and their CRC. */
typedef struct trine_journal_check {
    uint32_t part[2];
} trine_journal_check;

typedef struct trine_journal_header {
    char magic[8];
    uint32_t version, order;
    uint64_t name_hash, param_size, param_hash, data_size, data_hash, item_max, result_max;
    char name[TRINE_JOURNAL_NAME];
    trine_journal_check check;
} trine_journal_header;

typedef struct trine_journal_record {
    uint64_t index, identity, size;
    trine_journal_check check;
} trine_journal_record;

/* A check in the making. */
typedef struct trine_journal_sum {
    uint32_t version, crc;
    XXH3_state_t hash;
} trine_journal_sum;

/* The header of a new journal of that owner, in that version. */
trine_journal_header trine_journal_header_of(const trine_journal_owner *owner, uint32_t version);

/* Whether those 8 bytes begin a journal. */
bool trine_journal_is_magic(const char magic[8]);

/* Whether the header, of a version that is known, is as it was written. */
bool trine_journal_header_is_whole(const trine_journal_header *header);

/* What stands for n bytes. */
uint64_t trine_journal_hash(uint32_t version, const void *bytes, size_t n, uint64_t seed);

/* Of a record: of its head, of the bytes of its result, piece by piece; whether that is its check;
 * what its check is. */
void trine_journal_sum_begin(trine_journal_sum *sum, uint32_t version,
                             const trine_journal_record *record);
void trine_journal_sum_add(trine_journal_sum *sum, const void *bytes, size_t n);
bool trine_journal_sum_is(const trine_journal_sum *sum, const trine_journal_record *record);
trine_journal_check trine_journal_sum_end(const trine_journal_sum *sum);

#endif
