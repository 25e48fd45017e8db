/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links by name, for requests that take one away for a while: is there another way for its traffic?
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "control/server/requests.h"
#include "control/server/views.h"

/* A link of this edge. */
struct link_place {
	const struct plan_domain *domain;
	unsigned int link; /* of domain->links */
};

bool links_find(const struct plan *plan, const char *name, struct link_place *place);

/* The error reply for a name that is no link's, with what may have been meant. */
json_t *links_no_such(const struct office *office, const char *name);

/* Why the link's traffic would have nowhere to go without it, in text, or NULL: the peering's other
 * link is there, in use, and its sessions are up; or it is on the site's other edge, of which this
 * one does not know more. */
const char *links_no_way_left(const struct office *office, const struct link_place *place,
	const struct bgp_answers *bgp, char *text, size_t size);

/* Whose traffic that is, for texts: "contoso/private", "vnet-a". Into buffer, returned. */
const char *links_owner(const struct link_place *place, char *buffer, size_t size);
