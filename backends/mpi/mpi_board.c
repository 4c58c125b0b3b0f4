/* backends/mpi/mpi_board.c - a board: memory of rank 0 reached by one-sided communication, and
 * letters.
 *
 *   1. Opening. The ranks agree, duplicate their communicator, so that no letter meets another
 *      board's, and make a window with all its memory on rank 0. Everyone enters one passive epoch
 *      that lasts until the board is closed; nobody uses the window before rank 0 has zeroed it.
 *   2. Where all ranks are on one machine, the window is shared memory: words are atomic
 *      instructions, bytes are copied, and rank 0 takes no part in what others do.
 *   3. Else words go by MPI_Fetch_and_op and MPI_Compare_and_swap, which are atomic with one
 *      another, bytes by MPI_Get and MPI_Put. Each is flushed before its function returns. Rank
 *      0's own bytes are plain copies between synchronisations of the window with its memory: MPICH
 *      does nothing for other ranks in those, so rank 0 makes it progress whenever it advances.
 *   4. A letter is messages of `piece` bytes and one that is shorter (perhaps empty), which ends
 *      it. So the reader needs no size beforehand, and a letter may be of any size. A sender has a
 *      few messages under way at a time, and begins the next ones when it is called again.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"
#include "backends/mpi/mpi_leave.h"
#include "core/system/memory.h"
#include "core/system/util.h"

enum { TAG = 3, NO_TAG = 4, UNDER_WAY = 16, LONGEST_PIECE = 1 << 16 };

bool trine_mpi_board_shares = true;

static const char what[] = "memory that all ranks reach (of a counter or task queue)";

/* A letter on its way out, of which `begun` bytes are in messages. */
typedef struct mpi_letter {
    struct mpi_letter *next;
    unsigned char *text;
    size_t bytes, begun;
} mpi_letter;

/* What has come of one rank's letter. */
typedef struct mpi_inbox {
    unsigned char *text;
    size_t bytes, room;
    bool dropped;
} mpi_inbox;

/* Messages under way are requests[first .. first + count), a ring; the last of a letter has
 * `owner`, which is freed with it. letters: those that are not all begun. spare: for messages that
 * there is no memory for. memory: rank 0's; NULL on ranks that do not share it. */
typedef struct mpi_board {
    trine_board board;
    MPI_Comm comm;
    MPI_Win window;
    unsigned char *memory, *spare;
    int rank, size;
    size_t piece;
    mpi_letter *letters, **last;
    size_t waiting;
    MPI_Request requests[UNDER_WAY];
    mpi_letter *owner[UNDER_WAY];
    int first, count;
    mpi_inbox *inbox;
} mpi_board;

static trine_status check(const char *call, int error)
{
    return error ? trine_mpi_fail(call, error) : TRINE_OK;
}

/* ---- memory that ranks share ---- */

static _Atomic(uint64_t) *word(trine_board *base, size_t at)
{
    return (_Atomic(uint64_t) *)(void *)(((mpi_board *)base)->memory + at);
}

static trine_status shared_add(trine_board *base, size_t at, uint64_t value, uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *before = atomic_fetch_add(word(base, at), value);
    return TRINE_OK;
}

static trine_status shared_swap(trine_board *base, size_t at, uint64_t value, uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *before = atomic_exchange(word(base, at), value);
    return TRINE_OK;
}

static trine_status shared_load(trine_board *base, size_t at, uint64_t *value)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *value = atomic_load(word(base, at));
    return TRINE_OK;
}

static trine_status shared_compare(trine_board *base, size_t at, uint64_t expected, uint64_t value,
                                   uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_compare_exchange_strong(word(base, at), &expected, value);
    *before = expected;
    return TRINE_OK;
}

static trine_status shared_get(trine_board *base, size_t at, void *to, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(to, ((mpi_board *)base)->memory + at, bytes);
    atomic_thread_fence(memory_order_seq_cst);
    return TRINE_OK;
}

static trine_status shared_put(trine_board *base, size_t at, const void *from, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(((mpi_board *)base)->memory + at, from, bytes);
    atomic_thread_fence(memory_order_seq_cst);
    return TRINE_OK;
}

/* ---- memory of rank 0 that others reach through MPI ---- */

static trine_status flush(mpi_board *board)
{
    return check("MPI_Win_flush", MPI_Win_flush(0, board->window));
}

static trine_status fetch(trine_board *base, size_t at, uint64_t value, uint64_t *before, MPI_Op op)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    int error = MPI_Fetch_and_op(&value, before, MPI_UINT64_T, 0, (MPI_Aint)at, op, board->window);
    return error ? trine_mpi_fail("MPI_Fetch_and_op", error) : flush(board);
}

static trine_status board_add(trine_board *base, size_t at, uint64_t value, uint64_t *before)
{
    return fetch(base, at, value, before, MPI_SUM);
}

static trine_status board_swap(trine_board *base, size_t at, uint64_t value, uint64_t *before)
{
    return fetch(base, at, value, before, MPI_REPLACE);
}

static trine_status board_load(trine_board *base, size_t at, uint64_t *value)
{
    return fetch(base, at, 0, value, MPI_NO_OP);
}

static trine_status board_compare(trine_board *base, size_t at, uint64_t expected, uint64_t value,
                                  uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    int error = MPI_Compare_and_swap(&value, &expected, before, MPI_UINT64_T, 0, (MPI_Aint)at,
                                     board->window);
    return error ? trine_mpi_fail("MPI_Compare_and_swap", error) : flush(board);
}

/* Copies between rank 0's memory and its window's. */
static trine_status copy_own(mpi_board *board, void *to, const void *from, size_t bytes)
{
    trine_status status = check("MPI_Win_sync", MPI_Win_sync(board->window));
    if (status)
        return status;
    memcpy(to, from, bytes);
    return check("MPI_Win_sync", MPI_Win_sync(board->window));
}

static trine_status board_get(trine_board *base, size_t at, void *to, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    if (board->rank == 0)
        return copy_own(board, to, board->memory + at, bytes);
    for (size_t done = 0; done < bytes;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Get((unsigned char *)to + done, some, MPI_BYTE, 0, (MPI_Aint)(at + done),
                            some, MPI_BYTE, board->window);
        if (error)
            return trine_mpi_fail("MPI_Get", error);
        done += (size_t)some;
    }
    return flush(board);
}

static trine_status board_put(trine_board *base, size_t at, const void *from, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    if (board->rank == 0)
        return copy_own(board, board->memory + at, from, bytes);
    for (size_t done = 0; done < bytes;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Put((const unsigned char *)from + done, some, MPI_BYTE, 0,
                            (MPI_Aint)(at + done), some, MPI_BYTE, board->window);
        if (error)
            return trine_mpi_fail("MPI_Put", error);
        done += (size_t)some;
    }
    return flush(board);
}

/* ---- letters ---- */

static void free_letter(mpi_letter *letter)
{
    if (!letter)
        return;
    free(letter->text);
    free(letter);
}

/* Frees what has gone, oldest first. */
static trine_status end_messages(mpi_board *board)
{
    while (board->count > 0) {
        int gone = 0;
        trine_status status =
            check("MPI_Test", MPI_Test(&board->requests[board->first], &gone, MPI_STATUS_IGNORE));
        if (status || !gone)
            return status;
        board->waiting -= board->owner[board->first] != NULL;
        free_letter(board->owner[board->first]);
        board->first = (board->first + 1) % UNDER_WAY;
        board->count--;
    }
    return TRINE_OK;
}

/* The next message of the first letter that is not all begun. */
static trine_status begin_message(mpi_board *board)
{
    mpi_letter *letter = board->letters;
    size_t left = letter->bytes - letter->begun, some = trine_min(left, board->piece);
    int slot = (board->first + board->count) % UNDER_WAY;
    int error = MPI_Isend(letter->text + letter->begun, (int)some, MPI_BYTE, 0, TAG, board->comm,
                          &board->requests[slot]);
    if (error)
        return trine_mpi_fail("MPI_Isend", error);
    bool ended = some < board->piece;
    letter->begun += some;
    board->owner[slot] = ended ? letter : NULL;
    board->count++;
    if (ended) {
        board->letters = letter->next;
        if (!board->letters)
            board->last = &board->letters;
    }
    return TRINE_OK;
}

/* Lets MPI do what other ranks wait for: a probe for what nobody ever sends, since MPICH's returns
 * at once when it finds a message. */
static trine_status make_progress(const mpi_board *board)
{
    int found;
    return check("MPI_Iprobe",
                 MPI_Iprobe(MPI_ANY_SOURCE, NO_TAG, board->comm, &found, MPI_STATUS_IGNORE));
}

static trine_status board_advance(trine_board *base, size_t *waiting)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    trine_status status = end_messages(board);
    while (!status && board->letters && board->count < UNDER_WAY)
        status = begin_message(board);
    if (!status && board->rank == 0 && !base->passive)
        status = make_progress(board);
    if (waiting)
        *waiting = board->waiting;
    return status;
}

static trine_status board_send(trine_board *base, void *text, size_t bytes)
{
    mpi_board *board = (mpi_board *)base;
    mpi_letter *letter = malloc(sizeof *letter);
    if (!letter) {
        free(text);
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a letter of %zu bytes", bytes);
    }
    *letter = (mpi_letter){.text = text, .bytes = bytes};
    *board->last = letter;
    board->last = &letter->next;
    board->waiting++;
    return board_advance(base, NULL);
}

/* Room for one more message of `bytes`; what is too much is dropped. */
static void *room_for(mpi_board *board, mpi_inbox *inbox, size_t bytes)
{
    size_t need = inbox->bytes + bytes, room = inbox->room ? inbox->room : 1024;
    while (room < need)
        room *= 2;
    if (room > inbox->room && !inbox->dropped) {
        unsigned char *text = realloc(inbox->text, room);
        if (!text)
            inbox->dropped = true;
        else {
            inbox->text = text;
            inbox->room = room;
        }
    }
    return inbox->dropped ? board->spare : inbox->text + inbox->bytes;
}

/* The letter has come whole, or there was no memory for all of it. */
static trine_status hand_over(mpi_inbox *inbox, void **letter, size_t *bytes)
{
    mpi_inbox whole = *inbox;
    *inbox = (mpi_inbox){0};
    if (whole.dropped) {
        free(whole.text);
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a letter of %zu bytes or more",
                          whole.bytes);
    }
    *letter = whole.text;
    *bytes = whole.bytes;
    return TRINE_OK;
}

static trine_status board_receive(trine_board *base, int *from, void **letter, size_t *bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_board *board = (mpi_board *)base;
    *letter = NULL;
    for (;;) {
        MPI_Status status;
        int found = 0, count = 0;
        int error = MPI_Iprobe(MPI_ANY_SOURCE, TAG, board->comm, &found, &status);
        if (error)
            return trine_mpi_fail("MPI_Iprobe", error);
        if (!found)
            return TRINE_OK;
        MPI_Get_count(&status, MPI_BYTE, &count);
        *from = status.MPI_SOURCE;
        mpi_inbox *inbox = &board->inbox[*from];
        error = MPI_Recv(room_for(board, inbox, (size_t)count), count, MPI_BYTE, *from, TAG,
                         board->comm, MPI_STATUS_IGNORE);
        if (error)
            return trine_mpi_fail("MPI_Recv", error);
        inbox->bytes += inbox->dropped ? 0 : (size_t)count;
        if ((size_t)count < board->piece)
            return hand_over(inbox, letter, bytes);
    }
}

/* ---- opening and closing ----
 *
 * What not all ranks got of MPI cannot be freed, for which all are needed: it is left. */

static void release(mpi_board *board)
{
    if (!board)
        return;
    while (board->letters) {
        mpi_letter *letter = board->letters;
        board->letters = letter->next;
        free_letter(letter);
    }
    for (int i = 0; i < board->size && board->inbox; i++)
        free(board->inbox[i].text);
    free(board->inbox);
    free(board->spare);
    free(board);
}

/* After a failure only: the letters' memory is left to MPI, which may still read it. */
static void abandon_messages(mpi_board *board)
{
    if (board->count > 0 && board->letters)
        board->letters->text = NULL;
    for (; board->count > 0; board->count--) {
        MPI_Request_free(&board->requests[board->first]);
        board->first = (board->first + 1) % UNDER_WAY;
    }
}

static void board_close(trine_board *base)
{
    mpi_board *board = (mpi_board *)base;
    if (!trine_mpi_ended()) {
        abandon_messages(board);
        MPI_Win_unlock_all(board->window);
        MPI_Win_free(&board->window);
        MPI_Comm_free(&board->comm);
    }
    trine_mpi_count_boards(-1);
    release(board);
}

static const trine_board_ops shared_operations = {
    .add = shared_add,
    .swap = shared_swap,
    .compare = shared_compare,
    .load = shared_load,
    .get = shared_get,
    .put = shared_put,
    .send = board_send,
    .advance = board_advance,
    .receive = board_receive,
    .close = board_close,
};

static const trine_board_ops operations = {
    .add = board_add,
    .swap = board_swap,
    .compare = board_compare,
    .load = board_load,
    .get = board_get,
    .put = board_put,
    .send = board_send,
    .advance = board_advance,
    .receive = board_receive,
    .close = board_close,
};

/* All the memory that a board takes beside its window; NULL when there is none. */
static mpi_board *new_board(const trine_communicator *communicator, size_t bytes)
{
    mpi_board *board = calloc(1, sizeof *board);
    if (!board)
        return NULL;
    bool shares = trine_mpi_board_shares && communicator->neighbours == communicator->size;
    board->board = (trine_board){shares ? &shared_operations : &operations, bytes, shares};
    board->rank = communicator->rank;
    board->size = communicator->size;
    board->piece = (size_t)trine_mpi_piece(LONGEST_PIECE);
    board->last = &board->letters;
    if (board->rank > 0)
        return board;
    board->inbox = calloc((size_t)board->size, sizeof *board->inbox);
    board->spare = malloc(board->piece);
    if (board->inbox && board->spare)
        return board;
    release(board);
    return NULL;
}

/* The memory is rank 0's; each rank that shares it learns where it has it. */
static trine_status allocate(mpi_board *board, size_t own)
{
    if (board->board.ops != &shared_operations)
        return check("MPI_Win_allocate (OMPI_MCA_osc=^rdma helps Open MPI 4 between machines)",
                     MPI_Win_allocate((MPI_Aint)own, 1, MPI_INFO_NULL, board->comm, &board->memory,
                                      &board->window));
    int unit, error = MPI_Win_allocate_shared((MPI_Aint)own, 1, MPI_INFO_NULL, board->comm,
                                              &board->memory, &board->window);
    if (error)
        return trine_mpi_fail("MPI_Win_allocate_shared", error);
    MPI_Aint size;
    return check("MPI_Win_shared_query",
                 MPI_Win_shared_query(board->window, 0, &size, &unit, &board->memory));
}

static trine_status open_window(mpi_board *board)
{
    size_t own = board->rank == 0 ? board->board.bytes : 0;
    trine_status status = allocate(board, own);
    if (status)
        return status;
    MPI_Win_set_errhandler(board->window, MPI_ERRORS_RETURN);
    int error = MPI_Win_lock_all(MPI_MODE_NOCHECK, board->window);
    if (error)
        return trine_mpi_fail("MPI_Win_lock_all", error);
    if (own > 0)
        status = trine_memory_populate(what, board->memory, own);
    if (status)
        return status;
    if (own > 0)
        memset(board->memory, 0, own);
    return check("MPI_Win_sync", MPI_Win_sync(board->window));
}

/* Its memory, and what the library adds for each rank, at most. */
static trine_status check_room(const trine_communicator *communicator, size_t bytes)
{
    enum { PAGE = 4096 };
    size_t own = communicator->rank == 0 ? bytes : 0;
    trine_status status = trine_memory_check(what, own);
    return status ? status
                  : trine_mpi_files_check(what, own + PAGE * ((size_t)communicator->size + 2));
}

trine_status trine_mpi_board(trine_communicator *communicator, size_t bytes, trine_board **opened,
                             uint64_t call, trine_status status)
{
    const trine_mpi_data *data = communicator->data;
    mpi_board *board = status ? NULL : new_board(communicator, bytes);
    if (!status && !board)
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory for a board");
    if (!status)
        status = check_room(communicator, bytes);
    uint64_t given = trine_mpi_call(TRINE_MPI_BOARD, call, bytes);
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || !board) {
        release(board);
        return status;
    }
    status = check("MPI_Comm_dup", MPI_Comm_dup(data->comm, &board->comm));
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (!status) {
        MPI_Comm_set_errhandler(board->comm, MPI_ERRORS_RETURN);
        status = open_window(board);
        /* Nobody comes before rank 0 is through. */
        status = trine_mpi_agree(communicator, given + 2, NULL, status);
    }
    if (status) {
        release(board);
        return status;
    }
    trine_mpi_count_boards(1);
    *opened = &board->board;
    return TRINE_OK;
}
