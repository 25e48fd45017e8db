/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a routing daemon that died stay until its next life has said all, or for the time that
 * they may; routes that a living daemon takes back go at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "control/sync/internal.h"

#define STALE_S 30
#define QUIET 5     /* ticks */
#define SESSIONS 45 /* the same */

/* FRR as the test makes it. */
static bool dead[3], zebra_dead, settled, established;
static frr_daemon_changed told;
static void *told_context;

bool frr_daemon_gone(const struct frr *frr, enum frr_daemon_id daemon)
{
	return dead[daemon];
}

bool frr_zebra_gone(const struct frr *frr)
{
	return zebra_dead;
}

bool frr_settled(const struct frr *frr)
{
	return settled;
}

void frr_watch(struct frr *frr, frr_daemon_changed changed, void *context)
{
	told = changed;
	told_context = context;
}

int frr_query(struct frr *frr, const char *command, frr_answer answer, void *context)
{
	json_t *summary = json_pack("{s:{s:{s:{s:s}}}}", "private.a", "peers", "192.0.2.1", "state",
		established ? "Established" : "Active");

	answer(context, summary);
	json_decref(summary);
	return 0;
}

void session_flush_soon(struct sync *sync)
{
}

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
}

static unsigned int announced;

void announce_later(struct sync *sync)
{
	announced++;
}

void limits_soon(struct sync *sync)
{
}

struct domain_link *domain_link(struct domain *domain, uint32_t interface)
{
	return NULL;
}

bool domain_on_link(const struct domain_link *link, const struct ip *address)
{
	return true;
}

int kernel_probe(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	return 0;
}

int kernel_resolve(struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	return 0;
}

/* What was taken out of the kernel last; 0: nothing. */
static uint8_t purged;

void kernel_purge(struct kernel *kernel, uint8_t protocol)
{
	purged = protocol;
}

void domain_route_gone(struct domain *domain, const struct ip *prefix)
{
	rib_native_gone(domain->sync, domain->vrf, prefix);
}

/* ---- one domain with two routes ---- */

static struct sync sync_state;
static char kernel_stand_in; /* never looked into */
static struct domain domain;
static struct domain *domains[] = {&domain};
static uint32_t set;
static const struct ip learned = {.family = AF_INET, .prefix_len = 16, .address = {10, 1}};
static const struct ip configured = {.family = AF_INET, .prefix_len = 16, .address = {10, 2}};

static int setup(void **state)
{
	const struct ip neighbour = {
		.family = AF_INET, .prefix_len = 32, .address = {192, 0, 2, 1}};
	struct sync *sync = &sync_state;
	uint32_t member;

	memset(sync, 0, sizeof(*sync));
	memset(dead, 0, sizeof(dead));
	settled = established = true;
	zebra_dead = false;
	purged = 0;
	domain = (struct domain){.sync = sync,
		.name = "private.a",
		.vrf = 1,
		.kernel = (struct kernel *)&kernel_stand_in};
	sync->stale_s = STALE_S;
	sync->domains = domains;
	sync->domain_count = 1;
	sync->by_vrf[1] = &domain;
	sync->base = event_base_new();
	table_init(&sync->adjacencies, sizeof(struct adjacency_entry), 1, API_ADJACENCIES_MAX);
	table_init(&sync->sets, sizeof(struct set_entry), API_GROUP_FIRST, API_GROUPS_MAX);
	table_init(&sync->routes, sizeof(struct route_entry), 1, UINT32_MAX);
	member = adjacency_want(sync, 1, &neighbour);
	set = set_want(sync, &member, 1);
	rib_native(sync, 1, &learned, set, API_ORIGIN_BGP);
	rib_native(sync, 1, &configured, set, API_ORIGIN_STATIC);
	return hold_open(sync);
}

static int teardown(void **state)
{
	hold_close(&sync_state);
	event_base_free(sync_state.base);
	table_fini(&sync_state.adjacencies);
	table_fini(&sync_state.sets);
	table_fini(&sync_state.routes);
	return 0;
}

static bool is_there(const struct ip *prefix)
{
	const struct route_entry *entry = rib_find(&sync_state, 1, prefix);

	return entry != NULL && entry->effective_set == set;
}

/* What domain.c does when the kernel lost the route. */
static void lose(const struct ip *prefix)
{
	if (!hold_keeps(&domain, prefix))
		domain_route_gone(&domain, prefix);
}

static void ticks(unsigned int count)
{
	while (count-- > 0) {
		event_active(sync_state.hold_event, EV_TIMEOUT, 1);
		event_base_loop(sync_state.base, EVLOOP_NONBLOCK);
	}
}

static void forgets_what_a_living_daemon_takes_back(void **state)
{
	lose(&learned);
	assert_false(is_there(&learned));
	assert_true(is_there(&configured));
}

static void keeps_the_routes_of_the_dead_one_only(void **state)
{
	dead[FRR_BGPD] = true;
	told(told_context, FRR_BGPD, false);
	lose(&learned);
	lose(&configured);
	assert_true(is_there(&learned));
	assert_false(is_there(&configured));
	assert_int_equal(sync_state.held_routes, 1);
}

/* The kernel's news may come before the daemon's end is told. */
static void looks_for_itself_whether_the_daemon_lives(void **state)
{
	dead[FRR_STATICD] = true;
	lose(&configured);
	assert_true(is_there(&configured));
	told(told_context, FRR_STATICD, false);
	assert_int_equal(sync_state.held_routes, 1);
}

static void ends_when_the_time_is_over(void **state)
{
	dead[FRR_STATICD] = true;
	lose(&configured);
	ticks(STALE_S - 1);
	assert_true(is_there(&configured));
	ticks(1);
	assert_false(is_there(&configured));
	assert_int_equal(sync_state.held_routes, 0);
}

static void ends_when_the_daemon_has_said_all(void **state)
{
	dead[FRR_BGPD] = true;
	lose(&learned);
	ticks(2);
	dead[FRR_BGPD] = settled = established = false;
	ticks(QUIET + 2); /* it is back, but not configured */
	assert_true(is_there(&learned));
	settled = true;
	ticks(QUIET + 2); /* it is, but its sessions are not up */
	assert_true(is_there(&learned));
	established = true;
	ticks(QUIET);
	hold_renewed(&domain, &configured, API_ORIGIN_BGP); /* not quiet yet */
	ticks(QUIET - 1);
	assert_true(is_there(&learned));
	ticks(2);
	assert_false(is_there(&learned)); /* and nobody stated it again */
}

/* One customer's dead session keeps nobody's routes for the whole time. */
static void waits_for_sessions_only_so_long(void **state)
{
	sync_state.stale_s = 3600;
	dead[FRR_BGPD] = true;
	lose(&learned);
	dead[FRR_BGPD] = established = false;
	ticks(SESSIONS);
	assert_true(is_there(&learned));
	ticks(QUIET + 1);
	assert_false(is_there(&learned));
}

static void a_route_stated_again_stays(void **state)
{
	dead[FRR_BGPD] = true;
	lose(&learned);
	dead[FRR_BGPD] = false;
	hold_renewed(&domain, &learned, API_ORIGIN_BGP);
	rib_native(&sync_state, 1, &learned, set, API_ORIGIN_BGP);
	assert_int_equal(sync_state.held_routes, 0);
	ticks(STALE_S);
	assert_true(is_there(&learned));
	lose(&learned); /* an ordinary withdrawal, in the next life */
	assert_false(is_there(&learned));
}

static void a_second_death_begins_anew(void **state)
{
	dead[FRR_BGPD] = true;
	lose(&learned);
	ticks(STALE_S - 2);
	dead[FRR_BGPD] = false;
	ticks(1);
	dead[FRR_BGPD] = true;
	told(told_context, FRR_BGPD, false);
	ticks(STALE_S - 1);
	assert_true(is_there(&learned));
	ticks(1);
	assert_false(is_there(&learned));
}

/* The kernel still has all of them, and nobody else will take them out. */
static void a_zebra_that_is_away_too_leaves_it_to_control(void **state)
{
	zebra_dead = dead[FRR_BGPD] = true;
	told(told_context, FRR_BGPD, false);
	ticks(STALE_S - 1);
	assert_int_equal(purged, 0);
	ticks(1);
	assert_int_equal(purged, KERNEL_PROTOCOL_BGP);
	purged = 0;
	ticks(STALE_S);
	assert_int_equal(purged, 0); /* once */
}

static void a_zebra_that_is_there_ends_routes_itself(void **state)
{
	dead[FRR_STATICD] = true;
	told(told_context, FRR_STATICD, false);
	ticks(STALE_S);
	zebra_dead = true;
	ticks(1);
	assert_int_equal(purged, 0);
}

/* bgpd is told to forget BFD, and later to use it again. */
static void bfdd_that_goes_or_comes_is_said(void **state)
{
	unsigned int before = announced;

	told(told_context, FRR_BFDD, false);
	assert_int_equal(announced, before + 1);
	told(told_context, FRR_BFDD, true);
	assert_int_equal(announced, before + 2);
	/* No route is its. */
	told(told_context, FRR_BGPD, true);
	assert_int_equal(announced, before + 2);
}

#define HOLD_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOLD_TEST(forgets_what_a_living_daemon_takes_back),
		HOLD_TEST(keeps_the_routes_of_the_dead_one_only),
		HOLD_TEST(looks_for_itself_whether_the_daemon_lives),
		HOLD_TEST(ends_when_the_time_is_over),
		HOLD_TEST(ends_when_the_daemon_has_said_all),
		HOLD_TEST(waits_for_sessions_only_so_long),
		HOLD_TEST(a_route_stated_again_stays),
		HOLD_TEST(a_second_death_begins_anew),
		HOLD_TEST(a_zebra_that_is_away_too_leaves_it_to_control),
		HOLD_TEST(a_zebra_that_is_there_ends_routes_itself),
		HOLD_TEST(bfdd_that_goes_or_comes_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
