/* core/team/placement.h - how many workers a team gets by default, and what its user should know
 * about where they run. */
#ifndef TRINE_CORE_PLACEMENT_H
#define TRINE_CORE_PLACEMENT_H

#include "core/team/team.h"

/* Workers of this rank where the spec gives no number. *asked_by: the variable of the environment
 * that gave it, NULL for none. */
int trine_placement_workers(const trine_executor_ops *ops, const char **asked_by);

/* Writes team->note: what keeps workers from working or from a CPU of their own, and what mends it;
 * empty when there is nothing to say. */
void trine_placement_note(trine_team *team);

#endif
