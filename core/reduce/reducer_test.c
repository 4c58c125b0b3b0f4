/* core/reduce/reducer_test.c - whether a reducer keeps the laws of kernel.h, on a sample.
 *
 * 1. The sample is cut into chunks as the grid does, and then into CUTS short ones.
 * 2. Each chunk becomes a partial, and meets the next one's, in manners that must not matter.
 * 3. Each partial meets the partial of nothing; all go up the canonical tree, in two orders.
 * 4. Of an order-free reducer, partials meet, and chunks are taken in, in any order and number.
 *
 * What the reducer's functions write lies between guard bytes, and what is const for them is a copy
 * that is compared afterwards. Two ways agree when finish gives the same bits, or refuses with the
 * same status, after both: other bytes of partials may differ.
 */
#include <string.h>

#include "core/reduce/reduce.h"
#include "core/reduce/reducer_trial.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"

/* Short chunks; random orders in which partials merge. */
enum { CUTS = 13, SHUFFLES = 6 };

/* A partial that is being made, and that of chunk k alone; leaf t->chunks is nothing's. */
static unsigned char *partial(const trine_trial *t, int64_t i)
{
    return trine_trial_partial(t, TRIAL_PARTIALS, i);
}

static unsigned char *leaf(const trine_trial *t, int64_t k)
{
    return trine_trial_partial(t, TRIAL_LEAVES, k);
}

/* Whether a partial finishes as EXPECTED does, with the status `expected`. */
static trine_status agrees(trine_trial *t, const unsigned char *state, bool moved,
                           trine_trial_span chunks, trine_status expected, const char *law)
{
    trine_status said, status = trine_trial_finish(t, state, moved, chunks, TRIAL_GOT, &said);
    if (status)
        return status;
    bool same =
        said == expected && (said || !memcmp(t->area[TRIAL_EXPECTED].at, t->area[TRIAL_GOT].at,
                                             t->reducer->result_size));
    return same ? TRINE_OK : trine_trial_broken(t, chunks, law);
}

/* --- Laws of every reducer */

static const trine_manner plainly = {.beyond = 0x00};

/* when: flags that the reducer must have; work: that it must have a working state. */
static const struct {
    const char *law;
    trine_manner how;
    unsigned when;
    bool work;
} manners[] = {
    {"the same chunks give other bits the second time", {.beyond = 0x00}, 0, false},
    {"init does not make all of the state", {.fill_state = 0xff}, 0, false},
    {"work_init does not make all of the working state", {.fill_work = 0xff}, 0, true},
    {"accumulate reads beyond the chunk", {.beyond = 0xff}, 0, false},
    {"a copy of the state gives other bits", {.moved = true}, 0, false},
    {"work_flush adds something the second time", {.flush_twice = true}, 0, true},
    {"TRINE_POSITION_FREE, and yet chunk->offset matters",
     {.shift = (int64_t)1 << 40},
     TRINE_POSITION_FREE,
     false},
};
enum { MANNERS = sizeof manners / sizeof *manners };

/* The partial of chunk k, and of the next one when `both`, as the first of PARTIALS. */
static trine_status make_pair(trine_trial *t, int64_t k, bool both, const trine_manner *how)
{
    int64_t next = k + 1;
    trine_status status = trine_trial_make(t, &k, 1, how, partial(t, 0));
    if (both && !status)
        status = trine_trial_make(t, &next, 1, how, partial(t, 1));
    if (both && !status)
        status = trine_trial_merge(t, partial(t, 0), partial(t, 1), (trine_trial_span){k, k + 2});
    return status;
}

/* Chunk k, or it and the next one, in each manner. */
static trine_status test_manners(trine_trial *t, int64_t k, bool both)
{
    const trine_reducer *r = t->reducer;
    trine_trial_span chunks = {k, k + 1 + both};
    trine_status expected, status = make_pair(t, k, both, &plainly);
    if (!status)
        status = trine_trial_finish(t, partial(t, 0), false, chunks, TRIAL_EXPECTED, &expected);
    for (int i = 0; i < MANNERS && !status; i++) {
        if ((manners[i].work && !r->work_size) || (manners[i].when & ~r->flags))
            continue;
        status = make_pair(t, k, both, &manners[i].how);
        if (!status)
            status =
                agrees(t, partial(t, 0), manners[i].how.moved, chunks, expected, manners[i].law);
    }
    return status;
}

/* x is leaf k. */
static trine_status test_identity(trine_trial *t, int64_t k)
{
    unsigned char *joined = partial(t, 0);
    const unsigned char *x = leaf(t, k), *nothing = leaf(t, t->chunks);
    trine_trial_span chunks = {k, k < t->chunks ? k + 1 : k};
    trine_status expected,
        status = trine_trial_finish(t, x, false, chunks, TRIAL_EXPECTED, &expected);
    for (int right = 0; right < 2 && !status; right++) {
        memcpy(joined, right ? x : nothing, t->reducer->state_size);
        status = trine_trial_merge(t, joined, right ? nothing : x, chunks);
        if (!status)
            status = agrees(t, joined, false, chunks, expected,
                            right ? "merge(x, init) is not x" : "merge(init, x) is not x");
    }
    return status;
}

/* The canonical tree of all chunks, level by level, into the first of PARTIALS. backwards: the
 * chunks are taken in, and nodes merge, from the last to the first. */
static trine_status climb(trine_trial *t, bool backwards)
{
    trine_status status = TRINE_OK;
    for (int64_t i = 0; i < t->chunks && !status; i++) {
        int64_t k = backwards ? t->chunks - 1 - i : i;
        status = trine_trial_make(t, &k, 1, &plainly, partial(t, k));
    }
    for (int64_t half = 1; half < t->chunks; half *= 2) {
        int64_t nodes = (t->chunks + 2 * half - 1) / (2 * half);
        for (int64_t i = 0; i < nodes && !status; i++) {
            int64_t left = 2 * half * (backwards ? nodes - 1 - i : i), right = left + half;
            if (right < t->chunks)
                status = trine_trial_merge(t, partial(t, left), partial(t, right),
                                           (trine_trial_span){left, right + half});
        }
    }
    return status;
}

/* EXPECTED becomes the result of the whole. */
static trine_status test_tree(trine_trial *t, trine_status *whole)
{
    trine_trial_span all = {0, t->chunks};
    trine_status status = climb(t, false);
    if (!status)
        status = trine_trial_finish(t, partial(t, 0), false, all, TRIAL_EXPECTED, whole);
    if (!status)
        status = climb(t, true);
    return status ? status
                  : agrees(t, partial(t, 0), false, all, *whole,
                           "blocks of chunks that are done in another order give other bits");
}

/* --- Laws of order-free reducers */

/* Below n > 0; a linear congruential generator's upper bits (Knuth, MMIX). */
static int64_t any_below(trine_trial *t, int64_t n)
{
    t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((t->random >> 33) % (uint64_t)n);
}

/* ORDER becomes the chunks, in order or shuffled. */
static int64_t *order_of(trine_trial *t, trine_trial_span chunks, bool shuffled)
{
    int64_t *order = (int64_t *)(void *)t->area[TRIAL_ORDER].at;
    for (int64_t i = 0; i < chunks.end - chunks.first; i++) {
        int64_t j = shuffled ? any_below(t, i + 1) : i;
        order[i] = order[j];
        order[j] = chunks.first + i;
    }
    return order;
}

/* Leaves meet, two at a time, as they come; the first of PARTIALS is left. */
static trine_status merge_in_any_order(trine_trial *t, trine_trial_span chunks)
{
    trine_status status = TRINE_OK;
    int64_t left = chunks.end - chunks.first;
    memcpy(partial(t, 0), leaf(t, chunks.first), (size_t)left * trine_trial_stride(t));
    for (; left > 1 && !status; left--) {
        int64_t i = any_below(t, left), j = any_below(t, left - 1);
        j += j >= i;
        status = trine_trial_merge(t, partial(t, i), partial(t, j), chunks);
        memmove(partial(t, j), partial(t, left - 1), t->reducer->state_size);
    }
    return status;
}

static trine_status test_order_free(trine_trial *t, trine_trial_span chunks)
{
    static const struct {
        const char *law;
        bool shuffled, flush;
    } ways[] = {
        {"TRINE_ORDER_FREE, and yet chunks taken into one state are not their partials' merge",
         false, false},
        {"TRINE_ORDER_FREE, and yet chunks taken in another order give other bits", true, false},
        {"work_flush between two chunks changes the result", true, true}};
    unsigned char *made = partial(t, 0);
    trine_status expected, status = TRINE_OK;
    memcpy(made, leaf(t, chunks.first), t->reducer->state_size);
    for (int64_t k = chunks.first + 1; k < chunks.end && !status; k++)
        status = trine_trial_merge(t, made, leaf(t, k), chunks);
    if (!status)
        status = trine_trial_finish(t, made, false, chunks, TRIAL_EXPECTED, &expected);
    for (int i = 0; i < SHUFFLES && !status; i++) {
        status = merge_in_any_order(t, chunks);
        if (!status)
            status = agrees(t, made, false, chunks, expected,
                            "TRINE_ORDER_FREE, and yet partials merged in another order or "
                            "grouping give other bits");
    }
    for (int i = 0; i < (t->reducer->work_size ? 3 : 2) && !status; i++) {
        trine_manner how = {.flush_between = ways[i].flush};
        status = trine_trial_make(t, order_of(t, chunks, ways[i].shuffled),
                                  chunks.end - chunks.first, &how, made);
        if (!status)
            status = agrees(t, made, false, chunks, expected, ways[i].law);
    }
    return status;
}

/* --- All of them */

/* The sample in chunks of `step` elements; *whole: what finish says of all, whose result becomes
 * EXPECTED. */
static trine_status test_cut(trine_trial *t, int64_t step, trine_status *whole)
{
    trine_status status = TRINE_OK;
    trine_trial_cut(t, step);
    for (int64_t k = 0; k <= t->chunks && !status; k++)
        status = trine_trial_make(t, &k, k < t->chunks, &plainly, leaf(t, k));
    for (int64_t k = 0; k < t->chunks && !status; k++) {
        status = test_manners(t, k, false);
        if (k + 1 < t->chunks && !status)
            status = test_manners(t, k, true);
    }
    for (int64_t k = 0; k <= t->chunks && !status; k++)
        status = test_identity(t, k);
    if (status || t->chunks == 0)
        return status;
    /* Two and three neighbours, and then all. */
    for (int64_t count = 2; t->reducer->flags & TRINE_ORDER_FREE && count <= 4; count++) {
        int64_t several = count < 4 && count < t->chunks ? count : t->chunks;
        for (int64_t k = 0; k + several <= t->chunks && !status; k++)
            status = test_order_free(t, (trine_trial_span){k, k + several});
    }
    return status ? status : test_tree(t, whole);
}

/* As the grid cuts it, then short. */
static trine_status test_cuts(trine_trial *t)
{
    int64_t step = t->n / CUTS + (t->n % CUTS != 0);
    trine_status whole = TRINE_OK, again = TRINE_OK;
    trine_status status = test_cut(t, TRINE_CHUNK, &whole);
    if (status || t->n == 0 || step >= TRINE_CHUNK)
        return status;
    memcpy(t->area[TRIAL_WHOLE].at, t->area[TRIAL_EXPECTED].at, t->reducer->result_size);
    status = test_cut(t, step, &again);
    if (status || !(t->reducer->flags & TRINE_ORDER_FREE))
        return status;
    bool same =
        whole == again && (whole || !memcmp(t->area[TRIAL_WHOLE].at, t->area[TRIAL_EXPECTED].at,
                                            t->reducer->result_size));
    return same ? TRINE_OK
                : trine_trial_broken(
                      t, (trine_trial_span){0, t->chunks},
                      "TRINE_ORDER_FREE, and yet chunks that are cut elsewhere give other bits");
}

static trine_status check_call(const trine_reducer *reducer, const void *param,
                               const void *const in[], int64_t n)
{
    if (!reducer || !in)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reducer_test: %s is NULL",
                          reducer ? "in" : "reducer");
    if (n < 0)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reducer_test: n is %lld; expected 0 or more",
                          (long long)n);
    trine_status status = trine_reducer_check(reducer, param);
    for (int i = 0; i < reducer->nin && !status; i++) {
        if (trine_dtype_size(reducer->in[i]) == 0)
            status = trine_fail(TRINE_E_ARGUMENT, "reducer %s: in[%d] is of no type, %d",
                                reducer->name, i, (int)reducer->in[i]);
        else if (!in[i] && n > 0)
            status = trine_fail(TRINE_E_ARGUMENT, "trine_reducer_test: in[%d] is NULL", i);
    }
    return status;
}

trine_status trine_reducer_test(const trine_reducer *reducer, const void *const in[], int64_t n,
                                const void *param)
{
    TRINE_FLOAT_SCOPE;
    trine_status status = check_call(reducer, param, in, n);
    if (status)
        return status;
    trine_trial t;
    status = trine_trial_open(&t, reducer, param, in, n, CUTS);
    if (status)
        return status;
    status = test_cuts(&t);
    trine_trial_close(&t);
    return status;
}
