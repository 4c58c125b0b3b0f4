/* core/system/memory_usage.h - what a process takes of memory. */
#ifndef TRINE_CORE_MEMORY_USAGE_H
#define TRINE_CORE_MEMORY_USAGE_H

#include <sys/types.h>
#include <trine/ledger.h>

/* Of that process. ABSENT where the system does not say; SYSTEM when it refuses. */
trine_status trine_memory_usage(pid_t pid, trine_memory *memory);

#endif
