/* communicator.c [SPEC] - what moves between ranks: each function of the communicator against what
 * a rank can work out alone; ranks that fail, differ, or have no memory, in each. */
#include <mpi.h>

#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_message.h"
#include "check.h"
#include "expect.h"
#include "core/team/team.h"
#include "hash_reducer.h"

enum { MAX_RANKS = 16, GUARD = 5, UNTOUCHED = 0xa5 };

static int rank, size;
static trine_team *team;
static trine_communicator *communicator;
static const trine_communicator_ops *ops;
static size_t default_max;

/* Anything, the same on all ranks. */
static uint64_t pick(uint64_t a, uint64_t b, uint64_t c)
{
    return hash_mix(hash_mix(a + 1, b + 2), c + 3);
}

/* ---- exchange ---- */

/* The bytes that go from one rank to another: of any size, often 0. */
static size_t size_of(uint64_t seed, int from, int to, size_t most)
{
    uint64_t choice = pick(seed, (uint64_t)from, (uint64_t)to);
    return choice % 4 == 0   ? 0
           : choice % 4 == 1 ? 1
           : choice % 4 == 2 ? choice / 4 % 100
                             : choice / 4 % most;
}

static unsigned char byte_of(int from, int to, size_t i)
{
    return (unsigned char)pick((uint64_t)from, (uint64_t)to, i);
}

/* The parts of one exchange, each with space of its own and guards on both sides. */
typedef struct mail {
    trine_part send[MAX_RANKS], receive[MAX_RANKS];
} mail;

static void write_mail(mail *m, uint64_t seed, size_t most)
{
    for (int r = 0; r < size; r++) {
        m->send[r].bytes = size_of(seed, rank, r, most);
        m->receive[r].bytes = size_of(seed, r, rank, most);
        unsigned char *out = malloc(m->send[r].bytes + 1);
        unsigned char *in = malloc(m->receive[r].bytes + 2 * (size_t)GUARD);
        for (size_t i = 0; i < m->send[r].bytes; i++)
            out[i] = byte_of(rank, r, i);
        memset(in, UNTOUCHED, m->receive[r].bytes + 2 * (size_t)GUARD);
        m->send[r].data = out;
        m->receive[r].data = in + GUARD;
    }
}

static bool all_untouched(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != UNTOUCHED)
            return false;
    return true;
}

/* Whether every byte came where it belongs, or (not arrived) none did; and frees the parts. */
static bool read_mail(mail *m, bool arrived)
{
    bool right = true;
    for (int r = 0; r < size; r++) {
        unsigned char *in = m->receive[r].data;
        size_t n = m->receive[r].bytes;
        right = right && all_untouched(in - GUARD, GUARD) && all_untouched(in + n, GUARD);
        if (!arrived)
            right = right && all_untouched(in, n);
        for (size_t i = 0; i < n && arrived; i++)
            right = right && in[i] == byte_of(r, rank, i);
        free(m->send[r].data);
        free(in - GUARD);
    }
    return right;
}

static void parts_of_any_size_come_where_they_belong(void)
{
    static const size_t caps[] = {7, 1000, (size_t)1 << 30};
    static const size_t largest[] = {900, 50000, 1000000};
    mail m;
    for (uint64_t seed = 0; seed < 12; seed++) {
        trine_mpi_message_max = caps[seed % 3];
        write_mail(&m, seed, largest[seed % 3]);
        expect(ops->exchange(communicator, m.send, m.receive, seed, TRINE_OK), TRINE_OK, "");
        CU_ASSERT_TRUE(read_mail(&m, true));
    }
    trine_mpi_message_max = default_max;
}

static void nothing_may_be_exchanged(void)
{
    const trine_part none[MAX_RANKS] = {{NULL, 0}};
    expect(ops->exchange(communicator, none, none, 1, TRINE_OK), TRINE_OK, "");
}

static void the_part_to_oneself_may_overlap_where_it_comes_from(void)
{
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    trine_part send[MAX_RANKS] = {{NULL, 0}}, receive[MAX_RANKS] = {{NULL, 0}};
    send[rank] = (trine_part){bytes, 150};
    receive[rank] = (trine_part){bytes + 3, 150};
    expect(ops->exchange(communicator, send, receive, 1, TRINE_OK), TRINE_OK, "");
    bool right = true;
    for (size_t i = 0; i < 150; i++)
        right = right && bytes[i + 3] == i;
    CU_ASSERT_TRUE(right);
}

static void parts_of_another_size_than_expected_are_an_error_on_all_ranks(void)
{
    mail m;
    write_mail(&m, 5, 1000);
    m.receive[size - 1].bytes += rank == 0;
    expect(ops->exchange(communicator, m.send, m.receive, 1, TRINE_OK), TRINE_E_COLLECTIVE,
           "expect");
    m.receive[size - 1].bytes -= rank == 0;
    CU_ASSERT_TRUE(read_mail(&m, false));
}

/* As many bytes in all, but not to whom they should go. */
static void swapped_parts_are_an_error_on_all_ranks(void)
{
    mail m;
    for (uint64_t seed = 0; seed < 20 && size > 1; seed++) {
        int last = size - 1;
        bool alike = size_of(seed, 0, 0, 50) == size_of(seed, 0, last, 50);
        write_mail(&m, seed, 50);
        trine_part sent = m.send[0];
        if (rank == 0 && !alike) {
            m.send[0] = m.send[last];
            m.send[last] = sent;
        }
        expect(ops->exchange(communicator, m.send, m.receive, 1, TRINE_OK),
               alike ? TRINE_OK : TRINE_E_COLLECTIVE, "expect");
        CU_ASSERT_TRUE(read_mail(&m, alike));
    }
}

/* ---- exscan ---- */

/* hash_reducer, WIDE times over: longer than a first message. */
enum { WIDE = 600 };

static void wide_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, WIDE * sizeof(hash_state));
}

static void wide_merge(void *left, const void *right, const void *param)
{
    for (int i = 0; i < WIDE; i++)
        hash_merge((hash_state *)left + i, (const hash_state *)right + i, param);
}

static void sum_merge(void *left, const void *right, const void *param)
{
    (void)param;
    for (int i = 0; i < 2 * WIDE; i++)
        ((uint64_t *)left)[i] += ((const uint64_t *)right)[i];
}

static trine_reducer wide_reducer(bool order_free)
{
    trine_reducer wide = hash_reducer;
    wide.state_size = WIDE * sizeof(hash_state);
    wide.init = wide_init;
    wide.merge = order_free ? sum_merge : wide_merge;
    wide.flags = order_free ? TRINE_ORDER_FREE : 0;
    return wide;
}

static void begin_tree(trine_tree *tree, const trine_reducer *reducer)
{
    void *states = aligned_alloc(64, trine_tree_states_size(reducer));
    trine_tree_begin(tree, reducer, NULL, states);
}

/* Pushes the partials of chunks [first, end), which depend on the chunk alone. */
static void push_chunks(trine_tree *tree, uint64_t seed, uint64_t first, uint64_t end)
{
    hash_state state[WIDE];
    for (uint64_t chunk = first; chunk < end; chunk++) {
        for (uint64_t i = 0; i < WIDE; i++)
            state[i] = (hash_state){pick(seed, chunk, i), 1};
        trine_tree_push(tree, (trine_node){chunk, 0}, state);
    }
}

static bool same_trees(const trine_tree *a, const trine_tree *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = a->node[i].chunk == b->node[i].chunk && a->node[i].level == b->node[i].level &&
               memcmp(a->states + i * a->stride, b->states + i * b->stride,
                      a->reducer->state_size) == 0;
    return same;
}

/* The first chunk of a rank: some ranks have none. */
static uint64_t first_chunk(uint64_t seed, int of)
{
    uint64_t first = 0;
    for (int r = 0; r < of; r++)
        first += pick(seed, (uint64_t)r, 99) % 12 * (pick(seed, (uint64_t)r, 7) % 3 > 0);
    return first;
}

static void scan_and_compare(const trine_reducer *reducer, uint64_t seed)
{
    trine_tree own, kept, before, expected;
    uint64_t first = first_chunk(seed, rank), end = first_chunk(seed, rank + 1);
    begin_tree(&own, reducer);
    begin_tree(&kept, reducer);
    begin_tree(&before, reducer);
    begin_tree(&expected, reducer);
    push_chunks(&own, seed, first, end);
    push_chunks(&kept, seed, first, end);
    push_chunks(&expected, seed, 0, first);
    expect(ops->exscan(communicator, &own, &before, seed, TRINE_OK), TRINE_OK, "");
    CU_ASSERT_TRUE(same_trees(&before, &expected));
    CU_ASSERT_TRUE(same_trees(&own, &kept));
    free(own.states);
    free(kept.states);
    free(before.states);
    free(expected.states);
}

static void a_scan_gives_each_rank_the_partials_of_all_lower_ones(void)
{
    const trine_reducer wide = wide_reducer(false), sum = wide_reducer(true);
    for (uint64_t seed = 0; seed < 20; seed++) {
        scan_and_compare(&hash_reducer, seed);
        trine_mpi_message_max = seed % 2 ? default_max : 1000;
        scan_and_compare(&wide, seed);
        scan_and_compare(&sum, seed);
        trine_mpi_message_max = default_max;
    }
}

/* ---- broadcast, gather ---- */

static void every_rank_gets_what_the_root_has(void)
{
    static const size_t sizes[] = {0, 1, 1000, 100003};
    for (int i = 0; i < 8 * size; i++) {
        size_t bytes = sizes[i % 4];
        int root = i / 8;
        unsigned char *data = malloc(bytes + GUARD);
        memset(data, UNTOUCHED, bytes + GUARD);
        for (size_t k = 0; k < bytes && rank == root; k++)
            data[k] = byte_of(root, i, k);
        trine_mpi_message_max = i % 8 < 4 ? default_max : 1000;
        expect(ops->broadcast(communicator, data, bytes, root, 1, TRINE_OK), TRINE_OK, "");
        bool right = all_untouched(data + bytes, GUARD);
        for (size_t k = 0; k < bytes; k++)
            right = right && data[k] == byte_of(root, i, k);
        CU_ASSERT_TRUE(right);
        free(data);
    }
    trine_mpi_message_max = default_max;
}

static void another_root_or_size_is_an_error_on_all_ranks(void)
{
    unsigned char data[100];
    memset(data, UNTOUCHED, sizeof data);
    if (size == 1)
        return;
    expect(ops->broadcast(communicator, data, rank == 0 ? 99 : 100, 0, 1, TRINE_OK),
           TRINE_E_COLLECTIVE, "different");
    expect(ops->broadcast(communicator, data, 100, rank == 0 ? 0 : 1, 1, TRINE_OK),
           TRINE_E_COLLECTIVE, "different");
    CU_ASSERT_TRUE(all_untouched(data, sizeof data));
}

static void every_rank_gets_the_values_of_all(void)
{
    for (size_t count = 0; count <= TRINE_GATHER_MAX; count++) {
        uint64_t values[TRINE_GATHER_MAX] = {0}, all[MAX_RANKS * TRINE_GATHER_MAX];
        for (size_t i = 0; i < count; i++)
            values[i] = pick((uint64_t)rank, i, count);
        expect(ops->gather(communicator, values, count, all, 1, TRINE_OK), TRINE_OK, "");
        bool right = true;
        for (size_t i = 0; i < count * (size_t)size; i++)
            right = right && all[i] == pick(i / count, i % count, count);
        CU_ASSERT_TRUE(right);
    }
}

/* ---- what all functions promise ---- */

enum { MERGE, EXSCAN, GATHER, EXCHANGE, BROADCAST, FUNCTIONS };

static trine_status enter_tree(int function, uint64_t call, trine_status status, bool *untouched)
{
    trine_tree own, before;
    begin_tree(&own, &hash_reducer);
    begin_tree(&before, &hash_reducer);
    push_chunks(&own, 3, (uint64_t)rank * 5, (uint64_t)rank * 5 + 5);
    status = function == MERGE ? ops->merge(communicator, &own, call, status)
                               : ops->exscan(communicator, &own, &before, call, status);
    *untouched = before.count == 0;
    free(own.states);
    free(before.states);
    return status;
}

/* Enters a function with what suits it (NULL where this rank failed). */
static trine_status enter(int function, uint64_t call, trine_status status, bool *untouched)
{
    unsigned char bytes[MAX_RANKS * sizeof(uint64_t)];
    void *given = status ? NULL : bytes;
    const uint64_t value = 5;
    mail m;
    memset(bytes, UNTOUCHED, sizeof bytes);
    *untouched = true;
    switch (function) {
    case GATHER:
        status = ops->gather(communicator, status ? NULL : &value, 1, given, call, status);
        break;
    case EXCHANGE:
        write_mail(&m, 3, 1000);
        status = ops->exchange(communicator, status ? NULL : m.send, status ? NULL : m.receive,
                               call, status);
        *untouched = read_mail(&m, !status);
        break;
    case BROADCAST:
        status = ops->broadcast(communicator, given, sizeof bytes, 0, call, status);
        break;
    default:
        return enter_tree(function, call, status, untouched);
    }
    *untouched = *untouched && (!status || all_untouched(bytes, sizeof bytes));
    return status;
}

static void a_failure_on_one_rank_reaches_all_in_every_function(void)
{
    for (int i = 0; i < FUNCTIONS * size; i++) {
        int function = i % FUNCTIONS, failing = i / FUNCTIONS;
        char says[64];
        bool untouched;
        snprintf(says, sizeof says, "disk %d", failing);
        trine_status status = TRINE_OK;
        if (rank == failing)
            status = trine_fail(TRINE_E_IO, "disk %d is full", rank);
        expect(enter(function, 1, status, &untouched), TRINE_E_IO, says);
        CU_ASSERT_TRUE(untouched);
        expect(enter(function, 1, TRINE_OK, &untouched), TRINE_OK, "");
    }
}

static void other_calls_are_an_error_on_all_ranks_in_every_function(void)
{
    for (int function = 0; function < FUNCTIONS && size > 1; function++) {
        bool untouched;
        expect(enter(function, rank == size - 1 ? 8 : 9, TRINE_OK, &untouched), TRINE_E_COLLECTIVE,
               "different calls");
        CU_ASSERT_TRUE(untouched);
    }
}

static void other_functions_are_an_error_on_all_ranks(void)
{
    for (int i = 0; i < FUNCTIONS * FUNCTIONS && size > 1; i++) {
        int mine = i / FUNCTIONS, theirs = i % FUNCTIONS;
        bool untouched;
        if (mine == theirs)
            continue;
        expect(enter(rank == i % size ? mine : theirs, 1, TRINE_OK, &untouched), TRINE_E_COLLECTIVE,
               "different calls");
        CU_ASSERT_TRUE(untouched);
    }
}

/* One rank's reducer has states that no memory could hold. */
static void a_rank_without_memory_is_an_error_on_all(void)
{
    trine_reducer vast = hash_reducer;
    trine_tree own, before;
    if (ops == trine_alone_communicator)
        return;
    for (int failing = 0; failing < size; failing++) {
        vast.state_size = rank == failing ? (size_t)1 << 56 : hash_reducer.state_size;
        trine_tree_begin(&own, &vast, NULL, NULL);
        trine_tree_begin(&before, &vast, NULL, NULL);
        expect(ops->merge(communicator, &own, 1, TRINE_OK), TRINE_E_MEMORY, "no memory");
        expect(ops->exscan(communicator, &own, &before, 1, TRINE_OK), TRINE_E_MEMORY, "no memory");
        scan_and_compare(&hash_reducer, 1);
    }
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"parts of any size come where they belong", parts_of_any_size_come_where_they_belong},
        {"nothing may be exchanged", nothing_may_be_exchanged},
        {"the part to oneself may overlap where it comes from",
         the_part_to_oneself_may_overlap_where_it_comes_from},
        {"parts of another size than expected are an error on all ranks",
         parts_of_another_size_than_expected_are_an_error_on_all_ranks},
        {"swapped parts are an error on all ranks", swapped_parts_are_an_error_on_all_ranks},
        {"a scan gives each rank the partials of all lower ones",
         a_scan_gives_each_rank_the_partials_of_all_lower_ones},
        {"every rank gets what the root has", every_rank_gets_what_the_root_has},
        {"another root or size is an error on all ranks",
         another_root_or_size_is_an_error_on_all_ranks},
        {"every rank gets the values of all", every_rank_gets_the_values_of_all},
        {"a failure on one rank reaches all, in every function",
         a_failure_on_one_rank_reaches_all_in_every_function},
        {"other calls are an error on all ranks, in every function",
         other_calls_are_an_error_on_all_ranks_in_every_function},
        {"other functions are an error on all ranks", other_functions_are_an_error_on_all_ranks},
        {"a rank without memory is an error on all", a_rank_without_memory_is_an_error_on_all},
        CU_TEST_INFO_NULL,
    };
    MPI_Init(&argc, &argv);
    if (trine_team_open(argc > 1 ? argv[1] : "mpi", &team)) {
        printf("%s\n", trine_error_detail());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    communicator = &team->communicator;
    ops = communicator->ops;
    rank = communicator->rank;
    size = communicator->size;
    default_max = trine_mpi_message_max;
    int status = size > MAX_RANKS || trine_check_main("communicator", tests);
    status |= trine_team_close(team) != TRINE_OK;
    MPI_Finalize();
    return status;
}
