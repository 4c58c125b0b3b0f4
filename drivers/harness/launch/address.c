/* drivers/harness/launch/address.c - where a driver listens, as text that no shell and no mpirun
 * reads otherwise.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "drivers/harness/launch/channel.h"

static char *put_bytes(char *at, char tag, const void *bytes, size_t size)
{
    *at++ = tag;
    for (size_t i = 0; i < size; i++)
        at += sprintf(at, "%02x", ((const unsigned char *)bytes)[i]);
    return at;
}

/* The text behind tag and bytes; NULL where it is not these. */
static const char *take_bytes(const char *at, char tag, void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    if (!at || *at++ != tag)
        return NULL;
    for (size_t i = 0; i < size; i++, at += 2) {
        const char *high = *at ? strchr(digits, at[0]) : NULL;
        const char *low = high && at[1] ? strchr(digits, at[1]) : NULL;
        if (!low)
            return NULL;
        ((unsigned char *)bytes)[i] = (unsigned char)((high - digits) << 4 | (low - digits));
    }
    return at;
}

void address_to_text(const channel_address *address, char text[CHANNEL_TEXT])
{
    uint16_t port = htons(address->port);
    char *at = put_bytes(text, 'u', address->name, sizeof address->name);
    if (address->hosts == 0)
        return;
    at = put_bytes(at, 't', address->token, sizeof address->token);
    at = put_bytes(at, 'p', &port, sizeof port);
    for (int i = 0; i < address->hosts; i++)
        at = put_bytes(at, 'a', &address->host[i], sizeof address->host[i]);
}

bool address_from_text(const char *text, channel_address *address)
{
    uint16_t port = 0;
    *address = (channel_address){.hosts = 0};
    const char *at = take_bytes(text, 'u', address->name, sizeof address->name);
    if (!at || *at == '\0')
        return at != NULL;
    at = take_bytes(at, 't', address->token, sizeof address->token);
    at = take_bytes(at, 'p', &port, sizeof port);
    address->port = ntohs(port);
    while (at && *at && address->hosts < CHANNEL_HOSTS) {
        at = take_bytes(at, 'a', &address->host[address->hosts], sizeof *address->host);
        address->hosts += at != NULL;
    }
    return at && *at == '\0';
}

socklen_t unix_address(const channel_address *address, struct sockaddr_un *at)
{
    char name[2 + 2 * CHANNEL_NAME];
    *put_bytes(name, 't', address->name, sizeof address->name) = '\0';
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    /* A name that begins with a zero byte is in the abstract namespace. */
    int length = snprintf(at->sun_path + 1, sizeof at->sun_path - 1, "trine-%s", name + 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}
