/* core/axis.h - reductions along one axis of rows and columns. */
#ifndef TRINE_CORE_AXIS_H
#define TRINE_CORE_AXIS_H

#include "core/stream.h"

/* This rank's rows [first, first + local) of rows x columns elements, from a source of elements for
 * each of the monoid's inputs. cut as in a stream. */
typedef struct trine_frame {
    trine_source source[TRINE_ARGS];
    uint64_t rows, columns, first, local;
    bool cut;
    trine_executor *executor;
} trine_frame;

/* One result a column, the same on all ranks. Collective. */
trine_status trine_frame_columns(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_frame *frame, void *result);

/* One result for each of this rank's rows. Collective. */
trine_status trine_frame_rows(trine_team *team, const trine_monoid *monoid, const void *param,
                              const trine_frame *frame, void *result);

#endif
