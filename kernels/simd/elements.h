/* kernels/simd/elements.h - what a sum takes of a chunk: its elements, or a function of each.
 *
 * The form and the element type are constants where they are used, so that each reduction gets a
 * loop of its own. A product of two floats is a double; one of two doubles has a rounding error,
 * which is a double too (Dekker, Numer. Math. 18 (1971)) unless something under- or overflows.
 */
#ifndef TRINE_KERNELS_ELEMENTS_H
#define TRINE_KERNELS_ELEMENTS_H

#include <trine/kernel.h>

#include "kernels/simd/simd.h"

/* PLAIN: x. ABSOLUTE: |x|. NUMBERS: x, and -0, which adds nothing, for NaN. SQUARES: x * x.
 * PRODUCTS: x * y. */
typedef enum form { PLAIN, ABSOLUTE, NUMBERS, SQUARES, PRODUCTS } form;

/* single: floats; else doubles. y equals x except for PRODUCTS. */
typedef struct elements {
    const void *x, *y;
    size_t n;
    bool single;
    form form;
} elements;

TRINE_INLINE elements elements_of(const trine_chunk *chunk, bool single, form form)
{
    const void *x = chunk->in[0];
    return (elements){x, form == PRODUCTS ? chunk->in[1] : x, chunk->n, single, form};
}

TRINE_INLINE size_t item_size(elements e)
{
    return e.single ? sizeof(float) : sizeof(double);
}

/* Whether the terms have rounding errors. */
TRINE_INLINE bool has_errors(elements e)
{
    return e.form >= SQUARES && !e.single;
}

TRINE_INLINE bool is_number(elements e, size_t i)
{
    double x = element_at(e.x, i, e.single);
    return e.form != NUMBERS || x == x;
}

TRINE_INLINE double term(elements e, size_t i)
{
    double x = element_at(e.x, i, e.single);
    if (e.form == NUMBERS)
        return x == x ? x : -0.0;
    return e.form == ABSOLUTE ? fabs(x) : e.form >= SQUARES ? x * element_at(e.y, i, e.single) : x;
}

TRINE_INLINE double term_error(elements e, size_t i, double product)
{
    return fma(element_at(e.x, i, e.single), element_at(e.y, i, e.single), -product);
}

/* The bits of +Inf; those of NaN, the sign apart, are greater. */
#define INFINITY_BITS ((int64_t)2047 << 52)

/* The terms i to i + WIDTH - 1; of NUMBERS, *numbers counts those that are not NaN. */
TRINE_INLINE vec vec_term(elements e, size_t i, ivec *numbers)
{
    vec x = load_at(e.x, i, e.single);
    if (e.form == ABSOLUTE)
        return (vec)((ivec)x & INT64_MAX);
    if (e.form == NUMBERS) {
        ivec number = (ivec)(((ivec)x & INT64_MAX) <= INFINITY_BITS);
        *numbers -= number;
        return (vec)(((ivec)x & number) | (~number & INT64_MIN));
    }
    return e.form >= SQUARES ? x * load_at(e.y, i, e.single) : x;
}

TRINE_INLINE vec vec_term_error(elements e, size_t i, vec product)
{
    return vec_product_error(load_at(e.x, i, e.single), load_at(e.y, i, e.single), product);
}

TRINE_INLINE uint64_t count_tail_numbers(elements e, size_t first)
{
    uint64_t numbers = 0;
    for (size_t i = first; i < e.n; i++)
        numbers += is_number(e, i);
    return numbers;
}

#endif
