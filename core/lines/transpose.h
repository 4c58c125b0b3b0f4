/* core/lines/transpose.h - what tests change of transposing. */
#ifndef TRINE_CORE_TRANSPOSE_H
#define TRINE_CORE_TRANSPOSE_H

#include <trine/transpose.h>

/* Bytes that a rank sends at a time in trine_transpose. Tests lower it. */
extern uint64_t trine_panel_bytes;

#endif
