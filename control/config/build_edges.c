/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"
#include "dataplane/api/api.h"

#define CPUS_MAX (sizeof(((struct site_edge *)0)->worker_cpus) / sizeof(uint32_t))

struct record *const *record_list(const struct record *record, unsigned int field, size_t *count)
{
	*count = record->values[field].count;
	return record->values[field].records;
}

const struct record *record_of(const struct record *record, unsigned int field)
{
	const struct value *value = usable(record, field);
	return value != NULL && value->count > 0 ? value->records[0] : NULL;
}

const char *record_name(const struct record *record, unsigned int field)
{
	const struct value *value = usable(record, field);
	return value != NULL ? value->text : "";
}

void copy_name(char name[NAME_MAX_LENGTH + 1], const struct record *record, unsigned int field)
{
	const char *text = record_name(record, field);
	memcpy(name, text, strlen(text) + 1);
}

uint64_t record_number(const struct record *record, unsigned int field, uint64_t fallback)
{
	const struct value *value = usable(record, field);
	return value != NULL ? value->number : fallback;
}

void check_unique(struct loader *loader, const struct value *list, const char *what)
{
	for (size_t i = 1; i < list->count; i++) {
		const struct record *record = list->records[i];
		unsigned int key = (unsigned int)record->schema->key;
		const char *name = record_name(record, key);
		for (size_t j = 0; j < i && name[0] != '\0'; j++) {
			const struct record *other = list->records[j];
			if (strcmp(record_name(other, key), name) != 0)
				continue;
			report(loader, record, key,
				"\"%s\" is already the name of the %s on line %u; choose another",
				name, what, other->values[key].line);
			break;
		}
	}
}

static void build_cpus(struct build *build, const struct record *cores, unsigned int field,
	uint32_t *cpus, uint32_t *count)
{
	const struct value *list = usable(cores, field);

	*count = 0;
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		bool again = false;
		if (!list->items[i].valid)
			continue;
		uint32_t cpu = (uint32_t)list->items[i].number;
		for (uint32_t j = 0; j < *count; j++)
			again = again || cpus[j] == cpu;
		if (again)
			report(build->loader, cores, field, "CPU %u stands twice; name each once",
				cpu);
		else if (*count < CPUS_MAX)
			cpus[(*count)++] = cpu;
	}
	if (list != NULL && list->count > CPUS_MAX)
		report(build->loader, cores, field, "%zu CPUs; at most %zu can be used",
			list->count, CPUS_MAX);
}

void build_cores(struct build *build, const struct record *cores, struct site_edge *edge)
{
	if (cores == NULL)
		return;
	edge->idle_sleep_us = (uint32_t)record_number(cores, CORES_IDLE, 0);
	build_cpus(build, cores, CORES_WORKERS, edge->worker_cpus, &edge->worker_cpu_count);
	build_cpus(build, cores, CORES_CONTROL, edge->control_cpus, &edge->control_cpu_count);
	if (edge->idle_sleep_us != 0 || usable(cores, CORES_IDLE) == NULL)
		return;
	for (uint32_t i = 0; i < edge->control_cpu_count; i++) {
		for (uint32_t j = 0; j < edge->worker_cpu_count; j++) {
			if (edge->control_cpus[i] == edge->worker_cpus[j])
				report(build->loader, cores, CORES_CONTROL,
					"CPU %u is also a worker's, which never rests; choose "
					"another "
					"CPU, or set idle: 50us",
					edge->control_cpus[i]);
		}
	}
}

void build_memory(const struct record *memory, struct site_edge *edge)
{
	if (memory == NULL)
		return;
	edge->memory_mb = (uint32_t)record_number(memory, MEMORY_SIZE, 0);
	edge->hugepages = record_number(memory, MEMORY_HUGEPAGES, 1) != 0;
}

static void check_devices(struct build *build, const struct value *ports)
{
	for (size_t i = 1; i < ports->count; i++) {
		const char *device = record_name(ports->records[i], PORT_DEVICE);
		for (size_t j = 0; j < i && device[0] != '\0'; j++) {
			if (strcmp(record_name(ports->records[j], PORT_DEVICE), device) != 0)
				continue;
			report(build->loader, ports->records[i], PORT_DEVICE,
				"\"%.60s\" is already port %s (line %u); a device is one port",
				device, record_name(ports->records[j], PORT_NAME),
				ports->records[j]->values[PORT_DEVICE].line);
			break;
		}
	}
}

static bool build_ports(struct build *build, const struct record *record, struct site_edge *edge)
{
	size_t count;
	struct record *const *records = record_list(record, EDGE_PORTS, &count);

	edge->ports = calloc(count + 1, sizeof(*edge->ports));
	if (edge->ports == NULL)
		return false;
	edge->port_count = (unsigned int)count;
	if (usable(record, EDGE_PORTS) != NULL && count == 0)
		report(build->loader, record, EDGE_PORTS, "no port is named; an edge needs one");
	if (count > API_PORTS_MAX)
		report(build->loader, record, EDGE_PORTS, "%zu ports; an edge has at most %u",
			count, API_PORTS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct site_port *port = &edge->ports[i];
		const char *device = record_name(records[i], PORT_DEVICE);
		copy_name(port->name, records[i], PORT_NAME);
		memcpy(port->device, device, strlen(device) + 1);
		port->role = (enum port_role)record_number(records[i], PORT_ROLE, 0);
		port->speed_bps = record_number(records[i], PORT_SPEED, 0);
		port->mtu = (uint32_t)record_number(records[i], PORT_MTU, 0);
		port->rss = (enum rss)record_number(records[i], PORT_RSS, RSS_AUTO);
		port->outer_ethertype = (uint16_t)record_number(records[i], PORT_ETHERTYPE, 0);
	}
	check_unique(build->loader, &record->values[EDGE_PORTS], "port");
	check_devices(build, &record->values[EDGE_PORTS]);
	return true;
}

bool build_edges(struct build *build)
{
	struct site *site = build->site;
	size_t count;
	struct record *const *records = record_list(build->root, SITE_EDGES, &count);

	site->edges = calloc(count + 1, sizeof(*site->edges));
	if (site->edges == NULL)
		return false;
	site->edge_count = (unsigned int)count;
	if (usable(build->root, SITE_EDGES) != NULL && count == 0)
		report(build->loader, build->root, SITE_EDGES,
			"no edge is named; a site needs one");
	for (size_t i = 0; i < count; i++) {
		struct site_edge *edge = &site->edges[i];
		copy_name(edge->name, records[i], EDGE_NAME);
		copy_name(edge->zone, records[i], EDGE_ZONE);
		build_cores(build, record_of(records[i], EDGE_CORES), edge);
		build_memory(record_of(records[i], EDGE_MEMORY), edge);
		if (!build_ports(build, records[i], edge))
			return false;
	}
	check_unique(build->loader, &build->root->values[SITE_EDGES], "edge");
	return true;
}

void build_budgets(struct build *build)
{
	const struct record *record = record_of(build->root, SITE_BUDGETS);

	if (record == NULL)
		return;
	build->site->budgets = (struct site_budgets){
		.neighbour = (uint32_t)record_number(record, BUDGETS_NEIGHBOUR, 0),
		.bgp = (uint32_t)record_number(record, BUDGETS_BGP, 0),
		.bfd = (uint32_t)record_number(record, BUDGETS_BFD, 0),
		.other = (uint32_t)record_number(record, BUDGETS_OTHER, 0),
		.icmp_errors = (uint32_t)record_number(record, BUDGETS_ICMP, 0),
	};
}
