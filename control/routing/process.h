/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Another process, named so that one which got the same number later is not taken for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;      /* 0: none */
	uint64_t start; /* when it was started, in clock ticks since boot */
};

/* The process of that number, as it is now; pid 0 when there is none, or it is ending, or has ended
 * and is only waited for. */
struct process process_of(pid_t pid);
bool process_lives(const struct process *process);
/* SIGKILL. 0, -ESRCH: it has ended, or -errno. */
int process_kill(const struct process *process);
