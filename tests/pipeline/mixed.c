/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's fate does not depend on its burst: bursts of every size, of common packets and of each
 * kind that leaves the common way, end as their packets do one by one. Same frames out, byte for
 * byte, in order within a family; same accounts. (ICMP errors are sent when the burst's packets are
 * through: they have an order of their own.)
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "pipelines/packet.h"
#include "tests/pipeline/fixture.h"

#define ROUNDS_OF_EACH_SIZE 12u
#define SENT_MAX (4 * BURST_MAX)

static uint64_t seed = 7;

static uint32_t number(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint64_t)(uint32_t)(seed >> 32) * below >> 32;
}

/* ---- kinds of packets ---- */

static unsigned int l3_of(const struct encapsulation *tags)
{
	return RTE_ETHER_HDR_LEN + (tags->s_tag != 0 ? 4 : 0) + (tags->c_tag != 0 ? 4 : 0);
}

static void make_ipv4(struct frame *frame, const struct encapsulation *tags, const char *source,
	const char *destination, uint8_t ttl, unsigned int payload)
{
	static const uint8_t options[] = {1, 1, 1, 0}; /* RFC 791 3.1: no operation, end */

	frame_to_us(frame, 0, tags, 0x0800);
	frame_ipv4(frame, &(struct ipv4){.source = source,
				  .destination = destination,
				  .ttl = ttl,
				  .protocol = IPPROTO_UDP,
				  .options = options,
				  .option_bytes = number(4) == 0 ? sizeof(options) : 0,
				  .payload = payload});
	frame_fill(frame, payload, number(1000));
}

static void make_ipv6(struct frame *frame, const struct encapsulation *tags, const char *source,
	const char *destination, uint8_t hop_limit, unsigned int payload)
{
	frame_to_us(frame, 0, tags, 0x86dd);
	frame_ipv6(frame, &(struct ipv6){.source = source,
				  .destination = destination,
				  .hop_limit = hop_limit,
				  .next_header = IPPROTO_UDP,
				  .payload = payload});
	frame_fill(frame, payload, number(1000));
}

/* Where a packet may be from and to: the first ones are the common way's. None leaves by the port
 * it came by: that has the errors, which are sent when the burst's packets are through. */
static const char *const sources4[] = {"10.0.0.5", "169.253.1.1", "127.0.0.1", "169.254.3.4",
	"198.51.100.3", "224.0.0.9", "0.1.2.3", "192.0.2.3"};
static const char *const destinations4[] = {"10.1.0.9", "10.1.200.7", "10.9.9.9", "10.2.0.1",
	"10.5.0.1", "192.0.2.2", "198.51.100.2", "239.1.1.1", "255.255.255.255", "192.0.2.3"};
static const char *const sources6[] = {
	"2001:db8:a::5", "fe80::1", "ff02::1", "::1", "2001:db8:77::1"};
static const char *const destinations6[] = {"2001:db8:b::9", "2001:db8:b:1::9", "2001:db8:9::9",
	"2001:db8:4::1", "2001:db8:5::1", "2001:db8:1::2", "2001:db8:2::2", "ff02::1", "fe80::9"};

/* Mostly the first of a list. */
static const char *choose(const char *const *list, unsigned int n)
{
	return list[number(3) != 0 ? number(2) : number(n)];
}

/* Payloads that fit, that must be cut or refused, and of odd sizes. */
static unsigned int choose_payload(void)
{
	return number(12) == 0 ? 1500 + number(3000) : number(200);
}

static void damage(struct frame *frame, const struct encapsulation *tags)
{
	unsigned int l3 = l3_of(tags);

	switch (number(10)) {
	case 0: /* not for our MAC address, or for all */
		memset(frame->bytes, number(2) == 0 ? 0xff : 0x04, RTE_ETHER_ADDR_LEN);
		break;
	case 1: /* another tag, if there is one */
		frame->bytes[15] ^= 1;
		break;
	case 2: /* cut short anywhere */
		frame->length = number(frame->length) + 1;
		break;
	case 3:
		frame->bytes[l3 - 1] ^= 0x55;
		break;
	case 4: /* ARP or what looks like it */
		frame->bytes[l3 - 2] = 0x08;
		frame->bytes[l3 - 1] = 0x06;
		break;
	default: /* some octet of the header */
		frame->bytes[l3 + number(20)] ^= 1u << number(8);
		break;
	}
}

static void make_packet(struct frame *frame, const struct encapsulation *tags)
{
	uint8_t ttl = number(8) == 0 ? number(3) : 64;
	unsigned int payload = choose_payload();

	if (number(5) < 3)
		make_ipv4(frame, tags, choose(sources4, RTE_DIM(sources4)),
			choose(destinations4, RTE_DIM(destinations4)), ttl, payload);
	else
		make_ipv6(frame, tags, choose(sources6, RTE_DIM(sources6)),
			choose(destinations6, RTE_DIM(destinations6)), ttl, payload);
	/* What an Ethernet device may fill a frame up with. */
	if (number(3) == 0)
		frame_fill(frame, 1 + number(20), 9);
	if (number(4) == 0)
		damage(frame, tags);
}

/* ---- their fates ---- */

enum { FORWARDED_IPV4, FORWARDED_IPV6, ERRORS_IPV4, ERRORS_IPV6, CLASSES };

struct fate {
	unsigned int count[2][CLASSES]; /* sent, by port */
	struct frame *sent[2][CLASSES];
	struct api_ledger accounts[4]; /* what was added to them */
};

static const uint32_t slots[] = {1, 2, COUNTERS_PORT(0), COUNTERS_PORT(1)};
static struct fate alone, together;

static void start_fate(struct fate *fate)
{
	wait_for_budgets();
	memset(fate->count, 0, sizeof(fate->count));
	for (unsigned int i = 0; i < RTE_DIM(slots); i++)
		fate->accounts[i] = ledger_of(slots[i]);
}

/* Packets are UDP, errors are not. */
static unsigned int class_of(const struct frame *frame, const struct encapsulation *tags)
{
	const uint8_t *ip = frame->bytes + l3_of(tags);

	if (ip[-1] == 0)
		return ip[IPV4_PROTOCOL] == IPPROTO_ICMP ? ERRORS_IPV4 : FORWARDED_IPV4;
	return ip[IPV6_NEXT_HEADER] == IPPROTO_ICMPV6 ? ERRORS_IPV6 : FORWARDED_IPV6;
}

static void collect(struct fate *fate, const struct encapsulation *const *tags)
{
	struct frame frame;

	for (unsigned int port = 0; port < 2; port++) {
		while (sent_count(port) > 0) {
			take_sent(port, &frame);

			unsigned int class = class_of(&frame, tags[port]);
			unsigned int at = fate->count[port][class]++;

			assert_true(at < SENT_MAX);
			fate->sent[port][class][at].length = frame.length;
			memcpy(fate->sent[port][class][at].bytes, frame.bytes, frame.length);
		}
	}
}

static void end_fate(struct fate *fate)
{
	for (unsigned int i = 0; i < RTE_DIM(slots); i++) {
		struct api_ledger now = ledger_of(slots[i]);
		const uint64_t *added = (const uint64_t *)&now;
		uint64_t *before = (uint64_t *)&fate->accounts[i];

		for (unsigned int word = 0; word < sizeof(now) / sizeof(*added); word++)
			before[word] = added[word] - before[word];
	}
	drop_punted();
}

static void expect_the_same_fate(void)
{
	assert_memory_equal(alone.accounts, together.accounts, sizeof(alone.accounts));
	for (unsigned int port = 0; port < 2; port++) {
		for (unsigned int class = 0; class < CLASSES; class ++) {
			unsigned int n = alone.count[port][class];

			assert_int_equal(together.count[port][class], n);
			for (unsigned int i = 0; i < n; i++) {
				const struct frame *a = &alone.sent[port][class][i];
				const struct frame *b = &together.sent[port][class][i];

				assert_int_equal(a->length, b->length);
				assert_memory_equal(a->bytes, b->bytes, a->length);
			}
		}
	}
}

static void run(const struct encapsulation *in, const struct encapsulation *out)
{
	const struct encapsulation *tags[] = {in, out};
	static struct frame frames[BURST_MAX];
	uint64_t forwarded = 0, dropped = 0;

	scene(in, out);
	add_route(1, "10.2.0.0", 16, API_GROUP_BLACKHOLE);
	add_route(1, "10.5.0.0", 16, API_GROUP_GLEAN);
	add_route(1, "2001:db8:4::", 48, API_GROUP_BLACKHOLE);
	add_route(1, "2001:db8:5::", 48, API_GROUP_GLEAN);
	for (unsigned int n = 1; n <= BURST_MAX; n++) {
		for (unsigned int round = 0; round < ROUNDS_OF_EACH_SIZE; round++) {
			for (unsigned int i = 0; i < n; i++)
				make_packet(&frames[i], in);
			start_fate(&alone);
			for (unsigned int i = 0; i < n; i++) {
				receive_one(0, &frames[i]);
				collect(&alone, tags);
			}
			end_fate(&alone);
			start_fate(&together);
			receive(0, frames, n);
			collect(&together, tags);
			end_fate(&together);
			expect_the_same_fate();
			forwarded += alone.accounts[0].forwarded_in;
			dropped += alone.accounts[0].rx - alone.accounts[0].forwarded_in;
		}
	}
	/* Both ways were many. */
	assert_true(forwarded > 5000 && dropped > 5000);
}

static void bursts_end_as_their_packets(void **state)
{
	for (unsigned int i = 0; i < ENCAPSULATIONS; i++) {
		run(&encapsulations[i], &encapsulations[(i + 1) % ENCAPSULATIONS]);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

static int start_all(void **state)
{
	for (unsigned int port = 0; port < 2; port++) {
		for (unsigned int class = 0; class < CLASSES; class ++) {
			alone.sent[port][class] = calloc(SENT_MAX, sizeof(struct frame));
			together.sent[port][class] = calloc(SENT_MAX, sizeof(struct frame));
			if (alone.sent[port][class] == NULL || together.sent[port][class] == NULL)
				return -1;
		}
	}
	return fixture_start(state);
}

static int stop_all(void **state)
{
	for (unsigned int port = 0; port < 2; port++) {
		for (unsigned int class = 0; class < CLASSES; class ++) {
			free(alone.sent[port][class]);
			free(together.sent[port][class]);
		}
	}
	return fixture_stop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(bursts_end_as_their_packets),
	};

	return cmocka_run_group_tests(tests, start_all, stop_all);
}
