/* matrices.h - what the tests of products share: matrices of hashed numbers, made anew wherever
 * they are needed, and a judge in long double. */
#ifndef TRINE_TESTS_MATRICES_H
#define TRINE_TESTS_MATRICES_H

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

/* Whether one in ELEMENTS_APART elements is a NaN of any sign and payload, or an infinity. */
static bool hostile;
enum { ELEMENTS_APART = 50 };

/* Of a product and of what it is added to. */
static const double factors[][2] = {{1, 0}, {1, 1}, {-0.5, 2}, {0, 0.25}, {0, 0}, {2, 0}};
enum { FACTORS = sizeof factors / sizeof *factors };

/* Element i of matrix `which`: in (-1, 1), with 20 bits, so that floats hold it. */
static inline double number_at(int which, uint64_t i)
{
    uint64_t bits = hash_mix(i + 1, (uint64_t)which * 7919 + 3);
    if (hostile && bits % ELEMENTS_APART == 0) {
        bits = bits % 3 ? bits >> 12 | UINT64_C(0xfff) << 51 | bits << 63
                        : UINT64_C(0x7ff) << 52 | bits << 63;
        double special;
        memcpy(&special, &bits, sizeof special);
        return special;
    }
    return ((double)(bits >> 44) - 524287.5) * 0x1p-19;
}

static inline void put_number(void *data, trine_dtype dtype, uint64_t i, double x)
{
    if (dtype == TRINE_F64)
        ((double *)data)[i] = x;
    else
        ((float *)data)[i] = (float)x;
}

static inline double get_number(const void *data, trine_dtype dtype, uint64_t i)
{
    return dtype == TRINE_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* A matrix of those numbers, or of NaN when `which` is 0. */
static inline trine_array *new_matrix(trine_team *team, trine_dtype dtype, uint64_t rows,
                                      uint64_t columns, trine_place place, int which)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create_2d(team, dtype, rows, columns, place, &x), TRINE_OK);
    uint64_t offset = trine_array_offset(x), local_n = trine_array_local_n(x);
    for (uint64_t i = 0; i < local_n; i++)
        put_number(trine_array_data(x), dtype, i,
                   which ? number_at(which, offset + i) : (double)NAN);
    return x;
}

/* This rank's block of a team's result against the same elements of serial's. */
static inline bool same_bits(const trine_array *got, const trine_array *expected)
{
    size_t item = trine_dtype_size(trine_array_dtype(got)), n = trine_array_local_n(got) * item;
    const char *whole = trine_array_data(expected);
    return n == 0 || memcmp(trine_array_data(got), whole + trine_array_offset(got) * item, n) == 0;
}

/* Whether every NaN among this rank's elements is the one. */
static inline bool has_one_nan(const trine_array *x)
{
    uint64_t n = trine_array_local_n(x), one = UINT64_C(0x7ff8000000000000), bits;
    const void *data = trine_array_data(x);
    for (uint64_t i = 0; i < n; i++) {
        double value = get_number(data, trine_array_dtype(x), i);
        memcpy(&bits, &value, sizeof bits);
        if (value != value && bits != one)
            return false;
    }
    return true;
}

/* The i-th of some products. */
typedef trine_array *nth_product(trine_team *team, trine_dtype dtype, int i, trine_place place,
                                 const double *factor);

/* Of hostile numbers a team makes the bits of serial, and no NaN but the one. */
static inline void compare_hostile(trine_team *team, trine_team *serial, nth_product *product,
                                   int count)
{
    hostile = true;
    for (int f = 0; f < FACTORS; f++)
        for (int i = 0; i < count; i++) {
            trine_dtype dtype = i % 2 ? TRINE_F32 : TRINE_F64;
            trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
            trine_array *got = product(team, dtype, i, place, factors[f]);
            trine_array *expected = product(serial, dtype, i, TRINE_SHARED, factors[f]);
            CU_ASSERT_TRUE(same_bits(got, expected));
            CU_ASSERT_TRUE(has_one_nan(got));
            trine_array_free(got);
            trine_array_free(expected);
        }
    hostile = false;
}

/* Whether x is alpha sum + beta old within what that many roundings may do, of unit u. */
static inline bool is_close(double x, long double sum, long double magnitude, double alpha,
                            double beta, double old, double roundings, double u)
{
    long double right = (long double)alpha * sum, most = fabsl((long double)alpha) * magnitude;
    if (beta != 0) {
        right += (long double)beta * (long double)old;
        most += fabsl((long double)beta * (long double)old);
    }
    return fabsl((long double)x - right) <= (long double)(roundings * u) * most + 1e-300L;
}

/* Runs body(team, serial) for each spec that this build has. */
static inline void on_each_team(char **specs, void (*body)(trine_team *team, trine_team *serial))
{
    trine_team *serial, *team;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    for (; *specs; specs++) {
        trine_status status = trine_team_open(*specs, &team);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        if (status)
            printf("\n  %s: %s\n", *specs, trine_error_detail());
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        body(team, serial);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
}

#endif
