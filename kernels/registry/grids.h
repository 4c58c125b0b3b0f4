/* kernels/registry/grids.h - what the library's own calls on grids are made of. */
#ifndef TRINE_KERNELS_GRIDS_H
#define TRINE_KERNELS_GRIDS_H

#include <trine/kernel.h>

/* A block of elements of `item` bytes (1, 2, 4 or 8) to be transposed: to[c][r] = from[r][c]. Rows
 * of from and of to begin from_row and to_row bytes after each other. non_temporal: the block will
 * not be read again soon, so that stores which pass the caches by may pay. */
typedef struct trine_transpose_block {
    const void *from;
    void *to;
    size_t from_row, to_row, rows, columns, item;
    bool non_temporal;
} trine_transpose_block;

/* In the variant for this CPU. stencil5 and convolve: of f64, of f32. */
typedef struct trine_grid_kernels {
    void (*transpose_block)(const trine_transpose_block *turn);
    const trine_stencil *stencil5;
    /* Returns the greatest |change|, NaN when one is. f: NULL, or from element `column` on. */
    double (*jacobi)(const trine_stencil_row *rows, const double *f);
    /* out[i] = sum over t of kernel[t] x[i + taps - 1 - t], i < n. */
    void (*convolve[2])(const double *x, const double *kernel, size_t taps, size_t n, void *out,
                        bool non_temporal);
} trine_grid_kernels;

/* NULL when TRINE_ISA names none of this CPU's variants. Any thread. */
const trine_grid_kernels *trine_grid_kernels_find(void);

#endif
