/* philox.c - the drivers' random words are those of the paper. */
#include "drivers/harness/data/philox.h"

#include <string.h>

#include "check.h"

/* The known answers that come with Random123, of its authors. */
static void known_answers(void)
{
    static const struct {
        philox_words counter;
        uint64_t key;
        philox_words words;
    } known[] = {
        {{{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
        {{{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}},
         UINT64_MAX,
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
        {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
         0x299f31d0a4093822,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        philox_words words = philox(known[i].counter, known[i].key);
        CU_ASSERT_EQUAL(memcmp(&words, &known[i].words, sizeof words), 0);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"known answers", known_answers}, CU_TEST_INFO_NULL};
    return trine_check_main("philox", tests);
}
