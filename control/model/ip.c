/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ip_range {
	const char *prefix;
	enum ip_use use;
	const char *name;
};

/* RFC 6890 and its registries. Documentation ranges are treated as public: examples use them. */
static const struct ip_range ip_ranges[] = {
	{"0.0.0.0/8", IP_USE_NEVER, "\"this network\" (RFC 1122)"},
	{"127.0.0.0/8", IP_USE_NEVER, "loopback (RFC 1122)"},
	{"224.0.0.0/4", IP_USE_NEVER, "multicast (RFC 5771)"},
	{"240.0.0.0/4", IP_USE_NEVER, "reserved (RFC 1112)"},
	{"10.0.0.0/8", IP_USE_PRIVATE, "private (RFC 1918)"},
	{"172.16.0.0/12", IP_USE_PRIVATE, "private (RFC 1918)"},
	{"192.168.0.0/16", IP_USE_PRIVATE, "private (RFC 1918)"},
	{"100.64.0.0/10", IP_USE_PRIVATE, "shared (RFC 6598)"},
	{"169.254.0.0/16", IP_USE_PRIVATE, "link-local (RFC 3927)"},
	{"::/8", IP_USE_NEVER, "reserved (RFC 4291)"},
	{"fe80::/10", IP_USE_NEVER, "link-local (RFC 4291)"},
	{"ff00::/8", IP_USE_NEVER, "multicast (RFC 4291)"},
	{"fc00::/7", IP_USE_PRIVATE, "unique local (RFC 4193)"},
};

uint8_t ip_full_length(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

const char *ip_family_name(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* Decimal without sign or leading zeros: "/030" is no length. */
static int parse_length(const char *text, uint8_t full)
{
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	if (strlen(text) > 3 || (text[0] == '0' && text[1] != '\0'))
		return -EINVAL;
	long length = strtol(text, NULL, 10);
	return length <= full ? (int)length : -EINVAL;
}

int ip_parse(const char *text, struct ip *ip)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

	memset(ip, 0, sizeof(*ip));
	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';

	uint8_t family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(family, address, ip->address) != 1)
		return -EINVAL;
	int prefix_len = ip_full_length(family);
	if (slash != NULL)
		prefix_len = parse_length(slash + 1, ip_full_length(family));
	if (prefix_len < 0)
		return prefix_len;
	ip->family = family;
	ip->prefix_len = (uint8_t)prefix_len;
	return 0;
}

const char *ip_text(const struct ip *ip, char *buffer, unsigned int size)
{
	char address[INET6_ADDRSTRLEN];

	if (size == 0)
		return buffer;
	buffer[0] = '\0';
	if (ip->family == 0 || inet_ntop(ip->family, ip->address, address, sizeof(address)) == NULL)
		return buffer;
	if (ip->prefix_len == ip_full_length(ip->family))
		snprintf(buffer, size, "%s", address);
	else
		snprintf(buffer, size, "%s/%u", address, ip->prefix_len);
	return buffer;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == 0)
		return true;
	return a->prefix_len == b->prefix_len &&
	       memcmp(a->address, b->address, ip_full_length(a->family) / 8) == 0;
}

struct ip ip_network(const struct ip *ip)
{
	struct ip network = *ip;

	for (unsigned int i = 0; i < sizeof(network.address); i++) {
		unsigned int first_bit = i * 8;
		if (first_bit >= ip->prefix_len)
			network.address[i] = 0;
		else if (first_bit + 8 > ip->prefix_len)
			network.address[i] &= (uint8_t)(0xff00 >> (ip->prefix_len - first_bit));
	}
	return network;
}

bool ip_host_bits_zero(const struct ip *prefix)
{
	struct ip network = ip_network(prefix);
	return ip_equal(&network, prefix);
}

bool ip_contains(const struct ip *outer, const struct ip *inner)
{
	if (outer->family != inner->family || outer->prefix_len > inner->prefix_len)
		return false;
	struct ip widened = *inner;
	widened.prefix_len = outer->prefix_len;
	widened = ip_network(&widened);
	struct ip network = ip_network(outer);
	return ip_equal(&widened, &network);
}

bool ip_overlaps(const struct ip *a, const struct ip *b)
{
	return ip_contains(a, b) || ip_contains(b, a);
}

struct ip ip_add(const struct ip *base, uint64_t n, uint8_t prefix_len)
{
	struct ip sum = *base;
	uint64_t carry = n;

	sum.prefix_len = prefix_len;
	for (int i = ip_full_length(base->family) / 8 - 1; i >= 0 && carry != 0; i--) {
		carry += sum.address[i];
		sum.address[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return sum;
}

struct ip ip_part(const struct ip *block, uint64_t n, uint8_t part_length)
{
	uint64_t part_size = UINT64_C(1) << (ip_full_length(block->family) - part_length);
	return ip_add(block, n * part_size, part_length);
}

enum ip_use ip_use(const struct ip *prefix, const char **name)
{
	for (size_t i = 0; i < sizeof(ip_ranges) / sizeof(ip_ranges[0]); i++) {
		struct ip range;
		if (ip_parse(ip_ranges[i].prefix, &range) != 0 || !ip_overlaps(&range, prefix))
			continue;
		if (name != NULL)
			*name = ip_ranges[i].name;
		return ip_ranges[i].use;
	}
	if (name != NULL)
		*name = "public";
	return IP_USE_PUBLIC;
}
