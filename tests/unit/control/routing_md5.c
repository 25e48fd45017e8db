/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's counters of TCP-MD5: found by name, whatever stands around them, and there in the
 * kernel this runs on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "control/routing/md5_counters.h"

static void finds_them_by_name(void **state)
{
	struct md5_counters counters;

	assert_int_equal(
		md5_counters_parse("TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected "
				   "Other TCPMD5Failure TCPMD5FailureToo\n"
				   "TcpExt: 11 22 33 44 55 66\n"
				   "IpExt: InNoRoutes\nIpExt: 7\n",
			&counters),
		0);
	assert_int_equal(counters.missing, 22);
	assert_int_equal(counters.unexpected, 33);
	assert_int_equal(counters.wrong, 55);
}

static void says_when_they_are_not_there(void **state)
{
	static const char *const texts[] = {"", "TcpExt: TCPMD5NotFound\n",
		"TcpExt: TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure\nTcpExt: 1 2\n",
		"IpExt: TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure\nIpExt: 1 2 3\n"};
	struct md5_counters counters;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(md5_counters_parse(texts[i], &counters), -EINVAL);
}

static void this_kernel_has_them(void **state)
{
	int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), error;
	struct md5_counters counters;

	assert_true(netns >= 0);
	error = md5_counters_read(netns, &counters);
	close(netns);
	if (error == -EPERM)
		skip();
	assert_int_equal(error, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_them_by_name),
		cmocka_unit_test(says_when_they_are_not_there),
		cmocka_unit_test(this_kernel_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
