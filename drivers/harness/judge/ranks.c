/* drivers/harness/judge/ranks.c - see ranks.h. */
#include "drivers/harness/judge/ranks.h"

#include <stdlib.h>
#include <string.h>

/* All elements at the places of their indices. */
typedef struct gather_param {
    size_t item, bytes;
} gather_param;

static void gather_identity(void *state, const void *param)
{
    memset(state, 0, ((const gather_param *)param)->bytes);
}

static void gather_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    size_t item = ((const gather_param *)param)->item;
    memcpy((char *)state + chunk->offset * item, chunk->in[0], chunk->n * item);
}

static void gather_merge(void *left, const void *right, const void *param)
{
    for (size_t i = 0; i < ((const gather_param *)param)->bytes; i++)
        ((unsigned char *)left)[i] |= ((const unsigned char *)right)[i];
}

static trine_status gather_finish(void *result, const void *state, const void *param)
{
    memcpy(result, state, ((const gather_param *)param)->bytes);
    return TRINE_OK;
}

/* n: of all ranks. */
static trine_status gather(const trine_array *x, size_t n, void **all)
{
    trine_dtype dtype = trine_array_dtype(x);
    const gather_param param = {trine_dtype_size(dtype), n * trine_dtype_size(dtype)};
    const trine_reducer reducer = {TRINE_INIT(trine_reducer),
                                   .name = "elements of all ranks",
                                   .nin = 1,
                                   .in = {dtype},
                                   .param_size = sizeof param,
                                   .state_size = param.bytes,
                                   .result_size = param.bytes,
                                   .flags = TRINE_ORDER_FREE,
                                   .init = gather_identity,
                                   .accumulate = gather_accumulate,
                                   .merge = gather_merge,
                                   .finish = gather_finish};
    void *found = malloc(param.bytes + 1);
    trine_status status = found ? TRINE_OK : TRINE_E_MEMORY;
    if (!status && param.bytes)
        status = trine_reduce(&reducer, &x, &param, found);
    if (status)
        free(found);
    else
        *all = found;
    return status;
}

trine_status gather_array(const trine_array *x, void **all)
{
    return gather(x, (size_t)trine_array_n(x), all);
}

trine_status gather_ranks(trine_team *team, const void *own, size_t bytes, void **all)
{
    trine_array *words;
    uint64_t *copy = malloc(bytes + 1);
    if (!copy)
        return TRINE_E_MEMORY;
    memcpy(copy, own, bytes);
    size_t words_of_each = bytes / sizeof(uint64_t);
    trine_status status = trine_array_wrap(team, TRINE_U64, copy, words_of_each, &words);
    if (!status) {
        status = gather(words, words_of_each * (size_t)trine_team_ranks(team), all);
        trine_array_free(words);
    }
    free(copy);
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
