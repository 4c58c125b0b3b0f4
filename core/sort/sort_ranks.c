/* core/sort/sort_ranks.c - the sort of all ranks' elements, by exact splits.
 *
 * 1. Each rank sorts its own elements.
 * 2. Rank r finds the key at the position where its block of the result begins, some bits at a
 *    time: it proposes keys to all, all count their own elements below them (Saukas and Song, A
 *    note on parallel selection, 1999).
 * 3. All tell rank r how many of theirs precede that key and how many have it; those that have it
 *    go by rank, which is the order of their index. So rank r knows where it splits each rank's.
 * 4. Each rank sends the elements between two splits to whom they belong, and merges what it gets.
 * What is sent in steps 2 and 3 grows with the ranks alone. The outputs are written in the last
 * step.
 */
#include <stdlib.h>

#include "core/system/error.h"
#include "core/sort/sort.h"
#include "core/system/util.h"
#include "kernels/sort/radix.h"

enum { DIGIT_BITS = 4, PROPOSED = (1 << DIGIT_BITS) - 1 };

/* The tables of one call: an entry, or PROPOSED of them, a rank. key: the key that rank looks for;
 * sent and got: what goes to and comes from each rank; split: where this rank's elements are split
 * for the block of each, and their number; begin: where what comes from each begins. */
typedef struct splitting {
    trine_team *team;
    uint64_t call;
    size_t ranks;
    trine_sorted own;
    uint64_t *key, *sent, *got, *split, *begin;
    trine_part *send, *receive;
} splitting;

static trine_status make_splitting(splitting *c)
{
    size_t ranks = c->ranks;
    c->key = calloc(ranks * (2 * PROPOSED + 3) + 2, sizeof *c->key);
    c->send = calloc(2 * ranks, sizeof *c->send);
    if (!c->key || !c->send) {
        trine_fail(TRINE_E_MEMORY, "sorting: no memory for the splits of %zu ranks", ranks);
        return TRINE_E_MEMORY;
    }
    c->sent = c->key + ranks;
    c->got = c->sent + ranks * PROPOSED;
    c->split = c->got + ranks * PROPOSED;
    c->begin = c->split + ranks + 1;
    c->receive = c->send + ranks;
    return TRINE_OK;
}

static void free_splitting(splitting *c)
{
    free(c->key);
    free(c->send);
}

/* sent[r * count ..] to rank r, got[r * count ..] from it, `count` numbers each. */
static trine_status exchange_numbers(splitting *c, const uint64_t *sent, uint64_t *got,
                                     size_t count, trine_status status)
{
    trine_communicator *communicator = &c->team->communicator;
    for (size_t r = 0; r < c->ranks && !status; r++) {
        c->send[r] = (trine_part){(void *)(sent + r * count), count * sizeof *sent};
        c->receive[r] = (trine_part){got + r * count, count * sizeof *got};
    }
    return communicator->ops->exchange(communicator, c->send, c->receive, c->call, status);
}

/* Every rank's key gets its next bits, those at `shift`: rank r's are the most with which no more
 * elements precede the key than precede its block, which begins at `position`. */
static trine_status choose_bits(splitting *c, int shift, uint64_t position, trine_status status)
{
    for (size_t r = 0; r < c->ranks && !status; r++)
        for (uint64_t k = 0; k < PROPOSED; k++)
            c->sent[r * PROPOSED + k] = trine_sorted_below(&c->own, c->key[r] | (k + 1) << shift);
    status = exchange_numbers(c, c->sent, c->got, PROPOSED, status);
    if (status)
        return status;
    uint64_t bits = 0;
    for (size_t k = 0; k < PROPOSED; k++) {
        uint64_t below = 0;
        for (size_t r = 0; r < c->ranks; r++)
            below += c->got[r * PROPOSED + k];
        bits = below <= position ? k + 1 : bits;
    }
    for (size_t r = 0; r < c->ranks; r++)
        c->sent[r] = bits;
    status = exchange_numbers(c, c->sent, c->got, 1, TRINE_OK);
    for (size_t r = 0; r < c->ranks && !status; r++)
        c->key[r] |= c->got[r] << shift;
    return status;
}

/* This rank's splits of every rank's elements, to them. */
static trine_status split_at(splitting *c, uint64_t position)
{
    uint64_t last = trine_radix_last(c->own.dtype), below = 0;
    for (size_t r = 0; r < c->ranks; r++) {
        uint64_t key = c->key[r], *counts = c->sent + 2 * r;
        counts[0] = trine_sorted_below(&c->own, key);
        counts[1] = key < last ? trine_sorted_below(&c->own, key + 1) : c->own.n;
    }
    trine_status status = exchange_numbers(c, c->sent, c->got, 2, TRINE_OK);
    if (status)
        return status;
    for (size_t r = 0; r < c->ranks; r++)
        below += c->got[2 * r];
    uint64_t equal = position - below;
    for (size_t r = 0; r < c->ranks; r++) {
        uint64_t have = c->got[2 * r + 1] - c->got[2 * r], given = trine_min(equal, have);
        c->sent[r] = c->got[2 * r] + given;
        equal -= given;
    }
    c->split[c->ranks] = c->own.n;
    return exchange_numbers(c, c->sent, c->split, 1, TRINE_OK);
}

/* Steps 2 and 3, and how much comes from each rank. */
static trine_status find_cuts(splitting *c, uint64_t position, trine_status status)
{
    int bits = 8 * (int)trine_dtype_size(c->own.dtype);
    for (int shift = bits - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        status = choose_bits(c, shift, position, status);
        if (status)
            return status;
    }
    status = split_at(c, position);
    if (status)
        return status;
    for (size_t r = 0; r < c->ranks; r++)
        c->sent[r] = c->split[r + 1] - c->split[r];
    status = exchange_numbers(c, c->sent, c->got, 1, TRINE_OK);
    for (size_t r = 0; r < c->ranks && !status; r++)
        c->begin[r + 1] = c->begin[r] + c->got[r];
    return status;
}

static trine_status exchange_elements(splitting *c, unsigned char *received, trine_status status)
{
    trine_communicator *communicator = &c->team->communicator;
    size_t item = trine_sorted_item(&c->own);
    unsigned char *own = (unsigned char *)c->own.data;
    for (size_t r = 0; r < c->ranks && !status; r++) {
        size_t sent = (c->split[r + 1] - c->split[r]) * item, got = c->got[r] * item;
        c->send[r] = (trine_part){sent ? own + c->split[r] * item : NULL, sent};
        c->receive[r] = (trine_part){got ? received + c->begin[r] * item : NULL, got};
    }
    return communicator->ops->exchange(communicator, c->send, c->receive, c->call, status);
}

/* Step 4, when the splits are known: memory for what comes is had before any of it moves. */
static trine_status spread(splitting *c, const trine_sorting *s)
{
    trine_team *team = c->team;
    size_t bytes = (size_t)s->n * trine_sorted_item(&c->own);
    void *received = NULL;
    trine_status status = bytes ? s->executor->ops.alloc(s->executor, bytes, &received) : TRINE_OK;
    status = exchange_elements(c, received, status);
    trine_call_mark(team, &team->ledger.combine);
    if (!status) {
        status = trine_sort_merge(team, s, received, c->begin, c->ranks);
        status = trine_team_agree(team, c->call, status);
    }
    if (received)
        s->executor->ops.free(s->executor, received, bytes);
    return status;
}

/* This rank's elements in order, in memory of `bytes` bytes that the caller frees. */
static trine_status sort_own(trine_team *team, const trine_sorting *s, size_t bytes, void **own)
{
    if (bytes == 0)
        return TRINE_OK;
    trine_status status = s->executor->ops.alloc(s->executor, bytes, own);
    if (status)
        return status;
    trine_sorting local = *s;
    local.elements = s->by_index ? NULL : *own;
    local.pairs = s->by_index ? *own : NULL;
    local.indices = NULL;
    return trine_sort_local(team, &local);
}

/* A status that the ranks agreed on is not agreed on again: a rank that was refused before the call
 * began is in one agreement alone. */
trine_status trine_sort_ranks(trine_team *team, const trine_sorting *s, uint64_t call)
{
    splitting c = {.team = team,
                   .call = call,
                   .ranks = (size_t)team->communicator.size,
                   .own = {.n = s->n, .dtype = s->dtype, .pairs = s->by_index}};
    size_t bytes = (size_t)s->n * trine_sorted_item(&c.own);
    void *own = NULL;
    trine_status status = make_splitting(&c);
    if (status) {
        free_splitting(&c);
        return trine_team_agree(team, 0, status);
    }
    status = sort_own(team, s, bytes, &own);
    c.own.data = own;
    status = find_cuts(&c, s->offset, status);
    if (!status)
        status = spread(&c, s);
    if (own)
        s->executor->ops.free(s->executor, own, bytes);
    free_splitting(&c);
    return status;
}
