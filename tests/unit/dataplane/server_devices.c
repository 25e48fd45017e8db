/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/bfd/internal.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/server/pools.h"
#include "dataplane/startup/startup.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/peaks.h"
#include "dataplane/worker/reclaim.h"
#include "dataplane/worker/worker.h"
#include "pipelines/explain.h"
#include "tests/unit/dataplane/server_devices.h"

struct port *port_table[API_PORTS_MAX];
bool devices_open;

int port_upsert(const struct api_port *api)
{
	struct port *port = port_table[api->id];

	if (api->mtu < 1280 || api->mtu > 9216)
		return -EINVAL;
	if (port != NULL && memcmp(&port->api, api, sizeof(*api)) == 0) {
		port->mark = table_mark;
		return 0;
	}
	if (port == NULL) {
		port = calloc(1, sizeof(*port));
		if (port == NULL)
			return -ENOMEM;
		port_table[api->id] = port;
	}
	port->id = api->id;
	port->mtu = api->mtu;
	port->outer_ethertype = api->outer_ethertype;
	port->mac.addr_bytes[0] = 2;
	port->mac.addr_bytes[5] = api->id;
	port->mark = table_mark;
	port->api = *api;
	return interface_port_changed(api->id);
}

int port_delete(uint32_t id)
{
	if (port_table[id] == NULL)
		return -ENOENT;
	if (interface_on_port(id))
		return -EBUSY;
	free(port_table[id]);
	port_table[id] = NULL;
	return 0;
}

uint32_t port_sweep(void)
{
	uint32_t swept = 0;

	for (uint32_t id = 0; id < API_PORTS_MAX; id++)
		if (port_table[id] != NULL && port_table[id]->mark != table_mark)
			swept += port_delete(id) == 0;
	return swept;
}

bool port_next(uint32_t after_plus_one, struct api_port *api)
{
	for (uint32_t id = after_plus_one; id < API_PORTS_MAX; id++)
		if (port_table[id] != NULL) {
			*api = port_table[id]->api;
			return true;
		}
	return false;
}

void port_open_all(void)
{
	devices_open = true;
}

bool port_counters(uint32_t id, struct api_port_counters *counters)
{
	counters->port = id;
	return true;
}

int punt_watch(uint32_t interface, uint32_t epoch, int tap_fd)
{
	return 0;
}

void punt_unwatch(uint32_t interface, int tap_fd)
{
}

void peaks_watch(uint32_t interface)
{
}

void peaks_forget(uint32_t interface)
{
}

void peaks_read(uint32_t interface, struct api_peak peaks[2])
{
}

void counters_reset(uint32_t slot)
{
}

void counters_read(uint32_t slot, struct api_ledger *sum)
{
	memset(sum, 0, sizeof(*sum));
}

unsigned int worker_count(void)
{
	return 1;
}

bool worker_stats(unsigned int index, struct api_worker *stats)
{
	return true;
}

bool pools_usage(unsigned int index, struct api_memory *row)
{
	return false;
}

int startup_run(const struct api_startup *startup, char *text, size_t size)
{
	return 0;
}

void devices_reset(void)
{
	vrf_fini();
	nexthop_fini();
	interface_fini();
	policer_fini();
	bfd_keys_fini();
	policer_init(1, UINT64_C(2600000000));
	for (uint32_t id = 0; id < API_PORTS_MAX; id++) {
		free(port_table[id]);
		port_table[id] = NULL;
	}
	reclaim_run();
	devices_open = false;
	table_mark = 1;
}

/* Keys are stored; there are no sessions to use them. */
struct bfd_engine *bfd_lock(void)
{
	return NULL;
}

void bfd_unlock(struct bfd_engine *engine)
{
}

bool bfd_watches(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return false;
}

bool bfd_next_row(uint32_t *after, struct api_bfd_session *row)
{
	return false;
}

int explain_packet(
	const struct api_explain *request, uint64_t now, struct api_explanation *explanation)
{
	return -ENOENT;
}
