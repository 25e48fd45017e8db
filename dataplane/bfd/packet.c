/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/packet.h"

#include <string.h>

#include "dataplane/bfd/sha1.h"

/* Byte offsets (RFC 5880 4.1, 4.4). */
enum {
	VERSION_DIAG = 0,
	STATE_FLAGS = 1,
	MULTIPLIER = 2,
	LENGTH = 3,
	MY_DISCRIMINATOR = 4,
	YOUR_DISCRIMINATOR = 8,
	MIN_TX = 12,
	MIN_RX = 16,
	MIN_ECHO_RX = 20,
	AUTH_TYPE = 24,
	AUTH_LENGTH = 25,
	AUTH_KEY_ID = 26,
	AUTH_SEQUENCE = 28,
	AUTH_DIGEST = 32,
};

enum {
	FLAG_POLL = 0x20,
	FLAG_FINAL = 0x10,
	FLAG_PLANE_INDEPENDENT = 0x08,
	FLAG_AUTH = 0x04,
	FLAG_DEMAND = 0x02,
	FLAG_MULTIPOINT = 0x01,
};

/* The shortest that can have an authentication section: its type and length (RFC 5880 6.8.6). */
#define AUTH_PACKET_BYTES_MIN 26u

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static void store32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

/* The section must fill the rest of the packet, and be of a type whose digest we can make. */
static int read_auth(const uint8_t *payload, struct bfd_packet *packet, enum bfd_refusal *why)
{
	uint8_t type = payload[AUTH_TYPE];

	*why = BFD_REFUSED_AUTH_TYPE;
	if (type != BFD_AUTH_KEYED_SHA1 && type != BFD_AUTH_METICULOUS_SHA1)
		return -1;
	*why = BFD_REFUSED_LENGTH;
	/* RFC 5880 6.7.4: Auth Len must be 28. */
	if (payload[AUTH_LENGTH] != BFD_AUTH_SHA1_BYTES || packet->length != BFD_PACKET_BYTES_MAX)
		return -1;
	packet->auth_type = type;
	packet->auth_key_id = payload[AUTH_KEY_ID];
	packet->auth_sequence = load32(payload + AUTH_SEQUENCE);
	return 0;
}

/* RFC 5880 6.8.6, what can be said without a session, in its order. */
static int check(const uint8_t *payload, size_t bytes, enum bfd_refusal *why)
{
	uint8_t length;

	*why = BFD_REFUSED_LENGTH;
	if (bytes < BFD_PACKET_BYTES)
		return -1;
	*why = BFD_REFUSED_VERSION;
	if (payload[VERSION_DIAG] >> 5 != BFD_VERSION)
		return -1;
	*why = BFD_REFUSED_LENGTH;
	length = payload[LENGTH];
	if (length < BFD_PACKET_BYTES || length > bytes)
		return -1;
	if ((payload[STATE_FLAGS] & FLAG_AUTH) != 0 && length < AUTH_PACKET_BYTES_MIN)
		return -1;
	*why = BFD_REFUSED_MULTIPLIER;
	if (payload[MULTIPLIER] == 0)
		return -1;
	*why = BFD_REFUSED_MULTIPOINT;
	if ((payload[STATE_FLAGS] & FLAG_MULTIPOINT) != 0)
		return -1;
	*why = BFD_REFUSED_MY_DISCRIMINATOR;
	return load32(payload + MY_DISCRIMINATOR) == 0 ? -1 : 0;
}

int bfd_packet_read(
	const uint8_t *payload, size_t bytes, struct bfd_packet *packet, enum bfd_refusal *why)
{
	uint8_t flags;

	if (check(payload, bytes, why) != 0)
		return -1;
	flags = payload[STATE_FLAGS];
	*packet = (struct bfd_packet){
		.diag = payload[VERSION_DIAG] & 0x1f,
		.state = flags >> 6,
		.poll = (flags & FLAG_POLL) != 0,
		.final = (flags & FLAG_FINAL) != 0,
		.plane_independent = (flags & FLAG_PLANE_INDEPENDENT) != 0,
		.demand = (flags & FLAG_DEMAND) != 0,
		.multiplier = payload[MULTIPLIER],
		.length = payload[LENGTH],
		.my_discriminator = load32(payload + MY_DISCRIMINATOR),
		.your_discriminator = load32(payload + YOUR_DISCRIMINATOR),
		.min_tx_us = load32(payload + MIN_TX),
		.min_rx_us = load32(payload + MIN_RX),
		.min_echo_rx_us = load32(payload + MIN_ECHO_RX),
	};
	return (flags & FLAG_AUTH) != 0 ? read_auth(payload, packet, why) : 0;
}

/* RFC 5880 6.7.4: over the whole packet, the secret being where the digest will be. */
static void make_digest(
	const uint8_t *payload, const uint8_t secret[BFD_SECRET_BYTES], uint8_t digest[SHA1_BYTES])
{
	uint8_t copy[BFD_PACKET_BYTES_MAX];

	memcpy(copy, payload, AUTH_DIGEST);
	memcpy(copy + AUTH_DIGEST, secret, BFD_SECRET_BYTES);
	sha1(copy, sizeof(copy), digest);
}

static void write_auth(const struct bfd_packet *packet, const uint8_t *secret, uint8_t *payload)
{
	payload[STATE_FLAGS] |= FLAG_AUTH;
	payload[AUTH_TYPE] = packet->auth_type;
	payload[AUTH_LENGTH] = BFD_AUTH_SHA1_BYTES;
	payload[AUTH_KEY_ID] = packet->auth_key_id;
	store32(payload + AUTH_SEQUENCE, packet->auth_sequence);
	make_digest(payload, secret, payload + AUTH_DIGEST);
}

size_t bfd_packet_write(struct bfd_packet *packet, const uint8_t secret[BFD_SECRET_BYTES],
	uint8_t payload[BFD_PACKET_BYTES_MAX])
{
	bool auth = packet->auth_type != BFD_AUTH_NONE;

	packet->length = auth ? BFD_PACKET_BYTES_MAX : BFD_PACKET_BYTES;
	memset(payload, 0, BFD_PACKET_BYTES_MAX);
	payload[VERSION_DIAG] = BFD_VERSION << 5 | (packet->diag & 0x1f);
	payload[STATE_FLAGS] = packet->state << 6;
	payload[STATE_FLAGS] |= packet->poll ? FLAG_POLL : 0;
	payload[STATE_FLAGS] |= packet->final ? FLAG_FINAL : 0;
	payload[STATE_FLAGS] |= packet->plane_independent ? FLAG_PLANE_INDEPENDENT : 0;
	payload[STATE_FLAGS] |= packet->demand ? FLAG_DEMAND : 0;
	payload[MULTIPLIER] = packet->multiplier;
	payload[LENGTH] = packet->length;
	store32(payload + MY_DISCRIMINATOR, packet->my_discriminator);
	store32(payload + YOUR_DISCRIMINATOR, packet->your_discriminator);
	store32(payload + MIN_TX, packet->min_tx_us);
	store32(payload + MIN_RX, packet->min_rx_us);
	store32(payload + MIN_ECHO_RX, packet->min_echo_rx_us);
	if (auth)
		write_auth(packet, secret, payload);
	return packet->length;
}

bool bfd_packet_is_signed(const uint8_t *payload, const uint8_t secret[BFD_SECRET_BYTES])
{
	uint8_t digest[SHA1_BYTES], difference = 0;

	make_digest(payload, secret, digest);
	for (unsigned int i = 0; i < SHA1_BYTES; i++)
		difference |= digest[i] ^ payload[AUTH_DIGEST + i];
	return difference == 0;
}
