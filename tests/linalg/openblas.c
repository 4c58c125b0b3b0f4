/* openblas.c - products by the BLAS that trine loads itself: right, on one thread, by this CPU's
 * kernels, and leaving the process as it was. Each test has a process, and so a library, of its
 * own. */
#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "core/linalg/blas.h"
#include "child.h"
#include "surroundings.h"

/* Four doubles as the least product. */
static trine_status small_product(double c[4])
{
    static const double a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
    return trine_blas_gemm_f64(2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
}

static void a_file_that_is_not_there_is_named_body(void)
{
    double c[] = {1, 2, 3, 4};
    setenv("TRINE_BLAS", "/nonexistent.so", 1);
    for (int times = 0; times < 2; times++) {
        MUST(trine_blas_open() == TRINE_E_ABSENT);
        MUST(strstr(trine_error_detail(), "/nonexistent.so"));
        MUST(strstr(trine_error_detail(), "libopenblas0-pthread"));
        MUST(small_product(c) == TRINE_E_ABSENT);
        MUST(strstr(trine_error_detail(), "/nonexistent.so"));
    }
    MUST(c[0] == 1 && c[1] == 2 && c[2] == 3 && c[3] == 4);
    MUST(!trine_blas_name() && !trine_blas_note());
}
IN_CHILD(NULL, a_file_that_is_not_there_is_named)

static void another_library_is_refused_body(void)
{
    setenv("TRINE_BLAS", "libm.so.6", 1);
    MUST(trine_blas_open() == TRINE_E_ABSENT);
    MUST(strstr(trine_error_detail(), "libm.so.6") && strstr(trine_error_detail(), "cblas_dgemm"));
    MUST(!trine_blas_name());
}
IN_CHILD(NULL, another_library_is_refused)

static const char serial_file[] =
    "/usr/lib/" LIBRARY_ARCHITECTURE "/openblas-serial/libopenblas.so.0";

static void forget_file(void)
{
    unsetenv("TRINE_BLAS");
}

/* By its path: all have one name for the loader. */
static void the_one_without_threads_is_preferred_body(void)
{
    int (*parallel)(void);
    MUST(trine_blas_open() == TRINE_OK);
    void *library = dlopen(serial_file, RTLD_NOW | RTLD_NOLOAD);
    if (access(serial_file, R_OK)) {
        MUST(!library);
        return;
    }
    MUST(library);
    void *symbol = dlsym(library, "openblas_get_parallel");
    MUST(symbol);
    memcpy(&parallel, &symbol, sizeof parallel);
    MUST(parallel() == 0);
    MUST(!trine_blas_note() || !strstr(trine_blas_note(), "the program itself"));
}
IN_CHILD(forget_file, the_one_without_threads_is_preferred)

static void many_threads_wanted(void)
{
    setenv("OPENBLAS_NUM_THREADS", "4", 1);
    setenv("OMP_NUM_THREADS", "4", 1);
}

static void no_thread_starts_and_the_environment_stays_body(void)
{
    double c[4], *x = random_doubles(400 * 400, 1), *y = malloc(400 * 400 * sizeof *y);
    size_t count = 0;
    char **before = environ;
    while (environ[count])
        count++;
    char **copy = malloc((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = strdup(environ[i]);
    int threads = threads_of_process();
    MUST(trine_blas_open() == TRINE_OK);
    MUST(threads_of_process() == threads);
    MUST(trine_blas_gemm_f64(400, 400, 400, 1, x, 400, x, 400, 0, y, 400) == TRINE_OK);
    MUST(small_product(c) == TRINE_OK);
    MUST(threads_of_process() == threads);
    MUST(environ == before && !environ[count]);
    for (size_t i = 0; i < count; i++)
        MUST(strcmp(environ[i], copy[i]) == 0);
}
IN_CHILD(many_threads_wanted, no_thread_starts_and_the_environment_stays)

static void forget_core(void)
{
    unsetenv("OPENBLAS_CORETYPE");
}

static void the_kernels_are_this_cpus_body(void)
{
    MUST(trine_blas_open() == TRINE_OK);
    MUST(strncmp(trine_blas_name(), "OpenBLAS ", 9) == 0);
    if (cpu_has_avx2()) {
        MUST(!strstr(trine_blas_name(), "Prescott"));
        MUST(!trine_blas_note());
    }
}
IN_CHILD(forget_core, the_kernels_are_this_cpus)

static void want_prescott(void)
{
    setenv("OPENBLAS_CORETYPE", "PRESCOTT", 1);
}

static void the_users_core_is_used_and_remarked_on_body(void)
{
    MUST(trine_blas_open() == TRINE_OK);
    /* A library made for one core type does not ask. */
    if (!strstr(trine_blas_name(), "Prescott") || !cpu_has_avx2())
        return;
    MUST(trine_blas_note() != NULL);
    MUST(strstr(trine_blas_note(), "Prescott") && strstr(trine_blas_note(), "OPENBLAS_CORETYPE="));
    const char *core = getenv("OPENBLAS_CORETYPE");
    MUST(core && strcmp(core, "PRESCOTT") == 0);
}
IN_CHILD(want_prescott, the_users_core_is_used_and_remarked_on)

static void a_pool_opens_after_the_library_body(void)
{
    int threads = threads_of_process();
    MUST(trine_blas_open() == TRINE_OK);
    /* A sanitizer has a thread of its own. */
    if (threads > 1)
        return;
    trine_team *team;
    trine_status status = trine_team_open("pool:2", &team);
    MUST(status == TRINE_OK || status == TRINE_E_ABSENT);
    if (status == TRINE_OK)
        MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_pool_opens_after_the_library)

/* One product: what it is given, and both results. Rows are `gap` elements further apart than they
 * are long; gaps hold NaN in a and b, and must stay as they are in c. */
typedef struct {
    size_t m, n, k, gap;
    double alpha, beta;
    bool f32;
} shape;

static double at(const void *x, bool f32, size_t i)
{
    return f32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void put(void *x, bool f32, size_t i, double value)
{
    if (f32)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

/* A rows x columns matrix of random elements. */
static void *matrix(size_t rows, size_t columns, const shape *s, double in_gap, uint64_t seed)
{
    size_t stride = columns + s->gap;
    double *x = random_doubles(rows * stride, seed);
    for (size_t i = 0; i < rows * stride; i++)
        put(x, s->f32, i, i % stride < columns ? x[i] : in_gap);
    return x;
}

static trine_status multiply(const shape *s, const void *a, const void *b, void *c)
{
    size_t lda = s->k + s->gap, ldb = s->n + s->gap, ldc = s->n + s->gap;
    if (s->f32)
        return trine_blas_gemm_f32(s->m, s->n, s->k, (float)s->alpha, a, lda, b, ldb,
                                   (float)s->beta, c, ldc);
    return trine_blas_gemm_f64(s->m, s->n, s->k, s->alpha, a, lda, b, ldb, s->beta, c, ldc);
}

/* Whether c[i][j] is within the bound of the product in long double. before: c as it was. */
static bool element_is_right(const shape *s, const void *a, const void *b, double before, double c,
                             size_t i, size_t j)
{
    long double sum = 0, size = 0;
    size_t lda = s->k + s->gap, ldb = s->n + s->gap;
    for (size_t l = 0; l < s->k; l++) {
        long double term = (long double)at(a, s->f32, i * lda + l) * at(b, s->f32, l * ldb + j);
        sum += term;
        size += fabsl(term);
    }
    double alpha = s->f32 ? (double)(float)s->alpha : s->alpha;
    double beta = s->f32 ? (double)(float)s->beta : s->beta;
    sum = alpha * sum + (beta == 0 ? 0 : (long double)beta * before);
    size = fabs(alpha) * size + (beta == 0 ? 0 : fabsl((long double)beta * before));
    double u = s->f32 ? FLT_EPSILON / 2 : DBL_EPSILON / 2;
    return fabsl(c - sum) <= (long double)(s->k + 3) * u * size;
}

static bool product_is_right(const shape *s)
{
    size_t ldc = s->n + s->gap;
    double *a = matrix(s->m, s->k, s, NAN, 1), *b = matrix(s->k, s->n, s, NAN, 2);
    double *c = matrix(s->m, s->n, s, 42, 3), *before = matrix(s->m, s->n, s, 42, 3);
    /* c is not to be read. */
    for (size_t i = 0; i < s->m * ldc && s->beta == 0; i++)
        if (i % ldc < s->n)
            put(c, s->f32, i, i % 3 ? NAN : INFINITY);
    bool right = multiply(s, a, b, c) == TRINE_OK;
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < ldc; j++) {
            double got = at(c, s->f32, i * ldc + j), was = at(before, s->f32, i * ldc + j);
            right = right && (j < s->n ? element_is_right(s, a, b, was, got, i, j) : got == 42);
        }
    if (!right)
        fprintf(stderr, "\n  %s %zu x %zu x %zu, gap %zu, alpha %g, beta %g, most %zu\n",
                s->f32 ? "f32" : "f64", s->m, s->n, s->k, s->gap, s->alpha, s->beta,
                trine_blas_max);
    free(a);
    free(b);
    free(c);
    free(before);
    return right;
}

static bool products_are_right(const size_t dimensions[][3], size_t count)
{
    static const double scalars[][2] = {{1, 0}, {1, 1}, {-2.5, 0.3}, {0, 0}, {0, 2}, {0.7, -1}};
    bool right = true;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof scalars / sizeof *scalars; j++)
            for (size_t gap = 0; gap <= 7; gap += 7)
                for (int f32 = 0; f32 < 2; f32++) {
                    shape s = {dimensions[i][0], dimensions[i][1], dimensions[i][2], gap,
                               scalars[j][0],    scalars[j][1],    f32 == 1};
                    right = product_is_right(&s) && right;
                }
    return right;
}

static void products_are_within_the_bound_body(void)
{
    /* With the shapes of one row, one column and nothing to sum, and on both sides of where
     * OpenBLAS has kernels for small matrices. */
    static const size_t dimensions[][3] = {
        {1, 1, 1},     {1, 37, 5},      {37, 1, 5},   {3, 5, 7},     {2, 2, 0},
        {0, 5, 3},     {5, 0, 3},       {17, 31, 64}, {64, 64, 1},   {129, 67, 100},
        {99, 101, 97}, {130, 111, 203}, {1, 500, 60}, {25, 13, 1000}};
    MUST(products_are_right(dimensions, sizeof dimensions / sizeof *dimensions));
}
IN_CHILD(NULL, products_are_within_the_bound)

static void products_in_pieces_are_within_the_bound_body(void)
{
    static const size_t dimensions[][3] = {{1, 1, 1},    {6, 5, 7},   {5, 11, 3}, {11, 3, 5},
                                           {3, 5, 11},   {4, 4, 0},   {0, 9, 9},  {9, 0, 9},
                                           {23, 17, 29}, {10, 10, 10}};
    static const size_t most[] = {1, 2, 5, 10, 17};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        trine_blas_max = most[i];
        MUST(products_are_right(dimensions, sizeof dimensions / sizeof *dimensions));
    }
}
IN_CHILD(NULL, products_in_pieces_are_within_the_bound)

static void wrong_arguments_are_named_body(void)
{
    double a[6] = {0}, c[6] = {1, 2, 3, 4, 5, 6};
    float f[6] = {0};
    MUST(trine_blas_gemm_f64(2, 2, 3, 1, a, 2, a, 2, 0, c, 2) == TRINE_E_ARGUMENT);
    MUST(trine_blas_gemm_f64(2, 2, 3, 1, a, 3, a, 1, 0, c, 2) == TRINE_E_ARGUMENT);
    MUST(trine_blas_gemm_f64(2, 2, 3, 1, a, 3, a, 2, 0, c, 1) == TRINE_E_ARGUMENT);
    MUST(strstr(trine_error_detail(), "3, 2 and 1; expected at least 3, 2 and 2"));
    MUST(trine_blas_gemm_f64(2, 2, 3, 1, NULL, 3, a, 2, 0, c, 2) == TRINE_E_ARGUMENT);
    MUST(strstr(trine_error_detail(), "a is NULL"));
    MUST(trine_blas_gemm_f64(2, 2, 3, 1, a, 3, NULL, 2, 0, c, 2) == TRINE_E_ARGUMENT);
    MUST(strstr(trine_error_detail(), "b is NULL"));
    MUST(trine_blas_gemm_f32(2, 2, 3, 1, f, 3, f, 2, 0, NULL, 2) == TRINE_E_ARGUMENT);
    MUST(strstr(trine_error_detail(), "c is NULL"));
    MUST(c[0] == 1 && c[1] == 2 && c[2] == 3 && c[3] == 4);
    MUST(trine_blas_gemm_f64(0, 0, 0, 1, NULL, 0, NULL, 0, 0, NULL, 0) == TRINE_OK);
    MUST(trine_blas_gemm_f64(2, 2, 0, 1, NULL, 0, NULL, 2, 0, c, 2) == TRINE_OK);
    MUST(c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0);
}
IN_CHILD(NULL, wrong_arguments_are_named)

/* Row `row` of a product of s, whose matrices begin `shift` elements after a boundary of 64 bytes;
 * the other rows of a hold `other`. To be freed. */
static void *row_of_product(const shape *s, size_t row, size_t shift, double other)
{
    size_t bytes = s->f32 ? sizeof(float) : sizeof(double), lda = s->k + s->gap;
    size_t ldc = s->n + s->gap, rows = s->m > s->k ? s->m : s->k;
    void *x = random_doubles(s->k, 1), *y = random_doubles(s->k * s->n, 2), *kept = NULL;
    size_t space = ((rows + 1) * (lda + ldc) * bytes / 64 + 2) * 64;
    char *memory[3];
    for (int i = 0; i < 3; i++)
        memory[i] = aligned_alloc(64, space);
    char *a = memory[0] + shift * bytes, *b = memory[1] + shift * bytes, *c = memory[2];
    for (size_t i = 0; i < s->m; i++)
        for (size_t l = 0; l < s->k; l++)
            put(a, s->f32, i * lda + l, i == row ? at(x, false, l) : other);
    for (size_t l = 0; l < s->k; l++)
        for (size_t j = 0; j < s->n; j++)
            put(b, s->f32, l * ldc + j, at(y, false, l * s->n + j));
    c += shift * bytes;
    if (multiply(s, a, b, c) == TRINE_OK && (kept = malloc(s->n * bytes)))
        memcpy(kept, c + row * ldc * bytes, s->n * bytes);
    for (int i = 0; i < 3; i++)
        free(memory[i]);
    free(x);
    free(y);
    return kept;
}

static void a_row_s_bits_depend_on_its_place_alone_body(void)
{
    static const size_t dimensions[][3] = {
        {5, 7, 9}, {96, 101, 211}, {37, 300, 129}, {1, 130, 300}};
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++)
        for (int f32 = 0; f32 < 2; f32++)
            for (size_t row = 0; row < dimensions[i][0]; row += 9) {
                shape s = {dimensions[i][0], dimensions[i][1], dimensions[i][2], 0, 1, 0, f32 == 1};
                void *expected = row_of_product(&s, row, 0, 1), *got;
                for (size_t shift = 1; shift < 12; shift += 3) {
                    s.gap = shift % 4;
                    got = row_of_product(&s, row, shift, shift % 2 ? 0 : NAN);
                    MUST(expected && got);
                    MUST(memcmp(got, expected, s.n * (f32 ? 4 : 8)) == 0);
                    free(got);
                }
                free(expected);
            }
}
IN_CHILD(NULL, a_row_s_bits_depend_on_its_place_alone)

enum { SIDE = 203, CALLS = 20, CALLERS = 4 };

static const double *factor;

/* Many products of one pair; whether all have the same bits, those of c in the end. */
static void *call_often(void *argument)
{
    double *c = argument, *again = malloc(SIDE * SIDE * sizeof *again);
    bool same = true;
    for (int i = 0; i < CALLS; i++) {
        double *to = i ? again : c;
        same = same &&
               !trine_blas_gemm_f64(SIDE, SIDE, SIDE, 1, factor, SIDE, factor, SIDE, 0, to, SIDE);
        same = same && (!i || memcmp(c, again, SIDE * SIDE * sizeof *c) == 0);
    }
    free(again);
    return same ? argument : NULL;
}

static void *nothing(void *argument)
{
    return argument;
}

static void threads_and_processes_get_the_bits_of_one_body(void)
{
    pthread_t callers[CALLERS];
    size_t bytes = SIDE * SIDE * sizeof(double);
    double *c[CALLERS + 1];
    factor = random_doubles(SIDE * SIDE, 5);
    for (int i = 0; i <= CALLERS; i++)
        c[i] = malloc(bytes);
    /* What a sanitizer starts beside the first thread is not counted. */
    MUST(pthread_create(&callers[0], NULL, nothing, NULL) == 0 && !pthread_join(callers[0], NULL));
    int threads = threads_of_process();
    /* The library is opened by all at once. */
    for (int i = 0; i < CALLERS; i++)
        MUST(pthread_create(&callers[i], NULL, call_often, c[i]) == 0);
    for (int i = 0; i < CALLERS; i++) {
        void *same;
        MUST(pthread_join(callers[i], &same) == 0 && same);
    }
    MUST(threads_come_down_to(threads));
    MUST(call_often(c[CALLERS]));
    for (int i = 0; i < CALLERS; i++)
        MUST(memcmp(c[i], c[CALLERS], bytes) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        threads = threads_of_process();
        MUST(call_often(c[0]) && threads_of_process() == threads);
        MUST(memcmp(c[0], c[CALLERS], bytes) == 0);
        _exit(0);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child && status == 0);
}
IN_CHILD(NULL, threads_and_processes_get_the_bits_of_one)

static void open_body(void)
{
    if (trine_blas_open() == TRINE_E_ABSENT) {
        fprintf(stderr, "%s\n", trine_error_detail());
        _exit(77);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a file that is not there is named", a_file_that_is_not_there_is_named},
        {"another library is refused", another_library_is_refused},
        {"the one without threads is preferred", the_one_without_threads_is_preferred},
        {"no thread starts and the environment stays", no_thread_starts_and_the_environment_stays},
        {"the kernels are this CPU's", the_kernels_are_this_cpus},
        {"the user's core is used and remarked on", the_users_core_is_used_and_remarked_on},
        {"a pool opens after the library", a_pool_opens_after_the_library},
        {"products are within the bound", products_are_within_the_bound},
        {"products in pieces are within the bound", products_in_pieces_are_within_the_bound},
        {"wrong arguments are named", wrong_arguments_are_named},
        {"a row's bits depend on its place alone", a_row_s_bits_depend_on_its_place_alone},
        {"threads and processes get the bits of one", threads_and_processes_get_the_bits_of_one},
        CU_TEST_INFO_NULL,
    };
    if (in_child(NULL, open_body) == 77)
        return 77;
    return trine_check_main("gemm", tests);
}
