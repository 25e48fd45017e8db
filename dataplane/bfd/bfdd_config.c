/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/bfdd_config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/bfd/bfdd_sessions.h"
#include "dataplane/startup/log.h"

static const char *peer_text(const struct bfd_key *key, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(key->family, key->peer, text, INET6_ADDRSTRLEN);
}

static bool is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

/* IPv4 addresses have four bytes; what is behind them is not compared. */
static void copy_address(uint8_t to[16], const uint8_t from[16], uint8_t family)
{
	memset(to, 0, 16);
	memcpy(to, from, family == AF_INET ? 4 : 16);
}

static void to_config(const struct bfddp_session *stated, struct bfd_config *config)
{
	uint8_t family = stated->flags & BFDDP_IPV6 ? AF_INET6 : AF_INET;

	memset(config, 0, sizeof(*config));
	config->key.family = family;
	config->key.multihop = (stated->flags & BFDDP_MULTIHOP) != 0;
	if (stated->ifindex > BFDD_IFINDEX_BASE)
		config->key.interface = stated->ifindex - BFDD_IFINDEX_BASE;
	copy_address(config->key.local, stated->local, family);
	copy_address(config->key.peer, stated->peer, family);
	config->lid = stated->lid;
	config->min_tx_us = stated->min_tx_us;
	config->min_rx_us = stated->min_rx_us;
	config->multiplier = stated->multiplier;
	config->min_ttl = config->key.multihop ? stated->ttl : UINT8_MAX;
	config->passive = (stated->flags & BFDDP_PASSIVE) != 0;
	config->shutdown = (stated->flags & BFDDP_SHUTDOWN) != 0;
	/* The sessions run here, and here they outlive bgpd, bfdd and control, whatever bfdd
	 * thinks of itself (RFC 5882 4.3.2). */
	config->plane_independent = true;
}

static int check(const struct bfddp_session *stated, const struct bfd_config *config)
{
	char peer[INET6_ADDRSTRLEN];

	if (is_zero(config->key.local) || (stated->ifindex == 0 && !config->key.multihop))
		return 0;
	if (stated->ifindex == 0 ||
		(config->key.interface > 0 && config->key.interface < API_INTERFACES_MAX))
		return 1;
	log_warning("bfdd",
		"refused the session with %s on interface \"%s\": its index %u is no link's here, "
		"they are %u to %u",
		peer_text(&config->key, peer), stated->interface, stated->ifindex,
		BFDD_IFINDEX_BASE + 1, BFDD_IFINDEX_BASE + API_INTERFACES_MAX - 1);
	return -EINVAL;
}

int bfdd_config(const struct bfddp_session *stated, struct bfd_config *config)
{
	to_config(stated, config);
	return config->lid == 0 ? -EINVAL : check(stated, config);
}

void bfdd_tell_refused(const struct bfd_config *config, int error)
{
	char peer[INET6_ADDRSTRLEN];

	log_warning("bfdd", "interface %u: no session with %s (%u us x %u): %s; tried again",
		config->key.interface, peer_text(&config->key, peer), config->min_tx_us,
		config->multiplier, strerror(-error));
}
