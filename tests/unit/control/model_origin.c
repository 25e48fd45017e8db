/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Origin validation (RFC 6811), and what becomes of a public peering by it. The oracle of the rules
 * of routes is origin_check itself, of every part of a prefix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/model/ip.h"
#include "control/model/public.h"
#include "control/model/validation.h"

static struct vrps vrps;
static const struct vrps *const table[] = {&vrps};

static struct ip prefix(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static void add(const char *text, unsigned int max_length, uint32_t asn)
{
	struct ip ip = prefix(text);

	assert_int_equal(vrps_add(&vrps, &ip, max_length, asn), 0);
	vrps_settle(&vrps);
}

static int teardown(void **state)
{
	vrps_free(&vrps);
	return 0;
}

static struct origin_verdict check(const char *text, uint32_t asn)
{
	struct ip ip = prefix(text);

	return origin_check(table, 1, &ip, asn);
}

static void finds_nothing_where_nothing_is(void **state)
{
	struct ip ip = prefix("198.51.100.0/24");

	assert_int_equal(check("198.51.100.0/24", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("0.0.0.0/0", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("2001:db8::/32", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(origin_check(NULL, 0, &ip, 64500).state, ORIGIN_NO_DATA);
}

static void takes_the_prefix_and_parts_up_to_the_length(void **state)
{
	add("198.51.100.0/22", 24, 64500);
	assert_int_equal(check("198.51.100.0/22", 64500).state, ORIGIN_VALID);
	assert_int_equal(check("198.51.102.0/24", 64500).state, ORIGIN_VALID);
	assert_int_equal(check("198.51.102.0/25", 64500).state, ORIGIN_TOO_LONG);
	assert_int_equal(check("198.51.102.0/25", 64500).longest, 24);
	assert_int_equal(check("198.51.102.1/32", 64500).state, ORIGIN_TOO_LONG);
	/* Not covered: a less specific one, and the neighbours. */
	assert_int_equal(check("198.51.100.0/21", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("198.51.104.0/24", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("198.51.99.255/32", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("198.51.102.0/24", 64501).state, ORIGIN_OTHER);
	assert_int_equal(check("198.51.102.0/24", 64501).holder, 64500);
}

/* RFC 6811 section 2: one that matches is enough, whatever the others say. */
static void one_that_matches_is_enough(void **state)
{
	add("198.51.100.0/24", 24, 64501);
	add("198.51.0.0/16", 16, 64500);
	assert_int_equal(check("198.51.100.0/24", 64500).state, ORIGIN_TOO_LONG);
	add("198.0.0.0/8", 24, 64500);
	assert_int_equal(check("198.51.100.0/24", 64500).state, ORIGIN_VALID);
	assert_int_equal(check("198.51.100.0/24", 64501).state, ORIGIN_VALID);
	assert_int_equal(check("198.51.100.0/24", 64502).state, ORIGIN_OTHER);
	assert_int_equal(check("198.51.100.0/24", 64502).holder, 64501);
}

static void nobody_is_as_0(void **state)
{
	add("198.51.100.0/24", 32, 0);
	assert_int_equal(check("198.51.100.0/24", 64500).state, ORIGIN_OTHER);
	assert_int_equal(check("198.51.100.0/24", 64500).holder, 0);
	assert_int_equal(check("198.51.100.0/24", 0).state, ORIGIN_OTHER);
	add("198.51.100.0/24", 24, 64500);
	assert_int_equal(check("198.51.100.0/24", 64500).state, ORIGIN_VALID);
}

static void knows_ipv6_from_ipv4(void **state)
{
	add("2001:db8::/32", 48, 64500);
	add("::/0", 0, 64501);
	add("32.1.13.184/32", 32, 64502); /* the same first bytes */
	assert_int_equal(check("2001:db8:1::/48", 64500).state, ORIGIN_VALID);
	assert_int_equal(check("2001:db8:1::/49", 64500).state, ORIGIN_TOO_LONG);
	assert_int_equal(check("2001:db9::/32", 64500).state, ORIGIN_OTHER);
	assert_int_equal(check("::/0", 64501).state, ORIGIN_VALID);
	assert_int_equal(check("32.1.13.184/32", 64500).state, ORIGIN_OTHER);
	assert_int_equal(check("32.1.13.184/31", 64500).state, ORIGIN_NOT_FOUND);
	assert_int_equal(check("2001:db8::1/128", 64500).state, ORIGIN_TOO_LONG);
}

static void keeps_each_once_and_refuses_what_does_not_fit(void **state)
{
	struct ip ip = prefix("198.51.100.0/24"), dirty = prefix("198.51.100.0/24");

	dirty.address[3] = 77;
	assert_int_equal(vrps_add(&vrps, &ip, 23, 64500), -EINVAL);
	assert_int_equal(vrps_add(&vrps, &ip, 33, 64500), -EINVAL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(vrps_add(&vrps, i % 2 ? &ip : &dirty, 24, 64500), 0);
	vrps_settle(&vrps);
	assert_int_equal(vrps.count, 1);
	assert_int_equal(vrps.entries[0].prefix.address[3], 0);
}

/* ---- a peering ---- */

static const char *refusal(const struct peering_validation *validation, const char *route)
{
	static char text[VALIDATION_TEXT_MAX];
	struct ip ip = prefix(route);

	return validation_refusal(validation, &ip, text);
}

/* By the rules, as a list of prefixes of FRR reads them. */
static bool taken(const struct peering_validation *validation, const struct ip *route)
{
	for (unsigned int i = 0; i < validation->rule_count; i++) {
		const struct origin_rule *rule = &validation->rules[i];

		if (!ip_contains(&rule->prefix, route))
			continue;
		if (route->prefix_len <= rule->longest)
			return true;
		if (rule->of_it.state != ORIGIN_NOT_FOUND)
			return false;
	}
	return false;
}

/* Each part of the prefix, down to the longest that is taken. */
static unsigned int compare_parts(
	const struct peering_validation *validation, const char *text, uint32_t asn)
{
	struct ip block = prefix(text);
	char said[VALIDATION_TEXT_MAX], route[64];
	unsigned int compared = 0;

	for (unsigned int length = block.prefix_len; length <= public_longest(block.family);
		length++) {
		for (uint64_t n = 0; n < 1ull << (length - block.prefix_len); n++) {
			struct ip part = ip_part(&block, n, (uint8_t)length);
			enum origin_state state = origin_check(table, 1, &part, asn).state;
			bool invalid = state == ORIGIN_TOO_LONG || state == ORIGIN_OTHER;

			compared++;
			if (taken(validation, &part) != !invalid ||
				(validation_refusal(validation, &part, said) != NULL) != invalid)
				fail_msg("%s by AS %u: RPKI says %d, the rules otherwise",
					ip_text(&part, route, sizeof(route)), asn, (int)state);
		}
	}
	return compared;
}

static void rules_say_what_rfc_6811_says(void **state)
{
	const char *const blocks[] = {"198.51.100.0/22", "198.51.102.0/24", "192.88.100.0/24"};
	struct origin_sources sources = {.rpki_asked = true, .rpki = {&vrps}, .rpki_count = 1};
	struct ip prefixes[3];
	uint32_t random = 7;

	for (int i = 0; i < 3; i++)
		prefixes[i] = prefix(blocks[i]);
	for (int round = 0; round < 200; round++) {
		unsigned int count = (unsigned int)round % 12;

		vrps_free(&vrps);
		for (unsigned int i = 0; i < count; i++) {
			unsigned int length, most;
			struct ip ip = prefixes[i % 2 * 2];

			random = random * 1664525 + 1013904223;
			length = 18 + (random >> 20) % 12;
			most = length + (random >> 8) % (33 - length);
			ip.address[3] = (uint8_t)(random >> 12);
			ip.address[2] = (uint8_t)(ip.address[2] + (random >> 28) % 4);
			ip.prefix_len = (uint8_t)length;
			assert_int_equal(vrps_add(&vrps, &ip, most, 64500 + (random >> 16) % 3), 0);
		}
		vrps_settle(&vrps);
		struct peering_validation *validation =
			validation_make(&sources, prefixes, 3, 64500);
		assert_non_null(validation);
		assert_int_equal(compare_parts(validation, blocks[0], 64500), 255);
		compare_parts(validation, blocks[2], 64500);
		validation_free(validation);
	}
}

static void says_which_prefix_and_why(void **state)
{
	struct ip prefixes[] = {prefix("198.51.100.0/24"), prefix("2001:db8:100::/48")};
	struct vrps registry = {0};
	struct origin_sources sources = {.registry_asked = true, .registry = &registry};
	struct peering_validation *validation;
	char text[VALIDATION_TEXT_MAX];

	assert_true(validation_vouches_all(NULL));
	assert_int_equal(vrps_add(&registry, &prefixes[0], 32, 64500), 0);
	vrps_settle(&registry);
	validation = validation_make(&sources, prefixes, 2, 64500);
	assert_false(validation_vouches_all(validation));
	assert_string_equal(validation_reason(validation, prefixes, text),
		"2001:db8:100::/48 is not validated for AS 64500 (registry: not found)");
	assert_int_equal(validation->rule_count, 0);
	assert_null(refusal(validation, "198.51.100.0/29"));
	validation_free(validation);

	add("2001:db8::/32", 40, 64500);
	add("198.51.100.0/25", 25, 64501);
	sources.rpki_asked = true;
	validation = validation_make(&sources, prefixes, 2, 64500);
	assert_string_equal(validation_reason(validation, prefixes, text),
		"2001:db8:100::/48 is not validated for AS 64500 (registry: not found; RPKI: no "
		"data)");
	validation_free(validation);

	sources.rpki[sources.rpki_count++] = &vrps;
	validation = validation_make(&sources, prefixes, 2, 64500);
	assert_string_equal(validation_reason(validation, prefixes, text),
		"2001:db8:100::/48 is not validated for AS 64500 (registry: not found; RPKI: AS "
		"64500 may announce it to /40)");
	assert_string_equal(refusal(validation, "198.51.100.0/25"), "invalid by RPKI: of AS 64501");
	assert_null(refusal(validation, "198.51.100.0/24"));
	assert_null(refusal(validation, "198.51.100.128/25"));
	assert_string_equal(refusal(validation, "2001:db8:100::/48"),
		"invalid by RPKI: AS 64500 may announce it to /40");
	validation_free(validation);

	add("2001:db8:100::/48", 48, 64500);
	validation = validation_make(&sources, prefixes, 2, 64500);
	assert_true(validation_vouches_all(validation));
	assert_null(validation_reason(validation, prefixes, text));
	assert_string_equal(refusal(validation, "2001:db8:100::/49"),
		"invalid by RPKI: AS 64500 may announce it to /48");
	validation_free(validation);
	vrps_free(&registry);
}

static void two_that_say_the_same_are_equal(void **state)
{
	struct ip one = prefix("198.51.100.0/24");
	struct origin_sources sources = {.rpki_asked = true, .rpki = {&vrps}, .rpki_count = 1};
	struct peering_validation *before = validation_make(&sources, &one, 1, 64500), *after;

	assert_true(validation_equal(NULL, NULL));
	assert_false(validation_equal(before, NULL));
	add("203.0.113.0/24", 24, 64500);
	after = validation_make(&sources, &one, 1, 64500);
	assert_true(validation_equal(before, after));
	validation_free(after);
	/* The prefix is as it was, a part of it is not. */
	add("198.51.100.0/28", 28, 64501);
	after = validation_make(&sources, &one, 1, 64500);
	assert_false(validation_equal(before, after));
	validation_free(after);
	validation_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(finds_nothing_where_nothing_is, teardown),
		cmocka_unit_test_teardown(takes_the_prefix_and_parts_up_to_the_length, teardown),
		cmocka_unit_test_teardown(one_that_matches_is_enough, teardown),
		cmocka_unit_test_teardown(nobody_is_as_0, teardown),
		cmocka_unit_test_teardown(knows_ipv6_from_ipv4, teardown),
		cmocka_unit_test_teardown(keeps_each_once_and_refuses_what_does_not_fit, teardown),
		cmocka_unit_test_teardown(rules_say_what_rfc_6811_says, teardown),
		cmocka_unit_test_teardown(says_which_prefix_and_why, teardown),
		cmocka_unit_test_teardown(two_that_say_the_same_are_equal, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
