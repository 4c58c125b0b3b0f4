/* board.c [remote] - what ranks do without one another: words and bytes of rank 0's memory, letters
 * to it.
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

static trine_board *open_board(size_t bytes)
{
    trine_board *board = NULL;
    trine_status status =
        team->communicator.ops->board(&team->communicator, bytes, &board, 1, TRINE_OK);
    if (status)
        printf("\n  rank %d: %s\n", rank, trine_error_detail());
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    CU_ASSERT_EQUAL(board->bytes, bytes);
    return board;
}

static void meet(void)
{
    CU_ASSERT_EQUAL(trine_team_agree(team, 5, TRINE_OK), TRINE_OK);
}

static void a_board_begins_with_zeros(void)
{
    trine_board *board = open_board(4096);
    unsigned char bytes[4096], zeros[4096] = {0};
    memset(bytes, 1, sizeof bytes);
    CU_ASSERT_EQUAL(board->ops->get(board, 0, bytes, sizeof bytes), TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, zeros, sizeof bytes), 0);
    board->ops->close(board);
}

/* Each number once: every rank marks those that it got. */
static void numbers_are_given_out_once(void)
{
    enum { EACH = 500 };
    trine_board *board = open_board(16);
    unsigned char *mine = calloc((size_t)size * EACH, 1), *all = calloc((size_t)size * EACH, 1);
    for (int i = 0; i < EACH; i++) {
        uint64_t number = 0;
        CU_ASSERT_EQUAL(board->ops->add(board, 8, 1, &number), TRINE_OK);
        CU_ASSERT_TRUE_FATAL(number < (uint64_t)size * EACH);
        mine[number]++;
    }
    MPI_Allreduce(mine, all, size * EACH, MPI_UNSIGNED_CHAR, MPI_SUM, MPI_COMM_WORLD);
    bool once = true;
    for (int i = 0; i < size * EACH; i++)
        once = once && all[i] == 1;
    CU_ASSERT_TRUE(once);
    uint64_t count = 0, untouched = 1;
    CU_ASSERT_EQUAL(board->ops->load(board, 8, &count), TRINE_OK);
    CU_ASSERT_EQUAL(board->ops->load(board, 0, &untouched), TRINE_OK);
    CU_ASSERT_EQUAL(count, (uint64_t)size * EACH);
    CU_ASSERT_EQUAL(untouched, 0);
    free(mine);
    free(all);
    board->ops->close(board);
}

static void of_those_that_compare_one_swaps(void)
{
    trine_board *board = open_board(800);
    int won = 0, all = 0;
    for (size_t i = 0; i < 100; i++) {
        uint64_t before = 7;
        CU_ASSERT_EQUAL(board->ops->compare(board, 8 * i, 0, (uint64_t)rank + 1, &before),
                        TRINE_OK);
        won += before == 0;
    }
    MPI_Allreduce(&won, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(all, 100);
    for (size_t i = 0; i < 100; i++) {
        uint64_t holder = 0;
        CU_ASSERT_EQUAL(board->ops->load(board, 8 * i, &holder), TRINE_OK);
        CU_ASSERT_TRUE(holder >= 1 && holder <= (uint64_t)size);
    }
    meet();
    if (rank == size - 1) {
        uint64_t before = 0;
        CU_ASSERT_EQUAL(board->ops->swap(board, 0, 1234567890123u, &before), TRINE_OK);
        CU_ASSERT_TRUE(before >= 1 && before <= (uint64_t)size);
    }
    meet();
    uint64_t now = 0;
    CU_ASSERT_EQUAL(board->ops->load(board, 0, &now), TRINE_OK);
    CU_ASSERT_EQUAL(now, 1234567890123u);
    board->ops->close(board);
}

static unsigned char byte_at(size_t i, int from)
{
    return (unsigned char)(i * 31 + i / 251 + (size_t)from * 7);
}

static void bytes_written_by_one_are_read_by_all(void)
{
    enum { ROOM = 100000 };
    static const size_t caps[] = {7, 1000, (size_t)1 << 30};
    trine_board *board = open_board(ROOM + 24);
    unsigned char *bytes = malloc(ROOM);
    for (int i = 0; i < 3 * size; i++) {
        int writer = i / 3;
        size_t most = trine_mpi_message_most, n = i % 3 ? ROOM : 1000;
        trine_mpi_message_most = caps[i % 3];
        for (size_t k = 0; k < n; k++)
            bytes[k] = byte_at(k, i);
        if (rank == writer)
            CU_ASSERT_EQUAL(board->ops->put(board, 13, bytes, n), TRINE_OK);
        meet();
        memset(bytes, 0, ROOM);
        CU_ASSERT_EQUAL(board->ops->get(board, 13, bytes, n), TRINE_OK);
        bool right = true;
        for (size_t k = 0; k < n; k++)
            right = right && bytes[k] == byte_at(k, i);
        CU_ASSERT_TRUE(right);
        meet();
        trine_mpi_message_most = most;
    }
    unsigned char guard[13 + 11];
    CU_ASSERT_EQUAL(board->ops->get(board, 0, guard, 13), TRINE_OK);
    CU_ASSERT_EQUAL(board->ops->get(board, 13 + ROOM, guard + 13, 11), TRINE_OK);
    bool untouched = true;
    for (size_t k = 0; k < sizeof guard; k++)
        untouched = untouched && guard[k] == 0;
    CU_ASSERT_TRUE(untouched);
    free(bytes);
    board->ops->close(board);
}

/* Letter k of a rank: of no bytes, of whole pieces, of anything. */
static size_t length_of(int k, size_t piece)
{
    return k % 5 == 0   ? 0
           : k % 5 == 1 ? piece
           : k % 5 == 2 ? 3 * piece
           : k % 5 == 3 ? (size_t)k * 13 % piece + 1
                        : 5 * piece / 2 + (size_t)k;
}

static void read_letters(trine_board *board, int each, size_t piece)
{
    int *seen = calloc((size_t)size, sizeof *seen), came = 0;
    bool right = true;
    while (came < size * each) {
        int from = -1;
        void *letter = NULL;
        size_t bytes = 0;
        CU_ASSERT_EQUAL_FATAL(board->ops->advance(board, NULL), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(board->ops->receive(board, &from, &letter, &bytes), TRINE_OK);
        if (!letter) {
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
            continue;
        }
        int k = seen[from]++;
        right = right && bytes == length_of(k, piece);
        for (size_t i = 0; i < bytes && right; i++)
            right = ((unsigned char *)letter)[i] == byte_at(i, from + k);
        free(letter);
        came++;
    }
    CU_ASSERT_TRUE(right);
    free(seen);
}

static void send_letters(trine_board *board, int each, size_t piece)
{
    for (int k = 0; k < each; k++) {
        size_t n = length_of(k, piece);
        unsigned char *letter = malloc(n + 1);
        for (size_t i = 0; i < n; i++)
            letter[i] = byte_at(i, rank + k);
        CU_ASSERT_EQUAL(board->ops->send(board, letter, n), TRINE_OK);
    }
}

static void exchange_letters(size_t cap, size_t piece, int each)
{
    size_t most = trine_mpi_message_most;
    trine_mpi_message_most = cap;
    trine_board *board = open_board(8);
    send_letters(board, each, piece);
    if (rank == 0)
        read_letters(board, each, piece);
    size_t waiting = 1;
    while (waiting > 0) {
        CU_ASSERT_EQUAL_FATAL(board->ops->advance(board, &waiting), TRINE_OK);
        nanosleep(&(struct timespec){.tv_nsec = waiting ? 20000 : 0}, NULL);
    }
    board->ops->close(board);
    trine_mpi_message_most = most;
}

static void letters_come_whole_and_in_order(void)
{
    exchange_letters(trine_mpi_message_most, (size_t)1 << 16, 20);
}

static void letters_longer_than_the_cap_go_in_pieces(void)
{
    exchange_letters(7, 7, 40);
}

/* Rank 0 reads so many letters; all have gone then. */
static void read_all(trine_board *board, int count)
{
    void *letter = NULL;
    size_t bytes, waiting = 1;
    int from;
    for (int left = count; left > 0 && rank == 0; left -= letter != NULL) {
        CU_ASSERT_EQUAL_FATAL(board->ops->receive(board, &from, &letter, &bytes), TRINE_OK);
        free(letter);
    }
    while (waiting > 0)
        CU_ASSERT_EQUAL_FATAL(board->ops->advance(board, &waiting), TRINE_OK);
}

/* A rank that sends more than is read goes on; what was not read is dropped with the board. */
static void nobody_waits_for_a_reader(void)
{
    trine_board *board = open_board(8);
    for (int k = 0; k < 50 && rank > 0; k++)
        CU_ASSERT_EQUAL(board->ops->send(board, calloc(1, 100), 100), TRINE_OK);
    meet();
    read_all(board, 50 * (size - 1));
    board->ops->close(board);
}

/* The others take many steps on the board, after a letter that nobody reads so far; meanwhile rank
 * 0 does nothing but one thing, until they have written that they are through. */
static void get_on_while_rank_0(trine_status (*waits)(trine_board *board))
{
    enum { STEPS = 200, LIMIT = 20 };
    trine_board *board = open_board(16 + 8 * (size_t)size);
    const size_t own = 16 + 8 * (size_t)rank;
    const uint64_t done = 1;
    uint64_t before;
    if (rank > 0)
        CU_ASSERT_EQUAL(board->ops->send(board, calloc(1, 100), 100), TRINE_OK);
    for (int i = 0; i < STEPS && rank > 0; i++) {
        CU_ASSERT_EQUAL(board->ops->add(board, 8, 1, &before), TRINE_OK);
        CU_ASSERT_EQUAL(board->ops->get(board, own, &before, sizeof before), TRINE_OK);
        CU_ASSERT_EQUAL(board->ops->compare(board, own, 1, 2, &before), TRINE_OK);
    }
    if (rank > 0)
        CU_ASSERT_EQUAL(board->ops->put(board, own, &done, sizeof done), TRINE_OK);
    const double ends = MPI_Wtime() + LIMIT;
    for (int r = 1; r < size && rank == 0; r++) {
        uint64_t seen = 0;
        while (!seen && MPI_Wtime() < ends) {
            CU_ASSERT_EQUAL_FATAL(waits(board), TRINE_OK);
            CU_ASSERT_EQUAL_FATAL(board->ops->get(board, 16 + 8 * (size_t)r, &seen, sizeof seen),
                                  TRINE_OK);
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        }
        CU_ASSERT_EQUAL(seen, 1);
    }
    read_all(board, size - 1);
    board->ops->close(board);
}

static trine_status advance(trine_board *board)
{
    return board->ops->advance(board, NULL);
}

static trine_status compare(trine_board *board)
{
    uint64_t before;
    return board->ops->compare(board, 0, 1, 1, &before);
}

static void others_get_on_while_rank_0_waits(void)
{
    get_on_while_rank_0(advance);
    get_on_while_rank_0(compare);
}

static void a_rank_that_fails_opens_no_board_anywhere(void)
{
    const trine_communicator_ops *ops = team->communicator.ops;
    for (int failing = 0; failing < size; failing++) {
        trine_board *board = NULL;
        trine_status status = TRINE_OK;
        if (rank == failing)
            status = trine_fail(TRINE_E_IO, "disk %d is full", rank);
        CU_ASSERT_EQUAL(ops->board(&team->communicator, 64, &board, 1, status), TRINE_E_IO);
        CU_ASSERT_PTR_NULL(board);
    }
    trine_board *board = NULL;
    if (size > 1)
        CU_ASSERT_EQUAL(ops->board(&team->communicator, rank ? 64 : 72, &board, 1, TRINE_OK),
                        TRINE_E_COLLECTIVE);
    CU_ASSERT_EQUAL(ops->board(&team->communicator, (size_t)1 << 46, &board, 1, TRINE_OK),
                    TRINE_E_MEMORY);
    CU_ASSERT_PTR_NULL(board);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"a board begins with zeros", a_board_begins_with_zeros},
        {"numbers are given out once", numbers_are_given_out_once},
        {"of those that compare, one swaps", of_those_that_compare_one_swaps},
        {"bytes written by one are read by all", bytes_written_by_one_are_read_by_all},
        {"letters come whole and in order", letters_come_whole_and_in_order},
        {"letters longer than the cap go in pieces", letters_longer_than_the_cap_go_in_pieces},
        {"nobody waits for a reader", nobody_waits_for_a_reader},
        {"others get on while rank 0 waits", others_get_on_while_rank_0_waits},
        {"a rank that fails opens no board anywhere", a_rank_that_fails_opens_no_board_anywhere},
        CU_TEST_INFO_NULL,
    };
    trine_mpi_board_shares = argc < 2;
    if (trine_team_open("mpi", &team)) {
        printf("%s: %s\n", argv[0], trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    int status = trine_check_main("board", tests);
    status |= trine_team_close(team) != TRINE_OK;
    return status;
}
