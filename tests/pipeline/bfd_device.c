/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD packets that a device does not take: they go out later, or are lost on their session.
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_cycles.h>

#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation untagged = {"untagged", 0x8100, 0, 0};

enum { DEVICE_ROOM = 1023 }; /* the fixture's ring of 1,024 holds one less */

static void depart(const struct bfd_departure *departure)
{
	pipeline_bfd(&worker, departure, 1);
	pipeline_flush(&worker);
}

/* Fills port 0's device with packets of another session, and makes one more. */
static struct bfd_departure fill_device(void)
{
	struct bfd_departure departure = {.interface = 1,
		.adjacency = 1,
		.discriminator = 1,
		.family = AF_INET,
		.l3_bytes = 52};
	struct frame packet;

	scene(&untagged, &untagged);
	frame_from_us(&packet, 0, &untagged, 0x0800);
	frame_ipv4(&packet, &(struct ipv4){.source = "192.0.2.2",
				    .destination = "192.0.2.1",
				    .ttl = 255,
				    .protocol = IPPROTO_UDP,
				    .payload = 32});
	frame_udp(&packet, 50000, 3784, 24);
	frame_fill(&packet, 24, 7);
	memcpy(departure.l3, packet.bytes + 14, departure.l3_bytes);
	for (unsigned int i = 0; i < DEVICE_ROOM; i++)
		depart(&departure);
	assert_int_equal(sent_count(0), DEVICE_ROOM);
	assert_int_equal(ledger_of(1).tx, DEVICE_ROOM);
	departure.discriminator = 2;
	return departure;
}

static void expect_lost(uint32_t discriminator)
{
	assert_int_equal(arrived_count, 1);
	assert_int_equal(arrived[0].lost, 1);
	assert_int_equal(arrived[0].discriminator, discriminator);
	arrived_count = 0;
	expect_drops(1, API_DROP_TX_FULL, 1);
}

static void what_the_device_refuses_goes_out_later(void **state)
{
	struct frame taken;
	struct bfd_departure departure = fill_device();

	depart(&departure);
	assert_int_equal(worker.bfd_waiting_count, 1);
	worker.now += rte_get_tsc_hz() / 1000;
	pipeline_bfd(&worker, NULL, 0);
	assert_int_equal(worker.bfd_waiting_count, 1);
	assert_int_equal(ledger_of(1).injected, DEVICE_ROOM); /* it is no packet yet */
	take_sent(0, &taken);
	pipeline_bfd(&worker, NULL, 0);
	assert_int_equal(worker.bfd_waiting_count, 0);
	assert_int_equal(ledger_of(1).tx, DEVICE_ROOM + 1);
	assert_int_equal(sent_count(0), DEVICE_ROOM);
	assert_int_equal(arrived_count, 0);
}

static void what_waits_too_long_is_lost_on_its_session(void **state)
{
	struct bfd_departure departure = fill_device();

	depart(&departure);
	worker.now += rte_get_tsc_hz() / 100;
	pipeline_bfd(&worker, NULL, 0);
	assert_int_equal(worker.bfd_waiting_count, 0);
	expect_lost(2);
	assert_int_equal(ledger_of(1).tx, DEVICE_ROOM);
}

/* RFC 5880 6.7.4: the peer refuses a sequence number that comes behind a later one. */
static void a_newer_packet_takes_the_place_of_one_that_waits(void **state)
{
	struct frame taken;
	struct bfd_departure departure = fill_device(), newer = departure;

	newer.l3[40] ^= 0xff; /* not the same bytes */
	depart(&departure);
	depart(&newer);
	assert_int_equal(worker.bfd_waiting_count, 1);
	expect_lost(2);
	for (unsigned int i = 0; i < DEVICE_ROOM; i++)
		take_sent(0, &taken);
	pipeline_bfd(&worker, NULL, 0);
	take_sent(0, &taken);
	assert_memory_equal(taken.bytes + 14, newer.l3, newer.l3_bytes);
}

/* More sessions than may wait: the rest is lost at once. */
static void no_more_than_there_is_room_for_wait(void **state)
{
	struct frame taken;
	struct bfd_departure departure = fill_device();

	for (unsigned int i = 0; i < BFD_WAITING_MAX; i++, departure.discriminator++)
		depart(&departure);
	assert_int_equal(arrived_count, 0);
	depart(&departure);
	expect_lost(BFD_WAITING_MAX + 2);
	for (unsigned int i = 0; i < DEVICE_ROOM; i++)
		take_sent(0, &taken);
	pipeline_bfd(&worker, NULL, 0);
	assert_int_equal(sent_count(0), BFD_WAITING_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(what_the_device_refuses_goes_out_later),
		pipeline_test(what_waits_too_long_is_lost_on_its_session),
		pipeline_test(a_newer_packet_takes_the_place_of_one_that_waits),
		pipeline_test(no_more_than_there_is_room_for_wait),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
