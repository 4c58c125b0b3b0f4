/* shortage.c SPEC BYTES LEAST - a team's arrays of so many bytes each, until there is no memory for
 * another: that must be an error, after LEAST bytes or more, and once they are freed there is
 * memory again. Exit status 0: so it was. */
#include <stdio.h>
#include <stdlib.h>

#include <trine/trine.h>

enum { MOST = 1 << 16 };

static int fail(const char *what)
{
    printf("FAILED: %s: %s\n", what, trine_error_detail());
    return 1;
}

int main(int argc, char **argv)
{
    static trine_array *x[MOST];
    trine_team *team;
    if (argc != 4 || trine_team_open(argv[1], &team))
        return fail("the team");
    size_t bytes = strtoull(argv[2], NULL, 10), least = strtoull(argv[3], NULL, 10);
    for (int pass = 0; pass < 2; pass++) {
        int made = 0;
        trine_status status = TRINE_OK;
        while (made < MOST && !status) {
            trine_place place = made % 2 ? TRINE_PRIVATE : TRINE_SHARED;
            status = trine_array_create(team, TRINE_U8, bytes, place, &x[made]);
            made += !status;
        }
        printf("pass %d: %d arrays of %zu bytes: %s\n", pass, made, bytes, trine_error_detail());
        fflush(stdout);
        if (status != TRINE_E_MEMORY)
            return fail("another status than TRINE_E_MEMORY");
        if ((size_t)made * bytes < least)
            return fail("refused too early");
        while (made > 0)
            trine_array_free(x[--made]);
    }
    return trine_team_close(team) ? fail("closing") : 0;
}
