/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/link.h"

#include <errno.h>
#include <pthread.h>

#include <rte_ethdev.h>

#include "dataplane/nexthop/path.h"

/* Who looks at a link and tells the paths: main, and the thread of EAL's that hears of it first.
 * Under the lock, so that the last to tell has not looked before another. */
static pthread_mutex_t link_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*wake_main)(void); /* main writes before there are ports */

static bool mirror_link(uint32_t id, uint16_t ethdev)
{
	struct rte_eth_link link = {0};
	bool up;

	pthread_mutex_lock(&link_lock);
	/* What cannot be asked has no link. */
	up = rte_eth_link_get_nowait(ethdev, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
	path_port_carrier(id, up);
	pthread_mutex_unlock(&link_lock);
	return up;
}

/* In EAL's interrupt thread, so that traffic moves while main works on a batch. */
static int on_link_event(uint16_t ethdev, enum rte_eth_event_type type, void *id, void *unused)
{
	mirror_link((uint32_t)(uintptr_t)id, ethdev);
	if (wake_main != NULL)
		wake_main();
	return 0;
}

void link_watch(const struct port *port)
{
	if (port->tells_link)
		rte_eth_dev_callback_register(port->ethdev, RTE_ETH_EVENT_INTR_LSC, on_link_event,
			(void *)(uintptr_t)port->id);
}

void link_unwatch(const struct port *port)
{
	void *id = (void *)(uintptr_t)port->id;

	while (port->tells_link && rte_eth_dev_callback_unregister(port->ethdev,
					   RTE_ETH_EVENT_INTR_LSC, on_link_event, id) == -EAGAIN)
		continue; /* it runs just now */
}

void port_poll_links(void (*changed)(uint32_t port, bool up))
{
	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		struct port *port = port_table[id];
		bool up;

		if (!port)
			continue;
		up = mirror_link(id, port->ethdev);
		if (up == port->link_up)
			continue;
		__atomic_store_n(&port->link_up, up, __ATOMIC_RELAXED);
		changed(id, up);
	}
}

void port_wake_with(void (*wake)(void))
{
	wake_main = wake;
}
