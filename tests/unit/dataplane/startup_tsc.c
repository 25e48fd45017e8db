/* SPDX-License-Identifier: BSD-3-Clause */
/* The time-stamp counter's rate: from given moments, and this machine's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/startup/tsc.h"

#define HZ UINT64_C(2445427000)
#define ROUNDED UINT64_C(2450000000)
#define S UINT64_C(1000000000)

static uint64_t hz_of(uint64_t cycles, uint64_t ns)
{
	const struct tsc_moment earlier = {.tsc = UINT64_MAX - 1000, .ns = 5 * S};
	const struct tsc_moment later = {.tsc = earlier.tsc + cycles, .ns = earlier.ns + ns};

	return tsc_hz(&earlier, &later, ROUNDED);
}

static void what_passed_on_both_clocks(void **state)
{
	assert_int_equal(hz_of(HZ, S), HZ);
	assert_int_equal(hz_of(HZ / 10, S / 10), HZ);
	/* A week, and a counter that wraps. */
	assert_int_equal(hz_of(HZ * 604800, S * 604800), HZ);
}

static void a_clock_that_jumped_is_not_believed(void **state)
{
	assert_int_equal(hz_of(HZ, 2 * S), ROUNDED);
	assert_int_equal(hz_of(2 * HZ, S), ROUNDED);
	assert_int_equal(hz_of(0, S), ROUNDED);
	assert_int_equal(hz_of(HZ, 0), ROUNDED);
	/* The bounds: 1 % either way. */
	assert_int_equal(hz_of(ROUNDED / 100 * 99, S), ROUNDED / 100 * 99);
	assert_int_equal(hz_of(ROUNDED / 100 * 101, S), ROUNDED / 100 * 101);
	assert_int_equal(hz_of(ROUNDED / 100 * 101 + 1, S), ROUNDED);
}

/* Two measurements of this machine's counter agree within 0.01 %. */
static void this_machine(void **state)
{
	struct tsc_moment moments[3];
	uint64_t hz[2];

	moments[0] = tsc_moment();
	for (unsigned int i = 0; i < 2; i++) {
		moments[i + 1] = tsc_moment_after(&moments[i]);
		assert_true(moments[i + 1].ns - moments[i].ns >= TSC_SPAN_NS);
	}
	for (unsigned int i = 0; i < 2; i++)
		hz[i] = (unsigned __int128)(moments[i + 1].tsc - moments[i].tsc) * S /
			(moments[i + 1].ns - moments[i].ns);
	assert_in_range(hz[1], hz[0] - hz[0] / 10000, hz[0] + hz[0] / 10000);
	assert_int_equal(tsc_hz(&moments[0], &moments[1], hz[0]), hz[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_passed_on_both_clocks),
		cmocka_unit_test(a_clock_that_jumped_is_not_believed),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
