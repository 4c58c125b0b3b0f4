/* sync.c TEAM - a lock keeps the workers of a team out of each other's way, atomics lose nothing,
 * and misuse of either is an error that says so. */
#include <math.h>
#include <pthread.h>

#include "expect.h"
#include "shared.h"

static const char *spec = "serial";

/* Reads, lets others in if they can, and writes. */
static void count_slowly(shared_page *page)
{
    page->wrong += page->inside++ != 0;
    int64_t before = page->count;
    if (before % 64 == 0)
        usleep(1);
    page->count = before + 1;
    page->inside--;
}

static void locked_step(shared_page *page)
{
    bool recovered = true;
    if (trine_lock_acquire(page->lock, &recovered))
        trine_atomic_add_i64(&page->wrong, 1);
    count_slowly(page);
    page->recovered += recovered;
    if (trine_lock_release(page->lock))
        trine_atomic_add_i64(&page->wrong, 1);
}

static void one_at_a_time_holds_the_lock(void)
{
    trine_array *array;
    shared_page *page;
    trine_team *team = open_page(spec, &array, &page);
    make_steps(team, page, locked_step, STEPS);
    CU_ASSERT_EQUAL(page->count, CHUNKS * STEPS);
    CU_ASSERT_EQUAL(page->wrong, 0);
    CU_ASSERT_EQUAL(page->recovered, 0);
    close_page(team, array, page);
}

static void atomic_step(shared_page *page)
{
    uint64_t before = trine_atomic_add_u64(&page->u64, 1);
    if (before < sizeof page->seen)
        page->seen[before]++;
    trine_atomic_add_i64(&page->i64, -3);
    trine_atomic_add_f64(&page->f64, 0.5);
}

static void atomics_lose_nothing_and_tell_each_what_was_before(void)
{
    trine_array *array;
    shared_page *page;
    trine_team *team = open_page(spec, &array, &page);
    make_steps(team, page, atomic_step, QUICK_STEPS);
    CU_ASSERT_EQUAL(page->u64, CHUNKS * QUICK_STEPS);
    CU_ASSERT_EQUAL(page->i64, -3 * CHUNKS * QUICK_STEPS);
    CU_ASSERT_EQUAL(page->f64, 0.5 * CHUNKS * QUICK_STEPS);
    int others = 0;
    for (int i = 0; i < CHUNKS * QUICK_STEPS; i++)
        others += page->seen[i] != 1;
    CU_ASSERT_EQUAL(others, 0);
    close_page(team, array, page);
}

static void integers_wrap_and_doubles_keep_their_bits(void)
{
    int64_t i64 = INT64_MAX;
    uint64_t u64 = UINT64_MAX;
    double f64 = NAN, zero = -0.0;
    CU_ASSERT_EQUAL(trine_atomic_add_i64(&i64, 1), INT64_MAX);
    CU_ASSERT_EQUAL(i64, INT64_MIN);
    CU_ASSERT_EQUAL(trine_atomic_add_u64(&u64, 2), UINT64_MAX);
    CU_ASSERT_EQUAL(u64, 1);
    CU_ASSERT(isnan(trine_atomic_add_f64(&f64, 1)) && isnan(f64));
    CU_ASSERT(signbit(trine_atomic_add_f64(&zero, -0.0)) && signbit(zero));
}

static void *release_what_another_holds(void *lock)
{
    expect(trine_lock_release(lock), TRINE_E_SYSTEM, "does not hold the lock");
    return NULL;
}

static void misuse_of_a_lock_is_named(void)
{
    trine_team *team;
    trine_lock *lock = NULL;
    bool recovered = true;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(trine_team_open(spec, &team), TRINE_OK);
    expect(trine_lock_create(NULL, &lock), TRINE_E_ARGUMENT, "team is NULL");
    expect(trine_lock_create(team, NULL), TRINE_E_ARGUMENT, "lock is NULL");
    expect(trine_lock_acquire(NULL, &recovered), TRINE_E_ARGUMENT, "lock is NULL");
    expect(trine_lock_release(NULL), TRINE_E_ARGUMENT, "lock is NULL");
    CU_ASSERT(lock == NULL && recovered);
    CU_ASSERT_EQUAL_FATAL(trine_lock_create(team, &lock), TRINE_OK);
    expect(trine_lock_release(lock), TRINE_E_SYSTEM, "does not hold the lock");
    CU_ASSERT_EQUAL(trine_lock_acquire(lock, NULL), TRINE_OK);
    expect(trine_lock_acquire(lock, &recovered), TRINE_E_SYSTEM, "holds the lock already");
    CU_ASSERT(recovered);
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, release_what_another_holds, lock), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(trine_lock_release(lock), TRINE_OK);
    expect(trine_team_close(team), TRINE_E_BUSY, "lock");
    trine_lock_free(lock);
    trine_lock_free(NULL);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"one at a time holds the lock", one_at_a_time_holds_the_lock},
        {"atomics lose nothing and tell each what was before",
         atomics_lose_nothing_and_tell_each_what_was_before},
        {"integers wrap and doubles keep their bits", integers_wrap_and_doubles_keep_their_bits},
        {"misuse of a lock is named", misuse_of_a_lock_is_named},
        CU_TEST_INFO_NULL,
    };
    trine_init();
    if (argc > 1)
        spec = argv[1];
    return trine_check_main(spec, tests);
}
