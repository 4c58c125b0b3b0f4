/* drivers/lessons/etl/sound.h - sound files as streams of samples: anything that libsndfile reads,
 * and WAV files that are there whole or not at all.
 *
 * A sample is held as
 *   int16_t  of 16-bit files, and of files that no WAV file of the same format could follow (MP3,
 *            Vorbis, mu-law, ...), whose output has 16 bits
 *   float    of 32-bit floating-point files, in which 1 is full scale
 *   double   of 64-bit ones; and of 8, 24 and 32-bit integers, of which it holds the integer
 * Samples of all channels follow each other, frame by frame.
 *
 * Functions answer whether all went well, and otherwise leave a text that names the file. Any
 * thread; one thread at a time for one file.
 */
#ifndef TRINE_ETL_SOUND_H
#define TRINE_ETL_SOUND_H

#include <limits.h>
#include <sndfile.h>
#include <trine/types.h>

#include "core/output/output.h"
#include "drivers/lessons/etl/container.h"

typedef struct sound_error {
    char text[PATH_MAX + 512];
} sound_error;

/* dtype: of a sample. bits: of integers held as double, else 0. full: the sample at full scale.
 * subtype: libsndfile's, of the WAV file that holds the same. frames: as the file's header says. */
typedef struct sound_format {
    trine_dtype dtype;
    int bits, rate, channels, subtype;
    double full;
    uint64_t frames;
} sound_format;

/* A file that is read, or written. path: what is read, or what the finished file will be. output:
 * where it is written. bytes: of the finished file, or of the one that is read; at: where
 * libsndfile reads in that; error: the errno of what it could not read. */
typedef struct sound {
    char path[PATH_MAX];
    trine_output output;
    SNDFILE *file;
    uint64_t bytes, at;
    int fd, error;
    sound_format format;
    container header;
} sound;

/* A file that is neither open nor to be closed. */
#define SOUND_NONE ((sound){.fd = -1, .output = TRINE_OUTPUT_NONE})

/* Opens a regular file for reading, and waits for no other; *s is to be closed also when it fails.
 */
bool sound_open(sound *s, const char *path, sound_error *error);

/* Samples of the whole frames that so many bytes hold; at least one frame, which no sound file
 * makes longer than 8 KiB. */
size_t sound_block(const sound_format *format, size_t bytes);

/* The next n samples, of whole frames, fewer only at the end: their number, or -1. */
int64_t sound_read(sound *s, void *samples, size_t n, sound_error *error);

/* Whether so many samples were all that the file's header promises. */
bool sound_was_whole(const sound *s, uint64_t samples, sound_error *error);

/* Begins a WAV file of that format, by the rule of core/output/output.h, that nobody else writes
 * while this one lives. *s is to be closed also when it fails. */
bool sound_create(sound *s, const char *path, const sound_format *format, sound_error *error);

/* What is written next begins with that frame; frames that are left out are silent. */
bool sound_seek(sound *s, uint64_t frame, sound_error *error);

/* n samples, of whole frames. */
bool sound_write(sound *s, const void *samples, size_t n, sound_error *error);

/* The file takes its name; with `sync` after it and the name have reached the disk. */
bool sound_commit(sound *s, bool sync, sound_error *error);

/* Closes; what was created and not committed is removed. */
void sound_close(sound *s);

#endif
