/* core/team/placement.c - how many workers, on how many CPUs, and what the user should know of
 * that. */
#include "core/team/placement.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/backend/usable_cpus.h"
#include "core/system/launch.h"
#include "core/system/environment.h"

int trine_placement_workers(const trine_executor_ops *ops, const char **asked_by)
{
    *asked_by = NULL;
    int asked = ops->asked ? ops->asked(asked_by) : 0;
    if (asked > 0)
        return asked;
    trine_cpus_found found = trine_cpus_find();
    int own = trine_cpus_for_rank(found.cpus, trine_cpus_of_node(), trine_launch_neighbours());
    const char *bound_by;
    int bound = ops->places ? ops->places(&bound_by) : 0;
    if (bound == 0 || bound >= own)
        return own;
    *asked_by = bound_by;
    return bound;
}

__attribute__((format(printf, 2, 3))) static void note(trine_team *team, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(team->note, sizeof team->note, "%s: ", team->spec);
    va_start(arguments, format);
    vsnprintf(team->note + length, sizeof team->note - (size_t)length, format, arguments);
    va_end(arguments);
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

/* " (VARIABLE=value)" of the environment; nothing for NULL. */
static const char *setting(const char *variable, char *text, size_t size)
{
    const char *value = variable ? trine_environment(variable) : NULL;
    *text = '\0';
    if (value)
        snprintf(text, size, " (%s=%.40s)", variable, value);
    return text;
}

enum { SETTING = 80 };

/* Why there are no more CPUs, and what mends that. */
static void note_few_cpus(trine_team *team, const trine_cpus_found *found, const char *asked)
{
    char why[160] = "";
    int node = trine_cpus_of_node();
    if (found->cpus < found->mask)
        snprintf(why, sizeof why,
                 "; the CPU quota of its control group is that low (docker --cpus, a limit of "
                 "Kubernetes)");
    else if (found->mask < node && trine_launched() > 0)
        snprintf(why, sizeof why,
                 "; if the launcher bound it there, mpirun --bind-to none (or srun "
                 "--cpus-per-task) mends that");
    else if (found->mask < node)
        snprintf(
            why, sizeof why,
            "; its affinity mask has %d of the machine's %d (taskset, a cpuset or a container)",
            found->mask, node);
    note(team, "%d workers%s share %d CPU%s, the most that this process may use%s",
         team->executor.working, asked, found->cpus, plural(found->cpus), why);
}

static void note_crowded_node(trine_team *team, int all, const char *asked)
{
    int workers = team->executor.working, neighbours = team->communicator.neighbours;
    char remedy[80] = "start fewer ranks (mpirun -n)";
    if (*asked && all >= neighbours)
        snprintf(remedy, sizeof remedy, "%s=%d gives each thread one", team->asked_by,
                 all / neighbours);
    else if (workers > 1)
        snprintf(remedy, sizeof remedy, "give each fewer, as in mpi+%s:1", team->executor.ops.name);
    note(team, "%d ranks of %d worker%s%s share the %d CPU%s of this node; %s", neighbours, workers,
         plural(workers), asked, all, plural(all), remedy);
}

void trine_placement_note(trine_team *team)
{
    const trine_executor *executor = &team->executor;
    trine_cpus_found found = trine_cpus_find();
    char asked[SETTING], bound_by[SETTING];
    const char *variable = NULL;
    int working = executor->working, neighbours = team->communicator.neighbours;
    int node = trine_cpus_of_node();
    int places = executor->ops.places ? executor->ops.places(&variable) : 0;
    int bound = places < found.cpus ? places : 0;
    bool crowded = neighbours > 1 && (long long)working * neighbours > node;
    setting(team->asked_by, asked, sizeof asked);
    setting(variable, bound_by, sizeof bound_by);
    team->noted = working;
    team->note[0] = '\0';
    if (working < executor->workers && *executor->shortfall)
        note(team, "%s", executor->shortfall);
    else if (bound > 0 && working > bound)
        note(
            team,
            "%d workers%s share %d CPU%s, all that OpenMP's places%s have, of %d that this process "
            "may use; unset it or name more of them",
            working, asked, bound, plural(bound), bound_by, found.cpus);
    else if (working > found.cpus && !(crowded && found.mask >= node))
        note_few_cpus(team, &found, asked);
    else if (crowded)
        note_crowded_node(team, node, asked);
    else if (bound > 0 && team->asked_by == variable)
        note(team,
             "OpenMP's places%s have %d of the %d CPUs that this process may use; unset it or name "
             "more of them for more threads",
             bound_by, bound, found.cpus);
    else if (places > 0 && neighbours > 1 && found.mask >= node)
        note(team,
             "the threads of all %d ranks are bound to the same CPUs%s; mpirun --map-by slot:PE=%d "
             "--bind-to core gives each rank its own",
             neighbours, bound_by, working);
}
