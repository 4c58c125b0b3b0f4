/* drivers/lessons/etl/check.c - is an output the input with noise?
 *
 *   1. Both are read in blocks, and their formats compared.
 *   2. Sums of output less input, and of its square, over the samples that could not be cut.
 *   3. Some samples of each block against a scalar reference.
 *   4. The output's bytes are mixed into its digest.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drivers/lessons/etl/check.h"
#include "drivers/harness/data/philox.h"

/* Samples of a block, and how many of them are computed again; bytes that are read in one go; how
 * many standard deviations are improbable enough; samples that a statement on their deviation
 * needs; how far from the ends of the range samples are counted, in standard deviations. */
enum { BLOCK = 1 << 16, SPOTS = 8, BYTES = 1 << 16, SIGMAS = 6, ENOUGH = 100, REACH = 9 };

/* One file that is being checked. */
typedef struct checking {
    const noise_settings *settings;
    uint64_t file, at;
    sound in, out;
    double first[BLOCK], second[BLOCK];
} checking;

/* Standard normal number i of (seed, stream), as f32's are made, or f64's. */
static long double normal_number(const checking *c, bool f64, uint64_t i)
{
    uint64_t seed = c->settings->seed, counter = f64 ? i / 2 : i / 4;
    philox_words where = {{(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)c->file,
                           (uint32_t)(c->file >> 32)}};
    philox_words r = philox(where, seed);
    unsigned pair = f64 ? 0 : i % 4 & 2;
    uint64_t radius = f64 ? r.v[0] | (uint64_t)r.v[1] << 32 : r.v[pair];
    uint64_t angle = f64 ? r.v[2] | (uint64_t)r.v[3] << 32 : r.v[pair + 1];
    long double u = f64 ? ((long double)(radius >> 11) + 0.5L) * 0x1p-53L
                        : ((long double)(radius >> 1) + 0.5L) * 0x1p-31L;
    long double turn = (long double)angle * (f64 ? 0x1p-64L : 0x1p-32L);
    turn *= 6.283185307179586476925286766559L;
    return sqrtl(-2 * logl(u)) * (i % 2 ? sinl(turn) : cosl(turn));
}

static bool wrong(sound_error *error, const char *path, const char *what, uint64_t sample,
                  double got, double expected)
{
    snprintf(error->text, sizeof error->text, "%s: %s %llu: %.17g; expected %.17g", path, what,
             (unsigned long long)sample, got, expected);
    return false;
}

/* Whether sample k of the block is what it should be. What is held as an integer may be off by a
 * half, and by what f32 or f64 lose on the way. */
static bool check_spot(const checking *c, size_t k, sound_error *error)
{
    const sound_format *f = &c->in.format;
    bool f64 = f->dtype == TRINE_F64, whole = f64 ? f->bits > 0 : f->dtype == TRINE_I16;
    double sd = c->settings->sd * f->full, x = c->first[k], y = c->second[k];
    long double known = x + sd * normal_number(c, f64, c->at + k);
    double lost = f64 ? 0x1p-50 : 0x1p-21, most = f->full - 1;
    double bound = (whole ? 0.5 : 0) + lost * (fabs(x) + 8 * sd);
    if (whole)
        known = known > most ? most : known < -f->full ? -f->full : known;
    if (!isfinite(x) || fabsl(y - known) <= bound)
        return true;
    return wrong(error, c->out.path, "sample", c->at + k, y, (double)known);
}

static bool check_spots(const checking *c, size_t n, bool last, sound_error *error)
{
    bool right = c->at > 0 || check_spot(c, 0, error);
    for (uint64_t i = 0; i < SPOTS && right; i++) {
        uint64_t mixed = (c->at + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        right = check_spot(c, (size_t)((mixed ^ mixed >> 32) % n), error);
    }
    return right && (!last || check_spot(c, n - 1, error));
}

static void add_differences(const checking *c, size_t n, check_result *own)
{
    const double full = c->in.format.full, reach = full - REACH * c->settings->sd * full - 1;
    double sum = 0, squares = 0;
    uint64_t counted = 0;
    bool whole = c->in.format.dtype == TRINE_I16 || c->in.format.bits;
    for (size_t i = 0; i < n; i++) {
        double d = c->second[i] - c->first[i];
        bool counts = whole ? fabs(c->first[i]) <= reach : isfinite(d);
        d = counts ? d / full : 0;
        sum += d;
        squares += d * d;
        counted += counts;
    }
    own->sum += sum;
    own->squares += squares;
    own->counted += counted;
}

/* Rounding to integers adds a variance of 1/12, or takes some away where the noise is small. */
static bool check_moments(const checking *c, const check_result *own, sound_error *error)
{
    const sound_format *f = &c->in.format;
    double unit = f->dtype == TRINE_I16 || f->bits ? 1 / f->full
                  : f->dtype == TRINE_F32          ? 0x1p-23
                                                   : 0x1p-52;
    double sd = c->settings->sd, n = (double)own->counted, rounding = unit * unit / 12;
    double expected = sd * sd + rounding, slack = sd < unit ? sd * sd + rounding : rounding / 1000;
    if (own->counted < ENOUGH)
        return true;
    double mean = own->sum / n, variance = own->squares / n - mean * mean;
    if (fabs(mean) > SIGMAS * sqrt(expected / n))
        return wrong(error, c->out.path, "mean of the noise in samples", own->counted, mean, 0);
    if (fabs(variance - expected) > SIGMAS * expected * sqrt(2 / n) + slack)
        return wrong(error, c->out.path, "standard deviation of the noise in samples", own->counted,
                     sqrt(variance > 0 ? variance : 0), sqrt(expected));
    return true;
}

/* The next samples of one of the files as doubles. */
static int64_t read_doubles(sound *s, double *x, sound_error *error)
{
    int16_t *small = (int16_t *)(void *)x;
    float *single = (float *)(void *)x;
    size_t frame = (size_t)s->format.channels;
    int64_t got = sound_read(s, x, BLOCK / frame * frame, error);
    for (int64_t i = got; s->format.dtype == TRINE_I16 && i-- > 0;) {
        int16_t sample;
        memcpy(&sample, small + i, sizeof sample);
        x[i] = sample;
    }
    for (int64_t i = got; s->format.dtype == TRINE_F32 && i-- > 0;) {
        float sample;
        memcpy(&sample, single + i, sizeof sample);
        x[i] = (double)sample;
    }
    return got;
}

static bool check_samples(checking *c, check_result *own, sound_error *error)
{
    uint64_t total = c->in.format.frames * (uint64_t)c->in.format.channels;
    for (int64_t got = 1; got > 0; c->at += (uint64_t)got) {
        got = read_doubles(&c->in, c->first, error);
        int64_t there = got < 0 ? got : read_doubles(&c->out, c->second, error);
        if (got < 0 || there < 0)
            return false;
        if (there != got)
            return wrong(error, c->out.path, "samples after sample", c->at, (double)there,
                         (double)got);
        add_differences(c, (size_t)got, own);
        if (got > 0 && !check_spots(c, (size_t)got, c->at + (uint64_t)got == total, error))
            return false;
    }
    own->samples = c->at;
    if (c->at != total)
        return wrong(error, c->in.path, "samples of", total, (double)c->at, (double)total);
    return check_moments(c, own, error);
}

static bool check_formats(const checking *c, sound_error *error)
{
    const sound_format *a = &c->in.format, *b = &c->out.format;
    if (a->rate == b->rate && a->channels == b->channels && a->subtype == b->subtype &&
        a->frames == b->frames)
        return true;
    snprintf(error->text, sizeof error->text,
             "%s: %d Hz, %d channels, kind %d, %llu frames; expected those of the input: %d Hz, "
             "%d, %d, %llu",
             c->out.path, b->rate, b->channels, b->subtype, (unsigned long long)b->frames, a->rate,
             a->channels, a->subtype, (unsigned long long)a->frames);
    return false;
}

/* Of words of 8 bytes, the last filled up with zeros, and of the file's number. */
static bool digest_bytes(const char *path, uint64_t file, check_result *own, sound_error *error)
{
    uint64_t words[BYTES / 8], h = (file + 1) * UINT64_C(0x9e3779b97f4a7c15);
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = pread(fd, words, sizeof words, (off_t)own->bytes)) > 0) {
        memset((char *)words + got, 0, sizeof words - (size_t)got);
        for (ssize_t i = 0; i < (got + 7) / 8; i++) {
            h = (h ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
            h ^= h >> 32;
        }
        own->bytes += (uint64_t)got;
    }
    if (got < 0)
        snprintf(error->text, sizeof error->text, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    own->digest = h ^ own->bytes;
    return got == 0;
}

static bool check_both(checking *c, const char *in, const char *out, check_result *own,
                       sound_error *error)
{
    return sound_open(&c->in, in, error) && sound_open(&c->out, out, error) &&
           check_formats(c, error) && check_samples(c, own, error) &&
           digest_bytes(out, c->file, own, error);
}

bool check_file(const char *in, const char *out, uint64_t file, const noise_settings *settings,
                check_result *result, sound_error *error)
{
    static checking c;
    check_result own = {.samples = 0};
    c.settings = settings;
    c.file = file;
    c.at = 0;
    c.in = c.out = SOUND_NONE;
    bool right = check_both(&c, in, out, &own, error);
    sound_close(&c.in);
    sound_close(&c.out);
    result->samples += own.samples;
    result->bytes += own.bytes;
    result->digest += own.digest;
    result->counted += own.counted;
    result->sum += own.sum;
    result->squares += own.squares;
    return right;
}
