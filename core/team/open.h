/* core/team/open.h - opening a team over the ranks of a launch, or over a caller's communicator. */
#ifndef TRINE_CORE_OPEN_H
#define TRINE_CORE_OPEN_H

#include <trine/team.h>

/* handle: what the communicator backend joins (an MPI_Comm *); NULL for all ranks of the launch. */
trine_status trine_open(const char *text, const void *handle, trine_team **opened);

#endif
