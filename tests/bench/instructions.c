/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast path on a fixed input, for counting its instructions: `scripts/bench instructions` runs
 * this under callgrind, which collects inside of pipeline_receive and pipeline_flush only. Tables,
 * a policer, counters and the rewrite are as in a real dataplane; time stands still.
 *
 * usage: bench-instructions CASE BURSTS, with one of the inputs below
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/interface/capture.h"
#include "dataplane/interface/interface.h"
#include "dataplane/policer/policer.h"
#include "tests/pipeline/fixture.h"

#define ROUTES 64u
#define POLICER 1u
#define OTHER 3u /* an interface that these packets do not meet */

struct input {
	const char *name;
	enum api_urpf urpf;
	int family;
	const struct encapsulation *in, *out;
	uint32_t captured; /* whose packets are captured: 0: nobody's */
};

static const struct encapsulation vlans[] = {
	{"802.1Q", 0x8100, 0, 300}, {"QinQ 0x8100", 0x8100, 100, 200}, {"802.1Q", 0x8100, 0, 400}};

static const struct input inputs[] = {
	{"v4-vlan", API_URPF_OFF, AF_INET, &vlans[0], &vlans[2], 0},
	{"v4-qinq", API_URPF_OFF, AF_INET, &vlans[1], &vlans[1], 0},
	{"v6-vlan", API_URPF_OFF, AF_INET6, &vlans[0], &vlans[2], 0},
	{"v4-vlan-strict", API_URPF_STRICT, AF_INET, &vlans[0], &vlans[2], 0},
	{"v6-vlan-strict", API_URPF_STRICT, AF_INET6, &vlans[0], &vlans[2], 0},
	{"v4-vlan-captured", API_URPF_OFF, AF_INET, &vlans[0], &vlans[2], 1},
	{"v4-vlan-other-captured", API_URPF_OFF, AF_INET, &vlans[0], &vlans[2], OTHER},
};

static struct frame frames[BURST_MAX];

/* Rates that the input never reaches: the packets are charged and pass. */
static void police(enum api_urpf urpf)
{
	struct api_policer policer = {
		.id = POLICER, .rate_bps = 100 * UINT64_C(1000000000), .burst_bytes = 1u << 30};
	struct api_interface in = interface_get(1)->api;

	assert_int_equal(policer_upsert(&policer, worker.now), 0);
	in.policer_in = POLICER;
	in.urpf = urpf;
	add_interface(&in);
}

static void write_address(char *text, int family, unsigned int network, unsigned int host)
{
	if (family == AF_INET)
		sprintf(text, "10.7.%u.%u", network, host);
	else
		sprintf(text, "2001:db8:7:%x::%x", network, host);
}

static void make_tables(const struct input *input)
{
	char prefix[INET6_ADDRSTRLEN];

	scene(input->in, input->out);
	police(input->urpf);
	for (unsigned int i = 0; i < ROUTES; i++) {
		write_address(prefix, input->family, i, 0);
		add_route(1, prefix, input->family == AF_INET ? 24 : 64, 17);
	}
}

static void start_capture(uint32_t interface)
{
	struct api_capture request = {.packets = API_CAPTURE_PACKETS_MAX,
		.seconds = API_CAPTURE_S_MAX,
		.snap_bytes = API_CAPTURE_SNAP_MAX};
	struct api_interface other = make_interface(OTHER, 0, 1, &vlans[1]);

	add_interface(&other);
	strcpy(request.address, interface_get(interface)->api.name);
	assert_int_equal(capture_start(&request, 1, 0), 0);
}

/* As main does, so that the ring is never full. Packets of the other interface there are none. */
static void take_captured(uint32_t interface)
{
	struct api_capture_link link;
	struct api_captured captured;
	enum capture_item item;
	const uint8_t *frame;
	unsigned int packets = 0;

	while ((item = capture_next(&link, &captured, &frame)) != CAPTURE_NONE)
		packets += item == CAPTURE_PACKET;
	assert_int_equal(packets, interface == OTHER ? 0 : BURST_MAX);
}

static void make_frame(const struct input *input, struct frame *frame, unsigned int number)
{
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	/* 37 is odd: each route gets its packet, none after its neighbour's; 11 too, for sources.
	 */
	write_address(source, input->family, number * 11 % ROUTES, 1 + number);
	write_address(destination, input->family, number * 37 % ROUTES, 1 + number);
	frame_to_us(frame, 0, input->in, input->family == AF_INET ? 0x0800 : 0x86dd);
	if (input->family == AF_INET)
		frame_ipv4(frame, &(struct ipv4){.source = source,
					  .destination = destination,
					  .ttl = 64,
					  .protocol = 17,
					  .payload = 26});
	else
		frame_ipv6(frame, &(struct ipv6){.source = source,
					  .destination = destination,
					  .hop_limit = 64,
					  .next_header = 17,
					  .payload = 26});
	frame_udp(frame, 1024 + number, 53, 18);
	frame_fill(frame, 18, number);
}

static void run(const struct input *input, unsigned int bursts)
{
	struct frame sent;

	make_tables(input);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		make_frame(input, &frames[i], i);
	if (input->captured != 0)
		start_capture(input->captured);
	for (unsigned int burst = 0; burst < bursts; burst++) {
		receive(0, frames, BURST_MAX);
		/* Each was forwarded; a count of drops would be worth nothing. */
		assert_int_equal(sent_count(1), BURST_MAX);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			take_sent(1, &sent);
		if (input->captured != 0)
			take_captured(input->captured);
	}
}

int main(int argc, char **argv)
{
	const struct input *input = NULL;
	void *state = NULL;

	for (unsigned int i = 0; argc == 3 && i < RTE_DIM(inputs); i++) {
		if (strcmp(inputs[i].name, argv[1]) == 0)
			input = &inputs[i];
	}
	if (input == NULL) {
		fprintf(stderr, "usage: bench-instructions CASE BURSTS\n");
		return EXIT_FAILURE;
	}
	if (fixture_start(&state) != 0 || fixture_setup(&state) != 0)
		return EXIT_FAILURE;
	run(input, strtoul(argv[2], NULL, 10));
	printf("%u\n", BURST_MAX);
	return EXIT_SUCCESS;
}
