/* drivers/lessons/etl/sines.h - sound files to work on, where there are none. */
#ifndef TRINE_ETL_SINES_H
#define TRINE_ETL_SINES_H

#include "drivers/lessons/etl/sound.h"

/* Makes `files` WAV files of that many seconds in a folder, which is made when it is not there:
 * 44.1 kHz, 16 bits, mono, a sine of half of full scale each, of 110 Hz, 115 Hz, 120 Hz, ... What
 * is there already, and as long, is kept. */
bool sines_make(const char *folder, unsigned files, double seconds, sound_error *error);

#endif
