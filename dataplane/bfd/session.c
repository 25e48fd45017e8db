/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/session.h"

#include <string.h>

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* RFC 5880 6.8.3: while not Up the interval is a second at least. */
static uint32_t wanted_tx_us(const struct bfd_session *session)
{
	uint32_t configured = session->config.min_tx_us;

	return session->state == BFD_UP ? configured : larger(configured, BFD_SLOW_TX_US);
}

/* RFC 5880 6.8.3: what packets say changes at once and starts a poll sequence. In effect it is at
 * once too, but for an Up session that will send more slowly, or wants to be sent to faster: the
 * peer must know before. */
static unsigned int set_timers(struct bfd_session *session)
{
	uint32_t min_tx_us = wanted_tx_us(session), min_rx_us = session->config.min_rx_us;
	bool is_up = session->state == BFD_UP;

	if (min_tx_us == session->min_tx_us && min_rx_us == session->min_rx_us)
		return 0;
	session->min_tx_us = min_tx_us;
	session->min_rx_us = min_rx_us;
	if (!is_up || min_tx_us < session->tx_in_effect_us)
		session->tx_in_effect_us = min_tx_us;
	if (!is_up || min_rx_us > session->rx_in_effect_us)
		session->rx_in_effect_us = min_rx_us;
	/* Administratively down we hear no F. */
	if (session->state == BFD_ADMIN_DOWN)
		return BFD_RETIME;
	session->poll_again = session->polling;
	session->polling = true;
	return BFD_RETIME | BFD_SEND;
}

/* RFC 5880 6.5: the peer knows our values. */
static unsigned int end_poll(struct bfd_session *session)
{
	if (!session->polling)
		return 0;
	if (session->poll_again) {
		session->poll_again = false;
		return 0;
	}
	session->polling = false;
	session->tx_in_effect_us = session->min_tx_us;
	session->rx_in_effect_us = session->min_rx_us;
	return BFD_RETIME;
}

static void forget_arrivals(struct bfd_session *session)
{
	session->interval_us = session->interval_mean_x16 = session->interval_max_us = 0;
	session->jitter_mean_x16 = session->jitter_max_us = 0;
}

static unsigned int enter(
	struct bfd_session *session, enum bfd_state state, enum bfd_diag diag, uint64_t now_us)
{
	if (session->state == BFD_UP)
		session->flaps++;
	if (state == BFD_UP) {
		session->ups++;
		session->was_up = true;
		forget_arrivals(session);
	}
	if (state == BFD_ADMIN_DOWN)
		session->was_up = false;
	session->state = state;
	session->diag = diag;
	session->since_us = now_us;
	session->silence_us = session->last_rx_us == 0 ? 0 : now_us - session->last_rx_us;
	return BFD_NEWS | BFD_SEND | BFD_RETIME | set_timers(session);
}

void bfd_session_init(struct bfd_session *session, const struct bfd_config *config,
	uint32_t discriminator, uint32_t sequence, uint64_t now_us)
{
	*session = (struct bfd_session){
		.config = *config,
		.local_discriminator = discriminator,
		.state = config->shutdown ? BFD_ADMIN_DOWN : BFD_DOWN,
		.diag = config->shutdown ? BFD_DIAG_ADMIN_DOWN : BFD_DIAG_NONE,
		.remote_state = BFD_DOWN,
		.remote_min_rx_us = 1,
		.since_us = now_us,
		.auth_tx_sequence = sequence,
	};
	session->min_tx_us = session->tx_in_effect_us = wanted_tx_us(session);
	session->min_rx_us = session->rx_in_effect_us = config->min_rx_us;
}

unsigned int bfd_session_configure(
	struct bfd_session *session, const struct bfd_config *config, uint64_t now_us)
{
	bool says_other = session->config.multiplier != config->multiplier ||
			  session->config.plane_independent != config->plane_independent;
	bool is_shut = session->state == BFD_ADMIN_DOWN;

	session->config = *config;
	/* RFC 5880 6.8.16 */
	if (config->shutdown && !is_shut)
		return enter(session, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN_DOWN, now_us);
	if (!config->shutdown && is_shut)
		return enter(session, BFD_DOWN, BFD_DIAG_NONE, now_us);
	return set_timers(session) | (says_other ? BFD_SEND : 0);
}

/* ---- reception ---- */

/* Intervals between packets while Up: before, the peer does not keep one. */
static void note_arrival(struct bfd_session *session, uint64_t now_us)
{
	uint64_t gap = now_us - session->last_rx_us;
	uint32_t interval = gap > UINT32_MAX >> 4 ? UINT32_MAX >> 4 : (uint32_t)gap;
	uint32_t before = session->interval_us, jitter;

	if (session->state != BFD_UP || session->last_rx_us <= session->since_us)
		return;
	session->interval_us = interval;
	session->interval_max_us = larger(session->interval_max_us, interval);
	if (before == 0) {
		session->interval_mean_x16 = interval * 16;
		return;
	}
	jitter = interval > before ? interval - before : before - interval;
	session->interval_mean_x16 += interval - session->interval_mean_x16 / 16;
	session->jitter_mean_x16 += jitter - session->jitter_mean_x16 / 16;
	session->jitter_max_us = larger(session->jitter_max_us, jitter);
}

/* RFC 5880 6.8.6: what the packet says of its sender. */
static unsigned int take_over(struct bfd_session *session, const struct bfd_packet *packet)
{
	uint32_t interval_us = bfd_session_tx_interval_us(session);

	session->remote_discriminator = packet->my_discriminator;
	session->remote_state = packet->state;
	session->remote_diag = packet->diag;
	session->remote_demand = packet->demand;
	session->remote_plane_independent = packet->plane_independent;
	session->remote_multiplier = packet->multiplier;
	session->remote_min_tx_us = packet->min_tx_us;
	session->remote_min_rx_us = packet->min_rx_us;
	session->remote_min_echo_rx_us = packet->min_echo_rx_us;
	/* Whatever was: the peer does not want it to move traffic. */
	if (packet->state == BFD_ADMIN_DOWN)
		session->was_up = false;
	/* RFC 5880 6.8.2: the slower side wins, from now on. */
	return bfd_session_tx_interval_us(session) != interval_us ? BFD_RETIME : 0;
}

/* RFC 5880 6.8.6, the state machine of 6.2. */
static unsigned int step(struct bfd_session *session, uint8_t received, uint64_t now_us)
{
	if (received == BFD_ADMIN_DOWN)
		return session->state == BFD_DOWN
			       ? 0
			       : enter(session, BFD_DOWN, BFD_DIAG_NEIGHBOUR_DOWN, now_us);
	switch (session->state) {
	case BFD_DOWN:
		if (received == BFD_DOWN)
			return enter(session, BFD_INIT, session->diag, now_us);
		if (received == BFD_INIT)
			return enter(session, BFD_UP, BFD_DIAG_NONE, now_us);
		return 0;
	case BFD_INIT:
		return received == BFD_DOWN ? 0 : enter(session, BFD_UP, BFD_DIAG_NONE, now_us);
	default:
		return received == BFD_DOWN
			       ? enter(session, BFD_DOWN, BFD_DIAG_NEIGHBOUR_DOWN, now_us)
			       : 0;
	}
}

unsigned int bfd_session_receive(
	struct bfd_session *session, const struct bfd_packet *packet, uint64_t now_us)
{
	unsigned int actions = take_over(session, packet);

	if (packet->final)
		actions |= end_poll(session);
	if (session->state == BFD_ADMIN_DOWN) {
		session->refused[BFD_REFUSED_ADMIN_DOWN]++;
		return actions;
	}
	session->rx++;
	note_arrival(session, now_us);
	session->last_rx_us = now_us;
	actions |= step(session, packet->state, now_us);
	return actions | (packet->poll ? BFD_FINAL : 0);
}

uint64_t bfd_session_detection_us(const struct bfd_session *session)
{
	/* RFC 5880 6.8.4: asynchronous mode. */
	return (uint64_t)session->remote_multiplier *
	       larger(session->rx_in_effect_us, session->remote_min_tx_us);
}

uint64_t bfd_session_expiry(const struct bfd_session *session)
{
	if (session->remote_discriminator == 0 || session->last_rx_us == 0)
		return BFD_NEVER;
	return session->last_rx_us + bfd_session_detection_us(session);
}

unsigned int bfd_session_expire(struct bfd_session *session, uint64_t now_us)
{
	bool alive = session->state == BFD_UP || session->state == BFD_INIT;

	/* RFC 5880 6.8.1: who is silent for a detection time may come back as another. Nor is what
	 * it wanted to receive known any more. */
	session->remote_discriminator = 0;
	session->remote_min_rx_us = 1;
	session->remote_demand = false;
	return alive ? enter(session, BFD_DOWN, BFD_DIAG_TIME_EXPIRED, now_us) : BFD_RETIME;
}

bool bfd_session_path_down(const struct bfd_session *session)
{
	return session->was_up && session->state != BFD_UP;
}
