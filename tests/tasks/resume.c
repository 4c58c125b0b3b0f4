/* resume.c - maps that are interrupted and run again with their journal: nothing is lost, nothing
 * that was recorded is run again, and the bytes are those of a run that nobody interrupted.
 *
 * resume run TEAM JOURNAL OUTPUT LOG is one such run: each item enters its number in LOG when it is
 * begun. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "core/tasks/queue/journal.h"
#include "kinds.h"
#include "version1.h"

enum { LONG = 1500, SHORT = 200, PATH = 200 };

static char folder[] = "/tmp/trine-resume-XXXXXX";

/* In a build without threads another pool takes their place. */
enum { SERIAL, THREADS, POOL, TEAMS };
static const char *teams[TEAMS] = {"serial", "omp:2", "pool:2"};

static char journal[PATH], output[PATH], whole[PATH], runs[PATH];

/* fail: items of which each one that it divides fails, 0 for none. log: of the items begun. */
typedef struct map_param {
    uint64_t fail;
    char log[PATH];
} map_param;

/* As words_run, and enters the item in the log; takes some time when there is one. */
static trine_status logged_run(trine_task *task)
{
    const map_param *p = task->param;
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    int file = *p->log ? open(p->log, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (file >= 0) {
        static const struct timespec time = {.tv_nsec = 300000};
        if (write(file, &item, sizeof item) != (ssize_t)sizeof item)
            return TRINE_E_IO;
        close(file);
        nanosleep(&time, NULL);
    }
    if (p->fail && item % p->fail == 0)
        return trine_task_fail(task, TRINE_E_ARGUMENT, "told to");
    return words_run(task);
}

static const trine_task_kind logged_kind = {.name = "logged",
                                            .run = logged_run,
                                            .param_size = sizeof(map_param),
                                            .item_max = sizeof(uint64_t),
                                            .result_max = WORDS_MOST * sizeof(uint64_t)};

/* How a run collects. */
typedef enum manner { ORDERED, UNORDERED, TICKETS } manner;

/* What one run gave: outcomes that were right, resumed, failed. */
typedef struct counts {
    uint64_t right, resumed, failed, wrong;
    trine_status status;
} counts;

/* Judged by computing it again, and by what a resumed outcome promises. */
static void count(counts *c, const trine_task_outcome *o, uint64_t shift)
{
    uint64_t item = o->index + shift, expected[WORDS_MOST];
    size_t words = mix(item) % (WORDS_MOST + 1);
    for (size_t i = 0; i < words; i++)
        expected[i] = mix(item ^ (i << 32));
    bool bare = o->worker == -1 && o->attempts == 0 && o->began == 0 && o->ended == 0;
    c->resumed += o->resumed;
    if (o->status)
        c->failed++;
    else if (o->result_size == words * 8 && bare == o->resumed &&
             (words == 0 || memcmp(o->result, expected, words * 8) == 0) &&
             (uintptr_t)o->result % 64 == 0)
        c->right++;
    else
        c->wrong++;
}

static trine_status submit_some(trine_task_queue *queue, uint64_t *next, uint64_t n, uint64_t shift)
{
    trine_status status = TRINE_OK;
    for (; *next < n && !status; *next += !status) {
        uint64_t item = *next + shift;
        int64_t ticket = TRINE_TASK_NONE;
        status = trine_task_submit(queue, &item, sizeof item, &ticket);
        if (!status && (uint64_t)ticket != *next)
            return TRINE_E_SYSTEM;
    }
    return status == TRINE_E_BUSY ? TRINE_OK : status;
}

/* Items shift to shift + n of a queue with that journal. */
static counts run_map(const char *spec, manner how, const char *path, uint64_t n, uint64_t shift,
                      const map_param *param)
{
    counts c = {.status = TRINE_OK};
    trine_team *team;
    trine_task_queue *queue = NULL;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    numbers source = {shift, n + shift};
    trine_task_options options = {TRINE_INIT(trine_task_options),
                                  .param = param,
                                  .journal = path,
                                  .unordered = how == UNORDERED,
                                  .window = 50,
                                  .total = n,
                                  .source = how == TICKETS ? NULL : next_number,
                                  .source_context = &source};
    uint64_t next = 0;
    c.status = trine_team_open(spec, &team);
    if (!c.status)
        c.status = trine_task_open(team, &logged_kind, &options, &queue);
    while (!c.status && o.index != TRINE_TASK_NONE) {
        if (how == TICKETS)
            c.status = submit_some(queue, &next, n, shift);
        if (!c.status)
            c.status = trine_task_next(queue, &o);
        if (!c.status && o.index != TRINE_TASK_NONE)
            count(&c, &o, shift);
    }
    trine_task_progress p;
    if (queue && !c.status && !trine_task_progress_of(queue, &p) &&
        ((uint64_t)p.resumed != c.resumed || (uint64_t)p.failed != c.failed ||
         (uint64_t)p.done != n))
        c.wrong++;
    trine_status closed = trine_task_close(queue);
    trine_team_close(team);
    c.status = c.status ? c.status : closed;
    return c;
}

static void what_was_recorded_is_not_run_again(void)
{
    static const map_param param = {.fail = 0};
    for (int t = 0; t < TEAMS; t++)
        for (int first = ORDERED; first <= TICKETS; first++)
            for (int second = ORDERED; second <= TICKETS; second++) {
                unlink(journal);
                counts c = run_map(teams[t], (manner)first, journal, SHORT / 2, 0, &param);
                CU_ASSERT_TRUE(!c.status && c.right == SHORT / 2 && c.resumed == 0);
                c = run_map(teams[t], (manner)second, journal, SHORT, 0, &param);
                CU_ASSERT_TRUE(!c.status && c.right == SHORT && c.resumed == SHORT / 2);
                c = run_map("serial", (manner)second, journal, SHORT, 0, &param);
                CU_ASSERT_TRUE(!c.status && c.right == SHORT && c.resumed == SHORT);
            }
}

/* The file as version 1 has it; what it was before is replaced. */
static void make_version1(const map_param *param)
{
    struct stat about;
    int file = open(journal, O_RDWR);
    CU_ASSERT_EQUAL_FATAL(fstat(file, &about), 0);
    size_t size = (size_t)about.st_size;
    unsigned char *bytes = malloc(size);
    CU_ASSERT_EQUAL_FATAL(pread(file, bytes, size, 0), about.st_size);
    to_version1(bytes, size, logged_kind.name, param, sizeof *param, 0);
    CU_ASSERT_EQUAL_FATAL(pwrite(file, bytes, size, 0), about.st_size);
    close(file);
    free(bytes);
}

static void a_journal_of_version_1_is_gone_on_with(void)
{
    static const map_param param = {.fail = 0}, other = {.fail = 1000};
    for (int t = 0; t < TEAMS; t++)
        for (int how = ORDERED; how <= TICKETS; how++) {
            unlink(journal);
            counts c = run_map(teams[t], (manner)how, journal, SHORT / 2, 0, &param);
            CU_ASSERT_TRUE(!c.status && c.right == SHORT / 2 && c.resumed == 0);
            make_version1(&param);
            c = run_map(teams[t], (manner)how, journal, SHORT / 2, 1, &param);
            CU_ASSERT_EQUAL(c.status, TRINE_E_FORMAT);
            c = run_map(teams[t], (manner)how, journal, SHORT, 0, &other);
            CU_ASSERT_EQUAL(c.status, TRINE_E_FORMAT);
            c = run_map(teams[t], (manner)how, journal, SHORT, 0, &param);
            CU_ASSERT_TRUE(!c.status && c.right == SHORT && c.resumed == SHORT / 2);
            c = run_map("serial", (manner)how, journal, SHORT, 0, &param);
            CU_ASSERT_TRUE(!c.status && c.right == SHORT && c.resumed == SHORT);
        }
}

static void maps_have_their_results_back(void)
{
    static const map_param param = {.fail = 0};
    enum { N = 300, WORDS = WORDS_MOST };
    static uint64_t items[N], first[N][WORDS], second[N][WORDS];
    size_t sizes[N], again[N];
    trine_team *team;
    for (uint64_t i = 0; i < N; i++)
        items[i] = i;
    for (int t = 0; t < TEAMS; t++) {
        const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param,
                                            .journal = journal};
        unlink(journal);
        memset(first, 0, sizeof first);
        memset(second, 0, sizeof second);
        CU_ASSERT_EQUAL_FATAL(trine_team_open(teams[t], &team), TRINE_OK);
        CU_ASSERT_EQUAL(
            trine_task_map(team, &logged_kind, items, N, 8, &options, first, sizes, NULL),
            TRINE_OK);
        CU_ASSERT_EQUAL(
            trine_task_map(team, &logged_kind, items, N, 8, &options, second, again, NULL),
            TRINE_OK);
        CU_ASSERT_EQUAL(memcmp(first, second, sizeof first), 0);
        CU_ASSERT_EQUAL(memcmp(sizes, again, sizeof sizes), 0);
        trine_team_close(team);
    }
}

static void failed_items_are_run_again(void)
{
    static const map_param param = {.fail = 7};
    for (int t = 0; t < TEAMS; t++) {
        unlink(journal);
        for (int again = 0; again < 2; again++) {
            counts c = run_map(teams[t], ORDERED, journal, SHORT, 0, &param);
            CU_ASSERT_TRUE(!c.status && c.wrong == 0 && c.failed == (SHORT + 6) / 7);
            CU_ASSERT_EQUAL(c.resumed, again ? SHORT - c.failed : 0);
        }
    }
}

static void other_items_or_tasks_are_refused(void)
{
    static const map_param param = {.fail = 0}, other = {.fail = 1000};
    for (int t = 0; t < TEAMS; t++) {
        unlink(journal);
        counts c = run_map(teams[t], ORDERED, journal, SHORT, 0, &param);
        CU_ASSERT_TRUE(!c.status && c.right == SHORT);
        for (int how = ORDERED; how <= TICKETS; how++) {
            c = run_map(teams[t], (manner)how, journal, SHORT, 1, &param);
            CU_ASSERT_EQUAL(c.status, TRINE_E_FORMAT);
            CU_ASSERT_EQUAL(c.right + c.wrong, 0);
        }
        c = run_map(teams[t], ORDERED, journal, SHORT, 0, &other);
        CU_ASSERT_EQUAL(c.status, TRINE_E_FORMAT);
        c = run_map(teams[t], ORDERED, folder, SHORT, 0, &param);
        CU_ASSERT_EQUAL(c.status, TRINE_E_IO);
        c = run_map(teams[t], ORDERED, journal, SHORT, 0, &param);
        CU_ASSERT_TRUE(!c.status && c.resumed == SHORT);
    }
}

static void two_queues_cannot_share_a_journal(void)
{
    static const map_param param = {.fail = 0};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param,
                                        .journal = journal};
    trine_team *one, *other;
    trine_task_queue *first = NULL, *second = NULL;
    unlink(journal);
    CU_ASSERT_EQUAL_FATAL(trine_team_open("pool:2", &one), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &other), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_open(one, &logged_kind, &options, &first), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_open(other, &logged_kind, &options, &second), TRINE_E_BUSY);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "another run uses it"));
    CU_ASSERT_EQUAL(trine_task_close(first), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_open(other, &logged_kind, &options, &second), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_close(second), TRINE_OK);
    trine_team_close(one);
    trine_team_close(other);
}

/* The queue says so and ends; what was recorded stands, and the next run finishes. */
static void a_full_disk_ends_the_run_and_loses_nothing(void)
{
    static const map_param param = {.fail = 0};
    struct rlimit kept, little;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &kept), 0);
    /* Memory that is shared has a size like a file's: only serial can do with so little. */
    little = (struct rlimit){10000, kept.rlim_max};
    unlink(journal);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &little), 0);
    counts c = run_map("serial", ORDERED, journal, SHORT, 0, &param);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &kept), 0);
    CU_ASSERT_EQUAL(c.status, TRINE_E_IO);
    CU_ASSERT_TRUE(c.right > 0 && c.right < SHORT && c.wrong == 0);
    uint64_t before = c.right;
    c = run_map("serial", ORDERED, journal, SHORT, 0, &param);
    CU_ASSERT_TRUE(!c.status && c.right == SHORT && c.resumed >= before && c.resumed < SHORT);
}

/* --- Kills. */

/* One run into a file, in the order of the items. */
static int run_into_file(const char *spec, const char *path, const char *out, const char *log)
{
    map_param param = {.fail = 0};
    trine_team *team;
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    numbers source = {0, LONG};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param,
                                        .journal = *path ? path : NULL, .source = next_number,
                                        .source_context = &source,      .window = 40};
    snprintf(param.log, sizeof param.log, "%s", log);
    FILE *file = fopen(out, "w");
    if (!file || trine_init() || trine_team_open(spec, &team) ||
        trine_task_open(team, &logged_kind, &options, &queue))
        return 1;
    while (trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE)
        if (o.status || (o.result_size && fwrite(o.result, o.result_size, 1, file) != 1))
            return 1;
    if (o.index != TRINE_TASK_NONE || trine_task_close(queue) || trine_team_close(team))
        return 1;
    trine_finalize();
    return fclose(file) != 0;
}

static pid_t start_run(const char *spec, const char *path, const char *out, const char *log)
{
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        execl("/proc/self/exe", "resume", "run", spec, path, out, log, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Waits at most so long, then kills the run and all that it started. Whether it ended well. */
static bool wait_or_kill(pid_t child, unsigned microseconds)
{
    static const struct timespec step = {.tv_nsec = 200000};
    int status = -1;
    for (unsigned spent = 0; waitpid(child, &status, WNOHANG) == 0; spent += 200) {
        if (spent >= microseconds) {
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            return false;
        }
        nanosleep(&step, NULL);
    }
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return true;
}

/* Which items are in the journal, once each. */
static uint64_t items_recorded(bool recorded[LONG], const map_param *param)
{
    const trine_journal_owner owner = {.kind = logged_kind.name,
                                       .param = param,
                                       .param_size = sizeof *param,
                                       .item_max = logged_kind.item_max,
                                       .result_max = logged_kind.result_max};
    trine_journal *j = NULL;
    uint64_t found = 0;
    memset(recorded, 0, LONG * sizeof *recorded);
    if (access(journal, F_OK))
        return 0;
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(journal, &owner, &j), TRINE_OK);
    for (uint64_t i = 0; i < LONG; i++) {
        size_t size;
        CU_ASSERT_EQUAL(trine_journal_find(j, i, trine_journal_identity(j, i, &i, sizeof i),
                                           &recorded[i], &size),
                        TRINE_OK);
        found += recorded[i];
    }
    CU_ASSERT_EQUAL(trine_journal_count(j), found);
    trine_journal_close(j);
    return found;
}

/* None of those that were recorded before the run was begun in it. */
static bool none_begun_again(const bool recorded[LONG])
{
    uint64_t item;
    bool none = true;
    FILE *log = fopen(runs, "r");
    while (log && fread(&item, sizeof item, 1, log) == 1)
        none = none && item < LONG && !recorded[item];
    if (log)
        fclose(log);
    return log && none;
}

static bool same_files(const char *a, const char *b)
{
    FILE *one = fopen(a, "r"), *other = fopen(b, "r");
    bool same = one && other;
    for (int x = 0, y; same && x != EOF;) {
        x = getc(one);
        y = getc(other);
        same = x == y;
    }
    if (one)
        fclose(one);
    if (other)
        fclose(other);
    return same;
}

static void killed_runs_go_on_until_all_is_done(const char *spec)
{
    static bool recorded[LONG];
    map_param param = {.fail = 0};
    int kills = 0;
    uint64_t before = 0;
    snprintf(param.log, sizeof param.log, "%s", runs);
    unlink(journal);
    for (bool ended = false; !ended;) {
        uint64_t now = items_recorded(recorded, &param);
        CU_ASSERT_TRUE(now >= before);
        before = now;
        int log = open(runs, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        close(log);
        unsigned patience = kills < 25 ? 1000 + (unsigned)(rand() % 40000) : 60000000;
        ended = wait_or_kill(start_run(spec, journal, output, runs), patience);
        kills += !ended;
        CU_ASSERT_TRUE(none_begun_again(recorded));
    }
    CU_ASSERT_TRUE(kills >= 3);
    CU_ASSERT_EQUAL(items_recorded(recorded, &param), LONG);
    CU_ASSERT_TRUE(same_files(output, whole));
}

static void a_serial_run_survives_kills(void)
{
    killed_runs_go_on_until_all_is_done(teams[SERIAL]);
}

static void threads_survive_kills(void)
{
    killed_runs_go_on_until_all_is_done(teams[THREADS]);
}

static void pools_survive_kills(void)
{
    killed_runs_go_on_until_all_is_done(teams[POOL]);
}

/* Without a journal, and by nobody interrupted: what all others are compared with. */
static bool make_whole(void)
{
    pid_t child = start_run("serial", "", whole, "");
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"what was recorded is not run again", what_was_recorded_is_not_run_again},
        {"a journal of version 1 is gone on with", a_journal_of_version_1_is_gone_on_with},
        {"maps have their results back", maps_have_their_results_back},
        {"failed items are run again", failed_items_are_run_again},
        {"other items or tasks are refused", other_items_or_tasks_are_refused},
        {"two queues cannot share a journal", two_queues_cannot_share_a_journal},
        {"a full disk ends the run and loses nothing", a_full_disk_ends_the_run_and_loses_nothing},
        {"a serial run survives kills", a_serial_run_survives_kills},
        {"threads survive kills", threads_survive_kills},
        {"pools survive kills", pools_survive_kills},
        CU_TEST_INFO_NULL,
    };
    if (argc == 6)
        return run_into_file(argv[2], argv[3], argv[4], argv[5]);
    if (trine_init() || !mkdtemp(folder))
        return 1;
    if (!is_built(teams[THREADS]))
        teams[THREADS] = "pool:3";
    srand(1);
    snprintf(journal, sizeof journal, "%s/journal", folder);
    snprintf(output, sizeof output, "%s/output", folder);
    snprintf(whole, sizeof whole, "%s/whole", folder);
    snprintf(runs, sizeof runs, "%s/runs", folder);
    int result = !make_whole() || trine_check_main("resume", tests);
    unlink(journal);
    unlink(output);
    unlink(whole);
    unlink(runs);
    rmdir(folder);
    trine_finalize();
    return result;
}
