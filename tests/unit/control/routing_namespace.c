/* SPDX-License-Identifier: BSD-3-Clause */
/* control/routing/namespace.h: settings one by one, TAPs and their addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/routing/namespace.h"
#include "tests/unit/control/routing_support.h"

static void expect_setting(
	const char *family, const char *interface, const char *key, const char *value)
{
	char *text = support_output("a", "cat /proc/sys/net/%s/conf/%s/%s", family, interface, key);

	if (strncmp(text, value, strlen(value)) != 0 || text[strlen(value)] != '\n')
		fail_msg("%s %s %s is %s", family, interface, key, text);
	free(text);
}

/* docs/architecture.md, "Domain namespaces". */
static void expect_settings(const char *interface)
{
	expect_setting("ipv4", interface, "forwarding", "0");
	expect_setting("ipv4", interface, "accept_redirects", "0");
	expect_setting("ipv4", interface, "send_redirects", "0");
	expect_setting("ipv4", interface, "rp_filter", "0");
	expect_setting("ipv4", interface, "arp_ignore", "1");
	expect_setting("ipv4", interface, "arp_announce", "2");
	expect_setting("ipv6", interface, "forwarding", "0");
	expect_setting("ipv6", interface, "accept_ra", "0");
	expect_setting("ipv6", interface, "autoconf", "0");
	expect_setting("ipv6", interface, "accept_redirects", "0");
}

static void expect_output(const char *command, const char *expected)
{
	char *text = support_output("a", "%s", command);

	if (!strstr(text, expected))
		fail_msg("%s: no \"%s\" in:\n%s", command, expected, text);
	free(text);
}

static void expect_no_output(const char *command, const char *unexpected)
{
	char *text = support_output("a", "%s", command);

	if (strstr(text, unexpected))
		fail_msg("%s: \"%s\" in:\n%s", command, unexpected, text);
	free(text);
}

static ino_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

static void collect(const char *name, void *context)
{
	strcat(context, name);
	strcat(context, " ");
}

static int teardown(void **state)
{
	return namespace_delete(support_dir, "a");
}

static void makes_finds_and_deletes(void **state)
{
	int own = open("/proc/self/ns/net", O_RDONLY);
	ino_t here = inode_of(own);
	int first = support_namespace("a");
	int again = support_namespace("a");
	char names[256] = "";
	int after;

	assert_int_equal(inode_of(first), inode_of(again));
	assert_int_not_equal(inode_of(first), here);
	close(support_namespace("b.c"));
	assert_int_equal(namespace_list(support_dir, collect, names), 0);
	assert_string_equal(names, "a b.c ");
	assert_int_equal(namespace_delete(support_dir, "b.c"), 0);
	assert_int_equal(namespace_delete(support_dir, "b.c"), 0);
	names[0] = '\0';
	assert_int_equal(namespace_list(support_dir, collect, names), 0);
	assert_string_equal(names, "a ");
	assert_int_equal(namespace_open(support_dir, "../a"), -EINVAL);
	assert_int_equal(namespace_init(support_dir), 0);
	/* The thread is back where it was. */
	after = open("/proc/self/ns/net", O_RDONLY);
	assert_int_equal(inode_of(after), here);
	close(after);
	close(own);
	close(first);
	close(again);
}

/* A file without a namespace behind it, as a reboot of the machine leaves on a disk. */
static void replaces_a_stale_name(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/a", support_dir);
	close(open(path, O_CREAT | O_RDONLY, 0444));
	close(support_namespace("a"));
	expect_output("ip link show lo", "LOOPBACK,UP");
}

static void settles_the_kernel(void **state)
{
	close(support_namespace("a"));
	expect_settings("all");
	expect_settings("default");
	/* What somebody changed is set right at the next opening. */
	support_run("a", "sysctl -qw net.ipv4.conf.all.rp_filter=1");
	close(support_namespace("a"));
	expect_settings("all");
}

static struct tap_settings tap_settings(void)
{
	struct tap_settings settings = {.ifname = "primary",
		.ifindex = 65536 + 7,
		.mac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55},
		.mtu = 9000,
		.address4 = {.family = AF_INET, .prefix_len = 30},
		.address6 = {.family = AF_INET6, .prefix_len = 126}};

	inet_pton(AF_INET, "192.0.2.2", settings.address4.address);
	inet_pton(AF_INET6, "2001:db8::2", settings.address6.address);
	return settings;
}

static void expect_tap(void)
{
	expect_settings("primary");
	expect_output("ip -d link show primary", "65543: primary");
	expect_output("ip -d link show primary", "02:11:22:33:44:55");
	expect_output("ip -d link show primary", "mtu 9000");
	expect_output("ip -d link show primary", "tun type tap pi off");
	expect_output("ip -d link show primary", "persist on");
	expect_output("ip link show primary", ",UP");
	expect_output("ip -4 addr show primary", "inet 192.0.2.2/30");
	expect_output("ip -6 addr show primary", "inet6 2001:db8::2/126 scope global nodad");
	/* RFC 4291 appendix A: 02:11:22:33:44:55 with its universal bit inverted. */
	expect_output(
		"ip -6 addr show primary", "inet6 fe80::11:22ff:fe33:4455/64 scope link nodad");
	expect_no_output("ip -6 addr show primary", "tentative");
}

static void makes_a_tap_ready_at_once(void **state)
{
	struct tap_settings settings = tap_settings();
	int netns = support_namespace("a");
	int tap = tap_open(netns, &settings);
	char names[256] = "";

	assert_true(tap >= 0);
	assert_true(fcntl(tap, F_GETFL) & O_NONBLOCK);
	expect_tap();
	assert_int_equal(tap_open(netns, &settings), -EBUSY);
	close(tap);
	/* It persists, and is found again. */
	expect_output("ip link show primary", "primary");
	tap = tap_open(netns, &settings);
	assert_true(tap >= 0);
	expect_tap();
	assert_int_equal(tap_list(netns, collect, names), 0);
	assert_string_equal(names, "primary ");
	close(tap);
	assert_int_equal(tap_delete(netns, "primary"), 0);
	assert_int_equal(tap_delete(netns, "primary"), 0);
	expect_no_output("ip link", "primary");
	close(netns);
}

static void changes_what_differs(void **state)
{
	struct tap_settings settings = tap_settings();
	int netns = support_namespace("a");
	int tap = tap_open(netns, &settings);

	assert_true(tap >= 0);
	support_run("a", "ip addr add 198.51.100.1/24 dev primary");
	settings.mtu = 1500;
	settings.mac[5] = 0x56;
	settings.address6.family = 0;
	settings.address4.address[3] = 6;
	assert_int_equal(tap_configure(netns, &settings), 0);
	expect_output("ip addr show primary", "inet 192.0.2.6/30");
	expect_output("ip addr show primary", "fe80::11:22ff:fe33:4456/64");
	expect_output("ip addr show primary", "mtu 1500");
	expect_no_output("ip addr show primary", "198.51.100.1");
	expect_no_output("ip addr show primary", "192.0.2.2/");
	expect_no_output("ip addr show primary", "2001:db8::2");
	expect_no_output("ip addr show primary", "fe33:4455");
	settings.ifname = "none";
	assert_int_equal(tap_configure(netns, &settings), -ENODEV);
	close(tap);
	close(netns);
}

/* Setting the same once more is no change: the kernel would forget who is reachable on it. */
static void leaves_alone_what_is_right(void **state)
{
	struct tap_settings settings = tap_settings();
	int netns = support_namespace("a");
	int tap = tap_open(netns, &settings);

	assert_true(tap >= 0);
	support_run(
		"a", "ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev primary nud reachable");
	assert_int_equal(tap_configure(netns, &settings), 0);
	expect_tap();
	expect_output("ip neigh show dev primary", "192.0.2.1 lladdr 02:00:00:00:00:01");
	support_run("a", "ip link set primary down");
	assert_int_equal(tap_configure(netns, &settings), 0);
	expect_tap();
	close(tap);
	close(netns);
}

/* What FRR's mount namespace sees: a slave of the directory that was taken before. */
static void later_namespaces_reach_a_slave(void **state)
{
	int ready[2], go[2], status;
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		char command[512];

		/* The shell knows one-digit descriptors only; either pipe may sit on 5 or 6. */
		int tell = fcntl(ready[1], F_DUPFD, 10), wait = fcntl(go[0], F_DUPFD, 10);

		dup2(tell, 5);
		dup2(wait, 6);
		snprintf(command, sizeof(command),
			"echo >&5; read x <&6; stat -f -c %%T %s/a | grep -q nsfs", support_dir);
		execlp("unshare", "unshare", "-m", "--propagation", "slave", "sh", "-c", command,
			(char *)NULL);
		_exit(127);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(support_namespace("a"));
	assert_int_equal(namespace_delete(support_dir, "a"), 0);
	close(support_namespace("a"));
	assert_int_equal(write(go[1], "\n", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(makes_finds_and_deletes, teardown),
		cmocka_unit_test_teardown(replaces_a_stale_name, teardown),
		cmocka_unit_test_teardown(settles_the_kernel, teardown),
		cmocka_unit_test_teardown(makes_a_tap_ready_at_once, teardown),
		cmocka_unit_test_teardown(changes_what_differs, teardown),
		cmocka_unit_test_teardown(leaves_alone_what_is_right, teardown),
		cmocka_unit_test_teardown(later_namespaces_reach_a_slave, teardown),
	};

	return cmocka_run_group_tests(tests, support_start, support_stop);
}
