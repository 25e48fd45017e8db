/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A failure test: the link is silent both ways, for everything, and only that link; what it costs
 * is measured; and it ends by itself.
 */
#include "dataplane/interface/link_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "tests/pipeline/fixture.h"

#define START UINT64_C(5000000) /* us */

static const struct encapsulation *const tags = &encapsulations[2];
static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};

/* The peer that BFD watches: the last octet of its address; 0: none. */
static uint8_t watched_peer;

static bool is_watched(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return family == AF_INET && watched_peer != 0 && peer[3] == watched_peer;
}

static void begin(uint32_t interface, uint32_t seconds)
{
	const struct api_link_test api = {.interface = interface, .seconds = seconds};

	assert_int_equal(link_test_upsert(&api, START, is_watched), 0);
}

static struct api_link_test result_of(uint32_t interface, uint64_t now_us)
{
	struct api_link_test row;

	assert_true(link_test_next(interface - 1, now_us, &row));
	assert_int_equal(row.interface, interface);
	return row;
}

/* From behind interface 1 to behind interface 2. */
static void send_there(int family)
{
	static struct frame in;

	frame_to_us(&in, 0, tags, family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(&in, family, 64, 100, 1);
	receive_one(0, &in);
}

/* And back. */
static void send_back(int family)
{
	static struct frame in;

	frame_to_us(&in, 1, tags, family == AF_INET ? 0x0800 : 0x86dd);
	if (family == AF_INET)
		frame_ipv4(&in, &(struct ipv4){.source = "10.1.0.9",
					.destination = "10.0.0.5",
					.ttl = 64,
					.protocol = IPPROTO_UDP,
					.payload = 28});
	else
		frame_ipv6(&in, &(struct ipv6){.source = "2001:db8:b::9",
					.destination = "2001:db8:a::5",
					.hop_limit = 64,
					.next_header = IPPROTO_UDP,
					.payload = 28});
	frame_udp(&in, 1000, 2000, 20);
	frame_fill(&in, 20, 3);
	receive_one(1, &in);
}

static void arp_from(uint32_t port)
{
	static struct frame in;

	frame_to_us(&in, port, tags, 0x0806);
	frame_fill(&in, 46, 1);
	receive_one(port, &in);
}

static void inject_to(uint32_t interface)
{
	static struct frame in;

	frame_from_us(&in, interface - 1, &untagged, 0x0800);
	frame_fill(&in, 46, 1);
	inject(interface, interface_get(interface)->epoch, &in);
}

static void expect_works(void)
{
	for (int family = 0; family < 2; family++) {
		unsigned int there = sent_count(1), back = sent_count(0);

		send_there(family == 0 ? AF_INET : AF_INET6);
		assert_int_equal(sent_count(1), there + 1);
		send_back(family == 0 ? AF_INET : AF_INET6);
		assert_int_equal(sent_count(0), back + 1);
	}
}

static void nothing_passes_either_way(void **state)
{
	scene(tags, tags);
	expect_works();
	begin(2, 10);
	for (int family = 0; family < 2; family++) {
		send_there(family == 0 ? AF_INET : AF_INET6);
		expect_drops(2, API_DROP_LINK_TEST_OUT, 1);
		send_back(family == 0 ? AF_INET : AF_INET6);
		expect_drops(2, API_DROP_LINK_TEST_IN, 1);
	}
	arp_from(1);
	expect_drops(2, API_DROP_LINK_TEST_PUNT, 1);
	inject_to(2);
	expect_drops(2, API_DROP_LINK_TEST_INJECT, 1);
	assert_int_equal(punted_count(), 0);
	assert_int_equal(sent_count(0) + sent_count(1), 4);
	/* The other link is as it was. */
	arp_from(0);
	assert_int_equal(punted_count(), 1);
	inject_to(1);
	assert_int_equal(sent_count(0), 3);
}

/* Nobody is told anything: a cut line says nothing either. */
static void nobody_is_told(void **state)
{
	static struct frame in;

	scene(tags, tags);
	begin(2, 10);
	frame_to_us(&in, 0, tags, 0x0800);
	frame_flow(&in, AF_INET, 1, 100, 1); /* its last hop */
	receive_one(0, &in);
	frame_to_us(&in, 0, tags, 0x86dd);
	frame_flow(&in, AF_INET6, 64, 9000, 1); /* larger than the MTU */
	receive_one(0, &in);
	frame_to_us(&in, 0, tags, 0x0800);
	frame_flow(&in, AF_INET, 64, 3000, 1); /* in fragments */
	receive_one(0, &in);
	expect_drops(2, API_DROP_LINK_TEST_OUT, 3);
	expect_nothing_sent();
}

static void it_ends_by_itself(void **state)
{
	struct api_link_test row;

	scene(tags, tags);
	begin(2, 10);
	assert_true(link_test_run(START + 9999999));
	send_there(AF_INET);
	expect_drops(2, API_DROP_LINK_TEST_OUT, 1);
	row = result_of(2, START + 9999999);
	assert_int_equal(row.running, 1);
	assert_int_equal(row.left_us, 1);
	assert_int_equal(row.age_us, 9999999);
	assert_false(link_test_run(START + 10000000));
	expect_works();
	row = result_of(2, START + 12000000);
	assert_int_equal(row.running, 0);
	assert_int_equal(row.seconds, 10);
	assert_int_equal(row.left_us, 0);
	assert_int_equal(row.age_us, 12000000);
	assert_int_equal(row.lasted_us, 10000000);
	assert_int_equal(row.dropped_out, 1);
}

static void it_is_ended_or_prolonged(void **state)
{
	const struct api_link_test more = {.interface = 2, .seconds = 3};

	scene(tags, tags);
	begin(2, 10);
	assert_int_equal(link_test_upsert(&more, START + 1000000, is_watched), 0);
	assert_false(link_test_run(START + 4000000)); /* 3 s from when that was said */
	expect_works();
	begin(2, 10);
	begin(2, 0);
	expect_works();
	begin(2, 10);
	assert_int_equal(link_test_delete(2, START), 0);
	expect_works();
	assert_int_equal(link_test_delete(2, START), 0);
}

static void refuses_what_is_no_test(void **state)
{
	struct api_link_test api = {.interface = 2, .seconds = API_LINK_TEST_S_MAX + 1}, row;

	scene(tags, tags);
	assert_int_equal(link_test_upsert(&api, START, is_watched), -EINVAL);
	api.seconds = 5;
	api.interface = 0;
	assert_int_equal(link_test_upsert(&api, START, is_watched), -EINVAL);
	assert_int_equal(link_test_delete(0, START), -EINVAL);
	api.interface = API_INTERFACES_MAX;
	assert_int_equal(link_test_upsert(&api, START, is_watched), -EINVAL);
	assert_int_equal(link_test_delete(API_INTERFACES_MAX, START), -EINVAL);
	api.interface = 99;
	assert_int_equal(link_test_upsert(&api, START, is_watched), -ENOENT);
	assert_false(link_test_next(0, START, &row));
	assert_false(link_test_run(START));
	expect_works();
}

/* Milliseconds from the start to the last packet lost, for each direction. */
static void loss_is_measured(void **state)
{
	struct api_link_test row;

	scene(tags, tags);
	begin(2, 10);
	send_there(AF_INET);
	send_back(AF_INET6);
	arp_from(1);
	assert_true(link_test_run(START + 2000));
	send_there(AF_INET6);
	send_there(AF_INET);
	assert_true(link_test_run(START + 151000));
	arp_from(1); /* control packets go on until the end: they are no loss */
	inject_to(2);
	assert_true(link_test_run(START + 900000));
	assert_false(link_test_run(START + 10000000));
	row = result_of(2, START + 20000000);
	assert_int_equal(row.dropped_in, 1);
	assert_int_equal(row.dropped_out, 3);
	assert_int_equal(row.dropped_control, 3);
	assert_int_equal(row.loss_in_ms, 2);
	assert_int_equal(row.loss_out_ms, 151);
	/* Nobody watched: the interface has no path, and none went down. */
	assert_int_equal(row.moved_ms, API_LINK_TEST_NOT);
	/* The next test starts from nothing. */
	begin(2, 10);
	row = result_of(2, START);
	assert_int_equal(row.dropped_in + row.dropped_out + row.dropped_control, 0);
	assert_int_equal(row.loss_in_ms + row.loss_out_ms, 0);
}

/* A link that nobody watches is left at once: its traffic takes the other member. */
static void traffic_moves(void **state)
{
	struct api_path path = {
		.id = 1, .interface = 2, .family = AF_INET, .address = {198, 51, 100, 1}};
	struct api_adjacency watched;
	struct api_interface third;

	scene(tags, tags);
	third = make_interface(3, 2, 1, tags);
	add_interface(&third);
	add_adjacency(3, 3, AF_INET, "203.0.113.1");
	assert_int_equal(path_upsert(&path), 0);
	watched = adjacency_get(2)->api;
	watched.path = 1;
	assert_int_equal(adjacency_upsert(&watched), 0);
	add_group(40, 2, (const uint32_t[]){2, 3});
	add_route(1, "10.1.0.0", 16, 40);
	begin(2, 10);
	assert_int_equal(path_bits(1), API_PATH_TEST);
	send_there(AF_INET);
	assert_int_equal(sent_count(2), 1);
	assert_true(link_test_run(START + 1000));
	assert_int_not_equal(result_of(2, START).moved_ms, API_LINK_TEST_NOT);
	assert_int_equal(result_of(2, START).dropped_out, 0);
	link_test_run(START + 10000000);
	assert_int_equal(path_bits(1), 0);
}

/* Who watches must find out by himself: until then packets go into the silence. */
static void a_watched_path_is_left_when_that_is_found_out(void **state)
{
	static const uint8_t peers[2][16] = {{198, 51, 100, 1}, {198, 51, 100, 9}};
	struct api_path path = {.interface = 2, .family = AF_INET};

	scene(tags, tags);
	for (unsigned int i = 0; i < 2; i++) {
		path.id = 1 + i;
		memcpy(path.address, peers[i], sizeof(path.address));
		assert_int_equal(path_upsert(&path), 0);
	}
	watched_peer = 1;
	begin(2, 10);
	watched_peer = 0;
	assert_int_equal(path_bits(1), 0);
	assert_int_equal(path_bits(2), API_PATH_TEST);
	assert_true(link_test_run(START + 1000));
	assert_int_equal(result_of(2, START + 1000).moved_ms, API_LINK_TEST_NOT);
	assert_true(path_set(2, AF_INET, peers[0], API_PATH_BFD, true));
	assert_true(link_test_run(START + 2000));
	assert_int_not_equal(result_of(2, START + 2000).moved_ms, API_LINK_TEST_NOT);
	link_test_run(START + 10000000);
	assert_int_equal(path_bits(1), API_PATH_BFD);
	assert_int_equal(path_bits(2), 0);
}

/* What control states meanwhile does not end it, and what it stated is there afterwards. */
static void changes_meanwhile_are_kept(void **state)
{
	const struct api_policer policer = {
		.id = 1, .rate_bps = 1000000000, .burst_bytes = 1000000};
	struct api_interface api;

	scene(tags, tags);
	begin(2, 10);
	assert_int_equal(policer_upsert(&policer, worker.now), 0);
	api = interface_get(2)->api;
	assert_int_equal(api.policer_in, 0);
	api.policer_in = 1;
	api.mtu = 1400;
	add_interface(&api);
	send_back(AF_INET);
	expect_drops(2, API_DROP_LINK_TEST_IN, 1);
	send_there(AF_INET);
	expect_drops(2, API_DROP_LINK_TEST_OUT, 1);
	assert_int_equal(policer_delete(1), -EBUSY);
	link_test_run(START + 10000000);
	assert_int_equal(interface_get(2)->policer_in, 1);
	expect_works();
	assert_int_not_equal(worker.policers[1].credit, 0);
}

/* The next one by the id is not cut. */
static void a_deleted_interface_takes_its_test_along(void **state)
{
	struct api_link_test row;
	struct api_interface third;
	uint32_t interface;
	bool began;

	scene(tags, tags);
	third = make_interface(3, 2, 1, tags);
	add_interface(&third);
	begin(3, 10);
	assert_int_equal(interface_delete(3), 0);
	assert_false(link_test_next(0, START, &row));
	assert_false(link_test_run(START + 1));
	assert_false(link_test_next_news(&interface, &began));
	add_interface(&third);
	assert_false(link_test_cuts(3));
	assert_int_equal(interface_get(3)->cut, 0);
}

static void begin_and_end_are_news(void **state)
{
	uint32_t interface;
	bool began;

	scene(tags, tags);
	begin(2, 10);
	assert_true(link_test_next_news(&interface, &began));
	assert_int_equal(interface, 2);
	assert_true(began);
	assert_false(link_test_next_news(&interface, &began));
	link_test_run(START + 10000000);
	assert_true(link_test_next_news(&interface, &began));
	assert_false(began);
	assert_false(link_test_next_news(&interface, &began));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(nothing_passes_either_way),
		pipeline_test(nobody_is_told),
		pipeline_test(it_ends_by_itself),
		pipeline_test(it_is_ended_or_prolonged),
		pipeline_test(refuses_what_is_no_test),
		pipeline_test(loss_is_measured),
		pipeline_test(traffic_moves),
		pipeline_test(a_watched_path_is_left_when_that_is_found_out),
		pipeline_test(changes_meanwhile_are_kept),
		pipeline_test(a_deleted_interface_takes_its_test_along),
		pipeline_test(begin_and_end_are_news),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
