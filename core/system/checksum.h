/* core/system/checksum.h - a checksum that finds damage, a hash that tells contents apart. */
#ifndef TRINE_CORE_CHECKSUM_H
#define TRINE_CORE_CHECKSUM_H

#include <trine/types.h>

/* CRC-32C (Castagnoli; RFC 3720, appendix B.4) of n bytes; `before` is that of the bytes before
 * them, 0 for none. */
uint32_t trine_crc32c(uint32_t before, const void *bytes, size_t n);

/* MurmurHash64A of n bytes (A. Appleby, 2008). */
uint64_t trine_hash(const void *bytes, size_t n, uint64_t seed);

#endif
