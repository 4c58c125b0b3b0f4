/* drivers/harness/launch/channel.h - between a driver and the ranks that it starts.
 *
 * 1. The driver listens, then starts mpirun, whose command line says only where: --child=ADDRESS.
 * 2. Every rank connects, says who it is (hello), and is sent its arguments.
 * 3. Rank 0 keeps the connection and sends what it found, as bytes behind their number in 64 bits;
 * a number of 0 before that says that the team is open.
 *
 * So what ranks and mpirun print is no part of it, and no argument is mpirun's to read. The socket
 * is a Unix one in the abstract namespace: nothing on disk, gone with the driver. Where ranks can
 * be on other hosts the address names TCP addresses of this one, too.
 */
#ifndef TRINE_HARNESS_CHANNEL_H
#define TRINE_HARNESS_CHANNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

/* NAME: bytes of a name that cannot be guessed. TOKEN: bytes that a rank shows where the system
 * does not say whose it is. HOSTS: most TCP addresses that are told. */
enum { CHANNEL_NAME = 16, CHANNEL_TOKEN = 16, CHANNEL_HOSTS = 8 };

/* name: of the Unix socket. hosts: of `host`, all at `port`; 0: only ranks of this machine. IPv4
 * addresses are mapped. */
typedef struct channel_address {
    unsigned char name[CHANNEL_NAME], token[CHANNEL_TOKEN];
    uint16_t port;
    struct in6_addr host[CHANNEL_HOSTS];
    int hosts;
} channel_address;

/* Letters and digits: u NAME [t TOKEN p PORT {a HOST}], in hexadecimal digits of known number. */
enum { CHANNEL_TEXT = 512 };
void address_to_text(const channel_address *address, char text[CHANNEL_TEXT]);
bool address_from_text(const char *text, channel_address *address);

/* The name as a socket's address; its length. */
socklen_t unix_address(const channel_address *address, struct sockaddr_un *at);

/* What a rank sends first. Integers go in network order. */
typedef struct channel_hello {
    unsigned char magic[8], token[CHANNEL_TOKEN];
    uint32_t rank;
} channel_hello;

#define CHANNEL_MAGIC "trine 1"

/* The rank's end: whether argv is that of a rank (--child=ADDRESS alone), and then its own
 * arguments, malloc'ed, in its place. False after what went wrong was said. */
bool is_child(int argc, char **argv);
bool join_launch(int *argc, char ***argv);

/* Tells the driver that the ranks have found each other: from there on work takes what it takes.
 * Nothing in a process that no driver started. */
void tell_driver_of_team(void);

/* What rank 0 found, and the end of the connection. False after what went wrong was said. */
bool send_found(const char *driver, const void *found, size_t size);

#endif
