/* drivers/harness/report/plot.c - see plot.h; and drawings of series. */
#include "drivers/harness/report/plot.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drivers/harness/cli/log.h"

/* What a shell says of a command that is not there. */
enum { COMMAND_NOT_FOUND = 127 };

/* Whose messages they are: a figure may belong to any driver. */
static const char speaker[] = "plot";

void put_quoted(FILE *gnuplot, const char *text)
{
    fputc('\'', gnuplot);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', gnuplot);
        fputc(*text == '\n' ? ' ' : *text, gnuplot);
    }
    fputc('\'', gnuplot);
}

void put_text(FILE *gnuplot, const char *command, const char *text)
{
    if (!text)
        return;
    fprintf(gnuplot, "%s ", command);
    put_quoted(gnuplot, text);
    fputc('\n', gnuplot);
}

static void say_absent(const char *path)
{
    log_line(speaker, "%s: gnuplot is not installed; the package gnuplot-nox has it", path);
}

/* Whether a command is in one of the folders of $PATH. */
static bool is_command(const char *name)
{
    const char *path = getenv("PATH");
    char *copy = strdup(path ? path : "/bin:/usr/bin"), *rest = copy, file[4096];
    bool found = false;
    for (char *part; !found && (part = strsep(&rest, ":"));)
        found = snprintf(file, sizeof file, "%s/%s", *part ? part : ".", name) < (int)sizeof file &&
                access(file, X_OK) == 0;
    free(copy);
    return found;
}

int can_plot(const char *path)
{
    trine_output output;
    if (!trine_output_possible(path, &output)) {
        log_line(speaker, "%s: %s", path, output.why);
        return EXIT_USAGE;
    }
    if (is_command("gnuplot"))
        return EXIT_RIGHT;
    say_absent(path);
    return EXIT_FAILED;
}

bool plots_into_stream(const char *path)
{
    trine_output output;
    return trine_output_possible(path, &output) && output.stream;
}

/* With that file for its commands and the output's file for its own: the shell says when it is
 * absent. */
static int spawn(const drawing *d, pid_t *process)
{
    /* In a locale without UTF-8 gnuplot warns of a degree sign that nobody draws. */
    static char shell[] = "sh", option[] = "-c",
                command[] = "LC_ALL=C.UTF-8; export LC_ALL; exec gnuplot";
    char *const words[] = {shell, option, command, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, fileno(d->gnuplot), STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, d->output.fd, STDOUT_FILENO);
    if (!error)
        error = posix_spawn(process, "/bin/sh", &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Seconds that gnuplot may take, and nanoseconds between two looks whether it has ended. */
enum { PATIENCE = 30, LOOK = 5000000 };

/* How it ended, as waitpid has it; TOO_LONG when it did not, and was killed. */
enum { TOO_LONG = -1 };
static int wait_for(pid_t process)
{
    static const struct timespec pause = {.tv_nsec = LOOK};
    int ended;
    for (int looks = 0; looks < PATIENCE * (1000000000 / LOOK); looks++) {
        if (waitpid(process, &ended, WNOHANG) == process)
            return ended;
        nanosleep(&pause, NULL);
    }
    kill(process, SIGKILL);
    while (waitpid(process, &ended, 0) < 0 && errno == EINTR)
        ;
    return TOO_LONG;
}

int open_plot(drawing *d, const char *path, int width, int height)
{
    *d = (drawing){.path = path};
    if (!trine_output_open(&d->output, path, TRINE_OUTPUT_SEEKABLE)) {
        log_line(speaker, "%s: %s", path, d->output.why);
        return EXIT_USAGE;
    }
    int commands = memfd_create("trine-plot", MFD_CLOEXEC);
    d->gnuplot = commands < 0 ? NULL : fdopen(commands, "w+");
    if (!d->gnuplot) {
        log_line(speaker, "%s: no memory for what gnuplot is to draw: %s", path, strerror(errno));
        if (commands >= 0)
            close(commands);
        trine_output_drop(&d->output);
        return EXIT_FAILED;
    }
    /* A startup file may have set another output. */
    fprintf(d->gnuplot,
            "set encoding utf8\nset output\n"
            "set terminal svg noenhanced size %d,%d font 'sans-serif,13' background 'white'\n",
            width, height);
    return EXIT_RIGHT;
}

/* Whether a file ends as SVG does: the disk was not full. */
static bool is_whole(int fd)
{
    char tail[32] = "";
    struct stat found;
    off_t back = sizeof tail - 1;
    return fstat(fd, &found) == 0 &&
           pread(fd, tail, sizeof tail - 1, found.st_size > back ? found.st_size - back : 0) > 0 &&
           strstr(tail, "</svg>") != NULL;
}

/* What failed was said. */
static int run_gnuplot(const drawing *d)
{
    pid_t process;
    bool written = fprintf(d->gnuplot, "\nset output\n") > 0 && fflush(d->gnuplot) == 0 &&
                   !ferror(d->gnuplot) && lseek(fileno(d->gnuplot), 0, SEEK_SET) == 0;
    if (!written) {
        log_line(speaker, "%s: writing what gnuplot is to draw: %s", d->path, strerror(errno));
        return EXIT_USAGE;
    }
    int error = spawn(d, &process);
    if (error) {
        log_line(speaker, "%s: gnuplot cannot be started: %s", d->path, strerror(error));
        return EXIT_FAILED;
    }
    int ended = wait_for(process);
    if (ended == 0 && is_whole(d->output.fd))
        return EXIT_RIGHT;
    if (ended == TOO_LONG)
        log_line(speaker, "%s: gnuplot did not end within %d seconds", d->path, PATIENCE);
    else if (WIFEXITED(ended) && WEXITSTATUS(ended) == COMMAND_NOT_FOUND)
        say_absent(d->path);
    else if (ended == 0)
        log_line(speaker, "%s: gnuplot did not write all of it (is the disk full?)", d->path);
    else if (WIFEXITED(ended))
        log_line(speaker, "%s: gnuplot ended with status %d", d->path, WEXITSTATUS(ended));
    else
        log_line(speaker, "%s: gnuplot was ended by signal %d", d->path, WTERMSIG(ended));
    return ended == 0 ? EXIT_USAGE : EXIT_FAILED;
}

int close_plot(drawing *d)
{
    int result = run_gnuplot(d);
    fclose(d->gnuplot);
    if (!result && !trine_output_commit(&d->output, false)) {
        log_line(speaker, "%s: %s", d->path, d->output.why);
        result = EXIT_USAGE;
    }
    trine_output_drop(&d->output);
    return result;
}

/* Whether a point has a place on the axes. */
static bool drawable(const harness_figure *figure, double x, double y)
{
    bool log_x = figure->log_x || figure->bytes_x;
    return isfinite(x) && isfinite(y) && (!log_x || x > 0) && (!figure->log_y || y > 0);
}

static size_t count_drawable(const harness_figure *figure, const harness_series *series)
{
    size_t count = 0;
    for (size_t i = 0; i < series->n; i++)
        count += drawable(figure, series->x[i], series->y[i]);
    return count;
}

/* Tics at powers of 16, named as sizes of memory are. */
static void put_byte_tics(FILE *gnuplot)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    fprintf(gnuplot, "set logscale x 2\nset xtics (");
    for (int power = 0; power < 50; power += 4)
        fprintf(gnuplot, "%s'%d %s' %.17g", power ? ", " : "", 1 << power % 10, units[power / 10],
                ldexp(1, power));
    fprintf(gnuplot, ")\n");
}

static void put_axes(FILE *gnuplot, const harness_figure *figure)
{
    put_text(gnuplot, "set title", figure->title);
    put_text(gnuplot, "set xlabel", figure->x_label);
    put_text(gnuplot, "set ylabel", figure->y_label);
    fprintf(gnuplot, "set grid lc rgb '#dddddd'\nset key outside right top\n"
                     "set tics nomirror\nset border 3\nset offsets graph 0.02, graph 0.05, graph "
                     "0.1, graph 0.02\n");
    if (figure->bytes_x)
        put_byte_tics(gnuplot);
    else if (figure->log_x)
        fprintf(gnuplot, "set logscale x\nset format x '%%.0s%%c'\n");
    if (figure->log_y)
        fprintf(gnuplot, "set logscale y\nset format y '%%.0s %%c'\n");
}

/* A ring around each point; beside it the word of the only one, or a number, whose word the key
 * tells: words of points that lie near each other would not be legible. */
static void put_marks(FILE *gnuplot, const harness_figure *figure)
{
    for (int i = 0; i < figure->marks; i++) {
        const harness_mark *mark = &figure->mark[i];
        char number[12];
        if (!drawable(figure, mark->x, mark->y))
            continue;
        snprintf(number, sizeof number, "%d", i + 1);
        fprintf(gnuplot, "set label %d ", i + 1);
        put_quoted(gnuplot, figure->marks > 1 ? number : mark->text ? mark->text : "");
        fprintf(gnuplot,
                " at first %.17g, first %.17g point pt 6 ps 1.5 lw 2 offset 0.8,0.8 front\n",
                mark->x, mark->y);
    }
}

static void put_mark_keys(FILE *gnuplot, const harness_figure *figure)
{
    for (int i = 0; i < figure->marks && figure->marks > 1; i++) {
        const harness_mark *mark = &figure->mark[i];
        char key[160];
        if (!drawable(figure, mark->x, mark->y))
            continue;
        snprintf(key, sizeof key, "%d  %s", i + 1, mark->text ? mark->text : "");
        fprintf(gnuplot, ", NaN with points pt 6 lw 2 lc rgb 'black' title ");
        put_quoted(gnuplot, key);
    }
}

static void put_points(FILE *gnuplot, const harness_figure *figure, const harness_series *series)
{
    for (size_t i = 0; i < series->n; i++)
        if (drawable(figure, series->x[i], series->y[i]))
            fprintf(gnuplot, "%.17g %.17g\n", series->x[i], series->y[i]);
    fprintf(gnuplot, "e\n");
}

int harness_plot(const harness_figure *figure, const char *path)
{
    size_t points = 0;
    for (int i = 0; i < figure->series_count; i++)
        points += count_drawable(figure, &figure->series[i]);
    if (points == 0) {
        log_line(speaker, "%s: there is no point to draw", path);
        return EXIT_FAILED;
    }
    drawing d;
    int result = open_plot(&d, path, 900, 540);
    if (result)
        return result;
    FILE *gnuplot = d.gnuplot;
    put_axes(gnuplot, figure);
    put_marks(gnuplot, figure);
    const char *between = "plot ";
    for (int i = 0; i < figure->series_count; i++) {
        const harness_series *series = &figure->series[i];
        if (count_drawable(figure, series) == 0)
            continue;
        fprintf(gnuplot, "%s'-' with %s lw 2 pt 7 ps 0.6 title ", between,
                series->points ? "points" : "linespoints");
        put_quoted(gnuplot, series->name ? series->name : "");
        between = ", ";
    }
    put_mark_keys(gnuplot, figure);
    fputc('\n', gnuplot);
    for (int i = 0; i < figure->series_count; i++)
        if (count_drawable(figure, &figure->series[i]) > 0)
            put_points(gnuplot, figure, &figure->series[i]);
    return close_plot(&d);
}
