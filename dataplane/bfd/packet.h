/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The BFD control packet (RFC 5880 4.1) with its authentication section (4.4): bytes to struct and
 * back. Pure functions, no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/bfd_refusals.h"

#define BFD_VERSION 1u
#define BFD_PACKET_BYTES 24u    /* without authentication */
#define BFD_AUTH_SHA1_BYTES 28u /* RFC 5880 4.4 */
#define BFD_PACKET_BYTES_MAX (BFD_PACKET_BYTES + BFD_AUTH_SHA1_BYTES)
#define BFD_SECRET_BYTES 20u /* shorter secrets are followed by zeroes */

#define BFD_PORT_SINGLE_HOP 3784u /* RFC 5881 4 */
#define BFD_PORT_ECHO 3785u       /* RFC 5881 4 */
#define BFD_PORT_MULTIHOP 4784u   /* RFC 5883 5 */

/* RFC 5880 4.1: State (Sta). */
enum bfd_state { BFD_ADMIN_DOWN, BFD_DOWN, BFD_INIT, BFD_UP };

/* RFC 5880 4.1: Diagnostic (Diag). */
enum bfd_diag {
	BFD_DIAG_NONE,
	BFD_DIAG_TIME_EXPIRED,
	BFD_DIAG_ECHO_FAILED,
	BFD_DIAG_NEIGHBOUR_DOWN, /* "Neighbor Signaled Session Down" */
	BFD_DIAG_PLANE_RESET,
	BFD_DIAG_PATH_DOWN,
	BFD_DIAG_CONCATENATED_PATH_DOWN,
	BFD_DIAG_ADMIN_DOWN,
	BFD_DIAG_REVERSE_PATH_DOWN,
};

enum bfd_auth_type {
	BFD_AUTH_NONE,
	BFD_AUTH_KEYED_SHA1 = 4,
	BFD_AUTH_METICULOUS_SHA1 = 5,
};

/* The fields of a packet, in host order. */
struct bfd_packet {
	uint8_t diag;
	uint8_t state; /* enum bfd_state */
	bool poll, final, plane_independent, demand;
	uint8_t multiplier;
	uint8_t length; /* as the packet says; set by bfd_packet_write too */
	uint32_t my_discriminator, your_discriminator;
	uint32_t min_tx_us, min_rx_us, min_echo_rx_us;
	/* the authentication section; auth_type BFD_AUTH_NONE: there is none */
	uint8_t auth_type;
	uint8_t auth_key_id;
	uint32_t auth_sequence;
};

/* Why a packet is not believed. */
#define BFD_REFUSAL_ENUM(id, name, text) BFD_REFUSED_##id,
enum bfd_refusal { BFD_REFUSALS(BFD_REFUSAL_ENUM) BFD_REFUSED_COUNT };
#undef BFD_REFUSAL_ENUM

/* Reads the UDP payload of `bytes` bytes; what follows the packet's own length is ignored. 0, or
 * -1 with *why: RFC 5880 6.8.6 from the version to My Discriminator. The digest is not looked at.
 */
int bfd_packet_read(
	const uint8_t *payload, size_t bytes, struct bfd_packet *packet, enum bfd_refusal *why);

/* Writes the packet, with a digest made of the secret when auth_type says so. Sets packet->length,
 * returns it. */
size_t bfd_packet_write(struct bfd_packet *packet, const uint8_t secret[BFD_SECRET_BYTES],
	uint8_t payload[BFD_PACKET_BYTES_MAX]);

/* Has the packet, which bfd_packet_read() took, the digest of this secret? Takes as long for a
 * wrong one as for the right one. */
bool bfd_packet_is_signed(const uint8_t *payload, const uint8_t secret[BFD_SECRET_BYTES]);
