/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All sessions, by discriminator, by key and by lid. Whoever holds the bfd thread's lock.
 *
 * A discriminator is a slot's number in its lower bits and chance above: found without a search,
 * unique, and a stranger has to guess the rest (RFC 5880 10).
 */
#pragma once

#include <sys/queue.h>

#include "dataplane/bfd/session.h"
#include "dataplane/bfd/wheel.h"

/* A session and what the thread needs to run it. */
struct bfd_entry {
	struct bfd_session session;
	uint32_t lid;       /* 0: nobody's at present */
	uint16_t port;      /* UDP source port, the session's own (RFC 5881 4) */
	uint32_t interface; /* to send by; multihop: of whose routing domain; 0: none yet */
	uint32_t adjacency; /* how to reach the peer; 0: not known (yet), or multihop */
	struct wheel_timer transmit, detection;
	bool path_down; /* as last told to the path table */
	/* News for the owner that nobody took yet; told in this order. */
	bool has_news, was_down;
	uint8_t told; /* enum bfd_state, as last taken */
	uint8_t down_diag;
	uint32_t down_silence_us;
	TAILQ_ENTRY(bfd_entry) news;
	LIST_ENTRY(bfd_entry) by_peer, by_lid;
};

struct bfd_table;

/* NULL: no memory. */
struct bfd_table *bfd_table_create(void);
void bfd_table_free(struct bfd_table *table);

/* An entry of that key, zeroed but for key and discriminator (in session.config.key and
 * session.local_discriminator). random: any 32 bits. NULL: the table is full, or no memory. */
struct bfd_entry *bfd_table_add(
	struct bfd_table *table, const struct bfd_key *key, uint32_t random);
void bfd_table_remove(struct bfd_table *table, struct bfd_entry *entry);
/* lid 0: none. Who had that lid has none any more. */
void bfd_table_set_lid(struct bfd_table *table, struct bfd_entry *entry, uint32_t lid);

/* NULL: there is none. */
struct bfd_entry *bfd_table_by_discriminator(const struct bfd_table *table, uint32_t discriminator);
struct bfd_entry *bfd_table_by_key(const struct bfd_table *table, const struct bfd_key *key);
struct bfd_entry *bfd_table_by_lid(const struct bfd_table *table, uint32_t lid);
/* The session that a packet with these addresses is for when it does not name one: of that link, or
 * else a multihop one of any link. */
struct bfd_entry *bfd_table_by_addresses(const struct bfd_table *table, const struct bfd_key *key);
/* Sessions with this peer on this interface, one after another: NULL first, then the last one. */
struct bfd_entry *bfd_table_next_of_peer(const struct bfd_table *table, uint32_t interface,
	uint8_t family, const uint8_t peer[16], const struct bfd_entry *after);

/* All, in slots 0 .. BFD_SESSIONS_MAX - 1; NULL: a slot is empty. */
struct bfd_entry *bfd_table_slot(const struct bfd_table *table, uint32_t slot);
unsigned int bfd_table_count(const struct bfd_table *table);
