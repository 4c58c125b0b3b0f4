/* trine/team.h - the team: who runs the chunks. One executor (workers of this rank) times one
 * communicator (ranks).
 *
 * Spec strings:
 *
 *     serial            the calling thread
 *     omp[:T]           T OpenMP threads, the caller among them
 *     pool[:P][,o=v]    P processes, the caller among them, over shared memory
 *                       options: heap=SIZE (address range kept for shared arrays),
 *                       spin=MICROSECONDS, transport=NAME (trine_team_set_transport)
 *     mpi[:R]           the ranks of MPI_COMM_WORLD, which must be R when R is given
 *     mpi[:R]+omp[:T]   each rank with T threads
 *     mpi[:R]+pool[:P]  each rank with P processes
 *
 * T and P default to the CPUs that this process may use (trine_cpus), divided by the ranks that
 * share them. For T the first count of $OMP_NUM_THREADS comes before that, as it is given, and
 * where OpenMP binds its threads to fewer CPUs (OMP_PLACES), T is as many; for P neither counts.
 *
 * Floating-point environment: all functions compute, and call user code, in the default one (to
 * nearest, gradual underflow, no traps), on every worker, whatever the caller has set
 * (flush-to-zero as by -ffast-math, a rounding mode, traps, x87 precision), before the team was
 * opened or after. When they return, the calling thread has its own again, exception flags
 * included. (Flags that x87 instructions of user code raise stay, where x87's control word is the
 * default.)
 *
 * Threads of a team: those of `omp` are the team's own, from its opening to its closing. They are
 * in a parallel region of their own; the caller, which works as worker 0, is in none. So a team has
 * all its threads also when it is used inside a parallel region, or by one host thread after
 * another, and regions of the caller's have the threads that they would have without it. The system
 * is asked for them when the team opens: where it has too few (ulimit -u or -v, pids.max) or stacks
 * are below 256 KiB (OMP_STACKSIZE, ulimit -s), MEMORY names the limit. They take no signals but
 * those that their own instructions raise.
 *
 * Forks: a team belongs to the process that opened it. In a process forked from that one, every
 * call on a team of omp, pool or mpi, or on what belongs to it, returns WORKER; trine_array_free,
 * trine_lock_free and trine_team_close give back what is the forked process's own, and change
 * nothing for the other. A serial team works there, on copies. A forked process opens serial and
 * omp teams of its own, whatever threads the other had; pools only where the other had not begun
 * with them (trine_init), and ranks only where MPI had not been initialised (CLOSED). A clone made
 * past pthread_atfork counts as forked; where OpenMP is LLVM's, omp is refused there (SYSTEM).
 *
 * Unloading: dlclose leaves the library where it is. After trine_finalize nothing of a pool is left
 * (processes, memory, descriptors); without it they are kept for the next time.
 *
 * Thread rule: a team serves one call at a time; a second one gets TRINE_E_BUSY.
 *
 * Functions of the program's (of a reducer, map or task, sources, on_progress) are to return. They
 * may call other teams, not the one that they work for (BUSY). What else they may not do, and what
 * then happens:
 *
 *     throw an exception   from a run or a task: WORKER, which says so, or its item's outcome; from
 *                          merge and finish, and where this library was built for a processor
 *                          other than x86-64 and AArch64, as by longjmp
 *     longjmp out          the call is given up, what it had allocated is lost; the next call, or
 *                          the close, waits for the other workers and finds the team as it was.
 *                          Out of a map of tasks on threads, which wait for its items for ever: all
 *                          calls but the close say WORKER. An item left so has failed (WORKER)
 *     end the thread       pthread_exit, or pthread_cancel of it: a thread of the team goes on,
 *                          with WORKER; the caller's own ends, and the call is as one left by
 *                          longjmp
 *     exit()               in the caller or a thread ends the program; in a forked worker that
 *                          worker alone, without what atexit names
 *     close descriptors    see below
 *
 * What they print to stdout in a forked worker is written when their item or run ends.
 *
 * What a program may do to its process while a pool is open: close or replace all descriptors.
 * Those of this library are left alone then, calls that need them say WORKER, and closing works;
 * when all teams are closed, a new one has new descriptors. Workers have what the thread that
 * opened the pool had at that moment: user and group ids, capabilities, securebits and
 * no_new_privs, root and working directory, umask, environment, limits, nice value, scheduling
 * policy and CPUs, and so have those that replace them. What they cannot have (seccomp filters,
 * other namespaces, rights that the program has gained since trine_init) is refused with WORKER;
 * trine_finalize mends it. Once a process without any way back to more rights than a user's has
 * opened a pool, dead workers of older pools that had more rights are not replaced. Open files, the
 * session and ignored signals are those of trine_init. A set-uid program obeys none of this
 * library's variables. A stopped (SIGSTOP) fork server is made to go on, a stopped worker is ended
 * with its pool.
 */
#ifndef TRINE_TEAM_H
#define TRINE_TEAM_H

#include <trine/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who runs the chunks: an executor's workers, on a communicator's ranks. */
typedef struct trine_team trine_team;

/** How the blocks of a call are handed to the workers. No effect on any result. */
typedef enum trine_schedule {
    TRINE_STATIC = 0, /**< The same part of an array goes to the same worker each time. */
    TRINE_DYNAMIC = 1 /**< Whoever is free takes the next. */
} trine_schedule;

/** Makes ready for pools.
 *
 * Call first thing in main, before any thread starts, when a pool is to be opened later: it keeps a
 * small process (a fork server) from which workers are forked. Without it, opening a pool is
 * refused in a process that runs threads. Calling again does nothing. It changes no signal of the
 * program; the fork server and workers start with the system's defaults, whatever handlers the
 * program or a library has installed, but what is ignored stays so. Not collective. Errors: SYSTEM;
 * WORKER in a process forked from one that has done so. */
TRINE_API trine_status trine_init(void);

/** Ends what outlives teams.
 *
 * Ends the fork server and gives back the memory of pools, and ends MPI if trine started it
 * (Collective then: it waits until all ranks end). Teams must be closed. Runs by itself at exit;
 * trine/mpi.h says what becomes of other ranks. The next pool starts another fork server, which is
 * as the process is then. In a forked process it leaves the other's alone. */
TRINE_API void trine_finalize(void);

/** Opens a team.
 *
 * spec NULL reads $TRINE_TEAM; without that it is `mpi` under a launcher and `omp` else. Collective
 * over the ranks when the spec is mpi: all get the same status, also where a rank of a launch gives
 * a spec that begins with no executor's name and is refused. `*team` is untouched on error.
 *
 * Errors: SPEC, ABSENT, LAUNCH, THREADS, MEMORY, MPI, SYSTEM, ARGUMENT, WORKER (a pool whose
 * workers cannot be like this process is); WORKER and CLOSED in a forked process. */
TRINE_API trine_status trine_team_open(const char *spec, trine_team **team);

/** Ends the workers and releases the team.
 *
 * Its arrays, locks, counters and queues must have been freed or closed, on all ranks (else BUSY
 * on all). NULL, which all ranks give or none, does nothing. Collective. Errors: BUSY; COLLECTIVE;
 * MPI, and then the team is released all the same. */
TRINE_API trine_status trine_team_close(trine_team *team);

/** The spec in full: "mpi:16+omp:4". Valid while the team is open. NULL for a NULL team. */
TRINE_API const char *trine_team_spec(const trine_team *team);

/** Workers of this rank; 0 for a NULL team. They are those that took part in the last call (when it
 * opened, before the first): fewer threads than the spec says where OpenMP gives no more
 * (OMP_THREAD_LIMIT, OMP_DYNAMIC, OMP_MAX_ACTIVE_LEVELS=0). */
TRINE_API int trine_team_workers(const trine_team *team);

/** How many ranks the team has; 0 for a NULL team. */
TRINE_API int trine_team_ranks(const trine_team *team);

/** This rank's number, from 0; 0 for a NULL team. */
TRINE_API int trine_team_rank(const trine_team *team);

/** Process id in which that worker of this rank runs: the caller's own for threads and for worker 0
 * of a pool. -1 when there is no such worker. */
TRINE_API int64_t trine_team_worker_pid(const trine_team *team, int worker);

/** What a user should know about this team's placement (fewer threads than asked for, several
 * workers on a CPU) and what mends it; NULL when there is nothing to say. Valid until the next call
 * on the team. */
TRINE_API const char *trine_team_note(const trine_team *team);

/** Sets how blocks are handed to workers; static at the beginning. Not collective. Errors:
 * ARGUMENT. */
TRINE_API trine_status trine_team_set_schedule(trine_team *team, trine_schedule schedule);

/** Sets how a reduction or a map brings PRIVATE arrays to the workers of a pool, which do not
 * address them.
 *
 * Each worker then does its part, with the same bits. TRINE_TRANSPORT_NONE: they are not brought,
 * and the calling thread works on such arrays alone; so it is from the beginning. SHARED arrays
 * need no transport and none is used. Memory of the arrays must not change during a call; an output
 * that workers do not address is written to shared memory, then copied. The spec says which one is
 * set.
 *
 * Not collective. Errors: ARGUMENT; BUSY; ABSENT for message and window, which move data between
 * ranks, for what this system lacks, and for all but shm on teams of threads. A call on the team
 * returns THREADS when the transport is inherit and the process runs threads. */
TRINE_API trine_status trine_team_set_transport(trine_team *team, trine_transport transport);

/** The transport that is set; TRINE_TRANSPORT_NONE for none, and for a NULL team. */
TRINE_API trine_transport trine_team_transport(const trine_team *team);

/** Processes that a launcher (mpirun, mpiexec, srun) started, this one among them, as its
 * environment says; 0 without a launcher. Any thread. */
TRINE_API int trine_launched(void);

/** CPUs that this process may use: affinity mask and cgroup quota, at least 1. The mask is that of
 * the calling thread; where OpenMP has bound the thread (OMP_PROC_BIND, OMP_PLACES), that from
 * before. */
TRINE_API int trine_cpus(void);

#ifdef __cplusplus
}
#endif
#endif
