/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture sees each packet of its links with what became of it, none of any other link, and
 * changes none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/capture.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "pipelines/explain.h"
#include "pipelines/observe.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const tags[] = {&encapsulations[2], &encapsulations[1]};

static void call(struct api_interface *link, const char *circuit)
{
	snprintf(link->circuit, sizeof(link->circuit), "%s", circuit);
	snprintf(link->name, sizeof(link->name), "%s/private/primary", circuit);
}

/* Interface 1 is acme's, 2 globex's; acme-too is another one that begins with the same letters. */
static void two_circuits(void)
{
	static const struct encapsulation third = {"802.1Q", 0x8100, 0, 777};
	struct api_interface link;

	scene(tags[0], tags[1]);
	for (uint32_t id = 1; id <= 2; id++) {
		link = interface_get(id)->api;
		call(&link, id == 1 ? "acme" : "globex");
		add_interface(&link);
	}
	link = make_interface(3, 0, 1, &third);
	call(&link, "acme-too");
	add_interface(&link);
}

static struct api_capture of(const char *address)
{
	struct api_capture request = {
		.packets = 1000, .seconds = 60, .snap_bytes = API_CAPTURE_SNAP_MAX};

	snprintf(request.address, sizeof(request.address), "%s", address);
	return request;
}

static void start(const char *address)
{
	struct api_capture request = of(address);

	assert_int_equal(capture_start(&request, 1, 0), 0);
}

/* The next packet; links that are named before it must be of that name. False: there is none. */
static bool take(struct api_captured *captured, const uint8_t **bytes, const char **link)
{
	static struct api_capture_link named;

	for (;;) {
		switch (capture_next(&named, captured, bytes)) {
		case CAPTURE_NONE:
			return false;
		case CAPTURE_PACKET:
			*link = interface_get(captured->interface)->api.name;
			return true;
		case CAPTURE_LINK:
			assert_string_equal(named.name, interface_get(named.interface)->api.name);
			assert_int_equal(named.vrf, 1);
		}
	}
}

static void expect_captured(const struct frame *frame, const char *link, uint8_t verdict,
	uint8_t is_out, enum api_drop_reason reason)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;

	assert_true(take(&captured, &bytes, &name));
	assert_string_equal(name, link);
	assert_int_equal(captured.verdict, verdict);
	assert_int_equal(captured.is_out, is_out);
	if (verdict == API_CAPTURE_DROPPED)
		assert_int_equal(captured.reason, reason);
	assert_int_equal(captured.frame_bytes, frame->length);
	assert_int_equal(captured.captured_bytes, frame->length);
	assert_memory_equal(bytes, frame->bytes, frame->length);
}

static void expect_no_more(void)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;

	assert_false(take(&captured, &bytes, &name));
}

static void flow_in(struct frame *frame, int family, uint8_t ttl)
{
	frame_to_us(frame, 0, tags[0], family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, ttl, 30, 1);
}

static void flow_out(struct frame *frame, int family, uint8_t ttl)
{
	frame_from_us(frame, 1, tags[1], family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, ttl, 30, 1);
}

static void forwarded_by_either_side(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct frame in, out;

	two_circuits();
	for (unsigned int side = 0; side < 2; side++) {
		start(side == 0 ? "acme" : "globex/private");
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
			expect_no_more();
		}
		capture_stop();
	}
}

static void dropped_with_the_reason(void **state)
{
	struct api_interface globex;
	struct frame in, out;

	two_circuits();
	start("acme");
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
	start("globex");
	frame_to_us(&in, 0, tags[0], 0x86dd);
	frame_flow(&in, AF_INET6, 64, 1300, 1);
	frame_from_us(&out, 1, tags[1], 0x86dd);
	frame_flow(&out, AF_INET6, 64, 1300, 1);
	receive_one(0, &in);
	expect_captured(
		&out, "globex/private/primary", API_CAPTURE_DROPPED, 1, API_DROP_MTU_EXCEEDED);
	expect_no_more();
	capture_stop();
}

static void control_packets_both_ways(void **state)
{
	static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};
	struct frame in, out;

	two_circuits();
	start("acme");
	frame_to_us(&in, 0, tags[0], 0x0806);
	frame_fill(&in, 28, 1);
	receive_one(0, &in);
	assert_int_equal(punted_count(), 1);
	drop_punted();
	expect_captured(&in, "acme/private/primary", API_CAPTURE_PUNTED, 0, 0);
	frame_from_us(&in, 0, &untagged, 0x0806);
	frame_fill(&in, 28, 2);
	inject(1, interface_get(1)->epoch, &in);
	frame_from_us(&out, 0, tags[0], 0x0806);
	frame_fill(&out, 28, 2);
	expect_sent(0, &out);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_SENT, 1, 0);
	expect_no_more();
	capture_stop();
}

/* BFD goes by rings of its own. */
static void bfd_both_ways(void **state)
{
	struct bfd_departure departure = {
		.interface = 1, .adjacency = 1, .family = AF_INET, .l3_bytes = 52};
	struct frame in, out;

	two_circuits();
	start("acme");
	frame_to_us(&in, 0, tags[0], 0x0800);
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
	frame_from_us(&out, 0, tags[0], 0x0800);
	frame_append(&out, departure.l3, departure.l3_bytes);
	pipeline_bfd(&worker, &departure, 1);
	expect_sent(0, &out);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_SENT, 1, 0);
	set_link(0, false);
	pipeline_bfd(&worker, &departure, 1);
	expect_captured(&out, "acme/private/primary", API_CAPTURE_DROPPED, 1, API_DROP_PORT_DOWN);
	set_link(0, true);
	arrived_count = 0; /* the thread was told of the loss */
	expect_no_more();
}

/* Nothing of a link of another name, though the names begin alike and packets come in one burst. */
static void nobody_elses(void **state)
{
	static const struct encapsulation third = {"802.1Q", 0x8100, 0, 777};
	static struct frame in[BURST_MAX], out[BURST_MAX];
	unsigned int of_acme = 0;

	two_circuits();
	start("acme");
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		bool is_acmes = i % 3 == 0;

		frame_to_us(&in[i], 0, is_acmes ? tags[0] : &third, 0x0800);
		frame_flow(&in[i], AF_INET, 64, i, i);
		frame_from_us(&out[i], 1, tags[1], 0x0800);
		frame_flow(&out[i], AF_INET, 63, i, i);
		of_acme += is_acmes;
	}
	receive(0, in, BURST_MAX);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		expect_sent(1, &out[i]);
	for (unsigned int i = 0; i < BURST_MAX; i += 3)
		expect_captured(&in[i], "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_no_more();
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
			start("acme");
		frame_to_us(&in, 0, tags[0], 0x0800);
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
	start("");
	assert_int_equal(explain_packet(&request, worker.now, &meanwhile), 0);
	assert_int_equal(meanwhile.outcome, API_OUTCOME_SENT);
	assert_int_equal(meanwhile.policer_in, 1);
	assert_memory_equal(&before, &meanwhile, sizeof(before));
	expect_no_more();
}

static bool is_captured(const struct frame *frame, const struct api_capture *request)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;
	bool found;

	assert_int_equal(capture_start(request, 1, 0), 0);
	receive_one(0, frame);
	found = take(&captured, &bytes, &name);
	capture_stop();
	return found;
}

static void filtered(void **state)
{
	struct api_capture request;
	struct frame four, six;

	two_circuits();
	flow_in(&four, AF_INET, 64); /* 10.0.0.5 to 10.1.0.9, UDP 1001 to 2000 */
	flow_in(&six, AF_INET6, 64);
	request = of("acme");
	request.family = AF_INET6;
	assert_false(is_captured(&four, &request));
	assert_true(is_captured(&six, &request));
	request = of("acme");
	request.protocol = IPPROTO_TCP;
	assert_false(is_captured(&four, &request));
	request.protocol = IPPROTO_UDP;
	request.port = 2000;
	assert_true(is_captured(&four, &request));
	assert_true(is_captured(&six, &request));
	request.port = 2001;
	assert_false(is_captured(&four, &request));
	request = of("acme");
	request.family = AF_INET;
	request.has_from = request.has_to = 1;
	memcpy(request.from, (uint8_t[]){10, 1, 0, 9}, 4);
	memcpy(request.to, (uint8_t[]){10, 0, 0, 5}, 4);
	assert_true(is_captured(&four, &request)); /* the answers too */
	request.to[3] = 6;
	assert_false(is_captured(&four, &request));
}

/* Told in the order that they came, to the number that was wanted. */
static void bounded(void **state)
{
	struct api_capture request = of("acme");
	struct api_captured captured;
	struct frame in;
	const uint8_t *bytes;
	const char *name;
	uint64_t over_us;
	unsigned int told = 0;

	two_circuits();
	request.packets = 5;
	request.seconds = 10;
	request.snap_bytes = 64;
	assert_int_equal(capture_start(&request, 1, 1000), 0);
	flow_in(&in, AF_INET, 64);
	for (unsigned int i = 0; i < 8; i++)
		receive_one(0, &in);
	assert_false(capture_is_over(10000999, &over_us));
	assert_true(capture_is_over(10001000, &over_us));
	assert_int_equal(over_us, 10001000);
	while (take(&captured, &bytes, &name)) {
		assert_int_equal(captured.frame_bytes, in.length);
		assert_int_equal(captured.captured_bytes, 64);
		assert_memory_equal(bytes, in.bytes, 64);
		told++;
	}
	assert_int_equal(told, 5);
	assert_true(capture_is_over(1000, &over_us));
	capture_stop();
	assert_int_equal(interface_get(1)->watched, 0);
	receive_one(0, &in);
	expect_no_more();
	for (unsigned int i = 0; i < 9; i++)
		take_sent(1, &in);
}

/* What finds no room is forwarded all the same, and counted. */
static void lost_is_counted(void **state)
{
	struct api_capture_count count = {0};
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;
	struct frame in, out;
	uint64_t sent = 0, told = 0;

	two_circuits();
	struct api_capture request = of("acme");

	request.packets = API_CAPTURE_PACKETS_MAX;
	assert_int_equal(capture_start(&request, 1, 0), 0);
	frame_to_us(&in, 0, tags[0], 0x0800);
	frame_flow(&in, AF_INET, 64, 1000, 1);
	for (; sent < CAPTURE_RING_BYTES / 1000 + 100; sent++) {
		receive_one(0, &in);
		take_sent(1, &out);
	}
	while (take(&captured, &bytes, &name))
		told++;
	assert_true(told > CAPTURE_RING_BYTES / 2000 && told < sent);
	assert_true(capture_next_count(0, &count));
	assert_int_equal(count.interface, 1);
	assert_int_equal(count.packets, told);
	assert_int_equal(count.lost, sent - told);
	assert_false(capture_next_count(count.interface, &count));
	/* There is room again. */
	receive_one(0, &in);
	take_sent(1, &out);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	capture_stop();
}

/* Who came by a watched link and leaves by one is told of once, if that is wanted; with its way. */
static void told_once(void **state)
{
	struct api_captured captured;
	struct api_capture request = of("");
	const uint8_t *bytes;
	const char *name;
	struct frame in, out;

	two_circuits();
	for (unsigned int once = 0; once < 2; once++) {
		request.once = once;
		assert_int_equal(capture_start(&request, 1, 0), 0);
		flow_in(&in, AF_INET, 64);
		flow_out(&out, AF_INET, 63);
		receive_one(0, &in);
		expect_sent(1, &out);
		assert_true(take(&captured, &bytes, &name));
		assert_int_equal(captured.interface, 1);
		assert_int_equal(captured.other, 2);
		assert_int_equal(captured.group, 17);
		assert_int_equal(captured.adjacency, 2);
		if (!once) {
			assert_true(take(&captured, &bytes, &name));
			assert_int_equal(captured.interface, 2);
			assert_int_equal(captured.other, 1);
			assert_int_equal(captured.is_out, 1);
		}
		expect_no_more();
		capture_stop();
	}
}

/* A link that goes while its packets wait takes them along: its number may be another's. */
static void gone_links(void **state)
{
	static const struct encapsulation third = {"802.1Q", 0x8100, 0, 777};
	struct api_interface link;
	struct api_capture_link named;
	struct api_captured captured;
	const uint8_t *bytes;
	struct frame in;

	two_circuits();
	link = interface_get(3)->api;
	start("acme-too");
	frame_to_us(&in, 0, &third, 0x0800);
	frame_flow(&in, AF_INET, 64, 20, 1);
	in.bytes[18 + IPV4_CHECKSUM] ^= 1;
	receive_one(0, &in);
	assert_int_equal(interface_delete(3), 0);
	add_interface(&link);
	assert_int_equal(interface_get(3)->watched, capture_running->number);
	receive_one(0, &in);
	assert_int_equal(capture_next(&named, &captured, &bytes), CAPTURE_LINK);
	assert_string_equal(named.name, "acme-too/private/primary");
	assert_int_equal(capture_next(&named, &captured, &bytes), CAPTURE_PACKET);
	assert_int_equal(capture_next(&named, &captured, &bytes), CAPTURE_NONE);
	capture_stop();
}

/* The name of a virtual network is not a circuit's, though it be the same. */
static void circuits_are_not_networks(void **state)
{
	struct api_interface core;
	struct frame in, out;

	two_circuits();
	core = interface_get(2)->api;
	snprintf(core.name, sizeof(core.name), "acme/core");
	core.circuit[0] = '\0';
	add_interface(&core);
	start("acme");
	flow_in(&in, AF_INET, 64);
	flow_out(&out, AF_INET, 63);
	receive_one(0, &in);
	expect_sent(1, &out);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_no_more();
	capture_stop();
	start("acme/core");
	receive_one(0, &in);
	expect_sent(1, &out);
	expect_captured(&out, "acme/core", API_CAPTURE_SENT, 1, 0);
	expect_no_more();
	capture_stop();
}

/* A capture that follows another one hears nothing from interfaces of the last. */
static void one_after_another(void **state)
{
	const struct interface *held;
	struct frame in;
	struct packet packet = {.reason = 0};

	two_circuits();
	start("acme");
	held = interface_get(1);
	/* A worker has the struct in hand still, as one has until the end of its burst. */
	struct interface copy = *held;

	capture_stop();
	start("globex");
	flow_in(&in, AF_INET, 64);
	packet.in = &copy;
	packet.mbuf = to_mbuf(&in);
	assert_int_not_equal(copy.watched, 0);
	observe_in(&worker, &packet, API_CAPTURE_FORWARDED, 0);
	rte_pktmbuf_free(packet.mbuf);
	expect_no_more();
	capture_stop();
}

static void fragments_are_whole_before(void **state)
{
	struct api_interface globex;
	struct frame in, out;

	two_circuits();
	globex = interface_get(2)->api;
	globex.mtu = 1280;
	add_interface(&globex);
	start("acme");
	flow_in(&in, AF_INET, 64);
	in.length = 0;
	frame_to_us(&in, 0, tags[0], 0x0800);
	frame_flow(&in, AF_INET, 64, 1400, 1);
	receive_one(0, &in);
	assert_int_equal(sent_count(1), 2);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_no_more();
	capture_stop();
	start("globex");
	receive_one(0, &in);
	take_sent(1, &out);
	take_sent(1, &out);
	for (unsigned int i = 0; i < 2; i++) {
		take_sent(1, &out);
		assert_int_equal(out.bytes[18 + IPV4_TTL], 63);
		expect_captured(&out, "globex/private/primary", API_CAPTURE_SENT, 1, 0);
	}
	expect_no_more();
	capture_stop();
}

static void refused(void **state)
{
	struct api_capture request = of("acme"), wrong;

	two_circuits();
	wrong = of("nobody");
	assert_int_equal(capture_start(&wrong, 1, 0), -ENOENT);
	wrong = of("acme/priv");
	assert_int_equal(capture_start(&wrong, 1, 0), -ENOENT);
	wrong = request;
	memset(wrong.address, 'x', sizeof(wrong.address));
	assert_int_equal(capture_start(&wrong, 1, 0), -EINVAL);
	wrong = request;
	wrong.packets = 0;
	assert_int_equal(capture_start(&wrong, 1, 0), -EINVAL);
	wrong = request;
	wrong.seconds = API_CAPTURE_S_MAX + 1;
	assert_int_equal(capture_start(&wrong, 1, 0), -EINVAL);
	wrong = request;
	wrong.snap_bytes = API_CAPTURE_SNAP_MIN - 1;
	assert_int_equal(capture_start(&wrong, 1, 0), -EINVAL);
	wrong = request;
	wrong.has_from = 1;
	assert_int_equal(capture_start(&wrong, 1, 0), -EINVAL);
	assert_int_equal(capture_start(&request, 1, 0), 0);
	assert_int_equal(capture_start(&request, 1, 0), -EBUSY);
	capture_stop();
	capture_stop();
}

static int teardown(void **state)
{
	capture_stop();
	return fixture_teardown(state);
}

#define capture_test(function) cmocka_unit_test_setup_teardown(function, fixture_setup, teardown)

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
		capture_test(filtered),
		capture_test(bounded),
		capture_test(lost_is_counted),
		capture_test(told_once),
		capture_test(gone_links),
		capture_test(circuits_are_not_networks),
		capture_test(one_after_another),
		capture_test(fragments_are_whole_before),
		capture_test(refused),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
