/* memory.c - memory of this process is zeroed and lies where what is put into it may lie. */
#include "core/system/memory.h"

#include <stdint.h>
#include <string.h>
#include <trine/trine.h>

#include "backends/executors/thread.h"
#include "check.h"
#include "core/team/team.h"

enum { SIZES = 300 };

static bool is_zero(const unsigned char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && bytes[i] == 0)
        i++;
    return i == n;
}

/* Of all sizes, several at a time, so that each address is another. */
static void memory_is_zeroed_and_aligned(void)
{
    static void *memory[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        CU_ASSERT_EQUAL_FATAL(trine_memory_get(i + 1, &memory[i]), TRINE_OK);
        CU_ASSERT_EQUAL((uintptr_t)memory[i] % 128, 0);
        CU_ASSERT_TRUE(is_zero(memory[i], i + 1));
        memset(memory[i], 0xff, i + 1);
    }
    for (size_t i = 0; i < SIZES; i++)
        trine_memory_release(memory[i], i + 1);
}

static void the_worker_of_a_serial_team_is_aligned(void)
{
    trine_team *team[SIZES];
    for (int i = 0; i < SIZES; i++) {
        CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team[i]), TRINE_OK);
        CU_ASSERT_EQUAL((uintptr_t)team[i]->executor.data % _Alignof(trine_thread), 0);
    }
    for (int i = 0; i < SIZES; i++)
        CU_ASSERT_EQUAL(trine_team_close(team[i]), TRINE_OK);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"memory is zeroed and aligned", memory_is_zeroed_and_aligned},
        {"the worker of a serial team is aligned", the_worker_of_a_serial_team_is_aligned},
        CU_TEST_INFO_NULL};
    return trine_check_main("memory", tests);
}
