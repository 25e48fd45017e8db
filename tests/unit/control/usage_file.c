/* SPDX-License-Identifier: BSD-3-Clause */
/* usage.db when it is busy, on a full disk, or not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/unit/control/usage_kit.h"

static void a_failed_look_is_made_up_for(void **state)
{
	char path[128];
	sqlite3 *other;

	look_after(0);
	move(1000, 0);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	at += 10;
	at_us += 10000000;
	assert_int_not_equal(try_look(), 0);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	move(24, 0);
	look_after(10);
	assert_int_equal(in_of(0), 1024);
}

/* On a file system of so many KiB, for this process alone. */
static void mount_small(unsigned int kib)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%uk", kib);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("onramp-test", dir, "tmpfs", 0, options), 0);
}

/* Takes what is left of the disk; 0 bytes give it back. */
static void fill_disk(size_t bytes)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/other", dir);
	if (bytes == 0) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)bytes), 0);
	while (write(fd, "", 1) == 1 && posix_fallocate(fd, 0, (off_t)(bytes += 4096)) == 0)
		;
	close(fd);
}

/* What is recorded stays, and what could not be is made up for once there is room. */
static void a_full_disk_loses_nothing(void **state)
{
	int error = 0;

	if (geteuid() != 0)
		skip();
	history_close(history);
	mount_small(1024);
	open_history();
	look_after(0);
	move(1000, 0);
	look_after(10);
	fill_disk(4096);
	for (unsigned int i = 0; i < 3000 && error == 0; i++) {
		move(10, 0);
		at += 60;
		at_us += 60000000;
		error = try_look();
	}
	assert_int_equal(error, -ENOSPC);
	assert_int_equal(try_look(), -ENOSPC);
	fill_disk(0);
	look_after(10);
	assert_int_equal(total_in(), link_now.counters[RECORD_IN_BYTES]);
	restart();
	assert_int_equal(total_in(), link_now.counters[RECORD_IN_BYTES]);
	history_close(history);
	history = NULL;
	assert_int_equal(umount(dir), 0);
}

/* From the start: recorded as soon as there is room. */
static void a_disk_that_is_full_at_first(void **state)
{
	if (geteuid() != 0)
		skip();
	history_close(history);
	mount_small(64);
	fill_disk(4096);
	history = history_open(dir, "lab-a", 10);
	assert_non_null(history);
	assert_int_equal(history_ready(history), -ENOSPC);
	assert_int_equal(try_look(), -ENOSPC);
	fill_disk(0);
	assert_int_equal(umount(dir), 0);
	mount_small(1024);
	look_after(10);
	move(1000, 0);
	look_after(10);
	assert_int_equal(total_in(), 1000);
	history_close(history);
	history = NULL;
	assert_int_equal(umount(dir), 0);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	static const char text[] = "not a database, but somebody's only copy of something";
	char path[128], found[sizeof(text)] = "";
	FILE *file;

	history_close(history);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	file = fopen(path, "we");
	fputs(text, file);
	fclose(file);
	history = history_open(dir, "lab-a", 10);
	assert_int_equal(history_ready(history), -EBADMSG);
	assert_int_equal(try_look(), -EBADMSG);
	file = fopen(path, "re");
	assert_non_null(fgets(found, sizeof(found), file));
	fclose(file);
	assert_string_equal(found, text);
	/* Moved away: a new one is begun, without a restart. */
	unlink(path);
	look_after(10);
	move(1000, 0);
	look_after(10);
	assert_int_equal(in_of(0), 1000);
	tamper("PRAGMA user_version = 2; UPDATE look SET at = 1; INSERT INTO watched VALUES (1, "
	       "1)");
	history_close(history);
	history = history_open(dir, "lab-a", 10);
	assert_int_equal(history_ready(history), -EPROTONOSUPPORT);
	assert_int_equal(try_look(), -EPROTONOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		USAGE_TEST(a_failed_look_is_made_up_for),
		USAGE_TEST(a_full_disk_loses_nothing),
		USAGE_TEST(a_disk_that_is_full_at_first),
		USAGE_TEST(what_is_not_ours_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
