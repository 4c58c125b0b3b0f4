/* refusals.c - what one rank refuses is refused by all: nobody waits, all get its status and a
 * detail that names it, outputs stay as they were, and the team works on. Every exported function
 * that is Collective, every argument, every rank: NULL, another type, another length, an array of
 * another team, numbers out of range, and memory that is short at each allocation.
 */
#include "calls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpi.h>

#include "backends/mpi/mpi_data.h"
#include "core/team/team.h"
#include "failing_mpi.h"
#include "short_memory.h"

enum { PATTERN = 0x5a, TEAMS = 3, MAX_ARRAYS = 4096, PATIENCE = 30, MAX_ALLOCATIONS = 60 };

/* The team of the calls; one rank's own; another one of all ranks. */
static trine_team *teams[TEAMS];
static int rank, size, failures;

/* Of the arrays: DISTRIBUTED, or SHARED, which are blocks that the caller cut. */
static trine_place place = TRINE_DISTRIBUTED;
static long cases;
static char what[256];

/* The arrays that there are. number: tells those of one call apart. What calls write is kept apart
 * from what they read, which is all ones: no function refuses those. */
static struct made_array {
    int team, number;
    trine_dtype dtype;
    shape shape;
    bool written, longer;
    trine_array *array;
} arrays[MAX_ARRAYS];
static int array_count;

static const struct {
    uint64_t rows, columns;
} shapes[SHAPES] = {
    [VECTOR] = {8200, 1},   [MATRIX_A] = {64, 200}, [MATRIX_B] = {200, 64}, [MATRIX_C] = {64, 64},
    [TURNED_A] = {200, 64}, [VECTOR_K] = {200, 1},  [VECTOR_M] = {64, 1}};

static void too_long(int signal)
{
    static const char text[] = "  still waiting: ";
    (void)signal;
    ssize_t some = write(1, text, sizeof text - 1);
    some = write(1, what, strlen(what));
    some = write(1, "\n", 1);
    (void)some;
    _exit(3);
}

static void complain(const char *problem, trine_status status)
{
    if (failures++ < 20)
        printf("  rank %d: %s: %s: %s: %s\n", rank, what, problem, trine_status_name(status),
               status ? trine_error_detail() : "");
}

static void set_all(const trine_array *x, int byte)
{
    size_t bytes = trine_array_local_n(x) * trine_dtype_size(trine_array_dtype(x));
    if (bytes > 0)
        memset(trine_array_data(x), byte, bytes);
}

#define SET_ONES(constant, suffix, type, name)                                                     \
    for (int64_t i = 0; trine_array_dtype(x) == constant && i < trine_array_local_n(x); i++)       \
        ((type *)trine_array_data(x))[i] = 1;

static void set_ones(const trine_array *x)
{
    TRINE_DTYPES(SET_ONES)
}

static bool all_are(const unsigned char *bytes, size_t n, int byte)
{
    return n == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, n - 1) == 0);
}

/* Collective, but for what is there already. */
static trine_array *array_of(int team, const argument *a, int number, trine_dtype dtype,
                             bool longer)
{
    for (int i = 0; i < array_count; i++) {
        const struct made_array *m = &arrays[i];
        if (m->team == team && m->number == number && m->dtype == dtype && m->shape == a->shape &&
            m->written == a->written && m->longer == longer)
            return m->array;
    }
    trine_array *x = NULL;
    trine_status status =
        array_count == MAX_ARRAYS
            ? TRINE_E_MEMORY
            : trine_array_create_2d(teams[team], dtype, shapes[a->shape].rows + longer,
                                    shapes[a->shape].columns, place, &x);
    if (status) {
        printf("no array: %s\n", trine_error_detail());
        exit(1);
    }
    set_ones(x);
    arrays[array_count++] =
        (struct made_array){team, number, dtype, a->shape, a->written, longer, x};
    return x;
}

/* A type that a function of that type does not take. */
static trine_dtype wrong_type(trine_dtype dtype)
{
    bool is_unsigned =
        dtype == TRINE_U64 || dtype == TRINE_U32 || dtype == TRINE_U16 || dtype == TRINE_U8;
    return is_unsigned ? TRINE_I8 : TRINE_U8;
}

static int count_arguments(const entry *e)
{
    int n = 0;
    while (n < MAX_ARGUMENTS && e->argument[n].kind != NONE)
        n++;
    return n;
}

static void good_values(const entry *e, value v[])
{
    for (int i = 0; i < count_arguments(e); i++) {
        const argument *a = &e->argument[i];
        v[i] = a->good;
        if (a->kind == ARRAY)
            v[i].array = array_of(0, a, i, a->dtype, false);
    }
}

/* What a call may write, to a pattern; whether it still is. */
static void prepare(const entry *e, const value v[])
{
    made = NULL;
    memset(result, PATTERN, sizeof result);
    for (int i = 0; i < count_arguments(e); i++)
        if (e->argument[i].written && v[i].array)
            set_all(v[i].array, PATTERN);
}

static bool untouched(const entry *e, const value v[])
{
    bool as_it_was = made == NULL && all_are(result, sizeof result, PATTERN);
    for (int i = 0; i < count_arguments(e); i++) {
        const trine_array *x = v[i].array;
        if (e->argument[i].written && x)
            as_it_was =
                as_it_was &&
                all_are(trine_array_data(x),
                        trine_array_local_n(x) * trine_dtype_size(trine_array_dtype(x)), PATTERN);
    }
    return as_it_was;
}

/* Whether all ranks have that number. */
static bool alike(int number)
{
    int all[2] = {number, -number}, least[2];
    MPI_Allreduce(all, least, 2, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return least[0] == -least[1];
}

static trine_status make_call(const entry *e, const value v[])
{
    alarm(PATIENCE);
    cases++;
    return e->call(v);
}

static void works(const entry *e)
{
    value v[MAX_ARGUMENTS];
    good_values(e, v);
    prepare(e, v);
    snprintf(what, sizeof what, "%s as it should be", e->name);
    trine_status status = make_call(e, v);
    if (!alike((int)status) || status)
        complain("a good call", status);
}

/* One rank's values are v, the others' are good. */
static void refused_by_all(const entry *e, int refuser, const value v[], const char *bad)
{
    snprintf(what, sizeof what, "%s, rank %d: %s", e->name, refuser, bad);
    value good[MAX_ARGUMENTS];
    good_values(e, good);
    const value *own = rank == refuser ? v : good;
    prepare(e, own);
    trine_status status = make_call(e, own);
    char names[32];
    snprintf(names, sizeof names, "rank %d", refuser);
    if (!alike((int)status))
        complain("not all got the same", status);
    else if (!status)
        complain("it was not refused", status);
    else if (!strstr(trine_error_detail(), status == TRINE_E_COLLECTIVE ? "rank" : names))
        complain("the detail does not name the rank", status);
    else if (!untouched(e, own))
        complain("an output was touched", status);
    works(e);
}

static void bad_array(const entry *e, int i, int refuser, trine_array *x, const char *how)
{
    value v[MAX_ARGUMENTS];
    char bad[64];
    good_values(e, v);
    v[i].array = x;
    snprintf(bad, sizeof bad, "argument %d is %s", i + 1, how);
    refused_by_all(e, refuser, v, bad);
}

static bool takes_any(const entry *e, const argument *a)
{
    return a->any || strstr(e->name, "trine_mean_") || strstr(e->name, "trine_nanmean_") ||
           strstr(e->name, "trine_wsum_f64") || strstr(e->name, "trine_wmean_f64");
}

static void bad_arrays(const entry *e, int i, int refuser, int array_arguments)
{
    const argument *a = &e->argument[i];
    trine_array *wrong = array_of(0, a, i, wrong_type(a->dtype), false);
    trine_array *longer = array_of(0, a, i, a->dtype, true);
    trine_array *own = array_of(1, a, i, a->dtype, false);
    trine_array *foreign = array_of(2, a, i, a->dtype, false);
    works(e);
    bad_array(e, i, refuser, NULL, "NULL");
    /* Blocks may be of any length, if they are alike. */
    if (place == TRINE_DISTRIBUTED || array_arguments > 1)
        bad_array(e, i, refuser, longer, "longer");
    if (!takes_any(e, a))
        bad_array(e, i, refuser, wrong, "of another type");
    /* Of one array alone nobody can know that it is the wrong one. */
    if (array_arguments > 1) {
        bad_array(e, i, refuser, own, "of a team of one rank");
        bad_array(e, i, refuser, foreign, "of another team of all ranks");
    }
}

static void bad_others(const entry *e, int i, int refuser)
{
    const argument *a = &e->argument[i];
    for (int b = 0; b < a->bads && (!a->root || refuser == 0); b++) {
        value v[MAX_ARGUMENTS];
        char bad[64];
        good_values(e, v);
        v[i] = a->bad[b];
        snprintf(bad, sizeof bad, "argument %d is bad (%d)", i + 1, b);
        refused_by_all(e, refuser, v, bad);
    }
}

/* Takes from the team what it keeps for its next call, so that this allocates as the first does. */
static void forget_memory(trine_team *team)
{
    trine_mpi_data *data = team->communicator.data;
    if (team->arena)
        team->executor.ops.free(&team->executor, team->arena, team->arena_size);
    team->arena = NULL;
    team->arena_size = 0;
    free(data->join.memory);
    free(data->window.memory);
    data->join = data->window = (trine_mpi_buffer){NULL, 0};
}

/* At the first allocation, the second, ... until the call has no more. */
static void short_memory(const entry *e, int refuser)
{
    char names[sizeof "rank -2147483648"];
    snprintf(names, sizeof names, "rank %d", refuser);
    for (int k = 1;; k++) {
        value v[MAX_ARGUMENTS];
        int fired;
        good_values(e, v);
        prepare(e, v);
        forget_memory(teams[0]);
        snprintf(what, sizeof what, "%s, rank %d: no memory at allocation %d", e->name, refuser, k);
        refuse_allocation(rank == refuser ? k : 0);
        trine_status status = make_call(e, v);
        fired = allocation_refused();
        refuse_allocation(0);
        if (!alike((int)status))
            complain("not all got the same", status);
        else if (status && !strstr(trine_error_detail(), names))
            complain("the detail does not name the rank", status);
        else if (status && !untouched(e, v))
            complain("an output was touched", status);
        MPI_Bcast(&fired, 1, MPI_INT, refuser, MPI_COMM_WORLD);
        /* A message that a queue does not need when it closes may be lost. */
        if (fired && !status && !strstr(e->name, "task"))
            complain("nobody said so", status);
        if (!fired || k == MAX_ALLOCATIONS)
            break;
    }
    works(e);
}

/* The failure of MPI that one rank alone saw: others learn of it in that call or in their next. */
static void failing_mpi(const entry *e, int refuser)
{
    value v[MAX_ARGUMENTS];
    good_values(e, v);
    snprintf(what, sizeof what, "%s, counting", e->name);
    fail_mpi(0);
    (void)make_call(e, v);
    int n = mpi_calls();
    PMPI_Bcast(&n, 1, MPI_INT, refuser, MPI_COMM_WORLD);
    for (int k = 1; k <= n; k++) {
        trine_array *next = NULL;
        snprintf(what, sizeof what, "%s, rank %d: MPI fails at its call %d of %d", e->name, refuser,
                 k, n);
        fail_mpi(rank == refuser ? k : 0);
        trine_status status = make_call(e, v);
        fail_mpi(0);
        if (!status && rank != refuser)
            status = trine_array_create(teams[0], TRINE_F64, 10, TRINE_DISTRIBUTED, &next);
        if (status != TRINE_E_MPI)
            complain("expected TRINE_E_MPI", status);
        trine_array_free(next);
    }
    works(e);
}

/* What takes no blocks on several ranks; or whose shapes here make no whole when all ranks have
 * them. */
static bool needs_distributed(const entry *e)
{
    static const char *const names[] = {"sort",     "gemm",         "gemv",
                                        "linspace", "array_gather", "transpose"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(e->name, names[i]))
            return true;
    return false;
}

/* What goes on among the ranks once it is open: a rank that MPI failed is not in it. */
static bool opens(const entry *e)
{
    return strstr(e->name, "task") || strstr(e->name, "team") || strstr(e->name, "counter");
}

/* What ranks of several workers each do not have: a counter; a window that a pool's processes
 * address. */
static bool needs_single_workers(const entry *e)
{
    return strstr(e->name, "counter") ||
           (strstr(e->name, "scatter") && e->argument[5].good.integer == TRINE_TRANSPORT_WINDOW);
}

static void try_entry(const entry *e)
{
    int n = count_arguments(e), array_arguments = 0;
    for (int i = 0; i < n; i++)
        array_arguments += e->argument[i].kind == ARRAY;
    if (trine_team_workers(teams[0]) > 1 && needs_single_workers(e))
        return;
    if (place != TRINE_DISTRIBUTED && (array_arguments == 0 || needs_distributed(e)))
        return;
    works(e);
    for (int r = 0; r < size; r++) {
        for (int i = 0; i < n; i++)
            if (e->argument[i].kind == ARRAY)
                bad_arrays(e, i, r, array_arguments);
            else
                bad_others(e, i, r);
        short_memory(e, r);
        if (!opens(e))
            failing_mpi(e, r);
    }
}

/* A rank that has something of a team left keeps it open on all. */
static void closing_is_refused_by_all(void)
{
    for (int r = 0; r < size; r++) {
        trine_team *team = NULL;
        trine_lock *lock = NULL;
        snprintf(what, sizeof what, "trine_team_close, rank %d: it has a lock", r);
        alarm(PATIENCE);
        trine_status status = trine_team_open("mpi", &team);
        if (!status && rank == r)
            status = trine_lock_create(team, &lock);
        if (status)
            complain("no team", status);
        status = trine_team_close(team);
        if (!alike((int)status) || status != TRINE_E_BUSY)
            complain("expected BUSY of all", status);
        trine_lock_free(lock);
        status = trine_team_close(team);
        if (!alike((int)status) || status)
            complain("expected it to close", status);
    }
}

static int print_names(void)
{
    for (int i = 0; i < entries; i++)
        printf("%s\n", table[i].name);
    for (int i = 0; others[i]; i++)
        printf("%s\n", others[i]);
    return 0;
}

/* refusals [whole|blocks [SPEC]]: arrays of one whole, or blocks that the caller cut; the team. */
int main(int argc, char **argv)
{
    char path[64];
    if (argc > 1 && strcmp(argv[1], "names") == 0)
        return print_names();
    (void)trine_init();
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, too_long);
    const char *spec = argc > 2 ? argv[2] : "mpi";
    if (trine_team_open(spec, &teams[0]) || trine_team_open("serial", &teams[1]) ||
        trine_team_open(spec, &teams[2]))
        return 1;
    rank = trine_team_rank(teams[0]);
    size = trine_team_ranks(teams[0]);
    int id = (int)getpid();
    MPI_Bcast(&id, 1, MPI_INT, 0, MPI_COMM_WORLD);
    snprintf(path, sizeof path, "refusals.%d.npy", id);
    if (calls_open(teams[0], path)) {
        printf("the table: %s\n", trine_error_detail());
        return 1;
    }
    if (argc > 1 && strcmp(argv[1], "blocks") == 0)
        place = TRINE_SHARED;
    for (int i = 0; i < entries; i++)
        try_entry(&table[i]);
    closing_is_refused_by_all();
    alarm(0);
    calls_close();
    for (int i = 0; i < array_count; i++)
        trine_array_free(arrays[i].array);
    for (int i = TEAMS - 1; i >= 0; i--)
        if (trine_team_close(teams[i]))
            failures++;
    if (rank == 0 && !failures)
        printf("%d functions, %ld calls\n", entries, cases);
    return failures != 0;
}
