/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stored document: whatever fails, one whole document and its own revision are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/store.h"

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
	unlink(path("site.yaml"));
	unlink(path("site.yaml.new"));
	return rmdir(dir);
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void save(struct store *store, const char *document)
{
	assert_int_equal(store_prepare(dir, store, document, strlen(document)), 0);
	assert_int_equal(store_commit(dir, store), 0);
}

static void assert_stored(uint64_t revision, const char *document)
{
	struct store store;

	assert_int_equal(store_load(dir, &store), 0);
	assert_int_equal(store.revision, revision);
	if (document == NULL) {
		assert_null(store.document);
	} else {
		assert_int_equal(store.length, strlen(document));
		assert_string_equal(store.document, document);
	}
	store_free(&store);
}

static void empty_directory_is_no_document(void **state)
{
	struct store store;

	assert_stored(0, NULL);
	assert_int_equal(store_load("/nonexistent/onramp", &store), 0);
	assert_null(store.document);
	store_free(&store);
}

static void revisions_count_up(void **state)
{
	struct store store;

	assert_int_equal(store_load(dir, &store), 0);
	save(&store, "site: a\n");
	assert_stored(1, "site: a\n");
	/* Neither a document without a last newline nor one that looks like a header is special. */
	save(&store, "# onramp revision 9 length 3\nsite: b");
	assert_stored(2, "# onramp revision 9 length 3\nsite: b");
	save(&store, "");
	assert_stored(3, "");
	assert_int_equal(store.revision, 3);
	store_free(&store);
}

/* A crash anywhere before the rename leaves the draft, whole or cut: it is not the document. */
static void crash_before_rename_keeps_the_old(void **state)
{
	struct store store;

	assert_int_equal(store_load(dir, &store), 0);
	save(&store, "site: a\n");
	assert_int_equal(store_prepare(dir, &store, "site: b\n", 8), 0);
	store_free(&store);
	assert_int_equal(access(path("site.yaml.new"), F_OK), 0);
	assert_stored(1, "site: a\n");
	/* and the leftover is gone after the next start */
	assert_int_equal(access(path("site.yaml.new"), F_OK), -1);

	put_file("site.yaml.new", "# onramp rev");
	assert_stored(1, "site: a\n");
}

static void discard_keeps_the_old(void **state)
{
	struct store store;

	assert_int_equal(store_load(dir, &store), 0);
	save(&store, "site: a\n");
	assert_int_equal(store_prepare(dir, &store, "site: b\n", 8), 0);
	store_discard(dir, &store);
	assert_int_equal(access(path("site.yaml.new"), F_OK), -1);
	assert_int_equal(store_commit(dir, &store), -EINVAL);
	assert_int_equal(store.revision, 1);
	assert_string_equal(store.document, "site: a\n");
	save(&store, "site: c\n");
	assert_stored(2, "site: c\n");
	store_free(&store);
}

/* A file that may not grow stands for a disk that is full (the error is another, the way the
 * same). */
static void full_disk_keeps_the_old(void **state)
{
	struct rlimit old, small;
	char large[65536];
	struct store store;
	int error;

	memset(large, '#', sizeof(large));
	assert_int_equal(store_load(dir, &store), 0);
	save(&store, "site: a\n");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	error = store_prepare(dir, &store, large, sizeof(large));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(error, -EFBIG);
	assert_int_equal(access(path("site.yaml.new"), F_OK), -1);
	assert_stored(1, "site: a\n");
	save(&store, "site: b\n");
	assert_stored(2, "site: b\n");
	store_free(&store);
}

static void failed_rename_keeps_the_old(void **state)
{
	struct store store;

	assert_int_equal(store_load(dir, &store), 0);
	save(&store, "site: a\n");
	assert_int_equal(store_prepare(dir, &store, "site: b\n", 8), 0);
	assert_int_equal(unlink(path("site.yaml.new")), 0);
	assert_int_equal(store_commit(dir, &store), -ENOENT);
	assert_int_equal(store.revision, 1);
	assert_stored(1, "site: a\n");
	store_free(&store);
}

static void damaged_files_are_refused(void **state)
{
	static const char *const damaged[] = {
		"",
		"site: by hand\n",
		"# onramp revision 3 length 8\nsite: a", /* cut */
		"# onramp revision 3 length 8\nsite: a\nmore",
		"# onramp revision 0 length 8\nsite: a\n",
		"# onramp revision 3 length 8 site: a\n",
		"# onramp revision 3 length 8",
	};
	struct store store;

	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put_file("site.yaml", damaged[i]);
		assert_int_equal(store_load(dir, &store), -EBADMSG);
		assert_null(store.document);
	}
}

static void directory_is_made_and_files_are_private(void **state)
{
	struct store store = {0};
	struct stat status;
	char inner[80], file[100];

	snprintf(inner, sizeof(inner), "%s/state", dir);
	snprintf(file, sizeof(file), "%s/site.yaml", inner);
	assert_int_equal(store_prepare(inner, &store, "x", 1), 0);
	assert_int_equal(store_commit(inner, &store), 0);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	store_free(&store);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(inner), 0);
}

static void too_large_is_refused(void **state)
{
	struct store store = {0};

	assert_int_equal(store_prepare(dir, &store, "", (size_t)STORE_DOCUMENT_MAX + 1), -EFBIG);
	assert_null(store.draft);
	assert_int_equal(access(path("site.yaml.new"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_directory_is_no_document, setup, teardown),
		cmocka_unit_test_setup_teardown(revisions_count_up, setup, teardown),
		cmocka_unit_test_setup_teardown(crash_before_rename_keeps_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(discard_keeps_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_keeps_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(failed_rename_keeps_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			directory_is_made_and_files_are_private, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
