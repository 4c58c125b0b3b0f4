/* core/reduce/reducer_trial.c - a reducer's functions, called between guards. */
#include "core/reduce/reducer_trial.h"

#include <stdio.h>
#include <string.h>

#include "core/system/error.h"
#include "core/system/memory.h"
#include "core/system/util.h"

enum { GUARD = TRINE_CACHE_LINE, GUARD_BYTE = 0x5a };

static const char *const area_names[] = {"the state",
                                         "the right partial",
                                         "the working state",
                                         "the result",
                                         "param",
                                         "in[0]",
                                         "in[1]",
                                         "in[2]",
                                         "in[3]"};

trine_status trine_trial_broken(const trine_trial *t, trine_trial_span chunks, const char *law)
{
    const char *name = t->reducer->name;
    long long first = chunks.first * t->step;
    long long last = chunks.end * t->step < t->n ? chunks.end * t->step : t->n;
    return last > first ? trine_fail(TRINE_E_ARGUMENT, "reducer %s: %s: elements %lld to %lld",
                                     name, law, first, last - 1)
                        : trine_fail(TRINE_E_ARGUMENT, "reducer %s: %s: no elements", name, law);
}

static size_t space(size_t bytes)
{
    return GUARD + trine_whole_lines(bytes) + GUARD;
}

size_t trine_trial_stride(const trine_trial *t)
{
    return trine_whole_lines(t->reducer->state_size);
}

unsigned char *trine_trial_partial(const trine_trial *t, int store, int64_t i)
{
    return t->area[store].at + (size_t)i * trine_trial_stride(t);
}

static bool all_are(const unsigned char *bytes, size_t n, unsigned char value)
{
    return n == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, n - 1) == 0);
}

static void set(trine_trial *t, int which, const void *bytes, bool is_const)
{
    trine_trial_area *a = &t->area[which];
    memcpy(a->at, bytes, a->size);
    a->original = is_const ? bytes : NULL;
}

static void fill(trine_trial *t, int which, unsigned char value)
{
    memset(t->area[which].at, value, t->area[which].size);
    t->area[which].original = NULL;
}

trine_status trine_trial_open(trine_trial *t, const trine_reducer *reducer, const void *param,
                              const void *const in[], int64_t n, int64_t least_chunks)
{
    const trine_reducer *r = reducer;
    *t = (trine_trial){.reducer = reducer, .in = in, .n = n};
    uint64_t chunks = trine_max(trine_divide_up((uint64_t)n, TRINE_CHUNK), (uint64_t)least_chunks);
    size_t partials = trine_bytes_of((size_t)chunks + 1, trine_trial_stride(t));
    size_t size[TRIAL_AREAS] = {[TRIAL_STATE] = r->state_size,
                                [TRIAL_OTHER] = r->state_size,
                                [TRIAL_WORK] = r->work_size,
                                [TRIAL_RESULT] = r->result_size,
                                [TRIAL_PARAM] = r->param_size,
                                [TRIAL_LEAVES] = partials,
                                [TRIAL_PARTIALS] = partials,
                                [TRIAL_EXPECTED] = r->result_size,
                                [TRIAL_GOT] = r->result_size,
                                [TRIAL_WHOLE] = r->result_size,
                                [TRIAL_ORDER] = (size_t)chunks * sizeof(int64_t)};
    for (int i = 0; i < r->nin; i++)
        size[TRIAL_IN + i] = size[TRIAL_COPY + i] =
            TRINE_CHUNK * trine_dtype_size(r->in[i]) + 2 * GUARD;
    for (int i = 0; i < TRIAL_AREAS; i++)
        t->bytes += space(size[i]);
    trine_status status = trine_memory_get(t->bytes, &t->memory);
    if (status)
        return status;
    unsigned char *next = t->memory;
    memset(next, GUARD_BYTE, t->bytes);
    for (int i = 0; i < TRIAL_AREAS; i++) {
        t->area[i] = (trine_trial_area){.at = next + GUARD, .size = size[i]};
        next += space(size[i]);
    }
    if (r->param_size)
        set(t, TRIAL_PARAM, param, true);
    return TRINE_OK;
}

void trine_trial_close(trine_trial *t)
{
    trine_memory_release(t->memory, t->bytes);
}

/* What lies around the elements is short where the chunks are. */
void trine_trial_cut(trine_trial *t, int64_t step)
{
    size_t most = (size_t)(step < t->n ? step : t->n);
    t->step = step;
    t->chunks = t->n / step + (t->n % step != 0);
    for (int i = 0; i < t->reducer->nin; i++) {
        fill(t, TRIAL_IN + i, GUARD_BYTE);
        t->area[TRIAL_IN + i].size = t->area[TRIAL_COPY + i].size =
            most * trine_dtype_size(t->reducer->in[i]) + 2 * GUARD;
    }
}

/* After a call of one of the reducer's functions. */
static trine_status check(const trine_trial *t, const char *function, trine_trial_span chunks)
{
    char law[100];
    for (int i = 0; i < TRIAL_COPY; i++) {
        const trine_trial_area *a = &t->area[i];
        size_t behind = trine_whole_lines(a->size) - a->size + GUARD;
        bool within = all_are(a->at - GUARD, GUARD, GUARD_BYTE) &&
                      all_are(a->at + a->size, behind, GUARD_BYTE);
        if (within && (!a->original || a->size == 0 || memcmp(a->at, a->original, a->size) == 0))
            continue;
        snprintf(law, sizeof law, "%s writes %s %s", function, within ? "into" : "beyond",
                 area_names[i]);
        return trine_trial_broken(t, chunks, law);
    }
    return TRINE_OK;
}

static trine_status accumulate(trine_trial *t, int64_t k, const trine_manner *how)
{
    const trine_reducer *r = t->reducer;
    int64_t first = k * t->step, n = t->n - first < t->step ? t->n - first : t->step;
    trine_chunk chunk = {.offset = first + how->shift, .n = n};
    for (int i = 0; i < r->nin; i++) {
        /* Aligned to the element's type, and no more. */
        size_t item = trine_dtype_size(r->in[i]);
        fill(t, TRIAL_COPY + i, how->beyond);
        memcpy(t->area[TRIAL_COPY + i].at + item,
               (const unsigned char *)t->in[i] + (size_t)first * item, (size_t)n * item);
        set(t, TRIAL_IN + i, t->area[TRIAL_COPY + i].at, true);
        chunk.in[i] = t->area[TRIAL_IN + i].at + item;
    }
    r->accumulate(t->area[r->work_size ? TRIAL_WORK : TRIAL_STATE].at, &chunk,
                  t->area[TRIAL_PARAM].at);
    trine_status status = check(t, "accumulate", (trine_trial_span){k, k + 1});
    for (int i = 0; i < r->nin; i++)
        t->area[TRIAL_IN + i].original = NULL;
    return status;
}

static trine_status flush(trine_trial *t, trine_trial_span chunks)
{
    t->reducer->work_flush(t->area[TRIAL_STATE].at, t->area[TRIAL_WORK].at,
                           t->area[TRIAL_PARAM].at);
    return check(t, "work_flush", chunks);
}

trine_status trine_trial_make(trine_trial *t, const int64_t order[], int64_t count,
                              const trine_manner *how, unsigned char *made)
{
    const trine_reducer *r = t->reducer;
    trine_trial_span chunks = {count ? order[0] : 0, count ? order[0] + 1 : 0};
    fill(t, TRIAL_STATE, how->fill_state);
    fill(t, TRIAL_OTHER, how->fill_state);
    fill(t, TRIAL_WORK, how->fill_work);
    r->init(t->area[TRIAL_STATE].at, t->area[TRIAL_PARAM].at);
    trine_status status = check(t, "init", chunks);
    if (r->work_size && !status) {
        r->work_init(t->area[TRIAL_WORK].at, t->area[TRIAL_PARAM].at);
        status = check(t, "work_init", chunks);
    }
    for (int64_t i = 0; i < count && !status; i++) {
        status = accumulate(t, order[i], how);
        if (how->flush_between && i < count - 1 && !status)
            status = flush(t, chunks);
    }
    for (int times = 0; r->work_size && times <= how->flush_twice && !status; times++)
        status = flush(t, chunks);
    memcpy(made, t->area[TRIAL_STATE].at, r->state_size);
    return status;
}

trine_status trine_trial_merge(trine_trial *t, unsigned char *left, const unsigned char *right,
                               trine_trial_span chunks)
{
    set(t, TRIAL_STATE, left, false);
    set(t, TRIAL_OTHER, right, true);
    t->reducer->merge(t->area[TRIAL_STATE].at, t->area[TRIAL_OTHER].at, t->area[TRIAL_PARAM].at);
    memcpy(left, t->area[TRIAL_STATE].at, t->reducer->state_size);
    return check(t, "merge", chunks);
}

trine_status trine_trial_finish(trine_trial *t, const unsigned char *state, bool moved,
                                trine_trial_span chunks, int into, trine_status *said)
{
    static const unsigned char before[] = {0x00, 0x00, 0xff};
    const trine_reducer *r = t->reducer;
    int at = moved ? TRIAL_OTHER : TRIAL_STATE;
    for (int i = 0; i < 3; i++) {
        fill(t, moved ? TRIAL_STATE : TRIAL_OTHER, 0xa5);
        set(t, at, state, true);
        fill(t, TRIAL_RESULT, before[i]);
        trine_status now =
            r->finish(t->area[TRIAL_RESULT].at, t->area[at].at, t->area[TRIAL_PARAM].at);
        trine_status status = check(t, "finish", chunks);
        if (status)
            return status;
        const unsigned char *result = t->area[TRIAL_RESULT].at;
        if (i == 0) {
            *said = now;
            set(t, into, result, false);
        }
        if (now && !all_are(result, r->result_size, before[i]))
            return trine_trial_broken(t, chunks, "finish refuses, and yet writes the result");
        bool same = now == *said && (now || !memcmp(t->area[into].at, result, r->result_size));
        if (!same)
            return trine_trial_broken(t, chunks,
                                      i == 1 ? "finish gives other bits the second time"
                                             : "finish does not write all of the result");
    }
    return TRINE_OK;
}
