/* SPDX-License-Identifier: BSD-3-Clause */
/* A process is who it was: neither one that ended nor one that got its number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/routing/process.h"

static pid_t child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void reap(pid_t pid, int signal)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
}

static void knows_itself_and_no_process(void **state)
{
	struct process self = process_of(getpid()), none = process_of(0);

	assert_int_equal(self.pid, getpid());
	assert_true(process_lives(&self));
	assert_int_equal(none.pid, 0);
	assert_false(process_lives(&none));
}

static void kills_the_one_it_means(void **state)
{
	struct process process = process_of(child());

	assert_int_equal(process_kill(&process), 0);
	reap(process.pid, SIGKILL);
	assert_false(process_lives(&process));
	assert_int_equal(process_kill(&process), -ESRCH);
}

/* Its number went to another process. */
static void spares_another_of_that_number(void **state)
{
	struct process process = process_of(child()), older = process;

	older.start--;
	assert_false(process_lives(&older));
	assert_int_equal(process_kill(&older), -ESRCH);
	assert_true(process_lives(&process));
	assert_int_equal(kill(process.pid, SIGTERM), 0);
	reap(process.pid, SIGTERM);
}

/* Ended, but nobody has waited for it yet: its number is still taken. */
static void takes_no_zombie_for_alive(void **state)
{
	struct process process = process_of(child());
	siginfo_t info;

	assert_int_equal(kill(process.pid, SIGTERM), 0);
	assert_int_equal(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(process_lives(&process));
	reap(process.pid, SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_itself_and_no_process),
		cmocka_unit_test(kills_the_one_it_means),
		cmocka_unit_test(spares_another_of_that_number),
		cmocka_unit_test(takes_no_zombie_for_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
