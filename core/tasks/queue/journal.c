/* core/tasks/queue/journal.c - see journal.h.
 *
 * The file (journal_format.h) is a header, which names the owner, and records, in the order in
 * which items finished.
 *
 * 1. Opening locks the file (flock), so that two runs cannot both write it, and reads it from
 *    beginning to end: for each record 16 bytes are kept, its item's number and where it lies.
 * 2. A record is one write, so a run that is killed leaves it whole, absent, or cut short. What is
 *    cut short, or damaged, is found by its check, or by a size that no result of these tasks
 *    has; it and what follows is cut off, and those items are run again.
 * 3. Every second, and at the end, fdatasync makes it durable: a loss of power costs a second's
 *    items.
 * 4. A file keeps the version that it began with: what its hashes stand for is not at hand, so none
 *    of them can be made anew.
 */
#include "core/tasks/queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/system/descriptor.h"
#include "core/system/error.h"
#include "core/backend/executor.h"
#include "core/output/output.h"
#include "core/tasks/queue/journal_format.h"

typedef struct journal_entry {
    uint64_t index;
    int64_t at;
} journal_entry;

/* folder, name: where the file is, links followed. made: by this opening. end: where the next
 * record goes. ahead: bytes of the file from ahead_at on, of records that were there when it was
 * opened, which no longer change; small records are read through it. */
struct trine_journal {
    trine_descriptor file;
    uint32_t version;
    int folder;
    bool made;
    char *path, name[NAME_MAX + 1];
    int64_t end;
    double synced;
    journal_entry *entry;
    uint64_t entries, capacity, result_max;
    unsigned char *ahead;
    int64_t ahead_at, ahead_size;
};

/* Seconds between two fdatasync; how long a lock is waited for, which the workers of a run that was
 * killed may hold until they end too; between two looks at it; bytes that are read at once. */
static const double sync_every = 1, lock_patience = 1;
enum { LOCK_NANOSECONDS = 10000000, PIECE = 1 << 16 };

static trine_status io_failed(const trine_journal *j, const char *what)
{
    return trine_fail(TRINE_E_IO, "journal %s: %s: %s", j->path, what, strerror(errno));
}

/* Reads as many bytes as there are, at most n; -1 with errno when reading fails. */
static int64_t read_at(const trine_journal *j, void *bytes, size_t n, int64_t at)
{
    size_t done = 0;
    while (done < n) {
        ssize_t some = pread(j->file.fd, (char *)bytes + done, n - done, at + (int64_t)done);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return -1;
        if (some == 0)
            break;
        done += (size_t)some;
    }
    return (int64_t)done;
}

/* The same, of what was there when the file was opened: many small ones in one call. */
static int64_t read_ahead(trine_journal *j, void *bytes, size_t n, int64_t at)
{
    if (n > PIECE / 4)
        return read_at(j, bytes, n, at);
    if (at < j->ahead_at || at + (int64_t)n > j->ahead_at + j->ahead_size) {
        j->ahead_at = at;
        j->ahead_size = read_at(j, j->ahead, PIECE, at);
        if (j->ahead_size < 0) {
            j->ahead_size = 0;
            return -1;
        }
    }
    int64_t left = j->ahead_at + j->ahead_size - at;
    size_t there = left < (int64_t)n ? (size_t)left : n;
    memcpy(bytes, j->ahead + (at - j->ahead_at), there);
    return (int64_t)there;
}

static trine_status lock(const trine_journal *j)
{
    static const struct timespec pause = {.tv_nsec = LOCK_NANOSECONDS};
    for (double began = trine_seconds(); flock(j->file.fd, LOCK_EX | LOCK_NB);) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return io_failed(j, "flock");
        if (trine_seconds() - began > lock_patience)
            return trine_fail(TRINE_E_BUSY,
                              "journal %s: another run uses it; wait for it to end, or give each "
                              "run a journal of its own",
                              j->path);
        nanosleep(&pause, NULL);
    }
    return TRINE_OK;
}

/* What the file says may come to stand at a terminal: its control characters are '?' there. */
static void printable(const char there[TRINE_JOURNAL_NAME], char name[TRINE_JOURNAL_NAME])
{
    size_t n = strnlen(there, TRINE_JOURNAL_NAME - 1);
    for (size_t i = 0; i < n; i++)
        name[i] = (unsigned char)there[i] < ' ' || there[i] == 0x7f ? '?' : there[i];
    name[n] = '\0';
}

/* Whether a sound header is that of this owner; what differs is said. */
static trine_status compare_headers(const trine_journal *j, const trine_journal_header *there,
                                    const trine_journal_header *own)
{
    const struct {
        const char *what;
        uint64_t there, own;
    } number[] = {{"bytes of param", there->param_size, own->param_size},
                  {"bytes of data", there->data_size, own->data_size},
                  {"item_max", there->item_max, own->item_max},
                  {"result_max", there->result_max, own->result_max}};
    if (there->name_hash != own->name_hash) {
        char name[TRINE_JOURNAL_NAME];
        printable(there->name, name);
        return trine_fail(TRINE_E_FORMAT, "journal %s: it is of tasks '%s', these are '%s'",
                          j->path, name, own->name);
    }
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (number[i].there != number[i].own)
            return trine_fail(TRINE_E_FORMAT,
                              "journal %s: it is of tasks with %s %" PRIu64 ", these have %" PRIu64,
                              j->path, number[i].what, number[i].there, number[i].own);
    if (there->param_hash != own->param_hash || there->data_hash != own->data_hash)
        return trine_fail(TRINE_E_FORMAT,
                          "journal %s: it is of tasks with another %s; remove it to begin anew",
                          j->path, there->param_hash != own->param_hash ? "param" : "data");
    return TRINE_OK;
}

/* Writes the header of a new journal, or of one whose header was cut short. The folder's entry too
 * is made durable, so that the file is there after a loss of power. */
static trine_status write_header(trine_journal *j, const trine_journal_header *own)
{
    if (!trine_output_write_at(j->file.fd, own, sizeof *own, 0)) {
        trine_status status = io_failed(j, "writing its header");
        (void)!ftruncate(j->file.fd, 0);
        if (j->made && trine_output_is(j->folder, j->name, j->file.fd))
            unlinkat(j->folder, j->name, 0);
        return status;
    }
    if (fdatasync(j->file.fd))
        return io_failed(j, "fdatasync");
    (void)trine_output_sync_folder(j->folder);
    j->end = sizeof *own;
    return TRINE_OK;
}

/* Whether so many bytes are how a header of this owner begins that was cut short. */
static bool is_cut_short(const trine_journal_header *there, size_t size,
                         const trine_journal_owner *owner)
{
    bool is = false;
    for (uint32_t v = TRINE_JOURNAL_OLDEST; v <= TRINE_JOURNAL_VERSION && !is; v++) {
        const trine_journal_header own = trine_journal_header_of(owner, v);
        is = memcmp(there, &own, size) == 0;
    }
    return is;
}

/* Checks what stands at the beginning: nothing is written over what is no journal. */
static trine_status take_header(trine_journal *j, const trine_journal_owner *owner)
{
    trine_journal_header there, own = trine_journal_header_of(owner, TRINE_JOURNAL_VERSION);
    int64_t size = read_at(j, &there, sizeof there, 0);
    j->version = TRINE_JOURNAL_VERSION;
    if (size < 0)
        return io_failed(j, "reading");
    bool whole = size == (int64_t)sizeof there;
    if (!whole && is_cut_short(&there, (size_t)size, owner))
        return write_header(j, &own);
    if (!whole || !trine_journal_is_magic(there.magic))
        return trine_fail(TRINE_E_FORMAT, "journal %s: the file is no journal of tasks", j->path);
    if (there.order != TRINE_JOURNAL_ORDER || there.version < TRINE_JOURNAL_OLDEST ||
        there.version > TRINE_JOURNAL_VERSION)
        return trine_fail(TRINE_E_FORMAT,
                          "journal %s: written by another version (%" PRIu32
                          ", expected %d to %d) or with another byte order",
                          j->path, there.version, TRINE_JOURNAL_OLDEST, TRINE_JOURNAL_VERSION);
    if (!trine_journal_header_is_whole(&there))
        return trine_fail(TRINE_E_FORMAT,
                          "journal %s: its header is damaged; remove it to begin "
                          "anew",
                          j->path);
    j->end = sizeof there;
    if (there.version != own.version)
        own = trine_journal_header_of(owner, there.version);
    j->version = there.version;
    return compare_headers(j, &there, &own);
}

static trine_status keep_entry(trine_journal *j, uint64_t index, int64_t at)
{
    if (j->entries == j->capacity) {
        uint64_t capacity = j->capacity ? 2 * j->capacity : 1024;
        journal_entry *more = realloc(j->entry, capacity * sizeof *more);
        if (!more)
            return trine_fail(TRINE_E_MEMORY,
                              "journal %s: no memory for an index of %" PRIu64 " items", j->path,
                              capacity);
        j->entry = more;
        j->capacity = capacity;
    }
    j->entry[j->entries++] = (journal_entry){.index = index, .at = at};
    return TRINE_OK;
}

/* Whether the record at that offset is whole; -1 when reading fails. */
static int check_record(trine_journal *j, const trine_journal_record *record, int64_t at,
                        int64_t size)
{
    char piece[PIECE];
    trine_journal_sum sum;
    int64_t body = at + (int64_t)sizeof *record;
    if (record->size > j->result_max || record->size > (uint64_t)(size - body))
        return 0;
    trine_journal_sum_begin(&sum, j->version, record);
    for (uint64_t done = 0; done < record->size;) {
        uint64_t left = record->size - done;
        size_t n = left < PIECE ? (size_t)left : PIECE;
        int64_t some = read_ahead(j, piece, n, body + (int64_t)done);
        if (some < (int64_t)n)
            return some < 0 ? -1 : 0;
        trine_journal_sum_add(&sum, piece, n);
        done += n;
    }
    return trine_journal_sum_is(&sum, record);
}

/* Reads all records that are whole, and cuts off the rest. */
static trine_status read_records(trine_journal *j)
{
    struct stat about;
    if (fstat(j->file.fd, &about))
        return io_failed(j, "fstat");
    int64_t at = j->end, size = about.st_size;
    for (int whole = 1; size - at >= (int64_t)sizeof(trine_journal_record);) {
        trine_journal_record record = {.index = 0};
        if (read_ahead(j, &record, sizeof record, at) < (int64_t)sizeof record)
            return io_failed(j, "reading");
        whole = check_record(j, &record, at, size);
        if (whole < 0)
            return io_failed(j, "reading");
        if (!whole)
            break;
        trine_status status = keep_entry(j, record.index, at);
        if (status)
            return status;
        at += (int64_t)(sizeof record + record.size);
    }
    j->end = at;
    return size > at && ftruncate(j->file.fd, at) ? io_failed(j, "cutting off a torn end")
                                                  : TRINE_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const journal_entry *x = a, *y = b;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static void release(trine_journal *j)
{
    trine_descriptor_close(&j->file);
    free(j->path);
    free(j->entry);
    free(j->ahead);
    free(j);
}

/* Finds the file, or makes it: at the end of links, and never what is no regular file, whose
 * opening may wait or do something. */
static trine_status find_file(trine_journal *j)
{
    enum { HOW = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };
    trine_output_target target;
    if (!trine_output_locate(j->path, &target))
        return io_failed(j, "open");
    j->folder = trine_above_standard(target.folder);
    memcpy(j->name, target.name, sizeof j->name);
    if (j->folder < 0)
        return io_failed(j, "open");
    errno = EISDIR;
    if (target.there && S_ISDIR(target.found.st_mode))
        return io_failed(j, "open");
    if (target.linked || (target.there && !S_ISREG(target.found.st_mode)))
        return trine_fail(TRINE_E_FORMAT, "journal %s: it is no regular file", j->path);
    int fd = openat(j->folder, j->name, HOW | O_CREAT | O_EXCL, 0666);
    j->made = fd >= 0;
    if (!j->made && errno == EEXIST)
        fd = openat(j->folder, j->name, HOW);
    fd = trine_above_standard(fd);
    if (fd < 0)
        return io_failed(j, "open");
    j->file = trine_descriptor_know(fd);
    return TRINE_OK;
}

/* The folder is open while the journal is opened, and no longer: one descriptor is what it holds.
 */
static void leave_folder(trine_journal *j)
{
    if (j->folder >= 0)
        close(j->folder);
    j->folder = -1;
}

/* Finds and locks it. Who made it removes it when there is no space for its header: whoever waited
 * for that lock looks for the file again. */
static trine_status take_file(trine_journal *j)
{
    for (double began = trine_seconds();;) {
        trine_status status = find_file(j);
        if (!status)
            status = lock(j);
        if (status || trine_output_is(j->folder, j->name, j->file.fd))
            return status;
        if (trine_seconds() - began > lock_patience)
            return trine_fail(TRINE_E_IO, "journal %s: it is removed whenever it is made", j->path);
        trine_descriptor_close(&j->file);
        leave_folder(j);
    }
}

static trine_status open_file(trine_journal *j, const trine_journal_owner *owner)
{
    trine_status status = take_file(j);
    if (!status)
        status = take_header(j, owner);
    leave_folder(j);
    if (!status)
        status = read_records(j);
    if (j->entries > 0)
        qsort(j->entry, j->entries, sizeof *j->entry, compare_entries);
    j->synced = trine_seconds();
    return status;
}

trine_status trine_journal_open(const char *path, const trine_journal_owner *owner,
                                trine_journal **journal)
{
    if (!path || !*path || !owner || !journal)
        return trine_fail(TRINE_E_ARGUMENT, "journal: expected a path, an owner and a result");
    trine_journal *j = calloc(1, sizeof *j);
    if (j)
        *j = (trine_journal){.file = TRINE_NO_DESCRIPTOR,
                             .folder = -1,
                             .path = strdup(path),
                             .ahead = malloc(PIECE),
                             .result_max = owner->result_max};
    if (!j || !j->path || !j->ahead) {
        if (j)
            release(j);
        return trine_fail(TRINE_E_MEMORY, "journal %s: no memory", path);
    }
    trine_status status = open_file(j, owner);
    if (status)
        release(j);
    else
        *journal = j;
    return status;
}

/* The first record of an item; NULL when there is none. */
static const journal_entry *entry_of(const trine_journal *j, uint64_t index)
{
    uint64_t first = 0, end = j->entries;
    while (first < end) {
        uint64_t middle = first + (end - first) / 2;
        if (j->entry[middle].index < index)
            first = middle + 1;
        else
            end = middle;
    }
    return first < j->entries && j->entry[first].index == index ? &j->entry[first] : NULL;
}

static trine_status check_file(const trine_journal *j)
{
    return trine_descriptor_holds(&j->file) ? TRINE_OK : trine_descriptor_lost(&j->file, j->path);
}

static trine_status changed(const trine_journal *j, int64_t at)
{
    return trine_fail(TRINE_E_IO,
                      "journal %s: the record at byte %" PRId64
                      " is not what it was when the file was opened",
                      j->path, at);
}

/* Whether that is the result of a record, which is as it was written. */
static bool is_result(const trine_journal *j, const trine_journal_record *record,
                      const void *result)
{
    trine_journal_sum sum;
    trine_journal_sum_begin(&sum, j->version, record);
    trine_journal_sum_add(&sum, result, (size_t)record->size);
    return trine_journal_sum_is(&sum, record);
}

/* The lock keeps away those who ask for it: what others write here since it was opened is found. */
static trine_status read_record(trine_journal *j, const journal_entry *entry,
                                trine_journal_record *record)
{
    trine_status status = check_file(j);
    if (status)
        return status;
    int64_t some = read_ahead(j, record, sizeof *record, entry->at);
    if (some < 0)
        return io_failed(j, "reading");
    if (some < (int64_t)sizeof *record)
        return trine_fail(TRINE_E_IO,
                          "journal %s: ends at byte %" PRId64 ", which it did not when "
                          "it was opened",
                          j->path, entry->at + some);
    bool same = record->index == entry->index && record->size <= j->result_max &&
                (record->size > 0 || is_result(j, record, NULL));
    return same ? TRINE_OK : changed(j, entry->at);
}

uint64_t trine_journal_identity(const trine_journal *journal, uint64_t index, const void *item,
                                size_t size)
{
    return trine_journal_hash(journal->version, item, size, index);
}

trine_status trine_journal_find(trine_journal *journal, uint64_t index, uint64_t identity,
                                bool *found, size_t *size)
{
    trine_journal_record record = {.index = 0};
    const journal_entry *entry = entry_of(journal, index);
    *found = false;
    if (!entry)
        return TRINE_OK;
    trine_status status = read_record(journal, entry, &record);
    if (status)
        return status;
    if (record.identity != identity)
        return trine_fail(TRINE_E_FORMAT,
                          "journal %s: item %" PRIu64 " is another than the one recorded at byte "
                          "%" PRId64 "; remove it to begin anew",
                          journal->path, index, entry->at);
    *found = true;
    *size = (size_t)record.size;
    return TRINE_OK;
}

trine_status trine_journal_read(trine_journal *journal, uint64_t index, void *result, size_t size)
{
    trine_journal_record record = {.index = 0};
    const journal_entry *entry = entry_of(journal, index);
    if (!entry)
        return trine_fail(TRINE_E_ARGUMENT, "journal %s: item %" PRIu64 " is not in it",
                          journal->path, index);
    trine_status status = read_record(journal, entry, &record);
    if (status)
        return status;
    int64_t some = read_ahead(journal, result, size, entry->at + (int64_t)sizeof record);
    if (some < 0)
        return io_failed(journal, "reading");
    if (some < (int64_t)size || record.size != size || !is_result(journal, &record, result))
        return changed(journal, entry->at);
    return TRINE_OK;
}

static trine_status make_durable(trine_journal *j, double now)
{
    j->synced = now;
    trine_status status = check_file(j);
    if (status)
        return status;
    return fdatasync(j->file.fd) ? io_failed(j, "fdatasync") : TRINE_OK;
}

trine_status trine_journal_append(trine_journal *journal, uint64_t index, uint64_t identity,
                                  const void *result, size_t size)
{
    trine_journal *j = journal;
    trine_journal_record record = {.index = index, .identity = identity, .size = size};
    trine_journal_sum sum;
    trine_journal_sum_begin(&sum, j->version, &record);
    trine_journal_sum_add(&sum, result, size);
    record.check = trine_journal_sum_end(&sum);
    trine_status held = check_file(j);
    if (held)
        return held;
    if (!trine_output_write_both(j->file.fd, &record, sizeof record, result, size, j->end)) {
        trine_status status = io_failed(j, "recording an item");
        (void)!ftruncate(j->file.fd, j->end);
        return status;
    }
    j->end += (int64_t)(sizeof record + size);
    double now = trine_seconds();
    return now - j->synced >= sync_every ? make_durable(j, now) : TRINE_OK;
}

uint64_t trine_journal_count(const trine_journal *journal)
{
    return journal->entries;
}

trine_status trine_journal_close(trine_journal *journal)
{
    if (!journal)
        return TRINE_OK;
    trine_status status = make_durable(journal, 0);
    release(journal);
    return status;
}
