/* drivers/harness/launch/listener.c - see listener.h. Nothing here waits: every socket is
 * non-blocking. */
#include "drivers/harness/launch/listener.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whoever connects says who it is within so many seconds, or goes. */
enum { GREETING_SECONDS = 20 };

static int listen_unix(harness_listener *l)
{
    struct sockaddr_un at;
    socklen_t length = unix_address(&l->address, &at);
    l->own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->own < 0 || bind(l->own, (struct sockaddr *)&at, length) || listen(l->own, SOMAXCONN))
        return errno;
    return 0;
}

/* One socket for IPv6 and, by mapped addresses, IPv4; or for IPv4 where there is no IPv6. */
static int listen_tcp(harness_listener *l)
{
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
    struct sockaddr_in any4 = {.sin_family = AF_INET};
    struct sockaddr *any = (struct sockaddr *)&any6;
    socklen_t length = sizeof any6;
    int off = 0;
    l->tcp = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->tcp >= 0) {
        setsockopt(l->tcp, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    } else {
        l->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        any = (struct sockaddr *)&any4;
        length = sizeof any4;
    }
    if (l->tcp < 0 || bind(l->tcp, any, length) || listen(l->tcp, SOMAXCONN) ||
        getsockname(l->tcp, any, &length))
        return errno;
    l->address.port =
        ntohs(any->sa_family == AF_INET6 ? ((struct sockaddr_in6 *)any)->sin6_port : any4.sin_port);
    return 0;
}

/* An IPv6 address, or an IPv4 one as that; false for another kind. */
static bool map_address(const struct sockaddr *at, struct in6_addr *host)
{
    if (at->sa_family == AF_INET6) {
        *host = ((const struct sockaddr_in6 *)at)->sin6_addr;
        return true;
    }
    *host = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    if (at->sa_family == AF_INET)
        memcpy(host->s6_addr + 12, &((const struct sockaddr_in *)at)->sin_addr, 4);
    return at->sa_family == AF_INET;
}

static void add_host(channel_address *address, const struct sockaddr *at)
{
    struct in6_addr *host = &address->host[address->hosts];
    /* A link-local address means nothing without the interface that the other side has. */
    address->hosts += map_address(at, host) && !IN6_IS_ADDR_LINKLOCAL(host);
}

/* The addresses of this host that others may reach. */
static int name_hosts(harness_listener *l)
{
    struct ifaddrs *all;
    if (getifaddrs(&all))
        return errno;
    for (struct ifaddrs *i = all; i && l->address.hosts < CHANNEL_HOSTS; i = i->ifa_next)
        if (i->ifa_addr && (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK))
            add_host(&l->address, i->ifa_addr);
    freeifaddrs(all);
    return 0;
}

static bool draw(void *bytes, size_t size)
{
    return getrandom(bytes, size, 0) == (ssize_t)size;
}

int listener_open(harness_listener *l, bool other_hosts)
{
    *l = (harness_listener){.own = -1, .tcp = -1};
    channel_address *a = &l->address;
    int error = draw(a->name, sizeof a->name) && draw(a->token, sizeof a->token) ? 0 : errno;
    if (!error)
        error = listen_unix(l);
    if (!error && other_hosts)
        error = listen_tcp(l);
    if (!error && other_hosts)
        error = name_hosts(l);
    if (error)
        listener_close(l);
    return error;
}

static void drop(harness_listener *l, listener_peer *peer)
{
    close(peer->fd);
    free(peer->found);
    *peer = l->peer[--l->peers];
}

void listener_close(harness_listener *l)
{
    while (l->peers > 0)
        drop(l, l->peer);
    if (l->own >= 0)
        close(l->own);
    if (l->tcp >= 0)
        close(l->tcp);
    free(l->found);
    l->own = l->tcp = -1;
    l->found = NULL;
}

int listener_waits(const harness_listener *l, struct pollfd set[])
{
    bool space = l->peers < LISTENER_PEERS;
    /* poll passes over what is negative. */
    set[0] = (struct pollfd){.fd = space ? l->own : -1, .events = POLLIN};
    set[1] = (struct pollfd){.fd = space ? l->tcp : -1, .events = POLLIN};
    for (int i = 0; i < l->peers; i++)
        set[2 + i] = (struct pollfd){
            .fd = l->peer[i].fd, .events = l->peer[i].state == PEER_ARGUMENTS ? POLLOUT : POLLIN};
    return 2 + l->peers;
}

static bool is_own_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Whether a TCP peer is on this host, or cannot be told from one. Ranks here have the Unix socket,
 * which knows whose they are: the token every user here can read in /proc. */
static bool is_of_this_host(const struct sockaddr *peer)
{
    struct in6_addr host, own;
    struct ifaddrs *all;
    if (!map_address(peer, &host) || IN6_IS_ADDR_LOOPBACK(&host) ||
        (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == IN_LOOPBACKNET) || getifaddrs(&all))
        return true;
    bool same = false;
    for (const struct ifaddrs *i = all; i && !same; i = i->ifa_next)
        same = i->ifa_addr && map_address(i->ifa_addr, &own) && IN6_ARE_ADDR_EQUAL(&own, &host);
    freeifaddrs(all);
    return same;
}

static void admit(harness_listener *l, int listening, double now)
{
    bool is_local = listening == l->own;
    while (l->peers < LISTENER_PEERS) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        struct sockaddr *peer = (struct sockaddr *)&from;
        socklen_t length = sizeof from;
        int fd = accept4(listening, peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (is_local ? !is_own_user(fd) : is_of_this_host(peer))
            close(fd);
        else
            l->peer[l->peers++] = (listener_peer){
                .fd = fd, .is_local = is_local, .greeted_by = now + GREETING_SECONDS};
    }
}

/* Takes what has come of `size` bytes. -1: the peer is gone; 0: more is to come; 1: all is here. */
static int take(listener_peer *peer, void *to, size_t size)
{
    while (peer->done < size) {
        ssize_t some = recv(peer->fd, (char *)to + peer->done, size - peer->done, 0);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (some <= 0)
            return -1;
        peer->done += (size_t)some;
    }
    peer->done = 0;
    return 1;
}

static int give(listener_peer *peer, const char *from, size_t size)
{
    while (peer->done < size) {
        ssize_t some = send(peer->fd, from + peer->done, size - peer->done, MSG_NOSIGNAL);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        peer->done += (size_t)some;
    }
    peer->done = 0;
    return 1;
}

/* Whether a peer is a rank. In time that does not tell how much of the token is right. */
static bool is_rank(const harness_listener *l, const listener_peer *peer)
{
    unsigned char differs = 0;
    for (int i = 0; i < CHANNEL_TOKEN && !peer->is_local; i++)
        differs |= peer->hello.token[i] ^ l->address.token[i];
    return !differs && memcmp(peer->hello.magic, CHANNEL_MAGIC, sizeof peer->hello.magic) == 0;
}

/* Space for what rank 0 announced. */
static int make_buffer(harness_listener *l, listener_peer *peer)
{
    uint64_t size = be64toh(peer->size);
    peer->found = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
    l->is_short_of_memory = !peer->found;
    return peer->found ? 1 : -1;
}

static void keep_found(harness_listener *l, listener_peer *peer)
{
    if (!l->found) {
        l->found = peer->found;
        l->found_size = (size_t)be64toh(peer->size);
        peer->found = NULL;
    }
}

/* A step of a peer's; -1: it is done or gone, 0: it waits, 1: another step may follow. */
static int step(harness_listener *l, listener_peer *peer)
{
    int went;
    switch (peer->state) {
    case PEER_HELLO:
        went = take(peer, &peer->hello, sizeof peer->hello);
        peer->state = went > 0 ? PEER_ARGUMENTS : PEER_HELLO;
        return went > 0 && !is_rank(l, peer) ? -1 : went;
    case PEER_ARGUMENTS:
        went = give(peer, l->message, l->message_size);
        l->joined += went > 0;
        peer->state = went > 0 ? PEER_SIZE : PEER_ARGUMENTS;
        return went > 0 && peer->hello.rank ? -1 : went;
    case PEER_SIZE:
        went = take(peer, &peer->size, sizeof peer->size);
        if (went > 0 && peer->size == 0) {
            l->opened = true;
            return 1;
        }
        peer->state = went > 0 ? PEER_FOUND : PEER_SIZE;
        return went > 0 ? make_buffer(l, peer) : went;
    default:
        went = take(peer, peer->found, (size_t)be64toh(peer->size));
        if (went > 0)
            keep_found(l, peer);
        return went ? -1 : 0;
    }
}

void listener_serve(harness_listener *l, const struct pollfd set[], double now)
{
    /* From the last on: a peer that is dropped leaves its place to one that was served. */
    for (int i = l->peers - 1; i >= 0; i--) {
        listener_peer *peer = &l->peer[i];
        int went = set[2 + i].revents ? 1 : 0;
        while (went > 0)
            went = step(l, peer);
        if (went == 0 && peer->state == PEER_HELLO && now > peer->greeted_by)
            went = -1;
        if (went < 0) {
            l->left = l->left || (peer->state >= PEER_SIZE && !peer->hello.rank);
            drop(l, peer);
        }
    }
    if (set[0].revents)
        admit(l, l->own, now);
    if (set[1].revents)
        admit(l, l->tcp, now);
}
