/* laws.c - trine_reducer_test passes every built-in reducer on hard samples, and names the law that
 * a reducer breaks: for each law there is one that breaks it. */
#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "expect.h"
#include "hash_reducer.h"
#include "reducer_params.h"

enum { N = 2 * TRINE_CHUNK + 77, SEVERAL = TRINE_CHUNK + 77 };

static union {
    double f64[N];
    float f32[N];
    uint64_t bits[N];
    unsigned char bytes[N * 8];
} x, y;

/* --- Built-in reducers */

/* Of the reals: what is no number among others; huge ones and tiny ones; ordinary ones with ties
 * and zeros of both signs; nothing but NaN. */
enum { HOSTILE, EXTREME, ORDINARY, ALL_NAN, SAMPLES };

static double hard(uint64_t i, uint64_t kind, int sample)
{
    uint64_t r = random_bits(i, kind);
    double small = (double)(int64_t)(r % 17) - 8;
    switch (sample) {
    case HOSTILE:
        return r % 5 == 0 ? (r & 64 ? INFINITY : -INFINITY) : r % 7 == 0 ? (double)NAN : small;
    case EXTREME:
        return ldexp(small, r & 64 ? 1018 : -1074);
    case ORDINARY:
        return small == 0 && r & 64 ? -0.0 : small / 3;
    default:
        return (double)NAN;
    }
}

static void fill(void *data, trine_dtype dtype, uint64_t kind, int sample)
{
    unsigned char *bytes = data;
    for (size_t i = 0; i < N; i++)
        if (dtype == TRINE_F64)
            ((double *)data)[i] = hard(i, kind, sample);
        else if (dtype == TRINE_F32)
            ((float *)data)[i] = (float)hard(i, kind, sample);
        else {
            /* Integers of all sizes; in one sample zeros alone. */
            uint64_t r = random_bits(i, kind);
            uint64_t value = sample == ALL_NAN ? 0 : r >> (r % 3 * 28);
            memcpy(bytes + i * trine_dtype_size(dtype), &value, trine_dtype_size(dtype));
        }
}

static int64_t passed;

static void pass(const trine_reducer *reducer, const void *param, int64_t n)
{
    const void *in[] = {x.bytes, y.bytes};
    trine_status status = trine_reducer_test(reducer, in, n, param);
    if (status)
        printf("\n  %s of %s, n %lld: %s", reducer->name, trine_dtype_name(reducer->in[0]),
               (long long)n, trine_error_detail());
    CU_ASSERT_EQUAL(status, TRINE_OK);
    passed++;
}

static void every_built_in_reducer_keeps_the_laws(void)
{
    int64_t before = passed;
    for (size_t i = 0; trine_reducer_name(i); i++)
        for (trine_dtype dtype = TRINE_F64; dtype < TRINE_DTYPE_COUNT; dtype++) {
            const trine_reducer *reducer = reducer_of(trine_reducer_name(i), dtype);
            for (int sample = 0; reducer && sample < SAMPLES; sample++) {
                bool real = dtype == TRINE_F64 || dtype == TRINE_F32;
                if (!real && (sample == EXTREME || sample == ORDINARY))
                    continue;
                fill(x.bytes, dtype, 1, sample);
                fill(y.bytes, reducer->in[1], 2, sample);
                pass(reducer, reducer_param_for(reducer),
                     sample == HOSTILE || sample == ORDINARY ? SEVERAL : 300 + sample);
            }
        }
    CU_ASSERT_TRUE(passed - before > 1000);
}

static void reducers_that_are_made_keep_the_laws(void)
{
    static const double edges[] = {-2, -1, 0, 1, 5};
    trine_reducer reducer = {TRINE_INIT(trine_reducer)};
    trine_top_param top;
    trine_weighted_param weighted;
    void *param;
    for (int sample = 0; sample < SAMPLES; sample++) {
        fill(x.bytes, TRINE_F64, 3, sample);
        fill(y.bytes, TRINE_F32, 4, sample);
        for (int kind = 0; kind < 2; kind++) {
            CU_ASSERT_EQUAL(trine_top_reducer(TRINE_F64, 20, kind, &reducer, &top), TRINE_OK);
            pass(&reducer, &top, 3000);
            CU_ASSERT_EQUAL(trine_weighted_reducer(TRINE_F64, TRINE_F32, kind, &reducer, &weighted),
                            TRINE_OK);
            pass(&reducer, &weighted, 3000);
        }
        CU_ASSERT_EQUAL(
            trine_histogram_weighted_reducer(TRINE_F64, TRINE_F32, 4, edges, &reducer, &param),
            TRINE_OK);
        pass(&reducer, param, 3000);
        free(param);
    }
}

/* --- Sound reducers, of which the broken ones are made */

/* A sum of u64 by way of a working state. least: the least index. */
typedef struct sums {
    uint64_t sum, n, least;
    const void *self;
} sums;

static void sums_init(void *state, const void *param)
{
    (void)param;
    *(sums *)state = (sums){.least = UINT64_MAX};
}

static void sums_merge(void *left, const void *right, const void *param)
{
    sums *l = left;
    const sums *r = right;
    (void)param;
    l->sum += r->sum;
    l->n += r->n;
    l->least = l->least < r->least ? l->least : r->least;
}

static void sums_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *in = chunk->in[0];
    sums one = {.n = (uint64_t)chunk->n, .least = (uint64_t)chunk->offset};
    for (size_t i = 0; i < (size_t)chunk->n; i++)
        one.sum += in[i];
    sums_merge(state, &one, param);
}

static trine_status sums_finish(void *result, const void *state, const void *param)
{
    const sums *s = state;
    (void)param;
    if (s->n == 0)
        return TRINE_E_EMPTY;
    memcpy(result, (const uint64_t[]){s->sum, s->least}, 16);
    return TRINE_OK;
}

static void sums_flush(void *state, void *work, const void *param)
{
    sums_merge(state, work, param);
    sums_init(work, param);
}

static const trine_reducer sound_sums = {TRINE_INIT(trine_reducer),
                                         .name = "sums",
                                         .nin = 1,
                                         .in = {TRINE_U64},
                                         .param_size = 8,
                                         .state_size = sizeof(sums),
                                         .result_size = 16,
                                         .flags = TRINE_ORDER_FREE,
                                         .init = sums_init,
                                         .accumulate = sums_accumulate,
                                         .merge = sums_merge,
                                         .finish = sums_finish,
                                         .work_size = sizeof(sums),
                                         .work_init = sums_init,
                                         .work_flush = sums_flush};
static const uint64_t a_param = 7;

static void sound_reducers_pass_at_every_length(void)
{
    static const int64_t lengths[] = {0, 1, 2, 12, 13, 14, 27, TRINE_CHUNK, TRINE_CHUNK + 1, N};
    trine_reducer plain = sound_sums;
    plain.work_size = 0;
    fill(x.bytes, TRINE_U64, 5, ORDINARY);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        pass(&sound_sums, &a_param, lengths[i]);
        pass(&plain, &a_param, lengths[i]);
        pass(&hash_reducer, NULL, lengths[i]);
    }
}

/* --- Broken ones. Each does what the sound one does, and something more. */

static void init_but_least(void *state, const void *param)
{
    sums *s = state;
    (void)param;
    s->sum = s->n = 0;
}

static void init_beyond(void *state, const void *param)
{
    sums_init(state, param);
    ((unsigned char *)state)[sizeof(sums)] = 1;
}

static void init_before(void *state, const void *param)
{
    sums_init(state, param);
    ((unsigned char *)state)[-1] = 1;
}

static void init_of_one(void *state, const void *param)
{
    hash_init(state, param);
    ((hash_state *)state)->n = 1;
}

static void accumulate_beyond(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((unsigned char *)state)[sizeof(sums)] = 1;
}

static void accumulate_into_input(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((uint64_t *)(uintptr_t)chunk->in[0])[0]++;
}

static void accumulate_into_param(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ++*(uint64_t *)(uintptr_t)param;
}

static void accumulate_one_more(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((sums *)state)->sum += ((const uint64_t *)chunk->in[0])[chunk->n];
}

static void accumulate_one_before(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((sums *)state)->sum += ((const uint64_t *)chunk->in[0])[-1];
}

static void accumulate_by_calls(void *state, const trine_chunk *chunk, const void *param)
{
    static uint64_t calls;
    sums_accumulate(state, chunk, param);
    ((sums *)state)->sum += calls++;
}

/* Knows when it goes backwards, by the two chunks that it saw last. */
static void accumulate_backwards(void *state, const trine_chunk *chunk, const void *param)
{
    static uint64_t last, before;
    uint64_t first = (uint64_t)chunk->offset;
    hash_accumulate(state, chunk, param);
    ((hash_state *)state)->hash += first < last && last < before;
    before = last;
    last = first;
}

static void accumulate_chunks(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((sums *)state)->sum++;
}

static void accumulate_the_last(void *state, const trine_chunk *chunk, const void *param)
{
    sums_init(state, param);
    sums_accumulate(state, chunk, param);
}

static void accumulate_first_of_all(void *state, const trine_chunk *chunk, const void *param)
{
    sums *s = state, before = *s;
    sums_accumulate(state, chunk, param);
    if (before.n > 0)
        s->least = before.least;
}

static void accumulate_self(void *state, const trine_chunk *chunk, const void *param)
{
    sums_accumulate(state, chunk, param);
    ((sums *)state)->self = state;
}

static void merge_beyond(void *left, const void *right, const void *param)
{
    sums_merge(left, right, param);
    ((unsigned char *)left)[sizeof(sums)] = 1;
}

static void merge_into_right(void *left, const void *right, const void *param)
{
    sums_merge(left, right, param);
    ++((sums *)(uintptr_t)right)->sum;
}

static void merge_nothing(void *left, const void *right, const void *param)
{
    if (((const hash_state *)right)->n == 0)
        ((hash_state *)left)->hash++;
    hash_merge(left, right, param);
}

static void merge_larger(void *left, const void *right, const void *param)
{
    bool larger = ((const sums *)left)->sum > ((const sums *)right)->sum;
    bool whole = ((const sums *)left)->n && ((const sums *)right)->n;
    sums_merge(left, right, param);
    ((sums *)left)->sum += larger && whole;
}

static trine_status finish_beyond(void *result, const void *state, const void *param)
{
    ((unsigned char *)result)[16] = 1;
    return sums_finish(result, state, param);
}

static trine_status finish_into_state(void *result, const void *state, const void *param)
{
    ++((sums *)(uintptr_t)state)->sum;
    return sums_finish(result, state, param);
}

static trine_status finish_half(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, 8);
    return TRINE_OK;
}

static trine_status finish_of_none(void *result, const void *state, const void *param)
{
    memset(result, 1, 16);
    return sums_finish(result, state, param);
}

static trine_status finish_by_calls(void *result, const void *state, const void *param)
{
    static uint64_t calls;
    (void)state, (void)param;
    memcpy(result, (const uint64_t[]){calls, calls}, 16);
    calls++;
    return TRINE_OK;
}

static trine_status finish_by_turns(void *result, const void *state, const void *param)
{
    static uint64_t calls;
    return calls++ % 2 ? TRINE_E_OVERFLOW : sums_finish(result, state, param);
}

static trine_status finish_self(void *result, const void *state, const void *param)
{
    const sums *s = state;
    return s->self && s->self != state ? TRINE_E_OVERFLOW : sums_finish(result, state, param);
}

static void flush_and_keep(void *state, void *work, const void *param)
{
    sums_merge(state, work, param);
}

static void flush_over(void *state, void *work, const void *param)
{
    if (((const sums *)work)->n > 0)
        *(sums *)state = *(const sums *)work;
    sums_init(work, param);
}

static void flush_into_param(void *state, void *work, const void *param)
{
    sums_flush(state, work, param);
    ++*(uint64_t *)(uintptr_t)param;
}

static void expect_broken(const trine_reducer *reducer, const char *says)
{
    const void *in[] = {x.bytes};
    uint64_t param = a_param;
    expect(trine_reducer_test(reducer, in, N, &param), TRINE_E_ARGUMENT, says);
}

/* The reducer with one member replaced, and what is said of it. */
#define BROKEN(reducer, member, value, says)                                                       \
    do {                                                                                           \
        trine_reducer broken = reducer;                                                            \
        broken.member = value;                                                                     \
        expect_broken(&broken, says);                                                              \
    } while (0)

/* Where a state is moved, it is the partial's, not the working state's. */
static trine_reducer without_work(void)
{
    trine_reducer plain = sound_sums;
    plain.work_size = 0;
    return plain;
}

static void what_writes_elsewhere_is_named(void)
{
    fill(x.bytes, TRINE_U64, 6, ORDINARY);
    BROKEN(sound_sums, init, init_beyond, "init writes beyond the state");
    BROKEN(sound_sums, init, init_before, "init writes beyond the state");
    BROKEN(sound_sums, work_init, init_beyond, "work_init writes beyond the working state");
    BROKEN(sound_sums, accumulate, accumulate_beyond,
           "accumulate writes beyond the working state: elements 0 to 8191");
    BROKEN(without_work(), accumulate, accumulate_beyond, "accumulate writes beyond the state");
    BROKEN(sound_sums, accumulate, accumulate_into_input, "accumulate writes into in[0]");
    BROKEN(sound_sums, accumulate, accumulate_into_param, "accumulate writes into param");
    BROKEN(sound_sums, work_flush, flush_into_param, "work_flush writes into param");
    BROKEN(sound_sums, merge, merge_beyond, "merge writes beyond the state");
    BROKEN(sound_sums, merge, merge_into_right, "merge writes into the right partial");
    BROKEN(sound_sums, finish, finish_beyond, "finish writes beyond the result");
    BROKEN(sound_sums, finish, finish_into_state, "finish writes into the state");
}

static void what_is_not_made_wholly_is_named(void)
{
    BROKEN(without_work(), init, init_but_least, "init does not make all of the state");
    BROKEN(sound_sums, work_init, init_but_least, "work_init does not make all of the working");
    BROKEN(sound_sums, finish, finish_half, "finish does not write all of the result");
    BROKEN(sound_sums, finish, finish_of_none, "finish refuses, and yet writes the result");
}

static void what_depends_on_something_else_is_named(void)
{
    BROKEN(sound_sums, finish, finish_by_calls, "finish gives other bits the second time");
    BROKEN(sound_sums, finish, finish_by_turns, "finish gives other bits the second time");
    BROKEN(sound_sums, accumulate, accumulate_by_calls,
           "the same chunks give other bits the second time");
    BROKEN(sound_sums, accumulate, accumulate_one_more, "accumulate reads beyond the chunk");
    BROKEN(sound_sums, accumulate, accumulate_one_before, "accumulate reads beyond the chunk");
    BROKEN(sound_sums, flags, TRINE_ORDER_FREE | TRINE_POSITION_FREE,
           "TRINE_POSITION_FREE, and yet chunk->offset matters");
    trine_reducer moving = without_work();
    moving.finish = finish_self;
    BROKEN(moving, accumulate, accumulate_self, "a copy of the state gives other bits");
}

static void broken_identities_and_trees_are_named(void)
{
    BROKEN(hash_reducer, init, init_of_one, "merge(init, x) is not x: elements 0 to 8191");
    BROKEN(hash_reducer, merge, merge_nothing, "merge(x, init) is not x");
    BROKEN(hash_reducer, accumulate, accumulate_backwards,
           "blocks of chunks that are done in another order give other bits");
}

static void broken_order_free_reducers_are_named(void)
{
    BROKEN(hash_reducer, flags, TRINE_ORDER_FREE, "merged in another order or grouping");
    BROKEN(sound_sums, merge, merge_larger, "merged in another order or grouping");
    BROKEN(without_work(), accumulate, accumulate_the_last, "taken into one state are not");
    BROKEN(without_work(), accumulate, accumulate_first_of_all, "taken in another order");
    BROKEN(sound_sums, work_flush, flush_and_keep, "work_flush adds something the second time");
    BROKEN(sound_sums, work_flush, flush_over, "work_flush between two chunks changes");
    BROKEN(sound_sums, accumulate, accumulate_chunks, "chunks that are cut elsewhere");
}

/* Broken where an element is special alone: the detail says where. */
static void accumulate_but_special(void *state, const trine_chunk *chunk, const void *param)
{
    hash_accumulate(state, chunk, param);
    for (size_t i = 0; i < (size_t)chunk->n; i++)
        if (((const uint64_t *)chunk->in[0])[i] == 12345)
            ((unsigned char *)state)[sizeof(hash_state)] = 1;
}

static void the_detail_says_where(void)
{
    memset(x.bytes, 0, sizeof x);
    x.bits[N - 5] = 12345;
    BROKEN(hash_reducer, accumulate, accumulate_but_special,
           "reducer hash: accumulate writes beyond the state: elements 16384 to 16460");
}

static void incomplete_reducers_and_arguments_are_named(void)
{
    const void *in[] = {x.bytes}, *none[] = {NULL};
    BROKEN(sound_sums, merge, NULL, "lacks a name or a function");
    BROKEN(sound_sums, state_size, 0, "0 bytes of state");
    BROKEN(sound_sums, flags, 0, "needs work_init, work_flush and TRINE_ORDER_FREE");
    BROKEN(sound_sums, in[0], TRINE_DTYPE_NONE, "in[0] is of no type");
    expect(trine_reducer_test(NULL, in, N, &a_param), TRINE_E_ARGUMENT, "reducer is NULL");
    expect(trine_reducer_test(&sound_sums, in, N, NULL), TRINE_E_ARGUMENT, "param is NULL");
    expect(trine_reducer_test(&sound_sums, NULL, N, &a_param), TRINE_E_ARGUMENT, "in is NULL");
    expect(trine_reducer_test(&sound_sums, none, N, &a_param), TRINE_E_ARGUMENT, "in[0] is NULL");
    expect(trine_reducer_test(&sound_sums, in, -1, &a_param), TRINE_E_ARGUMENT, "n is -1");
    CU_ASSERT_EQUAL(trine_reducer_test(&sound_sums, none, 0, &a_param), TRINE_OK);
}

/* As in a call, the reducer sees the default floating-point environment. */
static bool to_nearest;

static void accumulate_rounded(void *state, const trine_chunk *chunk, const void *param)
{
    to_nearest = to_nearest && fegetround() == FE_TONEAREST;
    sums_accumulate(state, chunk, param);
}

static void the_floating_point_environment_is_the_default(void)
{
    trine_reducer reducer = sound_sums;
    reducer.accumulate = accumulate_rounded;
    to_nearest = true;
    CU_ASSERT_EQUAL(fesetround(FE_UPWARD), 0);
    pass(&reducer, &a_param, 100);
    CU_ASSERT_EQUAL(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    CU_ASSERT_TRUE(to_nearest);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"sound reducers pass at every length", sound_reducers_pass_at_every_length},
        {"every built-in reducer keeps the laws", every_built_in_reducer_keeps_the_laws},
        {"reducers that are made keep the laws", reducers_that_are_made_keep_the_laws},
        {"what writes elsewhere is named", what_writes_elsewhere_is_named},
        {"what is not made wholly is named", what_is_not_made_wholly_is_named},
        {"what depends on something else is named", what_depends_on_something_else_is_named},
        {"broken identities and trees are named", broken_identities_and_trees_are_named},
        {"broken order-free reducers are named", broken_order_free_reducers_are_named},
        {"the detail says where", the_detail_says_where},
        {"incomplete reducers and arguments are named",
         incomplete_reducers_and_arguments_are_named},
        {"the floating-point environment is the default",
         the_floating_point_environment_is_the_default},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("laws", tests);
}
