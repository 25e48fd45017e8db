/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/crash_vfs.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

static sqlite3_vfs real, ours;
/* The database and its journal have other methods for locks, the same for what is counted here. */
static sqlite3_io_methods database_methods, journal_methods, real_methods;
static unsigned int left;

static void count(void)
{
	if (--left == 0)
		kill(getpid(), SIGKILL);
}

static int crash_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	count();
	return real_methods.xWrite(file, bytes, size, offset);
}

static int crash_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	count();
	return real_methods.xTruncate(file, size);
}

static int crash_sync(sqlite3_file *file, int flags)
{
	count();
	return real_methods.xSync(file, flags);
}

static int crash_open(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
	sqlite3_io_methods *methods = database ? &database_methods : &journal_methods;
	int result = real.xOpen(&real, name, file, flags, out_flags);

	if (result != SQLITE_OK || file->pMethods == NULL)
		return result;
	real_methods = *file->pMethods;
	*methods = real_methods;
	methods->xWrite = crash_write;
	methods->xTruncate = crash_truncate;
	methods->xSync = crash_sync;
	file->pMethods = methods;
	return result;
}

static int crash_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	count();
	return real.xDelete(&real, name, sync_directory);
}

void crash_vfs_arm(unsigned int operation)
{
	real = *sqlite3_vfs_find(NULL);
	ours = real;
	ours.zName = "crash";
	ours.xOpen = crash_open;
	ours.xDelete = crash_delete;
	left = operation;
	if (sqlite3_vfs_register(&ours, 1) != SQLITE_OK)
		abort();
}
