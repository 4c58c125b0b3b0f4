/* core/reduce/reducer_trial.h - a reducer's functions under observation: what they write lies
 * between guard bytes, and what is const for them is a copy that is compared after each call. */
#ifndef TRINE_CORE_REDUCER_TRIAL_H
#define TRINE_CORE_REDUCER_TRIAL_H

#include <trine/kernel.h>

/* The areas of a trial: what the reducer is given, up to TRIAL_COPY, and what the test keeps. A
 * partial lies in STATE while it is worked on, and in OTHER when it is the right one, or was moved.
 * LEAVES and PARTIALS are a partial a chunk, and one more. */
enum { TRIAL_STATE, TRIAL_OTHER, TRIAL_WORK, TRIAL_RESULT, TRIAL_PARAM, TRIAL_IN };
enum { TRIAL_COPY = TRIAL_IN + TRINE_ARGS, TRIAL_LEAVES = TRIAL_COPY + TRINE_ARGS, TRIAL_PARTIALS };
enum { TRIAL_EXPECTED = TRIAL_PARTIALS + 1, TRIAL_GOT, TRIAL_WHOLE, TRIAL_ORDER, TRIAL_AREAS };

/* Memory between guards. original: the bytes that it must have after a call; or NULL. */
typedef struct trine_trial_area {
    unsigned char *at;
    size_t size;
    const void *original;
} trine_trial_area;

/* A sample of n elements, cut into chunks of `step`. random: what shuffles have come to. */
typedef struct trine_trial {
    const trine_reducer *reducer;
    const void *const *in;
    int64_t n, step, chunks;
    void *memory;
    size_t bytes;
    uint64_t random;
    trine_trial_area area[TRIAL_AREAS];
} trine_trial;

/* How partials are made. fill_state, fill_work: what memory holds before it is made; beyond: what
 * stands around a chunk's elements; shift: of the indices; moved: finish sees the partial at
 * another address. */
typedef struct trine_manner {
    unsigned char fill_state, fill_work, beyond;
    int64_t shift;
    bool moved, flush_between, flush_twice;
} trine_manner;

/* [first, end) of the chunks; where end is first, no elements. */
typedef struct trine_trial_span {
    int64_t first, end;
} trine_trial_span;

/* least_chunks: what there is space for at least, in short chunks. MEMORY. */
trine_status trine_trial_open(trine_trial *t, const trine_reducer *reducer, const void *param,
                              const void *const in[], int64_t n, int64_t least_chunks);
void trine_trial_close(trine_trial *t);

/* Cuts the sample; a later step is no longer than an earlier one. */
void trine_trial_cut(trine_trial *t, int64_t step);

/* ARGUMENT, with a detail that says which law is broken, and where. */
trine_status trine_trial_broken(const trine_trial *t, trine_trial_span chunks, const char *law);

/* Partial i of LEAVES or PARTIALS, and the bytes from one to the next. */
unsigned char *trine_trial_partial(const trine_trial *t, int store, int64_t i);
size_t trine_trial_stride(const trine_trial *t);

/* Makes the partial of chunks, order[0 .. count), one after the other. */
trine_status trine_trial_make(trine_trial *t, const int64_t order[], int64_t count,
                              const trine_manner *how, unsigned char *made);

/* Both are of those chunks. */
trine_status trine_trial_merge(trine_trial *t, unsigned char *left, const unsigned char *right,
                               trine_trial_span chunks);

/* Finishes into EXPECTED or GOT; *said is what the reducer's finish says. */
trine_status trine_trial_finish(trine_trial *t, const unsigned char *state, bool moved,
                                trine_trial_span chunks, int into, trine_status *said);

#endif
