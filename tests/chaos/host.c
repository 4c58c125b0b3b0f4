/* host.c - chaos_host SEED ROUND KIND TEAM FOLDER [PLANT]: one round. Random operations, on serial
 * in peace and then on the team while the kind of disturbance goes on, and then in peace again.
 * What came out is reported for chaos.py to judge; so is what this process has left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "chaos.h"

enum { OPERATIONS_MOST = 6, FILES_MOST = 256, CHILD_SECONDS = 20, ENDED = 7 };

typedef struct round {
    const char *kind, *spec, *folder, *plant;
    chaos_random random;
    bool pool, mpi, early;
    int operations, passes, end_at;
    uint64_t number[OPERATIONS_MOST], seed[OPERATIONS_MOST], digest[OPERATIONS_MOST];
    trine_status status[OPERATIONS_MOST];
    trine_team *team;
} round_plan;

static round_plan r;

static bool is(const char *kind)
{
    return strcmp(r.kind, kind) == 0;
}

static bool planted(const char *what)
{
    return strcmp(r.plant, what) == 0;
}

/* --- descriptors and mappings of this process */

typedef struct open_file {
    int fd;
    dev_t device;
    ino_t inode;
} open_file;

static int list_files(open_file *files)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat found;
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(folder) && fstat(fd, &found) == 0 &&
            n < FILES_MOST)
            files[n++] = (open_file){fd, found.st_dev, found.st_ino};
    }
    if (folder)
        closedir(folder);
    return n;
}

/* Memory that is shared with others by a file without a name, or in /dev/shm. */
static int shared_mappings(void)
{
    char line[1024];
    int n = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        n += strstr(line, "/memfd:") || strstr(line, "/dev/shm/");
    if (maps)
        fclose(maps);
    return n;
}

static open_file before[FILES_MOST];
static int files_before, mappings_before;

static void note_what_there_is(void)
{
    files_before = list_files(before);
    mappings_before = shared_mappings();
}

static void check_descriptors(void)
{
    for (int k = 0; k < files_before; k++) {
        struct stat found;
        if (fstat(before[k].fd, &found) != 0 || found.st_dev != before[k].device ||
            found.st_ino != before[k].inode)
            chaos_report("wrong descriptor %d is not what it was", before[k].fd);
    }
}

static void report_what_is_left(void)
{
    open_file now[FILES_MOST];
    int n = list_files(now), mappings = shared_mappings();
    check_descriptors();
    if (n > files_before)
        chaos_report("left %d descriptors", n - files_before);
    if (mappings > mappings_before)
        chaos_report("left %d shared mappings", mappings - mappings_before);
}

/* --- limits */

static struct rlimit limit_before;
static int limited = -1;

static void limit(int what, rlim_t value)
{
    struct rlimit both;
    getrlimit(what, &limit_before);
    both = limit_before;
    if (value >= both.rlim_cur)
        return;
    both.rlim_cur = value;
    if (setrlimit(what, &both) == 0) {
        limited = what;
        chaos_report("count limits 1");
    }
}

static void lift_limit(void)
{
    if (limited >= 0)
        setrlimit(limited, &limit_before);
    limited = -1;
}

static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* --- shared memory that others have filled: only where it is the round's own */

static const char filler[] = "/dev/shm/chaos-filler";
static bool filled;

static void fill_shared_memory(void)
{
    struct statvfs about;
    off_t left = (off_t)chaos_below(&r.random, 8) << 15;
    int fd = getenv("TRINE_CHAOS_SPACE") ? open(filler, O_WRONLY | O_CREAT | O_EXCL, 0600) : -1;
    if (fd < 0)
        return;
    filled = true;
    chaos_report("count limits 1");
    if (fstatvfs(fd, &about) == 0) {
        off_t bytes = (off_t)(about.f_bavail * about.f_frsize) - left;
        while (bytes > 0 && posix_fallocate(fd, 0, bytes) != 0)
            bytes -= 1 << 16;
    }
    close(fd);
}

static void empty_shared_memory(void)
{
    if (filled)
        unlink(filler);
    filled = false;
}

/* --- signals */

static volatile sig_atomic_t handled;

static void note_signal(int number)
{
    (void)number;
    handled++;
}

static void reap_all(int number)
{
    int kept = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        handled++;
    errno = kept;
}

/* Handlers, with and without SA_RESTART; SIGCHLD's may reap whatever there is, or be ignored; or
 * all signals wait. */
static void handle_signals(void)
{
    static const int numbers[] = {SIGUSR1, SIGALRM, SIGCHLD, SIGWINCH, SIGURG};
    uint64_t how = chaos_draw(&r.random);
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = how % 3 ? 0 : SA_RESTART};
    for (int i = 0; i < 5; i++)
        sigaction(numbers[i], &action, NULL);
    if (how / 3 % 4 == 0)
        signal(SIGCHLD, SIG_IGN);
    if (how / 3 % 4 == 1) {
        action.sa_handler = reap_all;
        sigaction(SIGCHLD, &action, NULL);
    }
    if (how / 12 % 4 == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
    }
}

static void set_timer(suseconds_t microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* --- what surrounds the host: folder, umask, environment, priority */

static void change_surroundings(void)
{
    static const char *const names[] = {"OMP_NUM_THREADS", "TMPDIR", "LANG", "HOME", "PATH"};
    static const char *const values[] = {"3", "/nowhere", "", "x=y", "/"};
    if (chaos_below(&r.random, 2) && chdir("/proc/self") != 0)
        chaos_report("wrong chdir: %s", strerror(errno));
    umask((mode_t)chaos_below(&r.random, 2) ? 077 : 0);
    for (int i = 0; i < 3; i++)
        setenv(names[chaos_below(&r.random, 5)], values[chaos_below(&r.random, 5)], 1);
    unsetenv("HOME");
    if (nice(1) < 0)
        errno = 0;
}

/* A user that is nobody else; the round's folders become its, without the file that root has
 * written there, and so does what /proc shows of it, which transports need. */
static void give_up_root(void)
{
    uid_t user = 61000 + (uid_t)(getpid() % 4000);
    const char *temporary = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/x.npy", r.folder);
    if ((unlink(path) != 0 && errno != ENOENT) || chown(r.folder, user, (gid_t)-1) != 0 ||
        (temporary && chown(temporary, user, (gid_t)-1) != 0) || setgroups(0, NULL) != 0 ||
        setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0 ||
        prctl(PR_SET_DUMPABLE, 1) != 0)
        chaos_report("wrong giving up root: %s", strerror(errno));
}

/* --- the floating-point environment */

static unsigned control_before;

static unsigned control(void)
{
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu;
#else
    return (unsigned)fegetround();
#endif
}

static void change_rounding(void)
{
    static const int ways[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    fesetround(ways[chaos_below(&r.random, 4)]);
#if defined(__x86_64__)
    if (chaos_below(&r.random, 2))
        _mm_setcsr(_mm_getcsr() | 0x8040);
    if (chaos_below(&r.random, 2))
        _mm_setcsr(_mm_getcsr() & ~0x0e80u);
#endif
    control_before = control();
}

static void check_rounding(void)
{
    if (control() != control_before)
        chaos_report("wrong floating-point control is %x and was %x", control(), control_before);
    fesetenv(FE_DFL_ENV);
}

/* --- a daemon's way: all descriptors are closed, and files of the host's get their numbers */

static open_file taken[FILES_MOST];
static int files_taken;

enum { CANARY_BYTES = 1 << 16 };

static void canary_path(char *path, size_t size, int fd)
{
    snprintf(path, size, "%s/canary.%d.%d", r.folder, (int)getpid(), fd);
}

static void replace_descriptors(void)
{
    static char content[CANARY_BYTES];
    open_file files[FILES_MOST];
    int n = list_files(files);
    memset(content, 'c', sizeof content);
    for (int i = 0; i < n; i++)
        if (files[i].fd > STDERR_FILENO)
            close(files[i].fd);
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat found;
        if (files[i].fd <= STDERR_FILENO || chaos_below(&r.random, 4) == 0)
            continue;
        canary_path(path, sizeof path, files[i].fd);
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || write(fd, content, sizeof content) != CANARY_BYTES)
            chaos_report("wrong canary: %s", strerror(errno));
        if (fd != files[i].fd) {
            dup2(fd, files[i].fd);
            close(fd);
        }
        fstat(files[i].fd, &found);
        taken[files_taken++] = (open_file){files[i].fd, found.st_dev, found.st_ino};
        chaos_report("count descriptors 1");
    }
}

static void check_canaries(void)
{
    for (int i = 0; i < files_taken; i++) {
        char path[4096], content[CANARY_BYTES];
        struct stat found;
        int fd = taken[i].fd;
        bool whole = true;
        if (fstat(fd, &found) != 0 || found.st_ino != taken[i].inode ||
            found.st_dev != taken[i].device) {
            chaos_report("wrong descriptor %d of the host was closed or replaced", fd);
            continue;
        }
        whole &= found.st_size == CANARY_BYTES && pread(fd, content, sizeof content, 0) > 0;
        for (int k = 0; whole && k < CANARY_BYTES; k++)
            whole = content[k] == 'c';
        if (!whole)
            chaos_report("wrong file of the host on descriptor %d was written", fd);
        canary_path(path, sizeof path, fd);
        close(fd);
        unlink(path);
    }
    files_taken = 0;
}

/* --- forked copies of the host */

static trine_status run_one(trine_team *team, int i, chaos_case *c)
{
    *c = (chaos_case){.team = team, .folder = r.folder, .crash = is("callbacks")};
    return chaos_run(chaos_operation_of(r.number[i]), r.seed[i], c);
}

static const char *share_name(chaos_share share)
{
    static const char *const names[] = {"parts", "same", "root"};
    return names[share];
}

static void report_case(const char *when, int i, trine_status status, const chaos_case *c)
{
    chaos_report("%s %d|%s|%s|%s|%016llx|%s", when, i, chaos_operation_of(r.number[i])->name,
                 trine_status_name(status), share_name(c->share), (unsigned long long)c->digest,
                 status == TRINE_OK ? "" : trine_error_detail());
    if (c->complaint[0])
        chaos_report("wrong %s: %s", chaos_operation_of(r.number[i])->name, c->complaint);
}

static void compare_in_copy(trine_team *team, int i, const char *whose)
{
    chaos_case c;
    trine_status status = run_one(team, i, &c);
    if (status == TRINE_OK && r.status[i] == TRINE_OK && c.digest != r.digest[i])
        chaos_report("wrong %s in a forked copy on %s: other bits",
                     chaos_operation_of(r.number[i])->name, whose);
    if (status != TRINE_OK && trine_error_detail()[0] == '\0')
        chaos_report("wrong %s in a forked copy on %s: %s without a detail",
                     chaos_operation_of(r.number[i])->name, whose, trine_status_name(status));
    if (c.complaint[0])
        chaos_report("wrong in a forked copy on %s: %s", whose, c.complaint);
}

static _Noreturn void be_a_copy(int i, uint64_t what)
{
    trine_team *other = NULL;
    alarm(CHILD_SECONDS);
    if (what & 1)
        compare_in_copy(r.team, i, "the old team");
    if (what & 2 && trine_team_open(r.mpi ? "serial" : r.spec, &other) == TRINE_OK) {
        compare_in_copy(other, i, "a new team");
        trine_team_close(other);
    }
    if (what & 4)
        trine_team_close(r.team);
    if (what & 8)
        trine_finalize();
    if (what & 16)
        exit(0);
    _exit(0);
}

static void fork_a_copy(int i)
{
    int status;
    uint64_t what = chaos_draw(&r.random);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        be_a_copy(i, what);
    chaos_report("count forks 1");
    while (waitpid(pid, &status, 0) != pid)
        if (errno != EINTR)
            return;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        chaos_report("wrong a forked copy that did %d ended with %s %d", (int)(what & 31),
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* --- threads of the host's with teams of their own */

static volatile bool threads_go_on;

static void *use_another_team(void *data)
{
    const char *spec = data;
    trine_team *team;
    if (trine_team_open(spec, &team) != TRINE_OK) {
        chaos_report("wrong a thread's %s: %s", spec, trine_error_detail());
        return NULL;
    }
    for (int i = 0; threads_go_on; i = (i + 1) % r.operations) {
        chaos_case c;
        /* Both threads would write one file. */
        if (strcmp(chaos_operation_of(r.number[i])->name, "file") == 0)
            continue;
        trine_status status = run_one(team, i, &c);
        if (status != r.status[i] && status != TRINE_E_THREADS)
            chaos_report("wrong %s on a thread's %s: %s %s", chaos_operation_of(r.number[i])->name,
                         spec, trine_status_name(status), trine_error_detail());
        else if (status == TRINE_OK && c.digest != r.digest[i])
            chaos_report("wrong %s on a thread's %s: other bits",
                         chaos_operation_of(r.number[i])->name, spec);
    }
    trine_team_close(team);
    return NULL;
}

/* --- the round */

static void begin_disturbance(void)
{
    if (is("descriptors limit"))
        limit(RLIMIT_NOFILE, 3 + (rlim_t)files_before + chaos_below(&r.random, 8));
    else if (is("file size limit"))
        limit(RLIMIT_FSIZE, (rlim_t)1 << (14 + chaos_below(&r.random, 10)));
    else if (is("address space limit"))
        limit(RLIMIT_AS, address_space() + (chaos_below(&r.random, 16) << 20));
    else if (is("process limit"))
        limit(RLIMIT_NPROC, 1 + chaos_below(&r.random, 6));
    else if (is("full shared memory"))
        fill_shared_memory();
    else if (is("signals"))
        set_timer(500 + (suseconds_t)chaos_below(&r.random, 3000));
    else if (is("surroundings"))
        change_surroundings();
    else if (is("root given up"))
        give_up_root();
    else if (is("rounding"))
        change_rounding();
    chaos_disturber_begin();
}

static void end_disturbance(void)
{
    chaos_disturber_end();
    lift_limit();
    empty_shared_memory();
    set_timer(0);
    if (is("rounding"))
        check_rounding();
}

static void plan_disturber(void)
{
    chaos_disturber_plan plan = {.pause = 500 + (unsigned)chaos_below(&r.random, 15000),
                                 .seed = chaos_draw(&r.random)};
    plan.workers =
        is("kill workers") || is("kill any") || is("stop workers") || is("kill and stop");
    plan.zygote = is("kill zygote") || is("kill any") || is("stop zygote") || is("kill and stop");
    plan.kills = strncmp(r.kind, "kill", 4) == 0;
    plan.stops = is("stop workers") || is("stop zygote") || is("kill and stop");
    plan.forever = is("stop zygote");
    plan.host = is("signals") || is("host killed");
    if (is("host killed")) {
        plan.fatal = chaos_below(&r.random, 2) ? SIGKILL : SIGTERM;
        plan.pause = 1 + (unsigned)chaos_below(&r.random, 40000);
    }
    if ((plan.workers || plan.zygote || plan.host) && !chaos_disturber_open(&plan))
        chaos_report("wrong disturber: %s", strerror(errno));
}

/* What a host may do that ends it, by itself. */
static void end_this_process(void)
{
    uint64_t how = chaos_below(&r.random, 4);
    bool chosen = !r.mpi || trine_team_rank(r.team) == (int)(r.seed[0] % 2);
    if (!chosen)
        return;
    chaos_report("ends %llu", (unsigned long long)how);
    if (how == 0)
        exit(ENDED);
    if (how == 1)
        _exit(ENDED);
    raise(how == 2 ? SIGKILL : SIGABRT);
}

static bool run_on(trine_team *team, const char *when)
{
    bool usable = true, during = strcmp(when, "during") == 0;
    int times = during ? r.passes * r.operations : r.operations;
    for (int k = 0; k < times && usable; k++) {
        int i = k % r.operations;
        chaos_case c;
        if (during && is("host ends") && k == r.end_at)
            end_this_process();
        if (during && is("forks"))
            fork_a_copy(i);
        trine_status status = run_one(team, i, &c);
        if (planted("bits") && during)
            c.digest ^= 1;
        if (planted("error") && during && k == 0)
            status = TRINE_E_MEMORY;
        report_case(when, i, status, &c);
        /* After these the ranks no longer stand at the same call. */
        usable = status != TRINE_E_MPI && status != TRINE_E_COLLECTIVE && status != TRINE_E_CLOSED;
    }
    return usable;
}

static void expect(void)
{
    trine_team *serial;
    if (trine_team_open("serial", &serial) != TRINE_OK) {
        chaos_report("wrong serial: %s", trine_error_detail());
        exit(1);
    }
    for (int i = 0; i < r.operations; i++) {
        chaos_case c;
        r.status[i] = run_one(serial, i, &c);
        r.digest[i] = c.digest;
        report_case("expect", i, r.status[i], &c);
    }
    trine_team_close(serial);
}

static bool open_team(const char *when)
{
    trine_status status = trine_team_open(r.spec, &r.team);
    chaos_report("open %s|%s|%d|%d|%s", when, trine_status_name(status),
                 status == TRINE_OK ? trine_team_rank(r.team) : 0,
                 status == TRINE_OK ? trine_team_ranks(r.team) : 0,
                 status == TRINE_OK ? "" : trine_error_detail());
    return status == TRINE_OK;
}

static void close_team(const char *when)
{
    trine_status status = trine_team_close(r.team);
    chaos_report("close %s|%s|%s", when, trine_status_name(status),
                 status == TRINE_OK ? "" : trine_error_detail());
    r.team = NULL;
}

static void spoil(void)
{
    if (planted("hang"))
        for (;;)
            pause();
    if (planted("process") && fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    if (planted("descriptor") && dup(STDERR_FILENO) < 0)
        abort();
    if (planted("crash"))
        raise(SIGSEGV);
    if (planted("file")) {
        FILE *file = fopen("/dev/shm/planted", "we");
        char path[4096];
        snprintf(path, sizeof path, "%s/planted", r.folder);
        if (file)
            fclose(file);
        file = fopen(path, "we");
        if (file)
            fclose(file);
    }
}

static void play(void)
{
    pthread_t thread;
    bool threads = is("threads"), started = false;
    if (r.early)
        begin_disturbance();
    if (open_team("during")) {
        if (threads) {
            threads_go_on = true;
            started = pthread_create(&thread, NULL, use_another_team,
                                     chaos_below(&r.random, 2) ? "pool:2" : "serial") == 0;
        }
        if (is("descriptors closed"))
            replace_descriptors();
        if (!r.early)
            begin_disturbance();
        bool usable = run_on(r.team, "during");
        end_disturbance();
        if (started) {
            threads_go_on = false;
            pthread_join(thread, NULL);
        }
        if (usable && !is("descriptors closed"))
            usable = run_on(r.team, "after");
        close_team("during");
        check_canaries();
    } else {
        end_disturbance();
    }
}

/* Twice on teams that have seen nothing of it: the second leaves no more than the first. */
static void play_in_peace(void)
{
    for (int i = 0; i < 2; i++) {
        if (open_team("after")) {
            run_on(r.team, "after");
            close_team("after");
        }
        if (i == 1)
            spoil();
        trine_finalize();
        if (i == 0)
            note_what_there_is();
        else
            report_what_is_left();
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(trine_version()) < 0;
    if (argc < 6) {
        fprintf(stderr, "chaos_host SEED ROUND KIND TEAM FOLDER [PLANT]\n");
        return 2;
    }
    r = (round_plan){
        .kind = argv[3],
        .spec = argv[4],
        .folder = argv[5],
        .plant = argc > 6 ? argv[6] : "",
        .random = {chaos_mix(strtoull(argv[1], NULL, 10)) ^ strtoull(argv[2], NULL, 10)}};
    r.pool = strstr(r.spec, "pool") != NULL;
    r.mpi = strncmp(r.spec, "mpi", 3) == 0;
    r.early = (chaos_below(&r.random, 2) && !is("descriptors closed")) || is("root given up");
    r.operations = 2 + (int)chaos_below(&r.random, OPERATIONS_MOST - 1);
    r.passes = 1 + (int)chaos_below(&r.random, 3);
    r.end_at = (int)chaos_below(&r.random, (uint64_t)r.operations);
    for (int i = 0; i < r.operations; i++) {
        r.number[i] = chaos_draw(&r.random);
        r.seed[i] = chaos_draw(&r.random);
    }
    if (!chaos_report_open(r.folder)) {
        perror("chaos_host: report");
        return 2;
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool init = chaos_below(&r.random, 2) || is("threads");
    uint64_t handlers_first = chaos_below(&r.random, 2);
    plan_disturber();
    note_what_there_is();
    if (is("signals") && handlers_first)
        handle_signals();
    if (init && trine_init() != TRINE_OK)
        chaos_report("wrong trine_init: %s", trine_error_detail());
    if (is("signals") && !handlers_first)
        handle_signals();
    expect();
    play();
    chaos_disturber_close();
    trine_finalize();
    /* An MPI does what it likes with those of its launcher. */
    if (!r.mpi && !is("descriptors closed"))
        check_descriptors();
    if (!r.mpi)
        play_in_peace();
    chaos_report("count handled %d", (int)handled);
    chaos_report("done");
    return 0;
}
