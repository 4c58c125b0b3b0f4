/* backends/executors/pool/threads.c - whether this process has one thread, so that it may be
 * forked.
 *
 * /proc lists them. Where it is not mounted, or is that of other processes, the kernel is asked to
 * unshare the thread from the others of its process: that does nothing where there is no other one,
 * and is refused where there is. A sandbox may forbid the question; then nobody knows.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"

/* Milliseconds that a thread which was joined may still be listed. */
enum { JOINED_LISTED = 20 };

/* How many there are at least; 0 when that cannot be told, with errno. */
static int count(bool *exactly)
{
    int listed = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        listed += entry->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    *exactly = listed > 0;
    if (listed > 0)
        return listed;
    return unshare(CLONE_THREAD) == 0 ? 1 : errno == EINVAL ? 2 : 0;
}

trine_status trine_pool_check_threads(const char *who, const char *remedy)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    bool exactly;
    int threads = count(&exactly);
    for (int i = 0; i < JOINED_LISTED && threads > 1; i++) {
        nanosleep(&moment, NULL);
        threads = count(&exactly);
    }
    if (threads == 1)
        return TRINE_OK;
    if (threads == 0)
        return trine_fail(TRINE_E_THREADS,
                          "%s: it cannot be told whether this process runs threads, and what they "
                          "hold would stay locked in a forked worker: /proc/self/task cannot be "
                          "read (is /proc mounted?), and unshare says: %s",
                          who, strerror(errno));
    return trine_fail(TRINE_E_THREADS,
                      "%s: this process runs %s%d threads, and what they hold would stay locked in "
                      "a forked worker; %s",
                      who, exactly ? "" : "at least ", threads, remedy);
}
