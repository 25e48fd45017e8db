/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits of connections: what a network brings above them is refused and can be named, what was
 * there before stays, and what was refused comes when there is room, or when the limit is raised.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/sync/internal.h"

#define CIRCUIT 1
#define HEAVY 2
#define LIGHT 3
#define VRFS 4
#define LIMIT 5
#define ROUTES 16
#define SET 1000 /* any */

static struct sync sync_;
static struct domain domains[VRFS];
static struct domain *domain_list[VRFS - 1];
static struct partner partners[VRFS][2];
static unsigned int warnings, wake_ups;
static bool refused[ROUTES];

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
}

void announce_later(struct sync *sync)
{
}

void limits_soon(struct sync *sync)
{
	wake_ups++;
}

void set_hold(struct sync *sync, uint32_t set)
{
}

void set_release(struct sync *sync, uint32_t set)
{
}

uint32_t set_want(struct sync *sync, const uint32_t *members, unsigned int count)
{
	return SET;
}

void log_error(const char *part, const char *format, ...)
{
}

void log_warning(const char *part, const char *format, ...)
{
	warnings++;
}

void log_info(const char *part, const char *format, ...)
{
}

static void join(unsigned int network, unsigned int slot, uint32_t weight)
{
	partners[CIRCUIT][slot] =
		(struct partner){.vrf = network, .weight = weight, .limits = {LIMIT, LIMIT}};
	partners[network][0] = (struct partner){.vrf = CIRCUIT, .weight = weight};
	domains[network].partner_count = 1;
	domains[CIRCUIT].partner_count++;
}

static int setup(void **state)
{
	static const char *const names[] = {"", "private.acme", "vnet.heavy", "vnet.light"};

	memset(&sync_, 0, sizeof(sync_));
	memset(domains, 0, sizeof(domains));
	table_init(&sync_.routes, sizeof(struct route_entry), 1, UINT32_MAX);
	sync_.domains = domain_list;
	sync_.domain_count = VRFS - 1;
	for (unsigned int vrf = 1; vrf < VRFS; vrf++) {
		strcpy(domains[vrf].name, names[vrf]);
		domains[vrf].vrf = vrf;
		domains[vrf].sync = &sync_;
		domains[vrf].partners = partners[vrf];
		sync_.by_vrf[vrf] = domain_list[vrf - 1] = &domains[vrf];
	}
	join(HEAVY, 0, 200);
	join(LIGHT, 1, 100);
	warnings = wake_ups = 0;
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int vrf = 1; vrf < VRFS; vrf++)
		rib_drop_vrf(&sync_, vrf);
	assert_int_equal(sync_.routes.count, 0);
	table_fini(&sync_.routes);
	return 0;
}

static struct ip prefix_of(unsigned int number, uint8_t family)
{
	return (struct ip){family, family == AF_INET ? 24 : 48, {10, 0, (uint8_t)number}};
}

static void bring(unsigned int vrf, unsigned int number)
{
	struct ip prefix = prefix_of(number, AF_INET);

	rib_native(&sync_, vrf, &prefix, SET + vrf, API_ORIGIN_BGP);
}

static void withdraw(unsigned int vrf, unsigned int number)
{
	struct ip prefix = prefix_of(number, AF_INET);

	rib_native_gone(&sync_, vrf, &prefix);
}

/* What the timer does that limits_soon() starts. */
static void a_while_later(void)
{
	if (domains[CIRCUIT].leaks_stale)
		leaks_admit(&domains[CIRCUIT]);
}

/* Where the circuit has the prefix from; 0: it has not. */
static unsigned int from(unsigned int number)
{
	struct ip prefix = prefix_of(number, AF_INET);
	const struct route_entry *entry = rib_find(&sync_, CIRCUIT, &prefix);

	return entry != NULL ? entry->leaked_from : 0;
}

static void take_refused(const struct ip *prefix, void *context)
{
	assert_false(refused[prefix->address[2]]);
	refused[prefix->address[2]] = true;
}

static unsigned int count_refused(unsigned int network)
{
	unsigned int count = 0;

	memset(refused, 0, sizeof(refused));
	leaks_each_refused(&domains[CIRCUIT], network, take_refused, NULL);
	for (unsigned int i = 0; i < ROUTES; i++)
		count += refused[i];
	return count;
}

static struct leak_use use_of(unsigned int network)
{
	struct leak_use uses[2];

	leaks_from(&domains[CIRCUIT], network, uses);
	return uses[0];
}

static void first_come_first_served(void **state)
{
	for (unsigned int i = 0; i < LIMIT + 2; i++) {
		bring(HEAVY, i);
		assert_int_equal(from(i), i < LIMIT ? HEAVY : 0);
	}
	assert_int_equal(count_refused(HEAVY), 2);
	assert_true(refused[LIMIT] && refused[LIMIT + 1]);
	assert_int_equal(warnings, 2); /* the alarm, and the first that is refused */
	assert_true(use_of(HEAVY).alarm);
	/* Another set of next hops is no other prefix. */
	struct ip present = prefix_of(0, AF_INET), waiting = prefix_of(LIMIT, AF_INET);
	rib_native(&sync_, HEAVY, &present, SET + 7, API_ORIGIN_BGP);
	rib_native(&sync_, HEAVY, &waiting, SET + 7, API_ORIGIN_BGP);
	assert_int_equal(from(0), HEAVY);
	assert_int_equal(from(LIMIT), 0);
	assert_int_equal(wake_ups, 0);
	withdraw(HEAVY, 1);
	assert_true(wake_ups > 0);
	a_while_later();
	assert_int_equal(use_of(HEAVY).count, LIMIT);
	assert_int_equal(count_refused(HEAVY), 1);
	for (unsigned int i = 0; i < LIMIT + 2; i++)
		withdraw(HEAVY, i);
	a_while_later();
	assert_int_equal(use_of(HEAVY).count, 0);
	assert_false(use_of(HEAVY).alarm);
	assert_int_equal(count_refused(HEAVY), 0);
	assert_false(use_of(HEAVY).told);
}

static void families_and_neighbours_are_apart(void **state)
{
	struct ip six = prefix_of(0, AF_INET6), neighbour = prefix_of(9, AF_INET);

	for (unsigned int i = 0; i < LIMIT; i++)
		bring(HEAVY, i);
	rib_native(&sync_, HEAVY, &six, SET, API_ORIGIN_STATIC);
	assert_non_null(rib_find(&sync_, CIRCUIT, &six));
	rib_native(&sync_, HEAVY, &neighbour, SET, API_ORIGIN_NEIGHBOUR);
	assert_int_equal(from(9), HEAVY);
	assert_int_equal(use_of(HEAVY).count, LIMIT);
	/* From the circuit to the network there is no limit. */
	for (unsigned int i = 0; i < ROUTES; i++)
		bring(CIRCUIT, i);
	for (unsigned int i = LIMIT; i < ROUTES; i++) {
		struct ip prefix = prefix_of(i, AF_INET);

		if (i != 9)
			assert_int_equal(rib_find(&sync_, HEAVY, &prefix)->leaked_from, CIRCUIT);
	}
	/* The circuit's own routes are no network's. */
	assert_int_equal(use_of(HEAVY).count, 0);
}

static void another_network_may_bring_it(void **state)
{
	for (unsigned int i = 0; i < LIMIT; i++)
		bring(HEAVY, i);
	bring(LIGHT, LIMIT);
	bring(HEAVY, LIMIT);
	assert_int_equal(from(LIMIT), LIGHT);
	assert_int_equal(count_refused(HEAVY), 1);
	assert_int_equal(count_refused(LIGHT), 0);
	withdraw(HEAVY, 0);
	a_while_later();
	assert_int_equal(from(LIMIT), HEAVY);
	assert_int_equal(use_of(LIGHT).count, 0);
	assert_int_equal(count_refused(HEAVY), 0);
}

static void another_limit_holds_at_once(void **state)
{
	for (unsigned int i = 0; i < LIMIT + 2; i++)
		bring(HEAVY, i);
	partners[CIRCUIT][0].limits[0] = 2;
	rib_connections_changed(&sync_);
	assert_int_equal(use_of(HEAVY).count, 2);
	assert_int_equal(count_refused(HEAVY), LIMIT);
	partners[CIRCUIT][0].limits[0] = ROUTES;
	rib_connections_changed(&sync_);
	assert_int_equal(use_of(HEAVY).count, LIMIT + 2);
	assert_int_equal(count_refused(HEAVY), 0);
	assert_false(use_of(HEAVY).told || use_of(HEAVY).alarm);
	partners[CIRCUIT][0].limits[0] = 0; /* none */
	rib_connections_changed(&sync_);
	assert_int_equal(use_of(HEAVY).count, LIMIT + 2);
}

/* Whatever comes and goes: never above the limit, never refused where there is room. */
static void random_changes_keep_the_rule(void **state)
{
	unsigned int seed = 815, full = 0;

	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int vrf = 1 + (unsigned int)rand_r(&seed) % (VRFS - 1);
		unsigned int number = (unsigned int)rand_r(&seed) % ROUTES;
		unsigned int counts[VRFS] = {0};

		if (rand_r(&seed) % (vrf == CIRCUIT ? 2 : 4) == 0)
			withdraw(vrf, number);
		else if (vrf != CIRCUIT || number < 3)
			bring(vrf, number);
		if (rand_r(&seed) % 50 == 0)
			rib_connections_changed(&sync_);
		a_while_later();
		for (unsigned int i = 0; i < ROUTES; i++)
			counts[from(i)]++;
		for (unsigned int network = HEAVY; network <= LIGHT; network++) {
			assert_int_equal(use_of(network).count, counts[network]);
			assert_true(counts[network] <= LIMIT);
			if (count_refused(network) > 0)
				assert_int_equal(counts[network], LIMIT);
			full += counts[network] == LIMIT;
		}
	}
	assert_true(full > 1000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_come_first_served),
		TEST(families_and_neighbours_are_apart),
		TEST(another_network_may_bring_it),
		TEST(another_limit_holds_at_once),
		TEST(random_changes_keep_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
