/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VRPs from a cache, by the RPKI to Router protocol (RFC 8210, RFC 6810), which rtrlib speaks in a
 * thread of its own. That thread makes a table whenever the cache has said all it has, and leaves
 * it behind a lock; the event loop fetches it. Nothing else is shared.
 */
#pragma once

#include <event2/event.h>

#include "control/model/origin.h"

struct rtr;

/* What came since the last time. */
struct rtr_news {
	bool has_data;
	struct vrps vrps; /* the fetcher's to free */
	int64_t at;       /* seconds since 1970 */
	int64_t expires;  /* as the cache has it */
	bool has_trouble; /* after the data: there may be no newer ones for now */
	char trouble[400];
};

/* Keeps trying; arrived is called on the event loop whenever there is news. host: a name or an
 * address. NULL with errno. */
struct rtr *rtr_open(struct event_base *base, const char *host, uint16_t port,
	void (*arrived)(void *context), void *context);
/* May wait for a connection that is being opened, at most RTR_CONNECT_S. */
void rtr_close(struct rtr *rtr);

#define RTR_CONNECT_S 2

/* False: there is none. */
bool rtr_fetch(struct rtr *rtr, struct rtr_news *news);
