/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store's file: whatever fails, and whenever the process dies, one whole revision is there;
 * what was tampered with is found.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/store/objects.h"
#include "control/store/store.h"
#include "tests/unit/control/crash_vfs.h"
#include "tests/unit/control/server_fakes.h"

static char dir[64];

static int setup(void **state)
{
	strcpy(dir, "/tmp/onramp-store-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static const char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"store.db", "store.db-journal", "site.yaml", "site.yaml.old"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path(names[i]));
	return rmdir(dir);
}

/* The bandwidth of contoso that makes up a test's revision; text: of so many bytes for the log. */
static int prepare(struct store *store, const char *bandwidth, const char *command)
{
	json_t *objects = objects_parse(document_good, strlen(document_good)), *changes;
	struct store_entry entry = {
		PRINCIPAL_OPERATOR, "file", "tester", command, 1700000000, NULL};
	int error;

	json_object_set_new(
		json_object_get(objects, "circuits[contoso]"), "bandwidth", json_string(bandwidth));
	changes = objects_diff(store->now.objects, objects);
	entry.changes = changes;
	error = store_prepare(store, &entry);
	json_decref(changes);
	json_decref(objects);
	return error;
}

static void save(struct store *store, const char *bandwidth)
{
	assert_int_equal(prepare(store, bandwidth, "apply"), 0);
	assert_int_equal(store_commit(store), 0);
}

static const char *bandwidth_of(const json_t *objects)
{
	return json_string_value(
		json_object_get(json_object_get(objects, "circuits[contoso]"), "bandwidth"));
}

static void assert_stored(uint64_t revision, const char *bandwidth)
{
	struct store store;
	json_t *verdict;

	assert_int_equal(store_open(dir, &store), 0);
	assert_int_equal(store.now.revision, revision);
	if (bandwidth == NULL)
		assert_null(store.now.document);
	else
		assert_string_equal(bandwidth_of(store.now.objects), bandwidth);
	verdict = store_verify(&store);
	assert_non_null(verdict);
	if (!json_is_null(json_object_get(verdict, "wrong")))
		fail_msg("%s", json_string_value(json_object_get(verdict, "wrong")));
	json_decref(verdict);
	store_close(&store);
}

static void empty_directory_is_no_document(void **state)
{
	struct store store;

	assert_stored(0, NULL);
	assert_int_equal(store_open("/nonexistent/onramp", &store), 0);
	assert_null(store.now.document);
	store_close(&store);
}

static void revisions_count_up_and_know_who(void **state)
{
	struct stat status;
	struct store store;
	const json_t *stamp;

	assert_int_equal(store_open(dir, &store), 0);
	save(&store, "1G");
	save(&store, "2G");
	assert_int_equal(store.now.revision, 2);
	stamp = json_object_get(
		json_object_get(store.now.stamps, "circuits[contoso]"), "bandwidth");
	assert_int_equal(json_integer_value(json_object_get(stamp, "generation")), 2);
	assert_string_equal(json_string_value(json_object_get(stamp, "principal")), "operator");
	stamp = json_object_get(json_object_get(store.now.stamps, "circuits[contoso]"), "s_tag");
	assert_int_equal(json_integer_value(json_object_get(stamp, "generation")), 1);
	assert_non_null(strstr(store.now.document, "bandwidth: 2G"));
	store_close(&store);
	assert_stored(2, "2G");
	assert_int_equal(stat(path("store.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void discarded_revisions_leave_nothing(void **state)
{
	struct store store;

	assert_int_equal(store_open(dir, &store), 0);
	assert_int_equal(store_commit(&store), -EINVAL);
	save(&store, "1G");
	assert_int_equal(prepare(&store, "2G", "apply"), 0);
	store_discard(&store);
	assert_int_equal(store.now.revision, 1);
	assert_string_equal(bandwidth_of(store.now.objects), "1G");
	save(&store, "5G");
	store_close(&store);
	assert_stored(2, "5G");
}

static void older_revisions_can_be_read(void **state)
{
	static const char *const bandwidths[] = {"1G", "2G", "5G", "10G"};
	struct store store;

	assert_int_equal(store_open(dir, &store), 0);
	for (int i = 0; i < 4; i++)
		save(&store, bandwidths[i]);
	for (uint64_t revision = 1; revision <= 4; revision++) {
		json_t *objects = store_objects_at(&store, revision);
		assert_string_equal(bandwidth_of(objects), bandwidths[revision - 1]);
		json_decref(objects);
	}
	assert_null(store_objects_at(&store, 0));
	assert_null(store_objects_at(&store, 5));
	store_close(&store);
}

/* ---- crashes ---- */

/* In a process of its own: opens, prepares and commits, and dies at the n-th thing that SQLite does
 * to a file. True: it did. */
static bool crash_at(unsigned int operation, const char *bandwidth)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct store store;

		crash_vfs_arm(operation);
		if (store_open(dir, &store) != 0 || prepare(&store, bandwidth, "apply") != 0 ||
			store_commit(&store) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* At every single operation on a file, of the first revision and of a later one: what is there
 * after is the revision before or the one after, and once it is the one after it stays that. */
static void crashes_leave_before_or_after(void **state)
{
	unsigned int crashes = 0, operations[2] = {0, 0};

	for (int later = 0; later < 2; later++) {
		bool after = false;

		for (unsigned int n = 1; crash_at(n, later ? "2G" : "1G"); n++) {
			struct store store;

			assert_int_equal(store_open(dir, &store), 0);
			if (later)
				assert_true(store.now.revision == 1 || store.now.revision == 2);
			else
				assert_true(store.now.revision <= 1);
			after = store.now.revision == (later ? 2 : 1);
			store_close(&store);
			assert_stored((uint64_t)later + after, after   ? (later ? "2G" : "1G")
							       : later ? "1G"
								       : NULL);
			crashes++;
			operations[later] = n;
			if (after)
				break;
		}
		/* Either the last crash came after the commit, or the run ended without one. */
		assert_true(operations[later] > 5);
		assert_stored((uint64_t)later + 1, later ? "2G" : "1G");
	}
	print_message("%u crashes: %u in the first revision, %u in a later one\n", crashes,
		operations[0], operations[1]);
}

/* ---- a disk that is full ---- */

/* On a file system of so many KiB, for this process alone. */
static void mount_small(unsigned int kib)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%uk", kib);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("onramp-test", dir, "tmpfs", 0, options), 0);
}

static void full_disk_keeps_the_old(void **state)
{
	char *large = malloc(200000);
	struct store store;

	if (geteuid() != 0) {
		free(large);
		skip();
	}
	memset(large, 'x', 199999);
	large[199999] = '\0';
	mount_small(192);
	assert_int_equal(store_open(dir, &store), 0);
	save(&store, "1G");
	assert_int_equal(prepare(&store, "2G", large), -ENOSPC);
	assert_int_equal(store.now.revision, 1);
	assert_string_equal(bandwidth_of(store.now.objects), "1G");
	assert_stored(1, "1G");
	/* and smaller ones still fit */
	save(&store, "5G");
	store_close(&store);
	assert_stored(2, "5G");
	free(large);
	assert_int_equal(umount(dir), 0);
}

static void full_disk_from_the_start(void **state)
{
	struct store store;

	if (geteuid() != 0)
		skip();
	mount_small(16);
	assert_int_equal(store_open(dir, &store), 0);
	assert_int_equal(prepare(&store, "1G", "apply"), -ENOSPC);
	assert_int_equal(store.now.revision, 0);
	store_close(&store);
	assert_stored(0, NULL);
	assert_int_equal(umount(dir), 0);
}

/* ---- what others did to the file ---- */

static void tamper(const char *statement)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path("store.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

static void tampering_is_found(void **state)
{
	static const struct {
		const char *statement, *says;
	} cases[] = {
		{"UPDATE audit SET after = '\"10G\"' WHERE number ="
		 " (SELECT max(number) FROM audit)",
			"is not as it was written"},
		{"UPDATE audit SET user = 'nobody' WHERE number = 3", "audit row 3 (revision 1"},
		{"UPDATE audit SET at = at + 1 WHERE number = 1", "audit row 1 (revision 1"},
		{"UPDATE audit SET before = NULL WHERE number = (SELECT max(number) FROM audit)",
			"is not as it was written"},
		{"DELETE FROM audit WHERE number = 2", "row 3 follows row 1"},
		{"DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)",
			"circuits[contoso].bandwidth is \"2G\" in the store, but the audit log "
			"leads to \"1G\""},
		{"UPDATE field SET value = '\"10G\"' WHERE field = 'bandwidth'",
			"circuits[contoso].bandwidth is \"10G\" in the store"},
		{"DELETE FROM field WHERE object = 'circuits[contoso]' AND field = 's_tag'",
			"circuits[contoso].s_tag is null in the store, but the audit log leads to "
			"100"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store store;
		json_t *verdict;
		const char *wrong;

		assert_int_equal(store_open(dir, &store), 0);
		save(&store, "1G");
		save(&store, "2G");
		store_close(&store);
		assert_stored(2, "2G");
		tamper(cases[i].statement);
		assert_int_equal(store_open(dir, &store), 0);
		verdict = store_verify(&store);
		wrong = json_string_value(json_object_get(verdict, "wrong"));
		if (wrong == NULL || strstr(wrong, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].statement, wrong != NULL ? wrong : "not found");
		json_decref(verdict);
		store_close(&store);
		assert_int_equal(unlink(path("store.db")), 0);
	}
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void damaged_files_are_refused(void **state)
{
	struct store store;

	put_file("store.db", "This is no database, however long one looks at it.\n");
	assert_int_equal(store_open(dir, &store), -EBADMSG);
	assert_null(store.db);
	assert_int_equal(unlink(path("store.db")), 0);
	assert_int_equal(store_open(dir, &store), 0);
	save(&store, "1G");
	store_close(&store);
	tamper("UPDATE field SET value = 'no JSON' WHERE field = 'bandwidth'");
	assert_int_equal(store_open(dir, &store), -EBADMSG);
}

static void newer_stores_are_left_alone(void **state)
{
	struct store store;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path("store.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_open(dir, &store), -EPROTONOSUPPORT);
}

/* ---- from versions before ---- */

static void put_site_yaml(const char *document, size_t length)
{
	char *text = malloc(strlen(document) + 100);

	sprintf(text, "# onramp revision 17 length %zu\n%s", length, document);
	put_file("site.yaml", text);
	free(text);
}

static void one_document_is_taken_over(void **state)
{
	struct store store;

	put_site_yaml(document_provider, strlen(document_provider));
	assert_int_equal(store_open(dir, &store), 0);
	assert_int_equal(store.now.revision, 17);
	assert_string_equal(bandwidth_of(store.now.objects), "1G");
	/* It was in use. */
	assert_non_null(strstr(store.now.document, "provider_state: provisioned"));
	save(&store, "2G");
	store_close(&store);
	assert_int_equal(access(path("site.yaml"), F_OK), -1);
	assert_int_equal(access(path("site.yaml.old"), F_OK), 0);
	assert_stored(18, "2G");
	/* A crash between the store and the rename leaves both: the store has the last word. */
	put_site_yaml(document_provider, strlen(document_provider));
	assert_stored(18, "2G");
	assert_int_equal(access(path("site.yaml"), F_OK), -1);
}

static void damaged_documents_are_not_taken_over(void **state)
{
	struct store store;

	put_site_yaml(document_provider, strlen(document_provider) + 1);
	assert_int_equal(store_open(dir, &store), -EBADMSG);
	put_site_yaml("site: lab", 9);
	assert_int_equal(store_open(dir, &store), -EBADMSG);
	put_file("site.yaml", "site: by hand\n");
	assert_int_equal(store_open(dir, &store), -EBADMSG);
	assert_int_equal(access(path("site.yaml"), F_OK), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_directory_is_no_document),
		TEST(revisions_count_up_and_know_who),
		TEST(discarded_revisions_leave_nothing),
		TEST(older_revisions_can_be_read),
		TEST(crashes_leave_before_or_after),
		TEST(full_disk_keeps_the_old),
		TEST(full_disk_from_the_start),
		TEST(tampering_is_found),
		TEST(damaged_files_are_refused),
		TEST(newer_stores_are_left_alone),
		TEST(one_document_is_taken_over),
		TEST(damaged_documents_are_not_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
