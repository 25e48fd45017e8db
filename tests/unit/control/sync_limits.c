/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Soft prefix limits: what comes when a domain is full is refused, and comes in when there is room
 * again, or when the limit is raised; a lowered one takes routes out. The alarm, and what is said
 * of sessions that bgpd closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/internal.h"

#define LIMIT 10
#define ROUTES 64
#define SET 1000 /* any */

static struct sync sync_;
static struct domain domain;
static struct domain *domain_list[] = {&domain};
/* The kernel's routes by BGP: 10.0.N.0/24. */
static bool kernel[ROUTES];
static unsigned int errors_logged, announced;

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
}

void session_flush_soon(struct sync *sync)
{
}

void announce_later(struct sync *sync)
{
	announced++;
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
	errors_logged++;
}

void log_warning(const char *part, const char *format, ...)
{
}

void log_info(const char *part, const char *format, ...)
{
}

static struct kernel_route route_of(unsigned int number)
{
	return (struct kernel_route){.prefix = {AF_INET, 24, {10, 0, (uint8_t)number}},
		.protocol = RTPROT_BGP,
		.kind = RTN_UNICAST,
		.count = 1};
}

void kernel_each_route(struct kernel *of,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	for (unsigned int i = 0; i < ROUTES; i++) {
		struct kernel_route route = route_of(i);

		if (kernel[i])
			each(&route, context);
	}
}

void domain_route_gone(struct domain *of, const struct ip *prefix)
{
	rib_native_gone(of->sync, of->vrf, prefix);
	limits_look(of, prefix->family);
}

/* As domain.c does it. */
static void take(const struct kernel_route *route, void *context)
{
	if (limits_refuse(&domain, &route->prefix)) {
		domain_route_gone(&domain, &route->prefix);
		return;
	}
	rib_native(&sync_, domain.vrf, &route->prefix, SET, API_ORIGIN_BGP);
	limits_look(&domain, route->prefix.family);
}

void domain_routes_again(struct domain *of)
{
	kernel_each_route(of->kernel, take, of);
}

static void come(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++) {
		struct kernel_route route = route_of(i);

		kernel[i] = true;
		take(&route, &domain);
	}
}

static void go(unsigned int number)
{
	struct kernel_route route = route_of(number);

	kernel[number] = false;
	domain_route_gone(&domain, &route.prefix);
}

static bool is_in(unsigned int number)
{
	struct kernel_route route = route_of(number);
	const struct route_entry *entry = rib_find(&sync_, domain.vrf, &route.prefix);

	return entry != NULL && entry->native_set != 0;
}

static void count_row(const struct kernel_route *route, void *context)
{
	(*(unsigned int *)context)++;
}

static unsigned int refused(void)
{
	unsigned int count = 0;

	limits_each_refused(&domain, count_row, &count);
	return count;
}

static void limit(uint32_t ipv4, bool soft)
{
	limits_plan(&domain, &(struct prefix_limits){ipv4, 100, soft});
	event_base_loop(sync_.base, EVLOOP_ONCE);
}

static int setup(void **state)
{
	memset(&sync_, 0, sizeof(sync_));
	memset(&domain, 0, sizeof(domain));
	memset(kernel, 0, sizeof(kernel));
	errors_logged = announced = 0;
	table_init(&sync_.routes, sizeof(struct route_entry), 1, UINT32_MAX);
	sync_.base = event_base_new();
	assert_int_equal(limits_open(&sync_), 0);
	domain.sync = &sync_;
	domain.vrf = 3;
	domain.kernel = (struct kernel *)&domain;
	domain.link_count = 2;
	for (unsigned int i = 0; i < 2; i++)
		domain.links[i].plan.peer4 =
			(struct ip){AF_INET, 30, {192, 0, 2, (uint8_t)(1 + 4 * i)}};
	strcpy(domain.links[0].plan.name, "contoso/private/primary");
	sync_.by_vrf[3] = &domain;
	sync_.domains = domain_list;
	sync_.domain_count = 1;
	return 0;
}

static int teardown(void **state)
{
	limits_close(&sync_);
	event_base_free(sync_.base);
	table_fini(&sync_.routes);
	return 0;
}

static void the_surplus_is_refused_and_waits(void **state)
{
	limit(LIMIT, true);
	come(0, LIMIT);
	assert_int_equal(domain.prefixes[0].count, LIMIT);
	assert_int_equal(refused(), 0);
	come(LIMIT, LIMIT + 2);
	assert_int_equal(domain.prefixes[0].count, LIMIT);
	assert_false(is_in(LIMIT));
	assert_int_equal(refused(), 2);
	/* One that is in stays in when it is told again. */
	come(3, 4);
	assert_true(is_in(3));
	go(4);
	event_base_loop(sync_.base, EVLOOP_ONCE);
	assert_true(is_in(LIMIT));
	assert_false(is_in(LIMIT + 1));
	assert_int_equal(refused(), 1);
	go(LIMIT + 1);
	event_base_loop(sync_.base, EVLOOP_NONBLOCK);
	assert_int_equal(refused(), 0);
	assert_int_equal(domain.prefixes[0].count, LIMIT);
}

static void a_changed_limit_holds_at_once(void **state)
{
	limit(LIMIT, true);
	come(0, LIMIT + 5);
	assert_int_equal(refused(), 5);
	limit(LIMIT + 3, true);
	assert_int_equal(domain.prefixes[0].count, LIMIT + 3);
	assert_int_equal(refused(), 2);
	limit(2, true);
	assert_int_equal(domain.prefixes[0].count, 2);
	assert_int_equal(refused(), LIMIT + 3);
	/* A hard one is bgpd's to keep. */
	limit(2, false);
	assert_int_equal(domain.prefixes[0].count, LIMIT + 5);
	assert_int_equal(refused(), 0);
}

static void the_alarm_is_at_80_percent_and_ends_below_75(void **state)
{
	limit(20, false);
	come(0, 15);
	assert_false(domain.prefixes[0].alarm);
	come(15, 16);
	assert_true(domain.prefixes[0].alarm);
	go(0);
	assert_true(domain.prefixes[0].alarm);
	go(1);
	assert_false(domain.prefixes[0].alarm);
	assert_false(domain.prefixes[1].alarm);
}

static void a_closed_session_is_told_once(void **state)
{
	json_t *peers = json_pack("{s:{s:s}, s:{s:s}}", "192.0.2.1", "state", "Idle (PfxCt)",
		"192.0.2.5", "state", "Established");

	limits_sessions(&domain, AF_INET, peers);
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(errors_logged, 1);
	assert_int_equal(domain.prefixes[0].closed, 1);
	json_object_set_new(
		json_object_get(peers, "192.0.2.1"), "state", json_string("OpenConfirm"));
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(domain.prefixes[0].closed, 0);
	json_object_set_new(
		json_object_get(peers, "192.0.2.1"), "state", json_string("Idle (PfxCt)"));
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(errors_logged, 2);
	json_decref(peers);
}

/* What bgpd does not notice by itself it is asked about; a soft limit is not its own. */
static void one_too_many_is_not_overlooked(void **state)
{
	json_t *peers =
		json_pack("{s:{s:s, s:i}, s:{s:s, s:i}}", "192.0.2.1", "state", "Established",
			"pfxRcd", LIMIT + 1, "192.0.2.5", "state", "Established", "pfxRcd", LIMIT);

	limit(LIMIT, true);
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(domain.prefixes[0].again, 0);
	assert_int_equal(announced, 0);
	limit(LIMIT, false);
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(domain.prefixes[0].again, 1);
	assert_int_equal(announced, 1);
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(domain.prefixes[0].again, 0);
	assert_int_equal(announced, 2);
	json_object_set_new(json_object_get(peers, "192.0.2.1"), "state", json_string("Idle"));
	limits_sessions(&domain, AF_INET, peers);
	assert_int_equal(announced, 2);
	json_decref(peers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_surplus_is_refused_and_waits),
		TEST(a_changed_limit_holds_at_once),
		TEST(the_alarm_is_at_80_percent_and_ends_below_75),
		TEST(a_closed_session_is_told_once),
		TEST(one_too_many_is_not_overlooked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
