/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/md5_counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/routing/netlink.h"

#define NETSTAT_MAX 32768

/* The file is pairs of lines: names, then their values, both begun by the protocol's name. */
int md5_counters_parse(const char *text, struct md5_counters *counters)
{
	const struct {
		const char *name;
		uint64_t *value;
	} wanted[] = {{"TCPMD5NotFound", &counters->missing},
		{"TCPMD5Unexpected", &counters->unexpected}, {"TCPMD5Failure", &counters->wrong}};
	const char *names = strstr(text, "TcpExt: ");
	const char *values = names != NULL ? strstr(names + 1, "TcpExt: ") : NULL;
	unsigned int found = 0;

	memset(counters, 0, sizeof(*counters));
	while (values != NULL && *names != '\n' && *names != '\0' && *values != '\n' &&
		*values != '\0') {
		size_t length = strcspn(names, " \n");

		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (strlen(wanted[i].name) != length ||
				memcmp(wanted[i].name, names, length) != 0)
				continue;
			*wanted[i].value = strtoull(values, NULL, 10);
			found++;
		}
		names += length;
		names += strspn(names, " ");
		values += strcspn(values, " \n");
		values += strspn(values, " ");
	}
	return found == sizeof(wanted) / sizeof(wanted[0]) ? 0 : -EINVAL;
}

int md5_counters_read(int netns, struct md5_counters *counters)
{
	int previous = netlink_enter(netns), file, error = 0;
	char text[NETSTAT_MAX];
	ssize_t length = 0, more = 1;

	if (previous < 0)
		return previous;
	file = open("/proc/thread-self/net/netstat", O_RDONLY | O_CLOEXEC);
	error = file < 0 ? -errno : 0;
	netlink_leave(previous);
	if (error != 0)
		return error;
	while (more > 0 && length < (ssize_t)sizeof(text) - 1) {
		more = read(file, text + length, sizeof(text) - 1 - (size_t)length);
		length += more > 0 ? more : 0;
	}
	close(file);
	text[length] = '\0';
	return md5_counters_parse(text, counters);
}
