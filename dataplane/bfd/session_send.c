/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a session says, when, and how it is signed.
 */
#include <string.h>

#include "dataplane/bfd/session.h"

uint32_t bfd_session_tx_interval_us(const struct bfd_session *session)
{
	/* RFC 5880 6.8.7: none to a peer that wants none, nor from a passive side that was not
	 * spoken to, nor to one in demand mode while both are Up. */
	if (!bfd_session_may_send(session) || session->remote_min_rx_us == 0)
		return 0;
	if (session->remote_demand && session->state == BFD_UP && session->remote_state == BFD_UP &&
		!session->polling)
		return 0;
	/* RFC 5880 6.8.2 */
	return session->tx_in_effect_us > session->remote_min_rx_us ? session->tx_in_effect_us
								    : session->remote_min_rx_us;
}

uint32_t bfd_session_jittered_us(
	const struct bfd_session *session, uint32_t random, uint32_t late_us)
{
	uint64_t interval = bfd_session_tx_interval_us(session);
	uint64_t shortest = interval * 3 / 4;
	uint64_t longest = session->config.multiplier == 1 ? interval * 9 / 10 : interval;

	longest = longest > shortest + late_us ? longest - late_us : shortest;
	return shortest + (longest - shortest) * random / UINT32_MAX;
}

bool bfd_session_may_send(const struct bfd_session *session)
{
	return !session->config.passive || session->remote_discriminator != 0;
}

size_t bfd_session_write(struct bfd_session *session, bool final, uint64_t now_us,
	uint8_t payload[BFD_PACKET_BYTES_MAX])
{
	const struct bfd_secret *secret = &session->secrets[0];
	struct bfd_packet packet = {
		.diag = session->diag,
		.state = session->state,
		/* RFC 5880 6.5: never both. */
		.poll = session->polling && !final,
		.final = final,
		.plane_independent = session->config.plane_independent,
		.multiplier = session->config.multiplier,
		.my_discriminator = session->local_discriminator,
		.your_discriminator = session->remote_discriminator,
		.min_tx_us = session->min_tx_us,
		.min_rx_us = session->min_rx_us,
		/* RFC 5880 6.8.9: we do not send echoes back. */
		.min_echo_rx_us = 0,
	};

	if (session->secret_count > 0) {
		packet.auth_type = secret->type;
		packet.auth_key_id = secret->id;
		/* RFC 5880 6.7.4: meticulous, each packet has the next number; keyed it may stay,
		 * but one that moves leaves less to replay. */
		packet.auth_sequence = ++session->auth_tx_sequence;
	}
	session->last_tx_us = now_us;
	session->tx++;
	return bfd_packet_write(&packet, secret->bytes, payload);
}

void bfd_session_set_secrets(
	struct bfd_session *session, const struct bfd_secret *secrets, unsigned int count)
{
	/* RFC 5880 6.8.1: what was learned from one secret holds for no other; keys that stay keep
	 * their protection against replay. */
	if (session->secret_count == 0)
		session->auth_known = false;
	session->secret_count = count;
	memset(session->secrets, 0, sizeof(session->secrets));
	memcpy(session->secrets, secrets, count * sizeof(*secrets));
}

/* RFC 5880 6.7.4: how far ahead of the last one a sequence number may be. All arithmetic is modulo
 * 2^32. */
static bool in_order(const struct bfd_session *session, const struct bfd_packet *packet)
{
	uint32_t ahead = packet->auth_sequence - session->auth_rx_sequence;

	if (packet->auth_type == BFD_AUTH_METICULOUS_SHA1 && ahead == 0)
		return false;
	return ahead <= 3u * packet->multiplier;
}

static const struct bfd_secret *find_secret(
	const struct bfd_session *session, const struct bfd_packet *packet)
{
	for (unsigned int i = 0; i < session->secret_count; i++) {
		const struct bfd_secret *secret = &session->secrets[i];

		if (secret->type == packet->auth_type && secret->id == packet->auth_key_id)
			return secret;
	}
	return NULL;
}

int bfd_session_authenticate(struct bfd_session *session, const struct bfd_packet *packet,
	const uint8_t *payload, uint64_t now_us, enum bfd_refusal *why)
{
	bool wanted = session->secret_count > 0, present = packet->auth_type != BFD_AUTH_NONE;
	const struct bfd_secret *secret;

	/* RFC 5880 6.8.1: twice the detection time without a packet forgets the sequence. */
	if (now_us - session->last_rx_us > 2 * bfd_session_detection_us(session))
		session->auth_known = false;
	if (wanted != present) {
		*why = wanted ? BFD_REFUSED_AUTH_MISSING : BFD_REFUSED_AUTH_UNWANTED;
		return -1;
	}
	if (!wanted)
		return 0;
	secret = find_secret(session, packet);
	if (secret == NULL) {
		*why = BFD_REFUSED_AUTH_TYPE;
		return -1;
	}
	if (session->auth_known && !in_order(session, packet)) {
		*why = BFD_REFUSED_AUTH_SEQUENCE;
		return -1;
	}
	if (!bfd_packet_is_signed(payload, secret->bytes)) {
		*why = BFD_REFUSED_AUTH_DIGEST;
		return -1;
	}
	session->auth_known = true;
	session->auth_rx_sequence = packet->auth_sequence;
	return 0;
}
