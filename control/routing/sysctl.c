/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"

static const struct {
	const char *family;
	const char *key;
	const char *value;
} settings[] = {
	{"ipv4", "forwarding", "0"},
	{"ipv4", "accept_redirects", "0"},
	{"ipv4", "send_redirects", "0"},
	/* Answers leave by the link their question came in on, which rp_filter cannot know. */
	{"ipv4", "rp_filter", "0"},
	/* A link answers ARP for its own address only, and asks with its own. */
	{"ipv4", "arp_ignore", "1"},
	{"ipv4", "arp_announce", "2"},
	{"ipv6", "forwarding", "0"},
	{"ipv6", "accept_ra", "0"},
	{"ipv6", "autoconf", "0"},
	{"ipv6", "accept_redirects", "0"},
	/* 1: none. The link-local address is ours to set, at once and without DAD. */
	{"ipv6", "addr_gen_mode", "1"},
};

static int write_value(const char *path, const char *value)
{
	size_t length = strlen(value);
	ssize_t written;
	int error = 0;
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0)
		return -errno;
	written = write(file, value, length);
	if (written < 0)
		error = -errno;
	else if ((size_t)written != length)
		error = -EIO;
	close(file);
	return error;
}

int sysctl_domain(const char *interface)
{
	char path[128];
	int error;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", settings[i].family,
			interface, settings[i].key);
		error = write_value(path, settings[i].value);
		if (error < 0) {
			log_error("namespace", "cannot set %s to %s: %s", path, settings[i].value,
				strerror(-error));
			return error;
		}
	}
	return 0;
}

static int read_value(const char *path, long *value)
{
	char text[32];
	ssize_t length;
	int error;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -errno;
	length = read(file, text, sizeof(text) - 1);
	error = length < 0 ? -errno : 0;
	close(file);
	if (error < 0)
		return error;
	text[length] = '\0';
	*value = strtol(text, NULL, 10);
	return 0;
}

int sysctl_raise(const char *directory, long thresh1, long thresh2, long thresh3)
{
	const long wanted[] = {thresh1, thresh2, thresh3};

	/* The highest first: the kernel's collector expects them in order. */
	for (int i = 2; i >= 0; i--) {
		char path[128], text[32];
		long present = 0;
		int error;

		snprintf(path, sizeof(path), "/proc/sys/%s/gc_thresh%d", directory, i + 1);
		error = read_value(path, &present);
		if (error < 0)
			return error;
		if (present >= wanted[i])
			continue;
		snprintf(text, sizeof(text), "%ld", wanted[i]);
		error = write_value(path, text);
		if (error < 0)
			return error;
	}
	return 0;
}
