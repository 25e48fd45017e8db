/* SPDX-License-Identifier: BSD-3-Clause */
/* Failure tests, passed on to the dataplane, which keeps them by itself. */
#include <errno.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/internal.h"

static const struct domain_link *find_link(const struct sync *sync, const char *name)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int l = 0; l < sync->domains[i]->link_count; l++)
			if (strcmp(sync->domains[i]->links[l].plan.name, name) == 0)
				return &sync->domains[i]->links[l];
	return NULL;
}

int sync_link_test(struct sync *sync, const char *name, uint32_t seconds)
{
	const struct domain_link *link = find_link(sync, name);
	struct api_link_test item = {.seconds = seconds};

	if (sync->phase != PHASE_SYNCED)
		return -ENOTCONN;
	if (link == NULL)
		return -ENOENT;
	item.interface = link->interface;
	session_send(sync, API_LINK_TEST, API_UPSERT, &item);
	return 0;
}

void link_test_happened(struct sync *sync, const struct api_event *event)
{
	struct domain *domain = event->a < API_INTERFACES_MAX ? sync->by_interface[event->a] : NULL;
	const struct domain_link *link = domain != NULL ? domain_link(domain, event->a) : NULL;

	if (link == NULL)
		return;
	if (event->b)
		log_warning("link-test", "%s: a failure test begins: the link is silent",
			link->plan.name);
	else
		log_info("link-test", "%s: the failure test is over; see `onramp show tests`",
			link->plan.name);
}
