/* drivers/harness/cli/standard.c - see standard.h. */
#include "drivers/harness/cli/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/cli/log.h"

void hold_standard_files(void)
{
    /* open takes the lowest number that is free. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static struct {
    const char *driver;
    void (*tell)(const char *driver);
    bool is_own;
} ending;

static void turn_exit(int status, void *nothing)
{
    (void)nothing;
    if (status != EXIT_WRONG || ending.is_own)
        return;
    ending.tell(ending.driver);
    (void)fflush(NULL);
    _exit(EXIT_FAILED);
}

void guard_exit(const char *driver, void (*tell)(const char *driver))
{
    ending.driver = driver;
    ending.tell = tell;
    on_exit(turn_exit, NULL);
}

int own_exit(int status)
{
    ending.is_own = true;
    return status;
}

void take_write_errors(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int end_output(const char *driver)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_RIGHT;
    log_line(driver, "writing to standard output: %s", strerror(errno));
    return EXIT_FAILED;
}
