/* backends/executors/pool/identity.c - see identity.h.
 *
 * 1. All is read twice, from the caller when a pool opens and from the worker when it has done what
 *    it could: what is equal then has been taken over, whatever the system allowed on the way.
 * 2. What needs rights comes first (limits, roots, groups), then ids, then capabilities, which are
 *    kept over the change of ids for that.
 * 3. Nobody can leave a seccomp filter, and few enter a namespace: where these differ, the worker
 *    is refused.
 */
#include "backends/executors/pool/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "core/backend/usable_cpus.h"
#include "core/system/error.h"
#include "core/system/util.h"

/* Of capabilities, by their bits. */
enum { PERMITTED, EFFECTIVE, INHERITABLE, BOUNDING, AMBIENT, SETS };

/* Real, effective, saved. */
enum { IDS = 3 };

static const char *const spaces[] = {"cgroup",           "ipc",  "mnt",  "net",
                                     "pid_for_children", "time", "user", "uts"};
enum { SPACES = sizeof spaces / sizeof *spaces };

typedef struct file_id {
    dev_t device;
    ino_t inode;
} file_id;

/* group[0 .. groups), and variables one behind the other in `environment`, each with its end, lie
 * behind it. filters: of seccomp; -1 where it is not known, as an inode of 0 is not. */
struct pool_identity {
    uid_t uid[IDS];
    gid_t gid[IDS];
    uint64_t capability[SETS];
    int securebits, no_new_privileges, dumpable, seccomp, filters;
    ino_t space[SPACES];
    file_id root, directory;
    mode_t umask;
    int nice, policy, priority;
    struct rlimit limit[RLIM_NLIMITS];
    trine_cpu_set cpus;
    int groups;
    gid_t *group;
    size_t variables, environment_bytes;
    char *environment;
};

/* --- Reading. */

static file_id id_of(const struct stat *found)
{
    return (file_id){found->st_dev, found->st_ino};
}

static bool is_same(file_id a, file_id b)
{
    return a.device == b.device && a.inode == b.inode;
}

static bool has_capability(const pool_identity *own, int set, int capability)
{
    return own->capability[set] >> capability & 1;
}

static void read_capabilities(uint64_t set[SETS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    memset(set, 0, SETS * sizeof *set);
    if (syscall(SYS_capget, &header, data) == 0)
        for (int i = 0; i < 2; i++) {
            set[PERMITTED] |= (uint64_t)data[i].permitted << 32 * i;
            set[EFFECTIVE] |= (uint64_t)data[i].effective << 32 * i;
            set[INHERITABLE] |= (uint64_t)data[i].inheritable << 32 * i;
        }
    for (int i = 0; i < 64; i++) {
        int bounding = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
        if (bounding < 0)
            break;
        set[BOUNDING] |= (uint64_t)bounding << i;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
            set[AMBIENT] |= UINT64_C(1) << i;
    }
}

static bool write_capabilities(const uint64_t set[SETS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].permitted = (uint32_t)(set[PERMITTED] >> 32 * i);
        data[i].effective = (uint32_t)(set[EFFECTIVE] >> 32 * i);
        data[i].inheritable = (uint32_t)(set[INHERITABLE] >> 32 * i);
    }
    return syscall(SYS_capset, &header, data) == 0;
}

/* How many numbers stand in a line of that key of a status in /proc, at most `most`. */
static size_t numbers_of(const char *line, const char *key, int base, size_t most,
                         unsigned long numbers[])
{
    size_t count = 0, length = strlen(key);
    if (strncmp(line, key, length) != 0 || line[length] != ':')
        return 0;
    for (const char *at = line + length + 1; count < most; count++) {
        char *end;
        numbers[count] = strtoul(at, &end, base);
        if (end == at)
            break;
        at = end;
    }
    return count;
}

/* What no system call tells without changing it. Without /proc the umask is changed and put back.
 */
static void read_status(pool_identity *own)
{
    char line[256];
    bool masked = false;
    own->filters = -1;
    FILE *file = fopen("/proc/thread-self/status", "re");
    while (file && fgets(line, sizeof line, file)) {
        unsigned long number;
        if (numbers_of(line, "Seccomp_filters", 10, 1, &number) == 1)
            own->filters = (int)number;
        if (numbers_of(line, "Umask", 8, 1, &number) == 1) {
            own->umask = (mode_t)number;
            masked = true;
        }
    }
    if (file)
        fclose(file);
    if (!masked) {
        own->umask = umask(077);
        umask(own->umask);
    }
}

static void read_places(pool_identity *own)
{
    struct stat found;
    for (int i = 0; i < SPACES; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/thread-self/ns/%s", spaces[i]);
        own->space[i] = stat(path, &found) == 0 ? found.st_ino : 0;
    }
    if (stat("/", &found) == 0)
        own->root = id_of(&found);
    /* The directory itself, which may not be searched any more. */
    if (fstatat(AT_FDCWD, "", &found, AT_EMPTY_PATH) == 0)
        own->directory = id_of(&found);
}

/* As a child of the thread would have it. */
static void read_scheduling(pool_identity *own)
{
    struct sched_param parameters = {.sched_priority = 0};
    int policy = sched_getscheduler(0);
    own->nice = getpriority(PRIO_PROCESS, 0);
    sched_getparam(0, &parameters);
    own->policy = policy;
    own->priority = parameters.sched_priority;
    if (policy & SCHED_RESET_ON_FORK) {
        own->policy = SCHED_OTHER;
        own->priority = 0;
        own->nice = own->nice < 0 ? 0 : own->nice;
    }
}

/* All but groups, environment and CPUs. */
static void read_identity(pool_identity *own)
{
    memset(own, 0, sizeof *own);
    getresuid(&own->uid[0], &own->uid[1], &own->uid[2]);
    getresgid(&own->gid[0], &own->gid[1], &own->gid[2]);
    read_capabilities(own->capability);
    own->securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    own->no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    own->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    own->seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    read_status(own);
    read_places(own);
    read_scheduling(own);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        getrlimit(i, &own->limit[i]);
}

/* --- The caller's side. */

static size_t count_environment(size_t *variables)
{
    size_t bytes = 0;
    *variables = 0;
    for (char **variable = environ; variable && *variable; variable++) {
        bytes += strlen(*variable) + 1;
        ++*variables;
    }
    return bytes;
}

static void copy_environment(pool_identity *own)
{
    char *to = own->environment, *end = to + own->environment_bytes;
    size_t i = 0;
    for (; i < own->variables && environ[i]; i++) {
        size_t length = strlen(environ[i]) + 1;
        if (length > (size_t)(end - to))
            break;
        memcpy(to, environ[i], length);
        to += length;
    }
    own->variables = i;
}

/* A directory by its descriptor alone, which needs no right to read it. */
static trine_descriptor open_directory(const char *path, const char *otherwise)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fd = open(otherwise, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return trine_descriptor_know(trine_above_standard(fd));
}

trine_status trine_caller_make(pool_caller *caller)
{
    size_t variables, environment = count_environment(&variables);
    int groups = getgroups(0, NULL);
    if (groups < 0)
        return trine_fail(TRINE_E_SYSTEM, "pool: getgroups: %s", strerror(errno));
    size_t ids = trine_whole_lines((size_t)groups * sizeof(gid_t));
    void *memory;
    caller->bytes = trine_heap_pages(sizeof(pool_identity) + ids + environment);
    trine_status status = trine_heap_alloc(caller->bytes, &memory);
    if (status)
        return status;
    pool_identity *own = caller->identity = memory;
    read_identity(own);
    own->cpus = trine_cpus_mask();
    own->group = (gid_t *)(own + 1);
    own->groups = getgroups(groups, own->group);
    own->environment = (char *)own->group + ids;
    own->environment_bytes = environment;
    own->variables = variables;
    copy_environment(own);
    caller->root = open_directory("/", "/proc/thread-self/root");
    caller->directory = open_directory(".", "/proc/thread-self/cwd");
    if (own->groups < 0)
        return trine_fail(TRINE_E_SYSTEM, "pool: getgroups: %s", strerror(errno));
    return TRINE_OK;
}

void trine_caller_release(pool_caller *caller)
{
    if (!caller->identity)
        return;
    trine_heap_release(caller->identity, caller->bytes);
    trine_descriptor_close(&caller->root);
    trine_descriptor_close(&caller->directory);
    caller->identity = NULL;
}

static trine_status check_descriptor(const trine_descriptor *known, const char *what)
{
    return known->fd < 0 || trine_descriptor_holds(known) ? TRINE_OK
                                                          : trine_descriptor_lost(known, what);
}

trine_status trine_caller_check(const pool_caller *caller)
{
    trine_status status = check_descriptor(&caller->root, "the root directory of a pool's workers");
    return status ? status
                  : check_descriptor(&caller->directory, "the directory of a pool's workers");
}

/* --- The worker's side. */

static bool has_groups(const pool_identity *wanted)
{
    int count = getgroups(0, NULL);
    gid_t *group = count > 0 ? malloc((size_t)count * sizeof *group) : NULL;
    bool same = count == wanted->groups &&
                (count == 0 || (group && getgroups(count, group) == count &&
                                memcmp(group, wanted->group, (size_t)count * sizeof *group) == 0));
    free(group);
    return same;
}

static void assume_limits(const pool_identity *wanted, const pool_identity *own)
{
    if (wanted->policy != own->policy || wanted->priority != own->priority)
        (void)sched_setscheduler(0, wanted->policy,
                                 &(struct sched_param){.sched_priority = wanted->priority});
    if (wanted->nice != own->nice)
        (void)setpriority(PRIO_PROCESS, 0, wanted->nice);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (memcmp(&wanted->limit[i], &own->limit[i], sizeof own->limit[i]) != 0)
            (void)setrlimit(i, &wanted->limit[i]);
}

static void assume_root(const pool_identity *wanted, const pool_identity *own, int root)
{
    if (!is_same(wanted->root, own->root) && root >= 0 && fchdir(root) == 0)
        (void)!chroot(".");
}

static void assume_directory(const pool_identity *wanted, int directory)
{
    struct stat found;
    bool there = fstatat(AT_FDCWD, "", &found, AT_EMPTY_PATH) == 0 &&
                 is_same(id_of(&found), wanted->directory);
    if (!there && directory >= 0)
        (void)!fchdir(directory);
}

static void assume_ids(const pool_identity *wanted, const pool_identity *own)
{
    if (!has_groups(wanted))
        (void)setgroups((size_t)wanted->groups, wanted->group);
    if (memcmp(wanted->gid, own->gid, sizeof own->gid) != 0)
        (void)!setresgid(wanted->gid[0], wanted->gid[1], wanted->gid[2]);
    if (memcmp(wanted->uid, own->uid, sizeof own->uid) != 0)
        (void)!setresuid(wanted->uid[0], wanted->uid[1], wanted->uid[2]);
}

static void assume_ambient(const pool_identity *wanted)
{
    for (int i = 0; i < 64; i++) {
        int is = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0);
        bool wants = has_capability(wanted, AMBIENT, i);
        if (is >= 0 && is != wants)
            (void)prctl(PR_CAP_AMBIENT, wants ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER, i, 0,
                        0);
    }
}

/* Kept over the change of ids, all of them are at work until the last step. */
static void assume_credentials(const pool_identity *wanted, const pool_identity *own)
{
    uint64_t now[SETS];
    for (int i = 0; i < 64; i++)
        if (has_capability(own, BOUNDING, i) && !has_capability(wanted, BOUNDING, i))
            (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    (void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    assume_ids(wanted, own);
    read_capabilities(now);
    now[EFFECTIVE] = now[PERMITTED];
    (void)write_capabilities(now);
    if (wanted->securebits == own->securebits ||
        prctl(PR_SET_SECUREBITS, wanted->securebits, 0, 0, 0) < 0)
        (void)prctl(PR_SET_KEEPCAPS, (wanted->securebits & SECBIT_KEEP_CAPS) != 0, 0, 0, 0);
    (void)write_capabilities(wanted->capability);
    assume_ambient(wanted);
    if (wanted->no_new_privileges)
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (wanted->dumpable != prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
        (void)prctl(PR_SET_DUMPABLE, wanted->dumpable, 0, 0, 0);
}

/* Strings of its own, which a task may change. */
static bool assume_environment(const pool_identity *wanted)
{
    size_t pointers = (wanted->variables + 1) * sizeof(char *);
    char **variable = malloc(pointers + wanted->environment_bytes);
    if (!variable)
        return false;
    char *text = (char *)variable + pointers;
    memcpy(text, wanted->environment, wanted->environment_bytes);
    for (size_t i = 0; i < wanted->variables; i++) {
        variable[i] = text;
        text += strlen(text) + 1;
    }
    variable[wanted->variables] = NULL;
    environ = variable;
    return true;
}

/* What cannot be changed and is not the same; NULL for nothing. */
static const char *find_bound(const pool_identity *wanted, const pool_identity *own)
{
    if (wanted->seccomp != own->seccomp ||
        (wanted->filters >= 0 && own->filters >= 0 && wanted->filters != own->filters))
        return "seccomp filters";
    for (int i = 0; i < SPACES; i++)
        if (wanted->space[i] && own->space[i] && wanted->space[i] != own->space[i])
            return "namespaces";
    return NULL;
}

/* What of the rest is not the same. */
static const char *find_difference(const pool_identity *wanted, const pool_identity *own)
{
    const struct {
        bool same;
        const char *what;
    } part[] = {
        {memcmp(wanted->uid, own->uid, sizeof own->uid) == 0, "user ids"},
        {memcmp(wanted->gid, own->gid, sizeof own->gid) == 0, "group ids"},
        {has_groups(wanted), "supplementary groups"},
        {memcmp(wanted->capability, own->capability, sizeof own->capability) == 0, "capabilities"},
        {wanted->securebits == own->securebits, "securebits"},
        {wanted->no_new_privileges == own->no_new_privileges, "no_new_privs"},
        {is_same(wanted->root, own->root), "root directory"},
        {is_same(wanted->directory, own->directory), "working directory"},
        {wanted->umask == own->umask, "umask"},
        {wanted->policy == own->policy && wanted->priority == own->priority, "scheduling policy"},
        {wanted->nice == own->nice, "nice value"},
        {memcmp(wanted->limit, own->limit, sizeof own->limit) == 0, "resource limits"},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (!part[i].same)
            return part[i].what;
    return NULL;
}

bool trine_identity_assume(const pool_identity *wanted, int root, int directory, char *why,
                           size_t size)
{
    pool_identity own;
    read_identity(&own);
    const char *what = find_bound(wanted, &own);
    if (!what) {
        assume_limits(wanted, &own);
        assume_root(wanted, &own, root);
        assume_directory(wanted, directory);
        if (!has_groups(wanted) || memcmp(wanted, &own, offsetof(pool_identity, seccomp)) != 0)
            assume_credentials(wanted, &own);
        assume_directory(wanted, directory);
        umask(wanted->umask);
        read_identity(&own);
        what = find_difference(wanted, &own);
    }
    if (!what && trine_cpu_set_count(&wanted->cpus) > 0 &&
        sched_setaffinity(0, sizeof wanted->cpus, wanted->cpus.part))
        what = "CPUs";
    if (!what && !assume_environment(wanted))
        what = "environment (no memory)";
    if (what)
        snprintf(why, size, "%s", what);
    return !what;
}

/* --- The fork server's side. */

/* Of a process, as the system tells others. */
typedef struct credentials {
    unsigned long uid[IDS], gid[IDS], permitted;
    gid_t group[256];
    size_t groups;
} credentials;

/* False where it cannot be known. */
static bool read_credentials(pid_t pid, credentials *c)
{
    enum { MOST = sizeof c->group / sizeof *c->group };
    char path[64], line[4096];
    unsigned long group[MOST];
    size_t found = 0;
    *c = (credentials){.groups = 0};
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        found += numbers_of(line, "Uid", 10, IDS, c->uid);
        found += numbers_of(line, "Gid", 10, IDS, c->gid);
        found += numbers_of(line, "CapPrm", 16, 1, &c->permitted);
        size_t groups = numbers_of(line, "Groups", 10, MOST, group);
        for (size_t i = 0; i < groups; i++)
            c->group[c->groups++] = (gid_t)group[i];
    }
    fclose(file);
    return found == 2 * IDS + 1;
}

bool trine_identity_give_up(const pool_identity *parents, int root, int directory)
{
    credentials c;
    uint64_t own[SETS];
    uid_t uid[IDS];
    char why[64];
    read_capabilities(own);
    getresuid(&uid[0], &uid[1], &uid[2]);
    if ((own[PERMITTED] == 0 && uid[0] == uid[1] && uid[0] == uid[2] && uid[0] != 0) ||
        !read_credentials(getppid(), &c) || c.permitted || !c.uid[0] || c.uid[0] != c.uid[1] ||
        c.uid[0] != c.uid[2])
        return false;
    /* While it can, so that workers can be like the parent; what the system says comes last. */
    (void)trine_identity_assume(parents, root, directory, why, sizeof why);
    (void)setgroups(c.groups, c.group);
    (void)!setresgid((gid_t)c.gid[0], (gid_t)c.gid[1], (gid_t)c.gid[2]);
    (void)!setresuid((uid_t)c.uid[0], (uid_t)c.uid[1], (uid_t)c.uid[2]);
    (void)write_capabilities((const uint64_t[SETS]){0});
    return true;
}
