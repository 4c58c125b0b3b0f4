/* drivers/harness/launch/launch_folders.h - folders of one launch's own: what mpirun and the ranks
 * leave in them goes with them, also when all were killed, and no other launch that ends takes them
 * away. */
#ifndef TRINE_HARNESS_LAUNCH_FOLDERS_H
#define TRINE_HARNESS_LAUNCH_FOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

/* A base of at most so many bytes: names of sockets in it have to fit into 107. */
enum { MAX_BASE = 60, FOLDER_TEXT = MAX_BASE + 32 };

/* temporary: under $TMPDIR. memory: under /dev/shm, or the same where that has no space for the
 * ranks. The locks say that this process still uses them. guard: a shell that removes them should
 * this process be killed; alive: what it sees that by. */
typedef struct launch_folders {
    char temporary[FOLDER_TEXT], memory[FOLDER_TEXT];
    int temporary_lock, memory_lock, alive;
    pid_t guard;
} launch_folders;

/* Makes them, and removes those of launches whose drivers were killed. False after what is in the
 * way was said, after "driver: --team spec: ". */
bool open_launch_folders(launch_folders *folders, const char *driver, const char *spec);

/* Whether /dev/shm has not the space that so many ranks take. */
bool is_memory_short(int ranks);

void close_launch_folders(launch_folders *folders);

#endif
