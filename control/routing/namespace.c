/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/namespace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "control/log.h"
#include "control/routing/netlink.h"
#include "control/routing/sysctl.h"

#define OWN_NETNS "/proc/thread-self/ns/net"
#define INIT_NETNS "/proc/1/ns/net"

/* Neighbours of all namespaces count against one limit of the machine, 1,024 by default. */
#define GC_THRESH1 16384
#define GC_THRESH2 49152
#define GC_THRESH3 65536

static int fail(const char *what, const char *name, int error)
{
	log_error("namespace", "%s %s: %s", what, name, strerror(-error));
	return error;
}

static int make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int is_mount_point(const char *dir)
{
	char parent[PATH_MAX];
	struct stat own, above;
	int length = snprintf(parent, sizeof(parent), "%s/..", dir);

	if (length <= 0 || (size_t)length >= sizeof(parent))
		return -ENAMETOOLONG;
	if (stat(dir, &own) < 0 || stat(parent, &above) < 0)
		return -errno;
	return own.st_dev != above.st_dev;
}

/* In the namespace the thread is in; the limits are files of the machine's first one only. */
static int raise_here(void)
{
	int error = sysctl_raise("net/ipv4/neigh/default", GC_THRESH1, GC_THRESH2, GC_THRESH3);

	if (error < 0)
		return error;
	return sysctl_raise("net/ipv6/neigh/default", GC_THRESH1, GC_THRESH2, GC_THRESH3);
}

static int raise_in_first_namespace(void)
{
	int first = open(INIT_NETNS, O_RDONLY | O_CLOEXEC);
	int error, previous;

	if (first < 0)
		return raise_here(); /* a container hides its process 1; this may be the one */
	previous = netlink_enter(first);
	close(first);
	if (previous < 0)
		return previous;
	error = raise_here();
	netlink_leave(previous);
	return error;
}

/* Best effort: links work without it, up to the limit. */
static void raise_neighbour_limits(void)
{
	int error = raise_in_first_namespace();

	if (error < 0)
		log_warning("namespace",
			"the neighbour table's limits cannot be raised (%s): outside of any "
			"namespace, set net.ipv4.neigh.default.gc_thresh3 and "
			"net.ipv6.neigh.default.gc_thresh3 to %d, or links beyond about 1,000 "
			"will not resolve",
			strerror(-error), GC_THRESH3);
}

int namespace_init(const char *dir)
{
	int mounted;
	int error = make_directories(dir);

	if (error < 0)
		return fail("cannot create", dir, error);
	mounted = is_mount_point(dir);
	if (mounted < 0)
		return fail("cannot look at", dir, mounted);
	if (!mounted && mount("onramp", dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return fail("cannot mount a tmpfs on", dir, -errno);
	/* FRR's slave mount namespace sees a later namespace only through a shared mount. */
	if (mount(NULL, dir, NULL, MS_SHARED, NULL) < 0)
		return fail("cannot share the mount", dir, -errno);
	raise_neighbour_limits();
	return 0;
}

static int loopback_up(int netns)
{
	char buffer[256];
	struct mnl_socket *socket = netlink_open(netns, 0);
	struct nlmsghdr *message = netlink_message(buffer, RTM_NEWLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	int error;

	if (!socket)
		return -errno;
	info->ifi_index = 1; /* the loopback is the first interface of any namespace */
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	error = netlink_request(socket, message);
	mnl_socket_close(socket);
	return error;
}

static bool holds_namespace(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == NSFS_MAGIC;
}

/* Makes a namespace and pins it to the path. The thread visits the new one for a moment. */
static int create_namespace(const char *path)
{
	int error = 0;
	int previous;
	int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);

	if (file < 0)
		return -errno;
	close(file);
	previous = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	if (previous < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0) {
		error = -errno;
		close(previous);
		unlink(path);
		return error;
	}
	if (mount(OWN_NETNS, path, NULL, MS_BIND, NULL) < 0)
		error = -errno;
	netlink_leave(previous);
	if (error < 0)
		unlink(path);
	return error;
}

static int namespace_path(char *path, size_t size, const char *dir, const char *name)
{
	int length = snprintf(path, size, "%s/%s", dir, name);

	if (strchr(name, '/') || name[0] == '\0' || name[0] == '.')
		return -EINVAL;
	return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static int apply_settings(int netns)
{
	int error;
	int previous = netlink_enter(netns);

	if (previous < 0)
		return previous;
	error = sysctl_namespace();
	netlink_leave(previous);
	return error ? error : loopback_up(netns);
}

int namespace_open(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int error = namespace_path(path, sizeof(path), dir, name);
	int netns;

	if (error < 0)
		return fail("cannot name", name, error);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0 || !holds_namespace(netns)) {
		if (netns >= 0)
			close(netns);
		error = create_namespace(path);
		if (error < 0)
			return fail("cannot create", path, error);
		netns = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (netns < 0)
		return fail("cannot open", path, -errno);
	error = apply_settings(netns);
	if (error == 0)
		return netns;
	close(netns);
	return fail("cannot configure", path, error);
}

int namespace_find(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int error = namespace_path(path, sizeof(path), dir, name);
	int netns = error < 0 ? error : open(path, O_RDONLY | O_CLOEXEC);

	if (error < 0)
		return error;
	if (netns < 0)
		return -errno;
	if (holds_namespace(netns))
		return netns;
	close(netns);
	return -ENOENT;
}

int namespace_delete(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int error = namespace_path(path, sizeof(path), dir, name);

	if (error < 0)
		return fail("cannot name", name, error);
	/* Lazily: FRR holds it open until it has seen the name go. */
	if (umount2(path, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
		return fail("cannot unmount", path, -errno);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail("cannot remove", path, -errno);
	return 0;
}

int namespace_list(const char *dir, void (*each)(const char *name, void *context), void *context)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, alphasort);

	if (count < 0)
		return fail("cannot list", dir, -errno);
	/* The list is taken whole first, so that each() may delete. */
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			each(entries[i]->d_name, context);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
