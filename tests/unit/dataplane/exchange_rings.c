/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that workers hand to each other: each comes to one worker, once, in order within its flow,
 * and what does not is counted.
 */
#include "tests/unit/dataplane/exchange_fakes.h"

#include <netinet/in.h>
#include <string.h>

#include "dataplane/port/port.h"
#include "dataplane/worker/counters.h"
#include "pipelines/ingress/spread.h"
#include "pipelines/pipeline.h"

#define RING (1024u - 1) /* frames that one ring takes, with four workers */

static struct api_ledger *account(unsigned int worker)
{
	return &fake_workers[worker].ledger[COUNTERS_PORT(FAKE_PORT)];
}

static void receive(unsigned int worker, struct rte_mbuf **packets, unsigned int n)
{
	unsigned int own = exchange_spread(&fake_workers[worker], fake_port(), packets, n);

	pipeline_receive(&fake_workers[worker], fake_port(), packets, own);
}

static unsigned int serve_all(void)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < FAKE_WORKERS; i++)
		total += exchange_receive(&fake_workers[i]);
	return total;
}

static void each_flow_has_one_worker_and_its_order(void **state)
{
	unsigned int rounds = 40, turn = 0, owners;
	uint64_t frames = 0;

	for (uint32_t number = 0; number < rounds; number++) {
		for (uint32_t flow = 0; flow < FAKE_FLOWS; flow += BURST_MAX) {
			struct rte_mbuf *packets[BURST_MAX];

			for (unsigned int i = 0; i < BURST_MAX; i++)
				packets[i] = fake_frame(flow + i, number);
			/* A flow comes by one queue. */
			receive(flow / BURST_MAX, packets, BURST_MAX);
			if (++turn % 3 == 0)
				serve_all();
		}
	}
	serve_all();
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		frames += fake_seen[i].frames;
		assert_int_equal(fake_seen[i].out_of_order, 0);
		assert_int_equal(account(i)->rx, fake_seen[i].frames);
		/* No worker has less than half of its share. */
		assert_true(fake_seen[i].frames > rounds * FAKE_FLOWS / FAKE_WORKERS / 2);
	}
	assert_int_equal(frames, rounds * FAKE_FLOWS);
	for (uint32_t flow = 0; flow < FAKE_FLOWS; flow++) {
		owners = 0;
		for (unsigned int i = 0; i < FAKE_WORKERS; i++)
			owners += fake_seen[i].mine[flow];
		assert_int_equal(owners, 1);
	}
}

/* A flow whose frames worker 0 hands to another. */
static uint32_t foreign_flow(void)
{
	for (uint32_t flow = 0; flow < FAKE_FLOWS; flow++) {
		struct rte_mbuf *packet = fake_frame(flow, 0);
		unsigned int to = ingress_spread(packet, FAKE_WORKERS);

		rte_pktmbuf_free(packet);
		if (to != 0)
			return flow;
	}
	fail();
	return 0;
}

static void hand_over(uint32_t flow, unsigned int frames)
{
	for (unsigned int i = 0; i < frames; i++) {
		struct rte_mbuf *packet = fake_frame(flow, i);

		assert_non_null(packet);
		receive(0, &packet, 1);
	}
}

static void a_full_ring_is_counted(void **state)
{
	uint32_t flow = foreign_flow();

	hand_over(flow, RING + 10);
	assert_int_equal(account(0)->rx, 10);
	assert_int_equal(account(0)->drops[API_DROP_EXCHANGE_FULL], 10);
	assert_true(account(0)->rx_bytes >= 10 * 50);
	assert_int_equal(serve_all(), RING);
	/* There is room again. */
	hand_over(flow, 1);
	assert_int_equal(serve_all(), 1);
	assert_int_equal(account(0)->rx, 10);
}

static void frames_of_a_port_that_is_gone(void **state)
{
	uint32_t flow = foreign_flow();
	uint64_t rx = 0, gone = 0;

	hand_over(flow, 5);
	port_table[FAKE_PORT] = NULL;
	serve_all();
	fake_port_up(EXCHANGE_ALL);
	hand_over(flow, 7);
	fake_port_up(EXCHANGE_ALL); /* another device, the same id */
	serve_all();
	for (unsigned int i = 0; i < FAKE_WORKERS; i++) {
		assert_int_equal(fake_seen[i].frames, 0);
		rx += account(i)->rx;
		gone += account(i)->drops[API_DROP_INTERFACE_GONE];
	}
	assert_int_equal(rx, 12);
	assert_int_equal(gone, 12);
}

static void what_the_device_hashed_stays(void **state)
{
	struct rte_mbuf *packets[2];
	uint32_t flow = foreign_flow();

	fake_port_up(EXCHANGE_UNHASHED);
	packets[0] = fake_frame(flow, 0);
	packets[1] = fake_frame(flow + FAKE_KINDS, 0);
	packets[0]->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	packets[1]->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	receive(0, packets, 2);
	assert_int_equal(fake_seen[0].frames, 2);
	packets[0] = fake_frame(flow, 1);
	receive(0, packets, 1);
	assert_int_equal(fake_seen[0].frames, 2);
	assert_int_equal(serve_all(), 1);
	assert_int_equal(fake_workers[0].exchange->seen[FAKE_PORT].hashed, 2);
	assert_int_equal(fake_workers[0].exchange->seen[FAKE_PORT].unhashed, 1);
}

static void left_frames_are_freed(void **state)
{
	hand_over(foreign_flow(), 100);
}

/* ---- the hash ---- */

static unsigned int worker_of(uint32_t flow, const uint8_t *patch, unsigned int at, unsigned int n)
{
	struct rte_mbuf *packet = fake_frame(flow, 0);

	memcpy(rte_pktmbuf_mtod_offset(packet, uint8_t *, at), patch, n);

	unsigned int to = ingress_spread(packet, 64);

	rte_pktmbuf_free(packet);
	return to;
}

/* First, middle and last fragment go together, whatever stands where ports would. */
static void fragments_stay_together(void **state)
{
	enum { VLAN_IP = 18 };
	static const uint8_t places[][2] = {{0x20, 0}, {0x20, 0x10}, {0, 0x20}};

	for (uint32_t flow = FAKE_VLAN4; flow < FAKE_FLOWS; flow += FAKE_KINDS) {
		unsigned int to[3];

		for (unsigned int i = 0; i < 3; i++) {
			uint8_t patch[16] = {places[i][0], places[i][1], 64, IPPROTO_UDP, 0, 0, 10,
				0, 0, 1, 10, 1, 0, flow / 16, i, i};
			to[i] = worker_of(flow, patch, VLAN_IP + 6, sizeof(patch));
		}
		assert_int_equal(to[0], to[1]);
		assert_int_equal(to[0], to[2]);
	}
}

/* ARP and whatever else is no IP: by the tags, which priority is no part of. */
static void no_ip_follows_its_tags(void **state)
{
	bool seen[64] = {false};
	unsigned int workers = 0;

	for (unsigned int vid = 1; vid < 256; vid++) {
		uint8_t patch[] = {0x81, 0, 0, vid, 0x08, 0x06, 0, vid * 7};
		unsigned int to = worker_of(FAKE_VLAN4, patch, 12, sizeof(patch));

		patch[2] = 0xe0;
		patch[7]++;
		assert_int_equal(worker_of(FAKE_VLAN4, patch, 12, sizeof(patch)), to);
		workers += !seen[to];
		seen[to] = true;
	}
	assert_true(workers > 32);
}

static void short_frames_have_a_worker(void **state)
{
	for (uint32_t flow = 0; flow < FAKE_KINDS; flow++) {
		struct rte_mbuf *packet = fake_frame(flow, 0);

		for (; packet->data_len > 0; packet->data_len--)
			assert_true(ingress_spread(packet, 3) < 3);
		rte_pktmbuf_free(packet);
	}
}

#define exchange_test(function) cmocka_unit_test_setup_teardown(function, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		exchange_test(each_flow_has_one_worker_and_its_order),
		exchange_test(a_full_ring_is_counted),
		exchange_test(frames_of_a_port_that_is_gone),
		exchange_test(what_the_device_hashed_stays),
		exchange_test(left_frames_are_freed),
		exchange_test(fragments_stay_together),
		exchange_test(no_ip_follows_its_tags),
		exchange_test(short_frames_have_a_worker),
	};

	return cmocka_run_group_tests(tests, fake_start, fake_stop);
}
