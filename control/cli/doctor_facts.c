/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts, from what control answers; the dataplane's part is doctor_dataplane.c. */
#include <string.h>

#include "control/cli/doctor.h"
#include "control/cli/table.h"

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static int64_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static bool is_so(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

/* The row whose key has the value; NULL: none. */
static const json_t *row_of(const json_t *rows, const char *key, const char *value)
{
	const json_t *row;
	size_t i;

	json_array_foreach ((json_t *)rows, i, row) {
		const char *text = text_of(row, key);

		if (text != NULL && strcmp(text, value) == 0)
			return row;
	}
	return NULL;
}

/* ---- the edge and the circuit ---- */

static const char *unsynced(struct doctor_sources *sources, const json_t *dataplane)
{
	const char *error = text_of(dataplane, "error");

	if (is_so(dataplane, "synced") && error == NULL)
		return NULL;
	return doctor_text(sources, "control and dataplane are not in step (%s)%s%s",
		text_of(dataplane, "state") != NULL ? text_of(dataplane, "state") : "?",
		error != NULL ? ": " : "", error != NULL ? error : "");
}

static void fill_edge(struct doctor_sources *sources, struct doctor_facts *facts)
{
	const json_t *frr = json_object_get(sources->status, "frr");

	facts->control_away = sources->control_away;
	facts->dataplane_away = sources->dataplane_away;
	if (facts->control_away != NULL)
		return;
	facts->bgp_away = sources->bgp_away;
	if (facts->bgp_away == NULL && !is_so(frr, "connected"))
		facts->bgp_away = "FRR is away";
	facts->unsynced = unsynced(sources, json_object_get(sources->status, "dataplane"));
	facts->frr_told = is_so(frr, "applied");
	facts->bfdd_there = is_so(frr, "bfd");
	facts->held_routes = (uint64_t)number_of(frr, "held_routes");
}

static void fill_circuit(
	const char *address, struct doctor_sources *sources, struct doctor_facts *facts)
{
	const json_t *row;

	facts->circuit = doctor_text(sources, "%.*s", (int)strcspn(address, "/"), address);
	row = row_of(sources->circuits, "name", facts->circuit);
	facts->provider_state = text_of(row, "provider_state");
	facts->by_provider = facts->provider_state != NULL;
	facts->enabled =
		text_of(row, "state") != NULL && strcmp(text_of(row, "state"), "enabled") == 0;
	facts->forwards = is_so(row, "forwards");
	facts->service_key = text_of(row, "service_key");
	facts->peerings_sold = (unsigned int)json_array_size(json_object_get(row, "peerings"));
}

/* ---- links ---- */

static void fill_stations(const struct doctor_sources *sources, struct doctor_link *link)
{
	const json_t *row;
	size_t i;

	json_array_foreach (sources->arp, i, row) {
		const char *address = text_of(row, "address"), *mac = text_of(row, "mac");
		const char *name = text_of(row, "link");
		struct doctor_family *family;

		if (name == NULL || strcmp(name, link->name) != 0 || mac == NULL || address == NULL)
			continue;
		family = &link->families[strchr(address, ':') != NULL];
		if (family->peer != NULL && strcmp(family->peer, address) == 0) {
			family->mac = mac;
		} else if (strncmp(address, "fe80:", 5) != 0 && strncmp(address, "ff", 2) != 0) {
			family->stranger = address;
			family->stranger_mac = mac;
		}
	}
}

static void fill_session(const struct doctor_sources *sources, const char *peering,
	const char *link, unsigned int number, struct doctor_bgp *bgp)
{
	static const char *const families[] = {"ipv4", "ipv6"};
	const json_t *row;
	size_t i;

	json_array_foreach (sources->bgp, i, row) {
		if (strcmp(text_of(row, "peering"), peering) != 0 ||
			strcmp(text_of(row, "link"), link) != 0 ||
			strcmp(text_of(row, "family"), families[number]) != 0)
			continue;
		bgp->state = text_of(row, "state");
		bgp->error = text_of(row, "last_error");
		bgp->asn = (uint32_t)number_of(row, "asn");
		bgp->uptime_s = number_of(row, "uptime_s");
		bgp->accepted = number_of(row, "accepted");
		bgp->refused = number_of(row, "refused");
		bgp->announced = number_of(row, "announced");
		bgp->alarm = text_of(row, "alarm");
	}
}

static void fill_link(struct doctor_sources *sources, const json_t *peering, const json_t *row,
	bool bfd, struct doctor_link *link)
{
	static const char *const peers[] = {"peer4", "peer6"};
	static const char *const neighbours[] = {"neighbour4", "neighbour6"};
	const char *self = text_of(sources->status, "self"), *edge = text_of(row, "edge");

	link->port = text_of(row, "port");
	link->s_tag = (uint16_t)number_of(row, "s_tag");
	link->c_tag = (uint16_t)number_of(row, "c_tag");
	link->draining = row_of(sources->drains, "link", link->name) != NULL;
	if (self != NULL && edge != NULL && strcmp(self, edge) != 0)
		link->edge = edge;
	for (unsigned int i = 0; i < 2; i++) {
		link->families[i].peer = text_of(row, peers[i]);
		link->families[i].neighbour = text_of(row, neighbours[i]);
		link->families[i].bfd.wanted = bfd;
		fill_session(sources, text_of(peering, "name"), text_of(row, "name"), i,
			&link->families[i].bgp);
	}
	fill_stations(sources, link);
	doctor_link_fill(sources, link);
}

/* ---- peerings ---- */

/* Is the peering, or something of it, within address? */
static bool peering_wanted(const json_t *peering, const char *address)
{
	const char *name = text_of(peering, "name");

	return name != NULL && (address_covers(address, name) || address_covers(name, address));
}

unsigned int doctor_domains_of(const struct doctor_sources *sources, const char *address,
	const char *domains[DOCTOR_PEERINGS])
{
	unsigned int count = 0;
	const json_t *row;
	size_t i;

	json_array_foreach (sources->peerings, i, row)
		if (peering_wanted(row, address) && count < DOCTOR_PEERINGS)
			domains[count++] = text_of(row, "domain");
	return count;
}

static bool has_domain(const struct dump *vrfs, const char *domain)
{
	for (size_t i = 0; i < vrfs->count; i++)
		if (strcmp(((const struct api_vrf *)dump_row(vrfs, i))->name, domain) == 0)
			return true;
	return false;
}

/* What the kernel has in a look, and whether the dataplane has another number. */
static bool differs(const struct doctor_sources *sources, unsigned int look, const char *peering,
	unsigned int number)
{
	const json_t *row = row_of(sources->domains[look], "peering", peering);
	const json_t *learned = json_object_get(row, "learned");

	return json_is_integer(learned) &&
	       (uint64_t)json_integer_value(learned) != sources->routes[look][number].learned;
}

static void fill_domain(struct doctor_sources *sources, const char *domain, unsigned int number,
	struct doctor_peering *peering)
{
	const json_t *row = row_of(sources->domains[LOOK_FIRST], "peering", peering->name);
	const json_t *latest = row_of(sources->domains[LOOK_SECOND], "peering", peering->name);
	const json_t *connections = json_object_get(row, "connections");
	const json_t *refused =
		json_object_get(json_object_get(sources->status, "dataplane"), "refused_routes");

	peering->known = row != NULL;
	peering->validated = (unsigned int)number_of(row, "validated");
	peering->route_filter = text_of(row, "route_filter");
	peering->connections = (unsigned int)json_array_size(connections);
	peering->connected = json_string_value(json_array_get(connections, 0));
	peering->domain_there = has_domain(&sources->vrfs, domain);
	peering->kernel_routes = (uint64_t)number_of(latest, "learned");
	peering->routes = sources->routes[LOOK_SECOND][number].learned;
	peering->leaked = sources->routes[LOOK_SECOND][number].leaked;
	peering->refused_routes = (uint64_t)number_of(refused, domain);
	/* What a dead daemon's routes leave behind is held in the dataplane on purpose. */
	peering->unequal = number_of(json_object_get(sources->status, "frr"), "held_routes") == 0 &&
			   differs(sources, LOOK_FIRST, peering->name, number) &&
			   differs(sources, LOOK_SECOND, peering->name, number);
}

static void fill_peering(const char *address, struct doctor_sources *sources, const json_t *row,
	unsigned int number, struct doctor_peering *peering)
{
	const json_t *link, *domain;
	bool bfd;
	size_t i;

	peering->name = text_of(row, "name");
	peering->is_public = strcmp(text_of(row, "type"), "public") == 0;
	domain = row_of(sources->domains[LOOK_FIRST], "peering", peering->name);
	bfd = is_so(domain, "bfd");
	fill_domain(sources, text_of(row, "domain"), number, peering);
	json_array_foreach (json_object_get(row, "links"), i, link) {
		const char *name =
			doctor_text(sources, "%s/%s", peering->name, text_of(link, "name"));

		if (!address_covers(address, name) || peering->link_count == DOCTOR_LINKS)
			continue;
		peering->links[peering->link_count].name = name;
		fill_link(sources, row, link, bfd, &peering->links[peering->link_count++]);
	}
}

void doctor_facts_fill(
	const char *address, struct doctor_sources *sources, struct doctor_facts *facts)
{
	const json_t *row;
	size_t i;

	*facts = (struct doctor_facts){.address = address};
	fill_edge(sources, facts);
	if (facts->control_away != NULL) {
		doctor_links_found(address, sources, facts);
		return;
	}
	fill_circuit(address, sources, facts);
	json_array_foreach (sources->peerings, i, row) {
		unsigned int number = facts->peering_count;

		if (!peering_wanted(row, address) || number == DOCTOR_PEERINGS)
			continue;
		fill_peering(address, sources, row, number, &facts->peerings[number]);
		facts->peering_count++;
	}
}
