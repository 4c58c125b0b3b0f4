/* core/system/memory.h - memory that threads of one process share, and how much there is. */
#ifndef TRINE_CORE_MEMORY_H
#define TRINE_CORE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <trine/types.h>

/* From this size on, memory is mapped on its own, in huge pages where the kernel gives them, and is
 * worth being first touched by those who will use it. */
#define TRINE_LARGE_MEMORY ((size_t)4 << 20)

/* OK when `bytes` are available; else MEMORY, with the figures. Less than TRINE_LARGE_MEMORY is
 * looked at once for several calls. what: "an array". */
trine_status trine_memory_check(const char *what, uint64_t bytes);

/* The same for memory that is about to be made there: until it is settled, which is when its pages
 * are there, other ranks of this machine do not count on it. Small requests are an account of what
 * is not yet given back, and looked at when it has grown; they need not be settled. */
trine_status trine_memory_claim(const char *what, uint64_t bytes);
void trine_memory_settle(uint64_t bytes);
void trine_memory_give_back(uint64_t bytes);

/* A word that the processes of this machine share, who take memory at the same time: what they have
 * claimed. At most TRINE_CLAIM_WORDS are known; more are passed over. */
enum { TRINE_CLAIM_WORDS = 8 };
typedef _Atomic(uint64_t) trine_claim_word;
void trine_memory_share_claims(trine_claim_word *word);
void trine_memory_forget_claims(trine_claim_word *word);

/* Zeroed memory, claimed; aligned to 128, as what workers write on pairs of cache lines of their
 * own. It is not yet touched when it is large, and settled by whoever touches it. bytes > 0. */
trine_status trine_memory_get(size_t bytes, void **memory);
/* Makes the memory really there, near the calling thread. */
void trine_memory_touch(void *memory, size_t bytes);

/* The same for zeroed pages that a file system may refuse at the first touch, by a signal: then
 * MEMORY, where the system tells. what: as above. */
trine_status trine_memory_populate(const char *what, void *memory, size_t bytes);

/* False when the first or the last of those bytes is known to lie in memory that this process may
 * not write: a constant, a file that was mapped for reading. */
bool trine_memory_writable(const void *memory, size_t bytes);

void trine_memory_release(void *memory, size_t bytes);

/* Addresses, whose pages come zeroed when they are touched; giving pages back; giving back all. */
trine_status trine_memory_reserve(size_t bytes, void **memory);
void trine_memory_discard(void *memory, size_t bytes);
void trine_memory_unreserve(void *memory, size_t bytes);

#endif
