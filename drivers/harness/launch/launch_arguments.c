/* drivers/harness/launch/launch_arguments.c - see launch_arguments.h. */
#include "drivers/harness/launch/launch_arguments.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/log.h"

/* An argument made as by printf. */
static void put(FILE *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(FILE *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(words, format, arguments);
    va_end(arguments);
    fputc('\0', words);
}

static void put_number(FILE *words, const char *option, uint64_t number)
{
    put(words, "%s%llu", option, (unsigned long long)number);
}

/* What the ranks are to record is drawn and printed here. */
static void put_task_options(FILE *words, const harness_options *o)
{
    const task_settings *tasks = &o->tasks;
    if (o->driver->transports && tasks->transport[0] != TRINE_TRANSPORT_NONE)
        for (int i = 0; i < tasks->transports; i++)
            put(words, "--transport=%s",
                tasks->each_transport ? "each" : trine_transport_name(tasks->transport[i]));
    if (!runs_tasks(o->driver))
        return;
    put_number(words, "--chunk=", tasks->chunk);
    put_number(words, "--window=", tasks->window);
    put(words, "--order=%s", tasks->unordered ? "unordered" : "ordered");
    if (tasks->attempts)
        put_number(words, "--attempts=", (uint64_t)tasks->attempts);
    if (tasks->deadline > 0)
        put(words, "--deadline=%.17g", tasks->deadline);
    if (tasks->journal)
        put(words, "--journal=%s", tasks->journal);
    if (tasks->who || tasks->timeline)
        put(words, "--who");
}

static void put_extras(FILE *words, const harness_options *o)
{
    for (int i = 0; i < HARNESS_EXTRAS; i++)
        if (o->extra_text[i] && o->driver->extras[i].kind == KIND_FLAG)
            put(words, "--%s", o->driver->extras[i].name);
        else if (o->extra_text[i])
            put(words, "--%s=%s", o->driver->extras[i].name, o->extra_text[i]);
}

/* What the data is, or which files hold it. */
static void put_data(FILE *words, const harness_options *o)
{
    if (!o->file) {
        put_number(words, "--n=", o->n);
        put_number(words, "--seed=", o->seed);
        put(words, "--dtype=%s", trine_dtype_name(o->dtype));
    }
    put(words, "--");
    if (o->file)
        put(words, "%s", o->file);
    for (int i = 0; i < o->file_count; i++)
        put(words, "%s", o->files[i]);
}

static void put_options(FILE *words, const harness_options *o, const char *spec)
{
    put(words, "--team=%s", spec);
    put_number(words, "--repeat=", o->repeat);
    put(words, "--schedule=%s", o->schedule == TRINE_DYNAMIC ? "dynamic" : "static");
    if (o->each_method)
        put(words, "--each-mode");
    for (int i = 0; i < o->methods; i++)
        put(words, "--mode=%s", o->method[i]->mode);
    if (o->stream)
        put(words, "--stream");
    if (!o->verify)
        put(words, "--verify=none");
    if (progress_is_shown())
        put_number(words, "--terminal=", (uint64_t)progress_columns());
    put_task_options(words, o);
    put_extras(words, o);
    put_data(words, o);
}

char *launch_arguments(const harness_options *options, const char *spec, size_t *size)
{
    char *message = NULL;
    uint64_t bytes = 0;
    FILE *words = open_memstream(&message, size);
    if (!words)
        return NULL;
    fwrite(&bytes, sizeof bytes, 1, words);
    put_options(words, options, spec);
    bool whole = !ferror(words);
    if (fclose(words) || !whole) {
        free(message);
        return NULL;
    }
    bytes = htobe64(*size - sizeof bytes);
    memcpy(message, &bytes, sizeof bytes);
    return message;
}
