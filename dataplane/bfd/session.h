/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One BFD session: the variables of RFC 5880 6.8.1 and the rules that change them. Pure: time is an
 * argument (microseconds of any clock that only moves forward), randomness too, and what is to be
 * done comes back as bits. Who calls is the session's only user; in the dataplane that is the bfd
 * thread, or main under its lock.
 */
#pragma once

#include "dataplane/bfd/bfd.h"

/* RFC 5880 6.8.3: not Up, packets go at most once a second. */
#define BFD_SLOW_TX_US 1000000u
#define BFD_NEVER UINT64_MAX

#define BFD_SESSION_KEYS_MAX (2 * API_BFD_KEYS_MAX) /* old ones until a snapshot ends */

/* What the caller is to do. */
enum bfd_action {
	BFD_SEND = 1,   /* a packet now: what it says is new */
	BFD_FINAL = 2,  /* a packet with the F bit now (RFC 5880 6.5) */
	BFD_RETIME = 4, /* the transmit interval changed: arm its timer anew */
	BFD_NEWS = 8,   /* state changed */
};

struct bfd_secret {
	uint8_t type; /* enum bfd_auth_type */
	uint8_t id;
	uint8_t bytes[BFD_SECRET_BYTES];
};

struct bfd_session {
	struct bfd_config config;
	uint32_t local_discriminator, remote_discriminator;
	uint8_t state, remote_state; /* enum bfd_state */
	uint8_t diag, remote_diag;   /* enum bfd_diag */
	uint8_t remote_multiplier;   /* 0: never heard */
	bool remote_plane_independent, remote_demand;
	bool was_up; /* and neither side is administratively down since */

	/* bfd.DesiredMinTxInterval and bfd.RequiredMinRxInterval, which packets say, and those in
	 * effect, which may have to wait for the end of a poll sequence (6.8.3). */
	uint32_t min_tx_us, min_rx_us;
	uint32_t tx_in_effect_us, rx_in_effect_us;
	bool polling;
	bool poll_again; /* changed while polling: the F to come may answer the old values */
	uint32_t remote_min_tx_us, remote_min_rx_us, remote_min_echo_rx_us;

	uint64_t last_rx_us;   /* the last valid packet */
	uint64_t last_tx_us;   /* 0: none yet */
	uint64_t since_us;     /* state is what it is */
	uint64_t silence_us;   /* before the last change of state */
	uint32_t ups, flaps;   /* times it came Up, and left it */
	uint64_t rx, rx_bytes; /* valid packets */
	uint64_t tx, tx_bytes;
	uint64_t refused[BFD_REFUSED_COUNT];

	/* Since it is Up: between two packets of the peer, and by how much that changes (RFC 3550
	 * 6.4.1 has the formula); mean_x16 is 16 times the mean. */
	uint32_t interval_us, interval_mean_x16, interval_max_us;
	uint32_t jitter_mean_x16, jitter_max_us;
	uint32_t late_max_us; /* our own sending, behind its time */
	uint64_t lost;        /* our own packets that no worker or no device took */

	uint8_t secret_count; /* 0: no authentication; secrets[0] signs */
	struct bfd_secret secrets[BFD_SESSION_KEYS_MAX];
	bool auth_known;                             /* bfd.AuthSeqKnown */
	uint32_t auth_rx_sequence, auth_tx_sequence; /* bfd.RcvAuthSeq, bfd.XmitAuthSeq */
};

/* A session that was never heard. discriminator: not 0, unique, hard to guess. sequence: random
 * start of authentication's. */
void bfd_session_init(struct bfd_session *session, const struct bfd_config *config,
	uint32_t discriminator, uint32_t sequence, uint64_t now_us);

/* Other timers, multiplier, role or administrative state (RFC 5880 6.8.3, 6.8.16). The key stays.
 * Returns bits of enum bfd_action. */
unsigned int bfd_session_configure(
	struct bfd_session *session, const struct bfd_config *config, uint64_t now_us);

/* The session uses these secrets from now on, the signing one first. */
void bfd_session_set_secrets(
	struct bfd_session *session, const struct bfd_secret *secrets, unsigned int count);

/* RFC 5880 6.7: is the packet, read from payload, to be believed? 0, or -1 with *why. Remembers
 * the sequence number of one that is. */
int bfd_session_authenticate(struct bfd_session *session, const struct bfd_packet *packet,
	const uint8_t *payload, uint64_t now_us, enum bfd_refusal *why);

/* RFC 5880 6.8.6 from "Set bfd.RemoteDiscr" on, for a packet that is this session's and was
 * authenticated. now_us: when it was received. Returns bits of enum bfd_action. */
unsigned int bfd_session_receive(
	struct bfd_session *session, const struct bfd_packet *packet, uint64_t now_us);

/* When silence means that the peer is gone (RFC 5880 6.8.4); BFD_NEVER: nothing to wait for. */
uint64_t bfd_session_expiry(const struct bfd_session *session);
/* That time has come. */
unsigned int bfd_session_expire(struct bfd_session *session, uint64_t now_us);

/* The interval between packets before jitter; 0: none are to be sent (RFC 5880 6.8.7). */
uint32_t bfd_session_tx_interval_us(const struct bfd_session *session);
/* The same with jitter taken off (RFC 5880 6.8.7): a quarter at most, and with a multiplier of 1 a
 * tenth at least. random: any 32 bits. late_us: how late a packet may go out behind its time, for
 * the whole of it must still be within the interval where that is possible. */
uint32_t bfd_session_jittered_us(
	const struct bfd_session *session, uint32_t random, uint32_t late_us);
/* May an F packet be sent? Also to a peer that wants no periodic packets; but not before a passive
 * session was spoken to. */
bool bfd_session_may_send(const struct bfd_session *session);
/* Makes the next packet, which goes out now. Returns its length. */
size_t bfd_session_write(struct bfd_session *session, bool final, uint64_t now_us,
	uint8_t payload[BFD_PACKET_BYTES_MAX]);

/* Detection time in effect; 0: the peer was never heard. */
uint64_t bfd_session_detection_us(const struct bfd_session *session);

/* Is the path to be taken for dead? Only if it was alive, and nobody switched BFD off on purpose
 * (RFC 5882 3.2, 4.2: a session that is administratively down says nothing about the path). */
bool bfd_session_path_down(const struct bfd_session *session);
