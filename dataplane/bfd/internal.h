/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bfd thread's inner parts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bfd/exchange.h"
#include "dataplane/bfd/table.h"
#include "dataplane/bfd/wheel.h"

/* Behind its time a packet goes by the length of a tick and the thread's own lateness. */
#define BFD_TICK_US 1000u
#define BFD_LATE_US 1500u

/* Under the lock: the bfd thread's while it steps, main's between two steps. */
struct bfd_engine {
	struct bfd_table *table;
	struct wheel transmit, detection;
	TAILQ_HEAD(, bfd_entry) news;
	bool news_since; /* news came that changes_fd does not show yet */
	uint64_t now_us;
	uint64_t random; /* never 0 */
	uint32_t path_generation;
	/* Hands a packet to the worker of that interface; false: its ring is full. */
	bool (*depart)(struct bfd_departure *departure);
	/* What came for no session. */
	uint64_t refused[API_INTERFACES_MAX][BFD_REFUSED_COUNT];
};

/* run.c: sessions in time. 0 or -ENOMEM. */
int bfd_engine_init(struct bfd_engine *engine, uint64_t random, uint64_t now_us);
void bfd_engine_fini(struct bfd_engine *engine);
uint32_t bfd_engine_random(struct bfd_engine *engine);
/* A packet that a worker received at received_us, or could not send. */
void bfd_engine_arrival(
	struct bfd_engine *engine, const struct bfd_arrival *arrival, uint64_t received_us);
/* What is due. Silence is judged as at judged_us, which is not after now_us: up to then all that
 * arrived has been seen. */
void bfd_engine_advance(struct bfd_engine *engine, uint64_t now_us, uint64_t judged_us);
/* Does what a session's change asks for: bits of enum bfd_action. */
void bfd_engine_act(struct bfd_engine *engine, struct bfd_entry *entry, unsigned int actions);
/* The session is new to its owner. */
void bfd_engine_add_news(struct bfd_engine *engine, struct bfd_entry *entry);
void bfd_engine_remove(struct bfd_engine *engine, struct bfd_entry *entry);

/* owner.c, on an engine that the caller has locked. */
/* interface: to send by, 0: not known; adjacency: resolved, of the peer, 0: there is none. */
int bfd_engine_set(struct bfd_engine *engine, const struct bfd_config *config, uint32_t interface,
	uint32_t adjacency);
bool bfd_engine_next_change(struct bfd_engine *engine, struct bfd_change *change);
/* The neighbour can be reached by this adjacency; 0: not any more by `before`. */
void bfd_engine_neighbour(struct bfd_engine *engine, const struct api_adjacency *api, bool there);
void bfd_engine_row(const struct bfd_engine *engine, const struct bfd_entry *entry,
	struct api_bfd_session *row);

/* frame.c: the IP packet around a session's next one, which goes out now. */
void bfd_frame_write(
	struct bfd_entry *entry, bool final, uint64_t now_us, struct bfd_departure *departure);

/* keys.c; main thread. Secrets of a peer, the signing one first. */
unsigned int bfd_keys_of(uint32_t interface, uint8_t family, const uint8_t peer[16],
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX]);
void bfd_keys_fini(void);

/* thread.c; main thread, between two steps of the bfd thread. NULL: not started, nothing locked. */
struct bfd_engine *bfd_lock(void);
void bfd_unlock(struct bfd_engine *engine);
