/* number.c - options' numbers are read strictly. */
#include "drivers/harness/cli/number.h"

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

static void whole_products_of_fractions_and_exponents_are_read(void)
{
    CU_ASSERT_TRUE(reads("1e9", 1000000000));
    CU_ASSERT_TRUE(reads("2.5e6", 2500000));
    CU_ASSERT_TRUE(reads("1.5G", (uint64_t)3 << 29));
    CU_ASSERT_TRUE(reads("0.5K", 512));
    CU_ASSERT_TRUE(reads("1E3", 1000));
    CU_ASSERT_TRUE(reads("1e+3K", 1024000));
    CU_ASSERT_TRUE(reads("1000e-3", 1));
    CU_ASSERT_TRUE(reads("1.50e1", 15));
    CU_ASSERT_TRUE(reads("0e99999999999", 0));
    CU_ASSERT_TRUE(reads("0e-99999999999", 0));
    CU_ASSERT_TRUE(reads("1.8446744073709551615e19", UINT64_MAX));
}

static void units_with_a_B_say_which_thousand_they_mean(void)
{
    CU_ASSERT_TRUE(reads("1kB", 1000));
    CU_ASSERT_TRUE(reads("1KB", 1000));
    CU_ASSERT_TRUE(reads("3MB", 3000000));
    CU_ASSERT_TRUE(reads("1.5GB", 1500000000));
    CU_ASSERT_TRUE(reads("2TB", 2000000000000));
    CU_ASSERT_TRUE(reads("1KiB", 1024));
    CU_ASSERT_TRUE(reads("64MiB", 64 << 20));
    CU_ASSERT_TRUE(reads("1.5GiB", (uint64_t)3 << 29));
    CU_ASSERT_TRUE(reads("2TiB", (uint64_t)2 << 40));
}

static void everything_else_is_refused(void)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "-1",
                                      "+1",
                                      "-1K",
                                      "1.5",
                                      "1.5e0",
                                      "0.3K",
                                      "0.0001k",
                                      "1e-1",
                                      "1.",
                                      ".5K",
                                      "1..5K",
                                      "1,5K",
                                      "1e",
                                      "1e+",
                                      "1e1.5",
                                      "e9",
                                      "inf",
                                      "nan",
                                      "0x10",
                                      "1kk",
                                      "1GI",
                                      "1B",
                                      "1b",
                                      "1gb",
                                      "1kb",
                                      "1gB",
                                      "1gib",
                                      "1kiB",
                                      "1GBB",
                                      "1EB",
                                      "1P",
                                      "1 K",
                                      "G",
                                      "GB",
                                      "1KK",
                                      "one",
                                      "1G2",
                                      "--",
                                      "99999999999999999999",
                                      "18446744073709551616",
                                      "16777216T",
                                      "16777216t",
                                      "1e20",
                                      "2e19",
                                      "1e99999999999",
                                      "1.8446744073709551616e19",
                                      "18446744.1TB"};
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
        {"whole products of fractions and exponents are read",
         whole_products_of_fractions_and_exponents_are_read},
        {"units with a B say which thousand they mean",
         units_with_a_B_say_which_thousand_they_mean},
        {"everything else is refused", everything_else_is_refused},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("numbers", tests);
}
