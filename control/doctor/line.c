/* SPDX-License-Identifier: BSD-3-Clause */
/* From the port to the neighbour's address. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/doctor/rules.h"

#define TAGS_MAX 48u

/* "S-tag 100, C-tag 200", "VLAN 300" */
static const char *tags_text(const struct doctor_link *link, char text[TAGS_MAX])
{
	if (link->s_tag != 0)
		snprintf(text, TAGS_MAX, "S-tag %u, C-tag %u", link->s_tag, link->c_tag);
	else if (link->c_tag != 0)
		snprintf(text, TAGS_MAX, "VLAN %u", link->c_tag);
	else
		snprintf(text, TAGS_MAX, "no tag");
	return text;
}

/* ---- port ---- */

void doctor_port(struct doctor_case *at, const struct doctor_link *link)
{
	struct doctor_finding *finding;

	if (link->edge != NULL) {
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, link->name, NULL,
			"on edge %s; ask `onramp doctor %s` there", link->edge, link->name);
	} else if (!link->port_there || !link->interface_there) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, link->name, NULL,
			link->port_there
				? "the dataplane has port %s, but not this link"
				: "the dataplane has no port %s: its device is missing or refused",
			link->port != NULL ? link->port : "of it");
		doctor_next(finding, "see `onramp show ports` and `onramp show status`");
	} else if (link->test_left_s != 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, link->name, NULL,
			"a failure test holds all its packets back for %u s more",
			link->test_left_s);
		doctor_next(finding, "onramp link test %s --stop", link->name);
	} else if (link->draining) {
		finding = doctor_add(at, DOCTOR_WARN, SIDE_OURS, link->name, NULL,
			"drained: used only where no other link is left");
		doctor_next(finding, "onramp link undrain %s", link->name);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL, "port %s",
			link->port != NULL ? link->port : "there");
	}
}

void doctor_carrier(struct doctor_case *at, const struct doctor_link *link)
{
	enum doctor_side side = doctor_line_side(at->facts);
	struct doctor_finding *finding;

	if (link->carrier) {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL, "the port has a link");
		return;
	}
	finding = doctor_add(
		at, DOCTOR_WRONG, side, link->name, NULL, "port %s has no light", link->port);
	doctor_next(finding,
		"check the optic and the cable on our side, then write to %s: \"Our port %s gets "
		"no "
		"light from you. Do you see light from us, and is your port enabled?\"",
		doctor_whom(side), link->port);
}

/* ---- tag ---- */

/* Nothing of BFD or BGP is up: does a neighbour's answer show that frames pass? One that is being
 * probed shows nothing. */
static bool has_neighbour(const struct doctor_link *link)
{
	static const char *const sure[] = {"reachable", "stale", "permanent", "resolved"};

	for (unsigned int i = 0; i < 2; i++)
		for (size_t s = 0; s < sizeof(sure) / sizeof(sure[0]); s++)
			if (link->families[i].neighbour != NULL &&
				strcmp(link->families[i].neighbour, sure[s]) == 0)
				return true;
	return false;
}

/* ": VLAN 300", or nothing where they are not known. */
#define NAMED(tags) ((tags) != NULL ? ": " : ""), ((tags) != NULL ? (tags) : "")

static void other_tags(struct doctor_case *at, const struct doctor_link *link)
{
	const char *others = link->moved.other_tags;
	char tags[TAGS_MAX];
	struct doctor_finding *finding =
		doctor_add(at, DOCTOR_WRONG, SIDE_CUSTOMER, link->name, NULL,
			"no frame with %s arrives, but %" PRIu64
			" came on port %s with tags that no link has%s%s",
			tags_text(link, tags), link->moved.unknown_tags, link->port, NAMED(others));

	doctor_next(finding,
		"write to the customer: \"On %s we wait for frames with %s, and get others%s%s. "
		"Which tags does your router send?\" (the provider may have exchanged them on the "
		"way)",
		link->name, tags, NAMED(others));
}

static void silence(struct doctor_case *at, const struct doctor_link *link)
{
	enum doctor_side side = doctor_line_side(at->facts);
	char tags[TAGS_MAX];
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, side, link->name, NULL,
		"no frame with %s arrives%s; with tags that no link has, %" PRIu64
		" came on port %s so far%s%s",
		tags_text(link, tags), link->rx == 0 ? ", nor ever did" : "", link->unknown_tags,
		link->port, NAMED(link->other_tags));

	doctor_next(finding,
		"write to %s: \"The light is on, but nothing arrives on %s with %s. Is it "
		"connected "
		"through, with these tags?\"",
		doctor_whom(side), link->name, tags);
}

void doctor_tag(struct doctor_case *at, const struct doctor_link *link)
{
	char tags[TAGS_MAX];

	tags_text(link, tags);
	if (link->moved.rx != 0)
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL,
			"%" PRIu64 " frames with %s in %.1f s", link->moved.rx, tags,
			link->moved.span_ms / 1000.0);
	else if (link->test_left_s != 0)
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, link->name, NULL,
			"not looked at during a failure test");
	else if (doctor_link_lives(link))
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL,
			"quiet just now; %" PRIu64 " frames with %s so far", link->rx, tags);
	else if (link->moved.unknown_tags != 0)
		other_tags(at, link);
	else if (link->rx != 0 && has_neighbour(link))
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, NULL,
			"nothing just now; %" PRIu64 " frames with %s so far", link->rx, tags);
	else
		silence(at, link);
}

/* ---- neighbour ---- */

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

/* The kernel's words, and the dataplane's while control is away. */
static bool is_resolved(const char *state)
{
	static const char *const words[] = {
		"reachable", "stale", "delay", "probe", "permanent", "resolved", NULL};

	return is_one_of(state, words);
}

static void unanswered(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_family *family = &link->families[number];
	const char *protocol = number == 0 ? "ARP" : "Neighbor Discovery";
	struct doctor_finding *finding;

	if (family->stranger != NULL) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_CUSTOMER, link->name,
			doctor_family_name(number),
			"%s does not answer %s, but somebody speaks as %s (%s)", family->peer,
			protocol, family->stranger, family->stranger_mac);
		doctor_next(finding,
			"write to the customer: \"Your router on %s has the address %s. It should "
			"have %s.\"",
			link->name, family->stranger, family->peer);
		return;
	}
	finding = doctor_add(at, DOCTOR_WRONG, SIDE_CUSTOMER, link->name,
		doctor_family_name(number), "%s does not answer %s", family->peer, protocol);
	doctor_next(finding,
		"write to the customer: \"Your router does not answer %s for %s on %s. Has its "
		"interface this address, and is it up?\"",
		protocol, family->peer, link->name);
}

void doctor_neighbour(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_family *family = &link->families[number];
	const char *name = doctor_family_name(number);
	struct doctor_finding *finding;

	if (family->neighbour == NULL) {
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, link->name, name,
			"the neighbour is not known while control is away");
	} else if (!is_resolved(family->neighbour)) {
		unanswered(at, link, number);
	} else if (family->own_mac) {
		enum doctor_side side = doctor_line_side(at->facts);

		finding = doctor_add(at, DOCTOR_WRONG, side, link->name, name,
			"%s answers with this port's own MAC address %s: frames come back",
			family->peer, family->mac);
		doctor_next(finding,
			"write to %s: \"What we send on %s comes back to us. Is there a loop?\"",
			doctor_whom(side), link->name);
	} else if (family->stranger != NULL && family->mac != NULL &&
		   strcmp(family->stranger_mac, family->mac) != 0) {
		finding = doctor_add(at, DOCTOR_WARN, SIDE_CUSTOMER, link->name, name,
			"%s is at %s, and another station at %s speaks as %s", family->peer,
			family->mac, family->stranger_mac, family->stranger);
		doctor_next(finding,
			"write to the customer: \"Besides your router there is %s (%s) on %s. What "
			"is it?\"",
			family->stranger, family->stranger_mac, link->name);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, name, "%s is at %s (%s)",
			family->peer, family->mac != NULL ? family->mac : "a known address",
			family->neighbour);
	}
}
