/* drivers/lessons/etl/noise.c - normal noise, by the library's kernel: on one chunk after the
 * other, since who calls it is a worker already. */
#include <trine/kernel.h>

#include "drivers/lessons/etl/noise.h"

bool noise_add(const noise_settings *settings, uint64_t file, trine_dtype dtype, double full,
               uint64_t first, void *samples, size_t n)
{
    const trine_map *map = trine_map_find("add_normal", dtype, dtype);
    const trine_normal noise = {0, settings->sd * full, settings->seed, file};
    size_t item = dtype == TRINE_I16 ? 2 : dtype == TRINE_F32 ? 4 : 8;
    for (size_t at = 0; map && at < n; at += TRINE_CHUNK) {
        void *piece = (char *)samples + at * item;
        const trine_chunk chunk = {.offset = first + at,
                                   .n = n - at < TRINE_CHUNK ? n - at : TRINE_CHUNK,
                                   .in = {piece},
                                   .out = {piece}};
        map->apply(&chunk, &noise);
    }
    return map;
}
