/* operations.c - what a round calls. Each draws its arguments, makes its data by their index in the
 * whole, and digests what came out, so that any team can be compared with serial. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaos.h"
#include "hash_reducer.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        trine_status status_ = (call);                                                             \
        if (status_ != TRINE_OK)                                                                   \
            return status_;                                                                        \
    } while (0)

/* --- data */

/* Of so many digits that no step rounds, whatever the rounding mode is. */
static double real_of_digits(uint64_t seed, uint64_t i, int digits)
{
    uint64_t bits = chaos_mix(seed ^ chaos_mix(i));
    double unit = ldexp((double)(bits >> (64 - digits)), -digits) - 0.5;
    return seed % 3 == 0 ? ldexp(unit, (int)(bits % 64) - 32) : unit;
}

static double real_at(uint64_t seed, uint64_t i)
{
    return real_of_digits(seed, i, 53);
}

static void fill(trine_array *x, uint64_t seed)
{
    void *data = trine_array_data(x);
    uint64_t n = trine_array_local_n(x), offset = trine_array_offset(x);
    trine_dtype dtype = trine_array_dtype(x);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = offset + i, bits = chaos_mix(seed ^ chaos_mix(at));
        if (dtype == TRINE_F64)
            ((double *)data)[i] = real_at(seed, at);
        else if (dtype == TRINE_F32)
            ((float *)data)[i] = (float)real_of_digits(seed, at, 24);
        else if (dtype == TRINE_I64)
            ((int64_t *)data)[i] = (int64_t)bits >> 30;
        else if (dtype == TRINE_U64)
            ((uint64_t *)data)[i] = bits >> 30;
        else
            ((uint8_t *)data)[i] = (uint8_t)(bits >> 56 & 1);
    }
}

/* An array of n elements (or rows x columns, when columns are not 0), filled; distributed where
 * there are several ranks, else in a place that is drawn. */
static trine_status make(chaos_case *c, int slot, trine_dtype dtype, uint64_t n, uint64_t columns)
{
    trine_place place = (trine_place)chaos_below(&c->random, 3);
    uint64_t seed = chaos_draw(&c->random);
    if (trine_team_ranks(c->team) > 1)
        place = TRINE_DISTRIBUTED;
    trine_array **x = &c->x[slot];
    TRY(columns ? trine_array_create_2d(c->team, dtype, n, columns, place, x)
                : trine_array_create(c->team, dtype, n, place, x));
    fill(*x, seed);
    return TRINE_OK;
}

static trine_status make_like(chaos_case *c, int slot, int model, trine_dtype dtype)
{
    trine_place place = trine_array_place(c->x[model]);
    uint64_t seed = chaos_draw(&c->random);
    TRY(trine_array_create_like(c->x[model], dtype, place, &c->x[slot]));
    fill(c->x[slot], seed);
    return TRINE_OK;
}

/* Lengths about the bounds of chunks, and some of many chunks. */
static uint64_t length(chaos_case *c)
{
    static const uint64_t bounds[] = {1, 2, TRINE_CHUNK - 1, TRINE_CHUNK, TRINE_CHUNK + 1};
    uint64_t which = chaos_below(&c->random, 10), any = chaos_draw(&c->random);
    return which < 5 ? bounds[which] : which < 9 ? 1 + any % 300000 : 1 + any % 2000000;
}

/* --- digests */

static uint64_t digest_bytes(const void *bytes, size_t n)
{
    uint64_t digest = n;
    for (size_t i = 0; i < n; i++)
        digest = chaos_mix(digest ^ ((const unsigned char *)bytes)[i]);
    return digest;
}

static void add_value(chaos_case *c, const void *bytes, size_t n)
{
    c->share = CHAOS_SAME;
    c->digest = chaos_mix(c->digest ^ digest_bytes(bytes, n));
}

/* A sum over elements, so that ranks' sums add up to that of the whole. */
static void add_array(chaos_case *c, const trine_array *x)
{
    const unsigned char *data = trine_array_data(x);
    size_t size = trine_dtype_size(trine_array_dtype(x));
    uint64_t n = trine_array_local_n(x), offset = trine_array_offset(x);
    c->share = CHAOS_PARTS;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, data + i * size, size);
        c->digest += chaos_mix(bits ^ chaos_mix(offset + i));
    }
}

/* --- reductions */

static trine_status reduce_by_name(chaos_case *c)
{
    static const char *const names[] = {
        "sum",  "sum_compensated",  "sum_fast",  "asum",     "asum_fast", "sumsq",     "nrm2",
        "mean", "mean_compensated", "mean_fast", "min",      "max",       "minmax",    "argmin",
        "ptp",  "argmax",           "count_nan", "kurtosis", "skewness",  "logsumexp", "describe"};
    static const trine_dtype dtypes[] = {TRINE_F64, TRINE_F32, TRINE_I64, TRINE_U64};
    const char *name = names[chaos_below(&c->random, sizeof names / sizeof *names)];
    trine_dtype dtype = dtypes[chaos_below(&c->random, 4)];
    unsigned char result[512] = {0};
    const trine_reducer *reducer = trine_reducer_find(name, dtype);
    if (!reducer)
        return TRINE_OK;
    TRY(make(c, 0, dtype, length(c), 0));
    TRY(trine_reduce(reducer, (const trine_array *const *)c->x, NULL, result));
    add_value(c, result, reducer->result_size);
    return TRINE_OK;
}

static trine_status dot(chaos_case *c)
{
    double result;
    trine_mode mode = (trine_mode)chaos_below(&c->random, 3);
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_F64));
    TRY(trine_dot_f64(c->x[0], c->x[1], mode, &result));
    add_value(c, &result, sizeof result);
    return TRINE_OK;
}

static trine_status own_reduction(chaos_case *c)
{
    hash_state result;
    TRY(make(c, 0, TRINE_U64, length(c), 0));
    TRY(trine_reduce(&hash_reducer, (const trine_array *const *)c->x, NULL, &result));
    add_value(c, &result, sizeof result);
    return TRINE_OK;
}

/* Memory that workers of a pool do not address, brought by any transport. */
static trine_status brought(chaos_case *c)
{
    uint64_t n = length(c), seed = chaos_draw(&c->random);
    trine_transport transport = (trine_transport)chaos_below(&c->random, TRINE_TRANSPORT_CMA + 1);
    bool kept =
        trine_team_ranks(c->team) > 1 || trine_team_set_transport(c->team, transport) != TRINE_OK;
    uint64_t mine = trine_team_rank(c->team) == 0 ? n : 0;
    double *data = malloc(n * sizeof *data), result;
    if (!data)
        return TRINE_E_MEMORY;
    for (uint64_t i = 0; i < n; i++)
        data[i] = real_at(seed, i);
    trine_status status = trine_array_wrap_const(c->team, TRINE_F64, data, mine, &c->x[0]);
    if (status == TRINE_OK)
        status = trine_sum_f64(c->x[0], TRINE_COMPENSATED, &result);
    if (status == TRINE_OK)
        add_value(c, &result, sizeof result);
    free(data);
    if (!kept)
        trine_team_set_transport(c->team, TRINE_TRANSPORT_NONE);
    return status;
}

static trine_status quantile(chaos_case *c)
{
    double q[3], result[3];
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    for (int i = 0; i < 3; i++)
        q[i] = fabs(real_at(1, chaos_draw(&c->random)));
    TRY(trine_quantile(c->x[0], 3, q, result));
    add_value(c, result, sizeof result);
    return TRINE_OK;
}

static trine_status histogram(chaos_case *c)
{
    int64_t counts[100 + 3];
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(trine_histogram(c->x[0], 100, -0.5, 0.5, counts));
    add_value(c, counts, sizeof counts);
    return TRINE_OK;
}

/* --- arrays to arrays */

static trine_status scan(chaos_case *c)
{
    trine_mode mode = (trine_mode)chaos_below(&c->random, 3);
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_F64));
    TRY(trine_cumsum_f64(c->x[0], mode, c->x[1]));
    add_array(c, c->x[1]);
    return TRINE_OK;
}

static trine_status sort(chaos_case *c)
{
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(trine_sort(c->x[0]));
    add_array(c, c->x[0]);
    return TRINE_OK;
}

static trine_status argsort(chaos_case *c)
{
    TRY(make(c, 0, TRINE_U64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_I64));
    TRY(trine_argsort(c->x[0], c->x[1]));
    add_array(c, c->x[1]);
    return TRINE_OK;
}

static trine_status compact(chaos_case *c)
{
    TRY(make(c, 0, TRINE_I64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_U8));
    TRY(trine_compact_mask(c->x[0], c->x[1], &c->x[2]));
    add_array(c, c->x[2]);
    return TRINE_OK;
}

static trine_status transpose(chaos_case *c)
{
    uint64_t rows = 1 + chaos_below(&c->random, 600), columns = 1 + chaos_below(&c->random, 600);
    TRY(make(c, 0, TRINE_F64, rows, columns));
    trine_place place = trine_array_place(c->x[0]);
    TRY(trine_array_create_2d(c->team, TRINE_F64, columns, rows, place, &c->x[1]));
    TRY(trine_transpose(c->x[0], c->x[1]));
    add_array(c, c->x[1]);
    return TRINE_OK;
}

static trine_status map(chaos_case *c)
{
    uint64_t which = chaos_below(&c->random, 3);
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_F64));
    TRY(which == 0   ? trine_axpy_f64(1.5, c->x[0], c->x[1])
        : which == 1 ? trine_sqrt_f64(c->x[0], c->x[1])
                     : trine_normal_f64(0, 1, 7, 3, c->x[1]));
    add_array(c, c->x[1]);
    return TRINE_OK;
}

static trine_status map_in_place(chaos_case *c)
{
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(trine_scale_f64(c->x[0], 1.0 / 3, c->x[0]));
    add_array(c, c->x[0]);
    return TRINE_OK;
}

static trine_status jacobi(chaos_case *c)
{
    uint64_t side = 3 + chaos_below(&c->random, 300);
    trine_jacobi_result result;
    TRY(make(c, 0, TRINE_F64, side, side));
    TRY(trine_jacobi(c->x[0], NULL, 0, 1 + chaos_below(&c->random, 8), &result));
    add_array(c, c->x[0]);
    return TRINE_OK;
}

static trine_status convolve(chaos_case *c)
{
    static const double kernel[] = {0.25, 0.5, -0.125, 1, 3};
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(make_like(c, 1, 0, TRINE_F64));
    TRY(trine_convolve_f64(c->x[0], kernel, 5, c->x[1]));
    add_array(c, c->x[1]);
    return TRINE_OK;
}

static trine_status gemm(chaos_case *c)
{
    uint64_t m = 1 + chaos_below(&c->random, 200), k = 1 + chaos_below(&c->random, 200),
             n = 1 + chaos_below(&c->random, 200);
    if (!trine_gemm_library())
        return TRINE_OK;
    TRY(make(c, 0, TRINE_F64, m, k));
    TRY(make(c, 1, TRINE_F64, k, n));
    TRY(make(c, 2, TRINE_F64, m, n));
    TRY(trine_gemm_f64(1.5, c->x[0], c->x[1], 0, c->x[2]));
    add_array(c, c->x[2]);
    return TRINE_OK;
}

static trine_status scatter_and_gather(chaos_case *c)
{
    uint64_t n = length(c), seed = chaos_draw(&c->random);
    uint64_t *data = malloc(n * sizeof *data);
    if (!data)
        return TRINE_E_MEMORY;
    for (uint64_t i = 0; i < n; i++)
        data[i] = chaos_mix(seed ^ i);
    trine_status status =
        trine_array_scatter(c->team, TRINE_U64, data, n, 0, TRINE_TRANSPORT_MESSAGE, &c->x[0]);
    memset(data, 0, n * sizeof *data);
    if (status == TRINE_OK)
        status = trine_array_gather(c->x[0], 0, data);
    c->share = CHAOS_ROOT;
    if (status == TRINE_OK)
        c->digest = digest_bytes(data, n * sizeof *data);
    free(data);
    return status;
}

/* --- files */

/* An error leaves the file as it was. */
static trine_status save(chaos_case *c, const char *path)
{
    struct stat before = {0}, after = {0};
    bool was = stat(path, &before) == 0;
    trine_status status = trine_npy_save(c->x[0], path);
    bool is = status != TRINE_OK && stat(path, &after) == 0;
    if (status != TRINE_OK && trine_team_ranks(c->team) == 1 &&
        (was != is || before.st_ino != after.st_ino || before.st_size != after.st_size ||
         before.st_mtime != after.st_mtime))
        snprintf(c->complaint, sizeof c->complaint, "a save that failed has changed the file");
    return status;
}

static trine_status save_and_load(chaos_case *c)
{
    char path[4096];
    trine_npy *file = NULL;
    snprintf(path, sizeof path, "%s/%s.npy", c->folder,
             trine_team_ranks(c->team) > 1 ? "all" : "x");
    TRY(make(c, 0, TRINE_F64, length(c), 0));
    TRY(save(c, path));
    TRY(trine_npy_open(c->team, path, &file));
    double sum = 0;
    const trine_reducer *reducer = trine_reducer_find("sum", TRINE_F64);
    trine_status status = trine_npy_load(file, &c->x[1]);
    if (status == TRINE_OK)
        status = trine_npy_reduce(file, reducer, NULL, &sum);
    trine_npy_close(file);
    TRY(status);
    add_array(c, c->x[1]);
    /* One rank's matter, so that the ranks' digests still add up. */
    if (trine_team_rank(c->team) == 0)
        c->digest += digest_bytes(&sum, sizeof sum);
    return TRINE_OK;
}

/* --- tasks */

enum { FAILS_EVERY = 11, CRASHES_EVERY = 17, TASK_FAILS = TRINE_E_FORMAT };

/* pid: of the host, whose own death is no task's matter. user: whose rights tasks have. */
typedef struct task_param {
    uint64_t seed;
    int64_t pid, user;
    bool fails, crashes;
} task_param;

static bool fails(const task_param *p, uint64_t index)
{
    return p->fails && index % FAILS_EVERY == FAILS_EVERY - 1;
}

static bool crashes(const task_param *p, uint64_t index)
{
    return p->crashes && index % CRASHES_EVERY == CRASHES_EVERY - 1 && !fails(p, index);
}

static size_t result_of(const task_param *p, uint64_t index, uint64_t item, uint64_t *result)
{
    size_t n = 1 + chaos_mix(p->seed ^ index) % 32;
    for (size_t i = 0; i < n; i++)
        result[i] = chaos_mix(p->seed + item + i);
    return n * sizeof *result;
}

static trine_status work(trine_task *task)
{
    const task_param *p = task->param;
    uint64_t result[32], item;
    memcpy(&item, task->item, sizeof item);
    size_t size = result_of(p, task->index, item, result);
    if (fails(p, task->index))
        return trine_task_fail(task, (trine_status)TASK_FAILS, "one that fails");
    if (crashes(p, task->index) && getpid() != p->pid) {
        if (task->index % 3 == 0)
            exit(3);
        if (task->index % 3 == 1)
            _exit(3);
        abort();
    }
    if ((int64_t)geteuid() != p->user)
        return trine_task_fail(task, TRINE_E_SYSTEM, "a task has another user's rights");
    void *buffer = trine_task_result(task, size);
    if (!buffer)
        return trine_task_refused(task);
    memcpy(buffer, result, size);
    return TRINE_OK;
}

static const trine_task_kind working = {.name = "working",
                                        .run = work,
                                        .param_size = sizeof(task_param),
                                        .item_max = sizeof(uint64_t),
                                        .result_max = 32 * sizeof(uint64_t)};

static task_param task_param_of(chaos_case *c)
{
    /* Only tasks of a pool work in processes that may end. */
    bool forked = strstr(trine_team_spec(c->team), "pool") != NULL;
    task_param p = {.seed = chaos_draw(&c->random), .pid = getpid(), .user = geteuid()};
    p.fails = chaos_below(&c->random, 2);
    p.crashes = c->crash && forked;
    return p;
}

/* TRINE_OK: the item is as it should be, and is in the digest. Items that crash where they can are
 * in no team's. */
static trine_status take(chaos_case *c, const task_param *p, uint64_t index, trine_status status,
                         const void *bytes, size_t size)
{
    uint64_t right[32];
    if (fails(p, index) ? status == (trine_status)TASK_FAILS
                        : crashes(p, index) && status == TRINE_E_WORKER)
        return TRINE_OK;
    if (status != TRINE_OK)
        return status;
    if (fails(p, index) || crashes(p, index))
        snprintf(c->complaint, sizeof c->complaint, "item %llu is OK and should have failed",
                 (unsigned long long)index);
    else if (size != result_of(p, index, index, right) || memcmp(bytes, right, size) != 0)
        snprintf(c->complaint, sizeof c->complaint, "item %llu has another result",
                 (unsigned long long)index);
    return TRINE_OK;
}

enum { ITEMS_MOST = 400, UNTOUCHED = -1 };

static trine_status task_map(chaos_case *c)
{
    static _Thread_local uint64_t items[ITEMS_MOST], results[ITEMS_MOST][32];
    static _Thread_local size_t sizes[ITEMS_MOST];
    static _Thread_local trine_status statuses[ITEMS_MOST];
    uint64_t n = 1 + chaos_below(&c->random, ITEMS_MOST);
    task_param param = task_param_of(c);
    trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param,
                                  .chunk = chaos_below(&c->random, 4) * 3};
    bool root = trine_team_rank(c->team) == 0;
    for (uint64_t i = 0; i < n; i++) {
        items[i] = i;
        statuses[i] = (trine_status)UNTOUCHED;
    }
    trine_status status =
        root ? trine_task_map(c->team, &working, items, n, sizeof *items, &options, results, sizes,
                              statuses)
             : trine_task_map(c->team, &working, NULL, 0, 0, &options, NULL, NULL, NULL);
    if (!root) {
        bool meant =
            status == (trine_status)TASK_FAILS || (status == TRINE_E_WORKER && param.crashes);
        return meant ? TRINE_OK : status;
    }
    if (statuses[n - 1] == (trine_status)UNTOUCHED)
        return status;
    for (uint64_t i = 0; i < n; i++)
        TRY(take(c, &param, i, statuses[i], results[i], sizes[i]));
    return TRINE_OK;
}

typedef struct source_state {
    uint64_t next, n;
} source_state;

static bool next_item(void *context, void *item, size_t *size)
{
    source_state *s = context;
    if (s->next == s->n)
        return false;
    memcpy(item, &s->next, sizeof s->next);
    *size = sizeof s->next;
    s->next++;
    return true;
}

static trine_status stream(chaos_case *c)
{
    source_state source = {0, 1 + chaos_below(&c->random, 2000)};
    task_param param = task_param_of(c);
    trine_task_options options = {TRINE_INIT(trine_task_options),
                                  .param = &param,
                                  .unordered = chaos_below(&c->random, 2),
                                  .window = chaos_below(&c->random, 3) * 16,
                                  .source = next_item,
                                  .source_context = &source};
    trine_task_queue *queue = NULL;
    trine_status worst = TRINE_OK;
    int64_t seen = 0;
    TRY(trine_task_open(c->team, &working, &options, &queue));
    for (;;) {
        trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
        trine_status status = trine_task_next(queue, &outcome);
        if (status != TRINE_OK) {
            trine_task_close(queue);
            return status;
        }
        if (outcome.index == TRINE_TASK_NONE)
            break;
        if (!options.unordered && outcome.index != seen)
            snprintf(c->complaint, sizeof c->complaint, "item %llu came as number %llu",
                     (unsigned long long)outcome.index, (unsigned long long)seen);
        seen++;
        status =
            take(c, &param, outcome.index, outcome.status, outcome.result, outcome.result_size);
        worst = worst == TRINE_OK ? status : worst;
    }
    if (trine_team_rank(c->team) == 0 && (uint64_t)seen != source.n)
        snprintf(c->complaint, sizeof c->complaint, "%llu items of %llu came",
                 (unsigned long long)seen, (unsigned long long)source.n);
    TRY(trine_task_close(queue));
    return worst;
}

/* --- locks and counters */

/* value[0] and value[1] are the same wherever the lock is free; an item that a worker died in may
 * be added twice. */
typedef struct lock_param {
    trine_lock *lock;
    int64_t *value;
    int64_t *mark;
} lock_param;

static trine_status add_locked(trine_task *task)
{
    const lock_param *p = task->param;
    bool recovered;
    TRY(trine_lock_acquire(p->lock, &recovered));
    if (recovered)
        p->value[1] = p->value[0];
    bool torn = p->value[0] != p->value[1];
    p->value[0]++;
    p->mark[task->index] = 1;
    p->value[1]++;
    TRY(trine_lock_release(p->lock));
    return torn ? trine_task_fail(task, TRINE_E_SYSTEM, "two workers held the lock") : TRINE_OK;
}

static const trine_task_kind locked = {
    .name = "locked", .run = add_locked, .param_size = sizeof(lock_param)};

static trine_status locks(chaos_case *c)
{
    enum { ITEMS = 300 };
    lock_param param = {0};
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    if (trine_team_ranks(c->team) > 1)
        return TRINE_OK;
    TRY(trine_array_create(c->team, TRINE_I64, ITEMS + 2, TRINE_SHARED, &c->x[0]));
    TRY(trine_lock_create(c->team, &param.lock));
    param.value = trine_array_data(c->x[0]);
    param.mark = param.value + 2;
    trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param};
    trine_status status =
        trine_task_map(c->team, &locked, NULL, ITEMS, 0, &options, NULL, NULL, NULL);
    trine_lock_free(param.lock);
    TRY(status);
    trine_team_ledger(c->team, &ledger);
    for (int i = 0; i < ITEMS; i++)
        if (param.mark[i] != 1)
            snprintf(c->complaint, sizeof c->complaint, "item %d left no mark", i);
    if (param.value[0] < ITEMS || (param.value[0] > ITEMS && !ledger.replaced))
        snprintf(c->complaint, sizeof c->complaint, "%lld additions of %d under a lock",
                 (long long)param.value[0], ITEMS);
    return TRINE_OK;
}

static trine_status counters(chaos_case *c)
{
    enum { TIMES = 20 };
    trine_counter *counter = NULL;
    int64_t total = 0;
    bool hybrid = strstr(trine_team_spec(c->team), "+") != NULL;
    if (hybrid)
        return TRINE_OK;
    TRY(trine_counter_open(c->team, 5, &counter));
    trine_status status = TRINE_OK;
    for (int i = 0; i < TIMES && status == TRINE_OK; i++)
        status = trine_counter_add(counter, 2, NULL);
    /* A collective call: all have added when it returns. */
    trine_status joined = trine_array_create(c->team, TRINE_U8, 1, TRINE_PRIVATE, &c->x[0]);
    uint64_t sum = 0;
    if (joined == TRINE_OK)
        joined = trine_sum_u64(c->x[0], TRINE_EXACT, &sum);
    if (status == TRINE_OK)
        status = joined;
    if (status == TRINE_OK)
        status = trine_counter_get(counter, &total);
    if (status == TRINE_OK && total != 5 + 2 * TIMES * trine_team_ranks(c->team))
        snprintf(c->complaint, sizeof c->complaint, "a counter shows %lld", (long long)total);
    trine_status freed = trine_counter_close(counter);
    return status == TRINE_OK ? freed : status;
}

static const chaos_operation operations[] = {{"reduce", reduce_by_name},
                                             {"dot", dot},
                                             {"own reduction", own_reduction},
                                             {"brought", brought},
                                             {"quantile", quantile},
                                             {"histogram", histogram},
                                             {"scan", scan},
                                             {"sort", sort},
                                             {"argsort", argsort},
                                             {"compact", compact},
                                             {"transpose", transpose},
                                             {"map", map},
                                             {"map in place", map_in_place},
                                             {"jacobi", jacobi},
                                             {"convolve", convolve},
                                             {"gemm", gemm},
                                             {"scatter", scatter_and_gather},
                                             {"file", save_and_load},
                                             {"tasks", task_map},
                                             {"stream", stream},
                                             {"locks", locks},
                                             {"counters", counters}};

const chaos_operation *chaos_operation_of(uint64_t number)
{
    return &operations[number % (sizeof operations / sizeof *operations)];
}

trine_status chaos_run(const chaos_operation *operation, uint64_t seed, chaos_case *c)
{
    c->random.state = seed;
    c->digest = 0;
    c->share = CHAOS_SAME;
    c->complaint[0] = '\0';
    memset(c->x, 0, sizeof c->x);
    trine_status status = operation->run(c);
    for (int i = 0; i < 4; i++)
        trine_array_free(c->x[i]);
    return status;
}
