/* backends/absent_pool.c - what answers for pool on systems other than Linux. */
#include "core/team/executor.h"

const trine_executor_ops trine_pool_executor = {
    .name = "pool",
    .absent =
        "this system lacks what pools are made of (memfd_create, futex, pidfd_open): they need "
        "Linux 5.4 or later",
};

const trine_executor_ops trine_forking_executor = {.name = "inherit"};
