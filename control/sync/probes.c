/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions for addresses that packets asked for. The kernel would keep each that is not answered
 * for three seconds, in a table that all domains share; whoever is there answers at once. So what a
 * scan makes up is forgotten soon, and leaves room (RFC 6583 6.1).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/sync/internal.h"

#define PATIENCE_MS 500
#define PROBES 16384u /* at once: what 100 links may ask for in that time */

struct probe {
	struct ip address;
	uint32_t vrf;
	uint32_t interface;
	uint64_t due_ms;
};

/* In the order they were asked, which is that of their ends. */
struct probes {
	struct event *event;
	uint32_t first, count;
	struct probe ring[PROBES];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void forget(struct sync *sync, const struct probe *probe)
{
	struct domain *domain = sync->by_vrf[probe->vrf];
	const struct domain_link *link = domain ? domain_link(domain, probe->interface) : NULL;
	const struct kernel_neighbour *found;
	int error;

	if (link == NULL || domain->kernel == NULL || link->ifindex == 0)
		return;
	found = kernel_neighbour_of(domain->kernel, link->ifindex, &probe->address);
	if ((found != NULL && found->valid) ||
		adjacency_find(sync, link->interface, &probe->address) != 0)
		return;
	error = kernel_forget(domain->kernel, link->ifindex, &probe->address);
	if (error != 0)
		log_warning("neighbour", "%s: cannot forget an address: %s", link->plan.name,
			strerror(-error));
}

static void await(struct probes *probes, uint64_t now)
{
	uint64_t due = probes->ring[probes->first].due_ms, wait = due > now ? due - now : 0;
	struct timeval delay = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};

	evtimer_add(probes->event, &delay);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	struct probes *probes = sync->probes;
	uint64_t now = now_ms();

	while (probes->count > 0 && probes->ring[probes->first].due_ms <= now) {
		forget(sync, &probes->ring[probes->first]);
		probes->first = (probes->first + 1) % PROBES;
		probes->count--;
	}
	if (probes->count > 0)
		await(probes, now);
}

int probe(struct domain *domain, const struct domain_link *link, const struct ip *address)
{
	struct probes *probes = domain->sync->probes;
	uint64_t now = now_ms();
	int error;

	if (probes->count == PROBES)
		return 0; /* who needs it asks again */
	error = kernel_probe(domain->kernel, link->ifindex, address);
	if (error != 0)
		return error;
	probes->ring[(probes->first + probes->count) % PROBES] = (struct probe){
		.address = *address,
		.vrf = domain->vrf,
		.interface = link->interface,
		.due_ms = now + PATIENCE_MS,
	};
	if (probes->count++ == 0)
		await(probes, now);
	return 0;
}

int probes_open(struct sync *sync)
{
	sync->probes = calloc(1, sizeof(*sync->probes));
	if (sync->probes == NULL)
		return -ENOMEM;
	sync->probes->event = evtimer_new(sync->base, on_time, sync);
	return sync->probes->event != NULL ? 0 : -ENOMEM;
}

void probes_close(struct sync *sync)
{
	if (sync->probes != NULL && sync->probes->event != NULL)
		event_free(sync->probes->event);
	free(sync->probes);
	sync->probes = NULL;
}
