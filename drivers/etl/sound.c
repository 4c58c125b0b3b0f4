/* etl/sound.c - sound files as streams of samples.
 *
 * How a WAV file comes to be whole or not at all:
 *   1. `.NAME.etl-part` is opened in its folder, and locked: the lock ends with its process, so
 * that a living run keeps others away, and what a killed one left can be taken over.
 *   2. It is still what stands under that name? If not, another run has finished with it: again.
 *   3. It is cut to nothing, and written through libsndfile.
 *   4. It is renamed to NAME.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trine/error.h>

#include "drivers/etl/sound.h"

static const char part_suffix[] = ".etl-part";

/* libsndfile keeps why it could not open a file in variables of its own, for all threads. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* Samples that are converted in one go; bytes that are asked for before libsndfile is. */
enum { PIECE = 4096, FIRST_BYTES = 65536 };

static __attribute__((format(printf, 3, 4))) bool failed(sound_error *error, const char *path,
                                                         const char *format, ...)
{
    va_list more;
    int length = snprintf(error->text, sizeof error->text, "%s: ", path);
    va_start(more, format);
    vsnprintf(error->text + length, sizeof error->text - (size_t)length, format, more);
    va_end(more);
    return false;
}

static sound_format format_of(const SF_INFO *info)
{
    sound_format f = {.rate = info->samplerate,
                      .channels = info->channels,
                      .frames = (uint64_t)info->frames,
                      .dtype = TRINE_F64,
                      .subtype = info->format & SF_FORMAT_SUBMASK};
    switch (f.subtype) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
        f.bits = 8;
        f.subtype = SF_FORMAT_PCM_U8;
        break;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_DWVW_24:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
        f.bits = 24;
        f.subtype = SF_FORMAT_PCM_24;
        break;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
        f.bits = 32;
        f.subtype = SF_FORMAT_PCM_32;
        break;
    case SF_FORMAT_FLOAT:
        f.dtype = TRINE_F32;
        break;
    case SF_FORMAT_DOUBLE:
        break;
    default:
        f.dtype = TRINE_I16;
        f.subtype = SF_FORMAT_PCM_16;
    }
    f.full = f.dtype == TRINE_I16 ? 0x1p15 : f.bits ? ldexp(1, f.bits - 1) : 1;
    return f;
}

static sf_count_t bytes_of(void *data)
{
    return (sf_count_t)((const sound *)data)->bytes;
}

static sf_count_t position_of(void *data)
{
    return (sf_count_t)((const sound *)data)->at;
}

static sf_count_t move_to(sf_count_t offset, int whence, void *data)
{
    sound *s = data;
    sf_count_t from = whence == SEEK_SET   ? 0
                      : whence == SEEK_END ? bytes_of(s)
                                           : position_of(s),
               to;
    /* The offset is what a header says. */
    if (__builtin_add_overflow(from, offset, &to) || to < 0)
        return -1;
    s->at = (uint64_t)to;
    return to;
}

/* The file's bytes, with the header's bits a sample corrected, and fewer than n of them at the end
 * or on an error. */
static sf_count_t read_bytes(void *to, sf_count_t n, void *data)
{
    sound *s = data;
    uint64_t begin = s->at, where = s->header.bits_at;
    while (n > (sf_count_t)(s->at - begin)) {
        ssize_t got = pread(s->fd, (char *)to + (s->at - begin),
                            (size_t)n - (size_t)(s->at - begin), (off_t)s->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            s->error = errno;
        if (got <= 0)
            break;
        s->at += (uint64_t)got;
    }
    for (uint64_t i = where; where && i < where + 2; i++)
        if (i >= begin && i < s->at)
            ((unsigned char *)to)[i - begin] = i == where ? (unsigned char)s->header.bits : 0;
    return (sf_count_t)(s->at - begin);
}

static bool open_to_read(sound *s, SF_INFO *info, sound_error *error)
{
    static SF_VIRTUAL_IO own = {bytes_of, move_to, read_bytes, NULL, position_of};
    pthread_mutex_lock(&opening);
    s->file = sf_open_virtual(&own, SFM_READ, info, s);
    if (!s->file)
        failed(error, s->path, "%s", s->error ? strerror(s->error) : sf_strerror(NULL));
    pthread_mutex_unlock(&opening);
    return s->file;
}

/* libsndfile gets a descriptor of its own: where it cannot open, it closes what it was given, told
 * to or not. */
static bool open_to_write(sound *s, SF_INFO *info, sound_error *error)
{
    int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return failed(error, s->path, "%s", strerror(errno));
    pthread_mutex_lock(&opening);
    s->file = sf_open_fd(fd, SFM_WRITE, info, SF_TRUE);
    if (!s->file)
        failed(error, s->path, "%s", sf_strerror(NULL));
    pthread_mutex_unlock(&opening);
    return s->file;
}

static bool is_whole(const sound *s, sound_error *error)
{
    const container *h = &s->header;
    unsigned long long there = h->begin < s->bytes ? s->bytes - h->begin : 0;
    if (h->unfinished)
        return failed(error, s->path,
                      "its header says that there is no sound, and %llu bytes follow: expected a "
                      "recording that was finished",
                      there);
    if (h->cut)
        return failed(error, s->path, "is cut off: the page that ends its stream is missing");
    return h->end <= s->bytes ||
           failed(error, s->path,
                  "is cut off: its header promises %llu bytes of sound, and %llu are there",
                  (unsigned long long)(h->end - h->begin), there);
}

/* The beginning is read before the lock is taken that opening needs, so that disks are waited for
 * by all threads at once. */
bool sound_open(sound *s, const char *path, sound_error *error)
{
    char first[FIRST_BYTES];
    SF_INFO info = {0};
    struct stat found;
    *s = (sound){.fd = -1};
    if (snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path)
        return failed(error, "a file", "its path has more than %d bytes", PATH_MAX - 1);
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &found))
        return failed(error, path, "%s", strerror(errno));
    if (!S_ISREG(found.st_mode))
        return failed(error, path, "is not a regular file");
    if (found.st_size == 0)
        return failed(error, path, "is empty; expected a sound file");
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (pread(s->fd, first, sizeof first, 0) < 0)
        return failed(error, path, "%s", strerror(errno));
    s->bytes = (uint64_t)found.st_size;
    s->header = container_of(s->fd, s->bytes);
    if (!open_to_read(s, &info, error))
        return false;
    s->format = format_of(&info);
    return is_whole(s, error);
}

size_t sound_block(const sound_format *format, size_t bytes)
{
    size_t frame = (size_t)format->channels;
    return bytes / trine_dtype_size(format->dtype) / frame * frame;
}

static int64_t read_integers(sound *s, double *samples, size_t n)
{
    int piece[PIECE], shift = 32 - s->format.bits;
    size_t done = 0, most = PIECE / (size_t)s->format.channels * (size_t)s->format.channels;
    while (done < n) {
        size_t wanted = n - done < most ? n - done : most;
        sf_count_t got = sf_read_int(s->file, piece, (sf_count_t)wanted);
        for (sf_count_t i = 0; i < got; i++)
            samples[done + (size_t)i] = piece[i] >> shift;
        done += got > 0 ? (size_t)got : 0;
        if (got < (sf_count_t)wanted)
            break;
    }
    return (int64_t)done;
}

int64_t sound_read(sound *s, void *samples, size_t n, sound_error *error)
{
    int64_t got = s->format.bits                 ? read_integers(s, samples, n)
                  : s->format.dtype == TRINE_I16 ? sf_read_short(s->file, samples, (sf_count_t)n)
                  : s->format.dtype == TRINE_F32 ? sf_read_float(s->file, samples, (sf_count_t)n)
                                                 : sf_read_double(s->file, samples, (sf_count_t)n);
    if (got < (int64_t)n && (s->error || sf_error(s->file))) {
        failed(error, s->path, "reading: %s", s->error ? strerror(s->error) : sf_strerror(s->file));
        return -1;
    }
    return got - got % s->format.channels;
}

bool sound_was_whole(const sound *s, uint64_t samples, sound_error *error)
{
    uint64_t promised = s->format.frames * (uint64_t)s->format.channels;
    return samples == promised || failed(error, s->path, "ends after %llu of %llu samples",
                                         (unsigned long long)samples, (unsigned long long)promised);
}

/* Whether s->fd is what stands under the name s->part. */
static bool still_there(const sound *s)
{
    struct stat own, there;
    return fstat(s->fd, &own) == 0 && stat(s->part, &there) == 0 && own.st_ino == there.st_ino &&
           own.st_dev == there.st_dev;
}

/* Folders whose file system knows no locks are written without. */
static bool take_part(sound *s, sound_error *error)
{
    for (;;) {
        s->fd = open(s->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (s->fd < 0)
            return failed(error, s->path, "creating its temporary: %s", strerror(errno));
        if (flock(s->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
            close(s->fd);
            s->fd = -1;
            return failed(error, s->path, "is being written by another run");
        }
        if (still_there(s))
            break;
        close(s->fd);
    }
    return ftruncate(s->fd, 0) == 0 ||
           failed(error, s->path, "emptying its temporary: %s", strerror(errno));
}

static bool name_part(sound *s, const char *path, sound_error *error)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    if (snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path ||
        snprintf(s->part, sizeof s->part, "%.*s.%s%s", folder, path, path + folder, part_suffix) >=
            (int)sizeof s->part)
        return failed(error, "a file", "its path has more than %d bytes", PATH_MAX - 16);
    return true;
}

/* The chunk that holds the greatest sample also holds the time, so it is left out. Files that may
 * pass what 32 bits count to are RF64, which WAV files become when they are large. */
bool sound_create(sound *s, const char *path, const sound_format *format, sound_error *error)
{
    struct stat found;
    *s = (sound){.fd = -1, .format = *format};
    if (!name_part(s, path, error))
        return false;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return failed(error, path, "is not a regular file; writing would replace it");
    if (!take_part(s, error)) {
        s->part[0] = 0;
        return false;
    }
    bool large = (double)format->frames * format->channels * 8 > 0xf0000000p0;
    SF_INFO info = {.samplerate = format->rate,
                    .channels = format->channels,
                    .format = (large ? SF_FORMAT_RF64 : SF_FORMAT_WAV) | format->subtype};
    if (!open_to_write(s, &info, error))
        return false;
    sf_command(s->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    sf_command(s->file, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
    return true;
}

static int64_t write_integers(sound *s, const double *samples, size_t n)
{
    const double most = s->format.full - 1, least = -s->format.full;
    int piece[PIECE], shift = 32 - s->format.bits;
    size_t done = 0, whole = PIECE / (size_t)s->format.channels * (size_t)s->format.channels;
    while (done < n) {
        size_t some = n - done < whole ? n - done : whole;
        for (size_t i = 0; i < some; i++) {
            double x = rint(samples[done + i]);
            x = x > most ? most : x < least ? least : x;
            piece[i] = (int)((unsigned)(int)x << shift);
        }
        sf_count_t put = sf_write_int(s->file, piece, (sf_count_t)some);
        done += put > 0 ? (size_t)put : 0;
        if (put < (sf_count_t)some)
            break;
    }
    return (int64_t)done;
}

bool sound_seek(sound *s, uint64_t frame, sound_error *error)
{
    return sf_seek(s->file, (sf_count_t)frame, SEEK_SET) >= 0 ||
           failed(error, s->path, "seeking to frame %llu: %s", (unsigned long long)frame,
                  sf_strerror(s->file));
}

bool sound_write(sound *s, const void *samples, size_t n, sound_error *error)
{
    int64_t put = s->format.bits                 ? write_integers(s, samples, n)
                  : s->format.dtype == TRINE_I16 ? sf_write_short(s->file, samples, (sf_count_t)n)
                  : s->format.dtype == TRINE_F32 ? sf_write_float(s->file, samples, (sf_count_t)n)
                                                 : sf_write_double(s->file, samples, (sf_count_t)n);
    return put == (int64_t)n || failed(error, s->path, "writing: %s", sf_strerror(s->file));
}

static bool sync_folder(const sound *s)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(s->path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - s->path), s->path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == EROFS);
    if (fd >= 0)
        close(fd);
    return done;
}

/* Closing writes the header's lengths. */
static bool finish_file(sound *s, sound_error *error)
{
    SNDFILE *file = s->file;
    s->file = NULL;
    if (sf_error(file)) {
        failed(error, s->path, "writing: %s", sf_strerror(file));
        sf_close(file);
        return false;
    }
    int number = sf_close(file);
    return number == 0 || failed(error, s->path, "closing: %s", sf_error_number(number));
}

bool sound_commit(sound *s, bool sync, sound_error *error)
{
    struct stat written;
    if (!finish_file(s, error))
        return false;
    if (sync && fsync(s->fd))
        return failed(error, s->path, "writing: %s", strerror(errno));
    if (rename(s->part, s->path))
        return failed(error, s->path, "renaming the finished file to it: %s", strerror(errno));
    s->part[0] = 0;
    s->bytes = fstat(s->fd, &written) == 0 ? (uint64_t)written.st_size : 0;
    return !sync || sync_folder(s) || failed(error, s->path, "its folder: %s", strerror(errno));
}

void sound_close(sound *s)
{
    if (s->file)
        sf_close(s->file);
    if (s->part[0])
        unlink(s->part);
    if (s->fd >= 0)
        close(s->fd);
    *s = (sound){.fd = -1};
}

void sound_sweep(const char *folder)
{
    size_t suffix = sizeof part_suffix - 1;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        size_t length = strlen(entry->d_name);
        if (entry->d_name[0] != '.' || length < suffix ||
            strcmp(entry->d_name + length - suffix, part_suffix) != 0)
            continue;
        int fd = openat(dirfd(listing), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(listing), entry->d_name, 0);
        if (fd >= 0)
            close(fd);
    }
    if (listing)
        closedir(listing);
}
