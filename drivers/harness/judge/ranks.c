/* judge/ranks.c - see ranks.h. */
#include "drivers/harness/judge/ranks.h"

#include <stdlib.h>
#include <string.h>

/* All words in the order of their indices. */
static void words_identity(void *state, const void *param)
{
    memset(state, 0, *(const size_t *)param * sizeof(uint64_t));
}

static void words_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    memcpy((uint64_t *)state + chunk->first, chunk->in[0], chunk->n * sizeof(uint64_t));
}

static void words_merge(void *left, const void *right, const void *param)
{
    for (size_t i = 0; i < *(const size_t *)param; i++)
        ((uint64_t *)left)[i] |= ((const uint64_t *)right)[i];
}

static trine_status words_finish(void *result, const void *state, const void *param)
{
    memcpy(result, state, *(const size_t *)param * sizeof(uint64_t));
    return TRINE_OK;
}

trine_status gather_ranks(trine_team *team, const void *own, size_t bytes, void **all)
{
    size_t words = bytes / sizeof(uint64_t);
    size_t total = words * (size_t)trine_team_ranks(team);
    uint64_t *mine = calloc(words + 1, sizeof *mine), *found = calloc(total + 1, sizeof *found);
    trine_array *array = NULL;
    trine_status status = mine && found ? TRINE_OK : TRINE_E_MEMORY;
    if (mine)
        memcpy(mine, own, bytes);
    status = status ? status : trine_array_wrap(team, TRINE_U64, mine, words, &array);
    const trine_monoid monoid = {.name = "words of all ranks",
                                 .nin = 1,
                                 .in = {TRINE_U64},
                                 .param_size = sizeof total,
                                 .state_size = total * sizeof(uint64_t),
                                 .result_size = total * sizeof(uint64_t),
                                 .flags = TRINE_ORDER_FREE,
                                 .identity = words_identity,
                                 .accumulate = words_accumulate,
                                 .merge = words_merge,
                                 .finish = words_finish};
    const trine_array *in[] = {array};
    if (!status)
        status = trine_reduce(&monoid, &total, in, found);
    trine_array_free(array);
    free(mine);
    if (status)
        free(found);
    else
        *all = found;
    return status;
}

trine_status agree_on_verdict(trine_team *team, bool right, harness_verdict *verdict)
{
    const uint64_t own = right;
    void *all = NULL;
    trine_status status = gather_ranks(team, &own, sizeof own, &all);
    if (status)
        return status;
    bool every = true;
    for (int rank = 0; rank < trine_team_ranks(team); rank++)
        every = every && ((const uint64_t *)all)[rank];
    free(all);
    *verdict = every ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}
