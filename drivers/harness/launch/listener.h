/* drivers/harness/launch/listener.h - the driver's end of the channel to the ranks that it starts.
 */
#ifndef TRINE_HARNESS_LISTENER_H
#define TRINE_HARNESS_LISTENER_H

#include <poll.h>
#include <stddef.h>

#include "drivers/harness/launch/channel.h"

/* LISTENER_PEERS: connections at a time; others wait in the system's queue. */
enum { LISTENER_PEERS = 128, LISTENER_FDS = LISTENER_PEERS + 2 };

/* One connection. done: bytes of what is under way: hello, arguments, size, found. */
typedef struct listener_peer {
    enum { PEER_HELLO, PEER_ARGUMENTS, PEER_SIZE, PEER_FOUND } state;
    int fd;
    bool is_local;
    double greeted_by;
    channel_hello hello;
    uint64_t size;
    size_t done;
    void *found;
} listener_peer;

/* own, tcp: sockets that listen; tcp is -1 where ranks are on this machine alone. message: the
 * arguments behind their size, the caller's. joined: ranks that were given them. found: what rank 0
 * sent, the listener's; opened: its team is open; left: it has sent all or gone without. */
typedef struct harness_listener {
    channel_address address;
    int own, tcp;
    const char *message;
    size_t message_size;
    listener_peer peer[LISTENER_PEERS];
    int peers, joined;
    void *found;
    size_t found_size;
    bool opened, left, is_short_of_memory;
} harness_listener;

/* 0 or an errno; then nothing is open. */
int listener_open(harness_listener *listener, bool other_hosts);
void listener_close(harness_listener *listener);

/* What poll is to wait for, in set[LISTENER_FDS]; how many. Then what is to be done after it, at so
 * many seconds of a clock that does not go back. */
int listener_waits(const harness_listener *listener, struct pollfd set[]);
void listener_serve(harness_listener *listener, const struct pollfd set[], double now);

#endif
