/* plot.c - drawings: what they show, at 10 and at 100,000 items, and what is said when they cannot
 * be made. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "drivers/harness/harness.h"

static char folder[] = "/tmp/trine-plot-XXXXXX";
static char path[64];

/* The file's text; the caller's to free. */
static char *text_of(const char *name)
{
    FILE *file = fopen(name, "r");
    size_t capacity = 1 << 22;
    char *text = calloc(1, capacity + 1);
    if (file && text)
        text[fread(text, 1, capacity, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

static int count_of(const char *text, const char *word)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        count++;
    return count;
}

static void series_have_their_names_points_and_marks(void)
{
    double x[20], y[20], z[20];
    for (int i = 0; i < 20; i++) {
        x[i] = (double)(1 << i);
        y[i] = 1e6 / (x[i] + 100) + x[i];
        z[i] = i == 3 ? NAN : i == 4 ? 0 : x[i];
    }
    const harness_series series[] = {{"the pool's; `date`", x, y, 20, true},
                                     {"omp:2", x, z, 20, true}};
    const harness_mark marks[] = {{1024, 1e6 / 1124 + 1024, "chosen"}, {0, 1, "nowhere"}};
    const harness_figure figure = {.title = "What a dispatch costs",
                                   .x_label = "items of a dispatch",
                                   .y_label = "seconds",
                                   .log_x = true,
                                   .log_y = true,
                                   .series = series,
                                   .series_count = 2,
                                   .mark = marks,
                                   .marks = 2};
    CU_ASSERT_EQUAL_FATAL(harness_plot(&figure, path), EXIT_RIGHT);
    char *text = text_of(path);
    static const char *const words[] = {"What a dispatch costs",
                                        "items of a dispatch",
                                        "seconds",
                                        "chosen",
                                        "omp:2",
                                        "the pool",
                                        "; `date`"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
    CU_ASSERT_PTR_NULL(strstr(text, "nowhere"));
    /* 20 points and 18, one mark, and one of each series and mark in the key. */
    CU_ASSERT_EQUAL(count_of(text, "<use xlink:href='#gpPt6' transform='translate("), 20 + 18 + 2);
    CU_ASSERT_EQUAL(count_of(text, "<use xlink:href='#gpPt5' transform='translate("), 2);
    free(text);
}

/* n items one after the other on two workers of two ranks, each 100th dead. */
static task_statistics statistics_of(uint64_t n)
{
    task_statistics t = {.slots = 4, .items = n, .records = n, .seconds = 2};
    double at[4] = {0};
    t.slot = calloc(4, sizeof *t.slot);
    t.record = calloc(n, sizeof *t.record);
    CU_ASSERT_TRUE_FATAL(t.slot && t.record);
    for (int i = 0; i < 4; i++)
        t.slot[i] = (trine_task_slot){.rank = i / 2, .worker = i % 2, .busy = 1};
    for (uint64_t i = 0; i < n; i++) {
        int slot = (int)(i % 4);
        double end = at[slot] + 8.0 / (double)n * (1 + (double)(i % 7)) / 7;
        t.record[i] = (trine_task_record){.index = i,
                                          .rank = slot / 2,
                                          .worker = slot % 2,
                                          .began = at[slot],
                                          .ended = end,
                                          .status = i % 100 == 9 ? TRINE_E_WORKER : TRINE_OK};
        at[slot] = end;
    }
    return t;
}

static void release(task_statistics *t)
{
    free(t->slot);
    free(t->record);
}

static void a_timeline_has_a_box_for_each_item(void)
{
    task_statistics t = statistics_of(12);
    CU_ASSERT_EQUAL_FATAL(harness_plot_timeline("twelve", &t, path), EXIT_RIGHT);
    char *text = text_of(path);
    static const char *const words[] = {"twelve",          "rank 0 worker 0, busy 50 %",
                                        "rank 1 worker 1", "TRINE_OK",
                                        "TRINE_E_WORKER",  "seconds since"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
    CU_ASSERT_EQUAL(count_of(text, "<polygon fill = 'rgb( 68, 119, 170)'"), 11);
    CU_ASSERT_EQUAL(count_of(text, "<polygon fill = 'rgb(187,  34,  51)'"), 1);
    free(text);
    release(&t);
}

/* A box or less a pixel, and those that failed are still there. */
static void a_timeline_of_many_items_stays_small(void)
{
    task_statistics t = statistics_of(100000);
    struct stat about;
    CU_ASSERT_EQUAL_FATAL(harness_plot_timeline("many", &t, path), EXIT_RIGHT);
    CU_ASSERT_EQUAL(stat(path, &about), 0);
    CU_ASSERT_TRUE(about.st_size < 1 << 20);
    char *text = text_of(path);
    CU_ASSERT_TRUE(count_of(text, "<polygon fill = 'rgb( 68, 119, 170)'") < 4 * 840);
    CU_ASSERT_TRUE(count_of(text, "<polygon fill = 'rgb(187,  34,  51)'") > 100);
    free(text);
    release(&t);
}

/* What is said on stderr while a drawing fails. */
static bool fails_saying(const harness_figure *figure, const char *name, const char *words)
{
    char said[64];
    snprintf(said, sizeof said, "%s/said", folder);
    int kept = dup(STDERR_FILENO);
    bool drawn = freopen(said, "w", stderr) && harness_plot(figure, name) == EXIT_RIGHT;
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    char *text = text_of(said);
    bool right = !drawn && strstr(text, words);
    if (!right)
        printf("\n%s\n", text);
    free(text);
    unlink(said);
    return right;
}

static void what_cannot_be_drawn_is_said(void)
{
    /* More points than a pipe holds. */
    static double x[20000];
    for (int i = 0; i < 20000; i++)
        x[i] = i;
    char other[64];
    struct stat found;
    const double none[] = {NAN, INFINITY};
    const harness_series series = {"one", x, x, 20000, false}, empty = {"none", x, none, 2, false};
    harness_figure figure = {.series = &series, .series_count = 1};
    CU_ASSERT_TRUE(fails_saying(&figure, "/nowhere/at/all.svg", "/nowhere/at/all.svg: No such"));
    char *kept = strdup(getenv("PATH"));
    setenv("PATH", folder, 1);
    CU_ASSERT_TRUE(fails_saying(&figure, path, "gnuplot-nox"));
    char *text = text_of(path);
    CU_ASSERT_TRUE(count_of(text, "many") == 1 && count_of(text, "</svg>") == 1);
    free(text);
    snprintf(other, sizeof other, "%s/fresh.svg", folder);
    CU_ASSERT_TRUE(fails_saying(&figure, other, "gnuplot-nox"));
    CU_ASSERT_NOT_EQUAL(access(other, F_OK), 0);
    CU_ASSERT_TRUE(fails_saying(&figure, "/dev/null", "gnuplot-nox"));
    CU_ASSERT_TRUE(lstat("/dev/null", &found) == 0 && S_ISCHR(found.st_mode));
    setenv("PATH", kept, 1);
    free(kept);
    figure.series = &empty;
    CU_ASSERT_TRUE(fails_saying(&figure, path, "no point to draw"));
}

/* gnuplot runs what follows a |, and ends a command at the end of a line. */
static void a_name_is_only_a_name(void)
{
    static const char *const names[] = {
        "|touch hacked", "`touch hacked`", "a\nb", "it's\"", "\\", "-x", ":"};
    static const double x[] = {1, 2};
    const harness_series series = {"one", x, x, 2, false};
    const harness_figure figure = {.series = &series, .series_count = 1};
    int there = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_EQUAL(harness_plot(&figure, names[i]), EXIT_RIGHT);
        char *text = text_of(names[i]);
        CU_ASSERT_EQUAL(count_of(text, "</svg>"), 1);
        free(text);
        CU_ASSERT_EQUAL(unlink(names[i]), 0);
    }
    CU_ASSERT_NOT_EQUAL(access("hacked", F_OK), 0);
    CU_ASSERT_EQUAL(fchdir(there), 0);
    close(there);
}

static void *read_drawing(void *name)
{
    return text_of(name);
}

static void a_pipe_gets_the_drawing_and_stays(void)
{
    char name[64];
    struct stat found;
    void *text;
    pthread_t reader;
    static const double x[] = {1, 2};
    const harness_series series = {"one", x, x, 2, false};
    const harness_figure figure = {.series = &series, .series_count = 1};
    snprintf(name, sizeof name, "%s/pipe", folder);
    CU_ASSERT_EQUAL(mkfifo(name, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, read_drawing, name), 0);
    CU_ASSERT_EQUAL(harness_plot(&figure, name), EXIT_RIGHT);
    pthread_join(reader, &text);
    CU_ASSERT_EQUAL(count_of(text, "</svg>"), 1);
    CU_ASSERT_TRUE(lstat(name, &found) == 0 && S_ISFIFO(found.st_mode));
    free(text);
    unlink(name);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"series have their names, points and marks", series_have_their_names_points_and_marks},
        {"a timeline has a box for each item", a_timeline_has_a_box_for_each_item},
        {"a timeline of many items stays small", a_timeline_of_many_items_stays_small},
        {"what cannot be drawn is said", what_cannot_be_drawn_is_said},
        {"a name is only a name", a_name_is_only_a_name},
        {"a pipe gets the drawing and stays", a_pipe_gets_the_drawing_and_stays},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/it's.svg", folder);
    int result = trine_check_main("plot", tests);
    unlink(path);
    rmdir(folder);
    return result;
}
