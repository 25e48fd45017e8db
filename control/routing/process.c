/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/process.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXITING 4u /* PF_EXITING of the kernel: its sockets are being closed, or are closed */

/* proc(5): "pid (command) state ppid pgrp session tty tpgid flags ..."; the command may have spaces
 * and brackets in it. The start time is the 19th field behind the state. */
static bool parse_stat(const char *line, struct process *process)
{
	const char *at = strrchr(line, ')');
	unsigned int flags;
	char state;

	if (at == NULL || sscanf(at, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2 ||
		state == 'Z' || state == 'X' || (flags & EXITING) != 0)
		return false;
	at += 2;
	for (unsigned int field = 0; field < 19 && at != NULL; field++)
		at = strchr(at + 1, ' ');
	return at != NULL && sscanf(at, " %" SCNu64, &process->start) == 1;
}

struct process process_of(pid_t pid)
{
	struct process process = {.pid = pid};
	char path[64], line[1024];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (file != NULL) {
		found = fgets(line, sizeof(line), file) != NULL && parse_stat(line, &process);
		fclose(file);
	}
	return found ? process : (struct process){0};
}

bool process_lives(const struct process *process)
{
	struct process now = process_of(process->pid);

	return process->pid != 0 && now.pid == process->pid && now.start == process->start;
}

/* The descriptor holds the process that is looked at, whoever gets its number meanwhile. */
int process_kill(const struct process *process)
{
	int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (!process_lives(process))
		error = -ESRCH;
	else if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0)
		error = -errno;
	close(fd);
	return error;
}
