/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/api/api.h"
#include "dataplane/api/client.h"

static void item_sizes(void **state)
{
	assert_int_equal(api_item_size(API_PORT), sizeof(struct api_port));
	assert_int_equal(api_item_size(API_VRF), sizeof(struct api_vrf));
	assert_int_equal(api_item_size(API_INTERFACE), sizeof(struct api_interface));
	assert_int_equal(api_item_size(API_ADJACENCY), sizeof(struct api_adjacency));
	assert_int_equal(api_item_size(API_GROUP), sizeof(struct api_group));
	assert_int_equal(api_item_size(API_ROUTE), sizeof(struct api_route));
	assert_int_equal(api_item_size(API_POLICER), sizeof(struct api_policer));
	assert_int_equal(api_item_size(API_PATH), sizeof(struct api_path));
	assert_int_equal(api_item_size(API_LINK_TEST), sizeof(struct api_link_test));
	assert_int_equal(api_item_size(API_BFD_KEY), sizeof(struct api_bfd_key));
	assert_int_equal(api_item_size(0), 0);
	assert_int_equal(api_item_size(API_PORT_COUNTERS), 0);
	assert_int_equal(api_item_size(API_MEMORY), 0);
	assert_int_equal(api_item_size(255), 0);
}

static void row_sizes(void **state)
{
	assert_int_equal(api_row_size(API_ROUTE), sizeof(struct api_route));
	assert_int_equal(
		api_row_size(API_INTERFACE_COUNTERS), sizeof(struct api_interface_counters));
	assert_int_equal(api_row_size(API_MEMORY), sizeof(struct api_memory));
	assert_int_equal(api_row_size(0), 0);
	assert_int_equal(api_row_size(API_BFD_SESSION), sizeof(struct api_bfd_session));
	assert_int_equal(api_row_size(API_BFD_SESSION + 1), 0);
	assert_int_equal(api_row_size((enum api_object) - 1), 0);
}

/* Names are words for tables and programs; texts are sentences. */
static void every_drop_reason_explains_itself(void **state)
{
	for (int i = 0; i < API_DROP_COUNT; i++) {
		const char *text = api_drop_text(i);

		assert_non_null(api_drop_name(i));
		assert_true(strlen(api_drop_name(i)) > 0);
		assert_int_equal(strspn(api_drop_name(i), "abcdefghijklmnopqrstuvwxyz-"),
			strlen(api_drop_name(i)));
		assert_true(strlen(text) > 20);
		assert_int_equal(text[strlen(text) - 1], '.');
		for (int other = 0; other < i; other++)
			assert_string_not_equal(api_drop_name(i), api_drop_name(other));
	}
	assert_string_equal(api_drop_name(API_DROP_NO_ROUTE), "no-route");
	assert_int_equal(api_drop_direction(API_DROP_NO_ROUTE), API_DROP_IN);
	assert_int_equal(api_drop_direction(API_DROP_TX_FULL), API_DROP_OUT);
	assert_int_equal(api_drop_direction(API_DROP_MTU_EXCEEDED), API_DROP_OUT);
}

static void causes_have_names(void **state)
{
	char text[64];

	assert_string_equal(api_path_down_name(API_PATH_BFD), "bfd");
	assert_string_equal(api_path_down_text(0, text, sizeof(text)), "");
	assert_string_equal(api_path_down_text(API_PATH_CARRIER, text, sizeof(text)), "carrier");
	assert_string_equal(api_path_down_text(31, text, sizeof(text)),
		"bfd, carrier, drain, test, administrative");
	assert_string_equal(api_path_down_text(31, text, 8), "bfd, ca");
}

static void batch_fills_up(void **state)
{
	static struct api_batch batch;
	struct api_port port = {.id = 3};
	struct api_route route = {.vrf = 1};
	const struct api_item *item = (const struct api_item *)batch.bytes;

	memset(&batch, 0xff, sizeof(batch));
	batch.count = 0;
	batch.length = 0;
	assert_int_equal(api_batch_add(&batch, API_MEMORY, API_UPSERT, &port), -EINVAL);
	/* A port has 4 bytes too many for the alignment: it is padded, with zeroes. */
	assert_int_equal(sizeof(port) % 8, 4);
	assert_int_equal(api_batch_add(&batch, API_PORT, API_DELETE, &port), 0);
	assert_int_equal(batch.length, sizeof(*item) + sizeof(port) + 4);
	assert_int_equal(item->length, sizeof(port));
	assert_int_equal(item->operation, API_DELETE);
	assert_int_equal(item->reserved, 0);
	for (int i = 1; i <= 4; i++)
		assert_int_equal(batch.bytes[batch.length - i], 0);
	while (api_batch_add(&batch, API_ROUTE, API_UPSERT, &route) == 0)
		;
	assert_true(batch.length <= sizeof(batch.bytes));
	assert_true(sizeof(batch.bytes) - batch.length < sizeof(*item) + sizeof(route));
	assert_int_equal(batch.count, 1 + (sizeof(batch.bytes) - sizeof(*item) - sizeof(port) - 4) /
						      (sizeof(*item) + sizeof(route)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(item_sizes),
		cmocka_unit_test(row_sizes),
		cmocka_unit_test(every_drop_reason_explains_itself),
		cmocka_unit_test(causes_have_names),
		cmocka_unit_test(batch_fills_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
