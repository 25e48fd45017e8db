/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/bfdd_sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <rte_jhash.h>

#include "dataplane/bfd/bfdd_config.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/startup/log.h"

#define BUCKETS 4096u

struct stated {
	LIST_ENTRY(stated) by_lid;
	LIST_ENTRY(stated) by_key;
	TAILQ_ENTRY(stated) order; /* in held, gone, refused or none of them */
	struct bfd_config config;
	struct bfdd_link *link;     /* NULL: held */
	bool deleted;               /* held: bfdd said so, it did not just leave */
	bool gone;                  /* held, and nobody will ask for it again */
	uint64_t since_us;          /* held or refused: since when; gone: to be ended when */
	int error;                  /* of the engine; 0: it runs the session */
	bool told;                  /* news is filled */
	bool unsent;                /* and bfdd does not have it */
	LIST_ENTRY(stated) waiting; /* while unsent */
	struct bfddp_state news;
};

TAILQ_HEAD(stated_queue, stated);
LIST_HEAD(stated_list, stated);

static struct {
	struct stated_list lids[BUCKETS];
	struct stated_list keys[BUCKETS];
	struct stated_queue held; /* oldest first */
	struct stated_queue gone;
	uint32_t path_generation;    /* when held was searched for those that are gone */
	struct stated_queue refused; /* tried longest ago first */
	struct stated_list unsent;
	unsigned int count;
} sessions = {
	.held = TAILQ_HEAD_INITIALIZER(sessions.held),
	.gone = TAILQ_HEAD_INITIALIZER(sessions.gone),
	.refused = TAILQ_HEAD_INITIALIZER(sessions.refused),
	.unsent = LIST_HEAD_INITIALIZER(sessions.unsent),
};

unsigned int bfdd_sessions_count(void)
{
	return sessions.count;
}

/* ---- tables ---- */

static struct stated_list *lid_bucket(uint32_t lid)
{
	return &sessions.lids[rte_jhash_1word(lid, 0) % BUCKETS];
}

static struct stated_list *key_bucket(const struct bfd_key *key)
{
	return &sessions.keys[rte_jhash(key, sizeof(*key), 0) % BUCKETS];
}

static struct stated *find_lid(uint32_t lid)
{
	struct stated *stated;

	LIST_FOREACH (stated, lid_bucket(lid), by_lid)
		if (stated->config.lid == lid)
			return stated;
	return NULL;
}

static struct stated *find_key(const struct bfd_key *key)
{
	struct stated *stated;

	LIST_FOREACH (stated, key_bucket(key), by_key)
		if (memcmp(&stated->config.key, key, sizeof(*key)) == 0)
			return stated;
	return NULL;
}

static void leave_queue(struct stated *stated)
{
	if (stated->link == NULL)
		TAILQ_REMOVE(stated->gone ? &sessions.gone : &sessions.held, stated, order);
	else if (stated->error != 0)
		TAILQ_REMOVE(&sessions.refused, stated, order);
}

static void mark_sent(struct stated *stated)
{
	if (stated->unsent)
		LIST_REMOVE(stated, waiting);
	stated->unsent = false;
}

/* The engine has ended the session, or never had it. */
static void forget(struct stated *stated)
{
	leave_queue(stated);
	mark_sent(stated);
	LIST_REMOVE(stated, by_lid);
	LIST_REMOVE(stated, by_key);
	sessions.count--;
	free(stated);
}

/* control has a path to each peer of its plan: without one somebody took the peer or its link away
 * on purpose, and it says of a path whether BFD is wanted there. A multihop session has none. */
static bool is_over(const struct stated *stated, bool *has_path)
{
	const struct bfd_key *key = &stated->config.key;
	struct api_path path;

	if (key->multihop)
		return false;
	*has_path = path_find(key->interface, key->family, key->peer, &path);
	return !*has_path || (stated->deleted && path.bfd_off);
}

/* Held: to end soon, or when nobody asks for it in time. A peer that is still there hears that it
 * is on purpose (RFC 5880 6.8.16), for a while; the path is nobody's business any more. */
static void queue_held(struct stated *stated, uint64_t now_us)
{
	bool has_path;

	stated->since_us = now_us;
	stated->gone = is_over(stated, &has_path);
	if (stated->gone && has_path) {
		stated->config.shutdown = true;
		bfd_session_set(&stated->config);
		stated->since_us = now_us + BFDD_FAREWELL_US;
	}
	TAILQ_INSERT_TAIL(stated->gone ? &sessions.gone : &sessions.held, stated, order);
}

static void hold(struct stated *stated, bool deleted, uint64_t now_us)
{
	if (stated->link == NULL)
		return;
	leave_queue(stated);
	mark_sent(stated);
	stated->link = NULL;
	stated->deleted = deleted;
	queue_held(stated, now_us);
}

/* ---- what bfdd says ---- */

static struct stated *new_stated(const struct bfd_config *config)
{
	struct stated *stated = calloc(1, sizeof(*stated));

	if (stated == NULL)
		return NULL;
	stated->config = *config;
	LIST_INSERT_HEAD(key_bucket(&config->key), stated, by_key);
	LIST_INSERT_HEAD(lid_bucket(config->lid), stated, by_lid);
	sessions.count++;
	return stated;
}

static void take_lid(struct stated *stated, uint32_t lid)
{
	LIST_REMOVE(stated, by_lid);
	stated->config.lid = lid;
	LIST_INSERT_HEAD(lid_bucket(lid), stated, by_lid);
}

static void ask_engine(struct stated *stated, uint64_t now_us)
{
	int before = stated->error;

	stated->error = bfd_session_set(&stated->config);
	if (stated->error == 0)
		return;
	stated->since_us = now_us;
	TAILQ_INSERT_TAIL(&sessions.refused, stated, order);
	if (stated->error != before)
		bfdd_tell_refused(&stated->config, stated->error);
}

static void send_news(struct stated *stated)
{
	struct bfddp_message message = {.type = BFDDP_STATE_CHANGE, .state = stated->news};

	if (!stated->told || stated->link == NULL)
		return;
	message.state.lid = stated->config.lid;
	mark_sent(stated);
	if (bfdd_link_send(stated->link, &message) == 0)
		return;
	/* No room: later. Lost: reading tells it, and then nobody waits for it any more. */
	stated->unsent = true;
	LIST_INSERT_HEAD(&sessions.unsent, stated, waiting);
}

int bfdd_sessions_add(const struct bfddp_session *message, struct bfdd_link *link, uint64_t now_us)
{
	struct bfd_config config;
	struct stated *stated, *other;
	int kind;

	kind = bfdd_config(message, &config);
	stated = kind > 0 ? find_key(&config.key) : NULL;
	other = find_lid(config.lid);
	/* The lid was another session's, which the engine ends when it is given away; or it names
	 * none at present. */
	if (other != NULL && other != stated && kind > 0)
		forget(other);
	else if (other != NULL && kind <= 0)
		hold(other, false, now_us);
	if (kind <= 0)
		return kind;
	if (stated == NULL) {
		stated = sessions.count < BFD_SESSIONS_MAX ? new_stated(&config) : NULL;
		if (stated == NULL)
			return sessions.count < BFD_SESSIONS_MAX ? -ENOMEM : -ENOSPC;
	} else {
		leave_queue(stated);
		if (stated->config.lid != config.lid)
			take_lid(stated, config.lid);
		stated->config = config;
	}
	stated->link = link;
	stated->gone = false;
	ask_engine(stated, now_us);
	/* bfdd believes that a session it states is Down. */
	send_news(stated);
	return 1;
}

void bfdd_sessions_delete(uint32_t lid, uint64_t now_us)
{
	struct stated *stated = find_lid(lid);

	if (stated != NULL)
		hold(stated, true, now_us);
}

unsigned int bfdd_sessions_unlink(const struct bfdd_link *link, uint64_t now_us)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		struct stated *stated;

		LIST_FOREACH (stated, &sessions.lids[i], by_lid) {
			if (stated->link != link)
				continue;
			hold(stated, false, now_us);
			count++;
		}
	}
	return count;
}

/* ---- what bfdd is told ---- */

void bfdd_sessions_report(const struct bfd_change *change)
{
	struct stated *stated = find_key(&change->key);
	struct bfddp_state *news;

	if (stated == NULL)
		return;
	news = &stated->news;
	news->remote_discriminator = change->remote_discriminator;
	news->remote_flags = (change->remote_plane_independent ? BFDDP_REMOTE_CBIT : 0u) |
			     (change->remote_demand ? BFDDP_REMOTE_DEMAND : 0u);
	news->remote_min_tx_us = change->remote_min_tx_us;
	news->remote_min_rx_us = change->remote_min_rx_us;
	news->remote_min_echo_us = change->remote_min_echo_rx_us;
	news->remote_multiplier = change->remote_multiplier;
	news->diagnostic = change->remote_diag;
	/* The peer took BFD away and says so: that is no news of the path (RFC 5882 3.2), and bgpd
	 * leaves its session alone when it hears AdminDown. */
	news->state = change->state == BFD_DOWN && change->remote_state == BFD_ADMIN_DOWN
			      ? BFD_ADMIN_DOWN
			      : change->state;
	stated->told = true;
	send_news(stated);
}

void bfdd_sessions_flush(void)
{
	struct stated *stated = LIST_FIRST(&sessions.unsent);

	while (stated != NULL) {
		struct stated *next = LIST_NEXT(stated, waiting);

		if (bfdd_link_may_answer(stated->link))
			send_news(stated);
		stated = next;
	}
}

/* ---- time ---- */

/* Since the paths changed. Those that stay held keep their order and their time. */
static void find_gone(uint64_t now_us)
{
	uint32_t generation = path_generation();
	struct stated *stated = TAILQ_FIRST(&sessions.held), *next;
	bool has_path;

	if (generation == sessions.path_generation)
		return;
	sessions.path_generation = generation;
	for (; stated != NULL; stated = next) {
		next = TAILQ_NEXT(stated, order);
		if (!is_over(stated, &has_path))
			continue;
		TAILQ_REMOVE(&sessions.held, stated, order);
		queue_held(stated, now_us);
	}
}

/* Whether bfdd is there or not. */
static uint64_t end_gone(uint64_t now_us)
{
	struct stated *stated = TAILQ_FIRST(&sessions.gone), *next;
	uint64_t first_us = UINT64_MAX;
	unsigned int ended = 0;

	for (; stated != NULL; stated = next) {
		next = TAILQ_NEXT(stated, order);
		if (now_us < stated->since_us) {
			first_us = stated->since_us < first_us ? stated->since_us : first_us;
			continue;
		}
		bfd_session_remove(stated->config.lid);
		forget(stated);
		ended++;
	}
	if (ended > 0)
		log_info("bfdd", "ended %u sessions that the configuration has no more", ended);
	return first_us;
}

static uint64_t end_held(uint64_t now_us, uint64_t since_us)
{
	struct stated *stated;
	unsigned int ended = 0;

	while ((stated = TAILQ_FIRST(&sessions.held)) != NULL) {
		uint64_t from = stated->since_us > since_us ? stated->since_us : since_us;

		if (now_us < from + BFDD_HOLD_US)
			break;
		bfd_session_remove(stated->config.lid);
		forget(stated);
		ended++;
	}
	if (ended > 0)
		log_info("bfdd", "ended %u sessions that bfdd did not ask for again within %u s",
			ended, (unsigned int)(BFDD_HOLD_US / 1000000));
	if (stated == NULL)
		return UINT64_MAX;
	return (stated->since_us > since_us ? stated->since_us : since_us) + BFDD_HOLD_US;
}

static uint64_t ask_again(uint64_t now_us)
{
	struct stated *stated;

	while ((stated = TAILQ_FIRST(&sessions.refused)) != NULL &&
		now_us >= stated->since_us + BFDD_RETRY_US) {
		TAILQ_REMOVE(&sessions.refused, stated, order);
		ask_engine(stated, now_us);
	}
	return stated != NULL ? stated->since_us + BFDD_RETRY_US : UINT64_MAX;
}

uint64_t bfdd_sessions_turn(uint64_t now_us, uint64_t since_us)
{
	uint64_t retry = ask_again(now_us), gone, end;

	find_gone(now_us);
	gone = end_gone(now_us);
	end = since_us != 0 ? end_held(now_us, since_us) : UINT64_MAX;
	end = gone < end ? gone : end;
	return retry < end ? retry : end;
}

void bfdd_sessions_fini(void)
{
	for (unsigned int i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&sessions.lids[i]))
			forget(LIST_FIRST(&sessions.lids[i]));
}
