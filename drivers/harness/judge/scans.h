/* drivers/harness/judge/scans.h - whether running sums, products, extremes and differences are what
 * they must be.
 */
#ifndef TRINE_HARNESS_JUDGE_SCANS_H
#define TRINE_HARNESS_JUDGE_SCANS_H

#include "drivers/harness/judge/facts.h"

/* What has to be known of the elements before a rank's first; 0 for an unknown scan. */
unsigned scan_needs(const char *method);

/* last: the element before the first, of the inputs' type, when there is one. right: all of y are
 * what x and the elements before make. fits: no whole number leaves the type of y. */
typedef struct scan_verdict {
    bool right, fits;
} scan_verdict;

scan_verdict judge_scan(const char *method, const facts *before, const void *last, const void *x,
                        trine_dtype out, const void *y, size_t n);

#endif
