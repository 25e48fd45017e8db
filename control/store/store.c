/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/store/migrate.h"
#include "control/store/sql.h"
#include "control/store/write.h"

#define SCHEMA_VERSION 1
#define BUSY_MS 1000 /* while somebody reads the file with another program */

/* SQLite writes integers and texts as they are bound; STRICT holds everybody to that. */
static const char schema[] =
	"CREATE TABLE field (position INTEGER PRIMARY KEY, object TEXT NOT NULL,"
	" field TEXT NOT NULL, value TEXT NOT NULL, principal TEXT NOT NULL, origin TEXT NOT NULL,"
	" generation INTEGER NOT NULL, UNIQUE (object, field)) STRICT;"
	"CREATE TABLE audit (number INTEGER PRIMARY KEY, revision INTEGER NOT NULL,"
	" at INTEGER NOT NULL, principal TEXT NOT NULL, user TEXT NOT NULL, command TEXT NOT NULL,"
	" object TEXT NOT NULL, field TEXT NOT NULL, before TEXT, after TEXT,"
	" hash BLOB NOT NULL) STRICT;"
	"CREATE INDEX audit_by_revision ON audit (revision);"
	"PRAGMA user_version = 1;";

/* ---- opening ---- */

static int db_path(const struct store *store, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/store.db", store->state_dir);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The file, made when it is missing, for us alone. */
static int make_file(const struct store *store, const char *path)
{
	int fd;

	if (mkdir(store->state_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int open_db(struct store *store, const char *path)
{
	int error = 0;

	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		error = sql_error(store->db);
	if (error == 0) {
		sqlite3_busy_timeout(store->db, BUSY_MS);
		error = sql_run(store->db, "PRAGMA journal_mode = DELETE;"
					   "PRAGMA synchronous = EXTRA;"
					   "PRAGMA temp_store = MEMORY;");
	}
	if (error != 0) {
		sqlite3_close(store->db);
		store->db = NULL;
	}
	return error;
}

/* An empty file is one whose first revision never came to stand. */
static int read_db(struct store *store)
{
	struct store_content content = {0};
	int64_t version = 0;
	int error = sql_number(store->db, "PRAGMA user_version", &version);

	if (error == 0 && version > SCHEMA_VERSION)
		error = -EPROTONOSUPPORT;
	if (error != 0 || version == 0)
		return error;
	error = store_read(store, &content);
	if (error != 0)
		return error;
	store_content_free(&store->now);
	store->now = content;
	return 0;
}

static void log_unreadable(const char *path, int error)
{
	if (error == -EPROTONOSUPPORT)
		log_error("store", "%s was written by a newer version; run that one", path);
	else
		log_error("store", "%s: %s; move it away and apply a file that was exported", path,
			error == -EBADMSG ? "damaged, or not written by onramp" : strerror(-error));
}

int store_open(const char *state_dir, struct store *store)
{
	char path[PATH_MAX];
	int error;

	*store = (struct store){.state_dir = state_dir};
	store->now.objects = json_object();
	store->now.stamps = json_object();
	error = db_path(store, path);
	if (error == 0 && access(path, F_OK) == 0) {
		error = open_db(store, path);
		if (error == 0)
			error = read_db(store);
		if (error != 0)
			log_unreadable(path, error);
	}
	if (error == 0)
		error = migrate_site_yaml(store);
	if (error != 0)
		store_close(store);
	return error;
}

/* ---- writing ---- */

static int write_all(struct store *store, const struct store_entry *entry)
{
	int64_t version = 0;
	int error = sql_number(store->db, "PRAGMA user_version", &version);

	if (error == 0 && version == 0)
		error = sql_run(store->db, schema);
	if (error == 0)
		error = write_changes(store->db, entry, (int64_t)store->now.revision + 1);
	if (error == 0)
		error = store_read(store, &store->draft);
	/* What the revision needs of the disk it gets now, so that store_commit does not fail. */
	if (error == 0)
		error = sql_error_of(store->db, sqlite3_db_cacheflush(store->db));
	return error;
}

int store_prepare(struct store *store, const struct store_entry *entry)
{
	char path[PATH_MAX];
	int error = 0;

	store_discard(store);
	if (store->db == NULL) {
		error = db_path(store, path);
		if (error == 0)
			error = make_file(store, path);
		if (error == 0)
			error = open_db(store, path);
	}
	if (error == 0)
		error = sql_run(store->db, "BEGIN IMMEDIATE");
	if (error != 0)
		return error;
	store->prepared = true;
	error = write_all(store, entry);
	if (error != 0)
		store_discard(store);
	return error;
}

int store_commit(struct store *store)
{
	int error;

	if (!store->prepared)
		return -EINVAL;
	error = sql_run(store->db, "COMMIT");
	if (error != 0)
		return error;
	store->prepared = false;
	store_content_free(&store->now);
	store->now = store->draft;
	store->draft = (struct store_content){0};
	return 0;
}

void store_discard(struct store *store)
{
	if (!store->prepared)
		return;
	/* SQLite may have rolled back by itself after an error. */
	if (sqlite3_get_autocommit(store->db) == 0 && sql_run(store->db, "ROLLBACK") != 0)
		log_error("store", "cannot take a revision back: %s", sqlite3_errmsg(store->db));
	store_content_free(&store->draft);
	store->prepared = false;
}

void store_close(struct store *store)
{
	store_discard(store);
	store_content_free(&store->now);
	sqlite3_close(store->db);
	store->db = NULL;
}
