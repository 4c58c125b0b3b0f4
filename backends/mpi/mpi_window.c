/* backends/mpi/mpi_window.c - a shared window: memory of rank 0 reached by one-sided communication,
 * and messages.
 *
 *   1. Opening. The ranks agree, duplicate their communicator, so that no message meets another
 *      shared window's, and make an MPI window with all its memory on rank 0. Everyone enters one
 *      passive epoch that lasts until the shared window is closed; nobody uses it before rank 0 has
 *      zeroed it.
 *   2. Where all ranks are on one machine, the window is shared memory: words are atomic
 *      instructions, bytes are copied, and rank 0 takes no part in what others do.
 *   3. Else words go by MPI_Fetch_and_op and MPI_Compare_and_swap, which are atomic with one
 *      another, bytes by MPI_Get and MPI_Put. Each is flushed before its function returns. Rank
 *      0's own bytes are plain copies between synchronisations of the window with its memory: MPICH
 *      does nothing for other ranks in those, so rank 0 makes it progress whenever it advances.
 *   4. A message goes in pieces of `piece` bytes and one that is shorter (perhaps empty), which
 *      ends it. So the reader needs no size beforehand, and a message may be of any size. A sender
 *      has a few pieces under way at a time, and begins the next ones when it is called again.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"
#include "backends/mpi/mpi_leave.h"
#include "core/system/memory.h"
#include "core/system/util.h"

enum { TAG = 3, NO_TAG = 4, UNDER_WAY = 16, LONGEST_PIECE = 1 << 16 };

bool trine_mpi_window_shares = true;

static const char what[] = "memory that all ranks reach (of a counter or task queue)";

/* A message on its way out, of which `begun` bytes are under way in pieces. */
typedef struct mpi_outgoing {
    struct mpi_outgoing *next;
    unsigned char *text;
    size_t bytes, begun;
} mpi_outgoing;

/* What has come of one rank's message. */
typedef struct mpi_inbox {
    unsigned char *text;
    size_t bytes, capacity;
    bool dropped;
} mpi_inbox;

/* Pieces under way are requests[first .. first + count), a ring; the last of a message has `owner`,
 * which is freed with it. messages: those that are not all begun. spare: for messages that there is
 * no memory for. memory: rank 0's; NULL on ranks that do not share it. */
typedef struct mpi_window {
    trine_shared_window window;
    MPI_Comm comm;
    MPI_Win win;
    unsigned char *memory, *spare;
    int rank, size;
    size_t piece;
    mpi_outgoing *messages, **last;
    size_t waiting;
    MPI_Request requests[UNDER_WAY];
    mpi_outgoing *owner[UNDER_WAY];
    int first, count;
    mpi_inbox *inbox;
} mpi_window;

static trine_status check(const char *call, int error)
{
    return error ? trine_mpi_fail(call, error) : TRINE_OK;
}

/* ---- memory that ranks share ---- */

static _Atomic(uint64_t) *word(trine_shared_window *base, size_t at)
{
    return (_Atomic(uint64_t) *)(void *)(((mpi_window *)base)->memory + at);
}

static trine_status shared_add(trine_shared_window *base, size_t at, uint64_t value,
                               uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *before = atomic_fetch_add(word(base, at), value);
    return TRINE_OK;
}

static trine_status shared_swap(trine_shared_window *base, size_t at, uint64_t value,
                                uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *before = atomic_exchange(word(base, at), value);
    return TRINE_OK;
}

static trine_status shared_load(trine_shared_window *base, size_t at, uint64_t *value)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    *value = atomic_load(word(base, at));
    return TRINE_OK;
}

static trine_status shared_compare(trine_shared_window *base, size_t at, uint64_t expected,
                                   uint64_t value, uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_compare_exchange_strong(word(base, at), &expected, value);
    *before = expected;
    return TRINE_OK;
}

static trine_status shared_get(trine_shared_window *base, size_t at, void *to, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(to, ((mpi_window *)base)->memory + at, bytes);
    atomic_thread_fence(memory_order_seq_cst);
    return TRINE_OK;
}

static trine_status shared_put(trine_shared_window *base, size_t at, const void *from, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(((mpi_window *)base)->memory + at, from, bytes);
    atomic_thread_fence(memory_order_seq_cst);
    return TRINE_OK;
}

/* ---- memory of rank 0 that others reach through MPI ---- */

static trine_status flush(mpi_window *window)
{
    return check("MPI_Win_flush", MPI_Win_flush(0, window->win));
}

static trine_status fetch(trine_shared_window *base, size_t at, uint64_t value, uint64_t *before,
                          MPI_Op op)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    int error = MPI_Fetch_and_op(&value, before, MPI_UINT64_T, 0, (MPI_Aint)at, op, window->win);
    return error ? trine_mpi_fail("MPI_Fetch_and_op", error) : flush(window);
}

static trine_status window_add(trine_shared_window *base, size_t at, uint64_t value,
                               uint64_t *before)
{
    return fetch(base, at, value, before, MPI_SUM);
}

static trine_status window_swap(trine_shared_window *base, size_t at, uint64_t value,
                                uint64_t *before)
{
    return fetch(base, at, value, before, MPI_REPLACE);
}

static trine_status window_load(trine_shared_window *base, size_t at, uint64_t *value)
{
    return fetch(base, at, 0, value, MPI_NO_OP);
}

static trine_status window_compare(trine_shared_window *base, size_t at, uint64_t expected,
                                   uint64_t value, uint64_t *before)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    int error =
        MPI_Compare_and_swap(&value, &expected, before, MPI_UINT64_T, 0, (MPI_Aint)at, window->win);
    return error ? trine_mpi_fail("MPI_Compare_and_swap", error) : flush(window);
}

/* Copies between rank 0's memory and its window's. */
static trine_status copy_own(mpi_window *window, void *to, const void *from, size_t bytes)
{
    trine_status status = check("MPI_Win_sync", MPI_Win_sync(window->win));
    if (status)
        return status;
    memcpy(to, from, bytes);
    return check("MPI_Win_sync", MPI_Win_sync(window->win));
}

static trine_status window_get(trine_shared_window *base, size_t at, void *to, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    if (window->rank == 0)
        return copy_own(window, to, window->memory + at, bytes);
    for (size_t done = 0; done < bytes;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Get((unsigned char *)to + done, some, MPI_BYTE, 0, (MPI_Aint)(at + done),
                            some, MPI_BYTE, window->win);
        if (error)
            return trine_mpi_fail("MPI_Get", error);
        done += (size_t)some;
    }
    return flush(window);
}

static trine_status window_put(trine_shared_window *base, size_t at, const void *from, size_t bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    if (window->rank == 0)
        return copy_own(window, window->memory + at, from, bytes);
    for (size_t done = 0; done < bytes;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Put((const unsigned char *)from + done, some, MPI_BYTE, 0,
                            (MPI_Aint)(at + done), some, MPI_BYTE, window->win);
        if (error)
            return trine_mpi_fail("MPI_Put", error);
        done += (size_t)some;
    }
    return flush(window);
}

/* ---- messages ---- */

static void free_message(mpi_outgoing *message)
{
    if (!message)
        return;
    free(message->text);
    free(message);
}

/* Frees what has gone, oldest first. */
static trine_status end_pieces(mpi_window *window)
{
    while (window->count > 0) {
        int gone = 0;
        trine_status status =
            check("MPI_Test", MPI_Test(&window->requests[window->first], &gone, MPI_STATUS_IGNORE));
        if (status || !gone)
            return status;
        window->waiting -= window->owner[window->first] != NULL;
        free_message(window->owner[window->first]);
        window->first = (window->first + 1) % UNDER_WAY;
        window->count--;
    }
    return TRINE_OK;
}

/* The next piece of the first message that is not all begun. */
static trine_status begin_piece(mpi_window *window)
{
    mpi_outgoing *message = window->messages;
    size_t left = message->bytes - message->begun, some = trine_min(left, window->piece);
    int slot = (window->first + window->count) % UNDER_WAY;
    int error = MPI_Isend(message->text + message->begun, (int)some, MPI_BYTE, 0, TAG, window->comm,
                          &window->requests[slot]);
    if (error)
        return trine_mpi_fail("MPI_Isend", error);
    bool ended = some < window->piece;
    message->begun += some;
    window->owner[slot] = ended ? message : NULL;
    window->count++;
    if (ended) {
        window->messages = message->next;
        if (!window->messages)
            window->last = &window->messages;
    }
    return TRINE_OK;
}

/* Lets MPI do what other ranks wait for: a probe for what nobody ever sends, since MPICH's returns
 * at once when it finds a message. */
static trine_status make_progress(const mpi_window *window)
{
    int found;
    return check("MPI_Iprobe",
                 MPI_Iprobe(MPI_ANY_SOURCE, NO_TAG, window->comm, &found, MPI_STATUS_IGNORE));
}

static trine_status window_advance(trine_shared_window *base, size_t *waiting)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    trine_status status = end_pieces(window);
    while (!status && window->messages && window->count < UNDER_WAY)
        status = begin_piece(window);
    if (!status && window->rank == 0 && !base->passive)
        status = make_progress(window);
    if (waiting)
        *waiting = window->waiting;
    return status;
}

static trine_status window_send(trine_shared_window *base, void *text, size_t bytes)
{
    mpi_window *window = (mpi_window *)base;
    mpi_outgoing *message = malloc(sizeof *message);
    if (!message) {
        free(text);
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a message of %zu bytes", bytes);
    }
    *message = (mpi_outgoing){.text = text, .bytes = bytes};
    *window->last = message;
    window->last = &message->next;
    window->waiting++;
    return window_advance(base, NULL);
}

/* Space for one more message of `bytes`; what is too much is dropped. */
static void *space_for(mpi_window *window, mpi_inbox *inbox, size_t bytes)
{
    size_t need = inbox->bytes + bytes, capacity = inbox->capacity ? inbox->capacity : 1024;
    while (capacity < need)
        capacity *= 2;
    if (capacity > inbox->capacity && !inbox->dropped) {
        unsigned char *text = realloc(inbox->text, capacity);
        if (!text)
            inbox->dropped = true;
        else {
            inbox->text = text;
            inbox->capacity = capacity;
        }
    }
    return inbox->dropped ? window->spare : inbox->text + inbox->bytes;
}

/* The message has come whole, or there was no memory for all of it. */
static trine_status hand_over(mpi_inbox *inbox, void **message, size_t *bytes)
{
    mpi_inbox whole = *inbox;
    *inbox = (mpi_inbox){0};
    if (whole.dropped) {
        free(whole.text);
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a message of %zu bytes or more",
                          whole.bytes);
    }
    *message = whole.text;
    *bytes = whole.bytes;
    return TRINE_OK;
}

static trine_status window_receive(trine_shared_window *base, int *from, void **message,
                                   size_t *bytes)
{
    trine_status ended = trine_mpi_check_ended();
    if (ended)
        return ended;
    mpi_window *window = (mpi_window *)base;
    *message = NULL;
    for (;;) {
        MPI_Status status;
        int found = 0, count = 0;
        int error = MPI_Iprobe(MPI_ANY_SOURCE, TAG, window->comm, &found, &status);
        if (error)
            return trine_mpi_fail("MPI_Iprobe", error);
        if (!found)
            return TRINE_OK;
        MPI_Get_count(&status, MPI_BYTE, &count);
        *from = status.MPI_SOURCE;
        mpi_inbox *inbox = &window->inbox[*from];
        error = MPI_Recv(space_for(window, inbox, (size_t)count), count, MPI_BYTE, *from, TAG,
                         window->comm, MPI_STATUS_IGNORE);
        if (error)
            return trine_mpi_fail("MPI_Recv", error);
        inbox->bytes += inbox->dropped ? 0 : (size_t)count;
        if ((size_t)count < window->piece)
            return hand_over(inbox, message, bytes);
    }
}

/* ---- opening and closing ----
 *
 * What not all ranks got of MPI cannot be freed, for which all are needed: it is left. */

static void release(mpi_window *window)
{
    if (!window)
        return;
    while (window->messages) {
        mpi_outgoing *message = window->messages;
        window->messages = message->next;
        free_message(message);
    }
    for (int i = 0; i < window->size && window->inbox; i++)
        free(window->inbox[i].text);
    free(window->inbox);
    free(window->spare);
    free(window);
}

/* After a failure only: the messages' memory is left to MPI, which may still read it. */
static void abandon_messages(mpi_window *window)
{
    if (window->count > 0 && window->messages)
        window->messages->text = NULL;
    for (; window->count > 0; window->count--) {
        MPI_Request_free(&window->requests[window->first]);
        window->first = (window->first + 1) % UNDER_WAY;
    }
}

static void window_close(trine_shared_window *base)
{
    mpi_window *window = (mpi_window *)base;
    if (!trine_mpi_ended()) {
        abandon_messages(window);
        MPI_Win_unlock_all(window->win);
        MPI_Win_free(&window->win);
        MPI_Comm_free(&window->comm);
    }
    trine_mpi_count_windows(-1);
    release(window);
}

static const trine_shared_window_ops shared_operations = {
    .add = shared_add,
    .swap = shared_swap,
    .compare = shared_compare,
    .load = shared_load,
    .get = shared_get,
    .put = shared_put,
    .send = window_send,
    .advance = window_advance,
    .receive = window_receive,
    .close = window_close,
};

static const trine_shared_window_ops operations = {
    .add = window_add,
    .swap = window_swap,
    .compare = window_compare,
    .load = window_load,
    .get = window_get,
    .put = window_put,
    .send = window_send,
    .advance = window_advance,
    .receive = window_receive,
    .close = window_close,
};

/* All the memory that a shared window takes beside its window; NULL when there is none. */
static mpi_window *new_window(const trine_communicator *communicator, size_t bytes)
{
    mpi_window *window = calloc(1, sizeof *window);
    if (!window)
        return NULL;
    bool shares = trine_mpi_window_shares && communicator->neighbours == communicator->size;
    window->window =
        (trine_shared_window){shares ? &shared_operations : &operations, bytes, shares};
    window->rank = communicator->rank;
    window->size = communicator->size;
    window->piece = (size_t)trine_mpi_piece(LONGEST_PIECE);
    window->last = &window->messages;
    if (window->rank > 0)
        return window;
    window->inbox = calloc((size_t)window->size, sizeof *window->inbox);
    window->spare = malloc(window->piece);
    if (window->inbox && window->spare)
        return window;
    release(window);
    return NULL;
}

/* The memory is rank 0's; each rank that shares it learns where it has it. */
static trine_status allocate(mpi_window *window, size_t own)
{
    if (window->window.ops != &shared_operations)
        return check("MPI_Win_allocate (OMPI_MCA_osc=^rdma helps Open MPI 4 between machines)",
                     MPI_Win_allocate((MPI_Aint)own, 1, MPI_INFO_NULL, window->comm,
                                      &window->memory, &window->win));
    int unit, error = MPI_Win_allocate_shared((MPI_Aint)own, 1, MPI_INFO_NULL, window->comm,
                                              &window->memory, &window->win);
    if (error)
        return trine_mpi_fail("MPI_Win_allocate_shared", error);
    MPI_Aint size;
    return check("MPI_Win_shared_query",
                 MPI_Win_shared_query(window->win, 0, &size, &unit, &window->memory));
}

static trine_status open_window(mpi_window *window)
{
    size_t own = window->rank == 0 ? window->window.bytes : 0;
    trine_status status = allocate(window, own);
    if (status)
        return status;
    MPI_Win_set_errhandler(window->win, MPI_ERRORS_RETURN);
    int error = MPI_Win_lock_all(MPI_MODE_NOCHECK, window->win);
    if (error)
        return trine_mpi_fail("MPI_Win_lock_all", error);
    if (own > 0)
        status = trine_memory_populate(what, window->memory, own);
    if (status)
        return status;
    if (own > 0)
        memset(window->memory, 0, own);
    return check("MPI_Win_sync", MPI_Win_sync(window->win));
}

/* Its memory, and what the library adds for each rank, at most. */
static trine_status check_space(const trine_communicator *communicator, size_t bytes)
{
    enum { PAGE = 4096 };
    size_t own = communicator->rank == 0 ? bytes : 0;
    trine_status status = trine_memory_check(what, own);
    return status ? status
                  : trine_mpi_files_check(what, own + PAGE * ((size_t)communicator->size + 2));
}

trine_status trine_mpi_shared_window(trine_communicator *communicator, size_t bytes,
                                     trine_shared_window **opened, uint64_t call,
                                     trine_status status)
{
    const trine_mpi_data *data = communicator->data;
    mpi_window *window = status ? NULL : new_window(communicator, bytes);
    if (!status && !window)
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory for a shared window");
    if (!status)
        status = check_space(communicator, bytes);
    uint64_t given = trine_mpi_call(TRINE_MPI_WINDOW, call, bytes);
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || !window) {
        release(window);
        return status;
    }
    status = check("MPI_Comm_dup", MPI_Comm_dup(data->comm, &window->comm));
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (!status) {
        MPI_Comm_set_errhandler(window->comm, MPI_ERRORS_RETURN);
        status = open_window(window);
        /* Nobody comes before rank 0 is through. */
        status = trine_mpi_agree(communicator, given + 2, NULL, status);
    }
    if (status) {
        release(window);
        return status;
    }
    trine_mpi_count_windows(1);
    *opened = &window->window;
    return TRINE_OK;
}
