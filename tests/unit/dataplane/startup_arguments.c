/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's arguments and the size of the packet buffers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/startup/arguments.h"
#include "dataplane/startup/buffers.h"

static struct arguments arguments;

static const struct api_startup typical = {
	.worker_count = 2,
	.worker_cpus = {2, 5},
	.control_cpu_count = 2,
	.control_cpus = {0, 1},
	.memory_mb = 512,
	.hugepages = 1,
	.mtu_max = 1500,
};

/* Index of an argument, 0 (the program) when absent. */
static int position(const char *argument)
{
	for (int i = 1; i < arguments.argc; i++) {
		if (strcmp(arguments.argv[i], argument) == 0)
			return i;
	}
	return 0;
}

static void names_cpus_and_memory(void **state)
{
	assert_int_equal(arguments_build(&typical, "onramp-7", &arguments), 0);
	assert_string_equal(arguments.argv[position("--lcores") + 1], "0@(0,1),1@2,2@5");
	assert_string_equal(arguments.argv[position("-m") + 1], "512");
	assert_true(position("--main-lcore=0"));
	assert_true(position("--file-prefix=onramp-7"));
	assert_true(position("--in-memory"));
	assert_true(position("--no-pci"));
	assert_true(position("--no-telemetry"));
	assert_true(position("--force-max-simd-bitwidth=512"));
	assert_false(position("--no-huge"));
	assert_null(arguments.argv[arguments.argc]);
}

static void one_cpu_may_carry_all(void **state)
{
	struct api_startup small = typical;

	small.worker_count = 1;
	small.worker_cpus[0] = 0;
	small.control_cpu_count = 1;
	assert_int_equal(arguments_build(&small, "x", &arguments), 0);
	assert_string_equal(arguments.argv[position("--lcores") + 1], "0@(0),1@0");
}

static void without_hugepages_not_in_memory(void **state)
{
	struct api_startup slow = typical;

	slow.hugepages = 0;
	assert_int_equal(arguments_build(&slow, "x", &arguments), 0);
	assert_true(position("--no-huge"));
	assert_true(position("--no-shconf"));
	assert_false(position("--in-memory"));
}

/* With the bus open EAL must not take devices that nobody named. */
static void pci_only_by_name(void **state)
{
	struct api_startup real = typical;

	real.pci = 1;
	assert_int_equal(arguments_build(&real, "x", &arguments), 0);
	assert_false(position("--no-pci"));
	assert_true(position("--allow=0000:00:00.0"));
}

static void all_cpus_fit(void **state)
{
	struct api_startup large = typical;

	large.worker_count = large.control_cpu_count = API_CPUS_MAX;
	for (uint32_t i = 0; i < API_CPUS_MAX; i++)
		large.worker_cpus[i] = large.control_cpus[i] = 960 + i;
	assert_int_equal(arguments_build(&large, "x", &arguments), 0);
	assert_non_null(strstr(arguments.argv[position("--lcores") + 1], ",64@1023"));
	assert_true(position("--no-telemetry"));
}

static void refuses_what_does_not_fit(void **state)
{
	char prefix[ARGUMENTS_TEXT];

	memset(prefix, 'x', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	assert_int_equal(arguments_build(&typical, prefix, &arguments), -ENOSPC);
}

/* Headroom 128, frame = MTU + 14 + 2 tags + 4, in whole kilobytes and at least two. */
static void buffers_hold_the_largest_frame(void **state)
{
	struct api_startup jumbo = typical;

	assert_int_equal(buffers_plan(&typical, 1).data_room, 2048 + 128);
	jumbo.mtu_max = 9216;
	assert_int_equal(buffers_plan(&jumbo, 1).data_room, 10240 + 128);
	jumbo.mtu_max = 2048 - 26;
	assert_int_equal(buffers_plan(&jumbo, 1).data_room, 2048 + 128);
	jumbo.mtu_max = 2048 - 25;
	assert_int_equal(buffers_plan(&jumbo, 1).data_room, 3072 + 128);
}

static void buffers_take_half_of_the_memory(void **state)
{
	struct buffers_plan one = buffers_plan(&typical, 1), two = buffers_plan(&typical, 2);
	uint64_t half = 256ull << 20;

	assert_true((uint64_t)one.count * one.element_bytes <= half);
	assert_true((uint64_t)(one.count + 1) * one.element_bytes > half);
	assert_in_range(two.count, one.count / 2 - 1, one.count / 2 + 1);
	assert_true(one.element_bytes >= 2048 + 128 + 128 + 16);
	assert_true(one.count > one.count_min);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_cpus_and_memory),
		cmocka_unit_test(one_cpu_may_carry_all),
		cmocka_unit_test(without_hugepages_not_in_memory),
		cmocka_unit_test(pci_only_by_name),
		cmocka_unit_test(all_cpus_fit),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(buffers_hold_the_largest_frame),
		cmocka_unit_test(buffers_take_half_of_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
