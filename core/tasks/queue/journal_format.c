/* core/tasks/queue/journal_format.c - see journal_format.h. */
#include "core/tasks/queue/journal_format.h"

#include <string.h>

#include "core/tasks/queue/journal_version1.h"

static const char magic[8] = {'t', 'r', 'i', 'n', 'e', 'j', 'n', 'l'};

/* What has no bytes may have no address. */
static const void *address(const void *bytes)
{
    return bytes ? bytes : "";
}

uint64_t trine_journal_hash(uint32_t version, const void *bytes, size_t n, uint64_t seed)
{
    return version == 1 ? trine_journal1_hash(bytes, n, seed)
                        : XXH3_64bits_withSeed(address(bytes), n, seed);
}

/* Of n bytes that stand before a check. */
static void begin(trine_journal_sum *sum, uint32_t version, const void *bytes, size_t n)
{
    sum->version = version;
    sum->crc = 0;
    (void)XXH3_64bits_reset(&sum->hash);
    trine_journal_sum_add(sum, bytes, version == 1 ? n + sizeof(uint32_t) : n);
}

trine_journal_check trine_journal_sum_end(const trine_journal_sum *sum)
{
    trine_journal_check check = {{0, sum->crc}};
    uint64_t hash = sum->version == 1 ? 0 : XXH3_64bits_digest(&sum->hash);
    if (sum->version != 1)
        memcpy(check.part, &hash, sizeof hash);
    return check;
}

static bool is(const trine_journal_sum *sum, const trine_journal_check *there)
{
    const trine_journal_check check = trine_journal_sum_end(sum);
    return memcmp(&check, there, sizeof check) == 0;
}

trine_journal_header trine_journal_header_of(const trine_journal_owner *owner, uint32_t version)
{
    const char *name = owner->kind ? owner->kind : "";
    trine_journal_sum sum;
    trine_journal_header h = {
        .version = version,
        .order = TRINE_JOURNAL_ORDER,
        .name_hash = trine_journal_hash(version, name, strlen(name), 0),
        .param_size = owner->param_size,
        .param_hash = trine_journal_hash(version, owner->param, owner->param_size, 0),
        .data_size = owner->data_size,
        .data_hash = trine_journal_hash(version, owner->data, owner->data_size, 0),
        .item_max = owner->item_max,
        .result_max = owner->result_max};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.name, name, strnlen(name, TRINE_JOURNAL_NAME - 1));
    begin(&sum, version, &h, offsetof(trine_journal_header, check));
    h.check = trine_journal_sum_end(&sum);
    return h;
}

bool trine_journal_is_magic(const char there[8])
{
    return memcmp(there, magic, sizeof magic) == 0;
}

bool trine_journal_header_is_whole(const trine_journal_header *header)
{
    trine_journal_sum sum;
    begin(&sum, header->version, header, offsetof(trine_journal_header, check));
    return is(&sum, &header->check);
}

void trine_journal_sum_begin(trine_journal_sum *sum, uint32_t version,
                             const trine_journal_record *record)
{
    begin(sum, version, record, offsetof(trine_journal_record, check));
}

void trine_journal_sum_add(trine_journal_sum *sum, const void *bytes, size_t n)
{
    if (sum->version == 1)
        sum->crc = trine_journal1_crc(sum->crc, bytes, n);
    else
        (void)XXH3_64bits_update(&sum->hash, address(bytes), n);
}

bool trine_journal_sum_is(const trine_journal_sum *sum, const trine_journal_record *record)
{
    return is(sum, &record->check);
}
