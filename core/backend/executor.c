/* core/backend/executor.c - opening a backend: what it leaves out, the first executor's version
 * does. */
#include "core/backend/executor.h"

#include <stdlib.h>

#include "core/system/error.h"

static trine_executor_ops complete(const trine_executor_ops *ops)
{
    const trine_executor_ops *first = trine_executors[0];
    trine_executor_ops all = *ops;
    all.open = ops->open ? ops->open : first->open;
    all.close = ops->close ? ops->close : first->close;
    all.run = ops->run ? ops->run : first->run;
    all.alloc = ops->alloc ? ops->alloc : first->alloc;
    all.free = ops->free ? ops->free : first->free;
    all.addresses = ops->addresses ? ops->addresses : first->addresses;
    all.worker_pid = ops->worker_pid ? ops->worker_pid : first->worker_pid;
    all.reserve = ops->reserve ? ops->reserve : first->reserve;
    all.commit = ops->commit ? ops->commit : first->commit;
    all.discard = ops->discard ? ops->discard : first->discard;
    all.unreserve = ops->unreserve ? ops->unreserve : first->unreserve;
    return all;
}

trine_status trine_executor_open(trine_executor *executor, const trine_executor_ops *ops,
                                 const trine_executor_options *options)
{
    *executor = (trine_executor){
        .ops = complete(ops), .workers = options->workers, .working = options->workers};
    executor->ledger = calloc((size_t)options->workers, sizeof *executor->ledger);
    trine_status status = executor->ledger ? executor->ops.open(executor, options)
                                           : trine_fail(TRINE_E_MEMORY,
                                                        "team '%s': no memory for "
                                                        "%d workers",
                                                        ops->name, options->workers);
    if (status) {
        free(executor->ledger);
        *executor = (trine_executor){.workers = 0};
    }
    return status;
}

void trine_executor_close(trine_executor *executor)
{
    if (executor->workers == 0)
        return;
    executor->ops.close(executor);
    free(executor->ledger);
    *executor = (trine_executor){.workers = 0};
}
