/* drivers/harness/launch/launch_environment.c - see launch_environment.h. */
#include "drivers/harness/launch/launch_environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/run/rows.h"

static char **kept_environment;

void keep_environment(void)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **kept = calloc(count + 1, sizeof *kept);
    if (!kept)
        return;
    memcpy(kept, environ, count * sizeof *kept);
    kept_environment = kept;
}

const char *own_mpirun(void)
{
    const char *own = getenv("TRINE_MPIRUN");
    return own && own[strspn(own, BLANKS)] ? own : NULL;
}

bool may_use_other_hosts(void)
{
    static const char *const nodes[] = {"SLURM_JOB_NUM_NODES", "SLURM_NNODES", "PBS_NUM_NODES",
                                        "NHOSTS"};
    static const char *const lists[] = {"PBS_NODEFILE",
                                        "PE_HOSTFILE",
                                        "LSB_MCPU_HOSTS",
                                        "LSB_DJOB_HOSTFILE",
                                        "COBALT_NODEFILE",
                                        "LOADL_HOSTFILE",
                                        "HYDRA_HOST_FILE",
                                        "OMPI_MCA_orte_default_hostfile",
                                        "PRTE_MCA_prte_default_hostfile"};
    bool may = own_mpirun() != NULL;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        const char *count = getenv(nodes[i]);
        may = may || (count && strtol(count, NULL, 10) > 1);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        may = may || getenv(lists[i]) != NULL;
    return may;
}

/* What a launch adds. FROM_FOLDER: the value is that folder's path. over: also where the user has
 * set another. */
typedef struct addition {
    const char *name, *value;
    enum { AS_IT_IS, FROM_TEMPORARY, FROM_MEMORY } from;
    bool over;
} addition;

/* Open MPI asks root for these, once for each kind of regret. */
static const addition for_root[] = {{"OMPI_ALLOW_RUN_AS_ROOT", "1", AS_IT_IS, true},
                                    {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", AS_IT_IS, true}};

/* On one machine: session folders and segments lie in the launch's folders. Open MPI 4 calls vader
 * what 5 calls sm. */
static const addition on_one_machine[] = {
    {"TMPDIR", NULL, FROM_TEMPORARY, true},
    {"OMPI_MCA_btl_vader_backing_directory", NULL, FROM_MEMORY, false},
    {"OMPI_MCA_btl_sm_backing_directory", NULL, FROM_MEMORY, false},
    {"OMPI_MCA_osc_sm_backing_directory", NULL, FROM_MEMORY, false},
    {"OMPI_MCA_osc_rdma_backing_directory", NULL, FROM_MEMORY, false},
    {"OMPI_MCA_osc_ucx_backing_directory", NULL, FROM_MEMORY, false}};

/* Where there is no space in /dev/shm, UCX is told so, too. */
static const addition without_memory[] = {{"UCX_POSIX_DIR", NULL, FROM_MEMORY, false}};

/* Ranks of one machine reach each other by its memory and need no network: Open MPI complains of
 * one that is not there. NULL for another MPI. What is left out is named by what is left: to
 * exclude tcp alone would take back what the system's own settings exclude. */
static const char *transports_of_open_mpi(void)
{
    static const char name[] = "Open MPI v";
    const char *at = strstr(trine_version(), name);
    if (!at)
        return NULL;
    return strtol(at + strlen(name), NULL, 10) < 5 ? "self,vader" : "self,sm";
}

static char **find(char **variable, const char *name)
{
    size_t length = strlen(name);
    while (*variable && (strncmp(*variable, name, length) != 0 || (*variable)[length] != '='))
        variable++;
    return variable;
}

static void add(launch_environment *block, const char *name, const char *value, bool over)
{
    char **at = find(block->variable, name);
    if ((*at && !over) || !*value || block->added_count == MAX_ADDED)
        return;
    char *text = block->added[block->added_count++];
    snprintf(text, ADDED_TEXT, "%s=%s", name, value);
    *at = text;
}

static void add_all(launch_environment *block, const addition *all, size_t count,
                    const launch_folders *folders)
{
    for (size_t i = 0; i < count; i++)
        add(block, all[i].name,
            all[i].from == AS_IT_IS         ? all[i].value
            : all[i].from == FROM_TEMPORARY ? folders->temporary
                                            : folders->memory,
            all[i].over);
}

launch_environment *make_launch_environment(const char *mark, const launch_folders *folders)
{
    char **kept = kept_environment ? kept_environment : environ;
    size_t count = 0;
    while (kept[count])
        count++;
    launch_environment *block =
        calloc(1, sizeof *block + (count + MAX_ADDED + 1) * sizeof *block->variable);
    if (!block)
        return NULL;
    memcpy(block->variable, kept, count * sizeof *kept);
    add(block, "TRINE_LAUNCH", mark, true);
    if (geteuid() == 0)
        add_all(block, for_root, sizeof for_root / sizeof *for_root, folders);
    const char *transports = folders ? transports_of_open_mpi() : NULL;
    if (transports)
        add(block, "OMPI_MCA_btl", transports, false);
    if (folders)
        add_all(block, on_one_machine, sizeof on_one_machine / sizeof *on_one_machine, folders);
    if (folders && strcmp(folders->memory, folders->temporary) == 0)
        add_all(block, without_memory, sizeof without_memory / sizeof *without_memory, folders);
    return block;
}
