/* drivers/lessons/etl/sines.c - files of one sine each: a number on the circle that is turned by a
 * constant angle from sample to sample, and put back on the circle with each block. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/lessons/etl/sines.h"

enum { RATE = 44100, SINE_BLOCK = 4096, HEADER = 44 };

static const double pi = 3.14159265358979323846;

static void sine_block(int16_t *samples, size_t n, uint64_t first, double hertz)
{
    const double turn = 2 * pi * hertz / RATE, height = 0.5 * INT16_MAX;
    const double turn_cos = cos(turn), turn_sin = sin(turn);
    const double angle = 2 * pi * fmod(hertz * (double)first / RATE, 1);
    double x = height * cos(angle), y = height * sin(angle);
    for (size_t i = 0; i < n; i++) {
        samples[i] = (int16_t)lrint(y);
        double next = x * turn_cos - y * turn_sin;
        y = x * turn_sin + y * turn_cos;
        x = next;
    }
}

static bool make_one(const char *path, uint64_t frames, double hertz, sound_error *error)
{
    int16_t samples[SINE_BLOCK];
    const sound_format format = {.dtype = TRINE_I16,
                                 .rate = RATE,
                                 .channels = 1,
                                 .subtype = SF_FORMAT_PCM_16,
                                 .full = 0x1p15,
                                 .frames = frames};
    struct stat found;
    sound file;
    if (stat(path, &found) == 0 && (uint64_t)found.st_size == HEADER + 2 * frames)
        return true;
    bool made = sound_create(&file, path, &format, error);
    for (uint64_t at = 0; made && at < frames; at += SINE_BLOCK) {
        size_t n = frames - at < SINE_BLOCK ? (size_t)(frames - at) : SINE_BLOCK;
        sine_block(samples, n, at, hertz);
        made = sound_write(&file, samples, n, error);
    }
    made = made && sound_commit(&file, false, error);
    sound_close(&file);
    return made;
}

bool sines_make(const char *folder, unsigned files, double seconds, sound_error *error)
{
    char path[PATH_MAX];
    if (mkdir(folder, 0777) && errno != EEXIST) {
        snprintf(error->text, sizeof error->text, "%s: making the folder: %s", folder,
                 strerror(errno));
        return false;
    }
    bool made = true;
    for (unsigned i = 0; i < files && made; i++) {
        if (snprintf(path, sizeof path, "%s/sine-%04u.wav", folder, i) >= (int)sizeof path) {
            snprintf(error->text, sizeof error->text, "a folder's path of more than %d bytes",
                     PATH_MAX - 16);
            return false;
        }
        made = make_one(path, (uint64_t)llrint(seconds * RATE), 110 + 5.0 * i, error);
    }
    return made;
}
