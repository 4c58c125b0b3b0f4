/* drivers/lessons/etl/check.h - is an output the input with noise? Judged by nothing of trine's. */
#ifndef TRINE_ETL_CHECK_H
#define TRINE_ETL_CHECK_H

#include "drivers/lessons/etl/noise.h"

/* Of one file, or of several. digest: of the output's bytes, all of them, header and samples; the
 * files' digests add up. counted: samples from which sum and squares of output less input are made:
 * those that noise could not bring near the end of the range; in parts of full scale. */
typedef struct check_result {
    uint64_t samples, bytes, digest, counted;
    double sum, squares;
} check_result;

/* Reads both files of number `file`, and adds what it found to *result. Whether
 *   the output is a WAV file of the input's rate, channels and kind of sample, and as long
 *   the mean and the standard deviation of output less input are within six times the error that
 *     so many samples leave
 *   the first, the last, and 8 samples in each 64 Ki are what Philox4x32-10 and Box and
 *     Muller's formula in long double give: to half a unit where they are integers
 * If not, *error says what, and where. */
bool check_file(const char *in, const char *out, uint64_t file, const noise_settings *settings,
                check_result *result, sound_error *error);

#endif
