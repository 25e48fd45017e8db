/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every judgement of the preflight, on machines that are made up: what is refused, and that the
 * sentence says what was found, what is needed and the command that mends it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/startup/buffers.h"
#include "dataplane/startup/preflight.h"

static struct api_startup startup;
static struct preflight_facts facts;
static char text[sizeof(((struct api_ack *)0)->text)];
static char advice[1024];

/* A machine and a wish that fit: workers on CPUs 2 and 3, control on 0 and 1. */
static int set_up(void **state)
{
	startup = (struct api_startup){
		.worker_count = 2,
		.worker_cpus = {2, 3},
		.control_cpu_count = 2,
		.control_cpus = {0, 1},
		.memory_mb = 1024,
		.hugepages = 1,
		.mtu_max = 1500,
	};
	memset(&facts, 0, sizeof(facts));
	for (int cpu = 0; cpu < 4; cpu++)
		CPU_SET(cpu, &facts.allowed);
	facts.hugepages_free_mb = 1024;
	facts.hugepages_2m_total = 512;
	facts.memory_available_mb = 4096;
	facts.tun = true;
	facts.files_max = PREFLIGHT_FILES;
	advice[0] = '\0';
	text[0] = '\0';
	return 0;
}

static void assert_taught(int error, const char *found, const char *needed, const char *mend)
{
	assert_int_equal(preflight_check(&startup, &facts, text, sizeof(text)), error);
	if (!strstr(text, found) || !strstr(text, needed) || !strstr(text, mend))
		fail_msg("'%s' lacks one of '%s', '%s', '%s'", text, found, needed, mend);
	/* A cut sentence would lose its end, which is the command. */
	assert_true(strlen(text) < sizeof(text) - 1);
}

static void collect(const char *sentence)
{
	strncat(advice, sentence, sizeof(advice) - strlen(advice) - 2);
	strcat(advice, "\n");
}

static void accepts_what_fits(void **state)
{
	assert_int_equal(preflight_check(&startup, &facts, text, sizeof(text)), 0);
	preflight_advise(&startup, &facts, collect);
	assert_string_equal(advice, "");
}

static void refuses_too_few_hugepages(void **state)
{
	facts.hugepages_free_mb = 24;
	facts.hugepages_2m_total = 12;
	/* 1000 MB short: 500 pages on top of the 12. */
	assert_taught(
		-ENOMEM, "24 MB free", "1024 MB needed", "echo 512 > /proc/sys/vm/nr_hugepages");

	facts.hugepages_free_mb = 1023;
	facts.hugepages_2m_total = 700; /* others use some */
	assert_taught(-ENOMEM, "1023 MB free", "1024 MB needed", "echo 701 >");
}

static void counts_memory_without_hugepages(void **state)
{
	startup.hugepages = 0;
	facts.hugepages_free_mb = 0;
	assert_int_equal(preflight_check(&startup, &facts, text, sizeof(text)), 0);
	facts.memory_available_mb = 1000;
	assert_taught(-ENOMEM, "1000 MB available", "1024 MB needed", "memory: {size:");
	preflight_advise(&startup, &facts, collect);
	assert_non_null(strstr(advice, "without hugepages"));
}

static void refuses_memory_that_holds_too_few_buffers(void **state)
{
	uint32_t least = buffers_memory_min_mb(&startup);
	char mend[32];

	startup.memory_mb = least;
	assert_int_equal(preflight_check(&startup, &facts, text, sizeof(text)), 0);
	startup.memory_mb = least - 1;
	snprintf(mend, sizeof(mend), "memory: {size: %uM}", least);
	assert_taught(-ENOMEM, "MB given", "2 worker(s) with packets of 1500 bytes", mend);
}

static void refuses_cpus_it_may_not_use(void **state)
{
	CPU_CLR(3, &facts.allowed);
	assert_taught(-ENODEV, "0-2 only", "CPU 3", "cores: {workers:");
	set_up(NULL);
	CPU_CLR(1, &facts.allowed);
	assert_taught(-ENODEV, "0,2-3 only", "CPU 1", "cores: {control:");
	set_up(NULL);
	startup.worker_cpus[0] = UINT32_MAX;
	assert_taught(-ENODEV, "0-3 only", "CPU 4294967295", "cores: {workers:");
}

static void refuses_no_worker_and_double_worker(void **state)
{
	startup.worker_count = 0;
	assert_taught(-EINVAL, "no workers CPU", "at least one", "cores: {workers: [");
	set_up(NULL);
	startup.control_cpu_count = 0;
	assert_taught(-EINVAL, "no control CPU", "at least one", "cores: {control: [");
	set_up(NULL);
	startup.worker_cpus[1] = 2;
	assert_taught(-EINVAL, "CPU 2", "one of its own", "cores: {workers: [");
	set_up(NULL);
	startup.worker_count = API_CPUS_MAX + 1;
	assert_taught(-EINVAL, "65 workers CPUs", "64", "possible");
}

static void refuses_wrong_numbers(void **state)
{
	startup.mtu_max = 9217;
	assert_taught(-EINVAL, "9217", "1280", "9216");
	startup.mtu_max = 1279;
	assert_taught(-EINVAL, "1279", "1280", "9216");
	set_up(NULL);
	startup.idle_sleep_us = 1000000;
	assert_taught(-EINVAL, "1000000 us", "10000 us", "cores: {idle:");
}

static void refuses_a_machine_without_tun(void **state)
{
	facts.tun = false;
	assert_taught(-ENODEV, "cannot be opened", "/dev/net/tun", "modprobe tun");
}

static void advises_against_shared_cpus(void **state)
{
	startup.control_cpus[0] = 2;
	preflight_advise(&startup, &facts, collect);
	assert_non_null(
		strstr(advice, "CPU 2 is worker and control at once while 0-1 has no worker"));

	set_up(NULL);
	startup.worker_cpus[0] = 0;
	startup.worker_cpus[1] = 1;
	CPU_CLR(2, &facts.allowed);
	CPU_CLR(3, &facts.allowed);
	assert_int_equal(preflight_check(&startup, &facts, text, sizeof(text)), 0);
	preflight_advise(&startup, &facts, collect);
	assert_non_null(strstr(advice, "CPU 0 is worker and control at once, no other is left"));
}

static void advises_on_few_files(void **state)
{
	facts.files_max = 1024;
	preflight_advise(&startup, &facts, collect);
	assert_non_null(strstr(advice, "1024 open files allowed"));
	assert_non_null(strstr(advice, "LimitNOFILE="));
}

static void gathers_this_machine(void **state)
{
	struct preflight_facts here;

	preflight_gather(&here);
	assert_true(CPU_COUNT(&here.allowed) > 0);
	assert_true(here.memory_available_mb > 0);
	assert_true(here.files_max > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(accepts_what_fits, set_up),
		cmocka_unit_test_setup(refuses_too_few_hugepages, set_up),
		cmocka_unit_test_setup(counts_memory_without_hugepages, set_up),
		cmocka_unit_test_setup(refuses_memory_that_holds_too_few_buffers, set_up),
		cmocka_unit_test_setup(refuses_cpus_it_may_not_use, set_up),
		cmocka_unit_test_setup(refuses_no_worker_and_double_worker, set_up),
		cmocka_unit_test_setup(refuses_wrong_numbers, set_up),
		cmocka_unit_test_setup(refuses_a_machine_without_tun, set_up),
		cmocka_unit_test_setup(advises_against_shared_cpus, set_up),
		cmocka_unit_test_setup(advises_on_few_files, set_up),
		cmocka_unit_test_setup(gathers_this_machine, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
