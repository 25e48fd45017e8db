/* SPDX-License-Identifier: BSD-3-Clause */
/* What `onramp show bfd` makes of the dataplane's rows. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/show_bfd.h"
#include "control/cli/table.h"
#include "dataplane/api/bfd_refusals.h"

/* The order of the counters is the list's. */
#define REFUSAL_ENUM(id, name, text) REFUSED_##id,
enum refusal { BFD_REFUSALS(REFUSAL_ENUM) REFUSED_COUNT };

static struct api_interface links[] = {
	{.id = 3, .name = "contoso/private/secondary"},
	{.id = 7, .name = "contoso/private/primary"},
	{.id = 9, .name = "vnet-a/core"},
};

static const struct dump interfaces = {.object = API_INTERFACE, .rows = links, .count = 3};

static struct api_bfd_session session(uint32_t interface, uint8_t family, const char *peer)
{
	struct api_bfd_session row = {
		.interface = interface,
		.lid = 5,
		.family = family,
		.state = 3,
		.remote_state = 3,
		.multiplier = 3,
		.remote_multiplier = 5,
		.local_discriminator = 17,
		.remote_discriminator = 4000000000u,
		.min_tx_us = 300000,
		.min_rx_us = 300000,
		.remote_min_tx_us = 10000,
		.remote_min_rx_us = 1500000,
		.tx_interval_us = 1500000,
		.detection_us = 1500000,
		.state_us = 125999999,
		.silence_us = 1000,
		.ups = 2,
		.flaps = 1,
		.rx = 10,
		.tx = 11,
		.interval_mean_us = 270000,
		.interval_max_us = 310000,
		.jitter_mean_us = 1234,
		.jitter_max_us = 9000,
	};

	assert_int_equal(inet_pton(family, peer, row.peer), 1);
	return row;
}

static const char *text(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	assert_true(json_is_string(value));
	return json_string_value(value);
}

static json_int_t integer(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void has_null(const json_t *row, const char *key)
{
	assert_true(json_is_null(json_object_get(row, key)));
}

static json_t *rows_of(struct api_bfd_session *sessions, size_t count, const char *address)
{
	struct dump dump = {.object = API_BFD_SESSION, .rows = sessions, .count = count};

	return bfd_rows(&dump, &interfaces, address);
}

static void a_session(void **state)
{
	struct api_bfd_session one = session(7, AF_INET, "10.0.0.1");
	json_t *rows, *row;

	one.auth_type = 5;
	one.multihop = 1;
	one.remote_diag = 5;
	rows = rows_of(&one, 1, NULL);
	row = json_array_get(rows, 0);
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(text(row, "interface"), "contoso/private/primary");
	assert_string_equal(text(row, "peer"), "10.0.0.1");
	assert_string_equal(text(row, "local"), "0.0.0.0");
	assert_string_equal(text(row, "state"), "up");
	assert_string_equal(text(row, "diagnostic"), "none");
	assert_string_equal(text(row, "remote_diagnostic"), "path down");
	assert_string_equal(text(row, "authentication"), "meticulous-sha1");
	assert_true(json_is_true(json_object_get(row, "multihop")));
	assert_int_equal(integer(row, "family"), 4);
	assert_int_equal(integer(row, "since_s"), 125);
	assert_int_equal(integer(row, "discriminator"), 17);
	assert_int_equal(integer(row, "remote_discriminator"), 4000000000u);
	/* RFC 5880 6.8.4: what we receive at is the slower of what we ask for and it offers. */
	assert_int_equal(integer(row, "rx_interval_us"), 300000);
	assert_int_equal(integer(row, "tx_interval_us"), 1500000);
	assert_int_equal(integer(row, "detection_us"), 1500000);
	assert_int_equal(integer(row, "jitter_mean_us"), 1234);
	assert_int_equal(integer(row, "refused"), 0);
	assert_int_equal(json_object_size(json_object_get(row, "refusals")), 0);

	bfd_add_texts(rows);
	assert_string_equal(text(row, "asked"), "300ms x 3");
	assert_string_equal(text(row, "peer_asks"), "10ms/1.5s x 5");
	assert_string_equal(text(row, "sends"), "1.5s");
	assert_string_equal(text(row, "detects"), "1.5s");
	assert_string_equal(text(row, "jitter"), "1234us");
	assert_string_equal(text(row, "discriminators"), "17/4000000000");
	assert_string_equal(text(row, "reason"), "none; peer: path down");
	json_decref(rows);
}

/* A peer that was never heard has said nothing: nulls, not zeroes. */
static void an_unheard_peer(void **state)
{
	struct api_bfd_session one = {.interface = 99,
		.family = AF_INET6,
		.local_discriminator = 4,
		.state = 1,
		.remote_state = 1,
		.diag = 1,
		.multiplier = 3,
		.min_tx_us = 50000,
		.min_rx_us = 60000,
		.silence_us = UINT64_MAX};
	json_t *rows = rows_of(&one, 1, NULL), *row = json_array_get(rows, 0);

	has_null(row, "interface"); /* it went while we read */
	assert_string_equal(text(row, "peer"), "::");
	assert_string_equal(text(row, "state"), "down");
	assert_string_equal(text(row, "diagnostic"), "control detection time expired");
	has_null(row, "remote_discriminator");
	has_null(row, "remote_min_tx_us");
	has_null(row, "rx_interval_us");
	has_null(row, "tx_interval_us");
	has_null(row, "detection_us");
	has_null(row, "silence_us");
	has_null(row, "interval_mean_us");
	has_null(row, "jitter_mean_us");
	bfd_add_texts(rows);
	assert_string_equal(text(row, "asked"), "50ms/60ms x 3");
	assert_null(json_object_get(row, "peer_asks"));
	assert_null(json_object_get(row, "detects"));
	assert_string_equal(text(row, "reason"), "control detection time expired");
	json_decref(rows);
}

/* Numbers that nobody has a name for yet are shown as they are. */
static void unknown_numbers(void **state)
{
	struct api_bfd_session one = session(7, AF_INET, "10.0.0.1");
	json_t *rows, *row;

	one.diag = 31;
	one.remote_state = 9;
	rows = rows_of(&one, 1, NULL);
	row = json_array_get(rows, 0);
	assert_int_equal(integer(row, "diagnostic"), 31);
	assert_int_equal(integer(row, "remote_state"), 9);
	json_decref(rows);
}

static void order_and_address(void **state)
{
	struct api_bfd_session all[] = {
		{.interface = 7, .refused = {[REFUSED_NO_SESSION] = 4}},
		session(9, AF_INET, "10.0.0.1"),
		session(7, AF_INET6, "fd00::1"),
		session(3, AF_INET, "10.0.0.5"),
		session(7, AF_INET, "10.0.0.1"),
	};
	static const char *const order[] = {"10.0.0.1", "fd00::1", NULL, "10.0.0.5", "10.0.0.1"};
	json_t *rows = rows_of(all, 5, NULL);

	assert_int_equal(json_array_size(rows), 5);
	for (size_t i = 0; i < 5; i++) {
		if (order[i] == NULL)
			has_null(json_array_get(rows, i), "peer");
		else
			assert_string_equal(text(json_array_get(rows, i), "peer"), order[i]);
	}
	json_decref(rows);

	rows = rows_of(all, 5, "contoso/private/secondary");
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(text(json_array_get(rows, 0), "peer"), "10.0.0.5");
	json_decref(rows);
	rows = rows_of(all, 5, "contoso");
	assert_int_equal(json_array_size(rows), 4);
	json_decref(rows);
	rows = rows_of(all, 5, "nobody");
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
}

static void refusals(void **state)
{
	struct api_bfd_session both[] = {session(7, AF_INET, "10.0.0.1"), {.interface = 7}};
	json_t *rows, *found, *first, *last;

	both[0].refused[REFUSED_TTL] = 3;
	both[0].refused[REFUSED_AUTH_DIGEST] = 2;
	both[1].refused[REFUSED_HEADER] = 7;
	rows = rows_of(both, 2, NULL);
	assert_int_equal(integer(json_array_get(rows, 0), "refused"), 5);
	has_null(json_array_get(rows, 1), "state");
	assert_int_equal(integer(json_array_get(rows, 1), "refused"), 7);
	bfd_add_texts(rows);
	found = bfd_refusal_rows(rows);
	assert_int_equal(json_array_size(found), 3);
	first = json_array_get(found, 0);
	assert_string_equal(text(first, "interface"), "contoso/private/primary");
	assert_string_equal(text(first, "peer"), "10.0.0.1");
	assert_string_equal(text(first, "reason"), "ttl");
	assert_int_equal(integer(first, "packets"), 3);
	last = json_array_get(found, 2);
	has_null(last, "peer");
	assert_string_equal(text(last, "reason"), "header");
	assert_int_equal(integer(last, "packets"), 7);
	json_decref(found);
	json_decref(rows);
}

/* Every counter has a word and a sentence. */
static void names(void **state)
{
	for (unsigned int i = 0; i < REFUSED_COUNT; i++) {
		assert_non_null(api_bfd_refusal_name(i));
		assert_true(strlen(api_bfd_refusal_text(i)) > strlen(api_bfd_refusal_name(i)));
	}
	assert_null(api_bfd_refusal_name(REFUSED_COUNT));
	assert_null(api_bfd_refusal_text(REFUSED_COUNT));
	assert_string_equal(api_bfd_state_name(0), "admin-down");
	assert_null(api_bfd_state_name(4));
	assert_string_equal(api_bfd_diag_text(8), "reverse concatenated path down");
	assert_null(api_bfd_diag_text(9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session),
		cmocka_unit_test(an_unheard_peer),
		cmocka_unit_test(unknown_numbers),
		cmocka_unit_test(order_and_address),
		cmocka_unit_test(refusals),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
