/* backends/linalg_openblas.c - OpenBLAS behind core/linalg/blas.h, the only file that knows it.
 *
 * Loading, once a process:
 *   1. An OpenBLAS that the program has loaded is used: a second one would bind to the symbols of
 *      the first.
 *   2. Otherwise one is looked for, and first the one that Debian makes without threads, but with
 *      locks for several callers: it starts no thread, and has no number of threads to be set.
 *   3. It is loaded in an environment of its own: OPENBLAS_NUM_THREADS=1, so that it starts no
 *      thread, and OPENBLAS_CORETYPE, when the user has not set it, by what this CPU can do. An
 *      OpenBLAS that is older than the CPU does not find the CPU in its table and takes the
 *      kernels of a Prescott (SSE3), which cost several times the speed. It is always set, since
 *      whether the table has the CPU shows only after the load; and so every CPU with AVX-512
 *      runs the same kernels and gives the same bits. A core type that the library was built
 *      without is passed over by it.
 *   4. The environment is another array of pointers meanwhile, not setenv: no thread that reads the
 *      old one can see it move.
 *
 * A product: the number of threads of the whole library is set to 1 by the first caller that finds
 * more, and restored by the last to leave. An OpenBLAS made with OpenMP instead asks OpenMP, thread
 * by thread.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/linalg/blas.h"
#include "core/system/error.h"
#include "core/system/environment.h"
#include "core/system/util.h"

/* Of CBLAS. The row-major product is asked for as the column-major one of the transposes, which has
 * no kernels of its own for some alpha and beta. */
enum { COLUMN_MAJOR = 102, NO_TRANSPOSE = 111 };

/* What openblas_get_parallel says. */
enum { PARALLEL_OPENMP = 2 };

/* Debian's libopenblas0-serial, which the loader finds at no other name when there is another
 * OpenBLAS beside it; and whatever the loader finds. */
static const char *const files[] = {
#ifdef TRINE_LIBRARY_ARCHITECTURE
    "/usr/lib/" TRINE_LIBRARY_ARCHITECTURE "/openblas-serial/libopenblas.so.0",
#endif
    "libopenblas.so.0"};
enum { FILES = sizeof files / sizeof *files };

size_t trine_blas_max = (size_t)1 << 30;

/* X(result, member, symbol, parameters): what is called. */
#define FUNCTIONS(X)                                                                               \
    X(void, dgemm, "cblas_dgemm",                                                                  \
      (int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha,             \
       const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc))       \
    X(void, sgemm, "cblas_sgemm",                                                                  \
      (int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,              \
       const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc))           \
    X(const char *, config, "openblas_get_config", (void))                                         \
    X(const char *, core, "openblas_get_corename", (void))                                         \
    X(int, parallel, "openblas_get_parallel", (void))                                              \
    X(int, threads, "openblas_get_num_threads", (void))                                            \
    X(void, set_threads, "openblas_set_num_threads", (int threads))

static struct {
#define MEMBER(result, member, symbol, parameters) result(*member) parameters;
    FUNCTIONS(MEMBER)
#undef MEMBER
    /* OpenMP's, when the library was made with it; else NULL. */
    int (*openmp_threads)(void);
    void (*openmp_set_threads)(int threads);
    char name[96], note[TRINE_DETAIL_SIZE];
    trine_status status;
    char failure[TRINE_DETAIL_SIZE];
    /* Of the load; kept, since a thread may be reading it that asked for a variable meanwhile, and
     * volatile, so that a leak checker finds it here. */
    char **volatile environment;
} blas;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The callers now in the library, and the number of threads to go back to: 0 for as it is. */
static struct {
    pthread_mutex_t mutex;
    int callers, before;
} limit = {PTHREAD_MUTEX_INITIALIZER, 0, 0};

/* The core type with the widest kernels that this CPU runs; NULL for whatever the library finds. */
static const char *cpu_core(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SKYLAKEX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "HASWELL";
#endif
    return NULL;
}

/* Whether kernels of that core type are narrower than those of `best`. */
static bool is_narrow(const char *core, const char *best)
{
    /* Neither AVX2 nor FMA but in the last two, which lack AVX-512. */
    static const char *const cores[] = {
        "Unknown",    "Generic",     "Katmai",    "Coppermine", "Northwood",
        "Prescott",   "Banias",      "Atom",      "Core2",      "Penryn",
        "Dunnington", "Nehalem",     "Athlon",    "Opteron",    "Opteron_SSE3",
        "Barcelona",  "Sandybridge", "Bobcat",    "Nano",       "Bulldozer",
        "Piledriver", "Steamroller", "Excavator", "Haswell",    "Zen"};
    size_t count = sizeof cores / sizeof *cores;
    if (strcmp(best, "SKYLAKEX") != 0)
        count -= 2;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(core, cores[i]) == 0)
            return true;
    return false;
}

__attribute__((format(printf, 2, 3))) static void fail(trine_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(blas.failure, sizeof blas.failure, format, arguments);
    va_end(arguments);
    blas.status = status;
}

/* A new array: the settings, then what of the environment they do not replace. */
static char **environment_with(char *const settings[], size_t count)
{
    size_t n = 0, kept = count;
    while (environ && environ[n])
        n++;
    char **changed = malloc((n + count + 1) * sizeof *changed);
    if (!changed)
        return NULL;
    memcpy(changed, settings, count * sizeof *changed);
    for (size_t i = 0; i < n; i++) {
        bool replaced = false;
        for (size_t j = 0; j < count && !replaced; j++)
            replaced = strncmp(environ[i], settings[j], strcspn(settings[j], "=") + 1) == 0;
        if (!replaced)
            changed[kept++] = environ[i];
    }
    changed[kept] = NULL;
    return changed;
}

/* Loads the first of the files that is there in its own environment; NULL with blas.status on
 * failure. */
static void *load(const char *const file[], int count)
{
    static char threads[] = "OPENBLAS_NUM_THREADS=1", core[48];
    char *settings[] = {threads, core};
    const char *wanted = trine_environment("OPENBLAS_CORETYPE") ? NULL : cpu_core();
    if (wanted)
        snprintf(core, sizeof core, "OPENBLAS_CORETYPE=%s", wanted);
    char **changed = environment_with(settings, wanted ? 2 : 1);
    blas.environment = changed;
    if (!changed) {
        fail(TRINE_E_MEMORY, "BLAS: no memory to load %s", file[count - 1]);
        return NULL;
    }
    char **before = environ;
    environ = changed;
    void *library = NULL;
    for (int i = 0; i < count && !library; i++)
        library = dlopen(file[i], RTLD_NOW | RTLD_LOCAL);
    environ = before;
    if (!library)
        fail(TRINE_E_ABSENT,
             "BLAS: %s; OpenBLAS is in Debian's libopenblas0-serial and libopenblas0-pthread, or "
             "else name its file in TRINE_BLAS",
             dlerror());
    return library;
}

/* The OpenBLAS that the program has loaded itself; NULL for none. */
static void *find_loaded(const char *const file[], int count)
{
    Dl_info where;
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_corename"), *library = NULL;
    for (int i = 0; i < count && !symbol && !library; i++)
        library = dlopen(file[i], RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (!symbol)
        return library;
    if (dladdr(symbol, &where) && where.dli_fname)
        library = dlopen(where.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    /* Linked into the program's own file. */
    return library ? library : dlopen(NULL, RTLD_NOW);
}

static bool find_functions(void *library, const char *file)
{
    const char *missing = NULL;
    void *symbol;
#define FIND(result, member, name, parameters)                                                     \
    symbol = dlsym(library, name);                                                                 \
    missing = symbol || missing ? missing : name;                                                  \
    memcpy(&blas.member, &symbol, sizeof symbol);
    FUNCTIONS(FIND)
#undef FIND
    if (missing) {
        fail(TRINE_E_ABSENT, "BLAS: %s is no OpenBLAS that trine can use: it has no %s", file,
             missing);
        return false;
    }
    if (strstr(blas.config(), "USE64BITINT")) {
        fail(TRINE_E_ABSENT, "BLAS: %s takes integers of 64 bits, and trine gives it 32", file);
        return false;
    }
    if (blas.parallel() == PARALLEL_OPENMP) {
        void *get = dlsym(library, "omp_get_max_threads");
        void *set = dlsym(library, "omp_set_num_threads");
        if (get && set) {
            memcpy(&blas.openmp_threads, &get, sizeof get);
            memcpy(&blas.openmp_set_threads, &set, sizeof set);
        }
    }
    return true;
}

/* Appends to the note; it has space for all that there is to say. */
__attribute__((format(printf, 1, 2))) static void add_note(const char *format, ...)
{
    size_t used = strlen(blas.note);
    va_list arguments;
    va_start(arguments, format);
    if (used)
        used += (size_t)snprintf(blas.note + used, sizeof blas.note - used, "; ");
    vsnprintf(blas.note + used, sizeof blas.note - used, format, arguments);
    va_end(arguments);
}

static void describe(bool by_program, const char *asked)
{
    const char *config = blas.config(), *core = blas.core(), *best = cpu_core();
    char version[32] = "";
    sscanf(config, "OpenBLAS %31s", version);
    snprintf(blas.name, sizeof blas.name, "OpenBLAS%s%s %s", *version ? " " : "", version, core);
    if (best && is_narrow(core, best)) {
        if (strstr(config, "DYNAMIC_ARCH"))
            add_note("it runs %s kernels, at a fraction of this CPU's speed; export "
                     "OPENBLAS_CORETYPE=%s before the program starts",
                     core, best);
        else
            add_note("it has %s kernels alone, at a fraction of this CPU's speed; use an OpenBLAS "
                     "made with DYNAMIC_ARCH",
                     core);
    }
    if (by_program)
        add_note("the program itself has loaded it, with %d threads; a product of trine uses one",
                 blas.threads());
    if (by_program && asked)
        add_note("TRINE_BLAS is not followed, since the program has loaded an OpenBLAS itself");
}

static void open_once(void)
{
    const char *asked = trine_environment("TRINE_BLAS");
    if (asked && !*asked)
        asked = NULL;
    const char *const *file = asked ? &asked : files;
    int count = asked ? 1 : FILES;
    void *library = find_loaded(file, count);
    bool by_program = library != NULL;
    if (!library)
        library = load(file, count);
    if (!library)
        return;
    if (find_functions(library, file[count - 1]))
        describe(by_program, asked);
    else
        dlclose(library);
}

trine_status trine_blas_open(void)
{
    pthread_once(&once, open_once);
    return blas.status ? trine_fail(blas.status, "%s", blas.failure) : TRINE_OK;
}

const char *trine_blas_name(void)
{
    return *blas.name ? blas.name : NULL;
}

const char *trine_blas_note(void)
{
    return *blas.note ? blas.note : NULL;
}

/* Makes the library use one thread for the caller; what to hand to leave(). */
static int enter(void)
{
    if (blas.openmp_threads) {
        int before = blas.openmp_threads();
        if (before > 1)
            blas.openmp_set_threads(1);
        return before;
    }
    pthread_mutex_lock(&limit.mutex);
    int threads = blas.threads();
    if (threads > 1) {
        limit.before = threads;
        blas.set_threads(1);
    }
    limit.callers++;
    pthread_mutex_unlock(&limit.mutex);
    return 0;
}

static void leave(int before)
{
    if (blas.openmp_threads) {
        if (before > 1)
            blas.openmp_set_threads(before);
        return;
    }
    pthread_mutex_lock(&limit.mutex);
    if (--limit.callers == 0 && limit.before) {
        /* Unless somebody has set another number meanwhile. */
        if (blas.threads() == 1)
            blas.set_threads(limit.before);
        limit.before = 0;
    }
    pthread_mutex_unlock(&limit.mutex);
}

/* A product, or a piece of one. size: of an element. */
typedef struct {
    size_t size, m, n, k;
    double alpha, beta;
    const char *a, *b;
    char *c;
    size_t lda, ldb, ldc;
} product;

static trine_status check(const product *p)
{
    if (p->lda < p->k || p->ldb < p->n || p->ldc < p->n)
        return trine_fail(TRINE_E_ARGUMENT,
                          "product of %zu x %zu by %zu x %zu: leading dimensions are %zu, %zu and "
                          "%zu; expected at least %zu, %zu and %zu",
                          p->m, p->k, p->k, p->n, p->lda, p->ldb, p->ldc, p->k, p->n, p->n);
    if ((!p->a && p->m && p->k) || (!p->b && p->k && p->n) || (!p->c && p->m && p->n))
        return trine_fail(TRINE_E_ARGUMENT, "product of %zu x %zu by %zu x %zu: %s is NULL", p->m,
                          p->k, p->k, p->n,
                          !p->c   ? "c"
                          : !p->a ? "a"
                                  : "b");
    return TRINE_OK;
}

/* Every number of p fits int. */
static void multiply(const product *p)
{
    int m = (int)p->m, n = (int)p->n, k = (int)p->k;
    int lda = p->lda ? (int)p->lda : 1, ldb = (int)p->ldb, ldc = (int)p->ldc;
    if (p->size == sizeof(double))
        blas.dgemm(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, m, k, p->alpha, (const void *)p->b,
                   ldb, (const void *)p->a, lda, p->beta, (void *)p->c, ldc);
    else
        blas.sgemm(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, m, k, (float)p->alpha,
                   (const void *)p->b, ldb, (const void *)p->a, lda, (float)p->beta, (void *)p->c,
                   ldc);
}

/* The piece of p at row i and column j of c, over the elements of k from l. A matrix whose leading
 * dimension is too large for the library goes row by row, where it says nothing. */
static product piece_of(const product *p, size_t i, size_t j, size_t l)
{
    size_t most = trine_blas_max;
    product piece = *p;
    piece.m = trine_min(p->m - i, p->lda > most || p->ldc > most ? 1 : most);
    piece.n = trine_min(p->n - j, most);
    piece.k = trine_min(p->k - l, p->ldb > most ? 1 : most);
    piece.a = p->a ? p->a + (i * p->lda + l) * p->size : NULL;
    piece.b = p->b ? p->b + (l * p->ldb + j) * p->size : NULL;
    piece.c = p->c + (i * p->ldc + j) * p->size;
    piece.lda = p->lda > most ? piece.k : p->lda;
    piece.ldb = p->ldb > most ? piece.n : p->ldb;
    piece.ldc = p->ldc > most ? piece.n : p->ldc;
    piece.beta = l ? 1 : p->beta;
    return piece;
}

static trine_status gemm(const product *p)
{
    trine_status status = trine_blas_open();
    if (status || (status = check(p)))
        return status;
    product piece = *p;
    int before = enter();
    for (size_t i = 0; i < p->m; i += piece.m)
        for (size_t j = 0; j < p->n; j += piece.n) {
            size_t l = 0;
            do {
                piece = piece_of(p, i, j, l);
                multiply(&piece);
                l += piece.k;
            } while (l < p->k);
        }
    leave(before);
    return TRINE_OK;
}

trine_status trine_blas_gemm_f64(size_t m, size_t n, size_t k, double alpha, const double *a,
                                 size_t lda, const double *b, size_t ldb, double beta, double *c,
                                 size_t ldc)
{
    product p = {sizeof(double),  m,         n,   k,   alpha, beta, (const char *)a,
                 (const char *)b, (char *)c, lda, ldb, ldc};
    return gemm(&p);
}

trine_status trine_blas_gemm_f32(size_t m, size_t n, size_t k, float alpha, const float *a,
                                 size_t lda, const float *b, size_t ldb, float beta, float *c,
                                 size_t ldc)
{
    product p = {sizeof(float),   m,         n,   k,   alpha, beta, (const char *)a,
                 (const char *)b, (char *)c, lda, ldb, ldc};
    return gemm(&p);
}
