/* SPDX-License-Identifier: BSD-3-Clause */
/* What `onramp show workers` and `show memory` make of what the dataplane counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/cli/link_test.h"
#include "control/cli/show_memory.h"
#include "control/cli/show_paths.h"
#include "control/cli/show_workers.h"

#define GHZ 1000000000ul

static double real(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	assert_true(json_is_real(value));
	return json_real_value(value);
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

/* Half a second at 2 GHz, a quarter of it busy, with 2,000,000 packets in bursts of 32. */
static void worker_rates_are_of_the_time_between(void **state)
{
	const struct api_worker before = {.cpu = 3,
		.numa_node = -1,
		.tsc_hz = 2 * GHZ,
		.cycles = 7 * GHZ,
		.busy_cycles = 2 * GHZ,
		.bursts = 11,
		.packets = 1000,
		.sampled_packets = 500,
		.stage_cycles = {10, 20, 30, 40, 50}};
	struct api_worker after = before;
	json_t *row;

	after.cycles += GHZ;
	after.busy_cycles += GHZ / 4;
	after.bursts += 62500;
	after.packets += 2000000;
	after.sampled_packets += 1000;
	after.stage_cycles[API_STAGE_RECEIVE] += 12000;
	after.stage_cycles[API_STAGE_INGRESS] += 25500;
	after.stage_cycles[API_STAGE_TRANSMIT] += 1000;
	row = worker_row(&before, &after);
	assert_int_equal(integer(row, "cpu"), 3);
	has_null(row, "numa_node");
	assert_float_equal(real(row, "busy_percent"), 25, 1e-6);
	assert_int_equal(integer(row, "packets_per_s"), 4000000);
	assert_float_equal(real(row, "packets_per_burst"), 32, 1e-6);
	assert_float_equal(real(row, "cycles_per_packet"), 125, 1e-6);
	assert_float_equal(real(row, "cycles_receive"), 12, 1e-6);
	assert_float_equal(real(row, "cycles_ingress"), 25.5, 1e-6);
	assert_float_equal(real(row, "cycles_route"), 0, 1e-6);
	assert_float_equal(real(row, "cycles_transmit"), 1, 1e-6);
	assert_int_equal(integer(row, "packets"), 2001000);
	assert_int_equal(integer(row, "busy_cycles"), 2 * GHZ + GHZ / 4);
	json_decref(row);
}

static void idle_worker_has_no_averages(void **state)
{
	const struct api_worker before = {.numa_node = 1, .tsc_hz = GHZ, .packets = 5};
	struct api_worker after = before;
	json_t *row;

	after.cycles += GHZ;
	row = worker_row(&before, &after);
	assert_int_equal(integer(row, "numa_node"), 1);
	assert_float_equal(real(row, "busy_percent"), 0, 1e-6);
	assert_int_equal(integer(row, "packets_per_s"), 0);
	has_null(row, "packets_per_burst");
	has_null(row, "cycles_per_packet");
	has_null(row, "cycles_route");
	json_decref(row);
	/* The same reading twice: a worker that has not started. */
	row = worker_row(&before, &before);
	has_null(row, "busy_percent");
	has_null(row, "packets_per_s");
	json_decref(row);
}

static const char *name_at(const json_t *rows, size_t index)
{
	return json_string_value(json_object_get(json_array_get(rows, index), "name"));
}

static void memory_is_sorted_and_split(void **state)
{
	struct api_memory consumers[] = {{"packets-0", 500, 3, 8191},
		{"vrf private.small", 30, 2, 0}, {"routes", 0, 9, 100}};
	struct api_vrf vrfs[] = {{.name = "private.small",
					 .routes4 = 1,
					 .routes6 = 1,
					 .routes_max = 64,
					 .fib_bytes = 20,
					 .rib_bytes = 10},
		{.name = "vnet.big",
			.routes4 = 7,
			.routes_max = 64,
			.fib_bytes = 900,
			.rib_bytes = 70}};
	struct dump memory = {.object = API_MEMORY, .rows = consumers, .count = 3};
	struct dump domains = {.object = API_VRF, .rows = vrfs, .count = 2};
	json_t *rows = memory_rows(&memory, &domains), *total = memory_total(rows);

	assert_int_equal(json_array_size(rows), 4);
	assert_string_equal(name_at(rows, 0), "vrf vnet.big");
	assert_string_equal(name_at(rows, 1), "packets-0");
	assert_string_equal(name_at(rows, 2), "vrf private.small");
	assert_string_equal(name_at(rows, 3), "routes");
	assert_int_equal(integer(json_array_get(rows, 0), "used_bytes"), 970);
	assert_int_equal(integer(json_array_get(rows, 0), "fib_bytes"), 900);
	assert_int_equal(integer(json_array_get(rows, 2), "rib_bytes"), 10);
	assert_int_equal(integer(json_array_get(rows, 2), "used"), 2);
	assert_int_equal(integer(json_array_get(rows, 2), "capacity"), 64);
	has_null(json_array_get(rows, 1), "fib_bytes");
	assert_int_equal(integer(json_array_get(rows, 3), "capacity"), 100);
	assert_int_equal(integer(total, "used_bytes"), 970 + 500 + 30);
	assert_int_equal(integer(total, "fib_bytes"), 920);
	json_decref(rows);
	json_decref(total);
}

/* ---- paths and groups ---- */

static struct api_interface links[] = {{.id = 1, .name = "contoso/private/primary"},
	{.id = 2, .name = "contoso/private/secondary"}};
static struct api_path paths[] = {{.id = 1,
					  .interface = 1,
					  .family = AF_INET,
					  .address = {192, 0, 2, 1},
					  .down = API_PATH_BFD | API_PATH_CARRIER,
					  .last_cause = API_PATH_CARRIER,
					  .changes = 3,
					  .changed_us = 2000000},
	{.id = 7, .interface = 2, .family = AF_INET, .address = {198, 51, 100, 1}}};
static struct api_adjacency neighbours[] = {
	{.id = 3,
		.interface = 1,
		.family = AF_INET,
		.resolved = 1,
		.address = {192, 0, 2, 1},
		.path = 1},
	{.id = 9,
		.interface = 2,
		.family = AF_INET,
		.resolved = 1,
		.address = {198, 51, 100, 1},
		.path = 7},
	{.id = 12, .interface = 2, .family = AF_INET, .address = {198, 51, 100, 9}},
};
static struct api_group groups[] = {{.id = 16, .count = 2, .adjacencies = {3, 9}},
	{.id = 17, .count = 1, .adjacencies = {3}}, {.id = 18, .count = 2, .adjacencies = {3, 12}}};
static const struct liveness liveness = {
	.groups = {.object = API_GROUP, .rows = groups, .count = 3},
	.adjacencies = {.object = API_ADJACENCY, .rows = neighbours, .count = 3},
	.interfaces = {.object = API_INTERFACE, .rows = links, .count = 2},
	.paths = {.object = API_PATH, .rows = paths, .count = 2},
};

static const char *text(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static const char *first(const json_t *row, const char *key)
{
	return json_string_value(json_array_get(json_object_get(row, key), 0));
}

static void paths_say_why_and_who_uses_them(void **state)
{
	json_t *rows = path_rows(&liveness, 3500000), *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(text(row, "link"), "contoso/private/primary");
	assert_string_equal(text(row, "family"), "ipv4");
	assert_string_equal(text(row, "peer"), "192.0.2.1");
	assert_string_equal(text(row, "state"), "down");
	assert_int_equal(json_array_size(json_object_get(row, "causes")), 2);
	assert_string_equal(first(row, "causes"), "bfd");
	assert_string_equal(text(row, "last_cause"), "carrier");
	assert_float_equal(real(row, "age_s"), 1.5, 1e-6);
	assert_int_equal(integer(row, "changes"), 3);
	assert_int_equal(integer(row, "groups"), 3);
	assert_int_equal(integer(row, "used"), 0);
	row = json_array_get(rows, 1);
	assert_string_equal(text(row, "state"), "live");
	assert_int_equal(json_array_size(json_object_get(row, "causes")), 0);
	assert_int_equal(integer(row, "groups"), 1);
	assert_int_equal(integer(row, "used"), 1);
	json_decref(rows);
}

/* Drained, it is used where nothing better is left. */
static void drained_paths_are_the_last_resort(void **state)
{
	json_t *rows;

	paths[0].down = API_PATH_DRAIN;
	rows = path_rows(&liveness, 3500000);
	assert_string_equal(text(json_array_get(rows, 0), "state"), "drained");
	/* Alone, or beside a neighbour that is not resolved. */
	assert_int_equal(integer(json_array_get(rows, 0), "used"), 2);
	paths[0].down = API_PATH_BFD | API_PATH_CARRIER;
	json_decref(rows);
}

static void groups_name_what_they_use_and_why_not_the_rest(void **state)
{
	json_t *rows = group_rows(&liveness), *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(integer(row, "group"), 16);
	assert_string_equal(first(row, "used"), "contoso/private/secondary");
	assert_string_equal(first(row, "unused"), "contoso/private/primary: down bfd carrier");
	assert_int_equal(json_array_size(json_object_get(row, "members")), 2);
	row = json_array_get(rows, 1);
	assert_int_equal(json_array_size(json_object_get(row, "used")), 0);
	row = json_array_get(json_object_get(json_array_get(rows, 2), "members"), 1);
	assert_string_equal(text(row, "neighbour"), "198.51.100.9");
	assert_string_equal(text(row, "state"), "unresolved");
	assert_true(json_is_false(json_object_get(row, "used")));
	json_decref(rows);
}

/* ---- failure tests ---- */

static void durations_of_tests(void **state)
{
	static const char *const wrong[] = {"", "0s", "s", "10", "-1s", "1d", "1.5h", "10ms",
		"86401s", "25h", "1441m", "99999999999999999999s", " 1s", "1s "};
	static const struct {
		const char *text;
		uint32_t seconds;
	} right[] = {{"1s", 1}, {"90s", 90}, {"10m", 600}, {"2h", 7200}, {"24h", 86400},
		{"86400s", 86400}};
	uint32_t seconds;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(link_test_duration(wrong[i], &seconds));
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_true(link_test_duration(right[i].text, &seconds));
		assert_int_equal(seconds, right[i].seconds);
	}
}

static void tests_say_what_they_cost(void **state)
{
	struct api_link_test tests[] = {{.interface = 2,
						.seconds = 10,
						.running = 1,
						.moved_ms = API_LINK_TEST_NOT,
						.loss_in_ms = 7,
						.loss_out_ms = 95,
						.age_us = 2500000,
						.left_us = 7500000,
						.lasted_us = 2500000,
						.dropped_in = 3,
						.dropped_out = 4,
						.dropped_control = 5},
		{.interface = 9, .moved_ms = 95}};
	struct dump dump = {.object = API_LINK_TEST, .rows = tests, .count = 2};
	json_t *rows = link_test_rows(&dump, &liveness.interfaces), *row = json_array_get(rows, 0);

	assert_string_equal(text(row, "link"), "contoso/private/secondary");
	assert_string_equal(text(row, "state"), "running");
	assert_float_equal(real(row, "left_s"), 7.5, 1e-6);
	assert_int_equal(integer(row, "loss_in_ms"), 7);
	assert_int_equal(integer(row, "loss_out_ms"), 95);
	assert_int_equal(integer(row, "lost_in"), 3);
	assert_int_equal(integer(row, "lost_out"), 4);
	assert_int_equal(integer(row, "lost_control"), 5);
	has_null(row, "moved_ms");
	row = json_array_get(rows, 1);
	assert_string_equal(text(row, "state"), "ended");
	assert_int_equal(integer(row, "moved_ms"), 95);
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(worker_rates_are_of_the_time_between),
		cmocka_unit_test(idle_worker_has_no_averages),
		cmocka_unit_test(memory_is_sorted_and_split),
		cmocka_unit_test(paths_say_why_and_who_uses_them),
		cmocka_unit_test(drained_paths_are_the_last_resort),
		cmocka_unit_test(groups_name_what_they_use_and_why_not_the_rest),
		cmocka_unit_test(durations_of_tests), cmocka_unit_test(tests_say_what_they_cost)};

	return cmocka_run_group_tests_name("cli_shows", tests, NULL, NULL);
}
