/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source checks (RFC 3704, RFC 8704): a customer's domain with two links, and a network whose
 * routes are leaked into it; each source in each mode, alone and among packets that must not
 * notice.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "tests/pipeline/fixture.h"

enum { CUSTOMER = 1, NETWORK = 2, PRIMARY = 1, SECONDARY = 3, CORE = 2 };

static const struct encapsulation *const link_tags = &encapsulations[2];
static const struct encapsulation *const core_tags = &encapsulations[1];

static void set_mode(enum api_urpf mode)
{
	struct api_interface primary = interface_get(PRIMARY)->api;

	primary.urpf = mode;
	add_interface(&primary);
}

/* The usual scene's second interface in a domain of its own, and a second link for the customer. */
static void two_domains(void)
{
	struct api_interface core, secondary;

	scene(link_tags, link_tags);
	add_vrf(NETWORK);
	set_port(2, core_tags->outer_ethertype, 9216);
	secondary = make_interface(SECONDARY, 1, CUSTOMER, core_tags);
	core = make_interface(4, 2, NETWORK, core_tags);
	add_interface(&secondary);
	add_interface(&core);
	add_adjacency(3, SECONDARY, AF_INET, "198.51.100.5");
	add_adjacency(4, 4, AF_INET, "203.0.113.1");
	add_group(18, 1, (const uint32_t[]){3});
	add_group(19, 1, (const uint32_t[]){4});
	add_group(20, 2, (const uint32_t[]){1, 4});
	add_group(21, 0, NULL);
	add_route(CUSTOMER, "10.2.0.0", 16, 18);
	add_route(CUSTOMER, "2001:db8:c::", 48, 18);
	add_route(CUSTOMER, "10.9.0.0", 16, 19);
	add_route(CUSTOMER, "2001:db8:9::", 48, 19);
	add_route(CUSTOMER, "10.3.0.0", 16, 20);
	add_route(CUSTOMER, "2001:db8:3::", 48, 20);
	add_route(CUSTOMER, "10.4.0.0", 16, 21);
	add_route(CUSTOMER, "2001:db8:4::", 48, 21);
	add_route(CUSTOMER, "10.5.0.0", 16, API_GROUP_BLACKHOLE);
	add_route(CUSTOMER, "2001:db8:5::", 48, API_GROUP_BLACKHOLE);
	add_route(CUSTOMER, "10.6.0.0", 16, API_GROUP_GLEAN_LEAKED);
	add_route(CUSTOMER, "2001:db8:6::", 48, API_GROUP_GLEAN_LEAKED);
	add_route(CUSTOMER, "192.0.2.0", 30, API_GROUP_GLEAN);
	add_route(CUSTOMER, "2001:db8:1::", 126, API_GROUP_GLEAN);
	add_route(CUSTOMER, "192.0.2.2", 32, API_GROUP_RECEIVE);
	add_route(CUSTOMER, "2001:db8:1::2", 128, API_GROUP_RECEIVE);
}

struct source {
	const char *what, *address4, *address6;
	bool strict, loose; /* believed? */
};

static const struct source sources[] = {
	{"announced on this link", "10.0.0.5", "2001:db8:a::5", true, true},
	{"announced on the other link", "10.2.0.5", "2001:db8:c::5", true, true},
	{"the customer's router", "192.0.2.1", "2001:db8:1::1", true, true},
	{"of the network behind", "10.9.0.5", "2001:db8:9::5", false, true},
	{"of both, which control never states", "10.3.0.5", "2001:db8:3::5", false, true},
	{"without next hops", "10.4.0.5", "2001:db8:4::5", false, true},
	{"of a machine of the network", "10.6.0.5", "2001:db8:6::5", false, true},
	{"to be discarded", "10.5.0.5", "2001:db8:5::5", false, false},
	{"ours", "192.0.2.2", "2001:db8:1::2", false, false},
	{"of nobody", "10.77.0.5", "2001:db8:77::5", false, false},
};

static void packet_from(struct frame *in, struct frame *out, const char *source, unsigned int seed)
{
	bool is_ipv4 = strchr(source, ':') == NULL;
	uint16_t ethertype = is_ipv4 ? 0x0800 : 0x86dd;
	struct frame *both[] = {in, out};

	frame_to_us(in, 0, link_tags, ethertype);
	frame_from_us(out, 2, core_tags, ethertype);
	for (unsigned int i = 0; i < 2; i++) {
		if (is_ipv4)
			frame_ipv4(both[i], &(struct ipv4){.source = source,
						    .destination = "10.9.0.1",
						    .ttl = 64 - i,
						    .protocol = IPPROTO_UDP,
						    .payload = 8});
		else
			frame_ipv6(both[i], &(struct ipv6){.source = source,
						    .destination = "2001:db8:9::1",
						    .hop_limit = 64 - i,
						    .next_header = IPPROTO_UDP,
						    .payload = 8});
		frame_udp(both[i], seed, 2, 0);
	}
}

static bool is_believed(const struct source *source, enum api_urpf mode)
{
	if (mode == API_URPF_STRICT)
		return source->strict;
	return mode == API_URPF_OFF || source->loose;
}

static void expect_verdict(const char *address, bool believed, enum api_urpf mode)
{
	struct frame in, out;

	packet_from(&in, &out, address, 7);
	receive_one(0, &in);
	if (believed)
		expect_sent(2, &out);
	expect_nothing_sent();
	assert_int_equal(punted_count(), 0);
	expect_drops(PRIMARY, API_DROP_URPF_STRICT, mode == API_URPF_STRICT && !believed);
	expect_drops(PRIMARY, API_DROP_URPF_LOOSE, mode == API_URPF_LOOSE && !believed);
}

static void each_source_in_each_mode(void **state)
{
	two_domains();
	for (enum api_urpf mode = API_URPF_OFF; mode < API_URPF_COUNT; mode++) {
		set_mode(mode);
		for (unsigned int i = 0; i < RTE_DIM(sources); i++) {
			bool believed = is_believed(&sources[i], mode);

			expect_verdict(sources[i].address4, believed, mode);
			expect_verdict(sources[i].address6, believed, mode);
		}
	}
}

/* A default route of the customer's own makes all sources its own but those that lead elsewhere by
 * longer prefixes: a spoofed source of the network is dropped still. */
static void a_default_route(void **state)
{
	two_domains();
	add_route(CUSTOMER, "0.0.0.0", 0, 16);
	add_route(CUSTOMER, "::", 0, 16);
	set_mode(API_URPF_STRICT);
	expect_verdict("10.77.0.5", true, API_URPF_STRICT);
	expect_verdict("2001:db8:77::5", true, API_URPF_STRICT);
	expect_verdict("10.9.0.5", false, API_URPF_STRICT);
	expect_verdict("2001:db8:9::5", false, API_URPF_STRICT);
	expect_verdict("10.5.0.5", false, API_URPF_STRICT);
}

/* Bursts of all sources of both families mixed, and packets of an interface of the same port that
 * asks nothing: each has its own verdict. */
static void mixed_bursts(void **state)
{
	static struct frame in[BURST_MAX], out[BURST_MAX];
	static const struct encapsulation other = {"802.1Q", 0x8100, 0, 777};
	struct api_interface careless;
	struct frame frame;
	uint64_t dropped = 0;

	two_domains();
	set_mode(API_URPF_STRICT);
	careless = make_interface(5, 0, CUSTOMER, &other);
	add_interface(&careless);
	srandom(1);
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int n = 1 + random() % BURST_MAX;

		for (unsigned int i = 0; i < n; i++) {
			const struct source *source = &sources[random() % RTE_DIM(sources)];
			bool is_ipv4 = random() % 2, asked = random() % 4 != 0;

			packet_from(
				&in[i], &out[i], is_ipv4 ? source->address4 : source->address6, i);
			if (!asked) {
				frame_to_us(&frame, 0, &other, is_ipv4 ? 0x0800 : 0x86dd);
				frame_append(&frame, in[i].bytes + 22, in[i].length - 22);
				in[i] = frame;
			} else if (!source->strict) {
				out[i].length = 0;
				dropped++;
			}
		}
		receive(0, in, n);
		expect_sent_burst(2, out, n);
		expect_nothing_sent();
		assert_int_equal(drops(PRIMARY, API_DROP_URPF_STRICT), dropped);
	}
}

/* What is for the edge itself is not asked where it comes from. */
static void for_us(void **state)
{
	struct frame frame;

	two_domains();
	set_mode(API_URPF_STRICT);
	frame_to_us(&frame, 0, link_tags, 0x0800);
	frame_ipv4(&frame, &(struct ipv4){.source = "10.77.0.5",
				   .destination = "192.0.2.2",
				   .ttl = 64,
				   .protocol = IPPROTO_UDP,
				   .payload = 8});
	frame_udp(&frame, 1, 2, 0);
	receive_one(0, &frame);
	assert_int_equal(punted_count(), 1);
	drop_punted();
}

/* Packets of a port ask their interfaces only while one of them checks. */
static void ports_know_who_asks(void **state)
{
	struct api_interface primary;

	two_domains();
	assert_int_equal(interface_source_checks[0], 0);
	set_mode(API_URPF_STRICT);
	set_mode(API_URPF_LOOSE);
	assert_int_equal(interface_source_checks[0], 1);
	assert_int_equal(interface_refresh(PRIMARY), 0);
	assert_int_equal(interface_source_checks[0], 1);
	primary = interface_get(PRIMARY)->api;
	primary.port = 2;
	primary.c_tag = 999;
	add_interface(&primary);
	assert_int_equal(interface_source_checks[0], 0);
	assert_int_equal(interface_source_checks[2], 1);
	primary.urpf = API_URPF_COUNT;
	assert_int_equal(interface_upsert(&primary, -1), -EINVAL);
	assert_int_equal(interface_source_checks[2], 1);
	set_mode(API_URPF_OFF);
	assert_int_equal(interface_source_checks[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(each_source_in_each_mode),
		pipeline_test(a_default_route),
		pipeline_test(mixed_bursts),
		pipeline_test(for_us),
		pipeline_test(ports_know_who_asks),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
