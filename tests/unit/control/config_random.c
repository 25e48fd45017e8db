/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random damage to a good file: whatever becomes of it, it is either a site whose plan can be
 * built, or refused with findings that have lines. The seed is fixed; SEED=N tries another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/plan.h"
#include "tests/unit/control/config_support.h"

#define ROUNDS 4000

static uint64_t random_state;

/* xorshift64* (Vigna 2016) */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

/* Pieces that mean something to YAML or to a reader of numbers and addresses. */
static const char *const pieces[] = {"", "\n", " ", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}",
	",", "\"", "'", "#", "&a ", "*a", "!!int ", "|\n", ">\n", "---\n", "...\n", "%YAML 1.1\n",
	"? ", "~", "no", "0", "-1", "4294967296", "99999999999999999999", "0x10", "1e9", "/0",
	"/33", "::", "255.255.255.255", "\xff", "\xc3\xa9", "\x01", "name: x", "mtu: 1", "<<: "};

static size_t splice(char *document, size_t length, size_t capacity)
{
	size_t at = random_below((uint32_t)length + 1);
	size_t cut = random_below(3) == 0 ? random_below(40) : random_below(3);
	const char *piece = pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))];
	size_t added = strlen(piece);

	cut = cut > length - at ? length - at : cut;
	if (length - cut + added >= capacity)
		return length;
	memmove(document + at + added, document + at + cut, length - at - cut);
	memcpy(document + at, piece, added);
	return length - cut + added;
}

static size_t repeat_part(char *document, size_t length, size_t capacity)
{
	size_t from = random_below((uint32_t)length), size = random_below(200);
	size_t at = random_below((uint32_t)length);
	char part[200];

	size = size > length - from ? length - from : size;
	if (length + size >= capacity)
		return length;
	memcpy(part, document + from, size);
	memmove(document + at + size, document + at, length - at);
	memcpy(document + at, part, size);
	return length + size;
}

static void check_findings(
	const struct config_findings *findings, size_t length, const char *document)
{
	unsigned int lines = 1, last = 0;

	for (size_t i = 0; i < length; i++)
		lines += document[i] == '\n' || document[i] == '\r';
	for (size_t i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->items[i];
		assert_true(finding->line >= 1 && finding->line <= lines + 1);
		assert_true(finding->line >= last);
		assert_true(strlen(finding->text) > 10);
		last = finding->line;
	}
	json_t *rows = config_findings_json(findings);
	assert_int_equal(json_array_size(rows), findings->count);
	json_decref(rows);
}

/* True: it was a site. */
static bool try_document(const char *document, size_t length)
{
	struct config_findings findings;
	struct site *site = config_load(document, length, &findings);

	assert_true((site == NULL) == (findings.errors > 0));
	check_findings(&findings, length, document);
	config_findings_free(&findings);
	for (unsigned int i = 0; site != NULL && i < site->edge_count; i++) {
		struct plan *plan = plan_build(site, i);
		assert_non_null(plan);
		plan_free(plan);
	}
	site_free(site);
	return site != NULL;
}

static void test_damage(void **state)
{
	static char document[1 << 16];
	const char *root = getenv("SOURCE_ROOT");
	const char *seed = getenv("SEED");
	unsigned int sites = 0;
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/examples/lab.yaml", root);
	char *good = document_read(path);
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 20240229;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t length = strlen(good);
		memcpy(document, good, length);
		for (uint32_t i = random_below(4); i < 4; i++)
			length = splice(document, length, sizeof(document));
		if (random_below(4) == 0)
			length = repeat_part(document, length, sizeof(document));
		sites += try_document(document, length);
	}
	/* Both ways were gone: neither is everything refused nor everything taken. */
	assert_in_range(sites, 1, ROUNDS / 2);
	free(good);
}

/* Cut short anywhere, the file is refused or a smaller site; never a crash. */
static void test_truncated(void **state)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/examples/site.yaml", root);
	char *good = document_read(path);
	size_t length = strlen(good);
	assert_true(try_document(good, length));
	for (size_t i = 0; i < length; i += 3) {
		/* An exact copy: reading behind it is seen by the sanitizer. */
		char *cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut, good, i);
		char *exact = realloc(cut, i == 0 ? 1 : i);
		try_document(exact, i);
		free(exact);
	}
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_truncated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
