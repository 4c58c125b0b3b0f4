/* kernels/reduce/integers.h - sums of integers, in 128 bits, which hold any that there can be: the
 * partial, and the functions integer_OPERATION_SUFFIX that take a chunk in. */
#ifndef TRINE_KERNELS_INTEGERS_H
#define TRINE_KERNELS_INTEGERS_H

#include <trine/kernel.h>

#include "kernels/exact/bigint.h"
#include "kernels/reduce/states.h"

enum {
    integer_state_size = sizeof(integer_state),
    integer_work_size = 0,
    integer_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE
};

#define integer_work_init NULL
#define integer_work_flush NULL

static void integer_add(integer_state *state, int128 sum, uint64_t count)
{
    state->sum += sum;
    state->count += count;
}

static void integer_init(void *state, const void *param)
{
    (void)param;
    *(integer_state *)state = (integer_state){0};
}

static void integer_merge(void *left, const void *right, const void *param)
{
    const integer_state *r = right;
    (void)param;
    integer_add(left, r->sum, r->count);
}

/* A chunk of 64-bit integers, as the sums of their halves: 2^13 of them fit. */
static void integer_sum_i64(void *state, const trine_chunk *chunk, const void *param)
{
    const int64_t *x = chunk->in[0];
    uint64_t low = 0;
    int64_t high = 0;
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        low += (uint32_t)x[i];
        high += x[i] >> 32;
    }
    integer_add(state, (int128)high * ((int128)1 << 32) + low, chunk->n);
}

static void integer_sum_u64(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *x = chunk->in[0];
    uint64_t low = 0, high = 0;
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        low += (uint32_t)x[i];
        high += x[i] >> 32;
    }
    integer_add(state, ((int128)high << 32) + low, chunk->n);
}

/* A chunk's sum of narrower integers fits the accumulating type. */
#define VALUE(x) (x)
#define TYPE int32_t
#define SUM int64_t
#define NAME integer_sum_i32
#include "kernels/reduce/integer_body.h"
#define TYPE uint32_t
#define SUM uint64_t
#define NAME integer_sum_u32
#include "kernels/reduce/integer_body.h"
#define TYPE int16_t
#define SUM int32_t
#define NAME integer_sum_i16
#include "kernels/reduce/integer_body.h"
#define TYPE uint16_t
#define SUM uint32_t
#define NAME integer_sum_u16
#include "kernels/reduce/integer_body.h"
#define TYPE int8_t
#define SUM int32_t
#define NAME integer_sum_i8
#include "kernels/reduce/integer_body.h"
#define TYPE uint8_t
#define SUM uint32_t
#define NAME integer_sum_u8
#include "kernels/reduce/integer_body.h"
#undef VALUE

#endif
