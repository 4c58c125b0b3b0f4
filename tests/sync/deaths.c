/* deaths.c - a worker that dies with a lock held keeps nobody waiting: the next is told. */
#include "shared.h"

/* Workers die in the middle of what the lock guards, as often as deaths_left says. */
static void deadly_step(shared_page *page)
{
    bool recovered = false;
    /* All deaths come before the caller, which cannot die, has taken the others' work. */
    while (getpid() == page->caller && page->deaths_left > 0)
        usleep(100);
    if (trine_lock_acquire(page->lock, &recovered))
        trine_atomic_add_i64(&page->wrong, 1);
    /* What the dead one left half done is put in order by whoever is told. */
    page->wrong += page->inside != recovered;
    page->inside = 1;
    page->recovered += recovered;
    if (getpid() != page->caller && page->deaths_left > 0) {
        page->deaths_left--;
        raise(SIGKILL);
    }
    page->count++;
    page->inside = 0;
    if (trine_lock_release(page->lock))
        trine_atomic_add_i64(&page->wrong, 1);
}

static void a_dead_holder_keeps_nobody_waiting(void)
{
    trine_array *array;
    shared_page *page;
    trine_team *team = open_page("pool:4", &array, &page);
    for (int deaths = 1; deaths < 4; deaths++) {
        page->count = page->recovered = 0;
        page->deaths_left = deaths;
        make_steps(team, page, deadly_step, STEPS);
        CU_ASSERT_EQUAL(page->deaths_left, 0);
        CU_ASSERT_EQUAL(page->recovered, deaths);
        CU_ASSERT_EQUAL(page->wrong, 0);
        /* The chunks of the dead are begun again. */
        CU_ASSERT(page->count >= CHUNKS * STEPS);
    }
    close_page(team, array, page);
}

static void a_lock_that_was_recovered_is_whole_again(void)
{
    trine_array *array;
    shared_page *page;
    bool recovered = true;
    trine_team *team = open_page("pool:2", &array, &page);
    page->deaths_left = 1;
    make_steps(team, page, deadly_step, STEPS);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(trine_lock_acquire(page->lock, &recovered), TRINE_OK);
        CU_ASSERT(!recovered);
        CU_ASSERT_EQUAL(trine_lock_release(page->lock), TRINE_OK);
    }
    close_page(team, array, page);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a dead holder keeps nobody waiting", a_dead_holder_keeps_nobody_waiting},
        {"a lock that was recovered is whole again", a_lock_that_was_recovered_is_whole_again},
        CU_TEST_INFO_NULL,
    };
    /* A wait that does not end is a failure. */
    alarm(60);
    trine_init();
    return trine_check_main("deaths with a lock held", tests);
}
