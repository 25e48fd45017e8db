/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/vrf/vrf.h"
#include "tests/pipeline/fixture.h"

const struct encapsulation encapsulations[ENCAPSULATIONS] = {
	{"untagged", 0x8100, 0, 0},
	{"802.1Q", 0x8100, 0, 300},
	{"QinQ 0x8100", 0x8100, 100, 200},
	{"QinQ 0x88a8", 0x88a8, 4094, 1},
	{"QinQ 0x9100", 0x9100, 7, 4094},
};

const uint8_t port_mac[PORTS][6] = {
	{0x02, 0, 0, 0, 0, 0x01}, {0x02, 0, 0, 0, 0, 0x02}, {0x02, 0, 0, 0, 0, 0x03}};
const uint8_t neighbour_mac[PORTS][6] = {
	{0x06, 0, 0, 0, 1, 0x01}, {0x06, 0, 0, 0, 1, 0x02}, {0x06, 0, 0, 0, 1, 0x03}};

void add_vrf(uint32_t id)
{
	struct api_vrf api = {.id = id};

	snprintf(api.name, sizeof(api.name), "vrf-%u", id);
	assert_int_equal(vrf_upsert(&api), 0);
}

struct api_interface make_interface(
	uint32_t id, uint32_t port, uint32_t vrf, const struct encapsulation *encapsulation)
{
	struct api_interface api = {
		.id = id,
		.port = port,
		.vrf = vrf,
		.s_tag = encapsulation->s_tag,
		.c_tag = encapsulation->c_tag,
		.mtu = 1500,
	};

	snprintf(api.name, sizeof(api.name), "interface-%u", id);
	return api;
}

void add_interface(const struct api_interface *api)
{
	assert_int_equal(interface_upsert(api, -1), 0);
}

void add_adjacency(uint32_t id, uint32_t interface, uint8_t family, const char *address)
{
	struct api_adjacency api = {
		.id = id, .interface = interface, .family = family, .resolved = 1};

	memcpy(api.mac, neighbour_mac[interface_get(interface)->port], sizeof(api.mac));
	assert_int_equal(inet_pton(family, address, api.address), 1);
	assert_int_equal(adjacency_upsert(&api), 0);
}

void add_group(uint32_t id, uint32_t count, const uint32_t *adjacencies)
{
	struct api_group api = {.id = id, .count = count};

	if (count > 0)
		memcpy(api.adjacencies, adjacencies, count * sizeof(adjacencies[0]));
	assert_int_equal(group_upsert(&api), 0);
}

void add_route(uint32_t vrf, const char *prefix, uint8_t length, uint32_t group)
{
	struct api_route api = {
		.vrf = vrf,
		.group = group,
		.family = strchr(prefix, ':') != NULL ? AF_INET6 : AF_INET,
		.prefix_len = length,
		.origin = API_ORIGIN_STATIC,
	};

	assert_int_equal(inet_pton(api.family, prefix, api.address), 1);
	assert_int_equal(route_upsert(&api), 0);
	assert_int_equal(vrf_commit(), 0);
}

static void add_link(uint32_t id, uint32_t port, const struct encapsulation *encapsulation,
	const char *address4, const char *address6, const char *link_local)
{
	struct api_interface api = make_interface(id, port, 1, encapsulation);

	api.prefix_len4 = 30;
	api.prefix_len6 = 126;
	assert_int_equal(inet_pton(AF_INET, address4, api.address4), 1);
	assert_int_equal(inet_pton(AF_INET6, address6, api.address6), 1);
	assert_int_equal(inet_pton(AF_INET6, link_local, api.link_local6), 1);
	add_interface(&api);
}

void scene(const struct encapsulation *in, const struct encapsulation *out)
{
	set_port(0, in->outer_ethertype, 9216);
	set_port(1, out->outer_ethertype, 9216);
	add_vrf(1);
	add_link(1, 0, in, "192.0.2.2", "2001:db8:1::2", "fe80::ff:fe00:1");
	add_link(2, 1, out, "198.51.100.2", "2001:db8:2::2", "fe80::ff:fe00:2");
	add_adjacency(1, 1, AF_INET, "192.0.2.1");
	add_adjacency(2, 2, AF_INET, "198.51.100.1");
	add_group(16, 1, (const uint32_t[]){1});
	add_group(17, 1, (const uint32_t[]){2});
	add_route(1, "10.0.0.0", 16, 16);
	add_route(1, "2001:db8:a::", 48, 16);
	add_route(1, "10.1.0.0", 16, 17);
	add_route(1, "2001:db8:b::", 48, 17);
}

/* ---- frames ---- */

uint8_t *frame_append(struct frame *frame, const void *bytes, unsigned int length)
{
	uint8_t *at = frame->bytes + frame->length;

	assert_true(frame->length + length <= FRAME_MAX);
	if (bytes != NULL)
		memcpy(at, bytes, length);
	else
		memset(at, 0, length);
	frame->length += length;
	return at;
}

static void append16(struct frame *frame, uint16_t value)
{
	value = htons(value);
	frame_append(frame, &value, sizeof(value));
}

void frame_start(struct frame *frame, const uint8_t *destination, const uint8_t *source,
	const struct encapsulation *encapsulation, uint16_t ethertype)
{
	frame->length = 0;
	frame_append(frame, destination, 6);
	frame_append(frame, source, 6);
	if (encapsulation->s_tag != 0) {
		append16(frame, encapsulation->outer_ethertype);
		append16(frame, encapsulation->s_tag);
	}
	if (encapsulation->c_tag != 0) {
		append16(frame, 0x8100);
		append16(frame, encapsulation->c_tag);
	}
	append16(frame, ethertype);
}

void frame_to_us(struct frame *frame, uint32_t port, const struct encapsulation *encapsulation,
	uint16_t ethertype)
{
	frame_start(frame, port_mac[port], neighbour_mac[port], encapsulation, ethertype);
}

void frame_from_us(struct frame *frame, uint32_t port, const struct encapsulation *encapsulation,
	uint16_t ethertype)
{
	frame_start(frame, neighbour_mac[port], port_mac[port], encapsulation, ethertype);
}

void frame_fill(struct frame *frame, unsigned int length, unsigned int seed)
{
	uint8_t *at = frame_append(frame, NULL, length);
	uint32_t value = seed * 2654435761u + 1;

	for (unsigned int i = 0; i < length; i++) {
		value = value * 1664525 + 1013904223;
		at[i] = value >> 24;
	}
}

uint16_t internet_checksum(const uint8_t *bytes, unsigned int length, uint32_t sum)
{
	for (unsigned int i = 0; i + 1 < length; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	if (length % 2 != 0)
		sum += bytes[length - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

uint8_t *frame_ipv4(struct frame *frame, const struct ipv4 *ipv4)
{
	unsigned int header_bytes = 20 + ipv4->option_bytes;
	uint8_t *at = frame_append(frame, NULL, header_bytes);

	assert_int_equal(ipv4->option_bytes % 4, 0);
	at[0] = 0x40 | header_bytes / 4;
	at[1] = ipv4->tos;
	at[2] = (header_bytes + ipv4->payload) >> 8;
	at[3] = (header_bytes + ipv4->payload) & 0xff;
	at[4] = ipv4->id >> 8;
	at[5] = ipv4->id & 0xff;
	at[6] = ipv4->fragment >> 8;
	at[7] = ipv4->fragment & 0xff;
	at[8] = ipv4->ttl;
	at[9] = ipv4->protocol;
	assert_int_equal(inet_pton(AF_INET, ipv4->source, at + 12), 1);
	assert_int_equal(inet_pton(AF_INET, ipv4->destination, at + 16), 1);
	if (ipv4->option_bytes != 0)
		memcpy(at + 20, ipv4->options, ipv4->option_bytes);

	uint16_t checksum = internet_checksum(at, header_bytes, 0);

	at[10] = checksum >> 8;
	at[11] = checksum & 0xff;
	return at;
}

uint8_t *frame_ipv6(struct frame *frame, const struct ipv6 *ipv6)
{
	uint8_t *at = frame_append(frame, NULL, 40);

	at[0] = 0x60;
	at[1] = ipv6->flow_label >> 16 & 0xf;
	at[2] = ipv6->flow_label >> 8 & 0xff;
	at[3] = ipv6->flow_label & 0xff;
	at[4] = ipv6->payload >> 8;
	at[5] = ipv6->payload & 0xff;
	at[6] = ipv6->next_header;
	at[7] = ipv6->hop_limit;
	assert_int_equal(inet_pton(AF_INET6, ipv6->source, at + 8), 1);
	assert_int_equal(inet_pton(AF_INET6, ipv6->destination, at + 24), 1);
	return at;
}

/* The checksum is left 0: no router looks at it. */
void frame_udp(struct frame *frame, uint16_t source, uint16_t destination, uint16_t payload)
{
	append16(frame, source);
	append16(frame, destination);
	append16(frame, 8 + payload);
	append16(frame, 0);
}

void frame_flow(
	struct frame *frame, int family, uint8_t ttl, unsigned int payload, unsigned int seed)
{
	if (family == AF_INET)
		frame_ipv4(frame, &(struct ipv4){.source = "10.0.0.5",
					  .destination = "10.1.0.9",
					  .ttl = ttl,
					  .protocol = IPPROTO_UDP,
					  .id = seed,
					  .payload = 8 + payload});
	else
		frame_ipv6(frame, &(struct ipv6){.source = "2001:db8:a::5",
					  .destination = "2001:db8:b::9",
					  .hop_limit = ttl,
					  .next_header = IPPROTO_UDP,
					  .flow_label = 0xabcde,
					  .payload = 8 + payload});
	frame_udp(frame, 1000 + seed, 2000, payload);
	frame_fill(frame, payload, seed);
}
