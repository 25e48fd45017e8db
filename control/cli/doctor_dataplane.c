/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts of a link, from what the dataplane has. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/doctor.h"
#include "control/cli/table.h"
#include "control/cli/tags.h"
#include "control/cli/units.h"

/* A session that is down says so once a second (RFC 5880 6.8.3). */
#define HEARD_US UINT64_C(3000000)

static const struct api_interface *find_interface(const struct dump *interfaces, const char *name)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);

		if (strcmp(interface->name, name) == 0)
			return interface;
	}
	return NULL;
}

/* By id, or by name when there is no interface. */
static const struct api_port *find_port(
	const struct dump *ports, const struct api_interface *interface, const char *name)
{
	for (size_t i = 0; i < ports->count; i++) {
		const struct api_port *port = dump_row(ports, i);

		if (interface != NULL ? port->id == interface->port
				      : name != NULL && strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

/* ---- counters ---- */

/* The account of an interface, or with interface 0 that of a port. */
static const struct api_interface_counters *find_counters(
	const struct dump *counters, uint32_t interface, uint32_t port)
{
	for (size_t i = 0; i < counters->count; i++) {
		const struct api_interface_counters *each = dump_row(counters, i);

		if (each->interface == interface && (interface != 0 || each->port == port))
			return each;
	}
	return NULL;
}

/* What came in between; an account that began anew counts from zero. */
static uint64_t moved(uint64_t before, uint64_t after)
{
	return after >= before ? after - before : after;
}

static void fill_counters(const struct doctor_sources *sources, struct doctor_link *link,
	uint32_t interface, uint32_t port)
{
	const struct api_interface_counters *before, *after;

	before = find_counters(&sources->counters[LOOK_FIRST], interface, port);
	after = find_counters(&sources->counters[LOOK_SECOND], interface, port);
	link->moved.span_ms = sources->span_ms;
	if (before != NULL && after != NULL && before->life == after->life) {
		link->rx = after->ledger.rx;
		link->moved.rx = moved(before->ledger.rx, after->ledger.rx);
		link->moved.tx = moved(before->ledger.tx, after->ledger.tx);
		for (unsigned int i = 0; i < API_DROP_COUNT; i++)
			link->moved.drops[i] =
				moved(before->ledger.drops[i], after->ledger.drops[i]);
	}
	before = find_counters(&sources->counters[LOOK_FIRST], 0, port);
	after = find_counters(&sources->counters[LOOK_SECOND], 0, port);
	if (before != NULL && after != NULL) {
		link->unknown_tags = after->ledger.drops[API_DROP_UNKNOWN_TAG];
		link->moved.unknown_tags = moved(before->ledger.drops[API_DROP_UNKNOWN_TAG],
			after->ledger.drops[API_DROP_UNKNOWN_TAG]);
	}
}

/* The tags that came instead of the link's. */
static void fill_tags(
	struct doctor_sources *sources, struct doctor_link *link, const struct api_port *port)
{
	const struct api_port_counters *before, *after;
	char *ever, *now;

	before = dump_find(&sources->port_counters[LOOK_FIRST], port->id);
	after = dump_find(&sources->port_counters[LOOK_SECOND], port->id);
	if (before == NULL || after == NULL)
		return;
	ever = tags_text(port, NULL, after);
	now = tags_text(port, before, after);
	if (ever != NULL)
		link->other_tags = doctor_text(sources, "%s", ever);
	if (now != NULL)
		link->moved.other_tags = doctor_text(sources, "%s", now);
	free(ever);
	free(now);
}

/* ---- BFD ---- */

static const struct api_bfd_session *find_session(
	const struct dump *sessions, uint32_t interface, int family, bool any)
{
	for (size_t i = 0; i < sessions->count; i++) {
		const struct api_bfd_session *session = dump_row(sessions, i);

		if (session->interface == interface &&
			(any ? session->local_discriminator == 0
			     : session->local_discriminator != 0 && session->family == family))
			return session;
	}
	return NULL;
}

/* Why packets were refused between the looks; NULL: none was. */
static const char *refused_between(
	const struct api_bfd_session *before, const struct api_bfd_session *after)
{
	for (unsigned int i = 0; before != NULL && after != NULL && i < API_BFD_REFUSALS_MAX; i++)
		if (after->refused[i] > before->refused[i] && api_bfd_refusal_text(i) != NULL)
			return api_bfd_refusal_text(i);
	return NULL;
}

/* What the peer sends may be refused as its session's, or as nobody's. */
static const char *refused(const struct doctor_sources *sources, uint32_t interface, int family)
{
	const struct dump *looks = sources->sessions;
	const char *own =
		refused_between(find_session(&looks[LOOK_FIRST], interface, family, false),
			find_session(&looks[LOOK_SECOND], interface, family, false));

	return own != NULL
		       ? own
		       : refused_between(find_session(&looks[LOOK_FIRST], interface, family, true),
				 find_session(&looks[LOOK_SECOND], interface, family, true));
}

static void fill_bfd(const struct doctor_sources *sources, struct doctor_bfd *bfd,
	uint32_t interface, int family)
{
	const struct api_bfd_session *session =
		find_session(&sources->sessions[LOOK_SECOND], interface, family, false);

	if (session == NULL)
		return;
	bfd->state = api_bfd_state_name(session->state);
	bfd->remote = api_bfd_state_name(session->remote_state);
	bfd->diagnostic = api_bfd_diag_text(session->diag);
	bfd->remote_diagnostic = api_bfd_diag_text(session->remote_diag);
	bfd->heard = session->silence_us < HEARD_US;
	bfd->min_tx_ms = session->min_tx_us / 1000;
	bfd->multiplier = session->multiplier;
	bfd->remote_min_tx_ms = session->remote_min_tx_us / 1000;
	bfd->remote_multiplier = session->remote_multiplier;
	bfd->detection_ms = (uint32_t)(session->detection_us / 1000);
	bfd->refused = refused(sources, interface, family);
}

/* ---- neighbours and paths ---- */

static const struct api_path *find_path(const struct dump *paths, uint32_t interface, int family)
{
	for (size_t i = 0; i < paths->count; i++) {
		const struct api_path *path = dump_row(paths, i);

		if (path->interface == interface && path->family == family)
			return path;
	}
	return NULL;
}

/* While control, who knows the kernel's word, is away. */
static void fill_neighbour(
	struct doctor_sources *sources, struct doctor_family *family, const struct api_path *path)
{
	char text[INET6_ADDRSTRLEN], mac[UNITS_MAX];

	if (inet_ntop(path->family, path->address, text, sizeof(text)) != NULL)
		family->peer = doctor_text(sources, "%s", text);
	for (size_t i = 0; i < sources->adjacencies.count; i++) {
		const struct api_adjacency *adjacency = dump_row(&sources->adjacencies, i);

		if (adjacency->interface != path->interface || adjacency->family != path->family ||
			memcmp(adjacency->address, path->address, sizeof(path->address)) != 0)
			continue;
		family->neighbour = adjacency->resolved ? "resolved" : "unresolved";
		if (adjacency->resolved)
			family->mac = doctor_text(sources, "%s", units_mac(adjacency->mac, mac));
	}
}

static void fill_path(
	struct doctor_sources *sources, struct doctor_family *family, const struct api_path *path)
{
	char text[64];

	if (path->down != 0)
		family->path_down = doctor_text(
			sources, "%s", api_path_down_text(path->down, text, sizeof(text)));
	if (family->peer == NULL && sources->control_away != NULL)
		fill_neighbour(sources, family, path);
}

/* ---- the link ---- */

static uint32_t test_left_s(const struct dump *tests, uint32_t interface)
{
	for (size_t i = 0; i < tests->count; i++) {
		const struct api_link_test *test = dump_row(tests, i);

		if (test->interface == interface && test->running != 0)
			return (uint32_t)(test->left_us / 1000000) + 1;
	}
	return 0;
}

static void fill_families(
	struct doctor_sources *sources, struct doctor_link *link, const struct api_port *port)
{
	const struct api_interface *interface = find_interface(&sources->interfaces, link->name);
	char own[UNITS_MAX];

	units_mac(port->mac, own);
	for (unsigned int i = 0; i < 2; i++) {
		struct doctor_family *family = &link->families[i];
		int number = i == 0 ? AF_INET : AF_INET6;
		const struct api_path *path = find_path(&sources->paths, interface->id, number);

		if (path != NULL)
			fill_path(sources, family, path);
		fill_bfd(sources, &family->bfd, interface->id, number);
		family->own_mac = family->mac != NULL && strcmp(family->mac, own) == 0;
	}
}

void doctor_link_fill(struct doctor_sources *sources, struct doctor_link *link)
{
	const struct api_interface *interface = find_interface(&sources->interfaces, link->name);
	const struct api_port *port = find_port(&sources->ports, interface, link->port);

	link->port_there = port != NULL;
	link->interface_there = interface != NULL;
	if (port != NULL) {
		link->port = port->name;
		link->carrier = port->link_up != 0;
	}
	if (interface == NULL || port == NULL)
		return;
	link->s_tag = interface->s_tag;
	link->c_tag = interface->c_tag;
	link->test_left_s = test_left_s(&sources->tests, interface->id);
	fill_counters(sources, link, interface->id, port->id);
	fill_tags(sources, link, port);
	fill_families(sources, link, port);
}

/* ---- without control ---- */

/* The peering of a link, made when it is its first. NULL: there is no room. */
static struct doctor_peering *peering_of(
	struct doctor_sources *sources, struct doctor_facts *facts, const char *link)
{
	const char *slash = strrchr(link, '/');
	int length = slash != NULL ? (int)(slash - link) : (int)strlen(link);
	struct doctor_peering *peering;

	for (unsigned int i = 0; i < facts->peering_count; i++)
		if (strncmp(facts->peerings[i].name, link, (size_t)length) == 0 &&
			facts->peerings[i].name[length] == '\0')
			return &facts->peerings[i];
	if (facts->peering_count == DOCTOR_PEERINGS)
		return NULL;
	peering = &facts->peerings[facts->peering_count++];
	peering->name = doctor_text(sources, "%.*s", length, link);
	return peering;
}

void doctor_links_found(
	const char *address, struct doctor_sources *sources, struct doctor_facts *facts)
{
	for (size_t i = 0; i < sources->interfaces.count; i++) {
		const struct api_interface *interface = dump_row(&sources->interfaces, i);
		struct doctor_peering *peering;

		if (interface->circuit[0] == '\0' || !address_covers(address, interface->name))
			continue;
		peering = peering_of(sources, facts, interface->name);
		if (peering == NULL || peering->link_count == DOCTOR_LINKS)
			continue;
		peering->links[peering->link_count].name = interface->name;
		doctor_link_fill(sources, &peering->links[peering->link_count++]);
	}
}
