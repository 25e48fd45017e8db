/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the routing tests share: namespaces of their own that go with the process, commands in
 * them, and waiting for an event with a deadline.
 */
#pragma once

#include <stdbool.h>

#include <event2/event.h>

/* The private directory of namespaces (namespace_init has been called on it). */
extern char support_dir[];

/* cmocka group fixtures. Ends the process with 77 (skipped, reason printed) when not root. */
int support_start(void **state);
int support_stop(void **state);

/* A namespace's fd; the test fails when there is none. */
int support_namespace(const char *name);
/* Runs a shell command in the namespace (NULL: where the process is); it must succeed. */
void support_run(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The standard output of the command, malloc'd; *length without the terminating zero. */
char *support_output(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Runs the loop until the condition holds. The test fails after seconds. */
#define support_wait(base, condition, context, seconds) \
	support_wait_for(base, condition, context, seconds, #condition, __FILE__, __LINE__)
void support_wait_for(struct event_base *base, bool (*condition)(void *context), void *context,
	unsigned int seconds, const char *what, const char *file, int line);
