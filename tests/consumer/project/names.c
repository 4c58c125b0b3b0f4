/* names.c - a program that gives its own functions names that a numeric library might take, and
 * must get its own: exits 0 when it does, and trine its sum. */
#include <trine/trine.h>

static int calls;

/* One function each, which the library must neither define nor call. */
#define OWN(X)                                                                                     \
    X(accumulator_add)                                                                             \
    X(accumulator_clear)                                                                           \
    X(accumulator_merge)                                                                           \
    X(accumulator_bigint)                                                                          \
    X(accumulator_reset)                                                                           \
    X(accumulator_round)                                                                           \
    X(bigint_from_integer)                                                                         \
    X(bigint_from_words)                                                                           \
    X(bigint_quotient)                                                                             \
    X(bigint_root)                                                                                 \
    X(bigint_round)                                                                                \
    X(round_seen)                                                                                  \
    X(seen_special)                                                                                \
    X(wide_add_product)                                                                            \
    X(wide_clear)                                                                                  \
    X(wide_merge)                                                                                  \
    X(wide_merge_accumulator)                                                                      \
    X(wide_bigint)                                                                                 \
    X(wide_reset)                                                                                  \
    X(wide_round)                                                                                  \
    X(reduce)                                                                                      \
    X(run)                                                                                         \
    X(scan)                                                                                        \
    X(sum)                                                                                         \
    X(tree)
#define DEFINE(name)                                                                               \
    void name(void);                                                                               \
    void name(void)                                                                                \
    {                                                                                              \
        calls++;                                                                                   \
    }
OWN(DEFINE)

int main(void)
{
    const double x[] = {1e16, 1, -1e16};
    double sum_of_x = 0;
    trine_team *team;
    trine_array *array;
    if (trine_team_open("serial", &team) || trine_array_wrap_const(team, TRINE_F64, x, 3, &array) ||
        trine_sum_f64(array, TRINE_EXACT, &sum_of_x))
        return 2;
    trine_array_free(array);
    trine_team_close(team);
    int before = calls;
#define CALL(name) name();
    OWN(CALL)
    return sum_of_x == 1 && before == 0 && calls == 25 ? 0 : 1;
}
