/* io/npy/npy_header.h - reading and writing the header of a .npy file, in memory. */
#ifndef TRINE_IO_NPY_HEADER_H
#define TRINE_IO_NPY_HEADER_H

#include <trine/io.h>

/* Longest header that is read: far more than 32 dimensions need. */
enum { TRINE_NPY_HEADER_MOST = 1 << 16, TRINE_NPY_PREFIX = 12 };

/* From the first bytes of a file (TRINE_NPY_PREFIX of them, or as many as there are): how many make
 * the whole of prefix and dictionary. name is the file's, for details. FORMAT. */
trine_status trine_npy_prefix(const char *name, const unsigned char *bytes, size_t n,
                              trine_npy_info *info, size_t *whole);

/* The dictionary, given prefix and dictionary in bytes[0 .. whole). FORMAT: names file, byte and
 * what is wrong. */
trine_status trine_npy_parse(const char *name, const unsigned char *bytes, size_t whole,
                             trine_npy_info *info);

/* Writes a version 1.0 header in this machine's byte order. Returns its length, a multiple of 64,
 * at most TRINE_NPY_HEADER_WRITTEN. */
enum { TRINE_NPY_HEADER_WRITTEN = 1024 };
size_t trine_npy_format(trine_dtype dtype, int ndim, const int64_t shape[],
                        unsigned char bytes[TRINE_NPY_HEADER_WRITTEN]);

/* Bytes of the elements; false when they are more than a file can have. */
bool trine_npy_data_size(const trine_npy_info *info, uint64_t *bytes);

#endif
