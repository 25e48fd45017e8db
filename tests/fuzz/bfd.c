/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile BFD: packets of any content, from anywhere, between moments of any length, for sessions
 * with and without a key. Each packet is either believed or refused for one reason; who cannot sign
 * never moves the session with a key.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/worker/mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#define LINK 5u
/* What is said about a packet before its payload. */
#define HEAD_BYTES 6u

static struct bfd_engine engine;
static struct bfd_entry *entries[2]; /* the second one has a key */
static uint64_t now_us = 1000000000;

uint8_t table_mark = 1;

bool path_set(uint32_t interface, uint8_t family, const uint8_t peer[16], enum api_path_down cause,
	bool down)
{
	REQUIRE(interface == LINK && cause == API_PATH_BFD);
	return true;
}

uint32_t path_generation(void)
{
	return 0;
}

struct bfd_engine *bfd_lock(void)
{
	return &engine;
}

void bfd_unlock(struct bfd_engine *unlocked)
{
}

static bool depart(struct bfd_departure *departure)
{
	REQUIRE(departure->l3_bytes <= sizeof(departure->l3));
	return true;
}

static void start(void)
{
	static const struct bfd_secret secret = {BFD_AUTH_METICULOUS_SHA1, 1, "nobody guesses"};
	struct bfd_config config = {
		.key = {.interface = LINK, .family = AF_INET, .local = {192, 0, 2, 2}},
		.min_tx_us = 50000,
		.min_rx_us = 50000,
		.multiplier = 3,
	};

	REQUIRE(bfd_engine_init(&engine, 1, now_us) == 0);
	engine.depart = depart;
	for (uint32_t i = 0; i < 2; i++) {
		memcpy(config.key.peer, (const uint8_t[]){192, 0, 2, 10 + i}, 4);
		config.lid = i + 1;
		REQUIRE(bfd_engine_set(&engine, &config, LINK, 1) == 0);
		entries[i] = bfd_table_by_lid(engine.table, i + 1);
	}
	bfd_session_set_secrets(&entries[1]->session, &secret, 1);
}

static uint64_t judged(void)
{
	uint64_t sum = entries[0]->session.rx + entries[1]->session.rx;

	for (unsigned int why = 0; why < BFD_REFUSED_COUNT; why++)
		sum += entries[0]->session.refused[why] + entries[1]->session.refused[why] +
		       engine.refused[LINK][why] + engine.refused[LINK + 1][why];
	return sum;
}

static void receive(const uint8_t *head, const uint8_t *payload, size_t bytes)
{
	static const uint16_t ports[] = {
		BFD_PORT_SINGLE_HOP, BFD_PORT_SINGLE_HOP, BFD_PORT_MULTIHOP, BFD_PORT_ECHO};
	struct bfd_arrival arrival = {
		.interface = LINK + (head[0] & 1),
		.port = ports[head[0] >> 1 & 3],
		.bytes = bytes,
		.l3_bytes = 28 + bytes,
		.family = head[0] & 8 ? AF_INET6 : AF_INET,
		.ttl = head[1] < 128 ? 255 : head[1],
		.damaged = head[0] == 0xff,
		.source = {192, 0, 2, 10 + (head[2] & 3)},
		.destination = {192, 0, 2, 2},
	};
	uint64_t before = judged();

	memcpy(arrival.payload, payload,
		bytes < BFD_PACKET_BYTES_MAX ? bytes : BFD_PACKET_BYTES_MAX);
	/* What a fuzzer does not guess, an eavesdropper knows. */
	if ((head[0] & 0x30) != 0 && bytes >= BFD_PACKET_BYTES) {
		uint32_t ours = entries[head[0] >> 4 & 1]->session.local_discriminator;

		ours = __builtin_bswap32(ours);
		memcpy(arrival.payload + 8, &ours, sizeof(ours));
	}
	bfd_engine_arrival(&engine, &arrival, now_us);
	REQUIRE(judged() == before + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (engine.table == NULL)
		start();
	while (size >= HEAD_BYTES) {
		const uint8_t *head = data;
		size_t bytes = head[5] % 64;

		data += HEAD_BYTES;
		size -= HEAD_BYTES;
		bytes = bytes < size ? bytes : size;
		now_us += (head[3] << 8 | head[4]) * 16;
		bfd_engine_advance(&engine, now_us, now_us);
		receive(head, data, bytes);
		data += bytes;
		size -= bytes;
	}
	/* Nobody has the secret. */
	REQUIRE(entries[1]->session.state == BFD_DOWN && entries[1]->session.rx == 0);
	return 0;
}
