/* backends/executors/pool/heap.c - the symmetric heap: a sparse memfd over a large range of
 * addresses.
 *
 * Everything forked after it was mapped has it at the same addresses, also what is allocated later.
 * It has no name, so nothing can be left of it. Only the owning process allocates, and keeps the
 * books in private memory: free ranges, by address, joined when they meet. Memory is reserved with
 * fallocate before use, so that a shortage is an error and not a SIGBUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "core/system/descriptor.h"
#include "core/system/memory.h"
#include "core/system/valgrind.h"
#include "core/system/util.h"

enum { PAGE = 4096 };

static const size_t default_size = (size_t)1 << 40, least_size = (size_t)1 << 24;
static const size_t huge_page = (size_t)2 << 20;

typedef struct range {
    size_t offset, bytes;
} range;

/* free[0 .. count) by offset. taken: ranges that are not free. limited: a resource limit made it
 * smaller than asked. number: of this heap, in the order in which the process made them. lock: two
 * teams may be used by two threads. */
static struct {
    pthread_mutex_t lock;
    char *base;
    size_t size;
    trine_descriptor file;
    atomic_uint number;
    range *free;
    size_t count, capacity, taken;
    bool limited;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER, .file = {.fd = -1}};

size_t trine_heap_pages(size_t bytes)
{
    return bytes > SIZE_MAX - PAGE ? SIZE_MAX / PAGE * PAGE : trine_round_up(bytes, PAGE);
}

int trine_heap_fd(void)
{
    return trine_descriptor_holds(&heap.file) ? heap.file.fd : -1;
}

unsigned trine_heap_number(void)
{
    return atomic_load(&heap.number);
}

static const char file_is[] = "the pool's shared memory";

trine_status trine_heap_check(void)
{
    return trine_descriptor_holds(&heap.file) ? TRINE_OK
                                              : trine_descriptor_lost(&heap.file, file_is);
}

/* At most 1/share of what the limit leaves. */
static size_t within(int limit_name, size_t share, size_t bytes)
{
    struct rlimit limit;
    if (getrlimit(limit_name, &limit) || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / share >= bytes)
        return bytes;
    heap.limited = true;
    return (size_t)limit.rlim_cur / share / PAGE * PAGE;
}

/* Half of a limited address space: the rest is the program's. A memfd is a file to the limit on the
 * size of files, which is guarded by a signal. */
static size_t within_limits(size_t bytes)
{
    return within(RLIMIT_FSIZE, 1, within(RLIMIT_AS, 2, bytes));
}

static trine_status map_heap(int fd, size_t bytes)
{
    void *base = MAP_FAILED;
    int error = ENOMEM;
    size_t size = within_limits(trine_heap_pages(bytes));
    for (; size >= least_size; size = size / 2 / PAGE * PAGE) {
        if (ftruncate(fd, (off_t)size) == 0)
            base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (base != MAP_FAILED)
            break;
        error = errno;
        heap.limited = true;
    }
    if (base == MAP_FAILED)
        return trine_fail(
            TRINE_E_MEMORY,
            "pool: no address range of even %zu MiB can be reserved: %s (ulimit -v, -f?)",
            least_size >> 20, strerror(error));
    heap.base = base;
    heap.size = size;
    /* Advice: keeps core dumps small, and huge pages where the kernel gives them to shared memory.
     */
    (void)madvise(base, size, MADV_DONTDUMP);
    (void)madvise(base, size, MADV_HUGEPAGE);
    trine_memcheck(TRINE_MEMCHECK_NO_ACCESS, base, size);
    return TRINE_OK;
}

static trine_status check_size(size_t bytes)
{
    if (bytes <= heap.size)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT,
                      "pool: heap=%zu, but this process has reserved %zu bytes already (with "
                      "trine_init() or its first pool): give heap= to the first pool",
                      bytes, heap.size);
}

/* Of a heap without its file, addresses are all that is left. */
static void unmap_heap(void)
{
    munmap(heap.base, heap.size);
    free(heap.free);
    heap.base = NULL;
    heap.free = NULL;
    heap.count = heap.capacity = heap.size = 0;
    heap.limited = false;
}

static trine_status make_heap(size_t bytes)
{
    int fd = trine_above_standard(memfd_create("trine", MFD_CLOEXEC));
    heap.free = malloc(sizeof *heap.free);
    trine_status status = TRINE_OK;
    if (!heap.free)
        status = trine_fail(TRINE_E_MEMORY, "pool: no memory");
    else if (fd < 0)
        status = trine_fail(TRINE_E_SYSTEM, "pool: memfd_create: %s", strerror(errno));
    else
        status = map_heap(fd, bytes ? bytes : default_size);
    if (status) {
        if (fd >= 0)
            close(fd);
        free(heap.free);
        return status;
    }
    heap.file = trine_descriptor_know(fd);
    heap.free[0] = (range){0, heap.size};
    heap.count = heap.capacity = 1;
    atomic_fetch_add(&heap.number, 1);
    return TRINE_OK;
}

/* One that has lost its file goes when nothing is left in it. */
static trine_status open_heap(size_t bytes)
{
    trine_status status = heap.base ? trine_heap_check() : TRINE_OK;
    if (heap.base && !status)
        return check_size(bytes);
    if (status && heap.taken > 0)
        return status;
    if (status)
        unmap_heap();
    return make_heap(bytes);
}

trine_status trine_heap_open(size_t bytes)
{
    pthread_mutex_lock(&heap.lock);
    trine_status status = open_heap(bytes);
    pthread_mutex_unlock(&heap.lock);
    return status;
}

bool trine_heap_close(void)
{
    pthread_mutex_lock(&heap.lock);
    bool unused = heap.taken == 0;
    if (unused && heap.base) {
        munmap(heap.base, heap.size);
        trine_descriptor_close(&heap.file);
        free(heap.free);
        heap.base = NULL;
        heap.free = NULL;
        heap.size = heap.count = heap.capacity = 0;
        heap.limited = false;
    }
    pthread_mutex_unlock(&heap.lock);
    return unused;
}

static void drop_range(size_t i)
{
    heap.count--;
    memmove(&heap.free[i], &heap.free[i + 1], (heap.count - i) * sizeof *heap.free);
}

/* There is space: n ranges that are taken leave n + 1 that are free at most. */
static void put_range(size_t i, range r)
{
    memmove(&heap.free[i + 1], &heap.free[i], (heap.count - i) * sizeof *heap.free);
    heap.free[i] = r;
    heap.count++;
}

static bool reserve_range(void)
{
    if (heap.taken + 2 <= heap.capacity)
        return true;
    range *more = realloc(heap.free, 2 * (heap.capacity + 2) * sizeof *more);
    if (!more)
        return false;
    heap.free = more;
    heap.capacity = 2 * (heap.capacity + 2);
    return true;
}

/* First fit. */
static trine_status take_range(size_t bytes, void **memory)
{
    size_t align = bytes >= huge_page ? huge_page : PAGE;
    if (!reserve_range())
        return trine_fail(TRINE_E_MEMORY, "pool: no memory for the heap's books");
    for (size_t i = 0; i < heap.count; i++) {
        range r = heap.free[i];
        size_t first = trine_round_up(r.offset, align), before = first - r.offset;
        if (before > r.bytes || r.bytes - before < bytes)
            continue;
        range after = {first + bytes, r.bytes - before - bytes};
        drop_range(i);
        if (after.bytes)
            put_range(i, after);
        if (before)
            put_range(i, (range){r.offset, before});
        heap.taken++;
        *memory = heap.base + first;
        return TRINE_OK;
    }
    return trine_fail(
        TRINE_E_MEMORY,
        "pool: no range of %zu bytes is left in the heap of %zu%s; open the first pool "
        "with a larger heap=SIZE",
        bytes, heap.size,
        heap.limited ? ", which a limit on address space or file size (ulimit -v, -f) made small"
                     : "");
}

trine_status trine_heap_reserve(size_t bytes, void **memory)
{
    pthread_mutex_lock(&heap.lock);
    trine_status status = take_range(bytes, memory);
    pthread_mutex_unlock(&heap.lock);
    if (!status)
        trine_memcheck(TRINE_MEMCHECK_DEFINED, *memory, bytes);
    return status;
}

trine_status trine_heap_commit(void *memory, size_t bytes)
{
    int error;
    trine_status held = trine_heap_check();
    if (held)
        return held;
    do {
        error = fallocate(heap.file.fd, 0, (char *)memory - heap.base, (off_t)bytes) ? errno : 0;
    } while (error == EINTR);
    if (error)
        return trine_fail(TRINE_E_MEMORY, "pool: reserving %zu bytes of memory: %s", bytes,
                          strerror(error));
    return TRINE_OK;
}

static void give_range(range r)
{
    size_t i = 0;
    heap.taken--;
    while (i < heap.count && heap.free[i].offset < r.offset)
        i++;
    if (i < heap.count && r.offset + r.bytes == heap.free[i].offset) {
        r.bytes += heap.free[i].bytes;
        drop_range(i);
    }
    if (i > 0 && heap.free[i - 1].offset + heap.free[i - 1].bytes == r.offset)
        heap.free[i - 1].bytes += r.bytes;
    else
        put_range(i, r);
}

void trine_heap_discard(void *memory, size_t bytes)
{
    if (trine_descriptor_holds(&heap.file))
        (void)fallocate(heap.file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        (char *)memory - heap.base, (off_t)bytes);
    else
        (void)madvise(memory, bytes, MADV_REMOVE);
}

void trine_heap_release(void *memory, size_t bytes)
{
    range r = {(size_t)((char *)memory - heap.base), bytes};
    trine_heap_discard(memory, bytes);
    trine_memcheck(TRINE_MEMCHECK_NO_ACCESS, memory, bytes);
    pthread_mutex_lock(&heap.lock);
    give_range(r);
    pthread_mutex_unlock(&heap.lock);
}

trine_status trine_heap_alloc(size_t bytes, void **memory)
{
    void *reserved = NULL;
    bytes = trine_heap_pages(bytes);
    trine_status status = trine_memory_claim("shared memory", bytes);
    if (status)
        return status;
    status = trine_heap_reserve(bytes, &reserved);
    bool is_reserved = !status;
    if (!status)
        status = trine_heap_commit(reserved, bytes);
    trine_memory_settle(bytes);
    if (status)
        trine_memory_give_back(bytes);
    else
        *memory = reserved;
    if (status && is_reserved)
        trine_heap_release(reserved, bytes);
    return status;
}

void trine_heap_is_anybodys(bool used)
{
    trine_memcheck(used ? TRINE_MEMCHECK_DEFINED : TRINE_MEMCHECK_NO_ACCESS, heap.base, heap.size);
}

bool trine_heap_holds(const void *memory, size_t bytes)
{
    const char *first = memory;
    return heap.base && first >= heap.base && bytes <= heap.size &&
           (size_t)(first - heap.base) <= heap.size - bytes;
}
