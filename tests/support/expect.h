/* expect.h - a status, and words of its detail, on whichever rank this is. */
#ifndef TRINE_TESTS_EXPECT_H
#define TRINE_TESTS_EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/error.h>

#include "check.h"

static inline void expect(trine_status got, trine_status status, const char *says)
{
    if (got != status || (status && !strstr(trine_error_detail(), says))) {
        const char *open_mpi = getenv("OMPI_COMM_WORLD_RANK"), *mpich = getenv("PMI_RANK");
        printf("\n  rank %s: %s: %s; expected %s with '%s'\n",
               open_mpi ? open_mpi
               : mpich  ? mpich
                        : "0",
               trine_status_name(got), got ? trine_error_detail() : "", trine_status_name(status),
               says);
        CU_FAIL("another status or detail");
    }
    CU_ASSERT_EQUAL(got, status);
}

#endif
