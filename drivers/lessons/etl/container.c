/* drivers/lessons/etl/container.c - the lengths in the headers of sound files.
 *
 * Sources: Microsoft and IBM, Multimedia Programming Interface 1.0 (RIFF); EBU Tech 3306 (RF64);
 * Apple, AIFF 1.3 and AIFF-C; Apple, Core Audio Format 1.0; Sonic Foundry, Wave64; NIST,
 * SPHERE 2.6; RFC 3533 (Ogg).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drivers/lessons/etl/container.h"

/* How chunks are written. id: bytes of a name. counts_head: the size is that of the whole chunk.
 * multiple: at which chunks begin. */
typedef struct layout {
    size_t id, size;
    bool big, counts_head;
    unsigned multiple;
} layout;

typedef struct file {
    int fd;
    uint64_t size;
} file;

/* Lengths that programs write which cannot come back to the header: of "up to the end". */
static const uint64_t endless[] = {0xffffffff, 0x7fffffff, 0x7ffff000, 0x80000000, UINT64_MAX};

static bool read_at(const file *f, uint64_t at, void *to, size_t n)
{
    return at <= f->size && n <= f->size - at && pread(f->fd, to, n, (off_t)at) == (ssize_t)n;
}

static uint64_t number(const unsigned char *bytes, size_t n, bool big)
{
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++)
        x = x << 8 | bytes[big ? i : n - 1 - i];
    return x;
}

static bool is_endless(uint64_t size)
{
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++)
        if (size == endless[i])
            return true;
    return false;
}

/* A chunk: its name's first four bytes, where its content begins, how long that is said to be. */
typedef struct chunk {
    char name[5];
    uint64_t begin, size, next;
} chunk;

static bool chunk_at(const file *f, const layout *l, uint64_t at, chunk *c)
{
    unsigned char head[24];
    if (!read_at(f, at, head, l->id + l->size))
        return false;
    memcpy(c->name, head, 4);
    c->name[4] = 0;
    c->begin = at + l->id + l->size;
    c->size = number(head + l->id, l->size, l->big);
    if (l->counts_head)
        c->size -= c->size >= l->id + l->size ? l->id + l->size : c->size;
    uint64_t padded =
        c->size % l->multiple ? c->size + l->multiple - c->size % l->multiple : c->size;
    c->next = padded < c->size || padded > UINT64_MAX - c->begin ? UINT64_MAX : c->begin + padded;
    return true;
}

/* Whether chunks, and no more than a byte of padding, follow up to the end of the file. */
static bool chunks_follow(const file *f, const layout *l, uint64_t at)
{
    chunk c;
    while (at < f->size && chunk_at(f, l, at, &c)) {
        for (int i = 0; i < 4; i++)
            if (c.name[i] < ' ' || c.name[i] > '~')
                return false;
        at = c.next;
    }
    return at >= f->size && at - f->size <= 1;
}

static void promise(const file *f, const layout *l, uint64_t begin, uint64_t size, uint64_t next,
                    container *found)
{
    found->begin = begin;
    found->end = size > UINT64_MAX - begin ? UINT64_MAX : begin + size;
    found->unfinished = size == 0 && begin < f->size && !(l && chunks_follow(f, l, next));
}

/* Bits a sample that do not fill a frame's bytes, in the form of header that has a second count of
 * bits for those that count. */
static void compare_bits(const file *f, const chunk *c, bool big, container *found)
{
    unsigned char fmt[16];
    if (c->size < 40 || !read_at(f, c->begin, fmt, sizeof fmt) || number(fmt, 2, big) != 0xfffe)
        return;
    uint64_t channels = number(fmt + 2, 2, big), frame = number(fmt + 12, 2, big);
    uint64_t bits = number(fmt + 14, 2, big);
    if (channels == 0 || frame % channels || frame / channels > 4 || frame / channels * 8 == bits ||
        (bits + 7) / 8 == frame / channels)
        return;
    found->bits_at = c->begin + 14;
    found->bits = (uint16_t)(frame / channels * 8);
}

/* Up to the chunk of the name `data`, which holds the sound. */
static void walk(const file *f, const layout *l, uint64_t at, const char *data, container *found)
{
    uint64_t long_size = UINT64_MAX;
    unsigned char sizes[16];
    chunk c;
    for (; chunk_at(f, l, at, &c) && c.next > at; at = c.next) {
        if (strcmp(c.name, "ds64") == 0 && read_at(f, c.begin, sizes, sizeof sizes))
            long_size = number(sizes + 8, 8, false);
        if (strcmp(c.name, "fmt ") == 0)
            compare_bits(f, &c, l->big, found);
        if (strcmp(c.name, data) != 0)
            continue;
        if (c.size == 0xffffffff)
            c.size = long_size;
        if (!is_endless(c.size))
            promise(f, l, c.begin, c.size, c.next, found);
        return;
    }
}

static void audio_header(const file *f, const unsigned char *head, bool big, container *found)
{
    uint64_t begin = number(head + 4, 4, big), size = number(head + 8, 4, big);
    if (!is_endless(size))
        promise(f, NULL, begin, size, begin, found);
}

/* The number of a line `name -i number`; 0 where there is none. */
static uint64_t field(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    unsigned long long x = 0;
    return line && sscanf(line + strlen(name), " -i %20llu", &x) == 1 ? x : 0;
}

static void sphere(const file *f, container *found)
{
    char text[1025] = "";
    unsigned long long begin = 0, most = UINT64_C(1) << 60;
    if (!read_at(f, 0, text, sizeof text - 1) || sscanf(text, "NIST_1A %20llu", &begin) != 1)
        return;
    uint64_t frames = field(text, "\nsample_count"), channels = field(text, "\nchannel_count");
    uint64_t bytes = field(text, "\nsample_n_bytes");
    bytes = bytes ? bytes : 1;
    if (frames && channels && begin < most && frames < most / bytes / channels)
        promise(f, NULL, begin, frames * bytes * channels, begin, found);
}

/* The last page says so, and is all there. */
static void last_page(const file *f, container *found)
{
    enum { MOST = 65536 + 512, HEAD = 27 };
    static _Thread_local unsigned char end[MOST];
    size_t n = f->size < MOST ? (size_t)f->size : MOST;
    if (!read_at(f, f->size - n, end, n))
        return;
    for (size_t at = n < HEAD ? 0 : n - HEAD + 1; at-- > 0;) {
        if (memcmp(end + at, "OggS", 5) != 0)
            continue;
        size_t segments = end[at + 26], length = HEAD + segments;
        for (size_t i = 0; i < segments && at + HEAD + i < n; i++)
            length += end[at + HEAD + i];
        found->cut = !(end[at + 5] & 4) || length > n - at;
        return;
    }
    found->cut = true;
}

container container_of(int fd, uint64_t size)
{
    static const layout riff = {4, 4, false, false, 2}, riff_big = {4, 4, true, false, 2};
    static const layout core_audio = {4, 8, true, false, 1}, wave64 = {16, 8, false, true, 8};
    const file f = {fd, size};
    unsigned char head[16];
    container found = {0};
    if (!read_at(&f, 0, head, sizeof head))
        return found;
    if (!memcmp(head, "RIFF", 4) || !memcmp(head, "RF64", 4) || !memcmp(head, "BW64", 4))
        walk(&f, &riff, 12, "data", &found);
    else if (!memcmp(head, "RIFX", 4))
        walk(&f, &riff_big, 12, "data", &found);
    else if (!memcmp(head, "FORM", 4))
        walk(&f, &riff_big, 12, head[8] == 'A' ? "SSND" : "BODY", &found);
    else if (!memcmp(head, "riff", 4))
        walk(&f, &wave64, 40, "data", &found);
    else if (!memcmp(head, "caff", 4))
        walk(&f, &core_audio, 8, "data", &found);
    else if (!memcmp(head, ".snd", 4) || !memcmp(head, "dns.", 4))
        audio_header(&f, head, head[0] == '.', &found);
    else if (!memcmp(head, "NIST_1A", 7))
        sphere(&f, &found);
    else if (!memcmp(head, "OggS", 4))
        last_page(&f, &found);
    return found;
}
