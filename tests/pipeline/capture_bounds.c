/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which packets a capture is asked for, how many, and what ends it or is refused.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/capture.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "pipelines/observe.h"
#include "pipelines/pipeline.h"
#include "tests/pipeline/capture_kit.h"

static bool is_captured(const struct frame *frame, const struct api_capture *request)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;
	bool found;

	assert_int_equal(capture_start(request, 1, 0), 0);
	receive_one(0, frame);
	found = capture_take(&captured, &bytes, &name);
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
	request = capture_of("acme");
	request.family = AF_INET6;
	assert_false(is_captured(&four, &request));
	assert_true(is_captured(&six, &request));
	request = capture_of("acme");
	request.protocol = IPPROTO_TCP;
	assert_false(is_captured(&four, &request));
	request.protocol = IPPROTO_UDP;
	request.port = 2000;
	assert_true(is_captured(&four, &request));
	assert_true(is_captured(&six, &request));
	request.port = 2001;
	assert_false(is_captured(&four, &request));
	request = capture_of("acme");
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
	struct api_capture request = capture_of("acme");
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
	while (capture_take(&captured, &bytes, &name)) {
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
	expect_none_captured();
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
	struct api_capture request = capture_of("acme");

	request.packets = API_CAPTURE_PACKETS_MAX;
	assert_int_equal(capture_start(&request, 1, 0), 0);
	frame_to_us(&in, 0, capture_tags[0], 0x0800);
	frame_flow(&in, AF_INET, 64, 1000, 1);
	for (; sent < CAPTURE_RING_BYTES / 1000 + 100; sent++) {
		receive_one(0, &in);
		take_sent(1, &out);
	}
	while (capture_take(&captured, &bytes, &name))
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
	struct api_capture request = capture_of("");
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
		assert_true(capture_take(&captured, &bytes, &name));
		assert_int_equal(captured.interface, 1);
		assert_int_equal(captured.other, 2);
		assert_int_equal(captured.group, 17);
		assert_int_equal(captured.adjacency, 2);
		if (!once) {
			assert_true(capture_take(&captured, &bytes, &name));
			assert_int_equal(captured.interface, 2);
			assert_int_equal(captured.other, 1);
			assert_int_equal(captured.is_out, 1);
		}
		expect_none_captured();
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
	capture_address("acme-too");
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
	capture_address("acme");
	flow_in(&in, AF_INET, 64);
	flow_out(&out, AF_INET, 63);
	receive_one(0, &in);
	expect_sent(1, &out);
	expect_captured(&in, "acme/private/primary", API_CAPTURE_FORWARDED, 0, 0);
	expect_none_captured();
	capture_stop();
	capture_address("acme/core");
	receive_one(0, &in);
	expect_sent(1, &out);
	expect_captured(&out, "acme/core", API_CAPTURE_SENT, 1, 0);
	expect_none_captured();
	capture_stop();
}

/* A capture that follows another one hears nothing from interfaces of the last. */
static void one_after_another(void **state)
{
	const struct interface *held;
	struct frame in;
	struct packet packet = {.reason = 0};

	two_circuits();
	capture_address("acme");
	held = interface_get(1);
	/* A worker has the struct in hand still, as one has until the end of its burst. */
	struct interface copy = *held;

	capture_stop();
	capture_address("globex");
	flow_in(&in, AF_INET, 64);
	packet.in = &copy;
	packet.mbuf = to_mbuf(&in);
	assert_int_not_equal(copy.watched, 0);
	observe_in(&worker, &packet, API_CAPTURE_FORWARDED, 0);
	rte_pktmbuf_free(packet.mbuf);
	expect_none_captured();
	capture_stop();
}

static void refused(void **state)
{
	struct api_capture request = capture_of("acme"), wrong;

	two_circuits();
	wrong = capture_of("nobody");
	assert_int_equal(capture_start(&wrong, 1, 0), -ENOENT);
	wrong = capture_of("acme/priv");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		capture_test(filtered),
		capture_test(bounded),
		capture_test(lost_is_counted),
		capture_test(told_once),
		capture_test(gone_links),
		capture_test(circuits_are_not_networks),
		capture_test(one_after_another),
		capture_test(refused),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
