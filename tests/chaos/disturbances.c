/* disturbances.c - what goes on around a team, by the kind of the round: limits, full memory,
 * signals, surroundings, rights, rounding; killers and stoppers are disturber.c's. */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <grp.h>
#include <limits.h>
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

#include "round.h"

/* ---- limits ---- */

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

/* ---- shared memory that others have filled: only where it is the round's own ---- */

static const char filler[] = "/dev/shm/chaos-filler";
static bool filled;

static void fill_shared_memory(void)
{
    struct statvfs about;
    off_t left = (off_t)chaos_below(&the_round.random, 8) << 15;
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

/* ---- signals ---- */

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

int signals_handled(void)
{
    return (int)handled;
}

/* Handlers, with and without SA_RESTART; SIGCHLD's may reap whatever there is, or be ignored; or
 * all signals wait. */
void handle_signals(void)
{
    static const int numbers[] = {SIGUSR1, SIGALRM, SIGCHLD, SIGWINCH, SIGURG};
    uint64_t how = chaos_draw(&the_round.random);
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

/* ---- what surrounds the host: folder, umask, environment, priority, user ---- */

static void change_surroundings(void)
{
    static const char *const names[] = {"OMP_NUM_THREADS", "TMPDIR", "LANG", "HOME", "PATH"};
    static const char *const values[] = {"3", "/nowhere", "", "x=y", "/"};
    if (chaos_below(&the_round.random, 2) && chdir("/proc/self") != 0)
        chaos_report("wrong chdir: %s", strerror(errno));
    umask((mode_t)chaos_below(&the_round.random, 2) ? 077 : 0);
    for (int i = 0; i < 3; i++)
        setenv(names[chaos_below(&the_round.random, 5)], values[chaos_below(&the_round.random, 5)],
               1);
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
    snprintf(path, sizeof path, "%s/x.npy", the_round.folder);
    if ((unlink(path) != 0 && errno != ENOENT) || chown(the_round.folder, user, (gid_t)-1) != 0 ||
        (temporary && chown(temporary, user, (gid_t)-1) != 0) || setgroups(0, NULL) != 0 ||
        setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0 ||
        prctl(PR_SET_DUMPABLE, 1) != 0)
        chaos_report("wrong giving up root: %s", strerror(errno));
}

/* ---- the floating-point environment ---- */

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
    fesetround(ways[chaos_below(&the_round.random, 4)]);
#if defined(__x86_64__)
    if (chaos_below(&the_round.random, 2))
        _mm_setcsr(_mm_getcsr() | 0x8040);
    if (chaos_below(&the_round.random, 2))
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

/* ---- all of them ---- */

void begin_disturbance(void)
{
    if (is("descriptors limit"))
        limit(RLIMIT_NOFILE, 3 + (rlim_t)descriptors_before() + chaos_below(&the_round.random, 8));
    else if (is("file size limit"))
        limit(RLIMIT_FSIZE, (rlim_t)1 << (14 + chaos_below(&the_round.random, 10)));
    else if (is("address space limit"))
        limit(RLIMIT_AS, address_space() + (chaos_below(&the_round.random, 16) << 20));
    else if (is("process limit"))
        limit(RLIMIT_NPROC, 1 + chaos_below(&the_round.random, 6));
    else if (is("full shared memory"))
        fill_shared_memory();
    else if (is("signals"))
        set_timer(500 + (suseconds_t)chaos_below(&the_round.random, 3000));
    else if (is("surroundings"))
        change_surroundings();
    else if (is("root given up"))
        give_up_root();
    else if (is("rounding"))
        change_rounding();
    chaos_disturber_begin();
}

void end_disturbance(void)
{
    chaos_disturber_end();
    lift_limit();
    empty_shared_memory();
    set_timer(0);
    if (is("rounding"))
        check_rounding();
}

void plan_disturber(void)
{
    chaos_disturber_plan plan = {.pause = 500 + (unsigned)chaos_below(&the_round.random, 15000),
                                 .seed = chaos_draw(&the_round.random)};
    plan.workers =
        is("kill workers") || is("kill any") || is("stop workers") || is("kill and stop");
    plan.fork_server =
        is("kill fork server") || is("kill any") || is("stop fork server") || is("kill and stop");
    plan.kills = strncmp(the_round.kind, "kill", 4) == 0;
    plan.stops = is("stop workers") || is("stop fork server") || is("kill and stop");
    plan.forever = is("stop fork server");
    plan.host = is("signals") || is("host killed");
    if (is("host killed")) {
        plan.fatal = chaos_below(&the_round.random, 2) ? SIGKILL : SIGTERM;
        plan.pause = 1 + (unsigned)chaos_below(&the_round.random, 40000);
    }
    if ((plan.workers || plan.fork_server || plan.host) && !chaos_disturber_open(&plan))
        chaos_report("wrong disturber: %s", strerror(errno));
}
