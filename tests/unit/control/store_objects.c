/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documents in pieces and whole again, and what a file may do to a store that moved on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/store/merge.h"
#include "control/store/objects.h"
#include "tests/unit/control/config_support.h"

static char *example(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/docs/examples/%s", getenv("SOURCE_ROOT"), name);
	return document_read(path);
}

static json_t *objects_of(const char *document)
{
	json_t *objects = objects_parse(document, strlen(document));

	assert_non_null(objects);
	return objects;
}

static void assert_same_site(const char *one, const char *other)
{
	struct site *from = site_load(one), *to = site_load(other);
	json_t *diff = config_diff(from, to, from->edges[0].name);

	assert_int_equal(json_array_size(json_object_get(diff, "changes")), 0);
	assert_int_equal(json_array_size(json_object_get(diff, "sessions")), 0);
	json_decref(diff);
	site_free(from);
	site_free(to);
}

static void assert_round_trip(const char *document)
{
	json_t *objects = objects_of(document), *again;
	size_t length;
	char *written = objects_document(objects, 0, &length);

	assert_non_null(written);
	assert_int_equal(length, strlen(written));
	assert_same_site(document, written);
	again = objects_of(written);
	assert_true(json_equal(objects, again));
	json_decref(objects);
	json_decref(again);
	free(written);
}

static void documents_come_back(void **state)
{
	static const char *const names[] = {"lab.yaml", "site.yaml"};
	char *document, *changed;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		document = example(names[i]);
		assert_round_trip(document);
		free(document);
	}
	/* A name that is a number, one that is a word of YAML's, a mapping that is a word. */
	document = example("lab.yaml");
	changed = document_replace(document, "site: lab\n", "site: \"12\"\n", NULL);
	free(document);
	document = document_replace(
		changed, "peer_asn: 65001\n", "peer_asn: 65001\n        bfd: off\n", NULL);
	free(changed);
	changed = document_replace(document, "    s_tag: 100\n",
		"    s_tag: 100\n    service_key: 2f1c3a52-6a0e-5c0f-9a3b-0d8c5d1f7e11\n", NULL);
	assert_round_trip(changed);
	free(changed);
	free(document);
}

static void objects_are_called_as_findings_call_them(void **state)
{
	char *document = example("lab.yaml");
	json_t *objects = objects_of(document), *own;
	char text[OBJECT_PATH_MAX];

	own = json_object_get(objects, "circuits[contoso].peerings[private]");
	assert_int_equal(json_integer_value(json_object_get(own, "c_tag")), 200);
	assert_null(json_object_get(own, "type"));
	own = json_object_get(objects, "circuits[contoso]");
	assert_string_equal(json_string_value(json_object_get(own, "bandwidth")), "1G");
	assert_null(json_object_get(own, "peerings"));
	assert_non_null(json_object_get(objects, "edges[edge].ports[cust-a]"));
	assert_string_equal(objects_list("edges[edge].ports[cust-a]", text, sizeof(text)), "ports");
	assert_string_equal(objects_list("circuits[a]", text, sizeof(text)), "circuits");
	assert_string_equal(objects_list("", text, sizeof(text)), "");
	json_decref(objects);
	free(document);
}

static void synonyms_are_one_object(void **state)
{
	static const char from[] = "- type: private\n        c_tag: 200";
	char *document = example("lab.yaml");
	char *one = document_replace(document, from, "- type: public\n        c_tag: 200", NULL);
	char *other =
		document_replace(document, from, "- type: microsoft\n        c_tag: 200", NULL);
	json_t *a = objects_of(one), *b = objects_of(other);

	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	free(one);
	free(other);
	free(document);
}

static void differences_lead_there_and_back(void **state)
{
	char *document = example("lab.yaml");
	json_t *from = objects_of(document), *to = json_deep_copy(from), *walked, *changes, *change;
	size_t index;

	json_object_set_new(
		json_object_get(to, "circuits[contoso]"), "bandwidth", json_string("2G"));
	json_object_del(json_object_get(to, "circuits[contoso]"), "s_tag");
	json_object_del(to, "vnets[fabrikam-vnet]");
	json_object_del(to, "vnets[fabrikam-vnet].connections[fabrikam]");
	json_object_set_new(to, "circuits[new]", json_pack("{s:s}", "bandwidth", "1G"));
	changes = objects_diff(from, to);
	assert_true(json_array_size(changes) > 4);
	walked = json_deep_copy(from);
	json_array_foreach (changes, index, change)
		assert_int_equal(objects_change(walked, change), 0);
	assert_true(json_equal(walked, to));
	/* What was so is not so any more: the same change cannot come twice. */
	assert_int_equal(objects_change(walked, json_array_get(changes, 0)), -EINVAL);
	for (index = json_array_size(changes); index > 0; index--)
		assert_int_equal(objects_unchange(walked, json_array_get(changes, index - 1)), 0);
	assert_true(json_equal(walked, from));
	json_decref(changes);
	json_decref(walked);
	json_decref(from);
	json_decref(to);
	free(document);
}

/* ---- a file into a store ---- */

/* A store of one circuit: bandwidth by a command at revision 5, tier by a file at 1, state by a
 * command at 6, provider_state by the provider at 3. */
static const char stored_text[] =
	"{\"\": {\"site\": \"lab\"},"
	" \"edges[a]\": {}, \"edges[b]\": {},"
	" \"circuits[c]\": {\"bandwidth\": \"2G\", \"tier\": \"premium\", \"state\": \"disabled\","
	"  \"provider_state\": \"provisioned\"},"
	" \"circuits[d]\": {}}";
static const char stamps_text[] =
	"{\"\": {\"site\": {\"principal\": \"operator\", \"origin\": \"file\", \"generation\": 1}},"
	" \"circuits[c]\": {"
	"  \"\": {\"principal\": \"operator\", \"origin\": \"file\", \"generation\": 1},"
	"  \"bandwidth\": {\"principal\": \"operator\", \"origin\": \"command\", \"generation\": "
	"5},"
	"  \"tier\": {\"principal\": \"operator\", \"origin\": \"file\", \"generation\": 1},"
	"  \"state\": {\"principal\": \"operator\", \"origin\": \"command\", \"generation\": 6},"
	"  \"provider_state\": {\"principal\": \"provider\", \"origin\": \"command\","
	"   \"generation\": 3}},"
	" \"circuits[d]\": {"
	"  \"\": {\"principal\": \"operator\", \"origin\": \"command\", \"generation\": 7}}}";

/* Merges a file that says this of circuit c (and names circuit d or not); the first conflict must
 * hold conflict (NULL: there must be none), and c be wanted afterwards (NULL: gone). */
struct merge_case {
	const char *c;
	bool names_d;
	uint64_t revision;
	bool prune, take_ownership;
	const char *conflict;
	const char *wanted;
	bool d_stays;
};

static const struct merge_case merge_cases[] = {
	/* What a command set is not undone by accident, and what the file leaves out of it stays.
	 */
	{"{\"bandwidth\": \"1G\", \"tier\": \"premium\"}", true, 0, false, false,
		"circuits[c].bandwidth is 2G since revision 5 (by a command of the operator); the "
		"file says 1G",
		"", true},
	{"{\"bandwidth\": \"1G\", \"tier\": \"premium\"}", true, 0, false, true, NULL,
		"{\"bandwidth\": \"1G\", \"tier\": \"premium\", \"state\": \"disabled\","
		" \"provider_state\": \"provisioned\"}",
		true},
	/* What a file set follows the file: other values, and the default when it is left out. */
	{"{\"bandwidth\": \"2G\", \"tier\": \"standard\"}", true, 0, false, false, NULL,
		"{\"bandwidth\": \"2G\", \"tier\": \"standard\", \"state\": \"disabled\","
		" \"provider_state\": \"provisioned\"}",
		true},
	{"{\"bandwidth\": \"2G\"}", true, 0, false, false, NULL,
		"{\"bandwidth\": \"2G\", \"state\": \"disabled\", \"provider_state\": "
		"\"provisioned\"}",
		true},
	/* An export of revision 5 knows the bandwidth, but not the state of revision 6. */
	{"{\"bandwidth\": \"1G\", \"tier\": \"premium\", \"state\": \"disabled\"}", true, 5, false,
		false, NULL,
		"{\"bandwidth\": \"1G\", \"tier\": \"premium\", \"state\": \"disabled\","
		" \"provider_state\": \"provisioned\"}",
		true},
	{"{\"bandwidth\": \"2G\", \"tier\": \"premium\"}", true, 5, false, false,
		"circuits[c].state is disabled since revision 6 (by a command of the operator); "
		"the file does not have it",
		"", true},
	/* An export of now may leave out what a command set. */
	{"{\"bandwidth\": \"2G\", \"tier\": \"premium\"}", true, 7, false, false, NULL,
		"{\"bandwidth\": \"2G\", \"tier\": \"premium\", \"provider_state\": "
		"\"provisioned\"}",
		true},
	/* The provider's field: the same is right, another is refused, a backup may. */
	{"{\"bandwidth\": \"2G\", \"provider_state\": \"provisioned\"}", true, 0, false, false,
		NULL,
		"{\"bandwidth\": \"2G\", \"state\": \"disabled\", \"provider_state\": "
		"\"provisioned\"}",
		true},
	{"{\"bandwidth\": \"2G\", \"provider_state\": \"not-provisioned\"}", true, 7, false, false,
		"circuits[c].provider_state is provisioned and belongs to the provider; the file "
		"says not-provisioned",
		"", true},
	{"{\"bandwidth\": \"2G\", \"provider_state\": \"deprovisioning\"}", true, 7, false, true,
		NULL, "{\"bandwidth\": \"2G\", \"provider_state\": \"deprovisioning\"}", true},
	/* Objects: nothing goes without --prune, and with it not what a command made since. */
	{NULL, false, 0, false, false, NULL,
		"{\"bandwidth\": \"2G\", \"tier\": \"premium\", \"state\": \"disabled\","
		" \"provider_state\": \"provisioned\"}",
		true},
	{NULL, true, 0, true, false, NULL, NULL, true},
	{NULL, false, 0, true, false,
		"circuits[d] is there since revision 7 (by a command of the operator); the file "
		"does not have it",
		NULL, true},
	{NULL, false, 0, true, true, NULL, NULL, false},
	{NULL, false, 7, true, false, NULL, NULL, false},
};

static void run_merge(const struct merge_case *each, unsigned int number)
{
	json_t *stored = json_loads(stored_text, 0, NULL),
	       *stamps = json_loads(stamps_text, 0, NULL);
	json_t *objects =
		json_pack("{s:{s:s}, s:{}, s:{}}", "", "site", "lab", "edges[a]", "edges[b]");
	json_t *conflicts = json_array(), *merged, *wanted = NULL;
	const struct file_wish wish = {objects, each->revision, each->prune, each->take_ownership};

	if (each->c != NULL)
		json_object_set_new(objects, "circuits[c]", json_loads(each->c, 0, NULL));
	if (each->names_d)
		json_object_set_new(objects, "circuits[d]", json_object());
	merged = objects_merge(stored, stamps, &wish, conflicts);
	const char *conflict = json_string_value(json_array_get(conflicts, 0));
	if ((each->conflict == NULL) != (conflict == NULL) ||
		(conflict != NULL && strcmp(conflict, each->conflict) != 0))
		fail_msg("case %u: %s", number, conflict != NULL ? conflict : "no conflict");
	if (each->wanted != NULL && each->wanted[0] != '\0')
		wanted = json_loads(each->wanted, 0, NULL);
	if (each->wanted == NULL || wanted != NULL) {
		const json_t *c = json_object_get(merged, "circuits[c]");
		char *text = json_dumps(c, 0);
		if (wanted == NULL ? c != NULL : !json_equal(c, wanted))
			fail_msg("case %u: c is %s", number, text);
		free(text);
	}
	assert_true((json_object_get(merged, "circuits[d]") != NULL) == each->d_stays);
	json_decref(wanted);
	json_decref(merged);
	json_decref(conflicts);
	json_decref(objects);
	json_decref(stored);
	json_decref(stamps);
}

static void files_do_not_undo_by_accident(void **state)
{
	for (unsigned int i = 0; i < sizeof(merge_cases) / sizeof(merge_cases[0]); i++)
		run_merge(&merge_cases[i], i);
}

static void edges_keep_their_order(void **state)
{
	json_t *stored = json_loads(stored_text, 0, NULL),
	       *stamps = json_loads(stamps_text, 0, NULL);
	json_t *objects = json_pack("{s:{}, s:{}, s:{}}", "", "edges[b]", "edges[a]");
	json_t *conflicts = json_array();
	const struct file_wish wish = {.objects = objects};

	json_decref(objects_merge(stored, stamps, &wish, conflicts));
	assert_non_null(strstr(json_string_value(json_array_get(conflicts, 0)),
		"edges stand in another order than in the store, where edges[a] is first"));
	json_decref(conflicts);
	json_decref(objects);
	json_decref(stored);
	json_decref(stamps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_come_back),
		cmocka_unit_test(objects_are_called_as_findings_call_them),
		cmocka_unit_test(synonyms_are_one_object),
		cmocka_unit_test(differences_lead_there_and_back),
		cmocka_unit_test(files_do_not_undo_by_accident),
		cmocka_unit_test(edges_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
