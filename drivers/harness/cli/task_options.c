/* drivers/harness/cli/task_options.c - the options of drivers whose work is tasks, and --transport.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/options.h"

enum {
    TASK_CHUNK,
    TASK_WINDOW,
    TASK_ORDER,
    TASK_ATTEMPTS,
    TASK_DEADLINE,
    TASK_JOURNAL,
    TASK_TIMELINE,
    TASK_WHO,
    TASK_TRANSPORT
};

static const struct argp_option table[] = {
    [TASK_CHUNK] =
        {"chunk", TASK_CHUNK, "N", 0,
         "Items of one dispatch to a worker (default 0: chosen from the measured time and "
         "size of items)",
         0},
    [TASK_WINDOW] = {"window", TASK_WINDOW, "N", 0,
                     "Most items between submission and collection (default 0: chosen)", 0},
    [TASK_ORDER] = {"order", TASK_ORDER, "HOW", 0,
                    "ordered (default): results are collected in the order of the items; "
                    "unordered: as they finish",
                    0},
    [TASK_ATTEMPTS] = {"attempts", TASK_ATTEMPTS, "N", 0,
                       "How often an item is begun whose worker dies of it (default 3)", 0},
    [TASK_DEADLINE] = {"deadline", TASK_DEADLINE, "SECONDS", 0,
                       "Seconds that one item may take (default: any)", 0},
    [TASK_JOURNAL] = {"journal", TASK_JOURNAL, "FILE", 0,
                      "Record each finished item there; when it is there already, items in it are "
                      "not run again",
                      0},
    [TASK_TIMELINE] = {"timeline", TASK_TIMELINE, "FILE.svg", 0,
                       "Draw which worker ran which item when (by gnuplot); of several rows, each "
                       "into a file that also has the team in its name",
                       0},
    [TASK_WHO] = {"who", TASK_WHO, NULL, 0, "Print which worker ran which item, and when", 0},
    [TASK_TRANSPORT] = {
        "transport", TASK_TRANSPORT, "HOW", 0,
        "How data reaches workers that do not share it: shm (of tasks the default), "
        "inherit, pipe, file, cma, message, window; `each` for all that the team "
        "has. Arrays then lie in the first rank's own memory, and each repetition "
        "brings them: to several ranks by message or window, and a map's result back. May be "
        "repeated",
        0}};

bool runs_tasks(const trine_driver *driver)
{
    return driver->operation && driver->operation->tasks;
}

bool has_arrays(const trine_driver *driver)
{
    const harness_operation *operation = driver->operation;
    return !operation || operation->inputs > 0 || (!operation->tasks && !operation->files);
}

int add_task_options(const trine_driver *driver, int first_key, struct argp_option own[])
{
    int count = 0;
    for (int i = 0; i <= TASK_TRANSPORT; i++)
        if (i == TASK_TRANSPORT ? driver->transports : runs_tasks(driver)) {
            own[count] = table[i];
            own[count++].key = first_key + i;
        }
    return count;
}

bool stages_arrays(const harness_options *o)
{
    return has_arrays(o->driver) && !runs_tasks(o->driver) &&
           o->tasks.transport[0] != TRINE_TRANSPORT_NONE;
}

static void transport_option(struct argp_state *state, task_settings *tasks, const char *text)
{
    bool each = strcmp(text, "each") == 0;
    int before = tasks->transports;
    if (each) {
        tasks->each_transport = true;
        tasks->transports = before = 0;
    }
    for (int i = 0; i < TRINE_TRANSPORT_COUNT; i++)
        if ((each || strcmp(text, trine_transport_name((trine_transport)i)) == 0) &&
            tasks->transports < TRINE_TRANSPORT_COUNT)
            tasks->transport[tasks->transports++] = (trine_transport)i;
    if (tasks->transports > before)
        return;
    char known[256] = "";
    for (int i = 0; i < TRINE_TRANSPORT_COUNT; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s, ",
                 trine_transport_name((trine_transport)i));
    usage_error(state, "--transport '%s': expected one of %seach", text, known);
}

static double seconds_option(struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds <= 0)
        usage_error(state, "%s '%s': expected seconds above 0", option, text);
    return seconds;
}

void task_option(struct argp_state *state, harness_options *o, int key, char *text)
{
    task_settings *tasks = &o->tasks;
    switch (key) {
    case TASK_CHUNK:
        tasks->chunk = number_option(state, "--chunk", text, 0, (uint64_t)1 << 40);
        break;
    case TASK_WINDOW:
        tasks->window = number_option(state, "--window", text, 0, (uint64_t)1 << 40);
        break;
    case TASK_ORDER:
        tasks->unordered = choice_option(state, "--order", text, "ordered", "unordered");
        break;
    case TASK_ATTEMPTS:
        tasks->attempts = (int)number_option(state, "--attempts", text, 1, 1000000);
        break;
    case TASK_DEADLINE:
        tasks->deadline = seconds_option(state, "--deadline", text);
        break;
    case TASK_JOURNAL:
        if (*text == '\0')
            usage_error(state, "--journal '': expected the path of a file");
        tasks->journal = text;
        break;
    case TASK_TIMELINE:
        tasks->timeline = text;
        break;
    case TASK_WHO:
        tasks->who = true;
        break;
    default:
        transport_option(state, tasks, text);
    }
}

void check_task_options(struct argp_state *state, const harness_options *o)
{
    const task_settings *tasks = &o->tasks;
    if (tasks->journal && o->driver->operation->fleeting)
        usage_error(state,
                    "--journal %s: what this driver measures is not kept: leave --journal out",
                    tasks->journal);
    if (tasks->journal && (o->teams > 1 || o->methods > 1 || tasks->transports > 1))
        usage_error(state,
                    "--journal %s: what one run finished the next would not run: give one --team, "
                    "one --mode, one --transport",
                    tasks->journal);
    if (tasks->journal && o->repeat > 1)
        usage_error(state,
                    "--journal %s: what the first repetition finished the next would not run: give "
                    "--repeat=1",
                    tasks->journal);
    if (tasks->who && o->form == FORM_CSV)
        usage_error(state, "--who: --csv prints one line a row; --json shows items");
}
