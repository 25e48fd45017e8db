/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors, byte for byte, and when there must be none.
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/interface/interface.h"
#include "pipelines/pipeline.h"
#include "pipelines/punt/budget.h"
#include "tests/pipeline/fixture.h"

static const struct encapsulation *const link_tags = &encapsulations[3];
static const struct encapsulation *const core_tags = &encapsulations[1];

/* Bytes of the link's layer-2 header. */
enum { L2 = 22 };

struct error {
	uint8_t type, code;
	uint16_t mtu;
};

static void finish_checksum(uint8_t *icmp, unsigned int bytes, uint32_t sum)
{
	uint16_t checksum = internet_checksum(icmp, bytes, sum);

	icmp[2] = checksum >> 8;
	icmp[3] = checksum & 0xff;
}

static uint8_t *append_message(struct frame *frame, const struct error *error,
	const struct frame *original, unsigned int n)
{
	const uint8_t header[8] = {
		error->type, error->code, 0, 0, 0, 0, error->mtu >> 8, error->mtu & 0xff};
	uint8_t *icmp = frame_append(frame, header, sizeof(header));

	frame_append(frame, original->bytes + L2, n);
	return icmp;
}

/* What the customer must get, RFC 792 and RFC 1812 4.3.2. */
static void make_error4(struct frame *frame, const struct frame *original, const char *to,
	const struct error *error)
{
	unsigned int quoted = RTE_MIN(original->length - L2, 576 - 28);

	frame_from_us(frame, 0, link_tags, 0x0800);
	frame_ipv4(frame, &(struct ipv4){.source = "192.0.2.2",
				  .destination = to,
				  .tos = 0xc0,
				  .ttl = 64,
				  .protocol = IPPROTO_ICMP,
				  .fragment = 0x4000,
				  .payload = 8 + quoted});
	finish_checksum(append_message(frame, error, original, quoted), 8 + quoted, 0);
}

/* RFC 4443, its checksum with the pseudo header of RFC 8200 8.1. */
static void make_error6(struct frame *frame, const struct frame *original, const char *to,
	const struct error *error)
{
	unsigned int quoted = RTE_MIN(original->length - L2, 1280 - 48);
	uint8_t pseudo[40] = {0};

	frame_from_us(frame, 0, link_tags, 0x86dd);

	const uint8_t *ip = frame_ipv6(frame, &(struct ipv6){.source = "2001:db8:1::2",
						      .destination = to,
						      .hop_limit = 64,
						      .next_header = IPPROTO_ICMPV6,
						      .payload = 8 + quoted});

	memcpy(pseudo, ip + 8, 32);
	pseudo[34] = (8 + quoted) >> 8;
	pseudo[35] = (8 + quoted) & 0xff;
	pseudo[39] = IPPROTO_ICMPV6;

	uint8_t *icmp = append_message(frame, error, original, quoted);

	finish_checksum(icmp, 8 + quoted, (uint16_t)~internet_checksum(pseudo, 40, 0));
}

/* From a host behind the customer, which the route of the scene leads back to. */
static void from_host(struct frame *frame, int family, uint8_t ttl, unsigned int payload)
{
	frame_to_us(frame, 0, link_tags, family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, ttl, payload, 7);
}

static void from_to4(struct frame *frame, const char *source, const char *destination,
	uint8_t protocol, uint16_t fragment, unsigned int payload, unsigned int seed)
{
	frame_to_us(frame, 0, link_tags, 0x0800);
	frame_ipv4(frame, &(struct ipv4){.source = source,
				  .destination = destination,
				  .ttl = 64,
				  .protocol = protocol,
				  .fragment = fragment,
				  .payload = payload});
	frame_fill(frame, payload, seed);
}

static void from_to6(struct frame *frame, const char *source, const char *destination,
	uint8_t next_header, unsigned int payload)
{
	frame_to_us(frame, 0, link_tags, 0x86dd);
	frame_ipv6(frame, &(struct ipv6){.source = source,
				  .destination = destination,
				  .hop_limit = 64,
				  .next_header = next_header,
				  .payload = payload});
	frame_fill(frame, payload, 1);
}

static void answers_traceroute(void **state)
{
	const struct error expired4 = {11, 0, 0}, expired6 = {3, 0, 0};
	struct frame in, out;

	scene(link_tags, core_tags);
	for (uint8_t ttl = 0; ttl <= 1; ttl++) {
		for (unsigned int payload = 0; payload < 1400; payload += 97) {
			from_host(&in, AF_INET, ttl, payload);
			make_error4(&out, &in, "10.0.0.5", &expired4);
			receive_one(0, &in);
			expect_sent(0, &out);
			expect_drops(1, API_DROP_TTL_EXPIRED, 1);
			from_host(&in, AF_INET6, ttl, payload);
			make_error6(&out, &in, "2001:db8:a::5", &expired6);
			receive_one(0, &in);
			expect_sent(0, &out);
			expect_drops(1, API_DROP_TTL_EXPIRED, 1);
		}
	}
	expect_nothing_sent();

	struct api_ledger ledger = ledger_of(1);

	assert_int_equal(ledger.generated, 60);
	assert_int_equal(ledger.forwarded_in, 60); /* as if received here */
	assert_int_equal(ledger.tx, 60);
}

static void tells_where_there_is_no_route(void **state)
{
	const struct error unreachable4 = {3, 0, 0}, unreachable6 = {1, 0, 0};
	struct frame in, out;

	scene(link_tags, core_tags);
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_TCP, 0, 40, 1);
	make_error4(&out, &in, "10.0.0.5", &unreachable4);
	receive_one(0, &in);
	expect_sent(0, &out);
	from_to6(&in, "2001:db8:a::5", "2001:db8:77::1", IPPROTO_TCP, 40);
	make_error6(&out, &in, "2001:db8:a::5", &unreachable6);
	receive_one(0, &in);
	expect_sent(0, &out);
	expect_drops(1, API_DROP_NO_ROUTE, 2);
}

static void errors_are_quoted_without_padding(void **state)
{
	const struct error expired4 = {11, 0, 0};
	struct frame in, out;

	scene(link_tags, core_tags);
	from_host(&in, AF_INET, 1, 2);
	make_error4(&out, &in, "10.0.0.5", &expired4);
	frame_fill(&in, 30, 4);
	receive_one(0, &in);
	expect_sent(0, &out);
}

/* Errors in the middle of a burst; the others keep their order. */
static void errors_mix_with_forwarding(void **state)
{
	static struct frame in[BURST_MAX], out[2][BURST_MAX]; /* by the port it leaves by */
	const struct error expired4 = {11, 0, 0}, expired6 = {3, 0, 0};

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		int family = i % 2 == 0 ? AF_INET : AF_INET6;

		from_host(&in[i], family, i % 3 == 0 ? 1 : 64, i);
		if (i % 3 != 0) {
			frame_from_us(&out[1][i], 1, core_tags, i % 2 == 0 ? 0x0800 : 0x86dd);
			frame_flow(&out[1][i], family, 63, i, 7);
		} else if (i % 2 == 0) {
			make_error4(&out[0][i], &in[i], "10.0.0.5", &expired4);
		} else {
			make_error6(&out[0][i], &in[i], "2001:db8:a::5", &expired6);
		}
	}
	receive(0, in, BURST_MAX);
	expect_sent_burst(0, out[0], BURST_MAX);
	expect_sent_burst(1, out[1], BURST_MAX);
	expect_nothing_sent();
}

static void expect_silence(const struct frame *in)
{
	uint64_t generated = ledger_of(1).generated;

	receive_one(0, in);
	expect_nothing_sent();
	expect_drops(1, API_DROP_NO_ROUTE, 1);
	assert_int_equal(ledger_of(1).generated, generated);
}

/* The same packet, but for what forbids it, is told. */
static void expect_told(const struct frame *in)
{
	struct frame error;

	receive_one(0, in);
	take_sent(0, &error);
	expect_drops(1, API_DROP_NO_ROUTE, 1);
}

/* RFC 1812 4.3.2.7 */
static void no_error4_about(void **state)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	static const uint8_t queries[] = {0, 8, 9, 10, 13, 14, 17, 18};
	struct frame in;

	scene(link_tags, core_tags);
	for (unsigned int i = 0; i < RTE_DIM(errors); i++) {
		from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_ICMP, 0, 36, 1);
		in.bytes[in.length - 36] = errors[i];
		expect_silence(&in);
	}
	for (unsigned int i = 0; i < RTE_DIM(queries); i++) {
		from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_ICMP, 0, 36, 1);
		in.bytes[in.length - 36] = queries[i];
		expect_told(&in);
	}
	/* too short to say what it is; later fragments; no single host */
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_ICMP, 0, 0, 1);
	expect_silence(&in);
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_UDP, 1, 16, 1);
	expect_silence(&in);
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_UDP, 0x2001, 16, 1);
	expect_silence(&in);
	from_to4(&in, "240.0.0.5", "10.77.0.1", IPPROTO_UDP, 0, 16, 1);
	expect_silence(&in);
	/* a first fragment is told */
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_UDP, 0x2000, 16, 1);
	expect_told(&in);
}

/* An IPv6 packet with the given chain: bytes from the first extension header on. */
static void chain6(struct frame *in, uint8_t next, const uint8_t *bytes, unsigned int n)
{
	from_to6(in, "2001:db8:a::5", "2001:db8:77::1", next, n);
	memcpy(in->bytes + in->length - n, bytes, n);
}

/* RFC 4443 2.4 e */
static void no_error6_about(void **state)
{
	static const uint8_t hop_then_error[] = {58, 0, 5, 2, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t hop_then_echo[] = {58, 0, 5, 2, 0, 0, 1, 0, 128, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t later_fragment[] = {58, 0, 0, 8, 0, 0, 0, 1, 128, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t first_fragment[] = {58, 0, 0, 1, 0, 0, 0, 1, 128, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t later_udp[] = {17, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t overrun[] = {60, 99, 0, 0, 0, 0, 0, 0};
	uint8_t endless[9 * 8] = {0};
	struct frame in;

	scene(link_tags, core_tags);
	for (unsigned int type = 0; type < 256; type++) {
		from_to6(&in, "2001:db8:a::5", "2001:db8:77::1", IPPROTO_ICMPV6, 20);
		in.bytes[in.length - 20] = type;
		wait_for_budgets();
		if (type < 128 || type == 137)
			expect_silence(&in);
		else
			expect_told(&in);
	}
	chain6(&in, 0, hop_then_error, sizeof(hop_then_error));
	expect_silence(&in);
	chain6(&in, 0, hop_then_echo, sizeof(hop_then_echo));
	expect_told(&in);
	chain6(&in, 44, later_fragment, sizeof(later_fragment));
	expect_silence(&in);
	chain6(&in, 44, first_fragment, sizeof(first_fragment));
	expect_told(&in);
	chain6(&in, 44, later_udp, sizeof(later_udp));
	expect_told(&in);
	chain6(&in, 60, overrun, sizeof(overrun));
	expect_silence(&in);
	for (unsigned int i = 0; i < sizeof(endless); i += 8)
		endless[i] = 60;
	chain6(&in, 60, endless, sizeof(endless));
	expect_silence(&in);
}

/* What a fragment, or an authenticated packet (RFC 4302 2), carries at the end of its chain. */
static void no_error6_about_what_hides_an_error(void **state)
{
	static const uint8_t first_then_error[] = {
		60, 0, 0, 1, 0, 0, 0, 1, 58, 0, 1, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	/* Somewhere behind the options, in another fragment, there may be an error. */
	static const uint8_t later_options[] = {60, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t later_signed[] = {51, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t signed_error[] = {58, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 1, 0, 0, 0};
	static const uint8_t signed_echo[] = {58, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 128, 0, 0, 0};
	static const uint8_t signed_udp[] = {17, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 1, 2, 3, 4};
	struct frame in;

	scene(link_tags, core_tags);
	chain6(&in, 44, first_then_error, sizeof(first_then_error));
	expect_silence(&in);
	chain6(&in, 44, later_options, sizeof(later_options));
	expect_silence(&in);
	chain6(&in, 44, later_signed, sizeof(later_signed));
	expect_silence(&in);
	chain6(&in, 51, signed_error, sizeof(signed_error));
	expect_silence(&in);
	chain6(&in, 51, signed_echo, sizeof(signed_echo));
	expect_told(&in);
	chain6(&in, 51, signed_udp, sizeof(signed_udp));
	expect_told(&in);
}

static void no_error_without_an_address(void **state)
{
	struct api_interface api;
	struct frame in;

	scene(link_tags, core_tags);
	api = interface_get(1)->api;
	memset(api.address4, 0, sizeof(api.address4));
	memset(api.address6, 0, sizeof(api.address6));
	assert_int_equal(interface_upsert(&api, -1), 0);
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_UDP, 0, 16, 1);
	expect_silence(&in);
	from_to6(&in, "2001:db8:a::5", "2001:db8:77::1", IPPROTO_UDP, 20);
	expect_silence(&in);
}

/* The way back is looked up in the domain the packet came in by, and may not exist. */
static void errors_may_find_no_way_back(void **state)
{
	struct frame in;

	scene(link_tags, core_tags);
	from_to4(&in, "10.88.0.5", "10.77.0.1", IPPROTO_UDP, 0, 16, 1);
	receive_one(0, &in);
	expect_nothing_sent();
	expect_drops(1, API_DROP_NO_ROUTE, 2); /* the packet, and the error about it */
	assert_int_equal(ledger_of(1).generated, 1);
}

/* The sender is the edge itself, by another of its addresses: the error goes to the kernel. */
static void errors_to_the_edge_are_punted(void **state)
{
	const struct error unreachable4 = {3, 0, 0};
	const struct encapsulation untagged = {"", 0x8100, 0, 0};
	struct frame in, error, out;

	scene(link_tags, core_tags);
	add_route(1, "10.0.0.5", 32, API_GROUP_RECEIVE);
	from_to4(&in, "10.0.0.5", "10.77.0.1", IPPROTO_UDP, 0, 16, 1);
	make_error4(&error, &in, "10.0.0.5", &unreachable4);
	receive_one(0, &in);
	frame_start(&out, port_mac[0], port_mac[0], &untagged, 0x0800);
	frame_append(&out, error.bytes + L2, error.length - L2);
	expect_punted(1, &out);
	expect_nothing_sent();
}

static void errors_have_a_budget(void **state)
{
	const unsigned int burst = budget_rates[API_BUDGET_ICMP].burst;
	const unsigned int rate = budget_rates[API_BUDGET_ICMP].per_second;
	struct frame in;

	scene(link_tags, core_tags);
	from_host(&in, AF_INET6, 1, 20);
	for (unsigned int i = 0; i < burst + 50; i++)
		receive_one(0, &in);
	assert_int_equal(sent_count(0), burst);
	expect_drops(1, API_DROP_TTL_EXPIRED, burst + 50);
	expect_drops(1, API_DROP_ICMP_BUDGET, 50);
	/* A tenth of a second later a tenth of a second's worth. */
	worker.now += rte_get_tsc_hz() / 10;
	for (unsigned int i = 0; i < burst; i++)
		receive_one(0, &in);
	assert_in_range(sent_count(0), burst + rate / 10 - 1, burst + rate / 10);
}

static void no_error_without_a_buffer(void **state)
{
	static struct rte_mbuf *hoard[4096];
	struct frame in;
	unsigned int n = 0;

	scene(link_tags, core_tags);
	from_host(&in, AF_INET, 1, 20);

	struct rte_mbuf *mbuf = to_mbuf(&in);

	while ((hoard[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	pipeline_receive(&worker, port_get(0), &mbuf, 1);
	rte_pktmbuf_free_bulk(hoard, n);
	expect_drops(1, API_DROP_TTL_EXPIRED, 1);
	expect_drops(1, API_DROP_NO_MEMORY, 1);
	assert_int_equal(ledger_of(1).generated, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(answers_traceroute),
		pipeline_test(tells_where_there_is_no_route),
		pipeline_test(errors_are_quoted_without_padding),
		pipeline_test(errors_mix_with_forwarding),
		pipeline_test(no_error4_about),
		pipeline_test(no_error6_about),
		pipeline_test(no_error6_about_what_hides_an_error),
		pipeline_test(no_error_without_an_address),
		pipeline_test(errors_may_find_no_way_back),
		pipeline_test(errors_to_the_edge_are_punted),
		pipeline_test(errors_have_a_budget),
		pipeline_test(no_error_without_a_buffer),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
