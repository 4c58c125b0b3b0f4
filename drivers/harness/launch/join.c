/* drivers/harness/launch/join.c - a rank's end of the channel to the driver that started it. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/harness/launch/channel.h"
#include "drivers/harness/harness.h"
#include "drivers/harness/cli/log.h"

static const char child_option[] = "--child=";

/* Seconds that a driver has for an answer; it does nothing else meanwhile. */
enum { ANSWERED_IN = 60 };

/* Seconds that an address of the driver's host has: of several, some may lead nowhere from here. */
enum { REACHED_IN = 5 };

/* Bytes of arguments that no command line has. */
#define MAX_ARGUMENTS ((uint64_t)1 << 30)

/* To the driver; -1: this rank is not the one that reports. */
static int to_driver = -1;

bool is_child(int argc, char **argv)
{
    return argc == 2 && strncmp(argv[1], child_option, strlen(child_option)) == 0;
}

static void bound_waits(int fd, int seconds)
{
    const struct timeval most = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
}

/* A socket that is connected there within so many seconds; -1 and errno. */
static int connect_to(const struct sockaddr *at, socklen_t length, int seconds)
{
    int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bound_waits(fd, seconds);
    if (connect(fd, at, length) == 0) {
        bound_waits(fd, ANSWERED_IN);
        return fd;
    }
    int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(fd);
    errno = error;
    return -1;
}

/* The name may be another user's by now: the system says whose it is. */
static bool is_own(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static int connect_unix(const channel_address *address)
{
    struct sockaddr_un at;
    socklen_t length = unix_address(address, &at);
    int fd = connect_to((const struct sockaddr *)&at, length, ANSWERED_IN);
    if (fd >= 0 && !is_own(fd)) {
        close(fd);
        fd = -1;
        errno = EPERM;
    }
    return fd;
}

static int connect_tcp(const channel_address *address, const struct in6_addr *host)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(address->port), .sin6_addr = *host};
    if (!IN6_IS_ADDR_V4MAPPED(host))
        return connect_to((const struct sockaddr *)&v6, sizeof v6, REACHED_IN);
    memcpy(&v4.sin_addr, host->s6_addr + 12, sizeof v4.sin_addr);
    return connect_to((const struct sockaddr *)&v4, sizeof v4, REACHED_IN);
}

/* The token is shown where the driver cannot see whose this process is. */
static int reach_driver(const channel_address *address, channel_hello *hello)
{
    int fd = connect_unix(address);
    if (fd >= 0)
        return fd;
    memcpy(hello->token, address->token, sizeof hello->token);
    for (int i = 0; i < address->hosts && fd < 0; i++)
        fd = connect_tcp(address, &address->host[i]);
    return fd;
}

static bool send_all(int fd, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        ssize_t some = send(fd, at, size, MSG_NOSIGNAL);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return false;
        at += some;
        size -= (size_t)some;
    }
    return true;
}

static bool receive_all(int fd, void *data, size_t size)
{
    for (char *at = data; size > 0;) {
        ssize_t some = recv(fd, at, size, 0);
        if (some < 0 && errno == EINTR)
            continue;
        if (some == 0)
            errno = ECONNRESET;
        if (some <= 0)
            return false;
        at += some;
        size -= (size_t)some;
    }
    return true;
}

/* Words that each end with a zero byte, as an argument vector behind argv[0]. It and the words are
 * kept until the program ends. */
static bool words_to_argv(char *words, size_t size, int *argc, char ***argv)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += words[i] == '\0';
    char **vector = calloc(count + 2, sizeof *vector);
    if (!vector)
        return false;
    vector[0] = (*argv)[0];
    for (size_t i = 1; i <= count; words += strlen(words) + 1)
        vector[i++] = words;
    *argc = (int)count + 1;
    *argv = vector;
    return true;
}

static bool receive_arguments(int fd, int *argc, char ***argv)
{
    uint64_t size;
    if (!receive_all(fd, &size, sizeof size))
        return false;
    size = be64toh(size);
    if (size > MAX_ARGUMENTS) {
        errno = EMSGSIZE;
        return false;
    }
    char *words = malloc(size + 1);
    if (!words)
        return false;
    words[size] = '\0';
    if (receive_all(fd, words, size) && words_to_argv(words, size, argc, argv))
        return true;
    free(words);
    return false;
}

bool join_launch(int *argc, char ***argv)
{
    const char *own = strrchr((*argv)[0], '/'), *name = own ? own + 1 : (*argv)[0];
    const char *text = (*argv)[1] + strlen(child_option);
    channel_address address;
    channel_hello hello = {.magic = CHANNEL_MAGIC, .rank = htonl(first_rank() ? 0 : 1)};
    if (!address_from_text(text, &address)) {
        log_line(name, "%s%s: no address of a driver that starts ranks", child_option, text);
        return false;
    }
    int fd = reach_driver(&address, &hello);
    /* One voice is enough if it is rank 0's; a rank that alone fails must be heard. */
    if (fd < 0 || !send_all(fd, &hello, sizeof hello) || !receive_arguments(fd, argc, argv)) {
        fprintf(stderr, "%s: a rank cannot reach the driver that started it: %s\n", name,
                strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (first_rank())
        to_driver = fd;
    else
        close(fd);
    return true;
}

void tell_driver_of_team(void)
{
    const uint64_t none = 0;
    if (to_driver >= 0)
        (void)send_all(to_driver, &none, sizeof none);
}

bool send_found(const char *driver, const void *found, size_t size)
{
    uint64_t head = htobe64(size);
    bool sent = send_all(to_driver, &head, sizeof head) && send_all(to_driver, found, size);
    if (!sent)
        log_line(driver, "the driver that started the ranks does not take what they found: %s",
                 strerror(errno));
    close(to_driver);
    to_driver = -1;
    return sent;
}
