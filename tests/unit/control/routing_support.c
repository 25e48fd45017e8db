/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/routing_support.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/routing/namespace.h"

char support_dir[64] = "/tmp/onramp-test-XXXXXX";

int support_start(void **state)
{
	if (geteuid() != 0) {
		printf("skipped: needs root to make network namespaces\n");
		exit(77);
	}
	/* Mounts of the test end with it. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
		unshare(CLONE_NEWNET) < 0 || !mkdtemp(support_dir)) {
		printf("cannot set up: %s\n", strerror(errno));
		return -1;
	}
	return namespace_init(support_dir);
}

int support_stop(void **state)
{
	umount2(support_dir, MNT_DETACH);
	return rmdir(support_dir);
}

int support_namespace(const char *name)
{
	int netns = namespace_open(support_dir, name);

	assert_true(netns >= 0);
	return netns;
}

static void compose(
	char *command, size_t size, const char *name, const char *format, va_list arguments)
{
	size_t used = 0;

	if (name)
		used = (size_t)snprintf(
			command, size, "exec nsenter --net=%s/%s ", support_dir, name);
	vsnprintf(command + used, size - used, format, arguments);
}

void support_run(const char *name, const char *format, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, format);
	compose(command, sizeof(command), name, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

char *support_output(const char *name, const char *format, ...)
{
	char command[4096];
	char *text = NULL;
	size_t size = 0;
	FILE *pipe;
	va_list arguments;

	va_start(arguments, format);
	compose(command, sizeof(command), name, format, arguments);
	va_end(arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	if (getdelim(&text, &size, '\0', pipe) < 0 && text)
		text[0] = '\0';
	if (pclose(pipe) != 0)
		fail_msg("failed: %s", command);
	assert_non_null(text);
	return text;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	*(bool *)context = true;
}

void support_wait_for(struct event_base *base, bool (*condition)(void *context), void *context,
	unsigned int seconds, const char *what, const char *file, int line)
{
	struct timeval often = {0, 20000};
	bool ticked = false;
	struct event *tick = event_new(base, -1, 0, on_tick, &ticked);
	time_t deadline = time(NULL) + seconds + 1;
	bool holds;

	/* Conditions are looked at on the tick only, some of them are a walk over everything; the
	 * next tick is set afterwards, so that such a walk leaves time for the work it waits for.
	 */
	while (!(holds = condition(context)) && time(NULL) < deadline) {
		event_add(tick, &often);
		ticked = false;
		while (!ticked)
			event_base_loop(base, EVLOOP_ONCE);
	}
	event_free(tick);
	if (!holds) {
		print_error("still not so after %u s: %s\n", seconds, what);
		_fail(file, line);
	}
}
