/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/device.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dataplane/startup/log.h"

#define FRAME_OVERHEAD 18u /* Ethernet header and frame check sequence */
#define TAGS_BYTES 8u

/*
 * net_tap announces frames by real-time signals, which only the main thread may take. Threads that
 * a driver starts while probing inherit the mask of this moment.
 */
static int probe_signals_blocked(const char *device)
{
	sigset_t blocked, before;
	int error;

	sigfillset(&blocked);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	error = rte_dev_probe(device);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static bool ethdev_in_use(uint16_t ethdev)
{
	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		if (port_table[id] && port_table[id]->ethdev == ethdev)
			return true;
	}
	return false;
}

static int probe(struct port *port)
{
	struct rte_dev_iterator iterator;
	bool taken = false;
	uint16_t ethdev;
	int error;

	error = probe_signals_blocked(port->api.device);
	/* Known already (-EEXIST, or 0): another port has it, or its second Ethernet port is free.
	 */
	if (error < 0 && error != -EEXIST) {
		log_error("port",
			"%s: no device '%s', or no driver for it; `scripts/nic list` shows what "
			"there "
			"is",
			port->api.name, port->api.device);
		return -ENODEV;
	}
	RTE_ETH_FOREACH_MATCHING_DEV(ethdev, port->api.device, &iterator)
	{
		taken = ethdev_in_use(ethdev);
		if (taken)
			continue;
		rte_eth_iterator_cleanup(&iterator);
		port->ethdev = ethdev;
		return 0;
	}
	log_error("port", "%s: device '%s' %s", port->api.name, port->api.device,
		taken ? "is another port's already" : "has no Ethernet port");
	return taken ? -EINVAL : -ENODEV;
}

/* Bytes a device adds to an MTU to get its largest frame, as ethdev itself reckons it. */
static uint32_t device_overhead(const struct rte_eth_dev_info *info)
{
	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		return info->max_rx_pktlen - info->max_mtu;
	return FRAME_OVERHEAD;
}

static bool mtu_possible(const struct rte_eth_dev_info *info, uint32_t mtu)
{
	return mtu >= info->min_mtu && mtu <= info->max_mtu &&
	       mtu + device_overhead(info) <= info->max_rx_pktlen;
}

/*
 * Our MTU is the IP packet's, tags come on top. Devices that do not reckon with two tags are asked
 * for as much more, as far as they go; those that cannot (net_tap) let tags pass by themselves.
 */
static uint16_t device_mtu(const struct port *port, const struct rte_eth_dev_info *info)
{
	uint32_t reckoned = device_overhead(info) - FRAME_OVERHEAD;
	uint32_t more = reckoned < TAGS_BYTES ? TAGS_BYTES - reckoned : 0;

	return mtu_possible(info, port->mtu + more) ? port->mtu + more : port->mtu;
}

static int check_limits(
	const struct port *port, const struct rte_eth_dev_info *info, unsigned int workers)
{
	uint32_t room =
		rte_pktmbuf_data_room_size(port_mempool(port->numa_node)) - RTE_PKTMBUF_HEADROOM;

	if (!mtu_possible(info, port->mtu)) {
		log_error("port", "%s: MTU %u asked, device '%s' can do %u at most", port->api.name,
			port->mtu, port->api.device,
			(unsigned int)RTE_MIN((uint32_t)info->max_mtu,
				info->max_rx_pktlen - device_overhead(info)));
		return -ENOTSUP;
	}
	if (port->mtu + FRAME_OVERHEAD + TAGS_BYTES > room) {
		log_error("port",
			"%s: MTU %u asked, but packet buffers were made for less at start; restart "
			"onramp-dataplane to make larger ones",
			port->api.name, port->mtu);
		return -ENOTSUP;
	}
	if (info->max_tx_queues < workers) {
		log_error("port",
			"%s: device '%s' has %u transmit queue(s), %u workers need one each: fewer "
			"cores: {workers: [...]}, or a device with more queues",
			port->api.name, port->api.device, info->max_tx_queues, workers);
		return -ENOTSUP;
	}
	return 0;
}

static int configure(struct port *port, const struct rte_eth_dev_info *info, unsigned int workers)
{
	struct rte_eth_conf conf = {0};
	int error;

	port->rx_queues = RTE_MIN(workers, (unsigned int)info->max_rx_queues);
	port->tx_queues = workers;
	conf.rxmode.mtu = device_mtu(port, info);
	port->tells_link = (*info->dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	conf.intr_conf.lsc = port->tells_link;
	if (port->rx_queues > 1 && info->flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
		conf.rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
	}
	port->hashes = conf.rxmode.offloads != 0 && conf.rx_adv_conf.rss_conf.rss_hf != 0;
	error = rte_eth_dev_configure(port->ethdev, port->rx_queues, port->tx_queues, &conf);
	if (error < 0)
		return error;
	/* Some drivers take the MTU from the configuration, some only by name, and rings and files
	 * know none (-ENOTSUP), so that every size passes. */
	error = rte_eth_dev_set_mtu(port->ethdev, conf.rxmode.mtu);
	if (error == 0 || error == -ENOTSUP)
		return 0;
	log_error("port", "%s: device '%s' refuses MTU %u (%s)", port->api.name, port->api.device,
		conf.rxmode.mtu, strerror(-error));
	return -ENOTSUP;
}

int device_change_mtu(const struct port *port, uint16_t mtu)
{
	struct port wanted = *port;
	struct rte_eth_dev_info info;
	int error;

	error = rte_eth_dev_info_get(port->ethdev, &info);
	if (error < 0)
		return -EBUSY;
	wanted.mtu = mtu;
	error = check_limits(&wanted, &info, port->tx_queues);
	if (error < 0)
		return error;
	error = rte_eth_dev_set_mtu(port->ethdev, device_mtu(&wanted, &info));
	/* Rings and files know none. */
	return error == 0 || error == -ENOTSUP ? 0 : -EBUSY;
}

static int set_up_queues(struct port *port)
{
	uint16_t rx_ring = PORT_RX_RING, tx_ring = PORT_TX_RING;
	int socket = port->numa_node < 0 ? SOCKET_ID_ANY : port->numa_node;
	struct rte_mempool *pool = port_mempool(port->numa_node);
	int error;

	error = rte_eth_dev_adjust_nb_rx_tx_desc(port->ethdev, &rx_ring, &tx_ring);
	for (uint16_t queue = 0; error == 0 && queue < port->rx_queues; queue++)
		error = rte_eth_rx_queue_setup(port->ethdev, queue, rx_ring, socket, NULL, pool);
	for (uint16_t queue = 0; error == 0 && queue < port->tx_queues; queue++)
		error = rte_eth_tx_queue_setup(port->ethdev, queue, tx_ring, socket, NULL);
	return error;
}

/* All multicast, because neighbours solicit the edge by a group per address (RFC 4861 4.3);
 * drivers without filters answer -ENOTSUP and receive everything. */
static int set_filters(struct port *port)
{
	int error = rte_eth_allmulticast_enable(port->ethdev);

	if (error < 0 && error != -ENOTSUP)
		return error;
	error = rte_eth_promiscuous_disable(port->ethdev);
	return error == -ENOTSUP ? 0 : error;
}

static int set_up(struct port *port, unsigned int workers)
{
	struct rte_eth_dev_info info;
	int error;

	error = rte_eth_dev_info_get(port->ethdev, &info);
	if (error < 0)
		return error;
	port->numa_node = rte_eth_dev_socket_id(port->ethdev);
	port->mtu = port->api.mtu;
	error = check_limits(port, &info, workers);
	if (error == 0)
		error = configure(port, &info, workers);
	if (error == 0)
		error = set_up_queues(port);
	if (error == 0)
		error = rte_eth_dev_start(port->ethdev);
	if (error == 0)
		error = set_filters(port);
	if (error == 0)
		error = rte_eth_macaddr_get(port->ethdev, &port->mac);
	return error;
}

int device_open(struct port *port, unsigned int workers)
{
	int error;

	error = probe(port);
	if (error < 0)
		return error;
	error = set_up(port, workers);
	if (error == 0)
		return 0;
	device_close(port);
	if (error == -ENOTSUP || error == -ENOMEM)
		return error;
	log_error("port", "%s: device '%s' cannot be set up (%s)", port->api.name, port->api.device,
		strerror(-error));
	return -EINVAL;
}

/* Ethernet ports may share one device (two of one PCI function); the last one unplugs it. */
static bool device_shared(const struct rte_device *device)
{
	struct rte_eth_dev_info info;
	uint16_t ethdev;

	RTE_ETH_FOREACH_DEV (ethdev) {
		if (ethdev_in_use(ethdev) && rte_eth_dev_info_get(ethdev, &info) == 0 &&
			info.device == device)
			return true;
	}
	return false;
}

void device_close(struct port *port)
{
	struct rte_eth_dev_info info = {0};
	int error;

	rte_eth_dev_info_get(port->ethdev, &info);
	rte_eth_dev_stop(port->ethdev);
	rte_eth_dev_close(port->ethdev);
	if (!info.device || device_shared(info.device))
		return;
	error = rte_dev_remove(info.device);
	if (error < 0)
		log_warning("port", "%s: device '%s' did not unplug (%s)", port->api.name,
			port->api.device, strerror(-error));
}
