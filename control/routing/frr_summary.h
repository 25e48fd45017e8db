/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `show bgp ... summary json` of FRR 8.4 says of sessions. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

/* session: one of a summary's peers; NULL is one that bgpd does not have. */
static inline bool frr_established(const json_t *session)
{
	const char *state = json_string_value(json_object_get(session, "state"));

	return state != NULL && strcmp(state, "Established") == 0;
}

/* peers: {ADDRESS: session} */
static inline bool frr_all_established(const json_t *peers)
{
	const char *address;
	json_t *session;

	json_object_foreach ((json_t *)peers, address, session)
		if (!frr_established(session))
			return false;
	return true;
}
