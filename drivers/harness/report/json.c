/* drivers/harness/report/json.c - runs as JSON, written with jansson. The schema stands in
 * drivers/README.md. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/run/failures.h"
#include "drivers/harness/cli/log.h"

/* The seconds of a ledger, by name. */
static const struct {
    const char *name;
    size_t offset;
} parts[] = {{"wall", offsetof(trine_ledger, wall)},
             {"transfer_in", offsetof(trine_ledger, transfer_in)},
             {"dispatch", offsetof(trine_ledger, dispatch)},
             {"compute", offsetof(trine_ledger, compute)},
             {"wait", offsetof(trine_ledger, wait)},
             {"combine", offsetof(trine_ledger, combine)},
             {"transfer_out", offsetof(trine_ledger, transfer_out)},
             {"other", offsetof(trine_ledger, other)},
             {"user", offsetof(trine_ledger, user)},
             {"sys", offsetof(trine_ledger, sys)}};

enum { PARTS = sizeof parts / sizeof *parts };

static double *part_of(const trine_ledger *ledger, int i)
{
    return (double *)((char *)ledger + parts[i].offset);
}

/* JSON is UTF-8; the name of a file need not be. Then what is not ASCII becomes '?'. */
static json_t *text_to_json(const char *text)
{
    json_t *json = json_string(text);
    char *copy = json ? NULL : strdup(text);
    for (char *at = copy; at && *at; at++)
        *at = (*at & 0x80) ? '?' : *at;
    if (copy)
        json = json_string(copy);
    free(copy);
    return json;
}

static json_t *ledger_to_json(const harness_row *row)
{
    json_t *ledger = json_object();
    for (int i = 0; i < PARTS; i++)
        json_object_set_new(ledger, parts[i].name, json_real(*part_of(&row->ledger, i)));
    json_object_set_new(ledger, "bytes", json_integer((json_int_t)row->ledger.bytes));
    json_object_set_new(ledger, "moved", json_integer((json_int_t)row->ledger.moved));
    json_object_set_new(ledger, "replaced", json_integer(row->ledger.replaced));
    json_object_set_new(ledger, "reproducible", json_boolean(row->ledger.reproducible));
    return ledger;
}

static json_t *shares_to_json(const harness_row *row)
{
    json_t *shares = json_array();
    for (int i = 0; i < row->shares; i++) {
        const trine_ledger_worker *w = &row->share[i];
        const trine_memory none = {0}, *m = row->memory ? &row->memory[i] : &none;
        json_array_append_new(
            shares,
            json_pack("{s:i, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I}", "worker", i,
                      "pid", (json_int_t)w->pid, "dispatch", w->dispatch, "transfer", w->transfer,
                      "compute", w->compute, "wait", w->wait, "user", w->user, "sys", w->sys,
                      "blocks", (json_int_t)w->blocks, "rss", (json_int_t)m->rss, "pss",
                      (json_int_t)m->pss, "uss", (json_int_t)m->uss));
    }
    return shares;
}

static json_t *slots_to_json(const task_statistics *statistics)
{
    json_t *slots = json_array();
    for (int i = 0; i < statistics->slots; i++) {
        const trine_task_slot *slot = &statistics->slot[i];
        json_array_append_new(slots,
                              json_pack("{s:i, s:i, s:I, s:I, s:f}", "rank", slot->rank, "worker",
                                        slot->worker, "pid", (json_int_t)slot->pid, "items",
                                        (json_int_t)slot->items, "busy", slot->busy));
    }
    return slots;
}

/* Each record as [item, began, ended, rank, worker, status]. */
static json_t *records_to_json(const task_statistics *statistics)
{
    json_t *records = json_array();
    for (uint64_t i = 0; i < statistics->records; i++) {
        const trine_task_record *r = &statistics->record[i];
        json_array_append_new(records, json_pack("[I, f, f, i, i, s]", (json_int_t)r->index,
                                                 r->began, r->ended, r->rank, r->worker,
                                                 trine_status_name(r->status)));
    }
    return records;
}

static json_t *statistics_to_json(const harness_row *row)
{
    const task_statistics *t = &row->statistics;
    json_t *object =
        json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:i, s:f}", "items", (json_int_t)t->items,
                  "items_per_s", items_per_second(row), "chunk", (json_int_t)t->chunk, "failed",
                  (json_int_t)t->failed, "retried", (json_int_t)t->retried, "resumed",
                  (json_int_t)t->resumed, "lost", t->lost, "seconds", t->seconds);
    json_object_set_new(object, "slots", slots_to_json(t));
    json_object_set_new(object, "records", t->record ? records_to_json(t) : json_null());
    return object;
}

static json_t *numbers_to_json(const harness_row *row)
{
    json_t *numbers = json_object();
    for (int i = 0; i < row->numbers; i++)
        json_object_set_new(numbers, row->number[i].name, json_real(row->number[i].value));
    return numbers;
}

static json_t *row_to_json(const harness_row *row, bool tasks)
{
    char value[VALUE_TEXT], bits[VALUE_TEXT];
    value_text(&row->value, value, sizeof value);
    bits_text(&row->value, bits, sizeof bits);
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "team", row->team,
                  "mode", row->mode, "ranks", row->ranks, "workers", row->workers, "n",
                  (json_int_t)row->n, "bytes", (json_int_t)row->bytes, "seconds", row->seconds,
                  "least_seconds", row->least, "load_seconds", row->load, "open_seconds", row->open,
                  "gb_per_s", row->rate, "of_read_bandwidth", row->ratio);
    json_object_set_new(object, "status", json_string(trine_status_name(row->status)));
    json_object_set_new(object, "dtype", json_string(trine_dtype_name(row->value.dtype)));
    json_object_set_new(object, "value", row->status ? json_null() : json_string(value));
    json_object_set_new(object, "bits", row->status ? json_null() : json_string(bits));
    json_object_set_new(object, "verdict", json_string(verdict_name(row->verdict)));
    json_object_set_new(object, "agrees", json_boolean(row->agrees));
    json_object_set_new(object, "note", text_to_json(row->note));
    json_object_set_new(object, "ledger", ledger_to_json(row));
    json_object_set_new(object, "shares", shares_to_json(row));
    json_object_set_new(object, "memory",
                        json_pack("{s:I, s:I, s:I}", "rss", (json_int_t)row->all_memory.rss, "pss",
                                  (json_int_t)row->all_memory.pss, "uss",
                                  (json_int_t)row->all_memory.uss));
    json_object_set_new(object, "transport",
                        row->transport[0] ? json_string(row->transport) : json_null());
    json_object_set_new(object, "numbers", numbers_to_json(row));
    json_object_set_new(object, "tasks", tasks ? statistics_to_json(row) : json_null());
    return object;
}

static json_t *failures_to_json(const harness_run *run)
{
    json_t *errors = json_array();
    for (int i = 0; i < run->failures; i++) {
        const harness_failure *f = &run->failure[i];
        json_array_append_new(errors,
                              json_pack("{s:o, s:s, s:s, s:i, s:o}", "team", text_to_json(f->team),
                                        "mode", f->mode, "status", trine_status_name(f->status),
                                        "exit_status", f->exit_status, "message",
                                        text_to_json(f->message ? f->message : "")));
    }
    return errors;
}

bool has_json(void)
{
    return true;
}

char *run_to_json(const harness_run *run)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    json_t *rows = json_array();
    for (int i = 0; i < run->rows; i++)
        json_array_append_new(rows, row_to_json(&run->row[i], runs_tasks(run->options->driver)));
    json_t *object = json_pack(
        "{s:i, s:s, s:s, s:s, s:o, s:i, s:o, s:s, s:I, s:I, s:f, s:f}", "schema", SCHEMA, "driver",
        run->options->driver->name, "version", trine_version(), "isa", trine_isa(), "host",
        text_to_json(host), "cpus", trine_cpus(), "data", text_to_json(run->data), "dtype",
        trine_dtype_name(run->dtype), "n", (json_int_t)run->n, "bytes", (json_int_t)run->bytes,
        "read_gb_per_s_one_cpu", run->bandwidth_one, "read_gb_per_s", run->bandwidth_all);
    if (!object) {
        json_decref(rows);
        return NULL;
    }
    if (run->stored)
        json_object_set_new(object, "stored", json_string(run->stored));
    char reference[REFERENCE_TEXT];
    reference_text(&run->reference, run->dtype, reference, sizeof reference);
    json_object_set_new(object, "reference", run->verified ? json_string(reference) : json_null());
    json_object_set_new(object, "rows", rows);
    json_object_set_new(object, "errors", failures_to_json(run));
    char *text = json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(object);
    return text;
}

void print_error_as_json(const char *driver, int exit_status)
{
    trine_status status;
    const char *message = last_said(&status);
    if (!status)
        status = exit_status == EXIT_USAGE ? TRINE_E_ARGUMENT : TRINE_E_SYSTEM;
    json_t *object =
        json_pack("{s:i, s:s, s:s, s:{s:s, s:o, s:i}, s:[]}", "schema", SCHEMA, "driver", driver,
                  "version", trine_version(), "error", "status", trine_status_name(status),
                  "message", text_to_json(message), "exit_status", exit_status, "rows");
    if (object && json_dumpf(object, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0)
        putchar('\n');
    json_decref(object);
}
