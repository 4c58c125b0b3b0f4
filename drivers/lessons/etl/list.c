/* drivers/lessons/etl/list.c - which files are read, and what each one's output is called. */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/lessons/etl/list.h"

static bool refuse(sound_error *error, const char *path, const char *what)
{
    snprintf(error->text, sizeof error->text, "%s: %s", path, what);
    return false;
}

static void free_file(etl_file *file)
{
    free(file->in);
    free(file->out);
}

static char *output_of(const char *in, const char *out_folder)
{
    const char *slash = strrchr(in, '/'), *name = slash ? slash + 1 : in;
    const char *dot = strrchr(name, '.');
    bool wav = dot && dot > name && strcasecmp(dot, ".wav") == 0;
    char *out = NULL;
    if (asprintf(&out, "%s/%.*s.wav", out_folder, (int)(wav ? dot - name : (ptrdiff_t)strlen(name)),
                 name) < 0)
        return NULL;
    return out;
}

/* Takes `in`, which was allocated. */
static bool add(etl_list *list, char *in, const char *out_folder, sound_error *error)
{
    etl_file *more = realloc(list->file, (list->count + 1) * sizeof *more);
    char *out = in ? output_of(in, out_folder) : NULL;
    if (more)
        list->file = more;
    if (!more || !in || !out) {
        free(in);
        free(out);
        return refuse(error, out_folder, "no memory for the list of files");
    }
    list->file[list->count++] = (etl_file){in, out, false};
    return true;
}

static int shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(etl_list *list, const char *folder, const char *out_folder,
                       sound_error *error)
{
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, shown, by_bytes);
    if (count < 0)
        return refuse(error, folder, strerror(errno));
    bool added = true;
    for (int i = 0; i < count; i++) {
        struct stat found;
        char *path = NULL;
        if (asprintf(&path, "%s/%s", folder, entry[i]->d_name) < 0)
            path = NULL;
        bool wanted = !path || stat(path, &found) || S_ISREG(found.st_mode);
        if (added && wanted)
            added = add(list, path, out_folder, error);
        else
            free(path);
        free(entry[i]);
    }
    free(entry);
    return added;
}

static int by_output(const void *a, const void *b)
{
    return strcmp((*(const etl_file *const *)a)->out, (*(const etl_file *const *)b)->out);
}

/* Leaves out files whose outputs would have one name, and says so. */
static bool let_outputs_differ(etl_list *list, etl_refused *refused, sound_error *error)
{
    etl_file **sorted = calloc(list->count + 1, sizeof *sorted);
    size_t kept = 0;
    if (!sorted)
        return refuse(error, "the list of files", "no memory to sort it");
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = &list->file[i];
    qsort(sorted, list->count, sizeof *sorted, by_output);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(sorted[i - 1]->out, sorted[i]->out) == 0) {
            snprintf(error->text, sizeof error->text,
                     "%.2000s and %.2000s would both be written to %s: neither is",
                     sorted[i - 1]->in, sorted[i]->in, sorted[i]->out);
            refused(error->text);
            sorted[i - 1]->failed = sorted[i]->failed = true;
        }
    free(sorted);
    for (size_t i = 0; i < list->count; i++)
        if (list->file[i].failed) {
            list->refused++;
            free_file(&list->file[i]);
        } else {
            list->file[kept++] = list->file[i];
        }
    list->count = kept;
    return true;
}

static bool inputs_stay(const etl_list *list, sound_error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        struct stat in, out;
        if (stat(list->file[i].out, &out) == 0 && stat(list->file[i].in, &in) == 0 &&
            in.st_ino == out.st_ino && in.st_dev == out.st_dev)
            return refuse(error, list->file[i].in, "its output would replace it");
    }
    return true;
}

bool list_files(etl_list *list, const char *const paths[], int count, const char *out_folder,
                etl_refused *refused, sound_error *error)
{
    *list = (etl_list){NULL, 0, 0};
    for (int i = 0; i < count; i++) {
        struct stat found;
        bool folder = stat(paths[i], &found) == 0 && S_ISDIR(found.st_mode);
        if (!(folder ? add_folder(list, paths[i], out_folder, error)
                     : add(list, strdup(paths[i]), out_folder, error)))
            return false;
    }
    return inputs_stay(list, error) && let_outputs_differ(list, refused, error);
}

void list_free(etl_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_file(&list->file[i]);
    free(list->file);
    *list = (etl_list){NULL, 0, 0};
}
