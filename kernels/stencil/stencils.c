/* kernels/stencil/stencils.c - five-point stencils of a row, Jacobi's sweep of one, and
 * convolution.
 *
 * Every output is computed alone, by the same operations in the same order on every instruction
 * set, and has one representation of NaN; vectors hold neighbouring outputs. A row goes one by one
 * up to a line of the output, then by vectors, then one by one again.
 */
#include <math.h>

#include "kernels/registry/isa.h"
#include "kernels/simd/non_temporal.h"

/* Bytes to ask for ahead. */
enum { AHEAD = 2048 };

/* The greatest of bits of numbers that are not negative: as integers they are in the same order,
 * and NaN is beyond infinity. */
TRINE_INLINE ivec ivec_greater(ivec a, ivec b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (ivec)_mm512_max_epi64((__m512i)a, (__m512i)b);
#else
    ivec greater = a > b;
    return (a & greater) | (b & ~greater);
#endif
}

/* Asks for what comes next of the row that is read for the first time; past its end lies the next
 * row, or nothing, which a prefetch may ask for. */
TRINE_INLINE void ahead(const void *row, size_t at)
{
    __builtin_prefetch((const char *)row + at + AHEAD);
}

/* One output at to[i], a double or a float. */
TRINE_INLINE void put_at(void *to, size_t i, double x, bool single)
{
    if (single)
        ((float *)to)[i] = (float)canonical(x);
    else
        ((double *)to)[i] = canonical(x);
}

/* WIDTH outputs at to[i], doubles or floats. */
TRINE_INLINE void store_at(void *to, size_t i, vec x, bool single, bool non_temporal)
{
    x = vec_canonical(x);
    fvec narrow = __builtin_convertvector(x, fvec);
    if (single && non_temporal)
        nt_store_fvec((float *)to + i, narrow);
    else if (single)
        memcpy((float *)to + i, &narrow, sizeof narrow);
    else if (non_temporal)
        nt_store_vec((double *)to + i, x);
    else
        memcpy((double *)to + i, &x, sizeof x);
}

/* Outputs before the first whole line, and the end of the last whole vector. */
TRINE_INLINE size_t vectors_of(const trine_stencil_row *rows, size_t item, size_t *end)
{
    size_t n = (size_t)rows->n, first = before_line(rows->out) / item;
    first = first < n ? first : n;
    *end = first + (n - first) / WIDTH * WIDTH;
    return first;
}

TRINE_INLINE void stencil5_one(const trine_stencil_row *rows, const double *w, size_t i,
                               bool single)
{
    const char *centre = rows->in[0], *west = centre - (single ? sizeof(float) : sizeof(double));
    const char *east = centre + (single ? sizeof(float) : sizeof(double));
    double sum = w[0] * element_at(centre, i, single) + w[1] * element_at(rows->in[-1], i, single);
    sum += w[2] * element_at(rows->in[1], i, single);
    sum += w[3] * element_at(west, i, single);
    sum += w[4] * element_at(east, i, single);
    put_at(rows->out, i, sum, single);
}

TRINE_INLINE void stencil5(const trine_stencil_row *rows, const double *weight, bool single,
                           bool non_temporal)
{
    const void *north = rows->in[-1], *centre = rows->in[0], *south = rows->in[1];
    const double w[5] = {weight[0], weight[1], weight[2], weight[3], weight[4]};
    size_t item = single ? sizeof(float) : sizeof(double), end,
           first = vectors_of(rows, item, &end);
    const char *west = (const char *)centre - item, *east = (const char *)centre + item;
    for (size_t i = 0; i < first; i++)
        stencil5_one(rows, w, i, single);
    for (size_t i = first; i < end; i += WIDTH) {
        vec sum = w[0] * load_at(centre, i, single) + w[1] * load_at(north, i, single);
        ahead(south, i * item);
        sum += w[2] * load_at(south, i, single);
        sum += w[3] * load_at(west, i, single);
        sum += w[4] * load_at(east, i, single);
        store_at(rows->out, i, sum, single, non_temporal);
    }
    for (size_t i = end; i < (size_t)rows->n; i++)
        stencil5_one(rows, w, i, single);
    if (non_temporal)
        nt_store_fence();
}

static void stencil5_f64(const trine_stencil_row *rows, const void *param)
{
    if (rows->non_temporal)
        stencil5(rows, param, false, true);
    else
        stencil5(rows, param, false, false);
}

static void stencil5_f32(const trine_stencil_row *rows, const void *param)
{
    if (rows->non_temporal)
        stencil5(rows, param, true, true);
    else
        stencil5(rows, param, true, false);
}

const trine_stencil VARIANT(trine_stencils)[] = {
    {"stencil5", 1, TRINE_F64, TRINE_F64, 5 * sizeof(double), stencil5_f64},
    {"stencil5", 1, TRINE_F32, TRINE_F32, 5 * sizeof(double), stencil5_f32},
};

/* One output; returns the bits of |change|. */
TRINE_INLINE int64_t jacobi_one(const trine_stencil_row *rows, const double *f, size_t i,
                                bool source)
{
    const double *north = rows->in[-1], *centre = rows->in[0], *south = rows->in[1];
    const double *west = centre - 1, *east = centre + 1;
    double sum = (north[i] + south[i]) + (west[i] + east[i]);
    sum = 0.25 * (source ? sum + f[i] : sum);
    double change = sum - centre[i];
    int64_t bits;
    put_at(rows->out, i, sum, false);
    memcpy(&bits, &change, sizeof bits);
    return bits & INT64_MAX;
}

TRINE_INLINE double jacobi(const trine_stencil_row *rows, const double *f, bool source,
                           bool non_temporal)
{
    const double *north = rows->in[-1], *centre = rows->in[0], *south = rows->in[1];
    const double *west = centre - 1, *east = centre + 1;
    size_t end, first = vectors_of(rows, sizeof(double), &end);
    ivec most = {0};
    int64_t bits = 0;
    for (size_t i = 0; i < first; i++) {
        int64_t one = jacobi_one(rows, f, i, source);
        bits = one > bits ? one : bits;
    }
    for (size_t i = first; i < end; i += WIDTH) {
        vec sum =
            (vec_load(north + i) + vec_load(south + i)) + (vec_load(west + i) + vec_load(east + i));
        ahead(south + i, 0);
        sum = 0.25 * (source ? sum + vec_load(f + i) : sum);
        store_at(rows->out, i, sum, false, non_temporal);
        most = ivec_greater(vec_bits(sum - vec_load(centre + i)) & INT64_MAX, most);
    }
    for (size_t i = end; i < (size_t)rows->n; i++) {
        int64_t one = jacobi_one(rows, f, i, source);
        bits = one > bits ? one : bits;
    }
    for (int lane = 0; lane < WIDTH; lane++)
        bits = most[lane] > bits ? most[lane] : bits;
    if (non_temporal)
        nt_store_fence();
    double change;
    memcpy(&change, &bits, sizeof change);
    return canonical(change);
}

double VARIANT(trine_jacobi_row)(const trine_stencil_row *rows, const double *f)
{
    if (rows->non_temporal)
        return f ? jacobi(rows, f, true, true) : jacobi(rows, f, false, true);
    return f ? jacobi(rows, f, true, false) : jacobi(rows, f, false, false);
}

/* Vectors of outputs whose sums stay in registers together. */
enum { SUMS = 8 };

/* out[i] for `vectors` vectors, of x[i + taps - 1 - t]. */
TRINE_INLINE void convolve_block(const double *x, const double *kernel, size_t taps, int vectors,
                                 size_t i, void *out, bool single, bool non_temporal)
{
    vec sum[SUMS] = {{0}};
    const double *last = x + i + taps - 1;
    ahead(last, 0);
    for (size_t t = 0; t < taps; t++)
        for (int v = 0; v < vectors; v++)
            sum[v] += kernel[t] * vec_load(last - t + v * WIDTH);
    for (int v = 0; v < vectors; v++)
        store_at(out, i + (size_t)v * WIDTH, sum[v], single, non_temporal);
}

/* Outputs [first, end), one by one. */
TRINE_INLINE void convolve_edge(const double *x, const double *kernel, size_t taps, size_t first,
                                size_t end, void *out, bool single)
{
    for (size_t i = first; i < end; i++) {
        double sum = 0;
        for (size_t t = 0; t < taps; t++)
            sum += kernel[t] * x[i + taps - 1 - t];
        put_at(out, i, sum, single);
    }
}

TRINE_INLINE void convolve(const double *x, const double *kernel, size_t taps, size_t n, void *out,
                           bool single, bool non_temporal)
{
    const trine_stencil_row rows = {.n = n, .out = out};
    size_t end, i = vectors_of(&rows, single ? sizeof(float) : sizeof(double), &end);
    convolve_edge(x, kernel, taps, 0, i, out, single);
    for (; i + SUMS * WIDTH <= end; i += SUMS * WIDTH)
        convolve_block(x, kernel, taps, SUMS, i, out, single, non_temporal);
    for (; i < end; i += WIDTH)
        convolve_block(x, kernel, taps, 1, i, out, single, non_temporal);
    convolve_edge(x, kernel, taps, end, n, out, single);
    if (non_temporal)
        nt_store_fence();
}

void VARIANT(trine_convolve_f64)(const double *x, const double *kernel, size_t taps, size_t n,
                                 void *out, bool non_temporal)
{
    if (non_temporal)
        convolve(x, kernel, taps, n, out, false, true);
    else
        convolve(x, kernel, taps, n, out, false, false);
}

void VARIANT(trine_convolve_f32)(const double *x, const double *kernel, size_t taps, size_t n,
                                 void *out, bool non_temporal)
{
    if (non_temporal)
        convolve(x, kernel, taps, n, out, true, true);
    else
        convolve(x, kernel, taps, n, out, true, false);
}
