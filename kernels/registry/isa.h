/* kernels/registry/isa.h - the families of built-in kernels. Every source but table.c is compiled
 * once for each instruction set, which TRINE_VARIANT names; each family's table has the same
 * entries in the same order on all of them, and ends with an entry without a name. */
#ifndef TRINE_KERNELS_ISA_H
#define TRINE_KERNELS_ISA_H

#include <trine/kernel.h>

#include "kernels/registry/grids.h"
#include "kernels/registry/params.h"

/* X(table): trine_sums_avx2[] and so on are defined in sums.c. */
#define TRINE_REDUCTION_FAMILIES(X)                                                                \
    X(trine_sums)                                                                                  \
    X(trine_means)                                                                                 \
    X(trine_weighted)                                                                              \
    X(trine_dots)                                                                                  \
    X(trine_norms)                                                                                 \
    X(trine_integer_dots)                                                                          \
    X(trine_extremes)                                                                              \
    X(trine_moments)                                                                               \
    X(trine_integer_moments)                                                                       \
    X(trine_covariances)                                                                           \
    X(trine_integer_covariances)                                                                   \
    X(trine_descriptions)                                                                          \
    X(trine_counts)                                                                                \
    X(trine_products)                                                                              \
    X(trine_histograms)                                                                            \
    X(trine_radix_histograms) X(trine_tops) X(trine_logsumexps) X(trine_variances) X(trine_gemv)

/* X(table): trine_arithmetic_maps_avx2[] and so on, in arithmetic.c; the others likewise. */
#define TRINE_MAP_FAMILIES(X)                                                                      \
    X(trine_generators)                                                                            \
    X(trine_arithmetic_maps)                                                                       \
    X(trine_standardisers)                                                                         \
    X(trine_casts)                                                                                 \
    X(trine_functions)

#define DECLARE_REDUCTIONS(table)                                                                  \
    extern const trine_reducer table##_baseline[], table##_avx2[], table##_avx512[];
TRINE_REDUCTION_FAMILIES(DECLARE_REDUCTIONS)
#undef DECLARE_REDUCTIONS

/* X(variant): what kernels on grids are made of, defined in transposes.c and stencils.c. */
#define DECLARE_GRID_KERNELS(variant)                                                              \
    void trine_transpose_block_##variant(const trine_transpose_block *turn);                       \
    extern const trine_stencil trine_stencils_##variant[];                                         \
    double trine_jacobi_row_##variant(const trine_stencil_row *rows, const double *f);             \
    void trine_convolve_f64_##variant(const double *x, const double *kernel, size_t taps,          \
                                      size_t n, void *out, bool non_temporal);                     \
    void trine_convolve_f32_##variant(const double *x, const double *kernel, size_t taps,          \
                                      size_t n, void *out, bool non_temporal);
DECLARE_GRID_KERNELS(baseline)
DECLARE_GRID_KERNELS(avx2)
DECLARE_GRID_KERNELS(avx512)
#undef DECLARE_GRID_KERNELS

/* One built-in scan. reduction: the name of that of its chunks, or reducer: the same itself. */
typedef struct scan_entry {
    const char *name, *reduction;
    const trine_reducer *reducer;
    trine_dtype in, out;
    trine_status (*apply)(const trine_chunk *chunk, const void *prefix, unsigned flags,
                          const void *param);
} scan_entry;

extern const scan_entry trine_scans_baseline[], trine_scans_avx2[], trine_scans_avx512[];
extern const trine_predicate trine_predicates_baseline[], trine_predicates_avx2[],
    trine_predicates_avx512[];

#define DECLARE_MAPS(table)                                                                        \
    extern const trine_map table##_baseline[], table##_avx2[], table##_avx512[];
TRINE_MAP_FAMILIES(DECLARE_MAPS)
#undef DECLARE_MAPS

#define VARIANT_OF(name, variant) name##_##variant
#define VARIANT_NAME(name, variant) VARIANT_OF(name, variant)
/* The name of something in the variant that is being compiled. */
#define VARIANT(name) VARIANT_NAME(name, TRINE_VARIANT)

#endif
