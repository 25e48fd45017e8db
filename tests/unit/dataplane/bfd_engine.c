/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many sessions in time: what is believed of what arrives and on whose account the rest is, when
 * packets go out, when silence is judged, what paths and owners are told. The clock, the wire and
 * the path table are the test's.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <rte_ip.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/worker/mark.h"

#define MS UINT64_C(1000)
#define S UINT64_C(1000000)
#define LINK 5u
#define OTHER_LINK 6u
#define SENT_MAX 64u

static struct bfd_engine *engine;
static uint64_t now;
static struct bfd_departure sent[SENT_MAX];
static unsigned int sent_count;
static bool wire_full;

uint8_t table_mark = 1;

/* ---- fakes ---- */

static struct {
	unsigned int sets, clears;
	uint32_t interface;
	uint8_t family, peer[16];
} path;
static uint32_t generation;

bool path_set(uint32_t interface, uint8_t family, const uint8_t peer[16], enum api_path_down cause,
	bool down)
{
	assert_int_equal(cause, API_PATH_BFD);
	path.sets += down;
	path.clears += !down;
	path.interface = interface;
	path.family = family;
	memcpy(path.peer, peer, sizeof(path.peer));
	return true;
}

uint32_t path_generation(void)
{
	return generation;
}

struct bfd_engine *bfd_lock(void)
{
	return engine;
}

void bfd_unlock(struct bfd_engine *unlocked)
{
}

static bool depart(struct bfd_departure *departure)
{
	if (wire_full)
		return false;
	sent[sent_count++ % SENT_MAX] = *departure;
	return true;
}

static int setup(void **state)
{
	now = 1000 * S;
	sent_count = 0;
	wire_full = false;
	memset(&path, 0, sizeof(path));
	engine = calloc(1, sizeof(*engine));
	assert_non_null(engine);
	engine->depart = depart;
	return bfd_engine_init(engine, 4711, now);
}

static int teardown(void **state)
{
	bfd_keys_fini();
	bfd_engine_fini(engine);
	free(engine);
	return 0;
}

/* ---- one link's two families ---- */

static const uint8_t edge4[16] = {192, 0, 2, 2}, customer4[16] = {192, 0, 2, 1};
static const uint8_t edge6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 2};
static const uint8_t customer6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};

static struct bfd_config make_config(uint8_t family, uint32_t lid)
{
	struct bfd_config config = {
		.key = {.interface = LINK, .family = family},
		.lid = lid,
		.min_tx_us = 50 * MS,
		.min_rx_us = 50 * MS,
		.multiplier = 3,
	};

	memcpy(config.key.local, family == AF_INET ? edge4 : edge6, 16);
	memcpy(config.key.peer, family == AF_INET ? customer4 : customer6, 16);
	return config;
}

static struct bfd_entry *add(uint8_t family, uint32_t lid)
{
	struct bfd_config config = make_config(family, lid);
	struct bfd_entry *entry;

	assert_int_equal(bfd_engine_set(engine, &config, config.key.interface, 77), 0);
	entry = bfd_table_by_lid(engine->table, lid);
	assert_non_null(entry);
	return entry;
}

/* From the peer, right in every way. */
static struct bfd_arrival from_peer(const struct bfd_entry *entry, enum bfd_state state)
{
	const struct bfd_key *key = &entry->session.config.key;
	struct bfd_packet packet = {
		.state = state,
		.multiplier = 3,
		.my_discriminator = 0x99,
		.your_discriminator = state == BFD_DOWN ? 0 : entry->session.local_discriminator,
		.min_tx_us = 50 * MS,
		.min_rx_us = 50 * MS,
	};
	struct bfd_arrival arrival = {
		.interface = key->interface,
		.family = key->family,
		.ttl = 255,
		.port = key->multihop ? BFD_PORT_MULTIHOP : BFD_PORT_SINGLE_HOP,
		.l3_bytes = 52,
	};

	memcpy(arrival.source, key->peer, 16);
	memcpy(arrival.destination, key->local, 16);
	arrival.bytes =
		bfd_packet_write(&packet, (const uint8_t[BFD_SECRET_BYTES]){0}, arrival.payload);
	return arrival;
}

static void hear(const struct bfd_entry *entry, enum bfd_state state)
{
	struct bfd_arrival arrival = from_peer(entry, state);

	engine->now_us = now;
	bfd_engine_arrival(engine, &arrival, now);
}

static void advance(uint64_t us)
{
	uint64_t end = now + us;

	while (now < end) {
		now += end - now < BFD_TICK_US ? end - now : BFD_TICK_US;
		bfd_engine_advance(engine, now, now);
	}
}

static struct bfd_entry *add_up(uint8_t family, uint32_t lid)
{
	struct bfd_entry *entry = add(family, lid);

	hear(entry, BFD_DOWN);
	hear(entry, BFD_INIT);
	assert_int_equal(entry->session.state, BFD_UP);
	sent_count = 0;
	return entry;
}

/* The packet is refused for this reason on the session's account, or, entry NULL, on the link's;
 * no session moves. */
static void expect_refused(
	const struct bfd_arrival *arrival, const struct bfd_entry *entry, enum bfd_refusal why)
{
	const uint64_t *counters =
		entry != NULL ? entry->session.refused : engine->refused[arrival->interface];
	uint64_t before = counters[why], total = 0, total_after = 0;
	const struct bfd_entry *up = bfd_table_by_lid(engine->table, 1);
	struct bfd_session copy = up->session;

	for (unsigned int i = 0; i < BFD_REFUSED_COUNT; i++)
		total += up->session.refused[i] + engine->refused[LINK][i] +
			 engine->refused[OTHER_LINK][i];
	bfd_engine_arrival(engine, arrival, now + 1);
	assert_int_equal(counters[why], before + 1);
	for (unsigned int i = 0; i < BFD_REFUSED_COUNT; i++)
		total_after += up->session.refused[i] + engine->refused[LINK][i] +
			       engine->refused[OTHER_LINK][i];
	assert_int_equal(total_after, total + 1);
	memcpy(copy.refused, up->session.refused, sizeof(copy.refused));
	copy.auth_known = up->session.auth_known;
	assert_memory_equal(&copy, &up->session, sizeof(copy));
	assert_int_equal(sent_count, 0);
}

/* ---- what is believed ---- */

static void rfc5881_5_single_hop_needs_ttl_255(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_DOWN);

	for (unsigned int ttl = 0; ttl < 255; ttl++) {
		arrival.ttl = ttl;
		expect_refused(&arrival, entry, BFD_REFUSED_TTL);
	}
}

static void rfc5880_6_8_6_your_discriminator_must_be_a_sessions(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_UP);

	arrival.payload[8] ^= 0x80;
	expect_refused(&arrival, entry, BFD_REFUSED_YOUR_DISCRIMINATOR);
	/* From somebody else it is on the link's account. */
	arrival.source[3] = 9;
	expect_refused(&arrival, NULL, BFD_REFUSED_YOUR_DISCRIMINATOR);
}

static void rfc5880_6_8_6_your_discriminator_may_be_0_in_down_only(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival;

	for (int said = BFD_INIT; said <= BFD_UP; said++) {
		arrival = from_peer(entry, said);
		memset(arrival.payload + 8, 0, 4);
		expect_refused(&arrival, entry, BFD_REFUSED_YOUR_DISCRIMINATOR);
	}
	arrival = from_peer(entry, BFD_ADMIN_DOWN);
	memset(arrival.payload + 8, 0, 4);
	bfd_engine_arrival(engine, &arrival, now);
	assert_int_equal(entry->session.state, BFD_DOWN);
}

static void rfc5880_6_8_6_without_a_discriminator_the_addresses_name_the_session(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_DOWN);

	arrival.source[3] = 9;
	expect_refused(&arrival, NULL, BFD_REFUSED_NO_SESSION);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.destination[3] = 9;
	expect_refused(&arrival, NULL, BFD_REFUSED_NO_SESSION);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.interface = OTHER_LINK;
	expect_refused(&arrival, NULL, BFD_REFUSED_NO_SESSION);
}

static void rfc5881_4_a_discriminator_alone_is_not_enough(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_INIT);

	arrival.source[3] = 9;
	expect_refused(&arrival, entry, BFD_REFUSED_SOURCE);
	arrival = from_peer(entry, BFD_INIT);
	arrival.destination[3] = 9;
	expect_refused(&arrival, entry, BFD_REFUSED_SOURCE);
	arrival = from_peer(entry, BFD_INIT);
	arrival.interface = OTHER_LINK;
	expect_refused(&arrival, entry, BFD_REFUSED_INTERFACE);
	arrival = from_peer(entry, BFD_INIT);
	arrival.port = BFD_PORT_MULTIHOP;
	expect_refused(&arrival, entry, BFD_REFUSED_INTERFACE);
	arrival = from_peer(entry, BFD_INIT);
	arrival.family = AF_INET6;
	expect_refused(&arrival, entry, BFD_REFUSED_INTERFACE);
}

static void rfc5880_6_8_6_malformed_packets_move_nothing(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_DOWN);

	arrival.payload[0] = 0x40;
	expect_refused(&arrival, entry, BFD_REFUSED_VERSION);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.bytes = 23;
	expect_refused(&arrival, entry, BFD_REFUSED_LENGTH);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.payload[2] = 0;
	expect_refused(&arrival, entry, BFD_REFUSED_MULTIPLIER);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.payload[1] |= 1;
	expect_refused(&arrival, entry, BFD_REFUSED_MULTIPOINT);
	arrival = from_peer(entry, BFD_DOWN);
	memset(arrival.payload + 4, 0, 4);
	expect_refused(&arrival, entry, BFD_REFUSED_MY_DISCRIMINATOR);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.damaged = 1;
	expect_refused(&arrival, entry, BFD_REFUSED_HEADER);
}

static void rfc5880_6_8_8_echo_packets_are_refused(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival arrival = from_peer(entry, BFD_DOWN);

	arrival.port = BFD_PORT_ECHO;
	expect_refused(&arrival, entry, BFD_REFUSED_ECHO);
}

static struct api_bfd_key make_key(uint8_t id, const char *secret)
{
	struct api_bfd_key key = {
		.interface = LINK,
		.family = AF_INET,
		.type = BFD_AUTH_METICULOUS_SHA1,
		.key_id = id,
		.secret_bytes = strlen(secret),
	};

	memcpy(key.peer, customer4, 16);
	memcpy(key.secret, secret, strlen(secret));
	return key;
}

static void rfc5880_6_7_unsigned_packets_do_not_move_a_session_with_a_key(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_entry *other = add_up(AF_INET6, 2);
	struct api_bfd_key key = make_key(1, "secret");
	struct bfd_arrival arrival;

	assert_int_equal(bfd_key_upsert(&key), 0);
	arrival = from_peer(entry, BFD_DOWN);
	expect_refused(&arrival, entry, BFD_REFUSED_AUTH_MISSING);
	assert_int_equal(other->session.secret_count, 0); /* another peer's */
	advance(50 * MS);
	assert_true(sent_count > 0);
	assert_int_equal(bfd_key_delete(&key), 0);
	hear(entry, BFD_UP);
	assert_int_equal(entry->session.refused[BFD_REFUSED_AUTH_MISSING], 1);
}

/* A key that is there before its session; the one of the highest id signs where none is said to. */
static void rfc5880_6_7_1_keys_of_a_peer(void **state)
{
	struct api_bfd_key first = make_key(3, "three"), second = make_key(200, "two hundred");
	struct api_bfd_key row;
	struct bfd_entry *entry;
	uint32_t after = 0;

	assert_int_equal(bfd_key_upsert(&first), 0);
	assert_int_equal(bfd_key_upsert(&second), 0);
	entry = add(AF_INET, 1);
	assert_int_equal(entry->session.secret_count, 2);
	assert_int_equal(entry->session.secrets[0].id, 200);
	/* Four, and four that take their place; one more finds no room. */
	for (unsigned int id = 4; id < 10; id++) {
		first.key_id = id;
		assert_int_equal(bfd_key_upsert(&first), 0);
	}
	assert_int_equal(entry->session.secret_count, 2 * API_BFD_KEYS_MAX);
	first.key_id = 10;
	assert_int_equal(bfd_key_upsert(&first), -ENOSPC);
	first.secret_bytes = 21;
	assert_int_equal(bfd_key_upsert(&first), -EINVAL);
	first.secret_bytes = 5;
	first.type = 2; /* keyed MD5 */
	assert_int_equal(bfd_key_upsert(&first), -EINVAL);
	/* Nobody reads a secret. */
	while (bfd_key_next(&after, &row))
		for (unsigned int i = 0; i < sizeof(row.secret); i++)
			assert_int_equal(row.secret[i], 0);
	assert_int_equal(after, 2 * API_BFD_KEYS_MAX);
	/* What a snapshot does not name goes. */
	table_mark = 2;
	assert_int_equal(bfd_key_upsert(&second), 0);
	assert_int_equal(bfd_key_sweep(), 2 * API_BFD_KEYS_MAX - 1);
	assert_int_equal(entry->session.secret_count, 1);
	assert_int_equal(entry->session.secrets[0].id, 200);
	table_mark = 1;
}

/* The one that is said to sign does, and all are believed meanwhile. */
static void rfc5880_6_7_1_the_signing_key_is_the_writers_choice(void **state)
{
	struct bfd_entry *entry = add(AF_INET, 1);
	struct api_bfd_key old = make_key(9, "old"), new = make_key(1, "new");

	old.signs = 1;
	assert_int_equal(bfd_key_upsert(&old), 0);
	assert_int_equal(bfd_key_upsert(&new), 0);
	assert_int_equal(entry->session.secrets[0].id, 9);
	/* A snapshot says them in any order: as long as both say so the higher one does. */
	new.signs = 1;
	assert_int_equal(bfd_key_upsert(&new), 0);
	assert_int_equal(entry->session.secrets[0].id, 9);
	old.signs = 0;
	assert_int_equal(bfd_key_upsert(&old), 0);
	assert_int_equal(entry->session.secrets[0].id, 1);
	assert_memory_equal(entry->session.secrets[0].bytes, "new", 4);
	assert_int_equal(entry->session.secret_count, 2);
	old.signs = 2;
	assert_int_equal(bfd_key_upsert(&old), -EINVAL);
}

/* A writer that could not read the file leaves what is there, and where nothing is, nobody is
 * believed: an unsigned packet least of all. */
static void rfc5880_6_7_a_secret_that_the_writer_does_not_know(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct api_bfd_key known = make_key(1, "secret"), unknown = make_key(1, "");
	struct bfd_secret before;
	struct bfd_arrival arrival;

	assert_int_equal(bfd_key_upsert(&known), 0);
	before = entry->session.secrets[0];
	table_mark = 2;
	assert_int_equal(bfd_key_upsert(&unknown), 0);
	assert_int_equal(bfd_key_sweep(), 0);
	table_mark = 1;
	assert_memory_equal(&entry->session.secrets[0], &before, sizeof(before));
	assert_int_equal(bfd_key_delete(&known), 0);
	assert_int_equal(bfd_key_upsert(&unknown), 0);
	assert_int_equal(entry->session.secret_count, 1);
	arrival = from_peer(entry, BFD_DOWN);
	expect_refused(&arrival, entry, BFD_REFUSED_AUTH_MISSING);
	assert_memory_not_equal(
		entry->session.secrets[0].bytes, before.bytes, sizeof(before.bytes));
}

/* ---- multihop ---- */

static void rfc5883_3_multihop_has_its_port_and_its_least_ttl(void **state)
{
	struct bfd_config config = make_config(AF_INET, 1);
	struct bfd_arrival arrival;
	struct bfd_entry *entry;

	config.key.multihop = 1;
	config.key.interface = 0;
	config.min_ttl = 250;
	assert_int_equal(bfd_engine_set(engine, &config, LINK, 0), 0);
	entry = bfd_table_by_lid(engine->table, 1);
	arrival = from_peer(entry, BFD_DOWN);
	arrival.interface = LINK;
	arrival.ttl = 249;
	expect_refused(&arrival, entry, BFD_REFUSED_TTL);
	arrival.ttl = 250;
	bfd_engine_arrival(engine, &arrival, now);
	assert_int_equal(entry->session.state, BFD_INIT);
	assert_int_equal(sent_count, 1);
	assert_true(sent[0].routed);
	assert_int_equal(sent[0].interface, LINK);
	/* RFC 5883 5 */
	assert_int_equal(sent[0].l3[22] << 8 | sent[0].l3[23], 4784);
}

/* ---- what goes out ---- */

static void rfc5881_4_5_packets_of_a_session(void **state)
{
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		struct bfd_entry *entry = add(v6 ? AF_INET6 : AF_INET, 1 + v6);
		unsigned int header = v6 ? 40 : 20;
		const uint8_t *l3;

		sent_count = 0;
		hear(entry, BFD_DOWN);
		assert_int_equal(sent_count, 1);
		l3 = sent[0].l3;
		assert_int_equal(sent[0].l3_bytes, header + 8 + 24);
		assert_int_equal(sent[0].interface, LINK);
		assert_int_equal(sent[0].adjacency, 77);
		assert_int_equal(l3[v6 ? 7 : 8], 255); /* RFC 5881 5 */
		assert_memory_equal(l3 + (v6 ? 8 : 12), v6 ? edge6 : edge4, v6 ? 16 : 4);
		assert_memory_equal(l3 + (v6 ? 24 : 16), v6 ? customer6 : customer4, v6 ? 16 : 4);
		/* RFC 5881 4 */
		assert_in_range(l3[header] << 8 | l3[header + 1], 49152, 65535);
		assert_int_equal(l3[header] << 8 | l3[header + 1], entry->port);
		assert_int_equal(l3[header + 2] << 8 | l3[header + 3], 3784);
		assert_int_equal(l3[header + 4] << 8 | l3[header + 5], 8 + 24);
	}
	assert_true(bfd_table_by_lid(engine->table, 1)->port !=
		    bfd_table_by_lid(engine->table, 2)->port);
}

/* RFC 5880 6.8.7: three quarters of the interval to all of it, though time has steps. */
static void rfc5880_6_8_7_intervals_are_75_to_100_per_cent(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	uint64_t last = 0, shortest = UINT64_MAX, longest = 0;
	unsigned int before = sent_count;

	for (unsigned int ms = 0; ms < 20000; ms++) {
		if (ms % 40 == 0)
			hear(entry, BFD_UP);
		advance(1 * MS);
		if (sent_count == before)
			continue;
		assert_int_equal(sent_count, before + 1);
		before = sent_count;
		if (last != 0) {
			shortest = now - last < shortest ? now - last : shortest;
			longest = now - last > longest ? now - last : longest;
		}
		last = now;
	}
	assert_in_range(shortest, 37500, 39000);
	assert_in_range(longest, 47000, 50000);
}

/* A worker tells what no device took. */
static void what_no_device_took_is_lost(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival news = {
		.interface = LINK, .lost = 1, .discriminator = entry->session.local_discriminator};
	uint64_t rx = entry->session.rx;

	bfd_engine_arrival(engine, &news, now);
	assert_int_equal(entry->session.lost, 1);
	assert_int_equal(entry->session.rx, rx);
	assert_int_equal(entry->session.state, BFD_UP);
	/* A session that ended meanwhile. */
	news.discriminator ^= 1;
	bfd_engine_arrival(engine, &news, now);
	assert_int_equal(entry->session.lost, 1);
}

static void a_wire_that_is_full_is_counted(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);

	wire_full = true;
	advance(60 * MS);
	assert_in_range(entry->session.lost, 1, 2);
}

/* ---- silence ---- */

static void rfc5880_6_8_4_silence_is_noticed_within_a_tick(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);

	hear(entry, BFD_UP);
	advance(150 * MS - 1);
	assert_int_equal(entry->session.state, BFD_UP);
	advance(1 * MS);
	assert_int_equal(entry->session.state, BFD_DOWN);
	assert_int_equal(entry->session.diag, BFD_DIAG_TIME_EXPIRED);
}

/* The thread slept, or a worker did: what they have not looked at is not missing yet. */
static void silence_is_judged_up_to_what_was_looked_at(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	uint64_t heard = now;

	hear(entry, BFD_UP);
	now += 400 * MS;
	bfd_engine_advance(engine, now, heard + 100 * MS);
	assert_int_equal(entry->session.state, BFD_UP);
	hear(entry, BFD_UP);
	bfd_engine_advance(engine, now + 1 * MS, now + 1 * MS);
	assert_int_equal(entry->session.state, BFD_UP);
}

static void a_shorter_detection_time_is_not_missed(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	struct bfd_arrival slow = from_peer(entry, BFD_UP), fast = slow;

	memcpy(slow.payload + 12, (const uint8_t[]){0, 0x2d, 0xc6, 0xc0}, 4); /* 3 s */
	bfd_engine_arrival(engine, &slow, now);
	advance(10 * MS);
	bfd_engine_arrival(engine, &fast, now);
	advance(152 * MS);
	assert_int_equal(entry->session.state, BFD_DOWN);
}

/* ---- paths and owners ---- */

static void a_path_is_told_once_and_again_when_paths_are_new(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);

	assert_int_equal(path.sets + path.clears, 0);
	advance(152 * MS);
	assert_int_equal(path.sets, 1);
	assert_int_equal(path.interface, LINK);
	assert_int_equal(path.family, AF_INET);
	assert_memory_equal(path.peer, customer4, 16);
	advance(1 * S);
	assert_int_equal(path.sets, 1);
	generation++;
	advance(1 * MS);
	assert_int_equal(path.sets, 2);
	hear(entry, BFD_DOWN);
	assert_int_equal(path.clears, 0);
	hear(entry, BFD_INIT);
	assert_int_equal(path.clears, 1);
}

static void rfc5882_4_2_admin_down_of_the_peer_gives_the_path_back(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);

	advance(152 * MS);
	assert_int_equal(path.sets, 1);
	hear(entry, BFD_ADMIN_DOWN);
	assert_int_equal(path.clears, 1);
	assert_int_equal(entry->session.state, BFD_DOWN);
}

static void a_session_that_ends_gives_its_path_back(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);

	advance(152 * MS);
	bfd_engine_remove(engine, entry);
	assert_int_equal(path.clears, 1);
	assert_int_equal(bfd_table_count(engine->table), 0);
	sent_count = 0;
	advance(2 * S);
	assert_int_equal(sent_count, 0);
}

static struct bfd_change next_change(void)
{
	struct bfd_change change;

	assert_true(bfd_engine_next_change(engine, &change));
	return change;
}

static void expect_no_change(void)
{
	struct bfd_change change;

	assert_false(bfd_engine_next_change(engine, &change));
}

static void owners_hear_of_the_last_state_and_of_a_down_before_it(void **state)
{
	struct bfd_entry *entry = add(AF_INET, 1);
	struct bfd_change change;

	expect_no_change(); /* it knows that a new session is down */
	hear(entry, BFD_DOWN);
	hear(entry, BFD_INIT);
	change = next_change();
	assert_int_equal(change.state, BFD_UP);
	assert_int_equal(change.before, BFD_DOWN);
	assert_int_equal(change.lid, 1);
	assert_int_equal(change.remote_discriminator, 0x99);
	assert_int_equal(change.remote_multiplier, 3);
	assert_int_equal(change.remote_min_tx_us, 50 * MS);
	expect_no_change();
	advance(152 * MS);
	hear(entry, BFD_DOWN);
	hear(entry, BFD_INIT);
	change = next_change();
	assert_int_equal(change.state, BFD_DOWN);
	assert_int_equal(change.diag, BFD_DIAG_TIME_EXPIRED);
	assert_in_range(change.silence_us, 150 * MS, 152 * MS);
	change = next_change();
	assert_int_equal(change.state, BFD_UP);
	assert_int_equal(change.before, BFD_DOWN);
	expect_no_change();
}

static void a_new_owner_finds_the_session_as_it_is(void **state)
{
	struct bfd_entry *entry = add_up(AF_INET, 1);
	uint32_t discriminator = entry->session.local_discriminator;
	struct bfd_config config = make_config(AF_INET, 42);
	struct bfd_change change;

	next_change();
	bfd_table_set_lid(engine->table, entry, 0);
	advance(20 * MS);
	assert_int_equal(bfd_engine_set(engine, &config, LINK, 77), 0);
	assert_ptr_equal(bfd_table_by_lid(engine->table, 42), entry);
	assert_int_equal(entry->session.local_discriminator, discriminator);
	assert_int_equal(entry->session.state, BFD_UP);
	assert_int_equal(entry->session.flaps, 0);
	change = next_change();
	assert_int_equal(change.lid, 42);
	assert_int_equal(change.state, BFD_UP);
	expect_no_change();
}

static void a_lid_that_moves_to_another_key_ends_the_first_session(void **state)
{
	struct bfd_config config = make_config(AF_INET6, 1);

	add_up(AF_INET, 1);
	assert_int_equal(bfd_engine_set(engine, &config, LINK, 77), 0);
	assert_int_equal(bfd_table_count(engine->table), 1);
	assert_int_equal(bfd_table_by_lid(engine->table, 1)->session.config.key.family, AF_INET6);
	expect_no_change();
}

static void wrong_configurations_are_refused(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} wrong[] = {
		{offsetof(struct bfd_config, key.family), 1},
		{offsetof(struct bfd_config, key.multihop), 2},
		{offsetof(struct bfd_config, key.reserved), 1},
		{offsetof(struct bfd_config, key.interface), 0},
		{offsetof(struct bfd_config, key.local), 224},
		{offsetof(struct bfd_config, key.peer) + 5, 1},
		{offsetof(struct bfd_config, lid), 0},
		{offsetof(struct bfd_config, multiplier), 0},
		{offsetof(struct bfd_config, min_tx_us) + 3, 0xff},
		{offsetof(struct bfd_config, min_rx_us) + 3, 0xff},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bfd_config config = make_config(AF_INET, 1);

		((uint8_t *)&config)[wrong[i].offset] = wrong[i].value;
		assert_int_equal(bfd_engine_set(engine, &config, LINK, 0), -EINVAL);
	}
	assert_int_equal(bfd_table_count(engine->table), 0);
}

/* ---- neighbours ---- */

static void a_neighbour_that_comes_is_spoken_to_at_once(void **state)
{
	struct bfd_config config = make_config(AF_INET, 1);
	struct api_adjacency api = {.id = 9, .interface = LINK, .family = AF_INET, .resolved = 1};

	memcpy(api.address, customer4, 16);
	assert_int_equal(bfd_engine_set(engine, &config, LINK, 0), 0);
	advance(100 * MS);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0].adjacency, 0); /* the worker wishes for it */
	bfd_engine_neighbour(engine, &api, true);
	advance(1 * MS);
	assert_int_equal(sent_count, 2);
	assert_int_equal(sent[1].adjacency, 9);
	/* One that is another's changes nothing. */
	api.id = 10;
	bfd_engine_neighbour(engine, &api, false);
	assert_int_equal(bfd_table_by_lid(engine->table, 1)->adjacency, 9);
	api.id = 9;
	bfd_engine_neighbour(engine, &api, false);
	assert_int_equal(bfd_table_by_lid(engine->table, 1)->adjacency, 0);
}

/* ---- many ---- */

static void the_table_is_full_at_its_limit(void **state)
{
	struct bfd_config config = make_config(AF_INET, 1);
	struct api_bfd_session row;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < BFD_SESSIONS_MAX; i++) {
		config.lid = i + 1;
		config.key.interface = i + 1;
		assert_int_equal(bfd_engine_set(engine, &config, config.key.interface, 1), 0);
	}
	config.lid = config.key.interface = BFD_SESSIONS_MAX + 1;
	assert_int_equal(bfd_engine_set(engine, &config, config.key.interface, 1), -ENOSPC);
	/* One that is there can still be changed. */
	config.lid = config.key.interface = 1;
	config.multiplier = 9;
	assert_int_equal(bfd_engine_set(engine, &config, config.key.interface, 1), 0);
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		struct bfd_entry *entry = bfd_table_slot(engine->table, slot);

		assert_ptr_equal(bfd_table_by_discriminator(
					 engine->table, entry->session.local_discriminator),
			entry);
		bfd_engine_row(engine, entry, &row);
		assert_int_equal(row.local_discriminator, entry->session.local_discriminator);
		assert_int_equal(row.lid, row.interface);
		seen += row.multiplier == 9;
	}
	assert_int_equal(seen, 1);
	/* All of them speak, once a second. */
	sent_count = 0;
	advance(1 * S);
	assert_in_range(sent_count, BFD_SESSIONS_MAX, 2 * BFD_SESSIONS_MAX + 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rfc5881_5_single_hop_needs_ttl_255),
		TEST(rfc5880_6_8_6_your_discriminator_must_be_a_sessions),
		TEST(rfc5880_6_8_6_your_discriminator_may_be_0_in_down_only),
		TEST(rfc5880_6_8_6_without_a_discriminator_the_addresses_name_the_session),
		TEST(rfc5881_4_a_discriminator_alone_is_not_enough),
		TEST(rfc5880_6_8_6_malformed_packets_move_nothing),
		TEST(rfc5880_6_8_8_echo_packets_are_refused),
		TEST(rfc5880_6_7_unsigned_packets_do_not_move_a_session_with_a_key),
		TEST(rfc5880_6_7_1_keys_of_a_peer),
		TEST(rfc5880_6_7_1_the_signing_key_is_the_writers_choice),
		TEST(rfc5880_6_7_a_secret_that_the_writer_does_not_know),
		TEST(rfc5883_3_multihop_has_its_port_and_its_least_ttl),
		TEST(rfc5881_4_5_packets_of_a_session),
		TEST(rfc5880_6_8_7_intervals_are_75_to_100_per_cent),
		TEST(a_wire_that_is_full_is_counted),
		TEST(what_no_device_took_is_lost),
		TEST(rfc5880_6_8_4_silence_is_noticed_within_a_tick),
		TEST(silence_is_judged_up_to_what_was_looked_at),
		TEST(a_shorter_detection_time_is_not_missed),
		TEST(a_path_is_told_once_and_again_when_paths_are_new),
		TEST(rfc5882_4_2_admin_down_of_the_peer_gives_the_path_back),
		TEST(a_session_that_ends_gives_its_path_back),
		TEST(owners_hear_of_the_last_state_and_of_a_down_before_it),
		TEST(a_new_owner_finds_the_session_as_it_is),
		TEST(a_lid_that_moves_to_another_key_ends_the_first_session),
		TEST(wrong_configurations_are_refused),
		TEST(a_neighbour_that_comes_is_spoken_to_at_once),
		TEST(the_table_is_full_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
