/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Were a link's neighbours and sessions there? Asked of the kernel's tables and of bgpd's answers.
 * Event loop only.
 */
#pragma once

#include "control/server/views.h"
#include "control/sync/sync.h"
#include "control/usage/history.h"

/* Fills family, neighbour_ms and session_ms of links that the dataplane told, and sorts them. Of
 * all peers of a link it is the worst that counts. What cannot be known is not said: neighbours in
 * a domain that was not read yet, and sessions where bgp is NULL. */
void availability_of_links(
	struct history_link *links, size_t count, struct sync *sync, const struct bgp_answers *bgp);
