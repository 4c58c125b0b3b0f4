/* promises.c - what transports promise beside the bits: what is moved is counted, nothing is left,
 * what cannot be had is refused with a reason, and a worker's death in the middle costs nothing. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "core/team/team.h"
#include "hash_reducer.h"

enum { N = 200 * TRINE_CHUNK + 3 };

static const trine_transport staged[] = {TRINE_TRANSPORT_SHM, TRINE_TRANSPORT_INHERIT,
                                         TRINE_TRANSPORT_PIPE, TRINE_TRANSPORT_FILE,
                                         TRINE_TRANSPORT_CMA};
enum { STAGED = sizeof staged / sizeof *staged };

static uint64_t *numbers(void)
{
    uint64_t *data = malloc(N * sizeof *data);
    for (uint64_t i = 0; data && i < N; i++)
        data[i] = hash_mix(i, 5);
    return data;
}

static trine_array *wrap(trine_team *team, uint64_t *data)
{
    trine_array *x;
    MUST(trine_array_wrap(team, TRINE_U64, data, N, &x) == TRINE_OK);
    return x;
}

static uint64_t hash_of(const trine_array *x)
{
    const trine_array *in[] = {x};
    hash_state result;
    MUST(trine_reduce(&hash_reducer, in, NULL, &result) == TRINE_OK);
    return result.hash;
}

static void knows_its_names(void)
{
    for (int i = 0; i < TRINE_TRANSPORT_COUNT; i++)
        CU_ASSERT_EQUAL((int)trine_transport_find(trine_transport_name((trine_transport)i)), i);
    CU_ASSERT_STRING_EQUAL(trine_transport_name(TRINE_TRANSPORT_WINDOW), "window");
    CU_ASSERT_STRING_EQUAL(trine_transport_name(TRINE_TRANSPORT_NONE), "none");
    CU_ASSERT_EQUAL(trine_transport_find("smoke"), TRINE_TRANSPORT_NONE);
    CU_ASSERT_EQUAL(trine_transport_find(NULL), TRINE_TRANSPORT_NONE);
}

static void stands_in_the_spec_body(void)
{
    trine_team *team = open_team("pool:2,spin=5,transport=cma");
    MUST(strcmp(trine_team_spec(team), "pool:2,transport=cma") == 0);
    MUST(trine_team_transport(team) == TRINE_TRANSPORT_CMA);
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_PIPE) == TRINE_OK);
    MUST(strcmp(trine_team_spec(team), "pool:2,transport=pipe") == 0);
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_NONE) == TRINE_OK);
    MUST(strcmp(trine_team_spec(team), "pool:2") == 0);
    MUST(trine_team_close(team) == TRINE_OK);
    team = NULL;
    MUST(trine_team_open("pool:2,transport=smoke", &team) == TRINE_E_SPEC && !team);
    MUST(strstr(trine_error_detail(), "inherit, pipe, file or cma"));
    MUST(trine_team_open("pool:2,transport=window", &team) == TRINE_E_SPEC && !team);
    MUST(strstr(trine_error_detail(), "between ranks"));
    MUST(trine_team_open("omp:2,transport=cma", &team) == TRINE_E_SPEC && !team);
}
IN_CHILD(NULL, stands_in_the_spec)

static void refuses_with_a_reason_body(void)
{
    trine_team *team = open_team("serial");
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_SHM) == TRINE_OK);
    for (int i = TRINE_TRANSPORT_INHERIT; i < TRINE_TRANSPORT_COUNT; i++) {
        MUST(trine_team_set_transport(team, (trine_transport)i) == TRINE_E_ABSENT);
        MUST(strstr(trine_error_detail(),
                    i < TRINE_TRANSPORT_MESSAGE ? "share the caller's memory" : "between ranks"));
    }
    MUST(trine_team_set_transport(team, (trine_transport)99) == TRINE_E_ARGUMENT);
    MUST(trine_team_set_transport(NULL, TRINE_TRANSPORT_SHM) == TRINE_E_ARGUMENT);
    MUST(trine_team_transport(NULL) == TRINE_TRANSPORT_NONE);
    MUST(trine_team_close(team) == TRINE_OK);
    team = open_team("pool:2");
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_MESSAGE) == TRINE_E_ABSENT);
    MUST(strstr(trine_error_detail(), "between ranks"));
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, refuses_with_a_reason)

/* Of pool:2, worker 1 does about half. */
static void counts_what_is_moved_body(void)
{
    trine_team *team = open_team("pool:2");
    uint64_t *data = numbers();
    const int64_t all = N * sizeof *data;
    trine_array *x = wrap(team, data), *shared;
    MUST(trine_array_create(team, TRINE_U64, N, TRINE_SHARED, &shared) == TRINE_OK);
    memcpy(trine_array_data(shared), data, all);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_ledger_worker other;
    uint64_t expected = hash_of(x);
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.moved == 0);
    for (int i = 0; i < STAGED; i++) {
        trine_transport t = staged[i];
        MUST(trine_team_set_transport(team, t) == TRINE_OK);
        MUST(hash_of(x) == expected);
        MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
        MUST(trine_team_ledger_worker(team, 1, &other) == TRINE_OK);
        MUST(ledger.bytes == all && other.blocks > 0 && other.pid != getpid());
        bool copied = t == TRINE_TRANSPORT_SHM || t == TRINE_TRANSPORT_FILE;
        if (t == TRINE_TRANSPORT_INHERIT)
            MUST(ledger.moved == 0);
        else if (copied)
            MUST(ledger.moved == all && ledger.transfer_in > 0);
        else
            MUST(ledger.moved > all / 3 && ledger.moved < all / 3 * 2 && other.transfer > 0);
        MUST(hash_of(shared) == expected);
        MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.moved == 0);
    }
    trine_array_free(x);
    trine_array_free(shared);
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, counts_what_is_moved)

static void sees_what_changed_between_calls_body(void)
{
    trine_team *team = open_team("pool:3");
    uint64_t *data = numbers();
    trine_array *x = wrap(team, data);
    for (int i = 0; i < STAGED; i++)
        for (int round = 0; round < 3; round++) {
            data[(uint64_t)round * N / 3 + 7]++;
            MUST(trine_team_set_transport(team, TRINE_TRANSPORT_NONE) == TRINE_OK);
            uint64_t expected = hash_of(x);
            MUST(trine_team_set_transport(team, staged[i]) == TRINE_OK);
            MUST(hash_of(x) == expected);
            data[N - 1 - (uint64_t)round]++;
            MUST(hash_of(x) != expected);
        }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, sees_what_changed_between_calls)

static int entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    MUST(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int descriptors(int64_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd", (long long)pid);
    return entries(path);
}

/* A fresh empty folder for files. */
static char folder[] = "/tmp/trine-transports-XXXXXX";

static void use_folder(void)
{
    MUST(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
}

static void leaves_nothing_behind_body(void)
{
    trine_team *team = open_team("pool:3");
    uint64_t *data = numbers();
    trine_array *x = wrap(team, data);
    int before = descriptors(getpid()), theirs = descriptors(trine_team_worker_pid(team, 1));
    int threads = entries("/proc/self/task");
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < STAGED; i++) {
            MUST(trine_team_set_transport(team, staged[i]) == TRINE_OK);
            hash_of(x);
            MUST(descriptors(getpid()) == before);
            MUST(descriptors(trine_team_worker_pid(team, 1)) == theirs);
            MUST(descriptors(trine_team_worker_pid(team, 2)) == theirs);
            MUST(entries("/proc/self/task") == threads);
            MUST(waitpid(-1, NULL, WNOHANG | __WALL) <= 0);
        }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(rmdir(folder) == 0);
    free(data);
}
IN_CHILD(use_folder, leaves_nothing_behind)

static void full_disk_is_an_error_body(void)
{
    trine_team *team = open_team("pool:2,transport=file");
    uint64_t *data = numbers();
    trine_array *x = wrap(team, data);
    double sum = 42;
    const trine_array *in[] = {x};
    hash_state result = {1, 2};
    struct rlimit limit, small;
    MUST(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    small = (struct rlimit){1 << 16, limit.rlim_max};
    MUST(setrlimit(RLIMIT_FSIZE, &small) == 0);
    MUST(trine_reduce(&hash_reducer, in, NULL, &result) == TRINE_E_IO);
    MUST(strstr(trine_error_detail(), "ulimit -f"));
    MUST(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    MUST(trine_reduce(&hash_reducer, in, NULL, &result) == TRINE_E_IO);
    MUST(strstr(trine_error_detail(), "/nowhere/at/all"));
    MUST(result.hash == 1 && result.n == 2 && sum == 42);
    unsetenv("TMPDIR");
    MUST(trine_reduce(&hash_reducer, in, NULL, &result) == TRINE_OK);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, full_disk_is_an_error)

static void *sleep_on(void *barrier)
{
    pthread_barrier_wait(barrier);
    return NULL;
}

static void inherit_refuses_threads_body(void)
{
    trine_team *team = open_team("pool:2,transport=inherit");
    uint64_t *data = numbers();
    trine_array *x = wrap(team, data);
    uint64_t expected = hash_of(x);
    const trine_array *in[] = {x};
    hash_state result;
    pthread_t thread;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    MUST(pthread_create(&thread, NULL, sleep_on, &barrier) == 0);
    MUST(trine_reduce(&hash_reducer, in, NULL, &result) == TRINE_E_THREADS);
    MUST(strstr(trine_error_detail(), "2 threads"));
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    MUST(hash_of(x) == expected);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, inherit_refuses_threads)

/* A page that this process and all workers share. */
typedef struct shared_page {
    pid_t caller;
    atomic_int crashes, waits;
    int64_t crash_at;
} shared_page;

static shared_page *page;

static void share_page(void)
{
    use_folder();
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED);
    page->caller = getpid();
    page->crash_at = 3 * TRINE_CHUNK;
    MUST(trine_init() == TRINE_OK);
}

/* Ends its worker where the pipe is full of what was announced. */
static void crashing_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    if (getpid() != page->caller && chunk->offset >= page->crash_at &&
        atomic_load(&page->crashes) > 0 && atomic_fetch_sub(&page->crashes, 1) > 0)
        raise(SIGKILL);
    hash_accumulate(state, chunk, param);
}

static trine_reducer crashing(void)
{
    trine_reducer m = hash_reducer;
    m.name = "crashing";
    m.accumulate = crashing_accumulate;
    return m;
}

static void survives_deaths_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_reducer reducer = crashing();
    uint64_t *data = numbers();
    trine_array *x = wrap(team, data);
    const trine_array *in[] = {x};
    uint64_t expected = hash_of(x);
    int before = descriptors(getpid());
    for (int i = 0; i < STAGED; i++)
        for (int crashes = 1; crashes <= 2; crashes++) {
            hash_state result;
            trine_ledger ledger = {TRINE_INIT(trine_ledger)};
            MUST(trine_team_set_transport(team, staged[i]) == TRINE_OK);
            atomic_store(&page->crashes, crashes);
            MUST(trine_reduce(&reducer, in, NULL, &result) == TRINE_OK);
            MUST(result.hash == expected);
            MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.replaced == crashes);
            MUST(descriptors(getpid()) == before);
        }
    atomic_store(&page->crashes, 1000);
    hash_state untouched = {1, 2};
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_PIPE) == TRINE_OK);
    MUST(trine_reduce(&reducer, in, NULL, &untouched) == TRINE_E_WORKER);
    MUST(trine_team_set_transport(team, TRINE_TRANSPORT_INHERIT) == TRINE_OK);
    MUST(trine_reduce(&reducer, in, NULL, &untouched) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "signal 9"));
    MUST(untouched.hash == 1 && untouched.n == 2);
    atomic_store(&page->crashes, 0);
    MUST(hash_of(x) == expected);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(rmdir(folder) == 0);
    free(data);
}
IN_CHILD(share_page, survives_deaths)

/* Work in place on the caller's own memory is none when it is brought: it goes to another place
 * first, and a death there does not spoil it. */
static void crashing_apply(const trine_chunk *chunk, const void *param)
{
    const uint64_t *in = chunk->in[0];
    uint64_t *out = chunk->out[0];
    (void)param;
    if (getpid() != page->caller && chunk->offset >= page->crash_at &&
        atomic_load(&page->crashes) > 0 && atomic_fetch_sub(&page->crashes, 1) > 0)
        raise(SIGKILL);
    for (int64_t i = 0; i < chunk->n; i++)
        out[i] = in[i] + 1;
}

static void in_place_survives_deaths_body(void)
{
    const trine_map map = {
        TRINE_INIT(trine_map), .name = "crashing",     .nin = 1, .nout = 1, .in = {TRINE_U64},
        .out = {TRINE_U64},    .apply = crashing_apply};
    trine_team *team = open_team("pool:2");
    for (int i = 0; i < STAGED; i++) {
        uint64_t *data = numbers();
        trine_array *x = wrap(team, data);
        const trine_array *in[] = {x};
        trine_array *out[] = {x};
        MUST(trine_team_set_transport(team, staged[i]) == TRINE_OK);
        atomic_store(&page->crashes, 1);
        MUST(trine_apply(&map, in, NULL, out) == TRINE_OK);
        for (uint64_t k = 0; k < N; k++)
            MUST(data[k] == hash_mix(k, 5) + 1);
        trine_array_free(x);
        free(data);
    }
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(rmdir(folder) == 0);
}
IN_CHILD(share_page, in_place_survives_deaths)

/* --- Channels by themselves. */

typedef struct spans_job {
    trine_channel *channel;
    size_t bytes;
    atomic_int wrong;
} spans_job;

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 31 + i / 251);
}

static void look_at(spans_job *job, const trine_span *span, unsigned char *buffer)
{
    const unsigned char *view;
    if (trine_channel_view(job->channel, &view))
        atomic_store(&job->wrong, 1);
    else if (!view && trine_channel_fetch(job->channel, span, buffer))
        atomic_store(&job->wrong, 2);
    else
        for (size_t i = 0; i < span->n; i++)
            for (size_t k = 0; k < span->item; k++) {
                size_t at = span->offset + i * span->stride + k;
                if ((view ? view[at] : buffer[i * span->item + k]) != pattern(at))
                    atomic_store(&job->wrong, 3);
            }
}

/* Spans in any order, of any step, announced in part and not at all, and some never taken. */
static trine_status look_at_spans(void *context, size_t block, trine_worker *worker)
{
    spans_job *job = context;
    if (block == 0)
        return TRINE_OK;
    for (uint64_t i = 0; i < 60; i++) {
        uint64_t random = hash_mix(i, block);
        trine_span span = {.item = 1 + random % 5000};
        span.stride = random >> 20 & 1 ? span.item : span.item + (random >> 21) % 9000;
        span.offset = (size_t)(random >> 40) % (job->bytes / 2);
        size_t most = (job->bytes - span.offset) / span.stride;
        span.n = most < 200 ? most : 200;
        if (span.n * span.item > ((size_t)1 << 20))
            span.n = ((size_t)1 << 20) / span.item;
        if (random >> 30 & 1 && trine_channel_prefetch(job->channel, &span))
            atomic_store(&job->wrong, 4);
        if (random >> 31 & 1)
            continue;
        trine_span first = span;
        first.n = span.n / 3;
        look_at(job, &first, worker->scratch);
        first.offset += first.n * first.stride;
        first.n = span.n - first.n;
        if (random >> 32 & 1)
            look_at(job, &first, worker->scratch);
    }
    return TRINE_OK;
}

static void brings_any_span_body(void)
{
    trine_team *team = open_team("pool:3");
    size_t bytes = ((size_t)9 << 20) + 123;
    unsigned char *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = pattern(i);
    void *memory;
    MUST(trine_team_arena(team, sizeof(spans_job), &memory) == TRINE_OK);
    spans_job *job = memory;
    *job = (spans_job){.bytes = bytes};
    MUST(trine_channel_make(&team->executor, &job->channel) == TRINE_OK);
    trine_job work = {.blocks = 3, .body = look_at_spans, .context = job, .scratch_size = 1 << 20};
    for (int i = 0; i < STAGED; i++) {
        if (staged[i] == TRINE_TRANSPORT_INHERIT)
            continue;
        MUST(trine_channel_open(job->channel, staged[i], data, bytes) == TRINE_OK);
        MUST(team->executor.ops.run(&team->executor, &work) == TRINE_OK);
        MUST(job->wrong == 0);
        trine_channel_close(job->channel);
        MUST(trine_channel_open(job->channel, staged[i], data, 0) == TRINE_OK);
        trine_channel_close(job->channel);
    }
    trine_channel_release(job->channel);
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, brings_any_span)

int main(void)
{
    CU_TestInfo tests[] = {{"knows_its_names", knows_its_names},
                           {"stands_in_the_spec", stands_in_the_spec},
                           {"refuses_with_a_reason", refuses_with_a_reason},
                           {"counts_what_is_moved", counts_what_is_moved},
                           {"sees_what_changed_between_calls", sees_what_changed_between_calls},
                           {"leaves_nothing_behind", leaves_nothing_behind},
                           {"full_disk_is_an_error", full_disk_is_an_error},
                           {"inherit_refuses_threads", inherit_refuses_threads},
                           {"survives_deaths", survives_deaths},
                           {"in_place_survives_deaths", in_place_survives_deaths},
                           {"brings_any_span", brings_any_span},
                           CU_TEST_INFO_NULL};
    return trine_check_main("transports", tests);
}
