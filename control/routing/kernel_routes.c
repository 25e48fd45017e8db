/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_state.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

/* A route's stamp: the generation that saw it last, and whether by a notification, which beats
 * the rows of that generation's dump. */
static uint32_t stamp(const struct kernel *kernel, bool row)
{
	return kernel->generation << 1 | !row;
}

static bool is_imported(uint8_t protocol)
{
	return protocol == RTPROT_KERNEL || protocol == KERNEL_PROTOCOL_BGP ||
	       protocol == KERNEL_PROTOCOL_STATIC;
}

void kernel_entry_prefix(const struct route_entry *entry, struct ip *prefix)
{
	prefix->family = entry->family;
	prefix->prefix_len = entry->prefix_len;
	memcpy(prefix->address, entry->address, sizeof(prefix->address));
}

/* The kernel's choice for a prefix. */
uint32_t kernel_best_route(const struct kernel *kernel, uint32_t entry)
{
	while (entry != ROUTE_NONE && kernel->routes.entries[entry].deleted)
		entry = kernel->routes.entries[entry].next;
	return entry;
}

static bool is_live(const struct kernel *kernel, uint32_t ifindex)
{
	const struct link_row *link = kernel_find_link(kernel, ifindex);

	return link && link->parsed.link.running;
}

/* Own addresses are received on, whatever their link; only what is sent needs a running one. */
static void fill_route(const struct kernel *kernel, uint32_t entry, struct kernel_route *route)
{
	const struct route_entry *from = &kernel->routes.entries[entry];
	const struct next_hop_set *set = route_next_hops(&kernel->routes, entry);

	kernel_entry_prefix(from, &route->prefix);
	route->protocol = from->protocol;
	route->kind = from->kind;
	route->metric = from->metric;
	route->count = 0;
	for (uint8_t i = 0; i < set->count; i++) {
		if (from->kind == RTN_UNICAST && !is_live(kernel, set->next_hops[i].ifindex))
			continue;
		route->next_hops[route->count++] = set->next_hops[i];
	}
}

/* The kernel's choice for this prefix now. */
static uint32_t best_of(const struct kernel *kernel, const struct ip *prefix)
{
	return kernel_best_route(kernel, route_table_find(&kernel->routes, prefix));
}

static void report_best(struct kernel *kernel, const struct ip *prefix, uint32_t best)
{
	struct kernel_route route;

	if (best == ROUTE_NONE) {
		memset(&route, 0, sizeof(route));
		route.prefix = *prefix;
	} else {
		fill_route(kernel, best, &route);
	}
	kernel->callbacks.route(kernel->context, &route, best == ROUTE_NONE);
}

void kernel_report(struct kernel *kernel, const struct ip *prefix)
{
	report_best(kernel, prefix, best_of(kernel, prefix));
}

/* On-link routes of one prefix and metric stand side by side, one an interface; all others of
 * that key replace each other. */
static uint32_t discriminator(
	uint8_t count, const struct kernel_next_hop *next_hops, uint32_t object)
{
	return count == 1 && object == 0 && next_hops[0].via.family == 0 ? next_hops[0].ifindex : 0;
}

static bool has_key(const struct kernel *kernel, uint32_t entry, const struct parsed_route *parsed)
{
	const struct route_entry *at = &kernel->routes.entries[entry];

	return at->metric == parsed->route.metric && at->local == parsed->local;
}

/* first: of the prefix's chain. */
static uint32_t find_same(
	const struct kernel *kernel, const struct parsed_route *parsed, uint32_t first)
{
	uint32_t wanted = discriminator(
		parsed->route.count, parsed->route.next_hops, parsed->next_hop_object);
	uint32_t entry = first;

	for (; entry != ROUTE_NONE; entry = kernel->routes.entries[entry].next) {
		const struct next_hop_set *set = route_next_hops(&kernel->routes, entry);

		if (has_key(kernel, entry, parsed) &&
			discriminator(set->count, set->next_hops,
				kernel->routes.entries[entry].next_hop_object) == wanted)
			return entry;
	}
	return ROUTE_NONE;
}

/* Takes an entry out, or hides it while rows that are older than its deletion may follow. */
static void remove_entry(struct kernel *kernel, uint32_t entry)
{
	struct route_entry *removed = &kernel->routes.entries[entry];

	if (removed->aliased)
		kernel_resync(kernel); /* another route of this key may be left */
	if (kernel_is_dumping(kernel)) {
		removed->deleted = true;
		removed->stamp = stamp(kernel, false);
	} else {
		route_table_remove(&kernel->routes, entry);
	}
}

/* NLM_F_REPLACE replaced whatever had the key, without saying what that was. */
static void replace_others(struct kernel *kernel, const struct parsed_route *parsed, uint32_t same)
{
	uint32_t entry = route_table_find(&kernel->routes, &parsed->route.prefix);
	unsigned int replaced = 0;

	while (entry != ROUTE_NONE) {
		uint32_t next = kernel->routes.entries[entry].next;

		if (entry != same && has_key(kernel, entry, parsed) &&
			!kernel->routes.entries[entry].deleted) {
			remove_entry(kernel, entry);
			replaced++;
		}
		entry = next;
	}
	if (replaced > 1 || (replaced == 1 && same != ROUTE_NONE))
		kernel_resync(kernel); /* only one of them was */
}

static bool write_entry(
	struct kernel *kernel, uint32_t entry, const struct parsed_route *parsed, bool row)
{
	struct route_entry *at = &kernel->routes.entries[entry];
	bool different = at->protocol != parsed->route.protocol || at->kind != parsed->route.kind ||
			 at->deleted || at->next_hop_object != parsed->next_hop_object;
	bool moved = false;

	if (route_table_set_next_hops(&kernel->routes, entry, parsed->route.next_hops,
		    parsed->route.count, &moved) < 0) {
		log_error("kernel", "no memory for a route's next hops");
		kernel_resync(kernel);
	}
	at->protocol = parsed->route.protocol;
	at->kind = parsed->route.kind;
	at->next_hop_object = parsed->next_hop_object;
	at->deleted = false;
	at->stamp = stamp(kernel, row);
	return different || moved;
}

/* Whether the kernel holds this one behind the one that is known already. */
static bool is_alias(const struct kernel *kernel, uint32_t entry, uint16_t flags, bool row)
{
	const struct route_entry *at = &kernel->routes.entries[entry];

	if (at->family != AF_INET || at->deleted)
		return false;
	if (row)
		return at->stamp == stamp(kernel, true);
	return flags & NLM_F_APPEND && !(flags & NLM_F_REPLACE);
}

static void add_route(
	struct kernel *kernel, const struct parsed_route *parsed, uint16_t flags, bool row)
{
	const struct ip *prefix = &parsed->route.prefix;
	uint32_t first = route_table_find(&kernel->routes, prefix);
	uint32_t before = kernel_best_route(kernel, first), best;
	uint32_t entry = find_same(kernel, parsed, first);
	bool changed;

	if (!row && flags & NLM_F_REPLACE)
		replace_others(kernel, parsed, entry);
	if (entry == ROUTE_NONE) {
		entry = route_table_add(
			&kernel->routes, prefix, parsed->local, parsed->route.metric);
	} else if (row && kernel->routes.entries[entry].stamp == stamp(kernel, false)) {
		return; /* a notification said it later */
	} else if (is_alias(kernel, entry, flags, row)) {
		kernel->routes.entries[entry].aliased = true;
		return;
	}
	if (entry == ROUTE_NONE) {
		log_error("kernel", "no memory for a route");
		kernel_resync(kernel);
		return;
	}
	changed = write_entry(kernel, entry, parsed, row);
	best = best_of(kernel, prefix);
	if (best != before || (changed && entry == before))
		report_best(kernel, prefix, best);
}

static bool is_named(const struct kernel_next_hop *next_hop, const struct kernel_route *route)
{
	for (uint8_t i = 0; i < route->count; i++) {
		if (memcmp(next_hop, &route->next_hops[i], sizeof(*next_hop)) == 0)
			return true;
	}
	return false;
}

/* An IPv6 deletion removes the next hops it names; the route goes with its last. */
static bool leaves_next_hops(
	struct kernel *kernel, uint32_t entry, const struct parsed_route *parsed)
{
	const struct next_hop_set *set = route_next_hops(&kernel->routes, entry);
	struct parsed_route left = *parsed;

	if (parsed->route.prefix.family != AF_INET6 || parsed->next_hop_object)
		return false;
	left.route.count = 0;
	for (uint8_t i = 0; i < set->count; i++) {
		if (!is_named(&set->next_hops[i], &parsed->route))
			left.route.next_hops[left.route.count++] = set->next_hops[i];
	}
	if (left.route.count == 0 || left.route.count == set->count)
		return left.route.count != 0;
	left.route.protocol = kernel->routes.entries[entry].protocol;
	left.route.kind = kernel->routes.entries[entry].kind;
	if (write_entry(kernel, entry, &left, false) &&
		entry == best_of(kernel, &left.route.prefix))
		kernel_report(kernel, &left.route.prefix);
	return true;
}

static uint32_t find_deleted(const struct kernel *kernel, const struct parsed_route *parsed)
{
	uint32_t first = route_table_find(&kernel->routes, &parsed->route.prefix);
	uint32_t entry = find_same(kernel, parsed, first);
	struct parsed_route group = *parsed;

	if (entry != ROUTE_NONE || parsed->route.prefix.family != AF_INET6)
		return entry;
	/* One next hop of several: the route itself is found without it. */
	group.route.count = 0;
	return find_same(kernel, &group, first);
}

static void delete_unknown(struct kernel *kernel, const struct parsed_route *parsed)
{
	uint32_t entry;

	if (!kernel_is_dumping(kernel))
		return;
	entry = route_table_add(
		&kernel->routes, &parsed->route.prefix, parsed->local, parsed->route.metric);
	if (entry == ROUTE_NONE) {
		kernel_resync(kernel);
		return;
	}
	kernel->routes.entries[entry].deleted = true;
	write_entry(kernel, entry, parsed, false);
	kernel->routes.entries[entry].deleted = true;
	/* It may have been one next hop of several that the dump has not come to yet. */
	if (parsed->route.prefix.family == AF_INET6)
		kernel_resync(kernel);
}

static void delete_route(struct kernel *kernel, const struct parsed_route *parsed)
{
	uint32_t before = best_of(kernel, &parsed->route.prefix);
	uint32_t entry = find_deleted(kernel, parsed);
	const struct next_hop_set *set;

	if (entry == ROUTE_NONE || kernel->routes.entries[entry].deleted) {
		if (entry == ROUTE_NONE)
			delete_unknown(kernel, parsed);
		return;
	}
	set = route_next_hops(&kernel->routes, entry);
	if (kernel->routes.entries[entry].aliased &&
		(set->count != parsed->route.count ||
			memcmp(set->next_hops, parsed->route.next_hops,
				set->count * sizeof(set->next_hops[0])) != 0))
		return; /* the other one of this key */
	if (leaves_next_hops(kernel, entry, parsed))
		return;
	remove_entry(kernel, entry);
	if (best_of(kernel, &parsed->route.prefix) != before)
		kernel_report(kernel, &parsed->route.prefix);
}

/* A route of a protocol that is not imported took the key of one that is. */
static void take_foreign(struct kernel *kernel, const struct parsed_route *parsed, uint16_t flags)
{
	uint32_t before = best_of(kernel, &parsed->route.prefix);

	if (!(flags & NLM_F_REPLACE))
		return;
	replace_others(kernel, parsed, ROUTE_NONE);
	if (best_of(kernel, &parsed->route.prefix) != before)
		kernel_report(kernel, &parsed->route.prefix);
}

void kernel_expect_route(struct kernel *kernel, const struct nlmsghdr *message)
{
	struct ip prefix;

	if (message->nlmsg_type != RTM_NEWROUTE || parse_route_prefix(message, &prefix) < 0)
		return;
	route_table_prefetch(&kernel->routes, &prefix);
	if (kernel->callbacks.expect)
		kernel->callbacks.expect(kernel->context, &prefix);
}

void kernel_take_route(struct kernel *kernel, const struct nlmsghdr *message, bool row)
{
	struct parsed_route parsed;
	int error = parse_route(message, &parsed);

	if (error == -EBADMSG)
		log_warning("kernel", "a route's message is malformed");
	if (error < 0)
		return;
	if (parsed.next_hop_object) {
		struct kernel_next_hop next_hops[KERNEL_NEXT_HOPS_MAX] = {0};
		uint8_t count;

		/* Unknown: the object's own message is lost or late; the route's attributes,
		 * which most kernels fill, serve until then. */
		if (kernel_expand_object(kernel, parsed.next_hop_object, next_hops, &count)) {
			memcpy(parsed.route.next_hops, next_hops, sizeof(next_hops));
			parsed.route.count = count;
		}
	}
	if (message->nlmsg_type == RTM_DELROUTE && is_imported(parsed.route.protocol))
		delete_route(kernel, &parsed);
	else if (message->nlmsg_type == RTM_NEWROUTE && is_imported(parsed.route.protocol))
		add_route(kernel, &parsed, message->nlmsg_flags, row);
	else if (message->nlmsg_type == RTM_NEWROUTE && !row)
		take_foreign(kernel, &parsed, message->nlmsg_flags);
}

void kernel_each_route(struct kernel *kernel,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	for (uint32_t i = 0; i < kernel->routes.entry_used; i++) {
		const struct route_entry *at = &kernel->routes.entries[i];
		struct kernel_route route;
		struct ip prefix;

		if (at->family == 0 || at->deleted)
			continue;
		kernel_entry_prefix(at, &prefix);
		if (best_of(kernel, &prefix) != i)
			continue;
		fill_route(kernel, i, &route);
		each(&route, context);
	}
}
