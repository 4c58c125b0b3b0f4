/* io/npy/other_format.h - what a file is that is no .npy file. */
#ifndef TRINE_IO_OTHER_FORMAT_H
#define TRINE_IO_OTHER_FORMAT_H

#include <stddef.h>

/* From a file's first bytes, of which the first 10 tell: what it is, and what makes a .npy file of
 * it. */
const char *trine_other_format(const unsigned char *bytes, size_t n);

#endif
