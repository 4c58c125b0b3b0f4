/* drivers/harness/data/scatter.c - arrays from the first rank's own memory to all ranks, and back.
 */
#include "drivers/harness/data/scatter.h"

#include <stdlib.h>

trine_status make_whole(const trine_array *array, void **whole)
{
    size_t bytes = (size_t)trine_array_n(array) * trine_dtype_size(trine_array_dtype(array));
    if (trine_team_rank(trine_array_team(array)) == 0)
        *whole = malloc(bytes + 1);
    return trine_array_gather(array, 0, *whole);
}

void add_ledger(trine_ledger *sum, const trine_ledger *call)
{
    sum->wall += call->wall;
    sum->transfer_in += call->transfer_in;
    sum->transfer_out += call->transfer_out;
    sum->other += call->other;
    sum->moved += call->moved;
}

static void add_last_call(const trine_team *team, trine_ledger *ledger)
{
    trine_ledger call = {TRINE_INIT(trine_ledger)};
    if (trine_team_ledger(team, &call) == TRINE_OK)
        add_ledger(ledger, &call);
}

trine_status scatter_arrays(trine_array *const like[TRINE_ARGS], void *const whole[TRINE_ARGS],
                            trine_transport transport, trine_array *in[TRINE_ARGS],
                            trine_ledger *ledger)
{
    trine_status status = TRINE_OK;
    for (int i = 0; i < TRINE_ARGS; i++)
        in[i] = NULL;
    for (int i = 0; i < TRINE_ARGS && !status; i++) {
        const trine_array *x = like[i];
        if (!x)
            continue;
        status =
            trine_array_scatter_nd(trine_array_team(x), trine_array_dtype(x), whole[i],
                                   trine_array_ndim(x), trine_array_shape(x), 0, transport, &in[i]);
        add_last_call(trine_array_team(x), ledger);
    }
    return status;
}

trine_status gather_whole(const trine_array *array, void *whole, trine_ledger *ledger)
{
    trine_status status = trine_array_gather(array, 0, whole);
    add_last_call(trine_array_team(array), ledger);
    return status;
}

void release_arrays(trine_array *in[TRINE_ARGS])
{
    for (int i = 0; i < TRINE_ARGS; i++)
        trine_array_free(in[i]);
}

void sum_of_ranks(trine_team *team, int64_t *number)
{
    trine_array *own;
    int64_t here = *number;
    if (trine_array_wrap(team, TRINE_I64, &here, 1, &own))
        return;
    (void)trine_sum_i64(own, TRINE_FAST, number);
    trine_array_free(own);
}
