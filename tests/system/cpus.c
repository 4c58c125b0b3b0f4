/* cpus.c - which mask counts as the process's own, by masks that are made up. */
#include "core/backend/usable_cpus.h"

#include "check.h"

/* The CPUs of a mask below 64. */
static trine_cpu_set set_of(uint64_t mask)
{
    trine_cpu_set set = {0};
    for (int i = 0; i < 64; i++)
        if (mask >> i & 1)
            trine_cpu_set_add(&set, i);
    return set;
}

/* What the thread's mask, that at loading, the runtime's places, the number of CPUs that it found
 * and the machine's CPUs decide. */
static void expect(uint64_t own, uint64_t loaded, bool bound, uint64_t places, int count,
                   uint64_t machine, uint64_t decided)
{
    trine_cpu_set o = set_of(own), l = set_of(loaded), m = set_of(machine), d = set_of(decided);
    trine_binding binding = {.places = set_of(places), .count = count, .bound = bound};
    const trine_cpu_set *got = trine_cpus_decide(&o, &l, &binding, &m);
    CU_ASSERT_TRUE(trine_cpu_set_equal(got, &d));
}

static void an_unbound_thread_has_its_own_mask(void)
{
    expect(0xff, 0xff, false, 0, 0, 0xff, 0xff);
    /* The program narrowed its mask, whether or not a runtime binds elsewhere. */
    expect(0x02, 0xff, false, 0, 0, 0xff, 0x02);
    expect(0x06, 0xff, false, 0xff, 8, 0xff, 0x06);
    /* And widened it. */
    expect(0xff, 0x01, false, 0, 0, 0xff, 0xff);
}

static void a_bound_thread_has_the_mask_of_loading(void)
{
    expect(0x01, 0xff, true, 0xff, 8, 0xff, 0xff);
    expect(0x01, 0x0f, true, 0x0f, 4, 0xff, 0x0f);
    /* Also where the places are fewer. */
    expect(0x01, 0x0f, true, 0x01, 4, 0xff, 0x0f);
}

static void a_launcher_s_binding_holds(void)
{
    expect(0x02, 0x02, true, 0x02, 1, 0xff, 0x02);
    expect(0x10, 0x30, true, 0x30, 2, 0xff, 0x30);
    /* The runtime was told places that the launcher had taken away. */
    expect(0x01, 0x02, true, 0x01, 1, 0xff, 0x02);
    expect(0x01, 0x02, true, 0x03, 1, 0x03, 0x02);
    expect(0x01, 0x00, true, 0xff, 1, 0xff, 0x01);
    expect(0x01, 0x01, true, 0xff, 2, 0xff, 0x01);
}

static void a_runtime_that_was_loaded_first_tells_its_places(void)
{
    expect(0x01, 0x01, true, 0x0f, 4, 0xff, 0x0f);
    expect(0x01, 0x00, true, 0x0f, 4, 0xff, 0x0f);
    /* As many as the machine has are all of them, whatever the places. */
    expect(0x01, 0x01, true, 0x01, 8, 0xff, 0xff);
    /* The places are known to be the process's, the rest of its CPUs are not. */
    expect(0x01, 0x01, true, 0x03, 4, 0xff, 0x03);
    expect(0x01, 0x01, true, 0x03, 4, 0x00, 0x03);
}

static void the_mask_of_loading_is_known_here(void)
{
    trine_cpu_set own = trine_cpus_mask();
    CU_ASSERT_TRUE(trine_cpu_set_count(&own) > 0);
#if defined(__GLIBC__) && defined(__x86_64__) && !defined(TRINE_SANITIZED)
    CU_ASSERT_TRUE(trine_cpu_set_equal(trine_cpus_at_load(), &own));
#endif
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"an unbound thread has its own mask", an_unbound_thread_has_its_own_mask},
        {"a bound thread has the mask of loading", a_bound_thread_has_the_mask_of_loading},
        {"a launcher's binding holds", a_launcher_s_binding_holds},
        {"a runtime that was loaded first tells its places",
         a_runtime_that_was_loaded_first_tells_its_places},
        {"the mask of loading is known here", the_mask_of_loading_is_known_here},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("CPUs of a process", tests);
}
