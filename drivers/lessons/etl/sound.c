/* drivers/lessons/etl/sound.c - sound files as streams of samples. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trine/error.h>

#include "drivers/lessons/etl/sound.h"

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
    int fd = fcntl(s->output.fd, F_DUPFD_CLOEXEC, 0);
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
    *s = SOUND_NONE;
    if (snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path)
        return failed(error, "a file", "its path has more than %d bytes", PATH_MAX - 1);
    if (stat(path, &found))
        return failed(error, path, "%s", strerror(errno));
    if (S_ISREG(found.st_mode)) {
        s->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (s->fd < 0 || fstat(s->fd, &found))
            return failed(error, path, "%s", strerror(errno));
    }
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

/* The chunk that holds the greatest sample also holds the time, so it is left out. Files that may
 * pass what 32 bits count to are RF64, which WAV files become when they are large. */
bool sound_create(sound *s, const char *path, const sound_format *format, sound_error *error)
{
    *s = SOUND_NONE;
    s->format = *format;
    if (snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path)
        return failed(error, "a file", "its path has more than %d bytes", PATH_MAX - 1);
    if (!trine_output_open(&s->output, path, TRINE_OUTPUT_SEEKABLE | TRINE_OUTPUT_ALONE))
        return failed(error, path, "%s", s->output.why);
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
    s->bytes = fstat(s->output.fd, &written) == 0 ? (uint64_t)written.st_size : 0;
    return trine_output_commit(&s->output, sync) || failed(error, s->path, "%s", s->output.why);
}

void sound_close(sound *s)
{
    if (s->file)
        sf_close(s->file);
    trine_output_drop(&s->output);
    if (s->fd >= 0)
        close(s->fd);
    *s = SOUND_NONE;
}
