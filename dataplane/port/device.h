/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a port needs from its DPDK device: probe, queues, MTU, filters, start, and the way back.
 * Main thread only; nothing here is published to workers.
 */
#pragma once

#include "dataplane/port/port.h"

/* Probes port->api.device, sets it up for `workers` workers and starts it; fills ethdev, queues,
 * hashes, mtu, mac and numa_node. On failure nothing is left of it. 0, -ENODEV, -EINVAL (in use
 * already, or refused by the driver), -ENOTSUP (MTU, or too few transmit queues), -ENOMEM; logged.
 */
int device_open(struct port *port, unsigned int workers);

/* Changes the MTU of a started device while workers use it; port stays as it is. 0, -ENOTSUP (the
 * device cannot do this MTU, or buffers are too small; logged), -EBUSY: the driver does it only
 * when the device is opened anew. */
int device_change_mtu(const struct port *port, uint16_t mtu);

/* Stops, closes and unplugs. A persistent TAP device keeps its network interface. */
void device_close(struct port *port);
