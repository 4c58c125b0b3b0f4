/* spec.c - team specs are read strictly, and a bad one names the nearest good one. */
#include "core/team/spec.h"

#include <string.h>
#include <trine/error.h>

#include "check.h"
#include "core/system/cpus.h"

static void expect_good(const char *text, const char *printed)
{
    trine_spec spec;
    char full[96] = "";
    CU_ASSERT_EQUAL(trine_spec_parse(text, &spec), TRINE_OK);
    if (spec.options.workers == 0)
        spec.options.workers = 5;
    if (spec.ranks == 0)
        spec.ranks = 9;
    trine_spec_print(&spec, full, sizeof full);
    CU_ASSERT_STRING_EQUAL(full, printed);
}

static void good_specs_are_read(void)
{
    expect_good("serial", "serial");
    expect_good("omp", "omp:5");
    expect_good("omp:16", "omp:16");
    expect_good("pool:3,heap=64G,spin=20", "pool:3");
    expect_good("pool,spin=0", "pool:5");
    expect_good("mpi", "mpi:9");
    expect_good("mpi:4", "mpi:4");
    expect_good("mpi+serial", "mpi:9");
    expect_good("mpi:4+omp:2", "mpi:4+omp:2");
    expect_good("mpi+pool:2,heap=1M", "mpi:9+pool:2");
}

static void expect_bad(const char *text, const char *why, const char *nearest)
{
    trine_spec spec = {.ranks = 42};
    char tail[128];
    CU_ASSERT_EQUAL(trine_spec_parse(text, &spec), TRINE_E_SPEC);
    CU_ASSERT_EQUAL(spec.ranks, 42);
    const char *detail = trine_error_detail();
    snprintf(tail, sizeof tail, "the nearest good spec is '%s'", nearest);
    if (!strstr(detail, why) || !strstr(detail, tail)) {
        printf("\n  %s\n", detail);
        CU_FAIL("the detail does not say what it should");
    }
}

static void bad_specs_name_the_nearest_good_one(void)
{
    expect_bad("processes:4", "'processes' is no part of a team", "pool:4");
    expect_bad("ranks:2+Fork", "'ranks' is no part of a team", "mpi:2+pool");
    expect_bad("threads:8", "'threads' is no part of a team", "omp:8");
    expect_bad("", "'' is no part", "omp");
    expect_bad("ompp:4", "'ompp' is no part", "omp:4");
    expect_bad("OMP:4", "'OMP' is no part", "omp:4");
    expect_bad("pol", "'pol' is no part", "pool");
    expect_bad("omp:0", "'0' is no count", "omp");
    expect_bad("omp:-1", "'-1' is no count", "omp");
    expect_bad("omp:4x", "'4x' is no count", "omp:4");
    expect_bad("omp: 4", "' 4' is no count", "omp");
    expect_bad("omp:99999999999999999999", "is no count", "omp");
    expect_bad("omp:", "'' is no count", "omp");
    expect_bad("serial:2", "takes no count", "serial");
    expect_bad("omp+mpi", "'mpi' comes first", "mpi+omp");
    expect_bad("omp+pool", "only mpi goes", "pool");
    expect_bad("mpi+omp+pool", "more than two", "mpi+pool");
    expect_bad("omp,heap=1G", "only pool has options", "omp");
    expect_bad("pool:2,heap=lots", "expected bytes", "pool:2");
    expect_bad("pool:2,heap=1K", "at least 1M", "pool:2");
    expect_bad("pool:2,spin=-1", "expected microseconds", "pool:2");
    expect_bad("pool:2,color=red", "the options are", "pool:2");
    expect_bad("mpi,heap=1G", "mpi has no options", "mpi");
    expect_bad("serial,omp", "'omp' is none; a spec names one team", "serial");
    expect_bad("pool:4,spin=9,mpi:2", "'mpi:2' is none; a spec names one team", "pool:4");
    expect_bad("mpi:2+pool:3,omp", "'omp' is none; a spec names one team", "mpi:2+pool:3");
    expect_bad("opm:3,serial", "'opm' is no part", "omp:3");
    expect_bad("serial,", "'' is none; a spec names one team", "serial");
}

static void a_long_spec_is_refused_not_cut(void)
{
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect_bad(text, "longer than", "omp");
}

static void ranks_that_share_cpus_divide_them(void)
{
    CU_ASSERT_EQUAL(trine_cpus_for_rank(16, 16, 1), 16);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(16, 16, 4), 4);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(8, 16, 4), 4);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(4, 16, 4), 4);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(1, 16, 16), 1);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(2, 2, 16), 1);
    CU_ASSERT_EQUAL(trine_cpus_for_rank(16, 16, 3), 5);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"good specs are read", good_specs_are_read},
        {"bad specs name the nearest good one", bad_specs_name_the_nearest_good_one},
        {"a long spec is refused, not cut", a_long_spec_is_refused_not_cut},
        {"ranks that share CPUs divide them", ranks_that_share_cpus_divide_them},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("team spec", tests);
}
