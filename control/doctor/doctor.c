/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/doctor/rules.h"

struct doctor_finding *doctor_add(struct doctor_case *at, enum doctor_verdict verdict,
	enum doctor_side side, const char *where, const char *word, const char *format, ...)
{
	struct doctor_report *report = at->report;
	struct doctor_finding *finding = &report->findings[report->count];
	va_list arguments;

	/* There is room for every rule once; the last place takes what a mistake here would add. */
	if (report->count + 1 < DOCTOR_FINDINGS_MAX)
		report->count++;
	memset(finding, 0, sizeof(*finding));
	finding->layer = at->layer;
	finding->verdict = verdict;
	finding->side = side;
	snprintf(finding->where, sizeof(finding->where), "%s%s%s", where, word != NULL ? " " : "",
		word != NULL ? word : "");
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	return finding;
}

void doctor_next(struct doctor_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->next, sizeof(finding->next), format, arguments);
	va_end(arguments);
}

enum doctor_side doctor_line_side(const struct doctor_facts *facts)
{
	/* Without control nobody knows; most circuits come by a provider. */
	return facts->by_provider || facts->control_away != NULL ? SIDE_PROVIDER : SIDE_CUSTOMER;
}

const char *doctor_whom(enum doctor_side side)
{
	static const char *const names[] = {[SIDE_NONE] = "",
		[SIDE_OURS] = "the operator",
		[SIDE_PROVIDER] = "the provider",
		[SIDE_CUSTOMER] = "the customer"};

	return names[side];
}

const char *doctor_family_name(unsigned int family)
{
	return family == 0 ? "ipv4" : "ipv6";
}

bool doctor_link_lives(const struct doctor_link *link)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct doctor_family *family = &link->families[i];

		if (family->bfd.state != NULL && strcmp(family->bfd.state, "up") == 0)
			return true;
		if (family->bgp.state != NULL && strcmp(family->bgp.state, "Established") == 0)
			return true;
	}
	return false;
}

/* ---- the order ---- */

typedef void (*link_rule)(struct doctor_case *at, const struct doctor_link *link);
typedef void (*family_rule)(
	struct doctor_case *at, const struct doctor_link *link, unsigned int family);
typedef void (*peering_rule)(struct doctor_case *at, const struct doctor_peering *peering);

static const struct {
	peering_rule peering;
	link_rule link;
	family_rule family;
} rules[DOCTOR_LAYERS] = {
	[DOCTOR_PORT] = {.link = doctor_port},
	[DOCTOR_CARRIER] = {.link = doctor_carrier},
	[DOCTOR_TAG] = {.link = doctor_tag},
	[DOCTOR_NEIGHBOUR] = {.family = doctor_neighbour},
	[DOCTOR_BFD] = {.family = doctor_bfd},
	[DOCTOR_BGP] = {.family = doctor_bgp},
	[DOCTOR_FILTER] = {.peering = doctor_filter},
	[DOCTOR_ROUTES] = {.peering = doctor_routes, .link = doctor_learned},
	[DOCTOR_FIB] = {.peering = doctor_fib, .link = doctor_path},
	[DOCTOR_POLICER] = {.link = doctor_policer},
	[DOCTOR_DROPS] = {.link = doctor_drops},
};

/* What is on another edge is judged there; what the dataplane has not got has no layers above the
 * port. */
static bool is_judged(const struct doctor_case *at, const struct doctor_link *link)
{
	if (at->layer == DOCTOR_PORT)
		return true;
	return link->edge == NULL && link->interface_there && link->port_there;
}

static void judge_link(struct doctor_case *at, const struct doctor_link *link)
{
	if (!is_judged(at, link))
		return;
	if (rules[at->layer].link != NULL)
		rules[at->layer].link(at, link);
	for (unsigned int i = 0; i < 2 && rules[at->layer].family != NULL; i++)
		if (link->families[i].peer != NULL)
			rules[at->layer].family(at, link, i);
}

/* A peering whose links are all elsewhere has no domain here. */
static bool is_here(const struct doctor_peering *peering)
{
	for (unsigned int i = 0; i < peering->link_count; i++)
		if (peering->links[i].edge == NULL)
			return true;
	return false;
}

static void judge_peering(struct doctor_case *at, const struct doctor_peering *peering)
{
	if (rules[at->layer].peering != NULL && is_here(peering))
		rules[at->layer].peering(at, peering);
	for (unsigned int i = 0; i < peering->link_count; i++)
		judge_link(at, &peering->links[i]);
}

void doctor_examine(const struct doctor_facts *facts, struct doctor_report *report)
{
	struct doctor_case at = {.facts = facts, .report = report, .layer = DOCTOR_EDGE};
	bool forwards = facts->control_away != NULL || facts->forwards;

	report->count = 0;
	doctor_edge(&at);
	at.layer = DOCTOR_CIRCUIT;
	doctor_circuit(&at);
	/* What does not forward has nothing to look at; neither has anything without a dataplane.
	 */
	if (facts->dataplane_away != NULL || !forwards)
		return;
	for (unsigned int layer = DOCTOR_PORT; layer < DOCTOR_LAYERS; layer++) {
		at.layer = (enum doctor_layer)layer;
		for (unsigned int i = 0; i < facts->peering_count; i++)
			judge_peering(&at, &facts->peerings[i]);
	}
}

const struct doctor_finding *doctor_first(const struct doctor_report *report)
{
	const struct doctor_finding *first = NULL;

	for (unsigned int i = 0; i < report->count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		if (finding->verdict < DOCTOR_WARN)
			continue;
		if (first == NULL || finding->verdict > first->verdict)
			first = finding;
	}
	return first;
}

/* ---- names ---- */

const char *doctor_layer_name(enum doctor_layer layer)
{
	static const char *const names[] = {[DOCTOR_EDGE] = "edge",
		[DOCTOR_CIRCUIT] = "circuit",
		[DOCTOR_PORT] = "port",
		[DOCTOR_CARRIER] = "carrier",
		[DOCTOR_TAG] = "tag",
		[DOCTOR_NEIGHBOUR] = "neighbour",
		[DOCTOR_BFD] = "bfd",
		[DOCTOR_BGP] = "bgp",
		[DOCTOR_FILTER] = "filter",
		[DOCTOR_ROUTES] = "routes",
		[DOCTOR_FIB] = "fib",
		[DOCTOR_POLICER] = "policer",
		[DOCTOR_DROPS] = "drops"};

	return names[layer];
}

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
	static const char *const names[] = {[DOCTOR_OK] = "ok",
		[DOCTOR_UNKNOWN] = "unknown",
		[DOCTOR_WARN] = "warn",
		[DOCTOR_WRONG] = "wrong"};

	return names[verdict];
}

const char *doctor_side_name(enum doctor_side side)
{
	static const char *const names[] = {[SIDE_NONE] = "",
		[SIDE_OURS] = "ours",
		[SIDE_PROVIDER] = "provider",
		[SIDE_CUSTOMER] = "customer"};

	return names[side];
}
