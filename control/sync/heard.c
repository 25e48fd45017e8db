/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does zebra know the addresses of our links? It hears of links in one thread and of addresses in
 * another, and forgets an address whose link it has not heard of yet. bgpd then waits for ever for
 * a next hop, or resets an IPv6 session for want of a link-local address. So each link is looked up
 * in zebra after its TAP was set up and after zebra came back, and what zebra lacks the kernel is
 * made to tell again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/internal.h"

#define SETTLE_MS 200

struct question {
	struct sync *sync;
	uint32_t interface;
};

void heard_later(struct sync *sync)
{
	struct timeval delay = {0, SETTLE_MS * 1000};

	if (sync->heard_event != NULL && !evtimer_pending(sync->heard_event, NULL))
		evtimer_add(sync->heard_event, &delay);
}

static bool lists(const json_t *addresses, const struct ip *address)
{
	const json_t *row;
	size_t i;

	json_array_foreach (addresses, i, row) {
		const char *text = json_string_value(json_object_get(row, "address"));
		char written[INET6_ADDRSTRLEN + 4], host[INET6_ADDRSTRLEN];

		inet_ntop(address->family, address->address, host, sizeof(host));
		snprintf(written, sizeof(written), "%s/%u", host, address->prefix_len);
		if (text != NULL && strcmp(text, written) == 0)
			return true;
	}
	return false;
}

static bool lists_link_local(const json_t *addresses)
{
	const json_t *row;
	size_t i;

	json_array_foreach (addresses, i, row) {
		const char *text = json_string_value(json_object_get(row, "address"));

		if (text != NULL && strncmp(text, "fe80:", 5) == 0)
			return true;
	}
	return false;
}

static void on_answer(void *context, json_t *answer)
{
	struct question *question = context;
	struct sync *sync = question->sync;
	uint32_t interface = question->interface;
	struct domain *domain = sync->by_interface[interface];
	struct domain_link *link = domain != NULL ? domain_link(domain, interface) : NULL;
	const json_t *addresses;
	struct tap_settings settings;

	free(question);
	if (link == NULL || link->tap < 0)
		return;
	addresses = json_object_get(json_object_get(answer, link->plan.ifname), "ipAddresses");
	/* The link itself is on its way to zebra. */
	if (addresses == NULL)
		return;
	link->heard = lists_link_local(addresses) &&
		      (link->plan.edge4.family == 0 || lists(addresses, &link->plan.edge4)) &&
		      (link->plan.edge6.family == 0 || lists(addresses, &link->plan.edge6));
	if (link->heard)
		return;
	log_warning("link", "%s: zebra missed an address; telling it again", link->plan.name);
	domain_tap_settings(link, &settings);
	tap_renotify(domain->netns, &settings);
}

static void ask(struct sync *sync, const struct domain *domain, const struct domain_link *link)
{
	struct question *question = malloc(sizeof(*question));
	char command[128];

	if (question == NULL)
		return;
	*question = (struct question){sync, link->interface};
	snprintf(command, sizeof(command), "show interface %s vrf %s json", link->plan.ifname,
		domain->name);
	if (frr_query_zebra(sync->frr, command, on_answer, question) != 0)
		free(question);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	bool new_life = frr_zebra_lives(sync->frr) != sync->zebra_life;
	bool waiting = false;

	sync->zebra_life = frr_zebra_lives(sync->frr);
	for (unsigned int i = 0; i < sync->domain_count; i++) {
		struct domain *domain = sync->domains[i];

		for (unsigned int l = 0; l < domain->link_count; l++) {
			struct domain_link *link = &domain->links[l];

			link->heard &= !new_life;
			if (link->heard || link->tap < 0)
				continue;
			ask(sync, domain, link);
			waiting = true;
		}
	}
	if (waiting)
		heard_later(sync);
}

int heard_open(struct sync *sync)
{
	sync->heard_event = evtimer_new(sync->base, on_time, sync);
	return sync->heard_event != NULL ? 0 : -ENOMEM;
}

void heard_close(struct sync *sync)
{
	if (sync->heard_event != NULL)
		event_free(sync->heard_event);
	sync->heard_event = NULL;
}
