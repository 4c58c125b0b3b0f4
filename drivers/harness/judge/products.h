/* drivers/harness/judge/products.h - whether a row of a product of matrices is what it must be. */
#ifndef TRINE_HARNESS_JUDGE_PRODUCTS_H
#define TRINE_HARNESS_JUDGE_PRODUCTS_H

#include <trine/trine.h>

/* c = a b, with a and c of n elements, b of n x n, of f64 or f32: each element within gamma_(n + 2)
 * of the sum of the sizes of its products (Higham, 2nd ed., section 3.5). */
bool judge_product_row(trine_dtype dtype, size_t n, const void *a, const void *b, const void *c);

#endif
