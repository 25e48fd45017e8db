/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages between FRR's bfdd and a data plane that runs its BFD sessions ("bfddp"), as bfdd
 * 8.4 speaks it on the stream socket of its --dplaneaddr: bfdd configures sessions, we report what
 * becomes of them. Everything on the wire is big-endian; here all numbers are the host's, but
 * addresses, which stay in network order (IPv4 in the first four bytes of 16).
 *
 * Pure functions on bytes: no socket, no session, no clock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BFDDP_VERSION 1u
#define BFDDP_HEADER 8u /* bytes: version, zero, type, id, length of all */
/* The longest a message can be: a session. Whoever announces a longer one speaks something else. */
#define BFDDP_MESSAGE_MAX (BFDDP_HEADER + 132u)
#define BFDDP_NAME_MAX 64u

enum bfddp_type {
	BFDDP_ECHO_REQUEST,
	BFDDP_ECHO_REPLY,
	BFDDP_ADD_SESSION, /* from bfdd: new, or changed: the lid says which */
	BFDDP_DELETE_SESSION,
	BFDDP_STATE_CHANGE, /* to bfdd */
	BFDDP_COUNTERS_REQUEST,
	BFDDP_COUNTERS, /* to bfdd; it waits for this one and does nothing else meanwhile */
	BFDDP_TYPES,
};

/* struct bfddp_session.flags */
enum bfddp_session_flag {
	BFDDP_MULTIHOP = 1,
	BFDDP_DEMAND = 2,
	BFDDP_CBIT = 4,
	BFDDP_ECHO = 8,
	BFDDP_IPV6 = 16,
	BFDDP_PASSIVE = 32,
	BFDDP_SHUTDOWN = 64,
};

struct bfddp_session {
	uint32_t flags; /* enum bfddp_session_flag */
	uint8_t local[16];
	uint8_t peer[16];
	uint32_t lid; /* bfdd's name for the session, another one after each restart of bfdd */
	uint32_t min_tx_us;
	uint32_t min_rx_us;
	uint8_t ttl; /* least that is accepted; 255 on a single hop */
	uint8_t multiplier;
	uint32_t ifindex;               /* 0: bfdd does not know it yet, more is to come */
	char interface[BFDDP_NAME_MAX]; /* terminated */
};

/* struct bfddp_state.remote_flags */
enum bfddp_remote_flag {
	BFDDP_REMOTE_CBIT = 1,
	BFDDP_REMOTE_DEMAND = 2,
	BFDDP_REMOTE_MULTIPOINT = 4
};

struct bfddp_state {
	uint32_t lid;
	uint32_t remote_discriminator;
	uint32_t remote_flags;     /* enum bfddp_remote_flag */
	uint32_t remote_min_tx_us; /* what the peer says of itself, all four */
	uint32_t remote_min_rx_us;
	uint32_t remote_min_echo_us;
	uint8_t remote_multiplier;
	uint8_t state;      /* ours, numbers as on the wire (RFC 5880 4.1): 0 AdminDown .. 3 Up */
	uint8_t diagnostic; /* the peer's last */
};

struct bfddp_counters {
	uint32_t lid;
	uint64_t rx_bytes, rx;
	uint64_t tx_bytes, tx;
};

struct bfddp_echo {
	uint64_t dataplane_time; /* whoever asks fills it, the answer brings it back */
	uint64_t bfdd_time;
};

struct bfddp_message {
	uint16_t type; /* enum bfddp_type, below BFDDP_TYPES */
	uint16_t id;   /* an answer bears the question's */
	union {
		struct bfddp_session session; /* ADD_SESSION, DELETE_SESSION */
		struct bfddp_echo echo;       /* ECHO_REQUEST, ECHO_REPLY */
		uint32_t lid;                 /* COUNTERS_REQUEST */
		struct bfddp_state state;     /* STATE_CHANGE */
		struct bfddp_counters counters;
	};
};

/*
 * The first message in bytes. Its length when it is whole, 0 when more bytes have to come, -EPROTO
 * when this is no bfddp (version, type, or a length that its type cannot have: nothing behind it
 * can be trusted to be a message either).
 */
int bfddp_decode(const uint8_t *bytes, size_t length, struct bfddp_message *message);

/* Writes a message as it goes on the wire; returns its length. */
size_t bfddp_encode(const struct bfddp_message *message, uint8_t bytes[BFDDP_MESSAGE_MAX]);

/* "ADD_SESSION"; of a number that is none, "?". */
const char *bfddp_type_name(uint16_t type);
