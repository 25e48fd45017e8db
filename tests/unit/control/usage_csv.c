/* SPDX-License-Identifier: BSD-3-Clause */
/* What is exported and signed: records as lines, Ed25519 keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/usage/csv.h"

/* RFC 8032 7.1, test 1, in PEM. */
static const char secret_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
				 "-----END PUBLIC KEY-----\n";
static const char other_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				"MCowBQYDK2VwAyEABJ3olp4sUJeTilOrI7OFnY7xRSKIZ5f+LtCbqFuFTCs=\n"
				"-----END PUBLIC KEY-----\n";

static struct signing_key key_of(const char *pem)
{
	struct signing_key key;

	assert_null(signing_key_parse(pem, strlen(pem), &key));
	return key;
}

/* ---- keys and signatures ---- */

static void signs_as_rfc_8032(void **state)
{
	static const uint8_t expected[4] = {0xe5, 0x56, 0x43, 0x00};
	struct signing_key secret = key_of(secret_pem), open = key_of(public_pem);
	uint8_t signature[SIGNATURE_SIZE];
	char line[SIGNATURE_LINE_MAX];
	size_t body, length = signature_line(&secret, "", 0, line);

	assert_true(secret.secret);
	assert_false(open.secret);
	assert_memory_equal(secret.open, open.open, sizeof(open.open));
	assert_true(signature_find(line, length, &body, signature));
	assert_int_equal(body, 0);
	assert_memory_equal(signature, expected, sizeof(expected));
	assert_int_equal(signature[63], 0x0b);
	assert_true(signature_is_of(&open, "", 0, signature));
	assert_false(signature_is_of(&open, "x", 1, signature));
	open = key_of(other_pem);
	assert_false(signature_is_of(&open, "", 0, signature));
}

static void bad_keys_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"not a key",
		/* An RSA key is longer; a key of X25519 has another algorithm. */
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJp"
		"GXA7rAMcrn9g\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4C\n-----END ENCRYPTED PRIVATE "
		"KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
		"-----END PUBLIC KEY-----\n",
	};
	struct signing_key key;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = signing_key_parse(bad[i], strlen(bad[i]), &key);

		assert_non_null(why);
		assert_non_null(strstr(why, "openssl genpkey"));
	}
}

static void key_files_are_refused_by_name(void **state)
{
	char path[] = "/tmp/onramp-key-XXXXXX", why[300];
	struct signing_key key;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, public_pem, sizeof(public_pem) - 1), sizeof(public_pem) - 1);
	close(fd);
	assert_true(signing_key_read(path, false, &key, why, sizeof(why)));
	assert_false(signing_key_read(path, true, &key, why, sizeof(why)));
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, "needs the private one"));
	unlink(path);
	assert_false(signing_key_read(path, false, &key, why, sizeof(why)));
	assert_non_null(strstr(why, "No such file"));
	assert_false(signing_key_read("/tmp", false, &key, why, sizeof(why)));
	assert_false(signing_key_read("/dev/zero", false, &key, why, sizeof(why)));
	assert_non_null(strstr(why, "too long"));
}

/* ---- records ---- */

#define TEXT_MAX 8192u

/* Three records of contoso, two of fabrikam, as exported. */
static size_t make_csv(char text[TEXT_MAX])
{
	size_t length = (size_t)snprintf(text, TEXT_MAX, RECORD_CSV_HEADER "\n");
	uint8_t previous[RECORD_HASH_SIZE] = {0};
	char line[RECORD_LINE_MAX];

	for (unsigned int i = 0; i < 5; i++) {
		struct record record = {.edge = "lab-a",
			.family = "metered",
			.number = i < 3 ? i + 1 : i - 2,
			.hour = 472233 + i,
			.seconds = 3600,
			.counters = {1000 * i, INT64_MAX, 0, 77, 3}};

		if (i == 3)
			memset(previous, 0, sizeof(previous));
		strcpy(record.circuit, i < 3 ? "contoso" : "fabrikam");
		memcpy(record.previous, previous, sizeof(previous));
		record_hash(&record, record.hash);
		memcpy(previous, record.hash, sizeof(previous));
		record_write(&record, line);
		length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s\n", line);
	}
	return length;
}

static void expect_csv(const char *text, size_t length, const struct signing_key *key,
	int64_t records, const char *wrong)
{
	struct usage_csv csv = usage_csv_check(text, length, key);

	if (wrong == NULL && csv.wrong[0] != '\0')
		fail_msg("%s", csv.wrong);
	if (wrong != NULL && strstr(csv.wrong, wrong) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", csv.wrong, wrong);
	assert_int_equal(csv.records, records);
}

static void records_are_lines(void **state)
{
	char text[TEXT_MAX], line[RECORD_LINE_MAX];
	size_t length = make_csv(text);
	const char *at = strchr(text, '\n') + 1;
	struct record record;

	expect_csv(text, length, NULL, 5, NULL);
	assert_true(record_read(at, strcspn(at, "\n"), &record));
	assert_string_equal(record.circuit, "contoso");
	assert_int_equal(record.counters[RECORD_OUT_BYTES], INT64_MAX);
	assert_int_equal(record_write(&record, line), strcspn(at, "\n"));
	assert_memory_equal(line, at, strlen(line));
	assert_non_null(strstr(line, ",2023-11-15T09:00:00Z,metered,3600,"));
	/* The end may lack its newline. */
	expect_csv(text, length - 1, NULL, 5, NULL);
}

/* Whatever byte is another one. */
static void every_changed_byte_is_found(void **state)
{
	char text[TEXT_MAX];
	size_t length = make_csv(text);

	for (size_t i = 0; i < length - 1; i++) {
		text[i] ^= 1;
		assert_true(usage_csv_check(text, length, NULL).wrong[0] != '\0');
		text[i] ^= 1;
	}
}

/* Where the line with this number begins, from 1. */
static char *line_at(char *text, unsigned int number)
{
	while (--number > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

static void lines_taken_out_or_put_in_are_found(void **state)
{
	char text[TEXT_MAX], copy[TEXT_MAX];
	size_t length = make_csv(text), first;

	/* Line 3, contoso's second record, goes; then it is there twice. */
	strcpy(copy, text);
	first = (size_t)(line_at(copy, 4) - line_at(copy, 3));
	memmove(line_at(copy, 3), line_at(copy, 4), strlen(line_at(copy, 4)) + 1);
	expect_csv(copy, length - first, NULL, 1,
		"line 3: contoso: record 3 (2023-11-15T11:00:00Z) follows record 1: those between "
		"were taken out");
	strcpy(copy, text);
	memmove(line_at(copy, 3) + first, line_at(text, 3), strlen(line_at(text, 3)) + 1);
	expect_csv(copy, length + first, NULL, 2, "line 4: contoso: record 2");
	expect_csv(text, 20, NULL, 0, "line 1");
	expect_csv("", 0, NULL, 0, "line 1");
	strcpy(copy, text);
	strcpy(line_at(copy, 3), "nonsense\n");
	expect_csv(copy, strlen(copy), NULL, 1, "line 3: no usage record");
}

/* What a chain cannot know: that its ends are missing, that it was made anew. */
static void a_signature_holds_it_all(void **state)
{
	struct signing_key secret = key_of(secret_pem), open = key_of(public_pem),
			   other = key_of(other_pem);
	char text[TEXT_MAX], copy[TEXT_MAX], line[SIGNATURE_LINE_MAX];
	size_t length = make_csv(text), whole;

	expect_csv(text, length, &open, 5, "it bears no signature");
	signature_line(&secret, text, length, line);
	strcat(text, line);
	whole = strlen(text);
	expect_csv(text, whole, &open, 5, NULL);
	expect_csv(text, whole, &secret, 5, NULL);
	expect_csv(text, whole, NULL, 5, NULL);
	expect_csv(text, whole, &other, 5, "not this key's");
	assert_true(usage_csv_check(text, whole, NULL).is_signed);
	/* The last record is missing: its chain is whole, the signature says it. */
	strcpy(copy, text);
	strcpy(line_at(copy, 6), line);
	expect_csv(copy, strlen(copy), NULL, 4, NULL);
	expect_csv(copy, strlen(copy), &open, 4, "changed since");
	/* Half a signature is none, and no record. */
	expect_csv(text, whole - 5, &open, 5, "line 7: no usage record");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_rfc_8032),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(key_files_are_refused_by_name),
		cmocka_unit_test(records_are_lines),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(lines_taken_out_or_put_in_are_found),
		cmocka_unit_test(a_signature_holds_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
