/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"

struct setting {
	const char *key; /* NULL: the last */
	const char *value;
};

static const struct setting settings4[] = {
	{"forwarding", "0"},
	{"accept_redirects", "0"},
	{"send_redirects", "0"},
	/* Answers leave by the link their question came in on, which rp_filter cannot know. */
	{"rp_filter", "0"},
	/* A link answers ARP for its own address only, and asks with its own. */
	{"arp_ignore", "1"},
	{"arp_announce", "2"},
	{.key = NULL},
};

static const struct setting settings6[] = {
	{"forwarding", "0"},
	{"accept_ra", "0"},
	{"autoconf", "0"},
	{"accept_redirects", "0"},
	/* 1: none. The link-local address is ours to set, at once and without DAD. */
	{"addr_gen_mode", "1"},
	{.key = NULL},
};

/* directory: an fd, or AT_FDCWD. */
static int write_value(int directory, const char *path, const char *value)
{
	size_t length = strlen(value);
	ssize_t written;
	int error = 0;
	int file = openat(directory, path, O_WRONLY | O_CLOEXEC);

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

/* interfaces: names in this directory, the last NULL. */
static int write_all(
	const char *family, const char *const *interfaces, const struct setting *settings)
{
	char directory_path[64], path[64];
	int directory, error = 0;

	snprintf(directory_path, sizeof(directory_path), "/proc/sys/net/%s/conf", family);
	directory = open(directory_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		error = -errno;
		log_error("namespace", "cannot open %s: %s", directory_path, strerror(-error));
		return error;
	}
	for (; error == 0 && *interfaces != NULL; interfaces++) {
		for (const struct setting *each = settings; error == 0 && each->key; each++) {
			snprintf(path, sizeof(path), "%s/%s", *interfaces, each->key);
			error = write_value(directory, path, each->value);
			if (error < 0)
				log_error("namespace", "cannot set %s/%s to %s: %s", directory_path,
					path, each->value, strerror(-error));
		}
	}
	close(directory);
	return error;
}

/*
 * The kernel keeps the directories of all namespaces under one name in one chain of its cache, and
 * a look-up from /proc walks it: with a thousand domains most of the time to make one went there.
 * So each is opened once.
 */
static int write_families(const char *const *interfaces)
{
	int error = write_all("ipv4", interfaces, settings4);

	return error < 0 ? error : write_all("ipv6", interfaces, settings6);
}

int sysctl_namespace(void)
{
	return write_families((const char *const[]){"default", "all", NULL});
}

int sysctl_interface(const char *interface)
{
	return write_families((const char *const[]){interface, NULL});
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
		error = write_value(AT_FDCWD, path, text);
		if (error < 0)
			return error;
	}
	return 0;
}
