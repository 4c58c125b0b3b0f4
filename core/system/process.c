/* core/system/process.c - a word that the kernel clears in a forked process.
 *
 * Neither getpid (a system call; 1 for the first process of every container) nor pthread_atfork
 * alone (a clone by hand passes it by) tells a fork for sure. A page that a fork wipes does, and
 * where the kernel has none (before Linux 4.14), pthread_atfork's handler clears the word. */
#include "core/system/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* The word of a process that has no page for it. */
static _Atomic(uint32_t) kept = 1;
static _Atomic(uint32_t) *word = &kept;

/* The number that the last process of this line gave itself. */
static _Atomic(uint32_t) last = 1;

/* The number of the process in which pthread_atfork's handler ran last. */
static _Atomic(uint32_t) told = 1;

static void note_fork(void)
{
    atomic_store(word, 0);
    atomic_store(&told, trine_process());
}

__attribute__((constructor)) static void begin(void)
{
    (void)pthread_atfork(NULL, NULL, note_fork);
#if defined(MADV_WIPEONFORK)
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    if (madvise(page, bytes, MADV_WIPEONFORK)) {
        munmap(page, bytes);
        return;
    }
    word = page;
    atomic_store(word, 1);
#endif
}

uint32_t trine_process(void)
{
    uint32_t number = atomic_load_explicit(word, memory_order_acquire);
    if (number)
        return number;
    uint32_t next = atomic_fetch_add(&last, 1) + 1;
    return atomic_compare_exchange_strong(word, &number, next) ? next : number;
}

bool trine_process_is_bare(void)
{
    return trine_process() != atomic_load(&told);
}
