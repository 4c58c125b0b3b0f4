/* trine/trine.h - all of trine but trine/mpi.h. */
#ifndef TRINE_TRINE_H
#define TRINE_TRINE_H

#include <trine/array.h>
#include <trine/error.h>
#include <trine/io.h>
#include <trine/kernel.h>
#include <trine/ledger.h>
#include <trine/list.h>
#include <trine/matrix.h>
#include <trine/reduce.h>
#include <trine/scan.h>
#include <trine/sort.h>
#include <trine/stencil.h>
#include <trine/sync.h>
#include <trine/task.h>
#include <trine/team.h>
#include <trine/transform.h>
#include <trine/transport.h>
#include <trine/transpose.h>
#include <trine/types.h>

#endif
