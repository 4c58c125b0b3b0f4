/* drivers/lessons/etl/noise.h - what is done to every file: normal noise is added to its samples.
 *
 * Sample i of file k gets noise full sd z, z being number i of the standard normal sequence (seed,
 * stream k) of trine/kernel.h: its bits depend on the seed, k and i alone. 16-bit samples: computed
 * in f32; other integers: in f64; both then rounded to the nearest integer, of two the even one,
 * and cut to the range. Floating-point samples: computed in their own type. */
#ifndef TRINE_ETL_NOISE_H
#define TRINE_ETL_NOISE_H

#include "drivers/lessons/etl/sound.h"

/* sd: standard deviation, as a part of full scale. */
typedef struct noise_settings {
    double sd;
    uint64_t seed;
} noise_settings;

/* To n samples (not yet rounded where they are f64) from sample `first` of that file on. False when
 * this library has no such kernel. */
bool noise_add(const noise_settings *settings, uint64_t file, trine_dtype dtype, double full,
               uint64_t first, void *samples, size_t n);

#endif
