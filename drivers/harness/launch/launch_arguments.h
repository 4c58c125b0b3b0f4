/* drivers/harness/launch/launch_arguments.h - a driver's options as the arguments of its ranks. */
#ifndef TRINE_HARNESS_LAUNCH_ARGUMENTS_H
#define TRINE_HARNESS_LAUNCH_ARGUMENTS_H

#include "drivers/harness/cli/options.h"

/* Those of a rank of the team `spec`, each with a zero byte at its end, behind their bytes in all
 * as 64 bits in network order; malloc'ed, *size bytes. NULL without memory. */
char *launch_arguments(const harness_options *options, const char *spec, size_t *size);

#endif
