/* core/map/transform.c - the public maps: check the arguments once, then run. */
#include <trine/transform.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/array/overlap.h"
#include "core/input/input.h"

static trine_status check_map(const trine_map *map, const void *param)
{
    if (!map)
        return trine_fail(TRINE_E_ARGUMENT, "trine_apply: map is NULL");
    trine_status status = trine_size_check("trine_apply", "trine_map", map->size, sizeof *map);
    if (status)
        return status;
    if (!map->name || !map->apply)
        return trine_fail(TRINE_E_ARGUMENT, "trine_apply: the map lacks its name or apply");
    if (map->nin < 0 || map->nin > TRINE_ARGS || map->nout < 1 || map->nout > TRINE_ARGS)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "trine_apply: map '%s' has %d inputs and %d outputs; expected 0 to %d and "
            "1 to %d",
            map->name, map->nin, map->nout, TRINE_ARGS, TRINE_ARGS);
    return trine_param_check("trine_apply", "map", map->name, map->param_size, param);
}

/* An output may be an input exactly; anything else that overlaps would depend on the order. */
static trine_status check_outputs(const trine_map *map, const trine_array *const in[],
                                  trine_array *const out[], bool *in_place)
{
    trine_status status = TRINE_OK;
    for (int i = 0; i < map->nout && !status; i++) {
        const trine_argument output = {"out", i, out[i]};
        status = trine_output_check(map->name, output);
        for (int j = 0; j < map->nin && !status; j++)
            status =
                trine_overlap_check(map->name, output, (trine_argument){"in", j, in[j]}, in_place);
        for (int j = 0; j < i && !status; j++)
            status =
                trine_overlap_check(map->name, output, (trine_argument){"out", j, out[j]}, NULL);
    }
    return status;
}

static trine_status check_call(const trine_map *map, const void *param,
                               const trine_array *const in[], trine_array *const out[],
                               bool *in_place)
{
    const trine_array *like = NULL;
    trine_status status = check_map(map, param);
    if (status)
        return status;
    status = trine_arrays_check(map->name, "in", in, map->in, map->nin, &like);
    if (!status)
        status = trine_arrays_check(map->name, "out", (const trine_array *const *)out, map->out,
                                    map->nout, &like);
    return status ? status : check_outputs(map, in, out, in_place);
}

/* The team that knows of the call. A map whose size or counts make no sense has one output for
 * certain. */
static trine_team *team_of(const trine_map *map, const trine_array *const in[],
                           trine_array *const out[])
{
    bool sound = map && map->size == sizeof *map && map->nin >= 0 && map->nin <= TRINE_ARGS &&
                 map->nout >= 1 && map->nout <= TRINE_ARGS;
    const trine_array *all[2 * TRINE_ARGS];
    int count = 0;
    for (int i = 0; in && sound && i < map->nin; i++)
        all[count++] = in[i];
    for (int i = 0; out && i < (sound ? map->nout : 1); i++)
        all[count++] = out[i];
    return trine_arrays_team(all, count);
}

trine_status trine_apply(const trine_map *map, const trine_array *const in[], const void *param,
                         trine_array *const out[])
{
    bool in_place = false;
    trine_status status = check_call(map, param, in, out, &in_place);
    if (status)
        return trine_call_refuse(team_of(map, in, out), status);
    const trine_array *x = out[0];
    trine_input input = {.sources = map->nin,
                         .offset = x->offset,
                         .local_n = x->local_n,
                         .grid = x->grid,
                         .own_blocks = x->place != TRINE_DISTRIBUTED};
    void *data[TRINE_ARGS] = {NULL};
    const trine_array *all[2 * TRINE_ARGS];
    int count = 0;
    for (int i = 0; i < map->nin; i++) {
        input.source[i] =
            trine_memory_source(in[i]->data, in[i]->offset, trine_dtype_size(in[i]->dtype));
        all[count++] = in[i];
    }
    for (int i = 0; i < map->nout; i++) {
        data[i] = out[i]->data;
        all[count++] = out[i];
    }
    input.executor = trine_arrays_executor(x->team, all, count);
    return trine_input_apply(x->team, map, param, &input, data, in_place);
}
