/* drivers/harness/judge/facts.h - what elements hold, found one by one: what reductions of them are
 * judged by. */
#ifndef TRINE_HARNESS_JUDGE_FACTS_H
#define TRINE_HARNESS_JUDGE_FACTS_H

#include "drivers/harness/judge/exact.h"
#include "drivers/harness/judge/truth.h"

/* What is to be found beside the counts. MOMENTS and EXPONENTIALS take a second reading. */
enum {
    FACTS_SUMS = 1,
    FACTS_SQUARES = 2,
    FACTS_EXTREMES = 4,
    FACTS_PRODUCT = 8,
    FACTS_MOMENTS = 16,
    FACTS_EXPONENTIALS = 32
};

/* Sums of long doubles, in three steps, so that n additions lose no more than 3 n^(1/3) do. */
typedef struct long_sum {
    long double total, some, few;
    uint32_t taken;
} long_sum;

/* Of n elements, nan of which are NaN. plus, minus: sums of the finite ones above and below 0 (of
 * their size), squares of all finite ones. least, greatest: of those that are numbers, reals by
 * order_of_real, and where they are first. product: of those that are finite and not 0, product
 * 2^exponent, or product_size, which stays above 2^64 once it is. central: sums of powers of the
 * distance from the mean, high + low; cube_size: of |distance|^3. exponentials: of exp(x -
 * greatest), and of those times greatest - x. */
typedef struct facts {
    unsigned found;
    trine_dtype dtype;
    uint64_t n, nan, plus_inf, minus_inf, minus_zeros, zeros, negative;
    exact_number plus, minus, squares;
    harness_int128 least, greatest;
    uint64_t least_at, greatest_at, nan_at;
    long double product;
    int64_t exponent;
    harness_uint128 product_size;
    long double high, low;
    long_sum central[5], cube_size, exponentials, spread;
} facts;

void facts_begin(facts *f, trine_dtype dtype);

/* Takes in n elements, of which the first has that index: a first reading of what is to be found.
 */
void facts_take(facts *f, unsigned find, const void *x, size_t n, uint64_t index);

/* The second reading, about what the first one found of all elements. */
void facts_take_again(facts *f, unsigned find, const void *x, size_t n);

/* What both have found; right follows left. */
void facts_merge(facts *left, const facts *right);

/* All readings that are needed, of elements in memory. */
void facts_of_memory(facts *f, unsigned find, trine_dtype dtype, const void *x, size_t n);

/* The same of an array, on all ranks. What a second call with the same facts is to find is added.
 * Collective. */
trine_status facts_of_array(facts *f, unsigned find, const trine_array *x);

/* The same of `count` columns from `column` on, of an array of two axes: f[count]. Collective. */
trine_status facts_of_columns(facts f[], unsigned find, const trine_array *x, uint64_t column,
                              size_t count);

/* Numbers among the elements; the sum of a facts's finite ones, and of their sizes. */
uint64_t facts_numbers(const facts *f);
void facts_sum(const facts *f, exact_number *sum);
void facts_size(const facts *f, exact_number *size);

/* The mean of the finite elements: high and low. */
void facts_find_centre(facts *f);

void long_sum_add(long_sum *s, long double x);
long double long_sum_value(const long_sum *s);

#endif
