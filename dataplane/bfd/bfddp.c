/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/bfddp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Bytes of each type's payload. */
static const uint16_t payload_bytes[BFDDP_TYPES] = {
	[BFDDP_ECHO_REQUEST] = 16,
	[BFDDP_ECHO_REPLY] = 16,
	[BFDDP_ADD_SESSION] = 132,
	[BFDDP_DELETE_SESSION] = 132,
	[BFDDP_STATE_CHANGE] = 28,
	[BFDDP_COUNTERS_REQUEST] = 4,
	[BFDDP_COUNTERS] = 72,
};

static const char *const type_names[BFDDP_TYPES] = {
	[BFDDP_ECHO_REQUEST] = "ECHO_REQUEST",
	[BFDDP_ECHO_REPLY] = "ECHO_REPLY",
	[BFDDP_ADD_SESSION] = "ADD_SESSION",
	[BFDDP_DELETE_SESSION] = "DELETE_SESSION",
	[BFDDP_STATE_CHANGE] = "STATE_CHANGE",
	[BFDDP_COUNTERS_REQUEST] = "COUNTERS_REQUEST",
	[BFDDP_COUNTERS] = "COUNTERS",
};

const char *bfddp_type_name(uint16_t type)
{
	return type < BFDDP_TYPES ? type_names[type] : "?";
}

/* ---- numbers: a cursor over bytes, in the order of the wire ---- */

static uint8_t take8(const uint8_t **at)
{
	return *(*at)++;
}

static uint16_t take16(const uint8_t **at)
{
	uint16_t high = take8(at);

	return (uint16_t)(high << 8 | take8(at));
}

static uint32_t take32(const uint8_t **at)
{
	uint32_t high = take16(at);

	return high << 16 | take16(at);
}

static uint64_t take64(const uint8_t **at)
{
	uint64_t high = take32(at);

	return high << 32 | take32(at);
}

static void take(const uint8_t **at, void *to, size_t length)
{
	memcpy(to, *at, length);
	*at += length;
}

static void put8(uint8_t **at, uint8_t value)
{
	*(*at)++ = value;
}

static void put16(uint8_t **at, uint16_t value)
{
	put8(at, (uint8_t)(value >> 8));
	put8(at, (uint8_t)value);
}

static void put32(uint8_t **at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at, (uint16_t)value);
}

static void put64(uint8_t **at, uint64_t value)
{
	put32(at, (uint32_t)(value >> 32));
	put32(at, (uint32_t)value);
}

static void put(uint8_t **at, const void *from, size_t length)
{
	memcpy(*at, from, length);
	*at += length;
}

/* ---- payloads ---- */

#define ECHO_TIMERS 8u /* min_echo_tx, min_echo_rx: we do no echo */
#define HOLD_TIME 4u   /* always 0 in 8.4 */

static void decode_session(const uint8_t *at, struct bfddp_session *session)
{
	session->flags = take32(&at);
	take(&at, session->local, sizeof(session->local));
	take(&at, session->peer, sizeof(session->peer));
	session->lid = take32(&at);
	session->min_tx_us = take32(&at);
	session->min_rx_us = take32(&at);
	at += ECHO_TIMERS + HOLD_TIME;
	session->ttl = take8(&at);
	session->multiplier = take8(&at);
	at += 2; /* zero */
	session->ifindex = take32(&at);
	take(&at, session->interface, sizeof(session->interface));
	session->interface[sizeof(session->interface) - 1] = '\0';
}

static void encode_session(uint8_t **at, const struct bfddp_session *session)
{
	put32(at, session->flags);
	put(at, session->local, sizeof(session->local));
	put(at, session->peer, sizeof(session->peer));
	put32(at, session->lid);
	put32(at, session->min_tx_us);
	put32(at, session->min_rx_us);
	memset(*at, 0, ECHO_TIMERS + HOLD_TIME);
	*at += ECHO_TIMERS + HOLD_TIME;
	put8(at, session->ttl);
	put8(at, session->multiplier);
	put16(at, 0);
	put32(at, session->ifindex);
	put(at, session->interface, sizeof(session->interface));
}

static void decode_state(const uint8_t *at, struct bfddp_state *state)
{
	state->lid = take32(&at);
	state->remote_discriminator = take32(&at);
	state->remote_flags = take32(&at);
	state->remote_min_tx_us = take32(&at);
	state->remote_min_rx_us = take32(&at);
	state->remote_min_echo_us = take32(&at);
	state->state = take8(&at);
	state->diagnostic = take8(&at);
	state->remote_multiplier = take8(&at);
}

static void encode_state(uint8_t **at, const struct bfddp_state *state)
{
	put32(at, state->lid);
	put32(at, state->remote_discriminator);
	put32(at, state->remote_flags);
	put32(at, state->remote_min_tx_us);
	put32(at, state->remote_min_rx_us);
	put32(at, state->remote_min_echo_us);
	put8(at, state->state);
	put8(at, state->diagnostic);
	put8(at, state->remote_multiplier);
	put8(at, 0);
}

static void decode_counters(const uint8_t *at, struct bfddp_counters *counters)
{
	counters->lid = take32(&at);
	at += 4; /* bfdd's struct has a hole here */
	counters->rx_bytes = take64(&at);
	counters->rx = take64(&at);
	counters->tx_bytes = take64(&at);
	counters->tx = take64(&at);
}

static void encode_counters(uint8_t **at, const struct bfddp_counters *counters)
{
	put32(at, counters->lid);
	put32(at, 0);
	put64(at, counters->rx_bytes);
	put64(at, counters->rx);
	put64(at, counters->tx_bytes);
	put64(at, counters->tx);
	for (unsigned int echo = 0; echo < 4; echo++)
		put64(at, 0);
}

/* ---- messages ---- */

static void decode_payload(const uint8_t *at, struct bfddp_message *message)
{
	switch (message->type) {
	case BFDDP_ECHO_REQUEST:
	case BFDDP_ECHO_REPLY:
		message->echo.dataplane_time = take64(&at);
		message->echo.bfdd_time = take64(&at);
		break;
	case BFDDP_ADD_SESSION:
	case BFDDP_DELETE_SESSION:
		decode_session(at, &message->session);
		break;
	case BFDDP_STATE_CHANGE:
		decode_state(at, &message->state);
		break;
	case BFDDP_COUNTERS_REQUEST:
		message->lid = take32(&at);
		break;
	case BFDDP_COUNTERS:
		decode_counters(at, &message->counters);
		break;
	}
}

int bfddp_decode(const uint8_t *bytes, size_t length, struct bfddp_message *message)
{
	const uint8_t *at = bytes;
	uint16_t announced;
	uint8_t version;

	if (length < BFDDP_HEADER)
		return 0;
	version = take8(&at);
	at++; /* zero */
	memset(message, 0, sizeof(*message));
	message->type = take16(&at);
	message->id = take16(&at);
	announced = take16(&at);
	if (version != BFDDP_VERSION || message->type >= BFDDP_TYPES ||
		announced != BFDDP_HEADER + payload_bytes[message->type])
		return -EPROTO;
	if (length < announced)
		return 0;
	decode_payload(at, message);
	return announced;
}

size_t bfddp_encode(const struct bfddp_message *message, uint8_t bytes[BFDDP_MESSAGE_MAX])
{
	uint8_t *at = bytes;

	assert(message->type < BFDDP_TYPES);
	put8(&at, BFDDP_VERSION);
	put8(&at, 0);
	put16(&at, message->type);
	put16(&at, message->id);
	put16(&at, (uint16_t)(BFDDP_HEADER + payload_bytes[message->type]));
	switch (message->type) {
	case BFDDP_ECHO_REQUEST:
	case BFDDP_ECHO_REPLY:
		put64(&at, message->echo.dataplane_time);
		put64(&at, message->echo.bfdd_time);
		break;
	case BFDDP_ADD_SESSION:
	case BFDDP_DELETE_SESSION:
		encode_session(&at, &message->session);
		break;
	case BFDDP_STATE_CHANGE:
		encode_state(&at, &message->state);
		break;
	case BFDDP_COUNTERS_REQUEST:
		put32(&at, message->lid);
		break;
	case BFDDP_COUNTERS:
		encode_counters(&at, &message->counters);
		break;
	}
	return (size_t)(at - bytes);
}
