/* drivers/harness/data/reference.c - the sums of a run's elements, made apart from any array of the
 * teams.
 */
#include "drivers/harness/data/data.h"

trine_status reference_of_generated(const harness_options *o, facts *reference)
{
    static double block[TRINE_CHUNK];
    const double *value = fill_of(o);
    facts_begin(reference, o->dtype);
    for (uint64_t first = 0; first < o->n; first += TRINE_CHUNK) {
        size_t n = o->n - first < TRINE_CHUNK ? (size_t)(o->n - first) : TRINE_CHUNK;
        if (value)
            fill_elements(o->dtype, *value, n, block);
        else
            generate_elements(o->dtype, o->seed, first, n, block);
        facts_take(reference, FACTS_SUMS, block, n, first);
    }
    return TRINE_OK;
}

/* Reading a file in order needs no kernel: a reducer on the serial team that takes in each chunk.
 */
static void facts_identity(void *state, const void *param)
{
    facts_begin(state, *(const trine_dtype *)param);
}

static void facts_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    facts_take(state, FACTS_SUMS, chunk->in[0], chunk->n, chunk->offset);
}

static void facts_join(void *left, const void *right, const void *param)
{
    (void)param;
    facts_merge(left, right);
}

static trine_status facts_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(facts *)result = *(const facts *)state;
    return TRINE_OK;
}

trine_status reference_of_file(const char *path, facts *reference)
{
    trine_team *serial = NULL;
    trine_npy *file = NULL;
    trine_status status = trine_team_open("serial", &serial);
    if (!status)
        status = trine_npy_open(serial, path, &file);
    if (!status) {
        trine_dtype dtype = trine_npy_header(file)->dtype;
        const trine_reducer reducer = {TRINE_INIT(trine_reducer),
                                       .name = "reference",
                                       .nin = 1,
                                       .in = {dtype},
                                       .param_size = sizeof dtype,
                                       .state_size = sizeof(facts),
                                       .result_size = sizeof *reference,
                                       .flags = TRINE_ORDER_FREE,
                                       .init = facts_identity,
                                       .accumulate = facts_accumulate,
                                       .merge = facts_join,
                                       .finish = facts_finish};
        status = trine_npy_reduce(file, &reducer, &dtype, reference);
    }
    trine_npy_close(file);
    trine_team_close(serial);
    return status;
}
