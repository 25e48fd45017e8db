/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture sees each packet of its links with what became of it, none of any other link, and
 * changes none.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/interface/capture.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "pipelines/explain.h"
#include "pipelines/packet.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/capture_kit.h"

static void forwarded_by_either_side(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct frame in, out;

	two_circuits();
	for (unsigned int side = 0; side < 2; side++) {
		capture_address(side == 0 ? "acme" : "globex/private");
		for (unsigned int i = 0; i < 2; i++) {
			flow_in(&in, families[i], 64);
			flow_out(&out, families[i], 63);
			receive_one(0, &in);
			expect_sent(1, &out);
			if (side == 0)
				expect_captured(
					&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
			else
				expect_captured(
					&out, "globex/private/primary", API_CAPTURE_SENT, 1, 0);
			expect_none_captured();
		}
		capture_stop();
	}
}

static void dropped_with_the_reason(void **state)
{
	struct api_interface globex;
	struct frame in, out;

	two_circuits();
	capture_address("acme");
	flow_in(&in, AF_INET, 64);
	in.bytes[22 + 10] ^= 1;
	receive_one(0, &in);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_DROPPED, 0, API_DROP_BAD_CHECKSUM);
	flow_in(&in, AF_INET6, 64);
	in.bytes[22 + 24] = 0x3f; /* nobody's */
	receive_one(0, &in);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_DROPPED, 0, API_DROP_NO_ROUTE);
	capture_stop();
	/* What was to leave, as it would have: the way out has no room for it. */
	globex = interface_get(2)->api;
	globex.mtu = 1280;
	add_interface(&globex);
	capture_address("globex");
	frame_to_us(&in, 0, capture_tags[0], 0x86dd);
	frame_flow(&in, AF_INET6, 64, 1300, 1);
	frame_from_us(&out, 1, capture_tags[1], 0x86dd);
	frame_flow(&out, AF_INET6, 64, 1300, 1);
	receive_one(0, &in);
	expect_captured(
		&out, "globex/private/primary", API_CAPTURE_DROPPED, 1, API_DROP_MTU_EXCEEDED);
	expect_none_captured();
	capture_stop();
}

static void control_packets_both_ways(void **state)
{
	static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};
	struct frame in, out;

	two_circuits();
	capture_address("acme");
	frame_to_us(&in, 0, capture_tags[0], 0x0806);
	frame_fill(&in, 28, 1);
	receive_one(0, &in);
	assert_int_equal(punted_count(), 1);
	drop_punted();
	expect_captured(&in, "acme/private/primary", API_CAPTURE_PUNTED, 0, 0);
	frame_from_us(&in, 0, &untagged, 0x0806);
	frame_fill(&in, 28, 2);
	inject(1, interface_get(1)->epoch, &in);
	frame_from_us(&out, 0, capture_tags[0], 0x0806);
	frame_fill(&out, 28, 2);
	expect_sent(0, &out);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_SENT, 1, 0);
	expect_none_captured();
	capture_stop();
}

/* BFD goes by rings of its own. */
static void bfd_both_ways(void **state)
{
	struct bfd_departure departure = {
		.interface = 1, .adjacency = 1, .family = AF_INET, .l3_bytes = 52};
	struct frame in, out;

	two_circuits();
	capture_address("acme");
	frame_to_us(&in, 0, capture_tags[0], 0x0800);
	frame_ipv4(&in, &(struct ipv4){.source = "192.0.2.1",
				.destination = "192.0.2.2",
				.ttl = 255,
				.protocol = IPPROTO_UDP,
				.payload = 32});
	frame_udp(&in, 50000, 3784, 24);
	frame_fill(&in, 24, 7);
	receive_one(0, &in);
	assert_int_equal(arrived_count, 1);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_PUNTED, 0, 0);
	punt_ring_full = true;
	receive_one(0, &in);
	punt_ring_full = false;
	expect_captured(
		&in, "acme/private/primary", API_CAPTURE_DROPPED, 0, API_DROP_PUNT_RING_FULL);
	arrived_count = 0;
	memcpy(departure.l3, in.bytes + 22, departure.l3_bytes);
	frame_from_us(&out, 0, capture_tags[0], 0x0800);
	frame_append(&out, departure.l3, departure.l3_bytes);
	pipeline_bfd(&worker, &departure, 1);
	expect_sent(0, &out);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_SENT, 1, 0);
	set_link(0, false);
	pipeline_bfd(&worker, &departure, 1);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_DROPPED, 1, API_DROP_PORT_DOWN);
	set_link(0, true);
	arrived_count = 0; /* the thread was told of the loss */
	expect_none_captured();
}

/* Nothing of a link of another name, though the names begin alike and packets come in one burst. */
static void nobody_elses(void **state)
{
	static const struct encapsulation third = {"802.1Q", 0x8100, 0, 777};
	static struct frame in[BURST_MAX], out[BURST_MAX];
	unsigned int of_acme = 0;

	two_circuits();
	capture_address("acme");
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		bool is_acmes = i % 3 == 0;

		frame_to_us(&in[i], 0, is_acmes ? capture_tags[0] : &third, 0x0800);
		frame_flow(&in[i], AF_INET, 64, i, i);
		frame_from_us(&out[i], 1, capture_tags[1], 0x0800);
		frame_flow(&out[i], AF_INET, 63, i, i);
		of_acme += is_acmes;
	}
	receive(0, in, BURST_MAX);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		expect_sent(1, &out[i]);
	for (unsigned int i = 0; i < BURST_MAX; i += 3)
		expect_captured(&in[i], "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_none_captured();
	assert_true(of_acme > 0);
	capture_stop();
}

/* A policer is charged as ever, though the plain way is closed. */
static void policed_as_ever(void **state)
{
	struct api_policer policer = {
		.id = 1, .rate_bps = API_POLICER_RATE_MIN, .burst_bytes = API_POLICER_BURST_MIN};
	struct api_interface acme;
	struct frame in;
	unsigned int passed[2];

	for (unsigned int watched = 0; watched < 2; watched++) {
		two_circuits();
		assert_int_equal(policer_upsert(&policer, worker.now), 0);
		acme = interface_get(1)->api;
		acme.policer_in = 1;
		add_interface(&acme);
		if (watched)
			capture_address("acme");
		frame_to_us(&in, 0, capture_tags[0], 0x0800);
		frame_flow(&in, AF_INET, 64, 1000, 1);
		for (unsigned int i = 0; i < 100; i++)
			receive_one(0, &in);
		passed[watched] = sent_count(1);
		assert_int_equal(drops(1, API_DROP_POLICER_IN), 100 - passed[watched]);
		capture_stop();
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
	assert_in_range(passed[0], 1, 99);
	assert_int_equal(passed[0], passed[1]);
}

/* EXPLAIN says of a link that is watched what it says of others. */
static void explained_as_ever(void **state)
{
	struct api_policer policer = {
		.id = 1, .rate_bps = API_POLICER_RATE_MIN, .burst_bytes = API_POLICER_BURST_MIN};
	struct api_explanation before = {0}, meanwhile = {0};
	struct api_explain request = {.port = 0};
	struct api_interface acme;
	struct frame in;

	two_circuits();
	assert_int_equal(policer_upsert(&policer, worker.now), 0);
	acme = interface_get(1)->api;
	acme.policer_in = 1;
	add_interface(&acme);
	flow_in(&in, AF_INET, 64);
	request.frame_bytes = in.length;
	memcpy(request.head, in.bytes, in.length);
	assert_int_equal(explain_packet(&request, worker.now, &before), 0);
	capture_address("");
	assert_int_equal(explain_packet(&request, worker.now, &meanwhile), 0);
	assert_int_equal(meanwhile.outcome, API_OUTCOME_SENT);
	assert_int_equal(meanwhile.policer_in, 1);
	assert_memory_equal(&before, &meanwhile, sizeof(before));
	expect_none_captured();
}

static void fragments_are_whole_before(void **state)
{
	struct api_interface globex;
	struct frame in, out;

	two_circuits();
	globex = interface_get(2)->api;
	globex.mtu = 1280;
	add_interface(&globex);
	capture_address("acme");
	flow_in(&in, AF_INET, 64);
	in.length = 0;
	frame_to_us(&in, 0, capture_tags[0], 0x0800);
	frame_flow(&in, AF_INET, 64, 1400, 1);
	receive_one(0, &in);
	assert_int_equal(sent_count(1), 2);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_none_captured();
	capture_stop();
	capture_address("globex");
	receive_one(0, &in);
	take_sent(1, &out);
	take_sent(1, &out);
	for (unsigned int i = 0; i < 2; i++) {
		take_sent(1, &out);
		assert_int_equal(out.bytes[18 + IPV4_TTL], 63);
		expect_captured(&out, "globex/private/primary", API_CAPTURE_SENT, 1, 0);
	}
	expect_none_captured();
	capture_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		capture_test(forwarded_by_either_side),
		capture_test(dropped_with_the_reason),
		capture_test(control_packets_both_ways),
		capture_test(bfd_both_ways),
		capture_test(nobody_elses),
		capture_test(policed_as_ever),
		capture_test(explained_as_ever),
		capture_test(fragments_are_whole_before),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
