/* drivers/harness/report/absent_json.c - what answers where jansson is missing. */
#include <stddef.h>

#include "drivers/harness/run/rows.h"

bool has_json(void)
{
    return false;
}

char *run_to_json(const harness_run *run)
{
    (void)run;
    return NULL;
}

void print_error_as_json(const char *driver, int exit_status)
{
    (void)driver, (void)exit_status;
}
