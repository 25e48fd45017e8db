/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions in time: what arrives, what is due, and what follows from it.
 */
#include <errno.h>
#include <string.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/nexthop/path.h"

/* xorshift64 (Marsaglia 2003): jitter needs no more; what must not be guessed is seeded by the
 * kernel. */
uint32_t bfd_engine_random(struct bfd_engine *engine)
{
	engine->random ^= engine->random << 13;
	engine->random ^= engine->random >> 7;
	engine->random ^= engine->random << 17;
	return engine->random >> 32;
}

int bfd_engine_init(struct bfd_engine *engine, uint64_t random, uint64_t now_us)
{
	engine->table = bfd_table_create();
	if (engine->table == NULL)
		return -ENOMEM;
	wheel_init(&engine->transmit, now_us);
	wheel_init(&engine->detection, now_us);
	TAILQ_INIT(&engine->news);
	engine->now_us = now_us;
	engine->random = random | 1;
	engine->path_generation = path_generation();
	return 0;
}

void bfd_engine_fini(struct bfd_engine *engine)
{
	bfd_table_free(engine->table);
	engine->table = NULL;
}

/* ---- what follows from a change ---- */

/* One store moves all traffic off the path, or lets it return. The path may not exist: the peer may
 * be nobody's next hop. */
static void update_path(struct bfd_entry *entry, bool again)
{
	const struct bfd_key *key = &entry->session.config.key;
	bool down = bfd_session_path_down(&entry->session);

	if (entry->interface == 0 || (down == entry->path_down && !again))
		return;
	entry->path_down = down;
	path_set(entry->interface, key->family, key->peer, API_PATH_BFD, down);
}

void bfd_engine_add_news(struct bfd_engine *engine, struct bfd_entry *entry)
{
	if (entry->has_news)
		return;
	entry->has_news = true;
	TAILQ_INSERT_TAIL(&engine->news, entry, news);
	engine->news_since = true;
}

static void note_news(struct bfd_engine *engine, struct bfd_entry *entry)
{
	const struct bfd_session *session = &entry->session;

	/* Who was told that it is Up must hear that it was not for a while. */
	if (session->state == BFD_DOWN && entry->told == BFD_UP && !entry->was_down) {
		entry->was_down = true;
		entry->down_diag = session->diag;
		entry->down_silence_us =
			session->silence_us > UINT32_MAX ? UINT32_MAX : session->silence_us;
	}
	bfd_engine_add_news(engine, entry);
}

static void arm_transmit(struct bfd_engine *engine, struct bfd_entry *entry)
{
	const struct bfd_session *session = &entry->session;
	uint64_t sent_us = session->last_tx_us;
	uint64_t due_us;

	if (bfd_session_tx_interval_us(session) == 0) {
		wheel_disarm(&entry->transmit);
		return;
	}
	due_us = sent_us + bfd_session_jittered_us(session, bfd_engine_random(engine), BFD_LATE_US);
	/* The interval may have become shorter than what has passed of it. */
	if (sent_us == 0 || due_us < engine->now_us)
		due_us = engine->now_us;
	wheel_arm(&engine->transmit, &entry->transmit, due_us);
}

static void arm_detection(struct bfd_engine *engine, struct bfd_entry *entry)
{
	uint64_t expiry_us = bfd_session_expiry(&entry->session);

	/* A timer that is too early looks again; so a packet moves none. */
	if (expiry_us == BFD_NEVER)
		wheel_disarm(&entry->detection);
	else if (!entry->detection.armed || expiry_us < entry->detection.due_us)
		wheel_arm(&engine->detection, &entry->detection, expiry_us);
}

/* A packet that no worker takes is lost, as on a line; a worker tells of those that no device
 * takes. Without an adjacency the worker only wishes for one. */
static void send(struct bfd_engine *engine, struct bfd_entry *entry, bool final)
{
	struct bfd_departure departure;

	if (!bfd_session_may_send(&entry->session) || entry->interface == 0)
		return;
	bfd_frame_write(entry, final, engine->now_us, &departure);
	if (!engine->depart(&departure))
		entry->session.lost++;
}

void bfd_engine_act(struct bfd_engine *engine, struct bfd_entry *entry, unsigned int actions)
{
	update_path(entry, false);
	if (actions & BFD_NEWS)
		note_news(engine, entry);
	/* An F packet says all that a packet says, but it cannot poll. */
	if (actions & BFD_FINAL)
		send(engine, entry, true);
	if ((actions & BFD_SEND) && (!(actions & BFD_FINAL) || entry->session.polling))
		send(engine, entry, false);
	if (actions & (BFD_RETIME | BFD_SEND))
		arm_transmit(engine, entry);
	arm_detection(engine, entry);
}

void bfd_engine_remove(struct bfd_engine *engine, struct bfd_entry *entry)
{
	const struct bfd_key *key = &entry->session.config.key;

	if (entry->path_down)
		path_set(entry->interface, key->family, key->peer, API_PATH_BFD, false);
	if (entry->has_news)
		TAILQ_REMOVE(&engine->news, entry, news);
	wheel_disarm(&entry->transmit);
	wheel_disarm(&entry->detection);
	bfd_table_remove(engine->table, entry);
}

/* ---- arrivals ---- */

static struct bfd_key key_of(const struct bfd_arrival *arrival)
{
	struct bfd_key key = {
		.interface = arrival->interface,
		.family = arrival->family,
		.multihop = arrival->port == BFD_PORT_MULTIHOP,
	};

	memcpy(key.local, arrival->destination, sizeof(key.local));
	memcpy(key.peer, arrival->source, sizeof(key.peer));
	return key;
}

/* Is what names a session also from where its packets come? */
static bool is_from_there(
	const struct bfd_key *key, const struct bfd_key *seen, enum bfd_refusal *why)
{
	*why = BFD_REFUSED_INTERFACE;
	if (key->family != seen->family || key->multihop != seen->multihop)
		return false;
	if (key->interface != seen->interface && key->interface != 0)
		return false;
	*why = BFD_REFUSED_SOURCE;
	return memcmp(key->peer, seen->peer, sizeof(key->peer)) == 0 &&
	       memcmp(key->local, seen->local, sizeof(key->local)) == 0;
}

/* RFC 5880 6.8.6: the session is Your Discriminator's, or else that of the addresses (RFC 5881 3,
 * RFC 5883 4). NULL with *why. */
static struct bfd_entry *find(struct bfd_engine *engine, const struct bfd_key *seen,
	const struct bfd_packet *packet, enum bfd_refusal *why)
{
	struct bfd_entry *entry;

	if (packet->your_discriminator != 0) {
		entry = bfd_table_by_discriminator(engine->table, packet->your_discriminator);
		*why = BFD_REFUSED_YOUR_DISCRIMINATOR;
		return entry;
	}
	*why = BFD_REFUSED_YOUR_DISCRIMINATOR;
	if (packet->state != BFD_DOWN && packet->state != BFD_ADMIN_DOWN)
		return NULL;
	*why = BFD_REFUSED_NO_SESSION;
	return bfd_table_by_addresses(engine->table, seen);
}

/* RFC 5881 5: single hop, whatever the authentication. RFC 5883 3: multihop, as configured. */
static bool is_near_enough(const struct bfd_entry *entry, const struct bfd_arrival *arrival)
{
	const struct bfd_config *config = &entry->session.config;

	return config->key.multihop ? arrival->ttl >= config->min_ttl : arrival->ttl == UINT8_MAX;
}

/* What can be said before a session is known. */
static bool is_well_formed(
	const struct bfd_arrival *arrival, struct bfd_packet *packet, enum bfd_refusal *why)
{
	*why = BFD_REFUSED_ECHO;
	if (arrival->port == BFD_PORT_ECHO)
		return false;
	*why = BFD_REFUSED_TTL;
	if (arrival->port == BFD_PORT_SINGLE_HOP && arrival->ttl != UINT8_MAX)
		return false;
	*why = BFD_REFUSED_HEADER;
	if (arrival->damaged)
		return false;
	return bfd_packet_read(arrival->payload, arrival->bytes, packet, why) == 0;
}

/* On the account of the session it pretends to be of, or else of its interface. */
static void refuse(struct bfd_engine *engine, struct bfd_entry *entry, const struct bfd_key *seen,
	enum bfd_refusal why)
{
	if (entry == NULL)
		entry = bfd_table_by_addresses(engine->table, seen);
	if (entry != NULL)
		entry->session.refused[why]++;
	else
		engine->refused[seen->interface][why]++;
}

void bfd_engine_arrival(
	struct bfd_engine *engine, const struct bfd_arrival *arrival, uint64_t received_us)
{
	struct bfd_key seen = key_of(arrival);
	struct bfd_entry *entry = NULL;
	struct bfd_packet packet;
	enum bfd_refusal why;

	if (arrival->lost) {
		entry = bfd_table_by_discriminator(engine->table, arrival->discriminator);
		if (entry != NULL)
			entry->session.lost++;
		return;
	}
	if (!is_well_formed(arrival, &packet, &why)) {
		refuse(engine, NULL, &seen, why);
		return;
	}
	entry = find(engine, &seen, &packet, &why);
	if (entry == NULL) {
		refuse(engine, NULL, &seen, why);
		return;
	}
	if (!is_from_there(&entry->session.config.key, &seen, &why)) {
		refuse(engine, entry, &seen, why);
		return;
	}
	if (!is_near_enough(entry, arrival)) {
		refuse(engine, entry, &seen, BFD_REFUSED_TTL);
		return;
	}
	if (bfd_session_authenticate(
		    &entry->session, &packet, arrival->payload, received_us, &why) != 0) {
		refuse(engine, entry, &seen, why);
		return;
	}
	/* A multihop session of no interface answers by the one it was spoken to. */
	if (entry->interface == 0)
		entry->interface = arrival->interface;
	entry->session.rx_bytes += arrival->l3_bytes;
	bfd_engine_act(engine, entry, bfd_session_receive(&entry->session, &packet, received_us));
}

/* ---- timers ---- */

static void transmit(struct wheel_timer *timer, uint64_t now_us, void *context)
{
	struct bfd_engine *engine = context;
	struct bfd_entry *entry = WHEEL_ENTRY(timer, struct bfd_entry, transmit);
	struct bfd_session *session = &entry->session;
	uint64_t late_us = now_us - timer->due_us;

	if (session->state == BFD_UP && session->last_tx_us != 0 && late_us > session->late_max_us)
		session->late_max_us = late_us > UINT32_MAX ? UINT32_MAX : late_us;
	send(engine, entry, false);
	arm_transmit(engine, entry);
}

static void detect(struct wheel_timer *timer, uint64_t judged_us, void *context)
{
	struct bfd_engine *engine = context;
	struct bfd_entry *entry = WHEEL_ENTRY(timer, struct bfd_entry, detection);
	uint64_t expiry_us = bfd_session_expiry(&entry->session);

	if (expiry_us > judged_us)
		arm_detection(engine, entry);
	else
		bfd_engine_act(engine, entry, bfd_session_expire(&entry->session, engine->now_us));
}

/* Paths that are new do not know yet what their sessions know. */
static void restate_paths(struct bfd_engine *engine)
{
	uint32_t generation = path_generation();

	if (generation == engine->path_generation)
		return;
	engine->path_generation = generation;
	for (uint32_t slot = 0; slot < BFD_SESSIONS_MAX; slot++) {
		struct bfd_entry *entry = bfd_table_slot(engine->table, slot);

		if (entry != NULL && entry->path_down)
			update_path(entry, true);
	}
}

void bfd_engine_advance(struct bfd_engine *engine, uint64_t now_us, uint64_t judged_us)
{
	engine->now_us = now_us;
	wheel_advance(&engine->transmit, now_us, transmit, engine);
	wheel_advance(&engine->detection, judged_us, detect, engine);
	restate_paths(engine);
}
