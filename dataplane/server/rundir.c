/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/api/api.h"
#include "dataplane/server/rundir.h"
#include "dataplane/startup/log.h"

#define BACKLOG 64

static int check_directory(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		int error = errno;

		log_error("server", "cannot make the run directory %s: %s", path, strerror(error));
		return -error;
	}
	if (lstat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode)) {
		log_error("server", "%s is no directory", path);
		return -ENOTDIR;
	}
	if (status.st_uid != geteuid()) {
		log_error("server", "%s belongs to uid %u, not to %u; give another --run-dir", path,
			status.st_uid, geteuid());
		return -EPERM;
	}
	if (status.st_mode & (S_IRWXG | S_IRWXO)) {
		log_error("server", "others may enter %s (mode %04o); run: chmod 0700 %s", path,
			status.st_mode & 07777, path);
		return -EPERM;
	}
	return 0;
}

/* Whoever holds the lock is the dataplane of this directory; it goes with the process, so that any
 * socket found under it belongs to nobody. */
static int take_lock(const char *path)
{
	char name[sizeof(((struct rundir *)0)->socket_path)];
	int lock;

	snprintf(name, sizeof(name), "%s/dataplane.lock", path);
	lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		int error = errno;

		log_error("server", "cannot open %s: %s", name, strerror(error));
		return -error;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	log_error("server",
		"another dataplane lives in %s; stop it, or start this one with another --run-dir",
		path);
	close(lock);
	return -EADDRINUSE;
}

static int remove_stale(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode)) {
		log_error("server", "%s is in the way and no socket; remove it", path);
		return -EEXIST;
	}
	return unlink(path) == 0 ? 0 : -errno;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error = remove_stale(path);
	int fd;

	if (error != 0)
		return error;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	log_error("server", "cannot listen on %s: %s", path, strerror(error));
	close(fd);
	return -error;
}

int rundir_open(struct rundir *rundir, const char *path)
{
	int n = snprintf(
		rundir->socket_path, sizeof(rundir->socket_path), "%s/" API_SOCKET_NAME, path);
	int error;

	rundir->lock = rundir->listener = -1;
	if (n < 0 || (size_t)n >= sizeof(rundir->socket_path)) {
		log_error("server", "%s is too long for a socket's path", path);
		return -ENAMETOOLONG;
	}
	error = check_directory(path);
	if (error != 0)
		return error;
	rundir->lock = take_lock(path);
	if (rundir->lock < 0)
		return rundir->lock;
	rundir->listener = listen_at(rundir->socket_path);
	if (rundir->listener >= 0)
		return 0;
	close(rundir->lock);
	return rundir->listener;
}

void rundir_close(struct rundir *rundir)
{
	unlink(rundir->socket_path);
	close(rundir->listener);
	close(rundir->lock);
}
