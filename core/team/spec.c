/* core/team/spec.c - reading team specs: `[mpi[:R]] [+] [serial | omp[:T] |
 * pool[:P][,option=value]]`.
 */
#include "core/team/spec.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/system/error.h"

/* More than any machine has; keeps every product of counts far from overflow. */
enum { MAX_WORKERS = 65536, PART_SIZE = 64 };

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[PART_SIZE];
    if (n >= PART_SIZE)
        return PART_SIZE;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = diagonal + (tolower((unsigned char)a[i - 1]) != b[j - 1]);
            diagonal = row[j];
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
        }
    }
    return row[n];
}

/* What people call them elsewhere. */
static const struct {
    const char *word, *name;
} other_words[] = {{"process", "pool"}, {"processes", "pool"},   {"multiprocessing", "pool"},
                   {"fork", "pool"},    {"rank", "mpi"},         {"ranks", "mpi"},
                   {"mpirun", "mpi"},   {"sequential", "serial"}};

static const char *nearest_name(const char *word)
{
    const char *nearest = "omp";
    size_t least = 3;
    for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
        if (strcasecmp(word, other_words[i].word) == 0)
            return other_words[i].name;
    for (int i = 0, last = 0; !last; i++) {
        last = trine_executors[i] == NULL;
        const char *name = last ? trine_ranks_communicator->name : trine_executors[i]->name;
        size_t d = distance(word, name);
        if (d < least) {
            least = d;
            nearest = name;
        }
    }
    return nearest;
}

/* Where the first of several specs with commas between them ends: what has a = behind a comma is an
 * option of it. */
static size_t length_of_first(const char *text)
{
    size_t end = strcspn(text, ",");
    while (text[end]) {
        size_t length = strcspn(text + end + 1, ",");
        if (!memchr(text + end + 1, '=', length))
            break;
        end += 1 + length;
    }
    return end;
}

/* The nearest good spec to a bad one: each part's nearest name with its count where that is one; of
 * several specs, the first's. */
static void suggest(const char *text, char *suggestion, size_t size)
{
    char copy[TRINE_DETAIL_SIZE], *rest = copy, *part;
    char executor[PART_SIZE] = "", ranks[PART_SIZE] = "";
    snprintf(copy, sizeof copy, "%.*s", (int)length_of_first(text), text);
    while ((part = strtok_r(rest, "+, ", &rest))) {
        if (strchr(part, '='))
            continue;
        char *colon = strchr(part, ':');
        if (colon)
            *colon = '\0';
        const char *name = nearest_name(part);
        long count = colon ? strtol(colon + 1, NULL, 10) : 0;
        bool counted = count > 0 && count <= MAX_WORKERS && strcmp(name, "serial") != 0;
        char *into = strcmp(name, "mpi") == 0 ? ranks : executor;
        if (counted)
            snprintf(into, PART_SIZE, "%s:%ld", name, count);
        else
            snprintf(into, PART_SIZE, "%s", name);
    }
    if (!*ranks && !*executor)
        snprintf(executor, sizeof executor, "omp");
    snprintf(suggestion, size, "%s%s%s", ranks, *ranks && *executor ? "+" : "", executor);
}

__attribute__((format(printf, 2, 3))) static trine_status refuse(const char *text,
                                                                 const char *format, ...)
{
    char why[160], suggestion[2 * PART_SIZE + 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    suggest(text, suggestion, sizeof suggestion);
    return trine_fail(TRINE_E_SPEC, "team spec '%.100s': %s; the nearest good spec is '%s'", text,
                      why, suggestion);
}

/* Digits only, 1 to MAX_WORKERS; 0 when it is not that. */
static int read_count(const char *word)
{
    if (!isdigit((unsigned char)*word) || strlen(word) > 5)
        return 0;
    char *end;
    long value = strtol(word, &end, 10);
    return *end == '\0' && value >= 1 && value <= MAX_WORKERS ? (int)value : 0;
}

/* A number of bytes: digits and at most one of K M G T, powers of 1024. 0 when it is not that. */
static size_t read_size(const char *word)
{
    if (!isdigit((unsigned char)*word) || strlen(word) > 16)
        return 0;
    char *end;
    unsigned long long value = strtoull(word, &end, 10);
    static const char units[] = "KMGT";
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit && end[1] == '\0') {
        int shift = 10 * (int)(unit - units + 1);
        return value <= SIZE_MAX >> shift ? (size_t)value << shift : 0;
    }
    return *end == '\0' ? (size_t)value : 0;
}

static const char transport_option[] = "transport=";

static trine_status read_transport(const char *text, const char *name, trine_spec *spec)
{
    spec->transport = trine_transport_find(name);
    if (spec->transport != TRINE_TRANSPORT_NONE && !trine_channels[spec->transport]->absent)
        return TRINE_OK;
    return refuse(text, "transport='%.40s': expected shm, inherit, pipe, file or cma%s", name,
                  spec->transport == TRINE_TRANSPORT_NONE
                      ? ""
                      : "; message and window move data between ranks");
}

static trine_status read_option(const char *text, const char *option, trine_spec *spec)
{
    if (!spec->executor->separate_memory)
        return refuse(text, "option '%.40s': only pool has options", option);
    if (strncmp(option, "heap=", 5) == 0) {
        spec->options.heap_bytes = read_size(option + 5);
        return spec->options.heap_bytes >= 1 << 20
                   ? TRINE_OK
                   : refuse(text, "heap='%.40s': expected bytes, at least 1M, such as heap=64G",
                            option + 5);
    }
    if (strncmp(option, "spin=", 5) == 0) {
        char *end;
        double spin = strtod(option + 5, &end);
        if (!isdigit((unsigned char)option[5]) || *end || spin > 1e6)
            return refuse(text, "spin='%.40s': expected microseconds from 0 to 1000000",
                          option + 5);
        /* Zero means "not given" in the options; no spinning is a spin too short to matter. */
        spec->options.spin_microseconds = spin > 0 ? spin : 1e-3;
        return TRINE_OK;
    }
    if (strncmp(option, transport_option, sizeof transport_option - 1) == 0)
        return read_transport(text, option + sizeof transport_option - 1, spec);
    return refuse(text,
                  "option '%.40s': the options are heap=SIZE, spin=MICROSECONDS and transport=NAME",
                  option);
}

/* One part between the plus signs; `place` counts them from 0. */
static trine_status read_part(const char *text, char *part, int place, trine_spec *spec)
{
    char *options = strchr(part, ',');
    if (options)
        *options++ = '\0';
    char *count = strchr(part, ':');
    if (count)
        *count++ = '\0';
    const trine_executor_ops *executor = NULL;
    for (int i = 0; trine_executors[i]; i++)
        if (strcmp(part, trine_executors[i]->name) == 0)
            executor = trine_executors[i];
    bool mpi = strcmp(part, trine_ranks_communicator->name) == 0;
    if (!executor && !mpi)
        return refuse(text, "'%.40s' is no part of a team (serial, omp, pool, mpi)", part);
    if (mpi && place != 0)
        return refuse(text, "'mpi' comes first");
    if (executor && place == 1 && spec->communicator != trine_ranks_communicator)
        return refuse(text, "only mpi goes with another part");
    if (count && executor && executor->alone)
        return refuse(text, "serial has one worker and takes no count");
    int number = count ? read_count(count) : 0;
    if (count && number == 0)
        return refuse(text, "'%.40s' is no count from 1 to %d", count, MAX_WORKERS);
    if (mpi) {
        spec->communicator = trine_ranks_communicator;
        spec->ranks = number;
    } else {
        spec->executor = executor;
        spec->options.workers = number;
    }
    for (char *option; options; options = option) {
        option = strchr(options, ',');
        if (option)
            *option++ = '\0';
        if (!strchr(options, '='))
            return refuse(text,
                          "a comma begins an option, NAME=VALUE, and '%.40s' is none; a spec names "
                          "one team",
                          options);
        trine_status status =
            mpi ? refuse(text, "mpi has no options") : read_option(text, options, spec);
        if (status)
            return status;
    }
    return TRINE_OK;
}

trine_status trine_spec_parse(const char *text, trine_spec *spec)
{
    char copy[TRINE_DETAIL_SIZE];
    if (strlen(text) >= sizeof copy)
        return refuse(text, "longer than %zu bytes", sizeof copy - 1);
    snprintf(copy, sizeof copy, "%s", text);
    trine_spec parsed = {
        trine_executors[0], trine_alone_communicator, 0, {0}, TRINE_TRANSPORT_NONE, NULL};
    int place = 0;
    for (char *part = copy, *next; part; part = next, place++) {
        next = strchr(part, '+');
        if (next)
            *next++ = '\0';
        if (place == 2)
            return refuse(text, "more than two parts");
        trine_status status = read_part(text, part, place, &parsed);
        if (status)
            return status;
    }
    *spec = parsed;
    return TRINE_OK;
}

void trine_spec_print(const trine_spec *spec, char *text, size_t size)
{
    char workers[PART_SIZE] = "";
    bool ranks = spec->communicator == trine_ranks_communicator;
    bool several = !spec->executor->alone;
    if (several)
        snprintf(workers, sizeof workers, "%s:%d", spec->executor->name, spec->options.workers);
    if (ranks)
        snprintf(text, size, "mpi:%d%s%s", spec->ranks, several ? "+" : "", workers);
    else
        snprintf(text, size, "%s", several ? workers : spec->executor->name);
    trine_spec_set_transport(text, size, spec->executor, spec->transport);
}

void trine_spec_set_transport(char *text, size_t size, const trine_executor_ops *executor,
                              trine_transport transport)
{
    char *options = strchr(text, ',');
    size_t length = options ? (size_t)(options - text) : strlen(text);
    text[length] = '\0';
    if (executor->separate_memory && transport != TRINE_TRANSPORT_NONE)
        snprintf(text + length, size - length, ",%s%s", transport_option,
                 trine_transport_name(transport));
}
