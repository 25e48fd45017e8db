/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/port.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/port/device.h"
#include "dataplane/port/link.h"
#include "dataplane/port/queues.h"
#include "dataplane/startup/log.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"
#include "dataplane/worker/worker.h"

#define MTU_MIN 1280u /* RFC 8200 5 */
#define MTU_MAX 9216u
/* A grace period takes one burst of the slowest worker; this long means that one is stuck. */
#define CLOSE_DEADLINE_MS 2000

struct port *port_table[API_PORTS_MAX];

/* Workers receive. */
static bool opened;
/* Counts the lives of ports. */
static uint16_t lives;
/* Ports that are unlinked but wait for their grace period. */
static unsigned int closing;

static bool text_valid(const char *text, size_t size)
{
	return text[0] != '\0' && memchr(text, '\0', size);
}

static bool api_valid(const struct api_port *api)
{
	if (api->id >= API_PORTS_MAX || api->role > API_ROLE_CORE)
		return false;
	if (!text_valid(api->name, sizeof(api->name)) ||
		!text_valid(api->device, sizeof(api->device)))
		return false;
	if (api->rss > API_RSS_SOFTWARE || api->mtu < MTU_MIN || api->mtu > MTU_MAX)
		return false;
	return api->outer_ethertype == RTE_ETHER_TYPE_VLAN ||
	       api->outer_ethertype == RTE_ETHER_TYPE_QINQ ||
	       api->outer_ethertype == RTE_ETHER_TYPE_QINQ1;
}

/* queues_assign gives a worker at most one queue of a port, as no port has more than workers. */
static struct poll_list *poll_list_create(unsigned int worker)
{
	struct poll_list *list;

	list = rte_malloc_socket("poll list",
		sizeof(*list) + API_PORTS_MAX * sizeof(list->queues[0]), RTE_CACHE_LINE_SIZE,
		worker_numa_node(worker));
	if (!list)
		return NULL;
	list->count = 0;
	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		const struct port *port = port_table[id];

		for (uint16_t queue = 0; port && queue < port->rx_queues; queue++) {
			if (port->rx_worker[queue] == worker)
				list->queues[list->count++] = (struct poll_queue){port, queue};
		}
	}
	return list;
}

/* Without memory a worker gets no list: it stops receiving, but never polls a closed port. */
static void publish_poll_lists(void)
{
	for (unsigned int worker = 0; opened && worker < worker_count(); worker++) {
		struct poll_list *list = poll_list_create(worker);

		if (!list)
			log_error("port", "no memory for what worker %u polls; it receives nothing",
				worker);
		worker_poll(worker, list);
	}
}

/* Spreads the port's receive queues; every other port's keep their workers. */
static void assign_workers(struct port *port)
{
	unsigned int workers = worker_count(), loads[API_CPUS_MAX] = {0};
	int nodes[API_CPUS_MAX];
	bool near = port->numa_node < 0;

	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		const struct port *other = port_table[id];

		for (uint16_t queue = 0; other && queue < other->rx_queues; queue++)
			loads[other->rx_worker[queue]]++;
	}
	for (unsigned int i = 0; i < workers; i++) {
		nodes[i] = worker_numa_node(i);
		near = near || nodes[i] == port->numa_node;
	}
	queues_assign(loads, nodes, workers, port->numa_node, port->rx_queues, port->rx_worker);
	if (!near)
		log_warning("port",
			"%s: is on NUMA node %d and no worker is; its packets cross sockets: give "
			"cores: {workers: [...]} CPUs of that node (lscpu)",
			port->api.name, port->numa_node);
}

static void close_after_grace(void *object)
{
	struct port *port = object;

	device_close(port);
	rte_free(port);
	closing--;
}

static void retire(struct port *port)
{
	link_unwatch(port);
	__atomic_store_n(&port_table[port->id], NULL, __ATOMIC_RELEASE);
	publish_poll_lists();
	/* A link without a port is down; the next port's first link event says otherwise. */
	path_port_carrier(port->id, false);
	if (port->link_up)
		interface_port_carrier(port->id, false);
	closing++;
	reclaim_later(port, close_after_grace);
}

/* A device can be opened again only when its former port is closed. Ports come and go by hand, so
 * that the main thread may wait here for the few microseconds a grace period takes. */
static int wait_for_closed(void)
{
	struct timespec pause = {.tv_nsec = 100 * 1000};

	for (unsigned int i = 0; i < CLOSE_DEADLINE_MS * 10; i++) {
		reclaim_run();
		if (closing == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	log_error("port", "a worker passed no quiet point for %u ms; the port stays closed",
		CLOSE_DEADLINE_MS);
	return -EBUSY;
}

static void set_spread(struct port *port)
{
	enum exchange_mode mode =
		queues_mode(port->api.rss, worker_count(), port->rx_queues, port->hashes);

	if (port->api.rss == API_RSS_HARDWARE && port->rx_queues < worker_count())
		log_warning("port",
			"%s: rss: hardware, but device '%s' has %u receive queue(s) for %u "
			"workers: the others get nothing from it; rss: auto uses all",
			port->api.name, port->api.device, port->rx_queues, worker_count());
	if (mode != EXCHANGE_NONE)
		exchange_activate();
	__atomic_store_n(&port->spread, mode, __ATOMIC_RELAXED);
}

static int open_port(const struct api_port *api)
{
	struct port *port;
	int error;

	error = wait_for_closed();
	if (error < 0)
		return error;
	port = rte_zmalloc("port", sizeof(*port), RTE_CACHE_LINE_SIZE);
	if (!port)
		return -ENOMEM;
	port->id = api->id;
	port->api = *api;
	port->outer_ethertype = api->outer_ethertype;
	port->mark = table_mark;
	error = device_open(port, worker_count());
	if (error < 0) {
		rte_free(port);
		return error;
	}
	assign_workers(port);
	port->tag = ++lives * API_PORTS_MAX + port->id;
	path_port_carrier(port->id, false); /* until the device says otherwise */
	link_watch(port);
	set_spread(port);
	__atomic_store_n(&port_table[port->id], port, __ATOMIC_RELEASE);
	publish_poll_lists();
	return interface_port_changed(port->id);
}

/* What can change on a live port. Names and roles are for people; workers read the EtherType.
 * -EBUSY: the port must be opened anew. */
static int update_port(struct port *port, const struct api_port *api)
{
	bool changed = port->outer_ethertype != api->outer_ethertype || port->mtu != api->mtu;
	int error = 0;

	if (strcmp(port->api.device, api->device) != 0)
		return -EBUSY;
	port->mark = table_mark;
	if (port->mtu != api->mtu)
		error = device_change_mtu(port, api->mtu);
	if (error < 0)
		return error;
	if (port->api.rss != api->rss) {
		port->api.rss = api->rss;
		set_spread(port);
	}
	port->api = *api;
	if (!changed)
		return 0;
	port->mtu = api->mtu;
	__atomic_store_n(&port->outer_ethertype, api->outer_ethertype, __ATOMIC_RELAXED);
	return interface_port_changed(port->id);
}

int port_upsert(const struct api_port *api)
{
	struct port *port;
	int error;

	if (!api_valid(api) || worker_count() == 0)
		return -EINVAL;
	port = port_table[api->id];
	error = port ? update_port(port, api) : -EBUSY;
	if (error != -EBUSY)
		return error;
	if (port)
		retire(port);
	return open_port(api);
}

int port_delete(uint32_t id)
{
	if (id >= API_PORTS_MAX)
		return -EINVAL;
	if (!port_table[id])
		return 0;
	if (interface_on_port(id))
		return -EBUSY;
	retire(port_table[id]);
	return 0;
}

uint32_t port_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		if (port_table[id] && port_table[id]->mark != table_mark && port_delete(id) == 0)
			swept++;
	}
	return swept;
}

bool port_next(uint32_t after_plus_one, struct api_port *api)
{
	struct rte_eth_link link = {0};
	const struct port *port = NULL;
	uint64_t hashed, unhashed;

	for (uint32_t id = after_plus_one; id < API_PORTS_MAX && !port; id++)
		port = port_table[id];
	if (!port)
		return false;
	*api = port->api;
	memcpy(api->mac, port->mac.addr_bytes, sizeof(api->mac));
	api->link_up = port->link_up;
	api->numa_node = port->numa_node;
	api->rx_queues = port->rx_queues;
	api->tx_queues = port->tx_queues;
	worker_hashes_seen(port->id, &hashed, &unhashed);
	api->spread = queues_spread(port->spread, port->rx_queues, hashed, unhashed);
	rte_eth_link_get_nowait(port->ethdev, &link);
	api->link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	return true;
}

void port_open_all(void)
{
	if (opened)
		return;
	opened = true;
	publish_poll_lists();
}

bool port_counters(uint32_t id, struct api_port_counters *counters)
{
	struct rte_eth_stats stats;
	const struct port *port;

	port = id < API_PORTS_MAX ? port_table[id] : NULL;
	if (!port || rte_eth_stats_get(port->ethdev, &stats) < 0)
		return false;
	*counters = (struct api_port_counters){
		.port = id,
		.rx = stats.ipackets,
		.rx_bytes = stats.ibytes,
		.tx = stats.opackets,
		.tx_bytes = stats.obytes,
		.rx_missed = stats.imissed,
		.rx_errors = stats.ierrors,
		.tx_errors = stats.oerrors,
		.rx_nombuf = stats.rx_nombuf,
	};
	memcpy(counters->name, port->api.name, sizeof(counters->name));
	worker_unknown_tags(id, counters->unknown_tags);
	return true;
}

void port_fini(void)
{
	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		if (port_table[id])
			retire(port_table[id]);
	}
	reclaim_run();
	opened = false;
}
