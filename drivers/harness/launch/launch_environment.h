/* drivers/harness/launch/launch_environment.h - the environment of mpirun and of the ranks. */
#ifndef TRINE_HARNESS_LAUNCH_ENVIRONMENT_H
#define TRINE_HARNESS_LAUNCH_ENVIRONMENT_H

#include <stdbool.h>

#include "drivers/harness/launch/channel.h"
#include "drivers/harness/launch/launch_folders.h"

/* Whether ranks may be on other hosts: an mpirun of the user's own, or several nodes or a list of
 * hosts in the environment. */
bool may_use_other_hosts(void);

/* $TRINE_MPIRUN, which is an mpirun with its flags, in words between BLANKS; NULL where there is
 * none. */
#define BLANKS " \t\n"
const char *own_mpirun(void);

/* The variables, NULL at their end, and the text of those that were added. */
enum { MAX_ADDED = 16, ADDED_TEXT = 64 + FOLDER_TEXT + CHANNEL_TEXT };
typedef struct launch_environment {
    char added[MAX_ADDED][ADDED_TEXT];
    int added_count;
    char *variable[];
} launch_environment;

/* The environment as keep_environment kept it, with what a launch adds; malloc'ed, NULL without
 * memory. mark: TRINE_LAUNCH, by which the launch's processes are known. folders: NULL where ranks
 * may be on other hosts. */
launch_environment *make_launch_environment(const char *mark, const launch_folders *folders);

#endif
