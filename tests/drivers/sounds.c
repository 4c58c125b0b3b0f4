/* sounds.c - sounds FOLDER FRAMES: a file of each format that libsndfile writes and knows again by
 * itself, of 1, 2, 3, 5, 6, 7 and 12 channels where the format has them: a tone a channel. Named
 * FORMAT-ENCODING-CHANNELS.EXTENSION. Prints how many there are. */
#include <ctype.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 12 };

/* Of the kind that `command` lists: number i. */
static SF_FORMAT_INFO listed(int command, int i)
{
    SF_FORMAT_INFO info = {.format = i};
    sf_command(NULL, command, &info, sizeof info);
    return info;
}

static int count_of(int command)
{
    int count = 0;
    sf_command(NULL, command, &count, sizeof count);
    return count;
}

/* Headerless ones, and one whose header is a file of its own. */
static int is_known_again(int format)
{
    switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_RAW:
    case SF_FORMAT_SD2:
        return 0;
    default:
        return 1;
    }
}

/* Of more channels than it can have, libsndfile writes a file that it cannot read, and leaves one
 * in the temporary folder. */
static int has_too_many(const SF_INFO *info)
{
    enum { MAX_OF_ALAC = 8 };
    switch (info->format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_ALAC_16:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
    case SF_FORMAT_ALAC_32:
        return info->channels > MAX_OF_ALAC;
    default:
        return 0;
    }
}

static int write_one(const char *path, SF_INFO info, int frames)
{
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    short frame[MOST];
    if (!file)
        return remove(path), 0;
    for (int i = 0; i < frames; i++) {
        for (int c = 0; c < info.channels; c++)
            frame[c] = (short)(8000 * sin(0.01 * i * (c + 1)));
        if (sf_writef_short(file, frame, 1) != 1)
            return sf_close(file), remove(path), 0;
    }
    return sf_close(file) == 0;
}

int main(int argc, char **argv)
{
    static const int channels[] = {1, 2, 3, 5, 6, 7, MOST};
    int written = 0, frames = argc == 3 ? atoi(argv[2]) : 0;
    int majors = count_of(SFC_GET_FORMAT_MAJOR_COUNT);
    int subtypes = count_of(SFC_GET_FORMAT_SUBTYPE_COUNT);
    if (frames < 1)
        return fprintf(stderr, "usage: sounds FOLDER FRAMES\n"), 2;
    for (int k = 0; k < majors * subtypes * 7; k++) {
        SF_FORMAT_INFO major = listed(SFC_GET_FORMAT_MAJOR, k / 7 / subtypes);
        SF_FORMAT_INFO subtype = listed(SFC_GET_FORMAT_SUBTYPE, k / 7 % subtypes);
        SF_INFO info = {.samplerate = 48000,
                        .channels = channels[k % 7],
                        .format = major.format | subtype.format};
        char path[4096];
        int head = snprintf(path, sizeof path, "%s/", argv[1]);
        snprintf(path + head, sizeof path - (size_t)head, "%02x-%s-%02d.%s", major.format >> 16,
                 subtype.name, info.channels, major.extension);
        for (char *c = path + head; *c; c++)
            *c = isalnum((unsigned char)*c) || *c == '.' ? *c : '-';
        if (is_known_again(info.format) && !has_too_many(&info) && sf_format_check(&info))
            written += write_one(path, info, frames);
    }
    printf("%d\n", written);
    return 0;
}
