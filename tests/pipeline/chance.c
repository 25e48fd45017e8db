/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pipeline/chance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/vrf/vrf.h"

enum { DOMAINS = 3, NEIGHBOURS = 16, GROUPS = 10, ROUTES = 24, POLICERS_EACH_WAY = 2 };

static uint64_t state;
static uint16_t outer_ethertypes[PORTS];

void chance_seed(uint32_t seed)
{
	state = seed;
}

unsigned int chance_below(unsigned int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint64_t)(uint32_t)(state >> 32) * n >> 32;
}

/* ---- configurations ---- */

uint32_t chance_port(uint32_t link)
{
	return (link - 1) / 2;
}

/* Two links a port. */
static struct encapsulation tags_of(uint32_t link)
{
	static const struct encapsulation tags[CHANCE_LINKS + 1] = {
		[1] = {"QinQ", 0, 100, 200},
		[2] = {"802.1Q", 0, 0, 300},
		[3] = {"802.1Q", 0, 0, 301},
		[4] = {"QinQ", 0, 100, 201},
		[5] = {"untagged", 0, 0, 0},
		[6] = {"QinQ", 0, 4094, 1},
	};
	struct encapsulation own = tags[link];

	own.outer_ethertype = outer_ethertypes[chance_port(link)];
	return own;
}

static void add_policers(void)
{
	for (uint32_t id = 1; id <= 2 * POLICERS_EACH_WAY; id++) {
		struct api_policer api = {.id = id,
			.overhead_bytes = chance_below(2) * 20,
			.rate_bps = API_POLICER_RATE_MIN,
			.burst_bytes = API_POLICER_BURST_MIN + chance_below(100)};

		snprintf(api.name, sizeof(api.name), "policer-%u", id);
		assert_int_equal(policer_upsert(&api, worker.now), 0);
	}
}

static void add_link(uint32_t id)
{
	struct encapsulation tags = tags_of(id);
	struct api_interface api =
		make_interface(id, chance_port(id), 1 + chance_below(DOMAINS), &tags);
	char text[INET6_ADDRSTRLEN];

	api.mtu = chance_below(2) ? 1500 : 1280;
	api.prefix_len4 = 30;
	api.prefix_len6 = 126;
	snprintf(text, sizeof(text), "192.0.%u.2", id);
	if (chance_below(8) != 0)
		assert_int_equal(inet_pton(AF_INET, text, api.address4), 1);
	snprintf(text, sizeof(text), "2001:db8:%x::2", id);
	if (chance_below(8) != 0)
		assert_int_equal(inet_pton(AF_INET6, text, api.address6), 1);
	snprintf(text, sizeof(text), "fe80::%x", id);
	assert_int_equal(inet_pton(AF_INET6, text, api.link_local6), 1);
	api.urpf = chance_below(API_URPF_COUNT);
	api.ttl_security = chance_below(2);
	api.policer_in = chance_below(1 + POLICERS_EACH_WAY);
	api.policer_out = chance_below(2) * (1 + POLICERS_EACH_WAY + chance_below(2));
	api.budget_pps[API_BUDGET_BGP] = chance_below(2) * 10;
	add_interface(&api);
}

/* Every neighbour has a MAC address of its own. */
static void add_neighbour(uint32_t id)
{
	static const uint8_t downs[] = {0, 0, 0, API_PATH_DRAIN, API_PATH_ADMIN};
	uint8_t family = chance_below(2) ? AF_INET : AF_INET6;
	struct api_adjacency api = {.id = id,
		.interface = 1 + chance_below(CHANCE_LINKS),
		.family = family,
		.resolved = chance_below(5) != 0,
		.mac = {6, 0, 0, 0, 2, id},
		.address = {10, 255, 0, id},
		.path = chance_below(4) == 0 ? 0 : id};
	struct api_path path = {.id = id,
		.interface = api.interface,
		.family = family,
		.down_wanted = downs[chance_below(sizeof(downs))],
		.address = {10, 255, 0, id}};

	assert_int_equal(path_upsert(&path), 0);
	assert_int_equal(adjacency_upsert(&api), 0);
}

static void add_some_group(uint32_t id)
{
	uint32_t members[API_GROUP_MEMBERS_MAX];
	uint32_t count = chance_below(2) ? 1 : chance_below(API_GROUP_MEMBERS_MAX / 2);

	for (uint32_t i = 0; i < count; i++)
		members[i] = 1 + chance_below(NEIGHBOURS);
	add_group(id, count, members);
}

/* Nested prefixes around the addresses that packets have. */
static void add_some_route(uint32_t vrf)
{
	static const uint8_t lengths4[] = {0, 8, 14, 16, 24, 32}, lengths6[] = {0, 32, 48, 64, 128};
	struct api_route api = {.vrf = vrf,
		.group = chance_below(8) == 0 ? API_GROUP_RECEIVE + chance_below(3)
					      : API_GROUP_FIRST + chance_below(GROUPS),
		.leaked_from = chance_below(3) == 0 ? 1 + chance_below(DOMAINS) : 0,
		.origin = API_ORIGIN_CONNECTED + chance_below(5)};
	uint8_t whole4[16] = {10, chance_below(4), chance_below(2), chance_below(3)};
	uint8_t whole6[16] = {
		0xfd, [5] = chance_below(4), [7] = chance_below(2), [15] = chance_below(3)};

	api.family = chance_below(2) ? AF_INET : AF_INET6;
	api.prefix_len = api.family == AF_INET ? lengths4[chance_below(sizeof(lengths4))]
					       : lengths6[chance_below(sizeof(lengths6))];
	for (unsigned int bit = 0; bit < api.prefix_len; bit++)
		api.address[bit / 8] |=
			(api.family == AF_INET ? whole4 : whole6)[bit / 8] & 0x80 >> bit % 8;
	assert_int_equal(route_upsert(&api), 0);
}

static bool is_watched(uint32_t interface, uint8_t family, const uint8_t peer[16])
{
	return false;
}

static void maybe_fail(void)
{
	const struct api_link_test test = {
		.interface = 1 + chance_below(CHANCE_LINKS), .seconds = 60};

	if (chance_below(3) == 0)
		assert_int_equal(link_test_upsert(&test, 1, is_watched), 0);
	for (uint32_t port = 0; port < PORTS; port++)
		set_link(port, chance_below(6) != 0);
}

void chance_configuration(void)
{
	static const uint16_t ethertypes[] = {0x8100, 0x88a8, 0x9100};

	for (uint32_t port = 0; port < PORTS; port++) {
		outer_ethertypes[port] = ethertypes[chance_below(3)];
		set_port(port, outer_ethertypes[port], 1500);
	}
	for (uint32_t vrf = 1; vrf <= DOMAINS; vrf++)
		add_vrf(vrf);
	add_policers();
	for (uint32_t id = 1; id <= CHANCE_LINKS; id++)
		add_link(id);
	for (uint32_t id = 1; id <= NEIGHBOURS; id++)
		add_neighbour(id);
	for (uint32_t id = 0; id < GROUPS; id++)
		add_some_group(API_GROUP_FIRST + id);
	for (unsigned int i = 0; i < DOMAINS * ROUTES; i++)
		add_some_route(1 + i % DOMAINS);
	assert_int_equal(vrf_commit(), 0);
	maybe_fail();
}

/* ---- packets ---- */

static const char *address4(char *text, uint32_t link)
{
	static const unsigned int odd[] = {0, 127, 169, 224, 240, 255};

	switch (chance_below(10)) {
	case 0:
		snprintf(text, INET6_ADDRSTRLEN, "192.0.%u.%u", link, chance_below(4));
		break;
	case 1:
		snprintf(text, INET6_ADDRSTRLEN, "%u.254.0.1", odd[chance_below(6)]);
		break;
	default:
		snprintf(text, INET6_ADDRSTRLEN, "10.%u.%u.%u", chance_below(4), chance_below(2),
			chance_below(3));
	}
	return text;
}

static const char *address6(char *text, uint32_t link)
{
	static const char *const odd[] = {"::", "::1", "fe80::1", "ff02::1", "ff0e::1"};

	switch (chance_below(10)) {
	case 0:
		snprintf(text, INET6_ADDRSTRLEN, "2001:db8:%x::%x", link, chance_below(4));
		break;
	case 1:
		snprintf(text, INET6_ADDRSTRLEN, "%s", odd[chance_below(5)]);
		break;
	default:
		snprintf(text, INET6_ADDRSTRLEN, "fd00:0:%x:%x::%x", chance_below(4),
			chance_below(2), chance_below(3));
	}
	return text;
}

/* Around the MTUs too. */
static uint16_t payload_bytes(void)
{
	return chance_below(4) == 0 ? 1200 + chance_below(240) : 8 + chance_below(100);
}

static uint8_t hops(void)
{
	return chance_below(6) == 0 ? chance_below(4) : 255 - chance_below(2);
}

static void add_ipv4(struct frame *frame, uint32_t link)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP};
	static const uint16_t fragments[] = {0, 0, 0x4000, 0x2000, 0x2003, 0x1fff, 0x3f00};
	static const uint16_t ports[] = {179, 3784, 3785, 4784, 9, 0x0800};
	static const uint8_t options[4] = {1, 1, 1, 0};
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	uint16_t payload = payload_bytes();

	frame_ipv4(frame, &(struct ipv4){.source = address4(source, link),
				  .destination = address4(destination, link),
				  .ttl = hops(),
				  .protocol = protocols[chance_below(3)],
				  .fragment = fragments[chance_below(7)],
				  .payload = payload,
				  .options = options,
				  .option_bytes = chance_below(8) == 0 ? 4 : 0});
	frame_udp(frame, 1000 + chance_below(9), ports[chance_below(6)], payload - 8);
	frame_append(frame, NULL, payload - 8);
}

static void add_ipv6(struct frame *frame, uint32_t link)
{
	static const uint8_t headers[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMPV6, IPPROTO_DSTOPTS,
		IPPROTO_FRAGMENT, IPPROTO_HOPOPTS};
	static const uint16_t ports[] = {179, 3784, 3785, 4784, 9};
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	uint16_t payload = payload_bytes();

	frame_ipv6(frame, &(struct ipv6){.source = address6(source, link),
				  .destination = address6(destination, link),
				  .hop_limit = hops(),
				  .next_header = headers[chance_below(sizeof(headers))],
				  .flow_label = chance_below(9),
				  .payload = payload});
	frame_udp(frame, chance_below(2) ? 0x8500 : 1000 + chance_below(9), ports[chance_below(5)],
		payload - 8);
	frame_append(frame, NULL, payload - 8);
}

void chance_packet(struct frame *frame, uint32_t link)
{
	struct encapsulation tags = tags_of(link);
	bool is_ipv4 = chance_below(2);

	frame_to_us(frame, chance_port(link), &tags,
		chance_below(30) == 0 ? 0x0806
		: is_ipv4             ? 0x0800
				      : 0x86dd);
	if (is_ipv4)
		add_ipv4(frame, link);
	else
		add_ipv6(frame, link);
	if (chance_below(6) == 0)
		frame->bytes[chance_below(60)] ^= 1u << chance_below(8);
	if (chance_below(20) == 0)
		frame->length = chance_below(frame->length);
}

/* ---- credit ---- */

static void spend(uint32_t id)
{
	while (policer_take(&worker, id, 1))
		;
}

void chance_credit(void)
{
	wait_for_budgets();
	if (chance_below(4) == 0)
		spend(1 + chance_below(2 * POLICERS_EACH_WAY));
}
