/* core/system/launch.h - what a launcher's environment says about this process. */
#ifndef TRINE_CORE_LAUNCH_H
#define TRINE_CORE_LAUNCH_H

/* Processes that the launcher started, as its environment says; 0 without a launcher. *variable
 * (may be NULL) is the name of what said so. */
int trine_launch_size(const char **variable);

/* Of them, those on this machine; 1 when unknown. */
int trine_launch_neighbours(void);

#endif
