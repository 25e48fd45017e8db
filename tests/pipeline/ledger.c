/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ledger under a noisy load: bursts of everything that can go wrong at once, on links whose
 * bandwidth is too small for it, to a port that is not always emptied and a punt ring that is
 * sometimes full. After each burst every packet is in exactly one counter:
 *   rx + injected + generated + fragments_added = tx + punt + sum of drops
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "pipelines/packet.h"
#include "tests/pipeline/fixture.h"

#define ROUNDS 3000u
#define RATE UINT64_C(1000000000)
#define DONT_FRAGMENT 0x4000

static const struct encapsulation *const tags = &encapsulations[2];
static const struct encapsulation *const core_tags = &encapsulations[1];
static const uint32_t slots[] = {1, 2, COUNTERS_PORT(0), COUNTERS_PORT(1)};
static uint64_t seed = 11;

static uint32_t number(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint64_t)(uint32_t)(seed >> 32) * below >> 32;
}

/* How a frame differs from what its addresses say. */
enum damage { NONE, CUT, OTHER_TAG, OTHER_MAC, ETHERTYPE, VERSION, CHECKSUM };

struct kind {
	const char *source, *destination;
	uint8_t ttl;
	uint16_t payload, fragment;
	enum damage damage;
};

static const struct kind kinds[] = {
	{"10.0.0.5", "10.1.0.9", 64, 100, 0, NONE},
	{"10.0.0.5", "10.1.7.9", 64, 1200, 0, NONE},
	{"2001:db8:a::5", "2001:db8:b::9", 64, 300, 0, NONE},
	{"10.0.0.5", "10.1.0.9", 64, 4000, 0, NONE},
	{"10.0.0.5", "10.1.0.9", 64, 4000, DONT_FRAGMENT, NONE},
	{"2001:db8:a::5", "2001:db8:b::9", 64, 4000, 0, NONE},
	{"10.0.0.5", "10.1.0.9", 1, 50, 0, NONE},
	{"2001:db8:a::5", "2001:db8:b::9", 1, 50, 0, NONE},
	{"10.0.0.5", "10.9.9.9", 64, 50, 0, NONE},
	{"2001:db8:a::5", "2001:db8:9::9", 64, 50, 0, NONE},
	{"10.0.0.5", "10.2.0.1", 64, 50, 0, NONE},
	{"10.0.0.5", "10.3.0.1", 64, 50, 0, NONE},
	{"10.0.0.5", "10.5.0.1", 64, 50, 0, NONE},
	{"127.0.0.1", "10.1.0.9", 64, 50, 0, NONE},
	{"10.0.0.5", "169.254.7.7", 64, 50, 0, NONE},
	{"10.0.0.5", "239.1.1.1", 64, 50, 0, NONE},
	{"192.0.2.1", "192.0.2.2", 64, 50, 0, NONE},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, CUT},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, OTHER_TAG},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, OTHER_MAC},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, ETHERTYPE},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, VERSION},
	{"10.0.0.5", "10.1.0.9", 64, 50, 0, CHECKSUM},
};

/* All that come about here; the others take a thread, a port or memory that is not there. */
static const enum api_drop_reason reasons[] = {API_DROP_RUNT, API_DROP_UNKNOWN_TAG,
	API_DROP_NOT_OUR_MAC, API_DROP_UNKNOWN_ETHERTYPE, API_DROP_BAD_HEADER,
	API_DROP_BAD_CHECKSUM, API_DROP_MARTIAN_SOURCE, API_DROP_MARTIAN_DESTINATION,
	API_DROP_MULTICAST, API_DROP_POLICER_IN, API_DROP_TTL_EXPIRED, API_DROP_NO_ROUTE,
	API_DROP_BLACKHOLE, API_DROP_NO_LIVE_NEXT_HOP, API_DROP_NEIGHBOUR_UNRESOLVED,
	API_DROP_PUNT_BUDGET_OTHER, API_DROP_PUNT_RING_FULL, API_DROP_ICMP_BUDGET,
	API_DROP_POLICER_OUT, API_DROP_MTU_EXCEEDED, API_DROP_TX_FULL};

/* What the packets of the other direction have the other way round. */
static const char *turned(const char *address)
{
	static const char *const pairs[][2] = {{"10.0.0.5", "10.1.0.5"}, {"10.1.0.9", "10.0.0.9"},
		{"10.1.7.9", "10.0.7.9"}, {"2001:db8:a::5", "2001:db8:b::5"},
		{"2001:db8:b::9", "2001:db8:a::9"}, {"192.0.2.1", "198.51.100.1"},
		{"192.0.2.2", "198.51.100.2"}};

	for (unsigned int i = 0; i < RTE_DIM(pairs); i++)
		if (strcmp(pairs[i][0], address) == 0)
			return pairs[i][1];
	return address;
}

static void damage(struct frame *frame, enum damage how, unsigned int l3)
{
	if (how == CUT)
		frame->length = number(frame->length - 1) + 1;
	else if (how == OTHER_TAG)
		frame->bytes[15] ^= 1;
	else if (how == OTHER_MAC)
		frame->bytes[5] ^= 0x10;
	else if (how == ETHERTYPE)
		frame->bytes[l3 - 1] = 0x47;
	else if (how == VERSION)
		frame->bytes[l3] = 0x75;
	else if (how == CHECKSUM)
		frame->bytes[l3 + 10] ^= 0xff;
}

static void make(struct frame *frame, uint32_t port, const struct kind *kind)
{
	const char *source = port == 0 ? kind->source : turned(kind->source);
	const char *destination = port == 0 ? kind->destination : turned(kind->destination);
	bool six = strchr(source, ':') != NULL;

	frame_to_us(frame, port, port == 0 ? tags : core_tags, six ? 0x86dd : 0x0800);

	unsigned int l3 = frame->length;

	if (six)
		frame_ipv6(frame, &(struct ipv6){.source = source,
					  .destination = destination,
					  .hop_limit = kind->ttl,
					  .next_header = IPPROTO_UDP,
					  .payload = kind->payload});
	else
		frame_ipv4(frame, &(struct ipv4){.source = source,
					  .destination = destination,
					  .ttl = kind->ttl,
					  .protocol = IPPROTO_UDP,
					  .fragment = kind->fragment,
					  .payload = kind->payload});
	frame_fill(frame, kind->payload, number(1000));
	damage(frame, kind->damage, l3);
}

static void police(uint32_t interface, uint32_t in, uint32_t out)
{
	struct api_interface api = interface_get(interface)->api;

	for (uint32_t id = in; id <= out; id++) {
		struct api_policer policer = {
			.id = id, .rate_bps = RATE, .burst_bytes = API_POLICER_BURST_MIN};

		assert_int_equal(policer_upsert(&policer, worker.now), 0);
	}
	api.policer_in = in;
	api.policer_out = out;
	add_interface(&api);
}

static void noisy_scene(void)
{
	scene(tags, core_tags);
	add_group(30, 0, (const uint32_t[]){0});
	add_route(1, "10.2.0.0", 16, API_GROUP_BLACKHOLE);
	add_route(1, "10.3.0.0", 16, 30);
	add_route(1, "10.5.0.0", 16, API_GROUP_GLEAN);
	police(1, 1, 2);
	police(2, 3, 4);
}

static void say_hello(uint32_t interface)
{
	struct frame frame;
	uint32_t port = interface - 1;

	frame_start(&frame, neighbour_mac[port], port_mac[port], &encapsulations[0], 0x0806);
	frame_fill(&frame, 46, 3);
	inject(interface, interface_get(interface)->epoch, &frame);
}

/* Each account, both ways, and the sum of them all. */
static void expect_balance(void)
{
	uint64_t came = 0, went = 0;

	for (unsigned int i = 0; i < RTE_DIM(slots); i++) {
		struct api_ledger ledger = ledger_of(slots[i]);
		uint64_t dropped[2] = {0};

		for (unsigned int reason = 0; reason < API_DROP_COUNT; reason++)
			dropped[api_drop_direction(reason)] += ledger.drops[reason];
		assert_int_equal(ledger.rx + ledger.generated,
			ledger.punt + ledger.forwarded_in + dropped[API_DROP_IN]);
		assert_int_equal(ledger.forwarded_out + ledger.injected + ledger.fragments_added,
			ledger.tx + dropped[API_DROP_OUT]);
		came += ledger.rx + ledger.injected + ledger.generated + ledger.fragments_added;
		went += ledger.tx + ledger.punt + dropped[API_DROP_IN] + dropped[API_DROP_OUT];
	}
	assert_int_equal(came, went);
}

static void take_all(uint32_t port)
{
	static struct frame frame;

	while (sent_count(port) > 0)
		take_sent(port, &frame);
}

static void every_packet_is_in_one_counter(void **state)
{
	static struct frame frames[BURST_MAX];
	uint64_t offered = 0, received = 0;

	noisy_scene();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t port = number(2);
		unsigned int n = 1 + number(BURST_MAX);

		for (unsigned int i = 0; i < n; i++)
			make(&frames[i], port, &kinds[number(RTE_DIM(kinds))]);
		worker.now += rte_get_tsc_hz() / 20000;
		punt_ring_full = number(8) == 0;
		receive(port, frames, n);
		offered += n;
		if (number(4) == 0)
			say_hello(1 + number(2));
		expect_balance();
		drop_punted();
		take_all(0);
		/* Seldom enough that the port's queue is full at times. */
		if (number(300) == 0)
			take_all(1);
	}
	punt_ring_full = false;
	take_all(1);
	for (unsigned int i = 0; i < RTE_DIM(slots); i++)
		received += ledger_of(slots[i]).rx;
	assert_int_equal(received, offered);
	for (unsigned int i = 0; i < RTE_DIM(reasons); i++) {
		uint64_t count = 0;

		for (unsigned int slot = 0; slot < RTE_DIM(slots); slot++)
			count += drops(slots[slot], reasons[i]);
		if (count == 0)
			fail_msg("nothing was dropped as %s", api_drop_name(reasons[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(every_packet_is_in_one_counter),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
