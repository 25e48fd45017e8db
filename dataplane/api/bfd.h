/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BFD in the contract (included by api.h): keys are batch items, sessions are read by dumps.
 */
#pragma once

#include <stdint.h>

/* Room for each reason of BFD_REFUSALS (bfd_refusals.h), whose order the counters have. */
#define API_BFD_REFUSALS_MAX 24u

#define API_BFD_KEYS_MAX 4u /* of a peer; as many more while a snapshot replaces them */
#define API_BFD_SECRET_MAX 20u

enum api_bfd_auth { API_BFD_KEYED_SHA1 = 4, API_BFD_METICULOUS_SHA1 = 5 }; /* RFC 5880 4.1 */

/* API_BFD_KEY: one of the authentication keys of a peer (RFC 5880 6.7). Several let keys be changed
 * without a break: one signs, all are believed. The secret is only written: dumps have zeroes. */
struct api_bfd_key {
	uint32_t interface;
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t type;   /* enum api_bfd_auth */
	uint8_t key_id;
	/* 1..API_BFD_SECRET_MAX. 0: the writer does not know it; the one that is here stays, and
	 * where there is none the peer is not believed with this key. */
	uint8_t secret_bytes;
	uint8_t peer[16];
	uint8_t secret[API_BFD_SECRET_MAX];
	uint8_t signs; /* 1: our packets; of several that say so, or of none, the highest id does */
	uint8_t reserved[3];
};

/* API_BFD_SESSION, dump only. Times in microseconds. */
struct api_bfd_session {
	uint32_t interface; /* 0: any, of a multihop session */
	uint32_t lid;       /* how bfdd calls it; 0: nobody asks for it at present */
	uint8_t family;
	uint8_t multihop;
	uint8_t state, remote_state; /* enum bfd_state: 0 AdminDown, 1 Down, 2 Init, 3 Up */
	uint8_t diag, remote_diag;   /* RFC 5880 4.1 */
	uint8_t multiplier, remote_multiplier;
	uint8_t local[16];
	uint8_t peer[16];
	/* local 0: no session; what this interface received that was for none */
	uint32_t local_discriminator, remote_discriminator;
	/* as configured, as said by the peer, in effect */
	uint32_t min_tx_us, min_rx_us;
	uint32_t remote_min_tx_us, remote_min_rx_us;
	uint32_t tx_interval_us; /* before jitter; 0: it is silent */
	uint8_t passive, polling, path_down, resolved;
	uint8_t plane_independent, remote_plane_independent, remote_demand, auth_type;
	uint32_t reserved;
	uint64_t detection_us; /* 0: the peer was never heard */
	uint64_t state_us;     /* how long it has been in this state */
	uint64_t silence_us;   /* since the last valid packet; all ones: never */
	uint32_t ups, flaps;   /* times it came Up; times it left Up */
	uint64_t rx, tx;
	/* between two packets of the peer, since it is Up */
	uint32_t interval_mean_us, interval_max_us;
	uint32_t jitter_mean_us, jitter_max_us; /* between two such intervals */
	uint32_t late_max_us;                   /* our own packets, behind their time, while Up */
	uint32_t lost; /* our own packets that no worker or no device took */
	uint64_t refused[API_BFD_REFUSALS_MAX];
};

/* Names of what the rows have numbers for; NULL: a number that means nothing. States are "up",
 * "down", "init" and "admin-down"; diagnostics are told as RFC 5880 4.1 does. */
const char *api_bfd_state_name(uint8_t state);
const char *api_bfd_diag_text(uint8_t diag);
const char *api_bfd_refusal_name(unsigned int refusal);
const char *api_bfd_refusal_text(unsigned int refusal);
