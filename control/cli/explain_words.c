/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An explanation in words: a row for each step that the packet took, and one for how it ends.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/explain.h"
#include "control/cli/routes.h"
#include "control/cli/units.h"

enum { TEXT = 1024, PREFIX = INET6_ADDRSTRLEN + 4 };

struct account {
	const struct explain_names *names;
	const struct api_interface *in;
	const struct api_explanation *explanation;
	const json_t *sessions;
	json_t *steps;
};

static void add(const struct account *account, const char *step, const char *verdict,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(const struct account *account, const char *step, const char *verdict,
	const char *format, ...)
{
	char why[TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	json_array_append_new(account->steps,
		json_pack("{s:s, s:s, s:s}", "step", step, "verdict", verdict, "why", why));
}

/* More of a text of TEXT bytes that has `length`. Returns its new length. */
static size_t append(char *text, size_t length, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static size_t append(char *text, size_t length, const char *format, ...)
{
	va_list arguments;
	int more;

	va_start(arguments, format);
	more = vsnprintf(text + length, TEXT - length, format, arguments);
	va_end(arguments);
	return more < 0 || length + (size_t)more >= TEXT ? TEXT - 1 : length + (size_t)more;
}

/* ---- the way in ---- */

static void add_tags(const struct account *account, const char *verdict)
{
	const struct api_interface *in = account->in;
	const char *port = dump_port_name(&account->names->ports, in->port);
	const char *domain = explain_domain(account->names, in->vrf);

	if (in->s_tag != API_TAG_NONE)
		add(account, "tags", verdict, "port %s, S-tag %u and C-tag %u: domain %s", port,
			in->s_tag, in->c_tag, domain);
	else if (in->c_tag != API_TAG_NONE)
		add(account, "tags", verdict, "port %s, VLAN %u: domain %s", port, in->c_tag,
			domain);
	else
		add(account, "tags", verdict, "port %s, untagged: domain %s", port, domain);
}

static void add_local(const struct account *account, const char *verdict, bool passes)
{
	add(account, "for us", verdict, "%s",
		passes ? "not to this link's own addresses" : "to an address of this link itself");
}

static const char *found_text(
	const struct account *account, const struct api_found *found, char text[TEXT])
{
	char prefix[PREFIX];

	if (found->group == API_GROUP_NONE)
		snprintf(text, TEXT, "no route in %s",
			explain_domain(account->names, account->explanation->vrf));
	else if (explain_prefix(account->explanation, found, prefix) == NULL)
		snprintf(text, TEXT, "a route that changes this moment");
	else
		snprintf(text, TEXT, "%s, %s%s%s", prefix, route_origin_name(found->origin),
			found->leaked_from != 0 ? ", leaked from " : "",
			found->leaked_from != 0 ? explain_domain(account->names, found->leaked_from)
						: "");
	return text;
}

static void add_source(const struct account *account, const char *verdict, bool passes)
{
	const struct api_explanation *explanation = account->explanation;
	const char *domain = explain_domain(account->names, explanation->vrf);
	bool strict = explanation->urpf == API_URPF_STRICT;
	char text[TEXT];

	if (explanation->urpf == API_URPF_OFF) {
		add(account, "source", verdict, "uRPF is off");
		return;
	}
	found_text(account, &explanation->source, text);
	if (explanation->source.group == API_GROUP_NONE || !strict)
		add(account, "source", verdict, "uRPF %s: the way back is %s",
			strict ? "strict" : "loose", text);
	else
		add(account, "source", verdict, "uRPF strict: the way back is %s, %s a link of %s",
			text, passes ? "by" : "not by", domain);
}

/* ---- the route ---- */

static const char *target_text(uint32_t group)
{
	switch (group) {
	case API_GROUP_NONE:
		return "";
	case API_GROUP_RECEIVE:
		return ": an address of the edge itself";
	case API_GROUP_BLACKHOLE:
		return ": to be discarded";
	case API_GROUP_GLEAN:
		return ": on the link, a neighbour that is not known yet";
	case API_GROUP_GLEAN_LEAKED:
		return ": on a link of a connected network, a neighbour that is not known yet";
	default:
		return "";
	}
}

static void add_route(const struct account *account, const char *verdict)
{
	const struct api_found *route = &account->explanation->route;
	char text[TEXT];

	add(account, "route", verdict, "%s%s", found_text(account, route, text),
		target_text(route->group));
}

static size_t append_announcer(const struct account *account, char *text, size_t length,
	const struct api_adjacency *member)
{
	const json_t *row =
		explain_announcer(account->names, account->explanation, member, account->sessions);

	if (row == NULL)
		return length;
	return append(text, length, " (announced by %s, AS %" JSON_INTEGER_FORMAT ")",
		json_string_value(json_object_get(row, "neighbour")),
		json_integer_value(json_object_get(row, "asn")));
}

static size_t append_member(
	const struct account *account, char *text, size_t length, uint32_t number)
{
	const struct api_explanation *explanation = account->explanation;
	uint32_t id = explanation->members[number].adjacency;
	const struct api_adjacency *member = explain_find(&account->names->adjacencies, id);
	char address[INET6_ADDRSTRLEN], down[64];
	const char *link;

	if (member == NULL)
		return length;
	link = explain_link(account->names, member->interface);
	inet_ntop(member->family, member->address, address, sizeof(address));
	api_path_down_text((uint8_t)explanation->members[number].down, down, sizeof(down));
	length = append(text, length, "%s%s on %s: %s", length > 0 ? "; " : "", address, link,
		explain_use(explanation->members[number].use));
	if (down[0] != '\0' && explanation->members[number].use == API_MEMBER_DEAD)
		length = append(text, length, " by %s", down);
	if (id == explanation->chosen && explanation->member_count > 1)
		length = append(text, length, ", chosen for this flow");
	return append_announcer(account, text, length, member);
}

static void add_members(const struct account *account, const char *verdict)
{
	const struct api_explanation *explanation = account->explanation;
	char text[TEXT] = "";
	size_t length = 0;

	for (uint32_t i = 0; i < explanation->member_count && i < API_EXPLAIN_MEMBERS; i++)
		length = append_member(account, text, length, i);
	add(account, "next hop", verdict, "%s", length > 0 ? text : "the route has none");
}

/* ---- the way out ---- */

static void add_egress(const struct account *account, const char *verdict)
{
	const struct api_explanation *explanation = account->explanation;

	add(account, "egress", verdict, "%u bytes by %s, whose MTU is %u", explanation->l3_bytes,
		explain_link(account->names, explanation->out_interface), explanation->mtu);
}

static const char *policer_name(const struct account *account, uint32_t id)
{
	const struct api_policer *policer = explain_find(&account->names->policers, id);

	return policer != NULL ? policer->name : "?";
}

static void add_policers(const struct account *account, const char *verdict, bool passes)
{
	const struct api_explanation *explanation = account->explanation;
	uint32_t in = explanation->policer_in, out = explanation->policer_out;
	char text[TEXT] = "";
	size_t length = 0;

	if (in != 0)
		length = append(text, length, "%s", policer_name(account, in));
	if (out != 0)
		length = append(text, length, "%s%s", length > 0 ? " and " : "",
			policer_name(account, out));
	if (length == 0)
		add(account, "policer", verdict, "neither link has a limit");
	else if (passes)
		add(account, "policer", verdict, "%s: credit at hand", text);
	else
		add(account, "policer", verdict, "%s: no credit this moment",
			policer_name(account, out != 0 ? out : in));
}

static size_t append_mac(char *text, size_t length, const uint8_t *mac)
{
	char words[UNITS_MAX];

	return append(text, length, "%s", units_mac(mac, words));
}

/* Everything between the MAC addresses and the EtherType is tags. */
static void add_rewrite(const struct account *account, const char *verdict)
{
	const struct api_explanation *explanation = account->explanation;
	const uint8_t *layer2 = explanation->layer2;
	char text[TEXT] = "to ";
	size_t length = strlen(text);

	length = append_mac(text, length, layer2);
	length = append_mac(text, append(text, length, " from "), layer2 + 6);
	if (explanation->layer2_bytes <= 14)
		length = append(text, length, ", untagged");
	for (uint32_t i = 12; i + 6 <= explanation->layer2_bytes; i += 4)
		length = append(text, length, ", tag %u (0x%02x%02x)",
			(layer2[i + 2] & 15u) << 8 | layer2[i + 3], layer2[i], layer2[i + 1]);
	add(account, "rewrite", verdict, "%s", text);
}

/* ---- all of it ---- */

static void add_step(const struct account *account, enum api_step step, const char *verdict)
{
	bool passes = strcmp(verdict, "pass") == 0;

	switch (step) {
	case API_STEP_TAGS:
		add_tags(account, verdict);
		break;
	case API_STEP_HEADER:
		add(account, "header", verdict, "a whole IP packet, its checksum right");
		break;
	case API_STEP_LOCAL:
		add_local(account, verdict, passes);
		break;
	case API_STEP_MARTIAN:
		add(account, "martian", verdict, "%s",
			passes ? "both addresses may be routed"
			       : "an address that no router forwards");
		break;
	case API_STEP_SOURCE:
		add_source(account, verdict, passes);
		break;
	case API_STEP_TEST:
		add(account, "link test", verdict, "%s",
			passes ? "none runs on this link" : "one runs: nothing comes by this link");
		break;
	case API_STEP_ROUTE:
		add_route(account, verdict);
		break;
	case API_STEP_MEMBER:
		add_members(account, verdict);
		break;
	case API_STEP_EGRESS:
		add_egress(account, verdict);
		break;
	case API_STEP_POLICER:
		add_policers(account, verdict, passes);
		break;
	case API_STEP_REWRITE:
	default:
		add_rewrite(account, verdict);
	}
}

static void add_drop(const struct account *account)
{
	const struct api_explanation *explanation = account->explanation;
	enum api_drop_reason reason = (enum api_drop_reason)explanation->reason;
	char told[80] = "";

	if (explanation->told)
		snprintf(told, sizeof(told),
			" The sender is told by ICMP, %u times a second at most.",
			explanation->budget_pps);
	if (reason < API_DROP_COUNT)
		add(account, "outcome", "dropped", "%s: %s%s", api_drop_name(reason),
			api_drop_text(reason), told);
	else
		add(account, "outcome", "dropped", "for a reason that this command does not know");
}

static void add_outcome(const struct account *account)
{
	const struct api_explanation *explanation = account->explanation;

	switch (explanation->outcome) {
	case API_OUTCOME_SENT:
	case API_OUTCOME_FRAGMENTED:
		add(account, "outcome", "sent", "by %s on port %s%s",
			explain_link(account->names, explanation->out_interface),
			dump_port_name(&account->names->ports, explanation->out_port),
			explanation->outcome == API_OUTCOME_SENT ? "" : ", in fragments");
		break;
	case API_OUTCOME_PUNTED:
		add(account, "outcome", "punted",
			"for the edge itself; this link's budget for %s is %u packets a second",
			explain_budget(explanation->budget), explanation->budget_pps);
		break;
	default:
		add_drop(account);
	}
}

json_t *explain_answer(const struct explain_names *names, const struct api_interface *interface,
	const struct api_explanation *explanation, const json_t *sessions)
{
	static const char *const verdicts[] = {[API_OUTCOME_SENT] = "pass",
		[API_OUTCOME_FRAGMENTED] = "pass",
		[API_OUTCOME_PUNTED] = "punt",
		[API_OUTCOME_DROPPED] = "drop"};
	struct account account = {names, interface, explanation, sessions, json_array()};
	uint32_t last = explanation->step;
	json_t *answer = json_object();

	for (uint32_t step = 0; step < last && step < API_STEP_COUNT; step++)
		add_step(&account, (enum api_step)step, "pass");
	if (last < API_STEP_COUNT && explanation->outcome <= API_OUTCOME_DROPPED)
		add_step(&account, (enum api_step)last, verdicts[explanation->outcome]);
	add_outcome(&account);
	explain_facts(answer, names, interface, explanation, sessions);
	json_object_set_new(answer, "steps", account.steps);
	return answer;
}
