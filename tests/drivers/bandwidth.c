/* bandwidth.c - the read bandwidth of several CPUs is measured on several, also where the
 * environment keeps OpenMP's threads off them. */
#include "drivers/harness/run/bandwidth.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* CPU ticks of the ended children of this process's only child, the fork server. */
static long ticks_of_workers(void)
{
    char path[64], line[1024] = "";
    long user = -1, sys = -1;
    int fork_server = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "r");
    if (children && fscanf(children, "%d", &fork_server) == 1) {
        snprintf(path, sizeof path, "/proc/%d/stat", fork_server);
        FILE *stat = fopen(path, "r");
        char *rest = stat && fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
        /* See proc(5): fields 16 and 17, of which the third follows the name. */
        if (rest)
            sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", &user,
                   &sys);
        if (stat)
            fclose(stat);
    }
    if (children)
        fclose(children);
    return user + sys;
}

static void two_readers_are_processes_where_threads_are_one(void)
{
    CU_ASSERT_EQUAL_FATAL(trine_init(), TRINE_OK);
    CU_ASSERT_TRUE(read_bandwidth(2, 0) > 0);
    CU_ASSERT_TRUE(ticks_of_workers() > 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"two readers are processes where threads are one",
         two_readers_are_processes_where_threads_are_one},
        CU_TEST_INFO_NULL,
    };
    return trine_cpus() < 2 ? 77 : trine_check_main("read bandwidth", tests);
}
