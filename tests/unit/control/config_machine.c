/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edge.yaml: what is only this machine's, its defaults, and each mistake by line and field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/config/machine.h"
#include "tests/unit/control/config_support.h"

static struct machine good(const char *document)
{
	struct config_findings findings;
	struct machine machine;
	int error = machine_load(document, strlen(document), &machine, &findings);

	if (error != 0)
		findings_dump(&findings);
	assert_int_equal(error, 0);
	assert_int_equal(findings.count, 0);
	config_findings_free(&findings);
	return machine;
}

static void has_defaults_for_all_but_the_name(void **state)
{
	struct machine machine = good("edge: fra1-a\n");

	assert_string_equal(machine.edge, "fra1-a");
	assert_string_equal(machine.state_dir, "/var/lib/onramp");
	assert_int_equal(machine.stale_s, 180);
	assert_int_equal(machine.sample_s, 10);
	assert_false(machine.has_cores);
	assert_false(machine.has_memory);
}

static void says_everything(void **state)
{
	struct machine machine = good("edge: fra1-b\nstate_dir: /srv/onramp\nstale_time: 300\n"
				      "sample_time: 5\nmemory: {size: 4G, hugepages: false}\n"
				      "cores: {workers: [4, 5], control: [1], idle: 50us}\n");
	struct site_edge edge = {.worker_cpus = {1}, .worker_cpu_count = 1, .memory_mb = 64};

	assert_string_equal(machine.state_dir, "/srv/onramp");
	assert_int_equal(machine.stale_s, 300);
	assert_int_equal(machine.sample_s, 5);
	machine_apply(&machine, &edge);
	assert_int_equal(edge.worker_cpu_count, 2);
	assert_int_equal(edge.worker_cpus[1], 5);
	assert_int_equal(edge.control_cpus[0], 1);
	assert_int_equal(edge.idle_sleep_us, 50);
	assert_int_equal(edge.memory_mb, 4096);
	assert_false(edge.hugepages);
}

static void knows_whom_to_ask(void **state)
{
	struct machine machine =
		good("edge: fra1-b\nvalidation: {registry: /srv/registry.csv, vrps: /srv/json}\n");

	assert_string_equal(machine.validation.registry, "/srv/registry.csv");
	assert_string_equal(machine.validation.vrps, "/srv/json");
	machine = good("edge: fra1-b\nvalidation: {rtr: {host: rpki.example}}\n");
	assert_string_equal(machine.validation.rtr_host, "rpki.example");
	assert_int_equal(machine.validation.rtr_port, 323); /* RFC 8210 section 9.1 */
	machine = good("edge: fra1-b\n");
	assert_string_equal(machine.validation.registry, "");
	assert_string_equal(machine.validation.rtr_host, "");
}

static void leaves_the_site_its_own(void **state)
{
	struct machine machine = good("edge: fra1-b\nmemory: {size: 128M}\n");
	struct site_edge edge = {.worker_cpus = {1}, .worker_cpu_count = 1, .memory_mb = 64};

	machine_apply(&machine, &edge);
	assert_int_equal(edge.worker_cpu_count, 1);
	assert_int_equal(edge.memory_mb, 128);
	assert_true(edge.hugepages);
}

static const struct {
	const char *document;
	unsigned int line;
	const char *field, *found, *remedy;
} mistakes[] = {
	{"", 1, "", "empty", "edge: fra1-a"},
	{"stale_time: 10\n", 1, "edge", "missing", "edge: fra1-a"},
	{"edge: Fra\n", 1, "edge", "Fra", "a-z"},
	{"edge: a\nstate_dir: srv\n", 2, "state_dir", "srv", "/srv/onramp"},
	{"edge: a\nstale_time: 0\n", 2, "stale_time", "0", "1 to 3600"},
	{"edge: a\nsample_time: 7\n", 2, "sample_time", "7", "10"},
	{"edge: a\nsite: lab\n", 2, "site", "site", "state_dir"},
	{"edge: a\ncores: {workers: [1], control: [1]}\n", 2, "cores.control", "CPU 1", "idle"},
	{"edge: a\ncores: {workers: [1]}\n", 2, "cores.control", "missing", "control:"},
	{"edge: a\nmemory: {size: 1M}\n", 2, "memory.size", "1M", "64M"},
	{"edge: a\nvalidation: {registry: file}\n", 2, "validation.registry", "\"file\"",
		"/etc/onramp/registry.csv"},
	{"edge: a\nvalidation:\n  vrps: ./json\n", 3, "validation.vrps", "./json",
		"/var/lib/rpki-client/json"},
	{"edge: a\nvalidation: {rtr: {port: 323}}\n", 2, "validation.rtr.host", "missing",
		"host: 192.0.2.53"},
	{"edge: a\nvalidation: {rtr: {host: a, port: 0}}\n", 2, "validation.rtr.port", "0",
		"1 to 65535"},
	{"edge: a\nvalidation: yes\n", 2, "validation", "a single value", "registry"},
};

static void refuses_each_mistake(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config_findings findings;
		struct machine machine;
		const char *document = mistakes[i].document;

		assert_int_equal(
			machine_load(document, strlen(document), &machine, &findings), -22);
		if (finding_search(&findings, mistakes[i].line, mistakes[i].field,
			    mistakes[i].found, mistakes[i].remedy) == NULL) {
			findings_dump(&findings);
			fail_msg("not found for %s", document);
		}
		config_findings_free(&findings);
	}
}

/* A path that does not fit must not be cut. */
static void refuses_a_path_that_is_too_long(void **state)
{
	char document[512] = "edge: a\nstate_dir: /";
	struct config_findings findings;
	struct machine machine;

	memset(document + strlen(document), 'x', 300);
	assert_int_equal(machine_load(document, strlen(document), &machine, &findings), -22);
	assert_non_null(finding_search(&findings, 2, "state_dir", "301 characters", "255"));
	config_findings_free(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults_for_all_but_the_name),
		cmocka_unit_test(says_everything),
		cmocka_unit_test(knows_whom_to_ask),
		cmocka_unit_test(leaves_the_site_its_own),
		cmocka_unit_test(refuses_each_mistake),
		cmocka_unit_test(refuses_a_path_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
