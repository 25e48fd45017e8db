/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/kernel_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* IFF_LOWER_UP of <linux/if.h>, which <net/if.h> cannot be used with. */
#define CARRIER_FLAG (1u << 16)

static size_t address_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

/* length bytes of the attribute, which must be all it has. */
static int take_address(struct ip *address, uint8_t family, const void *bytes, size_t length)
{
	if ((family != AF_INET && family != AF_INET6) || length != address_bytes(family))
		return -EBADMSG;
	address->family = family;
	address->prefix_len = (uint8_t)(length * 8);
	memcpy(address->address, bytes, length);
	return 0;
}

/* RTA_VIA: a gateway of another family than the route's (RFC 8950 next hops). */
static int take_via(struct ip *address, const void *payload, size_t length)
{
	const struct rtvia *via = payload;

	if (length < sizeof(*via))
		return -EBADMSG;
	return take_address(
		address, (uint8_t)via->rtvia_family, via->rtvia_addr, length - sizeof(*via));
}

static int take_next_hop(struct kernel_route *route, const struct rtnexthop *hop, uint8_t family)
{
	struct kernel_next_hop *to = &route->next_hops[route->count];
	struct rtattr *attribute = RTNH_DATA(hop);
	int length = hop->rtnh_len - (int)sizeof(*hop);
	int error = 0;

	memset(to, 0, sizeof(*to));
	to->ifindex = (uint32_t)hop->rtnh_ifindex;
	for (; error == 0 && RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type == RTA_GATEWAY)
			error = take_address(
				&to->via, family, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
		if (attribute->rta_type == RTA_VIA)
			error = take_via(&to->via, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	}
	route->count++;
	return error;
}

/* Next hops beyond KERNEL_NEXT_HOPS_MAX are left out; FRR is told maximum-paths 16. */
static int take_multipath(
	struct kernel_route *route, const struct nlattr *attribute, uint8_t family)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attribute);
	int left = mnl_attr_get_payload_len(attribute);
	int error = 0;

	while (error == 0 && left >= (int)sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) &&
		hop->rtnh_len <= left && route->count < KERNEL_NEXT_HOPS_MAX) {
		error = take_next_hop(route, hop, family);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return error;
}

/* What every domain has and no packet of a tenant is forwarded by. */
static bool is_of_no_use(const struct ip *prefix)
{
	const uint8_t *address = prefix->address;

	if (prefix->family == AF_INET)
		return (prefix->prefix_len >= 8 && address[0] == 127) ||
		       (prefix->prefix_len >= 4 && (address[0] & 0xf0) == 224);
	if (prefix->prefix_len >= 8 && address[0] == 0xff)
		return true;
	if (prefix->prefix_len >= 10 && address[0] == 0xfe && (address[1] & 0xc0) == 0x80)
		return true;
	return prefix->prefix_len == 128 && address[15] == 1 &&
	       memcmp(address, (const uint8_t[15]){0}, 15) == 0;
}

/* The attributes of a route that are not next hops by themselves. */
struct route_attributes {
	struct kernel_next_hop single;
	const struct nlattr *multipath;
	uint32_t table;
};

static int take_route_attribute(struct parsed_route *parsed, struct route_attributes *attributes,
	const struct nlattr *attribute)
{
	struct kernel_route *route = &parsed->route;
	uint8_t family = route->prefix.family;
	uint8_t prefix_len = route->prefix.prefix_len;
	const void *payload = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);
	int error = 0;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_DST:
		error = take_address(&route->prefix, family, payload, length);
		route->prefix.prefix_len = prefix_len;
		return error;
	case RTA_GATEWAY:
		return take_address(&attributes->single.via, family, payload, length);
	case RTA_VIA:
		return take_via(&attributes->single.via, payload, length);
	case RTA_MULTIPATH:
		attributes->multipath = attribute;
		return 0;
	case RTA_OIF:
	case RTA_PRIORITY:
	case RTA_TABLE:
	case RTA_NH_ID:
		break;
	default:
		return 0;
	}
	if (length != sizeof(uint32_t))
		return -EBADMSG;
	if (mnl_attr_get_type(attribute) == RTA_OIF)
		memcpy(&attributes->single.ifindex, payload, sizeof(uint32_t));
	else if (mnl_attr_get_type(attribute) == RTA_PRIORITY)
		memcpy(&route->metric, payload, sizeof(uint32_t));
	else if (mnl_attr_get_type(attribute) == RTA_TABLE)
		memcpy(&attributes->table, payload, sizeof(uint32_t));
	else
		memcpy(&parsed->next_hop_object, payload, sizeof(uint32_t));
	return 0;
}

static bool kind_is_wanted(uint32_t table, uint8_t kind)
{
	if (table == RT_TABLE_LOCAL)
		return kind == RTN_LOCAL;
	return table == RT_TABLE_MAIN && (kind == RTN_UNICAST || kind == RTN_BLACKHOLE ||
						 kind == RTN_UNREACHABLE || kind == RTN_PROHIBIT);
}

int parse_route(const struct nlmsghdr *message, struct parsed_route *parsed)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct route_attributes attributes = {0};
	struct kernel_route *route = &parsed->route;
	const struct nlattr *attribute;
	int error = 0;

	memset(parsed, 0, sizeof(*parsed));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EBADMSG;
	if ((header->rtm_family != AF_INET && header->rtm_family != AF_INET6) ||
		header->rtm_flags & RTM_F_CLONED || header->rtm_tos != 0 ||
		header->rtm_src_len != 0)
		return -ENOENT;
	if (header->rtm_dst_len > address_bytes(header->rtm_family) * 8)
		return -EBADMSG;
	route->prefix.family = header->rtm_family;
	route->prefix.prefix_len = header->rtm_dst_len;
	route->protocol = header->rtm_protocol;
	route->kind = header->rtm_type;
	attributes.table = header->rtm_table;
	mnl_attr_for_each (attribute, message, sizeof(*header)) {
		error = take_route_attribute(parsed, &attributes, attribute);
		if (error < 0)
			return error;
	}
	if (!kind_is_wanted(attributes.table, route->kind) || is_of_no_use(&route->prefix))
		return -ENOENT;
	parsed->local = attributes.table == RT_TABLE_LOCAL;
	if (route->kind != RTN_UNICAST && route->kind != RTN_LOCAL)
		return 0; /* IPv6 names lo for what it drops */
	if (attributes.multipath)
		return take_multipath(route, attributes.multipath, header->rtm_family);
	if (attributes.single.ifindex) {
		route->next_hops[0] = attributes.single;
		route->count = 1;
	}
	return 0;
}

int parse_route_prefix(const struct nlmsghdr *message, struct ip *prefix)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	int length = (int)mnl_nlmsg_get_payload_len(message) - (int)sizeof(*header);
	struct rtattr *attribute = RTM_RTA(header);

	if (length < 0)
		return -EBADMSG;
	*prefix = (struct ip){0};
	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type != RTA_DST)
			continue;
		if (take_address(prefix, header->rtm_family, RTA_DATA(attribute),
			    RTA_PAYLOAD(attribute)) < 0)
			return -EBADMSG;
		prefix->prefix_len = header->rtm_dst_len;
		return 0;
	}
	return -ENOENT; /* the default route has none */
}

int parse_neighbour(const struct nlmsghdr *message, struct kernel_neighbour *neighbour)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const uint16_t usable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	const struct nlattr *attribute;
	bool has_mac = false;

	memset(neighbour, 0, sizeof(*neighbour));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EBADMSG;
	if ((header->ndm_family != AF_INET && header->ndm_family != AF_INET6) ||
		header->ndm_flags & NTF_PROXY || header->ndm_state & NUD_NOARP)
		return -ENOENT;
	neighbour->ifindex = (uint32_t)header->ndm_ifindex;
	neighbour->state = header->ndm_state;
	mnl_attr_for_each (attribute, message, sizeof(*header)) {
		const void *payload = mnl_attr_get_payload(attribute);
		size_t length = mnl_attr_get_payload_len(attribute);
		struct nda_cacheinfo cache;

		switch (mnl_attr_get_type(attribute)) {
		case NDA_DST:
			if (take_address(&neighbour->address, header->ndm_family, payload, length))
				return -EBADMSG;
			break;
		case NDA_LLADDR:
			has_mac = length == sizeof(neighbour->mac);
			if (has_mac)
				memcpy(neighbour->mac, payload, length);
			break;
		case NDA_CACHEINFO:
			if (length < sizeof(cache))
				return -EBADMSG;
			memcpy(&cache, payload, sizeof(cache));
			neighbour->confirmed_s_ago =
				cache.ndm_confirmed / (uint32_t)sysconf(_SC_CLK_TCK);
			break;
		}
	}
	neighbour->valid = has_mac && neighbour->state & usable;
	return neighbour->address.family ? 0 : -EBADMSG;
}

int parse_link(const struct nlmsghdr *message, struct parsed_link *parsed)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	memset(parsed, 0, sizeof(*parsed));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EBADMSG;
	if (header->ifi_family != AF_UNSPEC)
		return -ENOENT;
	parsed->link.ifindex = (uint32_t)header->ifi_index;
	parsed->up = header->ifi_flags & IFF_UP;
	/* IFF_RUNNING follows the carrier late (RFC 2863 operational state), this at once. */
	parsed->link.running = parsed->up && header->ifi_flags & CARRIER_FLAG;
	mnl_attr_for_each (attribute, message, sizeof(*header)) {
		if (mnl_attr_get_type(attribute) != IFLA_IFNAME)
			continue;
		if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
			return -EBADMSG;
		snprintf(parsed->link.name, sizeof(parsed->link.name), "%s",
			mnl_attr_get_str(attribute));
	}
	return 0;
}

static int take_group(struct parsed_next_hop_object *object, const struct nlattr *attribute)
{
	const struct nexthop_grp *members = mnl_attr_get_payload(attribute);
	size_t count = mnl_attr_get_payload_len(attribute) / sizeof(*members);

	for (size_t i = 0; i < count && i < KERNEL_NEXT_HOPS_MAX; i++)
		object->group[object->group_count++] = members[i].id;
	return 0;
}

int parse_next_hop_object(const struct nlmsghdr *message, struct parsed_next_hop_object *object)
{
	const struct nhmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	int error = 0;

	memset(object, 0, sizeof(*object));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EBADMSG;
	mnl_attr_for_each (attribute, message, sizeof(*header)) {
		const void *payload = mnl_attr_get_payload(attribute);
		size_t length = mnl_attr_get_payload_len(attribute);

		switch (mnl_attr_get_type(attribute)) {
		case NHA_ID:
		case NHA_OIF:
			if (length != sizeof(uint32_t))
				return -EBADMSG;
			memcpy(mnl_attr_get_type(attribute) == NHA_ID ? &object->id
								      : &object->next_hop.ifindex,
				payload, sizeof(uint32_t));
			break;
		case NHA_BLACKHOLE:
			object->blackhole = true;
			break;
		case NHA_GATEWAY:
			error = take_address(
				&object->next_hop.via, header->nh_family, payload, length);
			break;
		case NHA_GROUP:
			error = take_group(object, attribute);
			break;
		}
		if (error < 0)
			return error;
	}
	return object->id ? 0 : -EBADMSG;
}
