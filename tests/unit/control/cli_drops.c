/* SPDX-License-Identifier: BSD-3-Clause */
/* What `onramp show drops` makes of the dataplane's ledgers, and what every reason says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/ledgers.h"
#include "control/cli/tags.h"

static struct api_port ports[] = {{.id = 3, .name = "cust-a"}};
static struct api_interface_counters counters[] = {
	{.interface = 1,
		.port = 3,
		.name = "contoso/private/primary",
		.circuit = "contoso",
		.ledger = {.rx = 100,
			.generated = 4,
			.forwarded_in = 60,
			.punt = 20,
			.forwarded_out = 50,
			.injected = 7,
			.fragments_added = 3,
			.tx = 41,
			.dropped_bytes = {2400, 1900},
			.drops = {[API_DROP_POLICER_IN] = 23,
				[API_DROP_RUNT] = 1,
				[API_DROP_POLICER_OUT] = 19}}},
	{.interface = 2, .port = 3, .name = "contoso/private/secondary", .circuit = "contoso"},
	{.interface = 3,
		.port = 3,
		.name = "fabrikam/private/primary",
		.circuit = "fabrikam",
		.ledger = {.rx = 1000, .forwarded_in = 990, .drops = {[API_DROP_NO_ROUTE] = 10}}},
	{.interface = 4,
		.port = 3,
		.name = "contoso/core",
		.ledger = {.forwarded_out = 1000, .tx = 1000}},
	{.port = 3, .ledger = {.rx = 5, .drops = {[API_DROP_UNKNOWN_TAG] = 5}}},
};
static struct api_port_counters port_counters[] = {{.port = 3,
	.name = "cust-a",
	.unknown_tags = {{.frames = 2, .count = 2, .ethertype = 0x88a8, .outer = 100, .inner = 7},
		{.frames = 3}}}};
static const struct ledgers ledgers = {
	.ports = {.object = API_PORT, .rows = ports, .count = 1},
	.counters = {.object = API_INTERFACE_COUNTERS,
		.rows = counters,
		.count = sizeof(counters) / sizeof(counters[0])},
	.port_counters = {.object = API_PORT_COUNTERS, .rows = port_counters, .count = 1},
};

static json_int_t integer(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void is(const json_t *row, const char *key, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(row, key)), text);
}

static void accounts_have_two_sides(void **state)
{
	const struct cli cli = {.circuit = "contoso"};
	json_t *rows = ledger_accounts(&cli, &ledgers), *in, *out;

	/* Not the link that nothing came to, nor the virtual network of the same name. */
	assert_int_equal(json_array_size(rows), 2);
	in = json_array_get(rows, 0);
	is(in, "interface", "contoso/private/primary");
	is(in, "circuit", "contoso");
	is(in, "port", "cust-a");
	is(in, "direction", "in");
	assert_int_equal(integer(in, "received"), 100);
	assert_int_equal(integer(in, "generated"), 4);
	assert_int_equal(integer(in, "forwarded"), 60);
	assert_int_equal(integer(in, "punted"), 20);
	assert_int_equal(integer(in, "dropped_bytes"), 2400);
	assert_int_equal(integer(in, "came"), 104);
	assert_int_equal(integer(in, "went"), 80);
	assert_int_equal(integer(in, "dropped"), 24);
	assert_int_equal(integer(in, "difference"), 0);
	out = json_array_get(rows, 1);
	is(out, "direction", "out");
	assert_int_equal(integer(out, "came"), 60);
	assert_int_equal(integer(out, "sent"), 41);
	assert_int_equal(integer(out, "dropped"), 19);
	assert_int_equal(integer(out, "difference"), 0);
	json_decref(rows);
}

static void one_lost_packet_shows(void **state)
{
	const struct cli cli = {.operand = "fabrikam"};
	json_t *rows, *balance;

	counters[2].ledger.forwarded_in--;
	rows = ledger_accounts(&cli, &ledgers);
	balance = ledger_balance(&cli, &ledgers);
	counters[2].ledger.forwarded_in++;
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(integer(json_array_get(rows, 0), "difference"), 1);
	assert_int_equal(integer(balance, "difference"), 1);
	json_decref(rows);
	json_decref(balance);
}

static void all_accounts_balance(void **state)
{
	const struct cli all = {0}, one = {.circuit = "contoso"};
	json_t *balance = ledger_balance(&all, &ledgers);

	assert_int_equal(integer(balance, "rx"), 1105);
	assert_int_equal(integer(balance, "injected"), 7);
	assert_int_equal(integer(balance, "generated"), 4);
	assert_int_equal(integer(balance, "fragments_added"), 3);
	assert_int_equal(integer(balance, "tx"), 1041);
	assert_int_equal(integer(balance, "punt"), 20);
	assert_int_equal(integer(balance, "dropped"), 58);
	assert_int_equal(integer(balance, "forwarded_in"), 1050);
	assert_int_equal(integer(balance, "forwarded_out"), 1050);
	assert_int_equal(integer(balance, "difference"), 0);
	json_decref(balance);
	balance = ledger_balance(&one, &ledgers);
	assert_int_equal(integer(balance, "rx"), 100);
	assert_int_equal(integer(balance, "dropped"), 43);
	assert_int_equal(integer(balance, "difference"), 0);
	json_decref(balance);
}

static void drops_have_names(void **state)
{
	const struct cli some = {0}, every = {.all = true, .circuit = "fabrikam"};
	json_t *rows = ledger_drops(&some, &ledgers);

	assert_int_equal(json_array_size(rows), 5);
	is(json_array_get(rows, 0), "reason", "runt");
	is(json_array_get(rows, 1), "reason", "policer-in");
	is(json_array_get(rows, 1), "direction", "in");
	is(json_array_get(rows, 2), "direction", "out");
	assert_int_equal(integer(json_array_get(rows, 2), "packets"), 19);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 4), "interface")));
	is(json_array_get(rows, 4), "reason", "unknown-tag");
	json_decref(rows);
	rows = ledger_drops(&every, &ledgers);
	assert_int_equal(json_array_size(rows), API_DROP_COUNT);
	json_decref(rows);
}

static void unknown_tags_are_the_ports(void **state)
{
	const struct cli all = {0}, one = {.circuit = "contoso"}, link = {.operand = "fabrikam"};
	json_t *rows = ledger_unknown_tags(&all, &ledgers), *first, *second;

	assert_int_equal(json_array_size(rows), 2);
	first = json_array_get(rows, 0);
	is(first, "port", "cust-a");
	is(first, "ethertype", "0x88a8");
	assert_int_equal(integer(first, "outer"), 100);
	assert_int_equal(integer(first, "inner"), 7);
	assert_int_equal(integer(first, "frames"), 2);
	second = json_array_get(rows, 1);
	assert_true(json_is_null(json_object_get(second, "ethertype")));
	assert_true(json_is_null(json_object_get(second, "outer")));
	assert_true(json_is_null(json_object_get(second, "inner")));
	assert_int_equal(integer(second, "frames"), 3);
	json_decref(rows);
	rows = ledger_unknown_tags(&one, &ledgers);
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	rows = ledger_unknown_tags(&link, &ledgers);
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
}

static void says(const struct api_port_counters *before, const struct api_port_counters *after,
	uint16_t outer_ethertype, const char *words)
{
	const struct api_port port = {.outer_ethertype = outer_ethertype};
	char *text = tags_text(&port, before, after);

	assert_non_null(text);
	assert_string_equal(text, words);
	free(text);
}

static void tags_in_words(void **state)
{
	const struct api_port port = {.outer_ethertype = 0x8100};
	struct api_port_counters before = port_counters[0], after = before;

	says(NULL, &after, 0x88a8, "S-tag 100, C-tag 7; no tag");
	says(NULL, &after, 0x8100, "S-tag 100, C-tag 7 (EtherType 0x88a8); no tag");
	assert_null(tags_text(&port, &before, &after));
	/* The same kinds with other numbers, and a new one, came since. */
	after.unknown_tags[1].frames++;
	says(&before, &after, 0x8100, "no tag");
	after.unknown_tags[2] =
		(struct api_tags){.frames = 1, .count = 1, .ethertype = 0x8100, .outer = 300};
	says(&before, &after, 0x88a8, "no tag; VLAN 300");
	after.unknown_tags[3] =
		(struct api_tags){.frames = 1, .count = 1, .ethertype = 0x88a8, .outer = 300};
	says(&before, &after, 0x88a8, "no tag; VLAN 300; VLAN 300 (EtherType 0x88a8)");
	says(NULL, &after, 0x88a8, "S-tag 100, C-tag 7; no tag; VLAN 300; and 1 more");
}

/* A sentence that says what it means, and one part more that says what to do or whom to ask. */
static void reasons_say_what_to_do(void **state)
{
	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		const char *text = api_drop_text((enum api_drop_reason)i);

		if (strchr(text, ';') == NULL || text[strlen(text) - 1] != '.')
			fail_msg("%s: \"%s\"", api_drop_name((enum api_drop_reason)i), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_have_two_sides),
		cmocka_unit_test(one_lost_packet_shows),
		cmocka_unit_test(all_accounts_balance),
		cmocka_unit_test(drops_have_names),
		cmocka_unit_test(unknown_tags_are_the_ports),
		cmocka_unit_test(tags_in_words),
		cmocka_unit_test(reasons_say_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
