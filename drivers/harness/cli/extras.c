/* drivers/harness/cli/extras.c - reading the options that one driver has of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/number.h"
#include "drivers/harness/cli/options.h"

/* Reads one number of an extra; false when the text is none, or out of its limits. */
static bool read_extra_number(const harness_extra *extra, const char *text, double *real,
                              uint64_t *whole)
{
    if (extra->kind == KIND_WHOLE || extra->kind == KIND_SHAPE) {
        bool read = read_number(text, (uint64_t)extra->least, (uint64_t)extra->most, whole);
        *real = (double)*whole;
        return read;
    }
    char *end;
    *real = extra->kind == KIND_SIGNED ? (double)strtol(text, &end, 10) : strtod(text, &end);
    return end != text && *end == '\0' && *real >= extra->least && *real <= extra->most;
}

static bool read_numbers(const harness_extra *extra, const char *text, harness_setting *setting)
{
    char copy[1024], *rest = copy;
    const char *between = extra->kind == KIND_SHAPE ? "x" : extra->kind == KIND_REALS ? "," : "";
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return false;
    for (char *part; (part = strsep(&rest, between));) {
        uint64_t whole = 0;
        if (setting->count == HARNESS_REALS ||
            !read_extra_number(extra, part, &setting->real[setting->count], &whole))
            return false;
        if (setting->count < 2)
            setting->whole[setting->count] = whole;
        setting->count++;
    }
    return extra->kind == KIND_SHAPE ? setting->count == 2 : setting->count > 0;
}

/* The number of a word among those of `argument`, with | between them. */
static bool read_choice(const harness_extra *extra, const char *text, harness_setting *setting)
{
    size_t length = strlen(text);
    const char *word = extra->argument;
    for (uint64_t i = 0; *word; i++) {
        size_t size = strcspn(word, "|");
        if (size == length && strncmp(word, text, size) == 0) {
            setting->whole[0] = i;
            setting->count = 1;
            return true;
        }
        word += size + (word[size] == '|');
    }
    return false;
}

/* Reads an extra's text into its setting; false when it cannot be. */
static bool read_extra(const harness_extra *extra, const char *text, harness_setting *setting)
{
    *setting = (harness_setting){.text = text};
    switch (extra->kind) {
    case KIND_CHOICE:
        return read_choice(extra, text, setting);
    case KIND_FLAG:
        setting->whole[0] = 1;
        setting->count = 1;
        return true;
    case KIND_TEXT:
    case KIND_PLOT:
        setting->count = 1;
        return *text != '\0';
    default:
        return read_numbers(extra, text, setting);
    }
}

const double *fill_of(const harness_options *o)
{
    for (int i = 0; o->driver->extras && o->driver->extras[i].name; i++)
        if (o->driver->extras[i].kind == KIND_FILL && o->setting[i].count)
            return o->setting[i].real;
    return NULL;
}

const char *plot_of(const harness_options *o)
{
    for (int i = 0; o->driver->extras && o->driver->extras[i].name; i++)
        if (o->driver->extras[i].kind == KIND_PLOT)
            return o->extra_text[i];
    return NULL;
}

void check_plot(struct argp_state *state, const harness_options *o)
{
    bool sweep = false;
    for (int i = 0; o->driver->extras && o->driver->extras[i].name; i++)
        sweep = sweep || (strcmp(o->driver->extras[i].name, "sweep") == 0 && o->extra_text[i]);
    if (plot_of(o) && !sweep)
        usage_error(state, "--plot %s: it draws what --sweep finds: give --sweep, too", plot_of(o));
}

/* Whether that type has that number. */
static bool has_number(trine_dtype dtype, double value)
{
    if (dtype == TRINE_F64 || dtype == TRINE_F32)
        return dtype == TRINE_F64 || (double)(float)value == value;
    return value == trunc(value) && harness_holds(dtype, value);
}

void check_fill(struct argp_state *state, const harness_options *o)
{
    const double *value = fill_of(o);
    trine_dtype dtype = o->dtype == TRINE_DTYPE_NONE ? TRINE_F64 : o->dtype;
    if (value && o->file)
        usage_error(state, "--fill and FILE: the file has its elements");
    if (value && !has_number(dtype, *value))
        usage_error(state, "--fill %.17g: %s has no such number", *value, trine_dtype_name(dtype));
}

void extra_option(struct argp_state *state, harness_options *o, int i, const char *text)
{
    static const char *const expected[] = {[KIND_WHOLE] = "a whole number from",
                                           [KIND_SIGNED] = "a whole number from",
                                           [KIND_REAL] = "a number from",
                                           [KIND_FILL] = "a number of the elements' type, from",
                                           [KIND_REALS] = "numbers with commas between them, from",
                                           [KIND_SHAPE] = "ROWSxCOLUMNS, such as 8Kx8K, each from"};
    const harness_extra *extra = &o->driver->extras[i];
    const char *given = text ? text : "";
    o->extra_text[i] = given;
    if (read_extra(extra, given, &o->setting[i]))
        return;
    if (extra->kind == KIND_CHOICE || extra->kind == KIND_TEXT || extra->kind == KIND_PLOT)
        usage_error(state, "--%s '%s': expected %s", extra->name, given, extra->argument);
    else
        usage_error(state, "--%s '%s': expected %s %g to %g%s", extra->name, given,
                    expected[extra->kind], extra->least, extra->most,
                    extra->kind == KIND_WHOLE || extra->kind == KIND_SHAPE ? "; " NUMBER_UNITS
                                                                           : "");
}

int add_extras(const trine_driver *driver, harness_options *o, int first_key,
               struct argp_option own[])
{
    int i = 0;
    for (; i < HARNESS_EXTRAS && driver->extras && driver->extras[i].name; i++) {
        const harness_extra *extra = &driver->extras[i];
        const char *argument = extra->kind == KIND_FLAG ? NULL : extra->argument;
        own[i] = (struct argp_option){extra->name, first_key + i, argument, 0, extra->text, 0};
        if (extra->standard)
            read_extra(extra, extra->standard, &o->setting[i]);
    }
    return i;
}
