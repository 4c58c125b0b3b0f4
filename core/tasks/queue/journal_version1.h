/* core/tasks/queue/journal_version1.h - what journals of version 1 find damage by, and tell
 * contents apart by. */
#ifndef TRINE_CORE_JOURNAL_VERSION1_H
#define TRINE_CORE_JOURNAL_VERSION1_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli; RFC 3720, appendix B.4) of n bytes; `before` is that of the bytes before
 * them, 0 for none. */
uint32_t trine_journal1_crc(uint32_t before, const void *bytes, size_t n);

/* MurmurHash64A of n bytes (A. Appleby, 2008). */
uint64_t trine_journal1_hash(const void *bytes, size_t n, uint64_t seed);

#endif
