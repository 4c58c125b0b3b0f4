/* shared_window.c [remote] - what ranks do without one another: words and bytes of rank 0's memory,
 * messages to it.
 */
#include <mpi.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_data.h"
#include "check.h"
#include "core/team/team.h"

static int rank, size;
static trine_team *team;

static trine_shared_window *open_window(size_t bytes)
{
    trine_shared_window *window = NULL;
    trine_status status =
        team->communicator.ops->window(&team->communicator, bytes, &window, 1, TRINE_OK);
    if (status)
        printf("\n  rank %d: %s\n", rank, trine_error_detail());
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    CU_ASSERT_EQUAL(window->bytes, bytes);
    return window;
}

static void meet(void)
{
    CU_ASSERT_EQUAL(trine_team_agree(team, 5, TRINE_OK), TRINE_OK);
}

static void a_window_begins_with_zeros(void)
{
    trine_shared_window *window = open_window(4096);
    unsigned char bytes[4096], zeros[4096] = {0};
    memset(bytes, 1, sizeof bytes);
    CU_ASSERT_EQUAL(window->ops->get(window, 0, bytes, sizeof bytes), TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, zeros, sizeof bytes), 0);
    window->ops->close(window);
}

/* Each number once: every rank marks those that it got. */
static void numbers_are_given_out_once(void)
{
    enum { EACH = 500 };
    trine_shared_window *window = open_window(16);
    unsigned char *mine = calloc((size_t)size * EACH, 1), *all = calloc((size_t)size * EACH, 1);
    for (int i = 0; i < EACH; i++) {
        uint64_t number = 0;
        CU_ASSERT_EQUAL(window->ops->add(window, 8, 1, &number), TRINE_OK);
        CU_ASSERT_TRUE_FATAL(number < (uint64_t)size * EACH);
        mine[number]++;
    }
    MPI_Allreduce(mine, all, size * EACH, MPI_UNSIGNED_CHAR, MPI_SUM, MPI_COMM_WORLD);
    bool once = true;
    for (int i = 0; i < size * EACH; i++)
        once = once && all[i] == 1;
    CU_ASSERT_TRUE(once);
    uint64_t count = 0, untouched = 1;
    CU_ASSERT_EQUAL(window->ops->load(window, 8, &count), TRINE_OK);
    CU_ASSERT_EQUAL(window->ops->load(window, 0, &untouched), TRINE_OK);
    CU_ASSERT_EQUAL(count, (uint64_t)size * EACH);
    CU_ASSERT_EQUAL(untouched, 0);
    free(mine);
    free(all);
    window->ops->close(window);
}

static void of_those_that_compare_one_swaps(void)
{
    trine_shared_window *window = open_window(800);
    int won = 0, all = 0;
    for (size_t i = 0; i < 100; i++) {
        uint64_t before = 7;
        CU_ASSERT_EQUAL(window->ops->compare(window, 8 * i, 0, (uint64_t)rank + 1, &before),
                        TRINE_OK);
        won += before == 0;
    }
    MPI_Allreduce(&won, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(all, 100);
    for (size_t i = 0; i < 100; i++) {
        uint64_t holder = 0;
        CU_ASSERT_EQUAL(window->ops->load(window, 8 * i, &holder), TRINE_OK);
        CU_ASSERT_TRUE(holder >= 1 && holder <= (uint64_t)size);
    }
    meet();
    if (rank == size - 1) {
        uint64_t before = 0;
        CU_ASSERT_EQUAL(window->ops->swap(window, 0, 1234567890123u, &before), TRINE_OK);
        CU_ASSERT_TRUE(before >= 1 && before <= (uint64_t)size);
    }
    meet();
    uint64_t now = 0;
    CU_ASSERT_EQUAL(window->ops->load(window, 0, &now), TRINE_OK);
    CU_ASSERT_EQUAL(now, 1234567890123u);
    window->ops->close(window);
}

static unsigned char byte_at(size_t i, int from)
{
    return (unsigned char)(i * 31 + i / 251 + (size_t)from * 7);
}

static void bytes_written_by_one_are_read_by_all(void)
{
    enum { SPACE = 100000 };
    static const size_t caps[] = {7, 1000, (size_t)1 << 30};
    trine_shared_window *window = open_window(SPACE + 24);
    unsigned char *bytes = malloc(SPACE);
    for (int i = 0; i < 3 * size; i++) {
        int writer = i / 3;
        size_t most = trine_mpi_message_max, n = i % 3 ? SPACE : 1000;
        trine_mpi_message_max = caps[i % 3];
        for (size_t k = 0; k < n; k++)
            bytes[k] = byte_at(k, i);
        if (rank == writer)
            CU_ASSERT_EQUAL(window->ops->put(window, 13, bytes, n), TRINE_OK);
        meet();
        memset(bytes, 0, SPACE);
        CU_ASSERT_EQUAL(window->ops->get(window, 13, bytes, n), TRINE_OK);
        bool right = true;
        for (size_t k = 0; k < n; k++)
            right = right && bytes[k] == byte_at(k, i);
        CU_ASSERT_TRUE(right);
        meet();
        trine_mpi_message_max = most;
    }
    unsigned char guard[13 + 11];
    CU_ASSERT_EQUAL(window->ops->get(window, 0, guard, 13), TRINE_OK);
    CU_ASSERT_EQUAL(window->ops->get(window, 13 + SPACE, guard + 13, 11), TRINE_OK);
    bool untouched = true;
    for (size_t k = 0; k < sizeof guard; k++)
        untouched = untouched && guard[k] == 0;
    CU_ASSERT_TRUE(untouched);
    free(bytes);
    window->ops->close(window);
}

/* Message k of a rank: of no bytes, of whole pieces, of anything. */
static size_t length_of(int k, size_t piece)
{
    return k % 5 == 0   ? 0
           : k % 5 == 1 ? piece
           : k % 5 == 2 ? 3 * piece
           : k % 5 == 3 ? (size_t)k * 13 % piece + 1
                        : 5 * piece / 2 + (size_t)k;
}

static void read_messages(trine_shared_window *window, int each, size_t piece)
{
    int *seen = calloc((size_t)size, sizeof *seen), came = 0;
    bool right = true;
    while (came < size * each) {
        int from = -1;
        void *message = NULL;
        size_t bytes = 0;
        CU_ASSERT_EQUAL_FATAL(window->ops->advance(window, NULL), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(window->ops->receive(window, &from, &message, &bytes), TRINE_OK);
        if (!message) {
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
            continue;
        }
        int k = seen[from]++;
        right = right && bytes == length_of(k, piece);
        for (size_t i = 0; i < bytes && right; i++)
            right = ((unsigned char *)message)[i] == byte_at(i, from + k);
        free(message);
        came++;
    }
    CU_ASSERT_TRUE(right);
    free(seen);
}

static void send_messages(trine_shared_window *window, int each, size_t piece)
{
    for (int k = 0; k < each; k++) {
        size_t n = length_of(k, piece);
        unsigned char *message = malloc(n + 1);
        for (size_t i = 0; i < n; i++)
            message[i] = byte_at(i, rank + k);
        CU_ASSERT_EQUAL(window->ops->send(window, message, n), TRINE_OK);
    }
}

static void exchange_messages(size_t cap, size_t piece, int each)
{
    size_t most = trine_mpi_message_max;
    trine_mpi_message_max = cap;
    trine_shared_window *window = open_window(8);
    send_messages(window, each, piece);
    if (rank == 0)
        read_messages(window, each, piece);
    size_t waiting = 1;
    while (waiting > 0) {
        CU_ASSERT_EQUAL_FATAL(window->ops->advance(window, &waiting), TRINE_OK);
        nanosleep(&(struct timespec){.tv_nsec = waiting ? 20000 : 0}, NULL);
    }
    window->ops->close(window);
    trine_mpi_message_max = most;
}

static void messages_come_whole_and_in_order(void)
{
    exchange_messages(trine_mpi_message_max, (size_t)1 << 16, 20);
}

static void messages_longer_than_the_cap_go_in_pieces(void)
{
    exchange_messages(7, 7, 40);
}

/* Rank 0 reads so many messages; all have gone then. */
static void read_all(trine_shared_window *window, int count)
{
    void *message = NULL;
    size_t bytes, waiting = 1;
    int from;
    for (int left = count; left > 0 && rank == 0; left -= message != NULL) {
        CU_ASSERT_EQUAL_FATAL(window->ops->receive(window, &from, &message, &bytes), TRINE_OK);
        free(message);
    }
    while (waiting > 0)
        CU_ASSERT_EQUAL_FATAL(window->ops->advance(window, &waiting), TRINE_OK);
}

/* A rank that sends more than is read goes on; what was not read is dropped with the shared window.
 */
static void nobody_waits_for_a_reader(void)
{
    trine_shared_window *window = open_window(8);
    for (int k = 0; k < 50 && rank > 0; k++)
        CU_ASSERT_EQUAL(window->ops->send(window, calloc(1, 100), 100), TRINE_OK);
    meet();
    read_all(window, 50 * (size - 1));
    window->ops->close(window);
}

/* The others take many steps on the shared window, after a message that nobody reads so far;
 * meanwhile rank 0 does nothing but one thing, until they have written that they are through. */
static void get_on_while_rank_0(trine_status (*waits)(trine_shared_window *window))
{
    enum { STEPS = 200, LIMIT = 20 };
    trine_shared_window *window = open_window(16 + 8 * (size_t)size);
    const size_t own = 16 + 8 * (size_t)rank;
    const uint64_t done = 1;
    uint64_t before;
    if (rank > 0)
        CU_ASSERT_EQUAL(window->ops->send(window, calloc(1, 100), 100), TRINE_OK);
    for (int i = 0; i < STEPS && rank > 0; i++) {
        CU_ASSERT_EQUAL(window->ops->add(window, 8, 1, &before), TRINE_OK);
        CU_ASSERT_EQUAL(window->ops->get(window, own, &before, sizeof before), TRINE_OK);
        CU_ASSERT_EQUAL(window->ops->compare(window, own, 1, 2, &before), TRINE_OK);
    }
    if (rank > 0)
        CU_ASSERT_EQUAL(window->ops->put(window, own, &done, sizeof done), TRINE_OK);
    const double ends = MPI_Wtime() + LIMIT;
    for (int r = 1; r < size && rank == 0; r++) {
        uint64_t seen = 0;
        while (!seen && MPI_Wtime() < ends) {
            CU_ASSERT_EQUAL_FATAL(waits(window), TRINE_OK);
            CU_ASSERT_EQUAL_FATAL(window->ops->get(window, 16 + 8 * (size_t)r, &seen, sizeof seen),
                                  TRINE_OK);
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        }
        CU_ASSERT_EQUAL(seen, 1);
    }
    read_all(window, size - 1);
    window->ops->close(window);
}

static trine_status advance(trine_shared_window *window)
{
    return window->ops->advance(window, NULL);
}

static trine_status compare(trine_shared_window *window)
{
    uint64_t before;
    return window->ops->compare(window, 0, 1, 1, &before);
}

static void others_get_on_while_rank_0_waits(void)
{
    get_on_while_rank_0(advance);
    get_on_while_rank_0(compare);
}

static void a_rank_that_fails_opens_no_window_anywhere(void)
{
    const trine_communicator_ops *ops = team->communicator.ops;
    for (int failing = 0; failing < size; failing++) {
        trine_shared_window *window = NULL;
        trine_status status = TRINE_OK;
        if (rank == failing)
            status = trine_fail(TRINE_E_IO, "disk %d is full", rank);
        CU_ASSERT_EQUAL(ops->window(&team->communicator, 64, &window, 1, status), TRINE_E_IO);
        CU_ASSERT_PTR_NULL(window);
    }
    trine_shared_window *window = NULL;
    if (size > 1)
        CU_ASSERT_EQUAL(ops->window(&team->communicator, rank ? 64 : 72, &window, 1, TRINE_OK),
                        TRINE_E_COLLECTIVE);
    CU_ASSERT_EQUAL(ops->window(&team->communicator, (size_t)1 << 46, &window, 1, TRINE_OK),
                    TRINE_E_MEMORY);
    CU_ASSERT_PTR_NULL(window);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"a shared window begins with zeros", a_window_begins_with_zeros},
        {"numbers are given out once", numbers_are_given_out_once},
        {"of those that compare, one swaps", of_those_that_compare_one_swaps},
        {"bytes written by one are read by all", bytes_written_by_one_are_read_by_all},
        {"messages come whole and in order", messages_come_whole_and_in_order},
        {"messages longer than the cap go in pieces", messages_longer_than_the_cap_go_in_pieces},
        {"nobody waits for a reader", nobody_waits_for_a_reader},
        {"others get on while rank 0 waits", others_get_on_while_rank_0_waits},
        {"a rank that fails opens no shared window anywhere",
         a_rank_that_fails_opens_no_window_anywhere},
        CU_TEST_INFO_NULL,
    };
    trine_mpi_window_shares = argc < 2;
    if (trine_team_open("mpi", &team)) {
        printf("%s: %s\n", argv[0], trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    int status = trine_check_main("shared window", tests);
    status |= trine_team_close(team) != TRINE_OK;
    return status;
}
