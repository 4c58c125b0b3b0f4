/* trine/transform.h - maps over arrays. */
#ifndef TRINE_TRANSFORM_H
#define TRINE_TRANSFORM_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs a map: out[0 .. nout) from in[0 .. nin), arrays of one team, length and place and of the
 * map's types. An output may be an input (in place). param: param_size bytes, NULL when that is 0.
 * out[0] is looked at even when map is NULL. Collective; when one rank's arguments are refused, as
 * in reduce.h. Errors: as trine_reduce; when a worker dies in the middle of an in-place call,
 * WORKER, and the outputs then hold a mixture. */
TRINE_API trine_status trine_apply(const trine_map *map, const void *param,
                                   const trine_array *const in[], trine_array *const out[]);

#ifdef __cplusplus
}
#endif
#endif
