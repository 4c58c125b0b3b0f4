/* blocks.c - cutting chunks into blocks. */
#include "core/partition/blocks.h"

#include "check.h"

/* Every block follows the one before it, and together they are the range. */
static bool covers(const trine_blocks *blocks, uint64_t first, uint64_t end)
{
    for (size_t i = 0; i < blocks->count; i++) {
        trine_block block = trine_blocks_get(blocks, i);
        if (block.first != first || block.chunks == 0)
            return false;
        first += block.chunks;
    }
    return first == end;
}

/* A block of 2^level chunks at a multiple of it; only the last of all may be cut short. */
static bool aligned(const trine_blocks *blocks, uint64_t total)
{
    for (size_t i = 0; i < blocks->count; i++) {
        trine_block block = trine_blocks_get(blocks, i);
        uint64_t step = (uint64_t)1 << block.node.level;
        if (block.node.chunk != block.first || block.first % step != 0 || block.chunks > step)
            return false;
        if (block.chunks < step && block.first + block.chunks != total)
            return false;
    }
    return true;
}

static void blocks_cover_every_range_once_in_order(void)
{
    static const int workers[] = {1, 2, 3, 7, 16};
    bool covered = true;
    for (uint64_t total = 0; total <= 70; total++)
        for (uint64_t first = 0; first <= total; first++)
            for (uint64_t end = first; end <= total; end++)
                for (int w = 0; w < 5; w++)
                    for (int kind = 0; kind < 4; kind++) {
                        trine_blocks blocks =
                            trine_blocks_cut(first, end, total, workers[w], kind & 1, kind & 2);
                        covered = covered && covers(&blocks, first, end);
                    }
    CU_ASSERT_TRUE(covered);
}

static void ordered_blocks_are_subtrees(void)
{
    bool subtrees = true;
    for (uint64_t total = 1; total <= 600; total += 7)
        for (uint64_t first = 0; first < total; first += 5)
            for (int workers = 1; workers <= 4; workers++) {
                trine_blocks part =
                    trine_blocks_cut(first, total - first / 2, total, workers, true, 0);
                trine_blocks rest = trine_blocks_cut(first, total, total, workers, true, 0);
                subtrees = subtrees && aligned(&part, total) && aligned(&rest, total);
            }
    CU_ASSERT_TRUE(subtrees);
}

static void ranges_beyond_2_to_the_40_chunks_are_cut(void)
{
    uint64_t total = ((uint64_t)1 << 41) + 12345;
    for (int ordered = 0; ordered <= 1; ordered++) {
        trine_blocks blocks = trine_blocks_cut(77, total - 99, total, 16, ordered, false);
        CU_ASSERT_TRUE(covers(&blocks, 77, total - 99));
        CU_ASSERT_TRUE(blocks.count >= 16 && blocks.count < 4096);
    }
}

static void every_worker_gets_work_when_there_are_chunks_enough(void)
{
    for (int workers = 1; workers <= 16; workers++)
        for (int ordered = 0; ordered <= 1; ordered++) {
            trine_blocks blocks = trine_blocks_cut(0, 16, 16, workers, ordered, false);
            CU_ASSERT_TRUE(blocks.count >= (size_t)workers);
        }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"blocks cover every range once, in order", blocks_cover_every_range_once_in_order},
        {"ordered blocks are subtrees of the canonical tree", ordered_blocks_are_subtrees},
        {"ranges beyond 2^40 chunks are cut", ranges_beyond_2_to_the_40_chunks_are_cut},
        {"every worker gets work when there are chunks enough",
         every_worker_gets_work_when_there_are_chunks_enough},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("blocks", tests);
}
