/* loader.c - loader LIBRARY SPEC: loads the library, uses a team and unloads it, many times over;
 * nothing crashes, and nothing is left that grows: descriptors, addresses, threads, processes. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <trine/trine.h>

enum { ROUNDS = 50, WARM = 5, N = 1 << 17, STATUS_SKIPPED = 77 };

/* What C libraries keep for threads that ended, and may keep more of. */
static const double slack_bytes = 256e6;

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static void *find(void *library, const char *name)
{
    void *symbol = dlsym(library, name);
    NEED(symbol != NULL);
    return symbol;
}

/* FUNCTION(name): that function of the library, by its declaration in the header. */
#define FUNCTION(name)                                                                             \
    __typeof__(name) *own_##name;                                                                  \
    {                                                                                              \
        void *symbol = find(library, #name);                                                       \
        memcpy(&own_##name, &symbol, sizeof symbol);                                               \
    }

static int entries(const char *folder)
{
    int count = 0;
    DIR *directory = opendir(folder);
    NEED(directory != NULL);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Threads that were joined are listed for a moment more. */
static int threads(void)
{
    int count;
    for (int i = 0; (count = entries("/proc/self/task") - 2) > 1 && i < 1000; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return count;
}

static double addresses(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    NEED(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static bool maps_hold(const char *text)
{
    char line[512];
    bool found = false;
    FILE *file = fopen("/proc/self/maps", "re");
    NEED(file != NULL);
    while (fgets(line, sizeof line, file))
        found = found || strstr(line, text);
    fclose(file);
    return found;
}

/* finalize: as a host does that wants nothing kept. MPI does not start twice. */
static void use(const char *path, const char *spec, bool finalize)
{
    static double data[N];
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fprintf(stderr, "%s\n", dlerror());
    NEED(library != NULL);
    FUNCTION(trine_team_open)
    FUNCTION(trine_team_close)
    FUNCTION(trine_array_wrap)
    FUNCTION(trine_array_free)
    FUNCTION(trine_sum_f64)
    FUNCTION(trine_finalize)
    FUNCTION(trine_error_detail)
    trine_team *team;
    trine_array *x;
    double sum = -1;
    trine_status status = own_trine_team_open(spec, &team);
    if (status)
        fprintf(stderr, "%s\n", own_trine_error_detail());
    if (status == TRINE_E_ABSENT)
        exit(STATUS_SKIPPED);
    NEED(status == TRINE_OK);
    for (int i = 0; i < N; i++)
        data[i] = 1;
    NEED(own_trine_array_wrap(team, TRINE_F64, data, N, &x) == TRINE_OK);
    NEED(own_trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK && sum >= N);
    own_trine_array_free(x);
    NEED(own_trine_team_close(team) == TRINE_OK);
    if (finalize)
        own_trine_finalize();
    NEED(dlclose(library) == 0);
}

static void nothing_is_left(const char *path, const char *spec)
{
    int files = 0;
    double bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        use(path, spec, true);
        NEED(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
        NEED(!maps_hold("memfd:trine"));
        if (i == WARM) {
            files = entries("/proc/self/fd");
            bytes = addresses();
        }
    }
    NEED(entries("/proc/self/fd") == files);
    NEED(addresses() < bytes + slack_bytes);
}

static void what_is_kept_is_used_again(const char *path, const char *spec)
{
    int files = 0;
    double bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        use(path, spec, false);
        if (i == WARM) {
            files = entries("/proc/self/fd");
            bytes = addresses();
        }
    }
    NEED(entries("/proc/self/fd") == files);
    NEED(addresses() < bytes + slack_bytes);
}

int main(int argc, char **argv)
{
    NEED(argc == 3);
    bool ranks = strncmp(argv[2], "mpi", 3) == 0;
    if (!ranks) {
        nothing_is_left(argv[1], argv[2]);
        NEED(threads() == 1 || LOADER_KEEPS_THREADS);
    }
    what_is_kept_is_used_again(argv[1], argv[2]);
    return 0;
}
