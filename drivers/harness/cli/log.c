/* drivers/harness/cli/log.c - see say.h. */
#include "drivers/harness/cli/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "drivers/harness/harness.h"

static int read_rank(void)
{
    static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK",
                                        "SLURM_PROCID"};
    for (size_t i = 0; trine_launched() > 0 && i < sizeof ranks / sizeof *ranks; i++) {
        const char *rank = getenv(ranks[i]);
        if (rank)
            return (int)strtol(rank, NULL, 10);
    }
    return 0;
}

bool first_rank(void)
{
    static int rank = -1;
    /* Asked once: MPI_Init may write to the environment. */
    if (rank < 0)
        rank = read_rank();
    return rank == 0;
}

/* What rank 0 may be behind with the same failure, on CPUs that all ranks share. */
static const struct timespec moment = {.tv_nsec = 500 * 1000 * 1000};

static void wait_a_moment(int status, void *nothing)
{
    (void)nothing;
    if (status)
        nanosleep(&moment, NULL);
}

void let_first_rank_fail_first(void)
{
    if (!first_rank())
        on_exit(wait_a_moment, NULL);
}

hushed hush_other_ranks(void)
{
    hushed kept = {-1, -1};
    int nowhere = first_rank() ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        return kept;
    kept = (hushed){dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    return kept;
}

static void give_back(int kept, int fd)
{
    if (kept < 0)
        return;
    dup2(kept, fd);
    close(kept);
}

void speak_again(hushed kept)
{
    give_back(kept.out, STDOUT_FILENO);
    give_back(kept.err, STDERR_FILENO);
}

static bool progress_shown;

/* Columns of a terminal that is not this process's own; 0: there is none. */
static int shown_anyway;

void show_progress_anyway(int columns)
{
    shown_anyway = columns;
}

bool progress_is_shown(void)
{
    const char *terminal = getenv("TERM");
    bool moves = terminal && *terminal && strcmp(terminal, "dumb") != 0;
    return first_rank() && (shown_anyway || (moves && isatty(STDERR_FILENO)));
}

/* What another process may have written there goes too. */
static void clear_progress(void)
{
    if (progress_shown || shown_anyway)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

int progress_columns(void)
{
    if (shown_anyway)
        return shown_anyway;
    struct winsize size = {.ws_col = 0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1 : 79;
}

/* What was said last: programs are told it, too. */
static struct {
    char message[2 * PATH_MAX];
    trine_status status;
} last;

const char *last_said(trine_status *status)
{
    *status = last.status;
    return last.message;
}

void remember(trine_status status, const char *message)
{
    snprintf(last.message, sizeof last.message, "%s", message);
    last.status = status;
}

void log_line(const char *driver, const char *format, ...)
{
    va_list arguments;
    if (!first_rank())
        return;
    clear_progress();
    va_start(arguments, format);
    vsnprintf(last.message, sizeof last.message, format, arguments);
    va_end(arguments);
    /* One line, and nothing that a terminal obeys, also where a file's name is more. */
    for (char *at = last.message; *at; at++)
        *at = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
    last.status = TRINE_OK;
    fprintf(stderr, "%s: %s\n", driver, last.message);
}

void complain(const char *driver, trine_status status)
{
    const char *detail = trine_error_detail();
    if (*detail)
        log_line(driver, "%s (%s)", detail, trine_status_name(status));
    else if (status != TRINE_E_ARGUMENT)
        log_line(driver, "%s (%s)", trine_status_text(status), trine_status_name(status));
    last.status = status;
}

void progress(const char *driver, const char *format, ...)
{
    char line[512] = "";
    va_list arguments;
    if (!progress_is_shown())
        return;
    clear_progress();
    if (format) {
        va_start(arguments, format);
        vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        int space = progress_columns() - (int)strlen(driver) - 2;
        fprintf(stderr, "%s: %.*s", driver, space > 0 ? space : 0, line);
        progress_shown = true;
    }
    fflush(stderr);
}

int exit_of(trine_status status)
{
    switch (status) {
    case TRINE_E_ARGUMENT:
    case TRINE_E_SPEC:
    case TRINE_E_ABSENT:
    case TRINE_E_LAUNCH:
    case TRINE_E_FORMAT:
    case TRINE_E_DTYPE:
    case TRINE_E_LENGTH:
    case TRINE_E_IO:
        return EXIT_USAGE;
    default:
        return EXIT_FAILED;
    }
}
