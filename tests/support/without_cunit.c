/* without_cunit.c - stands in for the tests that need CUnit, where that is missing. */
#include <stdio.h>

/* What CTest takes for skipped. */
enum { SKIPPED = 77 };

int main(void)
{
    puts("skipped: no CUnit (libcunit1-dev)");
    return SKIPPED;
}
