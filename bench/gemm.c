/* gemm.c SPEC [N [ROUNDS]] - products of N x N doubles on that team against OpenBLAS's own with as
 * many threads as the team has workers in all; and of such a matrix and a vector against the fast
 * sum of the matrix, which reads the same. Prints one JSON object.
 *
 * OpenBLAS runs in a process of its own, forked first, by the kernels that OPENBLAS_CORETYPE names,
 * or else by the best that this CPU has. Rounds alternate; whoever is not measured sleeps. */
#include <dlfcn.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

#include "measure.h"

typedef void dgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            double alpha, const double *a, int lda, const double *b, int ldb,
                            double beta, double *c, int ldc);

/* The process with OpenBLAS: a byte asks for a product, seconds come back. core: its kernels. */
typedef struct peer {
    int ask, answer;
    char core[32];
} peer;

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

static void need_on_all(trine_status status)
{
    if (status == TRINE_OK)
        return;
    fprintf(stderr, "bench_gemm: %s: %s\n", trine_status_name(status), trine_error_detail());
    MPI_Abort(MPI_COMM_WORLD, 3);
}

static int number_in(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static double element(uint64_t i)
{
    return (double)(i * 2654435761u % 1000003) * 1e-6 - 0.5;
}

static const char *best_core(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        return "SKYLAKEX";
    if (__builtin_cpu_supports("avx2"))
        return "HASWELL";
#endif
    return NULL;
}

static double *new_numbers(uint64_t n)
{
    double *x = malloc(n * sizeof *x);
    for (uint64_t i = 0; i < n && x; i++)
        x[i] = element(i);
    return x;
}

/* The other process: products until the pipe ends. */
static void serve(int ask, int answer, int n, const char *threads)
{
    char core[32] = "none", byte;
    setenv("OPENBLAS_NUM_THREADS", threads, 1);
    if (best_core())
        setenv("OPENBLAS_CORETYPE", best_core(), 0);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    dgemm_function *dgemm = NULL;
    const char *(*name)(void) = NULL;
    if (library) {
        *(void **)&dgemm = dlsym(library, "cblas_dgemm");
        *(void **)&name = dlsym(library, "openblas_get_corename");
    }
    if (name)
        snprintf(core, sizeof core, "%s", name());
    if (write(answer, core, sizeof core) != sizeof core || !dgemm)
        _exit(1);
    uint64_t all = (uint64_t)n * (uint64_t)n;
    double *a = new_numbers(all), *b = new_numbers(all), *c = new_numbers(all);
    while (a && b && c && read(ask, &byte, 1) == 1) {
        double began = seconds_now();
        dgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, n, n, 1, a, n, b, n, 0, c, n);
        double took = seconds_now() - began;
        if (write(answer, &took, sizeof took) != sizeof took)
            break;
    }
    _exit(0);
}

static bool start_peer(peer *p, int n, const char *threads)
{
    int down[2], up[2];
    if (pipe(down) || pipe(up))
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        close(down[1]);
        close(up[0]);
        serve(down[0], up[1], n, threads);
    }
    close(down[0]);
    close(up[1]);
    p->ask = down[1];
    p->answer = up[0];
    return pid > 0 && read(p->answer, p->core, sizeof p->core) == sizeof p->core;
}

static double time_peer(const peer *p)
{
    double took = 0;
    if (write(p->ask, "", 1) != 1 || read(p->answer, &took, sizeof took) != sizeof took)
        need_on_all(TRINE_E_SYSTEM);
    return took;
}

/* Ranks wait for each other asleep, so that they leave the CPUs to the peer. */
static void meet(void)
{
    MPI_Request request;
    int done = 0;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    for (MPI_Test(&request, &done, MPI_STATUS_IGNORE); !done;
         MPI_Test(&request, &done, MPI_STATUS_IGNORE))
        usleep(200);
}

static double time_team(const trine_array *a, const trine_array *b, trine_array *c)
{
    double began = seconds_now();
    need_on_all(trine_gemm_f64(1, a, b, 0, c));
    return seconds_now() - began;
}

static double time_gemv(const trine_array *a, const trine_array *x, trine_array *y)
{
    double began = seconds_now();
    need_on_all(trine_gemv_f64(1, a, x, 0, y));
    return seconds_now() - began;
}

static double time_sum(const trine_array *a)
{
    double sum, began = seconds_now();
    need_on_all(trine_sum_f64(a, TRINE_FAST, &sum));
    return seconds_now() - began;
}

static trine_array *new_matrix(trine_team *team, uint64_t n, uint64_t columns)
{
    trine_array *x;
    need_on_all(trine_array_create_2d(team, TRINE_F64, n, columns, TRINE_DISTRIBUTED, &x));
    double *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = element(trine_array_offset(x) + i);
    return x;
}

int main(int argc, char **argv)
{
    const char *spec = argc > 1 ? argv[1] : "omp:2";
    int n = number_in(argc > 2 ? argv[2] : "2048"), rounds = number_in(argc > 3 ? argv[3] : "5");
    const char *launched = getenv("OMPI_COMM_WORLD_RANK"), *colon = strrchr(spec, ':');
    bool first = !launched || number_in(launched) == 0;
    peer p = {.ask = -1};
    if (first && !start_peer(&p, n, colon ? colon + 1 : "1"))
        fprintf(stderr, "bench_gemm: no OpenBLAS to compare with\n");
    trine_init();
    trine_team *team;
    need_on_all(trine_team_open(spec, &team));
    int initialised = 0;
    MPI_Initialized(&initialised);
    uint64_t size = (uint64_t)n;
    trine_array *a = new_matrix(team, size, size), *b = new_matrix(team, size, size);
    trine_array *c = new_matrix(team, size, size);
    trine_array *x = new_matrix(team, size, 1), *y = new_matrix(team, size, 1);
    series own = {0}, theirs = {0}, vector = {0}, sum = {0};
    for (int i = 0; i <= rounds; i++) {
        double peers = first && *p.core ? time_peer(&p) : 0;
        if (initialised)
            meet();
        double teams = time_team(a, b, c);
        if (i > 0) {
            series_add(&own, teams);
            series_add(&theirs, peers);
        }
    }
    double work = 2e-9 * n * n * n, bytes = 8e-9 * n * n;
    trine_ledger l = {TRINE_INIT(trine_ledger)};
    need_on_all(trine_team_ledger(team, &l));
    for (int i = 0; i <= 4 * rounds && i < MAX_ROUNDS; i++) {
        double vectors = time_gemv(a, x, y), sums = time_sum(a);
        if (i > 0) {
            series_add(&vector, vectors);
            series_add(&sum, sums);
        }
    }
    if (first)
        printf("{\"team\": \"%s\", \"n\": %d, \"library\": \"%s\", \"peer_core\": \"%s\", "
               "\"trine_gflops\": %.1f, \"openblas_gflops\": %.1f, \"trine_over_openblas\": %.3f, "
               "\"gemv_gb_per_s\": %.2f, \"gemv_over_sum\": %.3f, \"compute_s\": %.4f, "
               "\"transfer_s\": %.4f, \"wait_s\": %.4f, \"wall_s\": %.4f}\n",
               trine_team_spec(team), n, trine_gemm_library(), p.core, work / series_median(&own),
               work / series_median(&theirs), series_ratio(&theirs, &own),
               bytes / series_median(&vector), series_ratio(&sum, &vector), l.compute,
               l.transfer_in + l.transfer_out, l.wait, l.wall);
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(c);
    trine_array_free(x);
    trine_array_free(y);
    need_on_all(trine_team_close(team));
    return 0;
}
