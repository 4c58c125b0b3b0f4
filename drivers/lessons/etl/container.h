/* drivers/lessons/etl/container.h - what a sound file's header says of it, where libsndfile goes by
 * what it finds: a file that was cut off, or whose recording was never finished, is else read as a
 * whole one. */
#ifndef TRINE_ETL_CONTAINER_H
#define TRINE_ETL_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

/* begin, end: offsets of the sound that the header promises; both 0 where it does not say how much.
 * unfinished: it promises none, and something follows that is no chunk. cut: the page that ends the
 * stream is missing. bits_at: offset of a WAV header's bits a sample, where they are not those that
 * its frames have space for, and `bits`, those; else 0. */
typedef struct container {
    uint64_t begin, end, bits_at;
    uint16_t bits;
    bool unfinished, cut;
} container;

/* Of WAV (RIFF, RIFX, RF64, BW64), W64, AIFF, AIFC, 8SVX, AU, CAF, NIST SPHERE and Ogg; of all
 * others nothing. size: the file's bytes. Any thread. */
container container_of(int fd, uint64_t size);

#endif
