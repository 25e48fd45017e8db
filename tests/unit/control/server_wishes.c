/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/changes.h"
#include "tests/unit/control/server_fakes.h"
#include "tests/unit/control/server_wishes.h"

static char dir[64];
struct office office;

int wishes_setup(void **state)
{
	strcpy(dir, "/tmp/onramp-changes-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	office = (struct office){.state_dir = dir, .self = "lab-a", .user = "tester"};
	return store_open(dir, &office.store);
}

void wishes_wipe(void)
{
	char path[128];

	store_close(&office.store);
	fakes_reset();
	free(office.refusal);
	office.refusal = NULL;
	snprintf(path, sizeof(path), "%s/store.db", dir);
	unlink(path);
}

int wishes_teardown(void **state)
{
	wishes_wipe();
	return rmdir(dir);
}

static void assert_same(const json_t *a, const json_t *b)
{
	assert_true(a == NULL ? b == NULL : json_equal(a, b));
}

/* The reply to a wish as plan and then as commit; consumes it. Their verdicts must be the same. */
json_t *change(json_t *wish)
{
	json_t *plan = changes_plan(&office, wish), *reply;
	const char *planned = json_string_value(json_object_get(plan, "error")), *said;
	uint64_t revision = office.store.now.revision;

	json_object_set_new(wish, "revision", json_integer((json_int_t)revision));
	reply = changes_commit(&office, wish);
	said = json_string_value(json_object_get(reply, "error"));
	if ((said == NULL) != (planned == NULL) || (said != NULL && strcmp(said, planned) != 0))
		fail_msg("the plan says %s, the commit %s", planned != NULL ? planned : "yes",
			said != NULL ? said : "yes");
	if (said == NULL)
		assert_true(
			json_equal(json_object_get(plan, "diff"), json_object_get(reply, "diff")));
	else
		assert_int_equal(office.store.now.revision, revision);
	assert_same(json_object_get(plan, "findings"), json_object_get(reply, "findings"));
	json_decref(plan);
	json_decref(wish);
	return reply;
}

void must(json_t *wish)
{
	json_t *reply = change(wish);

	if (json_object_get(reply, "error") != NULL)
		fail_msg("refused: %s", json_dumps(reply, 0));
	json_decref(reply);
}

/* Refused, and the reply holds the text somewhere. */
void must_not(json_t *wish, const char *text)
{
	json_t *reply = change(wish);
	char *said = json_dumps(reply, 0);

	assert_non_null(json_object_get(reply, "error"));
	if (strstr(said, text) == NULL)
		fail_msg("not \"%s\" but: %s", text, said);
	free(said);
	json_decref(reply);
}

json_t *file(const char *document)
{
	return json_pack("{s:s}", "document", document);
}

json_t *verb(const char *circuit, const char *name, const char *value)
{
	return json_pack("{s:s, s:s, s:s*}", "circuit", circuit, "verb", name, "value", value);
}
