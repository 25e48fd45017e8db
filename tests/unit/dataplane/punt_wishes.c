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

#include <cmocka.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_eal.h>

#include "dataplane/punt/internal.h"
#include "dataplane/punt/punt.h"

enum { LINK = 7, OTHER = 8 };

/* The period in which a next hop's wish is not repeated, how many different ones a link may make in
 * it, and when a stranger's is repeated. */
enum { PERIOD_MS = 100, PER_PERIOD = 16, STRANGER_MS = 1000 };

/* The time that all wishes are made at: a test's own, at the beginning of a period. */
static uint32_t now_ms;

static void need_next_hop(uint32_t interface, const uint8_t address[4])
{
	neighbour_needed(interface, AF_INET, address, true, now_ms);
}

static void need_stranger(uint8_t family, const uint8_t *address)
{
	neighbour_needed(LINK, family, address, false, now_ms);
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
	now_ms = 1000 * PERIOD_MS;
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

	assert_false(punt_next_neighbour(&interface, &family, address));
	for (unsigned int i = 0; i < PERIOD_MS; i++, now_ms++)
		need_next_hop(LINK, wanted);
	now_ms--;
	need_next_hop(OTHER, wanted);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_int_equal(interface, LINK);
	assert_int_equal(family, AF_INET);
	assert_memory_equal(address, wanted, 4);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_int_equal(interface, OTHER);
	assert_false(punt_next_neighbour(&interface, &family, address));

	now_ms++;
	need_next_hop(LINK, wanted);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_int_equal(interface, LINK);
	assert_false(punt_next_neighbour(&interface, &family, address));
}

/* The same by the machine's own clock, whatever it reads. */
static void told_by_the_clock(void **state)
{
	static const uint8_t wanted[4] = {10, 0, 0, 1}, stranger[4] = {10, 0, 0, 2};
	uint8_t address[16], family = 0;
	uint32_t interface = 0;

	punt_neighbour_needed(LINK, AF_INET, wanted);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_memory_equal(address, wanted, 4);
	punt_stranger_needed(LINK, AF_INET, stranger);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_memory_equal(address, stranger, 4);
	assert_false(punt_next_neighbour(&interface, &family, address));
	/* Nobody waits for longer than this test may take. */
	do
		punt_neighbour_needed(LINK, AF_INET, wanted);
	while (!punt_next_neighbour(&interface, &family, address));
	assert_memory_equal(address, wanted, 4);
}

/* A scan of an on-link subnet: other links' wishes, control and the kernel's neighbour table, which
 * all domains share, must not suffer. */
static void a_scan_is_held_to_its_links_budget(void **state)
{
	static const uint8_t wanted[4] = {192, 0, 2, 1};
	uint8_t address[16], family;
	uint32_t interface, of_scan = 0, of_other = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		rte_be32_t host = rte_cpu_to_be_32(0x0a000000 + i);

		need_next_hop(LINK, (const uint8_t *)&host);
	}
	need_next_hop(OTHER, wanted);
	while (punt_next_neighbour(&interface, &family, address)) {
		of_scan += interface == LINK;
		of_other += interface == OTHER;
	}
	assert_int_equal(of_scan, PER_PERIOD);
	assert_int_equal(of_other, 1);
}

/* What found no room in one period is told in the next, however hard the link asks. */
static void the_budget_comes_back(void **state)
{
	static const uint8_t wanted[4] = {192, 0, 2, 1};
	uint8_t address[16], family;
	uint32_t interface, told = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		rte_be32_t host = rte_cpu_to_be_32(0x0b000000 + i);

		need_next_hop(LINK, (const uint8_t *)&host);
	}
	for (unsigned int i = 0; i < PERIOD_MS; i++, now_ms++)
		need_next_hop(LINK, wanted);
	while (punt_next_neighbour(&interface, &family, address))
		told += memcmp(address, wanted, sizeof(wanted)) == 0;
	assert_int_equal(told, 0);
	need_next_hop(LINK, wanted);
	assert_true(punt_next_neighbour(&interface, &family, address));
	assert_memory_equal(address, wanted, sizeof(wanted));
}

/* However many addresses a scan makes up, who is asked for twice is told. There would be room for
 * twice as many in a period, but two of the scan's addresses may have one hash and then look like
 * one that is asked for twice. */
static void a_scan_of_a_large_subnet_leaves_room(void **state)
{
	enum { ROUNDS = PER_PERIOD / 2, SCANNED = 4000 };
	uint8_t wanted[16] = {0xfd, 0}, address[16], scanned[16] = {0xfd, 1}, family;
	uint32_t interface, told = 0, scans = 0;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < SCANNED; i++) {
			memcpy(scanned + 8, &round, sizeof(round));
			memcpy(scanned + 12, &i, sizeof(i));
			need_stranger(AF_INET6, scanned);
		}
		memcpy(wanted + 12, &round, sizeof(round));
		need_stranger(AF_INET6, wanted);
		need_stranger(AF_INET6, wanted);
	}
	while (punt_next_neighbour(&interface, &family, address)) {
		told += memcmp(address, wanted, 8) == 0;
		scans += memcmp(address, scanned, 8) == 0;
	}
	assert_int_equal(told, ROUNDS);
	assert_in_range(scans, PER_PERIOD, 2 * PER_PERIOD - ROUNDS);
}

/* A round of a scan of 192.0.2.1 to .HOSTS. */
static void scan_small(uint8_t hosts)
{
	for (unsigned int host = 1; host <= hosts; host++)
		need_stranger(AF_INET, (const uint8_t[]){192, 0, 2, host});
}

/* Rounds of it each millisecond until each host was told; how many wishes that took. */
static uint32_t scan_until_all_told(uint8_t hosts)
{
	uint32_t interface, told[256] = {0}, left = hosts, total = 0, end = now_ms + STRANGER_MS;
	uint8_t address[16], family;

	for (; left > 0; now_ms++) {
		assert_true(now_ms < end);
		scan_small(hosts);
		for (; punt_next_neighbour(&interface, &family, address); total++)
			left -= told[address[3]]++ == 0;
	}
	return total;
}

/* A scan that goes round and round leaves a turn to each address: none is told twice because
 * another one made it forgotten. */
static void a_scan_of_a_small_subnet_asks_for_all(void **state)
{
	enum { HOSTS = 254 };

	assert_int_equal(scan_until_all_told(HOSTS), HOSTS);
}

/* Round and round, as fast as it goes: after the first round somebody new is told at once. */
static void a_scan_of_a_small_subnet_leaves_room(void **state)
{
	enum { HOSTS = 253 };
	static const uint8_t wanted[4] = {192, 0, 2, 254};
	uint8_t address[16], family;
	uint32_t interface, told = 0, repeated = 0;

	scan_until_all_told(HOSTS);
	for (uint32_t i = 0; i < 2 * STRANGER_MS; i++, now_ms++)
		scan_small(HOSTS);
	while (punt_next_neighbour(&interface, &family, address))
		repeated++;
	assert_in_range(repeated, HOSTS / 2, 2 * HOSTS);
	scan_small(HOSTS);
	need_stranger(AF_INET, wanted);
	while (punt_next_neighbour(&interface, &family, address))
		told += memcmp(address, wanted, sizeof(wanted)) == 0;
	assert_int_equal(told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_once_in_a_while, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_by_the_clock, set_up, tear_down),
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
