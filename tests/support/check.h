/* check.h - what the CUnit programs of the tests share: a table of tests, run and counted. */
#ifndef TRINE_TESTS_CHECK_H
#define TRINE_TESTS_CHECK_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

/* Runs a NULL-terminated table of tests as one suite; the exit status of the program. */
static inline int trine_check_main(const char *suite, CU_TestInfo tests[])
{
    CU_SuiteInfo suites[] = {{.pName = suite, .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
        fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
        return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}

#endif
