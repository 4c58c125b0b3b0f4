/* number.c - options' numbers are read strictly. */
#include "drivers/harness/number.h"

#include "check.h"

static bool reads(const char *text, uint64_t expected)
{
    uint64_t number = 12345;
    return read_number(text, 0, UINT64_MAX, &number) && number == expected;
}

static void whole_numbers_and_powers_of_1024_are_read(void)
{
    CU_ASSERT_TRUE(reads("0", 0));
    CU_ASSERT_TRUE(reads("1000", 1000));
    CU_ASSERT_TRUE(reads("1K", 1024));
    CU_ASSERT_TRUE(reads("128M", (uint64_t)128 << 20));
    CU_ASSERT_TRUE(reads("1G", (uint64_t)1 << 30));
    CU_ASSERT_TRUE(reads("3Gi", (uint64_t)3 << 30));
    CU_ASSERT_TRUE(reads("2T", (uint64_t)2 << 40));
    CU_ASSERT_TRUE(reads("64k", 64 << 10));
    CU_ASSERT_TRUE(reads("16m", 16 << 20));
    CU_ASSERT_TRUE(reads("1g", (uint64_t)1 << 30));
    CU_ASSERT_TRUE(reads("5gi", (uint64_t)5 << 30));
    CU_ASSERT_TRUE(reads("2t", (uint64_t)2 << 40));
    CU_ASSERT_TRUE(reads("18446744073709551615", UINT64_MAX));
}

static void everything_else_is_refused(void)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "-1",
                                      "+1",
                                      "1.5G",
                                      "1e6",
                                      "0x10",
                                      "1kk",
                                      "1GI",
                                      "1B",
                                      "1GB",
                                      "1GiB",
                                      "G",
                                      "1KK",
                                      "one",
                                      "1G2",
                                      "--",
                                      "99999999999999999999",
                                      "18446744073709551616",
                                      "16777216T",
                                      "16777216t"};
    uint64_t number = 12345;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FALSE(read_number(bad[i], 0, UINT64_MAX, &number));
        CU_ASSERT_EQUAL(number, 12345);
    }
    CU_ASSERT_FALSE(read_number("5", 6, 10, &number));
    CU_ASSERT_FALSE(read_number("11", 6, 10, &number));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"whole numbers and powers of 1024 are read", whole_numbers_and_powers_of_1024_are_read},
        {"everything else is refused", everything_else_is_refused},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("numbers", tests);
}
