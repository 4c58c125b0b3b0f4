/* kernels/registry/built_in.h - which kernels are the library's own. */
#ifndef TRINE_KERNELS_BUILT_IN_H
#define TRINE_KERNELS_BUILT_IN_H

#include <trine/kernel.h>

/* Whether that is one that trine_map_find returns, and no copy. Any thread. */
bool trine_map_is_built_in(const trine_map *map);

#endif
