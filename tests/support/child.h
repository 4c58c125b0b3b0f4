/* child.h - a test in a child process of its own: it has its fork server, its limits and its
 * threads to itself. */
#ifndef TRINE_TESTS_CHILD_H
#define TRINE_TESTS_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"

/* In a child: ends it, saying where. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "\n  line %d: %s (%s)\n", __LINE__, #condition, trine_error_detail()); \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* The exit status of a child that prepares and runs the test; -1 when it did not end by itself. */
static inline int in_child(void (*prepare)(void), void (*test)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(240);
        if (prepare)
            prepare();
        test();
        _exit(0);
    }
    if (waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Makes the CUnit test `test` of test_body. */
#define IN_CHILD(prepare, test)                                                                    \
    static void test(void)                                                                         \
    {                                                                                              \
        CU_ASSERT_EQUAL(in_child(prepare, test##_body), 0);                                        \
    }

/* Takes the soft limit down, as in setrlimit. */
static inline void limit(int name, rlim_t value)
{
    struct rlimit both;
    MUST(getrlimit(name, &both) == 0);
    both.rlim_cur = value;
    MUST(setrlimit(name, &both) == 0);
}

/* Gone, or only waiting for init to take note. */
static inline bool is_gone(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "r");
    if (!stat)
        return true;
    size_t got = fread(text, 1, sizeof text - 1, stat);
    fclose(stat);
    const char *state = strrchr(text, ')');
    return got == 0 || (state && state[2] == 'Z');
}

static inline trine_team *open_team(const char *spec)
{
    trine_team *team;
    MUST(trine_team_open(spec, &team) == TRINE_OK);
    return team;
}

#endif
