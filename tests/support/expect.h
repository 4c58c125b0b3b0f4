/* expect.h - a status, and words of its detail, on a rank. */
#ifndef TRINE_TESTS_EXPECT_H
#define TRINE_TESTS_EXPECT_H

#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include <trine/error.h>

#include "check.h"

static inline void expect(trine_status got, trine_status status, const char *says)
{
    int rank;
    if (got == status && (!status || strstr(trine_error_detail(), says)))
        return;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    printf("\n  rank %d: %s: %s; expected %s with '%s'\n", rank, trine_status_name(got),
           got ? trine_error_detail() : "", trine_status_name(status), says);
    CU_FAIL("another status or detail");
}

#endif
