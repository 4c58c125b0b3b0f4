/* core/system/launch.c - reading the environment that mpirun, mpiexec and srun leave. */
#include "core/system/launch.h"
#include "core/system/environment.h"

#include <trine/team.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int number_in(const char *variable)
{
    const char *text = trine_environment(variable);
    char *end;
    long value = text ? strtol(text, &end, 10) : 0;
    return text && end != text && value > 0 && value < 1 << 30 ? (int)value : 0;
}

/* srun has a step of one task for a shell, too, where salloc or --pty gives one: it did not start
 * this process, unless it also offers what MPI finds its ranks by. */
static bool is_shell_of_slurm(const char *variable, int size)
{
    return size == 1 && strncmp(variable, "SLURM", 5) == 0 && !trine_environment("PMI_RANK") &&
           !trine_environment("PMI_SIZE") && !trine_environment("PMIX_RANK");
}

int trine_launch_size(const char **variable)
{
    /* SLURM_NTASKS is set in a batch script too, where one process runs: only a step counts. */
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int size = number_in(sizes[i]);
        if (size > 0 && !is_shell_of_slurm(sizes[i], size)) {
            if (variable)
                *variable = sizes[i];
            return size;
        }
    }
    if (variable)
        *variable = "PMIX_RANK";
    return trine_environment("PMIX_RANK") != NULL;
}

int trine_launched(void)
{
    return trine_launch_size(NULL);
}

int trine_launch_neighbours(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                                        "SLURM_STEP_TASKS_PER_NODE"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int size = number_in(sizes[i]);
        if (size > 0)
            return size;
    }
    return 1;
}
