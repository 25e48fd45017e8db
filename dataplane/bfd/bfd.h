/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD as the rest of the dataplane sees it (RFC 5880, 5881, 5883; asynchronous mode).
 *
 * bfdd (or a test) --bfd_session_set--> sessions <--1 ms tick--> bfd thread
 * worker --bfd_receive--> bfd thread --ring--> worker --> port
 * bfd thread --bfd_next_change--> main thread --> bfdd and control
 *
 * Sessions belong to the bfd thread. The main thread changes and reads them between two of its
 * steps, under a lock that inherits priority; each call holds it for one session at most. A session
 * outlives who asked for it: bfd_disown(), then bfd_session_set() again with another lid keeps its
 * state, its discriminators and what its peer knows, and bfd_sweep() ends what nobody asked for
 * again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/api.h"
#include "dataplane/bfd/packet.h"

#define BFD_SESSIONS_MAX 8192u

/* What makes two sessions different. Addresses as everywhere: network order, IPv4 in front, the
 * rest zero. */
struct bfd_key {
	uint32_t interface; /* 0: any, multihop only */
	uint8_t family;     /* AF_INET or AF_INET6 */
	uint8_t multihop;   /* 1: RFC 5883, UDP port 4784; 0: RFC 5881, UDP port 3784 */
	uint16_t reserved;  /* 0: keys are compared as bytes */
	uint8_t local[16];
	uint8_t peer[16];
};

struct bfd_config {
	struct bfd_key key;
	uint32_t lid;           /* how the owner (bfdd) calls the session; not 0 */
	uint32_t min_tx_us;     /* bfd.DesiredMinTxInterval while Up, 1,000 .. 60,000,000 */
	uint32_t min_rx_us;     /* bfd.RequiredMinRxInterval, 1,000 .. 60,000,000 */
	uint8_t multiplier;     /* bfd.DetectMult, 1..255 */
	uint8_t min_ttl;        /* multihop: packets with less are refused; 0: all pass */
	bool passive;           /* speaks when spoken to (RFC 5880 6.1) */
	bool shutdown;          /* AdminDown */
	bool plane_independent; /* the C bit: we live on when the control plane dies */
};

/* What became of a session, for its owner. */
struct bfd_change {
	uint32_t lid; /* 0: nobody's at present */
	struct bfd_key key;
	uint32_t local_discriminator;
	uint32_t remote_discriminator;
	uint8_t state;        /* enum bfd_state: ours, at the time */
	uint8_t before;       /* enum bfd_state: what was reported before */
	uint8_t diag;         /* enum bfd_diag: why ours is so */
	uint8_t remote_state; /* as the peer said last; Down when it was never heard */
	uint8_t remote_diag;
	uint8_t remote_multiplier;
	bool remote_plane_independent; /* the C bit in its packets */
	bool remote_demand;            /* the D bit */
	uint32_t remote_min_tx_us;     /* what its packets say; */
	uint32_t remote_min_rx_us;     /* 0 until the first one */
	uint32_t remote_min_echo_rx_us;
	uint32_t silence_us; /* between the last valid packet and this change */
};

struct bfd_counters {
	uint64_t rx, rx_bytes; /* packets that were valid; bytes of IP */
	uint64_t tx, tx_bytes;
};

/* ---- main thread ---- */

/* Before the workers start. workers: how many will hand packets over. 0 or -errno; already running:
 * -EALREADY. Without the right to SCHED_FIFO the thread runs at normal priority, and says so. */
int bfd_start(unsigned int workers);
/* After the workers have stopped. Ends all sessions; peers find out by themselves. */
void bfd_stop(void);

/*
 * Makes a session, or changes the one of this key, or only gives it a new lid. Timers change as RFC
 * 5880 6.8.3 has it, by a poll sequence. A lid that was another key's takes leave of that one's
 * session, which ends. 0; -EINVAL: family, an address that is no unicast address, interface,
 * lid 0, intervals or multiplier out of range; -ENOSPC: BFD_SESSIONS_MAX; -ENOMEM; -ESRCH: not
 * started.
 */
int bfd_session_set(const struct bfd_config *config);
/* -ENOENT: no session of this lid. */
int bfd_session_remove(uint32_t lid);
/* The owner is gone. All sessions go on; none has a lid. */
void bfd_disown(void);
/* Ends the sessions that have no lid. Returns how many. */
unsigned int bfd_sweep(void);
/* Is a session with this peer on this interface Up? */
bool bfd_watches(uint32_t interface, uint8_t family, const uint8_t peer[16]);
/* -ENOENT: no session of this lid. */
int bfd_session_counters(uint32_t lid, struct bfd_counters *counters);
unsigned int bfd_session_count(void);

/* The next news, oldest first; false: none. A change of a session that nobody took yet is replaced
 * by a later one, but a session that was Down in between is first told as Down. A session that
 * was there already when it got its lid is news too: its new owner takes it for Down. */
bool bfd_next_change(struct bfd_change *change);
/* Becomes readable when there is news (an eventfd; bfd_next_change() resets it when all is taken).
 * -1: not started. */
int bfd_changes_fd(void);

/* Dumps: the row after cursor `*after` (0 at first), which moves on. Sessions first; then, with
 * local_discriminator 0, what interfaces received for no session. False: that was all. */
bool bfd_next_row(uint32_t *after, struct api_bfd_session *row);

/* Keys (API_BFD_KEY). A peer with a key is only believed with it, and gets packets signed with it.
 * Several keys of a peer: one signs, all are believed, so that keys can be changed without a
 * break. 0, -EINVAL, -ENOSPC. */
int bfd_key_upsert(const struct api_bfd_key *key);
int bfd_key_delete(const struct api_bfd_key *key);
uint32_t bfd_key_sweep(void);
bool bfd_key_next(uint32_t *after, struct api_bfd_key *key); /* without the secret */
