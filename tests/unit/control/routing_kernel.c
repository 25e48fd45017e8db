/* SPDX-License-Identifier: BSD-3-Clause */
/* control/routing/kernel.h against the real kernel, in namespaces of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include <cmocka.h>
#include <jansson.h>

#include "control/routing/kernel_state.h"
#include "control/routing/namespace.h"
#include "tests/unit/control/routing_support.h"

struct watch {
	struct event_base *base;
	struct kernel *kernel;
	int netns;
	unsigned int synced, routes, gone;
};

static void on_route(void *context, const struct kernel_route *route, bool gone)
{
	struct watch *watch = context;

	watch->routes++;
	watch->gone += gone;
}

static void on_neighbour(void *context, const struct kernel_neighbour *neighbour, bool gone)
{
}

static void on_link(void *context, const struct kernel_link *link, bool gone)
{
}

static void on_synced(void *context)
{
	((struct watch *)context)->synced++;
}

static const struct kernel_callbacks callbacks = {
	.route = on_route, .neighbour = on_neighbour, .link = on_link, .synced = on_synced};

static bool is_synced(void *context)
{
	return ((struct watch *)context)->synced > 0;
}

/* A namespace "a" with veths a0 and a1 whose other ends b0 and b1 are in "b". */
static int setup(void **state)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	watch->base = event_base_new();
	watch->netns = support_namespace("a");
	close(support_namespace("b"));
	for (int i = 0; i < 2; i++) {
		support_run("a", "ip link add a%d type veth peer name b%d netns %s/b", i, i,
			support_dir);
		support_run("a", "ip addr add 192.0.2.%d/30 dev a%d", 4 * i + 2, i);
		support_run("a", "ip addr add 2001:db8::%x/126 dev a%d nodad", 4 * i + 2, i);
		support_run("b", "ip addr add 192.0.2.%d/30 dev b%d", 4 * i + 1, i);
		support_run("b", "ip addr add 2001:db8::%x/126 dev b%d nodad", 4 * i + 1, i);
		/* A domain makes no link-local addresses by itself; ND asks from one. */
		support_run("a", "ip addr add fe80::a%d/64 dev a%d nodad", i, i);
		support_run("b", "ip addr add fe80::b%d/64 dev b%d nodad", i, i);
		support_run("b", "ip link set b%d up", i);
		support_run("a", "ip link set a%d up", i);
	}
	watch->kernel = kernel_open(watch->base, watch->netns, &callbacks, watch);
	assert_non_null(watch->kernel);
	support_wait(watch->base, is_synced, watch, 10);
	*state = watch;
	return 0;
}

static int teardown(void **state)
{
	struct watch *watch = *state;

	kernel_close(watch->kernel);
	event_base_free(watch->base);
	close(watch->netns);
	free(watch);
	return namespace_delete(support_dir, "a") || namespace_delete(support_dir, "b");
}

/* A route looked for, and what was found of it. */
struct sought {
	struct watch *watch;
	const char *prefix;
	bool found;
	struct kernel_route route;
	int wanted; /* next hops; -1: no such route */
};

static void seek(const struct kernel_route *route, void *context)
{
	struct sought *sought = context;
	char text[64], address[INET6_ADDRSTRLEN];

	inet_ntop(route->prefix.family, route->prefix.address, address, sizeof(address));
	snprintf(text, sizeof(text), "%s/%u", address, route->prefix.prefix_len);
	if (strcmp(text, sought->prefix) != 0)
		return;
	assert_false(sought->found);
	sought->found = true;
	sought->route = *route;
}

static bool is_as_wanted(void *context)
{
	struct sought *sought = context;

	sought->found = false;
	kernel_each_route(sought->watch->kernel, seek, sought);
	return sought->found ? sought->route.count == sought->wanted : sought->wanted == -1;
}

static struct kernel_route expect(struct watch *watch, const char *prefix, int next_hops)
{
	struct sought sought = {.watch = watch, .prefix = prefix, .wanted = next_hops};

	support_wait(watch->base, is_as_wanted, &sought, 5);
	return sought.route;
}

static void expect_via(const struct kernel_route *route, int index, const char *via)
{
	char text[INET6_ADDRSTRLEN] = "";

	assert_true(index < route->count);
	if (route->next_hops[index].via.family)
		inet_ntop(route->next_hops[index].via.family, route->next_hops[index].via.address,
			text, sizeof(text));
	assert_string_equal(text, via);
}

static void reads_what_was_there(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route = expect(watch, "192.0.2.0/30", 1);

	assert_int_equal(route.protocol, RTPROT_KERNEL);
	assert_int_equal(route.kind, RTN_UNICAST);
	assert_int_equal(route.next_hops[0].ifindex, kernel_ifindex(watch->kernel, "a0"));
	route = expect(watch, "2001:db8::2/128", 1);
	assert_int_equal(route.kind, RTN_LOCAL);
	route = expect(watch, "192.0.2.6/32", 1);
	assert_int_equal(route.kind, RTN_LOCAL);
	expect(watch, "127.0.0.1/32", -1);
	expect(watch, "127.0.0.0/8", -1);
	expect(watch, "fe80::/64", -1);
	expect(watch, "ff00::/8", -1);
	expect(watch, "::1/128", -1);
	expect(watch, "192.0.2.3/32", -1); /* broadcast */
	assert_int_equal(kernel_ifindex(watch->kernel, "none"), 0);
}

static void imports_configured_protocols_only(void **state)
{
	struct watch *watch = *state;

	support_run("a", "ip route add 10.1.0.0/16 via 192.0.2.1 proto bird");
	support_run("a", "ip route add 10.2.0.0/16 via 192.0.2.1 proto 186 table 100");
	support_run("a", "ip route add 10.3.0.0/16 via 192.0.2.1 proto 186");
	expect(watch, "10.3.0.0/16", 1);
	expect(watch, "10.1.0.0/16", -1);
	expect(watch, "10.2.0.0/16", -1);
	/* What is not imported takes the place of what is. */
	support_run("a", "ip route replace 10.3.0.0/16 via 192.0.2.1 proto bird");
	expect(watch, "10.3.0.0/16", -1);
}

static void follows_ipv4_multipath(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route;

	support_run("a", "ip route add 10.0.0.0/16 proto 186 metric 20 "
			 "nexthop via 192.0.2.1 nexthop via 192.0.2.5");
	route = expect(watch, "10.0.0.0/16", 2);
	assert_int_equal(route.protocol, 186);
	assert_int_equal(route.metric, 20);
	expect_via(&route, 0, "192.0.2.1");
	expect_via(&route, 1, "192.0.2.5");
	support_run("a", "ip route replace 10.0.0.0/16 proto 186 metric 20 via 192.0.2.5");
	route = expect(watch, "10.0.0.0/16", 1);
	expect_via(&route, 0, "192.0.2.5");
	/* A lower metric wins, and its going brings the other back. */
	support_run("a", "ip route add 10.0.0.0/16 proto 196 metric 5 "
			 "nexthop via 192.0.2.1 nexthop via 192.0.2.5");
	route = expect(watch, "10.0.0.0/16", 2);
	assert_int_equal(route.protocol, 196);
	support_run("a", "ip route del 10.0.0.0/16 metric 5");
	route = expect(watch, "10.0.0.0/16", 1);
	assert_int_equal(route.protocol, 186);
	support_run("a", "ip route del 10.0.0.0/16");
	expect(watch, "10.0.0.0/16", -1);
}

static void follows_ipv6_multipath(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route;

	support_run("a", "ip -6 route add 2001:db8:1::/48 proto 186 metric 20 via 2001:db8::1");
	expect(watch, "2001:db8:1::/48", 1);
	support_run("a", "ip -6 route append 2001:db8:1::/48 proto 186 metric 20 via 2001:db8::5");
	expect(watch, "2001:db8:1::/48", 2);
	support_run("a", "ip -6 route del 2001:db8:1::/48 metric 20 via 2001:db8::1");
	route = expect(watch, "2001:db8:1::/48", 1);
	expect_via(&route, 0, "2001:db8::5");
	support_run("a", "ip -6 route replace 2001:db8:1::/48 proto 186 metric 20 "
			 "nexthop via 2001:db8::1 nexthop via 2001:db8::5");
	expect(watch, "2001:db8:1::/48", 2);
	support_run("a", "ip -6 route del 2001:db8:1::/48 metric 20");
	expect(watch, "2001:db8:1::/48", -1);
}

static void takes_an_ipv6_next_hop_for_ipv4(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route;

	support_run("a", "ip route add 10.0.0.0/16 proto 186 via inet6 2001:db8::1");
	route = expect(watch, "10.0.0.0/16", 1);
	expect_via(&route, 0, "2001:db8::1");
	support_run("a", "ip route add blackhole 10.9.0.0/16 proto 196");
	assert_int_equal(expect(watch, "10.9.0.0/16", 0).kind, RTN_BLACKHOLE);
	support_run("a", "ip -6 route add unreachable 2001:db8:9::/48 proto 196");
	assert_int_equal(expect(watch, "2001:db8:9::/48", 0).kind, RTN_UNREACHABLE);
}

/* More than a turn takes, of each form; what is of another protocol stays. */
static void purges_the_routes_of_one_protocol(void **state)
{
	struct watch *watch = *state;

	support_run("a", "sh -c 'for i in 0 1 2; do seq -f "
			 "\"route add 10.$i.%%.0f.0/24 via 192.0.2.1 proto 186\" 0 255; done | "
			 "ip -batch -'");
	support_run("a", "ip route add 10.9.0.0/16 proto 186 metric 20 "
			 "nexthop via 192.0.2.1 nexthop via 192.0.2.5");
	support_run("a", "ip route add 10.9.0.0/16 proto 196 metric 30 via 192.0.2.5");
	support_run("a", "ip route add blackhole 10.8.0.0/16 proto 186");
	support_run("a", "ip -6 route add 2001:db8:1::/48 proto 186 metric 20 "
			 "nexthop via 2001:db8::1 nexthop via 2001:db8::5");
	support_run("a", "ip -6 route add 2001:db8:2::/48 proto 196 via 2001:db8::1");
	expect(watch, "2001:db8:2::/48", 1);
	kernel_purge(watch->kernel, KERNEL_PROTOCOL_BGP);
	expect(watch, "2001:db8:1::/48", -1);
	expect(watch, "10.0.0.0/24", -1);
	expect(watch, "10.2.255.0/24", -1);
	expect(watch, "10.8.0.0/16", -1);
	assert_int_equal(expect(watch, "10.9.0.0/16", 1).protocol, KERNEL_PROTOCOL_STATIC);
	expect(watch, "2001:db8:2::/48", 1);
	assert_int_equal(expect(watch, "192.0.2.0/30", 1).protocol, RTPROT_KERNEL);
	support_run(
		"a", "sh -c 'test -z \"$(ip route show proto 186; ip -6 route show proto 186)\"'");
}

static void resolves_nexthop_objects(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route;

	/* Without this the kernel repeats each route when its object changes. */
	support_run("a", "sysctl -qw net.ipv4.nexthop_compat_mode=0");
	support_run("a", "ip nexthop add id 1 via 192.0.2.1 dev a0");
	support_run("a", "ip nexthop add id 2 via 192.0.2.5 dev a1");
	support_run("a", "ip nexthop add id 9 group 1/2");
	support_run("a", "ip route add 10.0.0.0/16 proto 186 nhid 9");
	route = expect(watch, "10.0.0.0/16", 2);
	expect_via(&route, 0, "192.0.2.1");
	expect_via(&route, 1, "192.0.2.5");
	support_run("a", "ip nexthop del id 1");
	route = expect(watch, "10.0.0.0/16", 1);
	expect_via(&route, 0, "192.0.2.5");
	support_run("a", "ip nexthop del id 9");
	expect(watch, "10.0.0.0/16", -1);
}

static void invalidates_next_hops_of_a_dead_link(void **state)
{
	struct watch *watch = *state;
	struct kernel_route route;

	support_run("a", "ip route add 10.0.0.0/16 proto 186 "
			 "nexthop via 192.0.2.1 nexthop via 192.0.2.5");
	support_run("a", "ip route add 10.1.0.0/16 proto 186 via 192.0.2.1");
	expect(watch, "10.0.0.0/16", 2);
	expect(watch, "10.1.0.0/16", 1);
	/* Carrier: the kernel keeps both routes and says nothing of them. */
	support_run("b", "ip link set b0 down");
	route = expect(watch, "10.0.0.0/16", 1);
	expect_via(&route, 0, "192.0.2.5");
	expect(watch, "10.1.0.0/16", 0);
	assert_int_equal(expect(watch, "192.0.2.2/32", 1).kind, RTN_LOCAL);
	support_run("b", "ip link set b0 up");
	expect(watch, "10.0.0.0/16", 2);
	expect(watch, "10.1.0.0/16", 1);
	/* Administratively: it forgets the one without a message. */
	support_run("a", "ip link set a0 down");
	expect(watch, "10.1.0.0/16", -1);
	expect(watch, "192.0.2.0/30", -1);
	expect(watch, "10.0.0.0/16", 1);
	support_run("a", "ip link set a0 up");
	expect(watch, "192.0.2.0/30", 1);
	expect(watch, "10.0.0.0/16", 2);
	expect(watch, "10.1.0.0/16", -1);
	support_run("a", "ip link del a0");
	expect(watch, "10.0.0.0/16", -1);
	expect(watch, "192.0.2.0/30", -1);
	assert_int_equal(kernel_ifindex(watch->kernel, "a0"), 0);
}

static void finds_a_valid_neighbour(const struct kernel_neighbour *neighbour, void *context)
{
	struct sought *sought = context;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(neighbour->address.family, neighbour->address.address, text, sizeof(text));
	if (strcmp(text, sought->prefix) == 0)
		sought->found = neighbour->valid;
}

static bool is_resolved(void *context)
{
	struct sought *sought = context;

	sought->found = false;
	kernel_each_neighbour(sought->watch->kernel, finds_a_valid_neighbour, sought);
	return sought->found;
}

static bool is_unresolved(void *context)
{
	return !is_resolved(context);
}

static void resolve(struct watch *watch, const char *text)
{
	struct sought sought = {.watch = watch, .prefix = text};
	uint32_t ifindex = kernel_ifindex(watch->kernel, "a0");
	struct ip address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	inet_pton(address.family, text, address.address);
	assert_false(is_resolved(&sought));
	assert_int_equal(kernel_resolve(watch->kernel, ifindex, &address), 0);
	support_wait(watch->base, is_resolved, &sought, 5);
	/* Asking again leaves it valid. */
	assert_int_equal(kernel_resolve(watch->kernel, ifindex, &address), 0);
	event_base_loop(watch->base, EVLOOP_NONBLOCK);
	assert_true(is_resolved(&sought));
	assert_true(kernel_neighbour_of(watch->kernel, ifindex, &address)->valid);
	assert_null(
		kernel_neighbour_of(watch->kernel, kernel_ifindex(watch->kernel, "a1"), &address));
	assert_int_equal(kernel_forget(watch->kernel, ifindex, &address), 0);
	support_wait(watch->base, is_unresolved, &sought, 5);
	assert_int_equal(kernel_forget(watch->kernel, ifindex, &address), 0);
}

static void resolves_neighbours(void **state)
{
	struct watch *watch = *state;
	struct ip nowhere = {.family = AF_INET, .address = {192, 0, 2, 1}};

	resolve(watch, "192.0.2.1");
	resolve(watch, "2001:db8::1");
	assert_int_equal(kernel_resolve(watch->kernel, 4711, &nowhere), -ENODEV);
}

/* ---- many routes ---- */

/* A file of `ip -batch` commands: count routes 10.x.y.z/32 via the gateway. */
static void batch(const char *action, unsigned int from, unsigned int count, const char *gateway)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/batch", support_dir);
	file = fopen(path, "w");
	assert_non_null(file);
	for (unsigned int i = from; i < from + count; i++)
		fprintf(file, "route %s 10.%u.%u.%u/32 via %s proto 186\n", action, i >> 16,
			i >> 8 & 255, i & 255, gateway);
	fclose(file);
}

static unsigned int count_in_kernel(const char *gateway)
{
	char *text = support_output("a", "ip -j route show proto 186");
	json_t *routes = json_loads(text, 0, NULL);
	unsigned int count = 0;
	size_t index;
	json_t *route;

	assert_non_null(routes);
	json_array_foreach (routes, index, route) {
		const char *via = json_string_value(json_object_get(route, "gateway"));

		count += via && strcmp(via, gateway) == 0;
	}
	json_decref(routes);
	free(text);
	return count;
}

struct tally {
	struct watch *watch;
	struct in_addr gateway;
	unsigned int count, others, wanted;
};

static void tally_route(const struct kernel_route *route, void *context)
{
	struct tally *tally = context;

	if (route->protocol != 186)
		return;
	if (route->count == 1 && memcmp(route->next_hops[0].via.address, &tally->gateway, 4) == 0)
		tally->count++;
	else
		tally->others++;
}

static bool tallies(void *context)
{
	struct tally *tally = context;

	tally->count = 0;
	tally->others = 0;
	kernel_each_route(tally->watch->kernel, tally_route, tally);
	return tally->count == tally->wanted && tally->others == 0;
}

static void agrees_with_kernel(struct watch *watch, const char *gateway, unsigned int wanted)
{
	struct tally tally = {.watch = watch, .wanted = wanted};

	inet_pton(AF_INET, gateway, &tally.gateway);
	assert_int_equal(count_in_kernel(gateway), wanted);
	support_wait(watch->base, tallies, &tally, 20);
}

static void dumps_again_after_an_overrun(void **state)
{
	struct watch *watch = *state;
	uint32_t before = kernel_synchronisations(watch->kernel);

	assert_int_equal(kernel_set_receive_buffer(watch->kernel, 4096), 0);
	batch("add", 0, 20000, "192.0.2.1");
	support_run("a", "ip -batch %s/batch", support_dir); /* the loop does not run meanwhile */
	agrees_with_kernel(watch, "192.0.2.1", 20000);
	assert_true(kernel_synchronisations(watch->kernel) > before);
	/* And what went during an overrun is swept. */
	batch("del", 5000, 15000, "192.0.2.1");
	support_run("a", "ip -batch %s/batch", support_dir);
	agrees_with_kernel(watch, "192.0.2.1", 5000);
	assert_true(watch->gone >= 15000);
}

static void survives_changes_during_dumps(void **state)
{
	struct watch *watch = *state;
	struct tally tally = {.watch = watch, .wanted = 20000};

	batch("add", 0, 20000, "192.0.2.1");
	support_run("a", "ip -batch %s/batch", support_dir);
	batch("replace", 10000, 20000, "192.0.2.5");
	support_run(NULL, "mv %s/batch %s/second", support_dir, support_dir);
	batch("del", 0, 10000, "192.0.2.1");
	support_run("a", "sh -c '(ip -batch %s/second && ip -batch %s/batch && touch %s/done) &'",
		support_dir, support_dir, support_dir);
	/* Dump after dump while the routes change, then one that nothing disturbs is enough. */
	inet_pton(AF_INET, "192.0.2.5", &tally.gateway);
	while (!tallies(&tally)) {
		char path[128];

		snprintf(path, sizeof(path), "%s/done", support_dir);
		if (access(path, F_OK) == 0)
			break;
		kernel_resync(watch->kernel);
		event_base_loop(watch->base, EVLOOP_ONCE);
	}
	watch->synced = 0;
	support_wait(watch->base, is_synced, watch, 20);
	agrees_with_kernel(watch, "192.0.2.5", 20000);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void keeps_routes_compactly(void **state)
{
	struct watch *watch = *state;
	const struct route_table *table = &watch->kernel->routes;
	double start;
	size_t bytes;

	batch("add", 0, 100000, "192.0.2.1");
	support_run("a", "ip -batch %s/batch", support_dir);
	agrees_with_kernel(watch, "192.0.2.1", 100000);
	start = seconds_now();
	watch->synced = 0;
	kernel_resync(watch->kernel);
	support_wait(watch->base, is_synced, watch, 20);
	print_message("100,000 routes dumped in %.2f s\n", seconds_now() - start);
	bytes = table->entry_capacity * sizeof(table->entries[0]) +
		(table->prefixes.mask + 1ul) * sizeof(table->prefixes.slots[0]);
	print_message("%zu bytes a route\n", bytes / table->count);
	assert_true(bytes / table->count <= 150);
	assert_true(table->sets_index.count < 10);
}

#define KERNEL_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(reads_what_was_there),
		KERNEL_TEST(imports_configured_protocols_only),
		KERNEL_TEST(follows_ipv4_multipath),
		KERNEL_TEST(follows_ipv6_multipath),
		KERNEL_TEST(takes_an_ipv6_next_hop_for_ipv4),
		KERNEL_TEST(purges_the_routes_of_one_protocol),
		KERNEL_TEST(resolves_nexthop_objects),
		KERNEL_TEST(invalidates_next_hops_of_a_dead_link),
		KERNEL_TEST(resolves_neighbours),
		KERNEL_TEST(dumps_again_after_an_overrun),
		KERNEL_TEST(survives_changes_during_dumps),
		KERNEL_TEST(keeps_routes_compactly),
	};

	return cmocka_run_group_tests(tests, support_start, support_stop);
}
