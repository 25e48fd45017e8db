/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of keys: what is taken from them, and what each wrong one is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server/keys.h"

static char dir[64];
static struct site site;
static struct site_port_pair pair;
static struct site_circuit circuit;
static struct site_peering peering;
static struct site_vnet vnet;
static struct site_link core_links[2];
static struct bfd_auth auth;

static int setup(void **state)
{
	strcpy(dir, "/tmp/onramp-keys-XXXXXX");
	memset(&auth, 0, sizeof(auth));
	memset(core_links, 0, sizeof(core_links));
	pair = (struct site_port_pair){.ports = {{true, 0, 0}, {true, 1, 0}}};
	peering = (struct site_peering){.bfd_auth = &auth, .links = {{.present = true}}};
	circuit =
		(struct site_circuit){.name = "contoso", .peerings = &peering, .peering_count = 1};
	vnet = (struct site_vnet){.name = "vnet-a", .links = core_links};
	site = (struct site){.port_pairs = &pair,
		.port_pair_count = 1,
		.circuits = &circuit,
		.circuit_count = 1,
		.vnets = &vnet,
		.vnet_count = 1};
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < auth.key_count; i++)
		unlink(auth.keys[i].file);
	return rmdir(dir);
}

/* A key whose file has these bytes and this mode. */
static struct bfd_auth_key *add(const void *bytes, size_t count, mode_t mode)
{
	struct bfd_auth_key *key = &auth.keys[auth.key_count++];
	FILE *file;

	*key = (struct bfd_auth_key){.id = (uint8_t)(10 + auth.key_count), .line = 17};
	snprintf(key->file, sizeof(key->file), "%s/%u", dir, key->id);
	file = fopen(key->file, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(key->file, mode), 0);
	return key;
}

static struct bfd_auth_key *add_text(const char *text)
{
	return add(text, strlen(text), 0600);
}

static void expect_secret(const struct bfd_auth_key *key, const char *secret)
{
	assert_int_equal(key->secret_bytes, strlen(secret));
	assert_memory_equal(key->secret, secret, strlen(secret));
}

/* Reading edge 0 finds one file wrong, and says of it what and what would be right. */
static void expect_refused(const char *what, const char *remedy, const char *field)
{
	json_t *findings = json_array();
	const char *text;

	assert_int_equal(keys_read(&site, 0, findings), 1);
	assert_int_equal(json_array_size(findings), 1);
	text = json_string_value(json_object_get(json_array_get(findings, 0), "text"));
	if (strstr(text, what) == NULL || strstr(text, remedy) == NULL || strstr(text, dir) == NULL)
		fail_msg("found \"%s\", wanted \"%s\", \"%s\" and the file", text, what, remedy);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(findings, 0), "line")), 17);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(findings, 0), "field")), field);
	assert_int_equal(auth.keys[0].secret_bytes, 0);
	json_decref(findings);
}

#define FIELD "circuits[contoso].peerings[private].bfd.auth.keys[11].file"

static void the_line_is_the_secret(void **state)
{
	json_t *findings = json_array();
	struct bfd_auth_key *keys[] = {add_text("one\n"), add_text("no newline"),
		add_text("exactly twenty bytes\n"), add("group", 5, 0640)};

	assert_int_equal(keys_read(&site, 0, findings), 0);
	expect_secret(keys[0], "one");
	expect_secret(keys[1], "no newline");
	expect_secret(keys[2], "exactly twenty bytes");
	expect_secret(keys[3], "group");
	assert_int_equal(json_array_size(findings), 0);
	json_decref(findings);
}

static void wrong_files_are_told_by_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t count;
		mode_t mode;
		const char *what, *remedy;
	} wrong[] = {
		{"", 0, 0600, "is empty", "1 to 20 bytes"},
		{"\n", 1, 0600, "is empty", "1 to 20 bytes"},
		{"twenty-one bytes long", 21, 0600, "longer than the 20 bytes", "shorter"},
		{"twenty-one bytes long\n", 22, 0600, "longer than the 20 bytes", "shorter"},
		{"a\nb\n", 4, 0600, "more than one line", "one line"},
		{"a\r\n", 3, 0600, "more than one line", "one line"},
		{"a\0b", 3, 0600, "zero byte", "one line"},
		{"key", 3, 0604, "(mode 0604)", "chmod 600"},
		{"key", 3, 0602, "(mode 0602)", "chmod 600"},
		{"key", 3, 0660, "(mode 0660)", "chmod 600"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		add(wrong[i].bytes, wrong[i].count, wrong[i].mode);
		expect_refused(wrong[i].what, wrong[i].remedy, FIELD);
		unlink(auth.keys[0].file);
		auth.key_count = 0;
	}
	add_text("key");
	unlink(auth.keys[0].file);
	expect_refused("No such file", "write the secret there", FIELD);
	assert_int_equal(mkfifo(auth.keys[0].file, 0600), 0);
	expect_refused("no regular file", "one line", FIELD);
}

static void a_file_of_another_user_is_refused(void **state)
{
	add_text("key");
	if (geteuid() != 0 || chown(auth.keys[0].file, 65534, 0) != 0)
		skip();
	expect_refused("belongs to user 65534", "chown root", FIELD);
}

/* An edge needs the keys of its own links alone: the file is not on the other edge. */
static void what_other_edges_use_is_not_read(void **state)
{
	json_t *findings = json_array();

	add_text("key");
	assert_int_equal(keys_read(&site, 1, findings), 0); /* its link is not there */
	assert_int_equal(auth.keys[0].secret_bytes, 0);
	assert_int_equal(keys_read(&site, 0, findings), 0);
	expect_secret(&auth.keys[0], "key");
	json_decref(findings);
}

static void a_core_attachment_has_keys_too(void **state)
{
	peering.bfd_auth = NULL;
	vnet.bfd_auth = &auth;
	core_links[0].present = true;
	add("key", 3, 0644);
	expect_refused("(mode 0644)", "chmod 600", "vnets[vnet-a].core.bgp.bfd.auth.keys[11].file");
}

/* A key of TCP-MD5 is of letters and digits, at most 25. */
static void keys_of_tcp_md5(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"abcdefghijKLMNOPQRST01234\n", NULL},
		{"abcdefghijKLMNOPQRST012345\n", "longer than the 25 bytes"},
		{"two words", "character 4 of "},
		{"k\xc3\xa4se", "character 2 of "},
		{"", "is empty"},
	};

	peering.bfd_auth = NULL;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bfd_auth_key *file = add_text(cases[i].text);
		struct md5_key key = {.line = 17};
		json_t *findings = json_array(), *finding;

		strcpy(key.file, file->file);
		peering.md5 = &key;
		assert_int_equal(keys_read(&site, 0, findings), cases[i].what != NULL);
		finding = json_array_get(findings, 0);
		if (cases[i].what == NULL) {
			assert_memory_equal(key.secret, cases[i].text, 25);
			assert_int_equal(strlen(key.secret), 25);
		} else {
			assert_non_null(strstr(json_string_value(json_object_get(finding, "text")),
				cases[i].what));
			assert_string_equal(json_string_value(json_object_get(finding, "field")),
				"circuits[contoso].peerings[private].md5_file");
			assert_string_equal(key.secret, "");
		}
		json_decref(findings);
		unlink(file->file);
		auth.key_count = 0;
		peering.md5 = NULL;
	}
}

/* What is not known of a file that could not be read is taken from a site that had read it. */
static void what_was_read_before_is_kept(void **state)
{
	struct md5_key key = {.file = "/keys/1"}, old_key = {.file = "/keys/1", .secret = "old"};
	struct bfd_auth old_auth = {.key_count = 2,
		.keys = {{.id = 1, .file = "/keys/1", .secret_bytes = 3, .secret = "one"},
			{.id = 2, .file = "/keys/2", .secret_bytes = 3, .secret = "two"}}};
	struct site_peering old_peering = {.bfd_auth = &old_auth, .md5 = &old_key};
	struct site_circuit old_circuit = {
		.name = "contoso", .peerings = &old_peering, .peering_count = 1};
	struct site_vnet old_vnet = {.name = "vnet-a", .md5 = &old_key};
	struct site before = {
		.circuits = &old_circuit, .circuit_count = 1, .vnets = &old_vnet, .vnet_count = 1};
	struct md5_key core_key = {.file = "/keys/1", .secret = "new"};

	auth = (struct bfd_auth){.key_count = 3,
		.keys = {{.id = 2, .file = "/keys/2"}, {.id = 1, .file = "/other"},
			{.id = 3, .file = "/keys/1"}}};
	peering.md5 = &key;
	vnet.md5 = &core_key;
	keys_keep(&site, &before);
	expect_secret(&auth.keys[0], "two");
	assert_int_equal(auth.keys[1].secret_bytes, 0); /* the same number, another file */
	assert_int_equal(auth.keys[2].secret_bytes, 0);
	assert_string_equal(key.secret, "old");
	assert_string_equal(core_key.secret, "new"); /* what was read stands */
	strcpy(key.file, "/other");
	key.secret[0] = '\0';
	keys_keep(&site, &before);
	assert_string_equal(key.secret, "");
	auth.key_count = 0;
}

/* Whoever writes into a file, replaces it, or takes it away is noticed. */
static void touched_files_are_noticed(void **state)
{
	struct bfd_auth_key *key = add_text("one");
	uint64_t seen = keys_seen(&site, 0), elsewhere = keys_seen(&site, 1);
	char other[80];

	assert_true(keys_seen(&site, 0) == seen);
	snprintf(other, sizeof(other), "%s/other", dir);
	auth.key_count = 0;
	assert_true(keys_seen(&site, 0) != seen);
	add_text("two");
	assert_int_equal(rename(key->file, other), 0);
	assert_true(keys_seen(&site, 0) != seen);
	auth.key_count = 0;
	add_text("one");
	assert_int_equal(unlink(other), 0);
	assert_true(keys_seen(&site, 1) == elsewhere); /* none of its own */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_line_is_the_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_files_are_told_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_another_user_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_other_edges_use_is_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_core_attachment_has_keys_too, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_of_tcp_md5, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_read_before_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(touched_files_are_noticed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
