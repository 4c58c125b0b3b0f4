/* lookup.c - finding kernels by name: each is found by its own name and type and no other, by many
 * threads at once, and what is found leaves no detail behind. */
#include <pthread.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"

/* Of all names and types, in the order of a thread of its own. */
typedef struct search {
    size_t reversed, found;
    bool right;
} search;

static int64_t count_of(const char *(*name_at)(int64_t))
{
    int64_t n = 0;
    while (name_at(n))
        n++;
    return n;
}

static void *find_reductions(void *context)
{
    search *s = context;
    int64_t names = count_of(trine_reducer_name);
    s->right = true;
    for (int64_t i = 0; i < names; i++) {
        const char *name = trine_reducer_name(s->reversed ? names - 1 - i : i);
        size_t before = s->found;
        for (trine_dtype d = TRINE_F64; d < TRINE_DTYPE_COUNT; d++) {
            const trine_reducer *m = trine_reducer_find(name, d);
            s->found += m != NULL;
            s->right = s->right && (!m || (m->in[0] == d && strcmp(m->name, name) == 0));
            s->right = s->right && m == trine_reducer_find(name, d);
        }
        s->right = s->right && (s->found > before || strcmp(name, "logsumexp") == 0);
    }
    return NULL;
}

/* First of all, so that the threads fill the table. */
static void threads_find_the_same_reductions(void)
{
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    search searches[THREADS] = {{0}};
    for (int i = 0; i < THREADS; i++) {
        searches[i].reversed = (size_t)i % 2;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, find_reductions, &searches[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        CU_ASSERT_TRUE(searches[i].right);
        CU_ASSERT_EQUAL(searches[i].found, searches[0].found);
    }
}

static bool is_map_of(const trine_map *m, const char *name, trine_dtype in, trine_dtype out)
{
    return m->out[0] == out && (m->nin ? m->in[0] : TRINE_DTYPE_NONE) == in &&
           strcmp(m->name, name) == 0;
}

static void every_map_is_found_by_its_types(void)
{
    for (int64_t i = 0; trine_map_name(i); i++) {
        const char *name = trine_map_name(i);
        size_t found = 0;
        for (trine_dtype in = TRINE_DTYPE_NONE; in < TRINE_DTYPE_COUNT; in++)
            for (trine_dtype out = TRINE_F64; out < TRINE_DTYPE_COUNT; out++) {
                const trine_map *m = trine_map_find(name, in, out);
                found += m != NULL;
                CU_ASSERT_TRUE(!m || is_map_of(m, name, in, out));
            }
        CU_ASSERT_TRUE(found > 0);
    }
}

static void a_scan_and_a_reduction_of_one_name_are_two(void)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    CU_ASSERT_EQUAL(trine_scan_operator_find("cumsum", TRINE_F64, &op), TRINE_OK);
    CU_ASSERT_STRING_EQUAL(op.name, "cumsum");
    CU_ASSERT_PTR_NULL(trine_reducer_find("cumsum", TRINE_F64));
    CU_ASSERT_EQUAL(trine_scan_operator_find("sum", TRINE_F64, &op), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(trine_predicate_find("nonzero", TRINE_I8));
    CU_ASSERT_PTR_NULL(trine_predicate_find("nonzero", TRINE_DTYPE_NONE));
    CU_ASSERT_PTR_NULL(trine_predicate_find("sum", TRINE_F64));
    CU_ASSERT_PTR_NULL(trine_reducer_find("", TRINE_F64));
}

/* What an error has said is still there after calls that succeed. */
static void what_is_found_says_nothing(void)
{
    trine_team *team;
    trine_array *x, *y;
    double data[3] = {1, 2, 3}, result;
    int64_t index;
    static const char said[] = "no reduction 'summ' of f64";
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, data, 3, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_I8, 3, TRINE_SHARED, &y), TRINE_OK);
    CU_ASSERT_PTR_NULL(trine_reducer_find("summ", TRINE_F64));
    for (trine_mode mode = TRINE_EXACT; mode <= TRINE_FAST; mode++) {
        CU_ASSERT_EQUAL(trine_sum_f64(x, mode, &result), TRINE_OK);
        CU_ASSERT_EQUAL(result, 6);
        CU_ASSERT_EQUAL(trine_wsum_f64(x, y, mode, &result), TRINE_OK);
        CU_ASSERT_EQUAL(result, 0);
    }
    CU_ASSERT_EQUAL(trine_argmax(x, &index), TRINE_OK);
    CU_ASSERT_EQUAL(index, 2);
    CU_ASSERT_NSTRING_EQUAL(trine_error_detail(), said, strlen(said));
    trine_array_free(x);
    trine_array_free(y);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"threads find the same reductions", threads_find_the_same_reductions},
        {"every map is found by its types", every_map_is_found_by_its_types},
        {"a scan and a reduction of one name are two", a_scan_and_a_reduction_of_one_name_are_two},
        {"what is found says nothing", what_is_found_says_nothing},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("lookup", tests);
}
