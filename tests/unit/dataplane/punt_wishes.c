/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wishes for neighbours: what control hears of what packets ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_eal.h>

#include "dataplane/punt/internal.h"
#include "dataplane/punt/punt.h"

enum { LINK = 7, OTHER = 8, DEADLINE_MS = 10000 };

/* The period in which a wish is not repeated, and how many different ones a link may make in it. */
enum { PERIOD_MS = 100, PER_PERIOD = 16 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Budgets grow with time, and nothing else tells that they did. */
static void wait_ms(uint64_t ms)
{
	uint64_t end = now_ms() + ms + 1;

	while (now_ms() < end)
		continue;
}

static int start(void **state)
{
	char *arguments[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
		"64", "-l", "0", "--log-level=warning", NULL};

	return rte_eal_init(RTE_DIM(arguments) - 1, arguments) < 0;
}

static int stop(void **state)
{
	return rte_eal_cleanup();
}

static int set_up(void **state)
{
	return neighbour_init();
}

static int tear_down(void **state)
{
	neighbour_fini();
	return 0;
}

static void told_once_in_a_while(void **state)
{
	static const uint8_t wanted[4] = {10, 0, 0, 1};
	uint8_t address[16], family = 0;
	uint32_t interface = 0;
	uint64_t start;

	assert_false(punt_next_neighbour(&interface, &family, address));
	start = now_ms();
	punt_neighbour_needed(LINK, AF_INET, wanted);
	for (unsigned int i = 0; i < 1000; i++)
		punt_neighbour_needed(LINK, AF_INET, wanted);
	punt_neighbour_needed(OTHER, AF_INET, wanted);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_int_equal(interface, LINK);
	assert_int_equal(family, AF_INET);
	assert_memory_equal(address, wanted, 4);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_int_equal(interface, OTHER);
	/* The thousand took less than the 100 ms that a wish is not repeated in. */
	assert_in_range(now_ms() - start, 0, 80);
	assert_false(punt_next_neighbour(&interface, &family, address));

	do {
		assert_true(now_ms() < start + DEADLINE_MS);
		punt_neighbour_needed(LINK, AF_INET, wanted);
	} while (!punt_next_neighbour(&interface, &family, address));
	assert_true(now_ms() - start >= 99);
}

/* A scan of an on-link subnet: other links' wishes, control and the kernel's neighbour table, which
 * all domains share, must not suffer. */
static void a_scan_is_held_to_its_links_budget(void **state)
{
	static const uint8_t wanted[4] = {192, 0, 2, 1};
	uint8_t address[16], family;
	uint32_t interface, of_scan = 0, of_other = 0;
	uint64_t start = now_ms(), periods;

	for (uint32_t i = 0; i < 1000; i++) {
		rte_be32_t host = rte_cpu_to_be_32(0x0a000000 + i);

		punt_neighbour_needed(LINK, AF_INET, (const uint8_t *)&host);
	}
	punt_neighbour_needed(OTHER, AF_INET, wanted);
	periods = (now_ms() - start) / PERIOD_MS + 2;
	while (punt_next_neighbour(&interface, &family, address)) {
		of_scan += interface == LINK;
		of_other += interface == OTHER;
	}
	assert_in_range(of_scan, PER_PERIOD, periods * PER_PERIOD);
	assert_int_equal(of_other, 1);
}

/* What found no room in one period is told in a later one, however hard the link asks. */
static void the_budget_comes_back(void **state)
{
	static const uint8_t wanted[4] = {192, 0, 2, 1};
	uint8_t address[16], family;
	uint32_t interface, host = 0;
	uint64_t end = now_ms() + DEADLINE_MS;
	bool told = false;

	for (uint32_t i = 0; i < 1000; i++) {
		host = rte_cpu_to_be_32(0x0b000000 + i);
		punt_neighbour_needed(LINK, AF_INET, (const uint8_t *)&host);
	}
	while (!told) {
		assert_true(now_ms() < end);
		punt_neighbour_needed(LINK, AF_INET, wanted);
		while (punt_next_neighbour(&interface, &family, address))
			told = told || memcmp(address, wanted, sizeof(wanted)) == 0;
	}
}

/* However many addresses a scan makes up, who is asked for twice is told. */
static void a_scan_of_a_large_subnet_leaves_room(void **state)
{
	uint8_t wanted[16] = {0xfd, 0}, address[16], scanned[16] = {0xfd, 1}, family;
	uint32_t interface, told = 0;

	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 2000; i++) {
			memcpy(scanned + 8, &round, sizeof(round));
			memcpy(scanned + 12, &i, sizeof(i));
			punt_stranger_needed(LINK, AF_INET6, scanned);
		}
		memcpy(wanted + 12, &round, sizeof(round));
		punt_stranger_needed(LINK, AF_INET6, wanted);
		punt_stranger_needed(LINK, AF_INET6, wanted);
		while (punt_next_neighbour(&interface, &family, address))
			told += memcmp(address, wanted, sizeof(wanted)) == 0;
		/* In a period there is room for so many that are asked for again. */
		if (round % PER_PERIOD == PER_PERIOD - 1)
			wait_ms(PERIOD_MS);
	}
	assert_int_equal(told, 20);
}

/* A scan that goes round and round leaves a turn to each address. */
static void a_scan_of_a_small_subnet_asks_for_all(void **state)
{
	enum { HOSTS = 254 };
	uint8_t address[16], family;
	uint32_t interface, told[HOSTS + 1] = {0}, left = HOSTS, total = 0;
	uint64_t start = now_ms();

	while (left > 0 && now_ms() < start + DEADLINE_MS) {
		for (uint8_t host = 1; host <= HOSTS; host++)
			punt_stranger_needed(LINK, AF_INET, (const uint8_t[]){192, 0, 2, host});
		for (; punt_next_neighbour(&interface, &family, address); total++)
			left -= told[address[3]]++ == 0;
	}
	assert_int_equal(left, 0);
	/* Once in a second, none because another one made it forgotten. */
	assert_in_range(total, HOSTS, HOSTS * (1 + (now_ms() - start) / 1000));
}

/* Round and round, as fast as it goes: after the first round somebody new is told at once. */
static void a_scan_of_a_small_subnet_leaves_room(void **state)
{
	enum { HOSTS = 253 };
	static const uint8_t wanted[4] = {192, 0, 2, 254};
	uint8_t address[16], family;
	uint32_t interface, left = HOSTS, told[HOSTS + 1] = {0};
	uint64_t start = now_ms();
	bool found = false;

	while (left > 0) {
		assert_true(now_ms() < start + DEADLINE_MS);
		for (uint8_t host = 1; host <= HOSTS; host++)
			punt_stranger_needed(LINK, AF_INET, (const uint8_t[]){192, 0, 2, host});
		while (punt_next_neighbour(&interface, &family, address))
			left -= told[address[3]]++ == 0;
	}
	for (unsigned int period = 0; period < 12; period++) {
		for (uint8_t host = 1; host <= HOSTS; host++)
			punt_stranger_needed(LINK, AF_INET, (const uint8_t[]){192, 0, 2, host});
		if (period == 11)
			punt_stranger_needed(LINK, AF_INET, wanted);
		wait_ms(PERIOD_MS);
	}
	while (punt_next_neighbour(&interface, &family, address))
		found = found || address[3] == 254;
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_once_in_a_while, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_scan_is_held_to_its_links_budget, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_budget_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_scan_of_a_large_subnet_leaves_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_scan_of_a_small_subnet_asks_for_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_scan_of_a_small_subnet_leaves_room, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
