/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a scrape says: families whole and in one piece, names as labels, nothing made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/metrics/collect.h"

static void assert_line(const struct metrics *metrics, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = metrics->text; (at = strstr(at, line)) != NULL; at++)
		if ((at == metrics->text || at[-1] == '\n') && at[length] == '\n')
			return;
	fail_msg("no line '%s' in:\n%s", line, metrics->text);
}

static void assert_no(const struct metrics *metrics, const char *text)
{
	if (strstr(metrics->text, text) != NULL)
		fail_msg("'%s' is in:\n%s", text, metrics->text);
}

static void test_samples(void **state)
{
	const struct metrics_label labels[] = {
		{"a", "1"}, {"left_out", ""}, {"b", NULL}, {"c", "back\\slash, \"quote\"\nline"}};
	struct metrics metrics = {0};

	metrics_family(&metrics, "onramp_x", METRICS_COUNTER, "Two\nlines.");
	metrics_add(&metrics, labels, 4, UINT64_MAX);
	metrics_family(&metrics, "onramp_y", METRICS_GAUGE, "Y.");
	metrics_add_real(&metrics, NULL, 0, 0.25);
	metrics_family(&metrics, "onramp_z", METRICS_INFO, "Z.");
	metrics_add(&metrics, labels, 1, 1);
	metrics_end(&metrics);
	assert_string_equal(metrics.text,
		"# TYPE onramp_x counter\n# HELP onramp_x Two\\nlines.\n"
		"onramp_x_total{a=\"1\",c=\"back\\\\slash, \\\"quote\\\"\\nline\"} "
		"18446744073709551615\n"
		"# TYPE onramp_y gauge\n# HELP onramp_y Y.\nonramp_y 0.25\n"
		"# TYPE onramp_z info\n# HELP onramp_z Z.\nonramp_z_info{a=\"1\"} 1\n"
		"# EOF\n");
	assert_int_equal(metrics.length, strlen(metrics.text));
	metrics_free(&metrics);
}

static void test_grows(void **state)
{
	struct metrics metrics = {0};

	metrics_family(&metrics, "onramp_many", METRICS_GAUGE, "Many.");
	for (unsigned int i = 0; i < 20000; i++)
		metrics_add(&metrics, NULL, 0, i);
	assert_false(metrics.no_memory);
	assert_line(&metrics, "onramp_many 0");
	assert_line(&metrics, "onramp_many 19999");
	metrics_free(&metrics);
}

static void assert_labels(const char *name, const char *expected)
{
	struct metrics metrics = {0};
	struct link_labels labels;
	char line[200];

	link_labels_of(name, &labels);
	metrics_family(&metrics, "x", METRICS_GAUGE, "");
	metrics_add(&metrics, labels.labels, LINK_LABELS, 1);
	snprintf(line, sizeof(line), "x{%s} 1", expected);
	assert_line(&metrics, line);
	metrics_free(&metrics);
}

static void test_names(void **state)
{
	assert_labels("contoso/private/primary",
		"circuit=\"contoso\",peering=\"private\",link=\"primary\"");
	assert_labels("vnet-a/core", "network=\"vnet-a\",link=\"core\"");
	assert_labels("odd", "network=\"odd\"");
}

#define DUMP(object, array)                                        \
	{                                                          \
		object, array, sizeof(array) / sizeof((array)[0]), \
			sizeof(array) / sizeof((array)[0]), false  \
	}

static void test_dataplane(void **state)
{
	struct api_interface_counters links[] = {
		{.interface = 0, .port = 1, .ledger = {.rx = 99}},
		{.interface = 7,
			.name = "contoso/private/primary",
			.circuit = "contoso",
			.ledger = {.rx = 10, .tx = 20, .rx_bytes = 1000, .punt = 3, .injected = 4}},
	};
	struct api_path paths[] = {{.id = 1, .interface = 7, .family = AF_INET, .changes = 2},
		{.id = 2, .interface = 7, .family = AF_INET6, .down = API_PATH_BFD},
		{.id = 3, .interface = 7, .family = AF_INET6, .down = API_PATH_DRAIN}};
	struct api_bfd_session sessions[] = {
		{.interface = 7, .family = AF_INET, .state = 3, .local_discriminator = 5, .rx = 8},
		{.interface = 7, .family = AF_INET}};
	struct api_port ports[] = {{.name = "cust", .link_up = 1}};
	struct api_port_counters counters[] = {{.name = "cust", .rx = 5, .rx_missed = 6}};
	struct api_worker workers[] = {
		{.cpu = 3, .tsc_hz = 1000, .cycles = 5000, .busy_cycles = 2500, .packets = 11}};
	struct api_vrf domains[] = {{.name = "private.contoso", .routes4 = 12, .fib_bytes = 64}};
	struct tables tables = {DUMP(API_INTERFACE_COUNTERS, links), DUMP(API_PORT, ports),
		DUMP(API_PORT_COUNTERS, counters), DUMP(API_WORKER, workers), DUMP(API_PATH, paths),
		DUMP(API_BFD_SESSION, sessions), DUMP(API_VRF, domains)};
	const char *link = "circuit=\"contoso\",peering=\"private\",link=\"primary\"";
	struct metrics metrics = {0};
	char line[300];
	const struct {
		const char *name, *more;
		unsigned int value;
	} expected[] = {
		{"onramp_link_packets_total", "direction=\"in\"", 10},
		{"onramp_link_packets_total", "direction=\"out\"", 20},
		{"onramp_link_bytes_total", "direction=\"in\"", 1000},
		{"onramp_link_control_packets_total", "direction=\"in\"", 3},
		{"onramp_link_control_packets_total", "direction=\"out\"", 4},
		{"onramp_link_dropped_packets_total", "direction=\"in\",reason=\"ttl-expired\"", 9},
		{"onramp_link_dropped_bytes_total", "direction=\"in\"", 900},
		{"onramp_link_dropped_bytes_total", "direction=\"out\"", 7},
		{"onramp_path_up", "family=\"ipv4\"", 1},
		{"onramp_path_up", "family=\"ipv6\"", 0},
		{"onramp_path_drained", "family=\"ipv6\"", 1},
		{"onramp_path_changes_total", "family=\"ipv4\"", 2},
		{"onramp_bfd_up", "family=\"ipv4\"", 1},
		{"onramp_bfd_received_packets_total", "family=\"ipv4\"", 8},
	};

	links[1].ledger.drops[API_DROP_TTL_EXPIRED] = 9;
	links[1].ledger.dropped_bytes[API_DROP_IN] = 900;
	links[1].ledger.dropped_bytes[API_DROP_OUT] = 7;
	collect_tables(&metrics, &tables);
	for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		snprintf(line, sizeof(line), "%s{%s,%s} %u", expected[i].name, link,
			expected[i].more, expected[i].value);
		assert_line(&metrics, line);
	}
	assert_line(&metrics, "onramp_port_up{port=\"cust\"} 1");
	assert_line(&metrics, "onramp_port_missed_packets_total{port=\"cust\",direction=\"in\"} 6");
	assert_line(&metrics, "onramp_worker_packets_total{cpu=\"3\"} 11");
	assert_line(&metrics, "onramp_worker_seconds_total{cpu=\"3\"} 5");
	assert_line(&metrics, "onramp_worker_busy_seconds_total{cpu=\"3\"} 2.5");
	assert_line(
		&metrics, "onramp_domain_routes{domain=\"private.contoso\",family=\"ipv4\"} 12");
	assert_no(&metrics, " 99\n");
	metrics_free(&metrics);
}

static void test_control(void **state)
{
	json_t *circuits = json_pack("[{s:s, s:s, s:I}]", "name", "contoso", "tier", "standard",
		"bandwidth_bps", (json_int_t)1000000000);
	json_t *bgp = json_pack("[{s:s, s:s, s:s, s:s, s:i, s:i}, {s:s, s:s, s:s, s:s, s:n}]",
		"peering", "contoso/private", "link", "primary", "family", "ipv4", "state",
		"Established", "accepted", 5, "uptime_s", 60, "peering", "vnet-a", "link", "core",
		"family", "ipv6", "state", "Active", "accepted");
	struct metrics metrics = {0};

	collect_circuits(&metrics, circuits);
	collect_bgp(&metrics, bgp);
	assert_line(&metrics,
		"onramp_circuit_bandwidth_bits_per_second{circuit=\"contoso\",tier=\"standard\"} "
		"1000000000");
	assert_line(&metrics, "onramp_bgp_up{circuit=\"contoso\",peering=\"private\","
			      "link=\"primary\",family=\"ipv4\"} 1");
	assert_line(&metrics, "onramp_bgp_up{network=\"vnet-a\",link=\"core\",family=\"ipv6\"} 0");
	assert_line(&metrics,
		"onramp_bgp_accepted_prefixes{circuit=\"contoso\",peering=\"private\","
		"link=\"primary\",family=\"ipv4\"} 5");
	assert_no(&metrics, "onramp_bgp_accepted_prefixes{network");
	json_decref(circuits);
	json_decref(bgp);
	metrics_free(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_dataplane),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
