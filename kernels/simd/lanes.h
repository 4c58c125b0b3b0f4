/* kernels/simd/lanes.h - the panel of 32 lanes: lane j takes elements j, j + 32, j + 64, ... of a
 * chunk, and the lanes fold in a fixed order (j with j + 16, then + 8, + 4, + 2, + 1), so that
 * every vector width computes the same. */
#ifndef TRINE_KERNELS_LANES_H
#define TRINE_KERNELS_LANES_H

#include <math.h>

#include "kernels/simd/simd.h"

enum { LANES = 32, VECTORS = LANES / WIDTH };

TRINE_INLINE void fold(double lane[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            lane[j] += lane[j + half];
}

#endif
