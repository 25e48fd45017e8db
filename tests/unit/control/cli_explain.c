/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp explain`: the frame that is asked about, where it comes from, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/explain.h"

static char *errors;
static size_t errors_size;

static bool parse(struct cli *cli, struct explain_flow *flow)
{
	bool good;

	free(errors);
	cli->err = open_memstream(&errors, &errors_size);
	good = explain_parse(cli, flow);
	fclose(cli->err);
	return good;
}

static void words_become_a_flow(void **state)
{
	struct cli cli = {.from = "10.0.0.1", .to = "10.1.0.2"};
	struct explain_flow flow;

	assert_true(parse(&cli, &flow));
	assert_int_equal(flow.family, AF_INET);
	assert_int_equal(flow.protocol, IPPROTO_ICMP);
	assert_int_equal(flow.bytes, 40);
	assert_memory_equal(flow.from, ((uint8_t[]){10, 0, 0, 1}), 4);
	assert_memory_equal(flow.to, ((uint8_t[]){10, 1, 0, 2}), 4);
	cli.l4_port = "443";
	assert_true(parse(&cli, &flow));
	assert_int_equal(flow.protocol, IPPROTO_TCP);
	assert_int_equal(flow.port, 443);
	cli = (struct cli){.from = "fd00::1", .to = "fd00::2", .proto = "icmp"};
	assert_true(parse(&cli, &flow));
	assert_int_equal(flow.family, AF_INET6);
	assert_int_equal(flow.protocol, IPPROTO_ICMPV6);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		struct cli cli;
		const char *words[2];
	} cases[] = {
		{{.to = "10.0.0.2"}, {"--from", "missing"}},
		{{.from = "10.0.0.1"}, {"--to", "missing"}},
		{{.from = "10.0.0", .to = "10.0.0.2"}, {"10.0.0", "10.0.0.1"}},
		{{.from = "10.0.0.1", .to = "fd00::1"}, {"fd00::1", "two families"}},
		{{.from = "::1", .to = "::2", .proto = "gre"}, {"gre", "tcp, udp"}},
		{{.from = "::1", .to = "::2", .proto = "icmp", .l4_port = "7"},
			{"--port 7", "no ports"}},
		{{.from = "::1", .to = "::2", .l4_port = "65536"}, {"65536", "1 to 65535"}},
		{{.from = "::1", .to = "::2", .l4_port = "0"}, {"--port 0", "1 to 65535"}},
		{{.from = "::1", .to = "::2", .bytes = "59"}, {"59", "60 to 9216"}},
		{{.from = "1.0.0.1", .to = "1.0.0.2", .bytes = "9217"}, {"9217", "40 to 9216"}},
		{{.from = "::1", .to = "::2", .l4_port = "http"}, {"http", "a number"}},
	};
	struct explain_flow flow;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cli cli = cases[i].cli;

		assert_false(parse(&cli, &flow));
		assert_non_null(strstr(errors, cases[i].words[0]));
		assert_non_null(strstr(errors, cases[i].words[1]));
	}
}

static const struct api_port port = {
	.id = 3, .mac = {2, 0, 0, 0, 0, 7}, .outer_ethertype = 0x88a8, .name = "cust"};

static void frame_with_two_tags(void **state)
{
	static const uint8_t head[] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0, 100, 0x81,
		0, 0, 200, 8, 0, 0x45, 0, 0, 40};
	struct api_interface interface = {.s_tag = 100, .c_tag = 200};
	struct explain_flow flow = {.family = AF_INET,
		.protocol = IPPROTO_UDP,
		.port = 53,
		.bytes = 40,
		.from = {10, 0, 0, 1},
		.to = {10, 1, 0, 2}};
	struct api_explain request;
	uint32_t sum = 0;

	explain_frame(&flow, &interface, &port, &request);
	assert_int_equal(request.port, 3);
	assert_int_equal(request.frame_bytes, 22 + 40);
	assert_memory_equal(request.head, head, sizeof(head));
	assert_memory_equal(request.head + 22 + 12, ((uint8_t[]){10, 0, 0, 1, 10, 1, 0, 2}), 8);
	assert_int_equal(request.head[22 + 22] << 8 | request.head[22 + 23], 53);
	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)request.head[22 + i] << 8 | request.head[23 + i];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void frame_without_tags(void **state)
{
	struct api_interface interface = {0};
	struct explain_flow flow = {.family = AF_INET6,
		.protocol = IPPROTO_ICMPV6,
		.bytes = 1500,
		.from = {0xfd, [15] = 1},
		.to = {0xfd, [15] = 2}};
	struct api_explain request;

	explain_frame(&flow, &interface, &port, &request);
	assert_int_equal(request.frame_bytes, 14 + 1500);
	assert_memory_equal(request.head + 12,
		((uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 1460 >> 8, 1460 & 255, 58}), 9);
	assert_memory_equal(request.head + 14 + 8, flow.from, 16);
	assert_memory_equal(request.head + 14 + 24, flow.to, 16);
	assert_int_equal(request.head[14 + 40], 128);
}

/* ---- the place ---- */

static bool place(struct cli *cli, struct explain_place *to)
{
	bool good;

	free(errors);
	cli->err = open_memstream(&errors, &errors_size);
	good = explain_place(cli, to);
	fclose(cli->err);
	return good;
}

static void words_become_a_place(void **state)
{
	struct cli cli = {.circuit = "acme"};
	struct explain_place to;

	assert_true(place(&cli, &to));
	assert_string_equal(to.address, "acme");
	assert_false(to.core);
	cli.peering = "microsoft";
	assert_true(place(&cli, &to));
	assert_string_equal(to.address, "acme/public");
	cli.peering = "both";
	assert_false(place(&cli, &to));
	assert_non_null(strstr(errors, "private or public"));
	cli = (struct cli){.circuit = "acme/private", .peering = "public"};
	assert_false(place(&cli, &to));
	assert_non_null(strstr(errors, "--peering public"));
	cli = (struct cli){.vnet = "net"};
	assert_true(place(&cli, &to));
	assert_true(to.core);
	cli.circuit = "acme";
	assert_false(place(&cli, &to));
	assert_non_null(strstr(errors, "--vnet"));
	cli = (struct cli){.from = "10.0.0.1"};
	assert_false(place(&cli, &to));
	assert_non_null(strstr(errors, "CIRCUIT[/PEERING[/LINK]]"));
}

/* Control is away: what the dataplane has is named. */
static bool check(const char *circuit, const char *vnet, const struct dump *interfaces)
{
	struct cli cli = {.run_dir = "/nowhere", .circuit = circuit, .vnet = vnet};
	struct explain_place to;
	bool good;

	assert_true(place(&cli, &to));
	free(errors);
	cli.err = open_memstream(&errors, &errors_size);
	good = explain_check(&cli, &to, interfaces);
	fclose(cli.err);
	return good;
}

static void places_are_there_or_not(void **state)
{
	static struct api_interface links[] = {
		{.id = 1, .vrf = 1, .name = "acme/private/primary", .circuit = "acme"},
		{.id = 2, .vrf = 1, .name = "acme/private/secondary", .circuit = "acme"},
		{.id = 3, .vrf = 2, .name = "acme/public/primary", .circuit = "acme"},
		{.id = 4, .vrf = 3, .name = "net/core"},
	};
	const struct dump interfaces = {.object = API_INTERFACE, .rows = links, .count = 4};

	assert_true(check("acme/private", NULL, &interfaces));
	assert_true(check("acme/public/primary", NULL, &interfaces));
	assert_true(check(NULL, "net", &interfaces));
	assert_false(check("acme", NULL, &interfaces));
	assert_non_null(strstr(errors, "two peerings"));
	assert_false(check("acne", NULL, &interfaces));
	assert_non_null(strstr(errors, "no circuit \"acne\""));
	assert_non_null(strstr(errors, "\"acme\"?"));
	assert_false(check("net", NULL, &interfaces));
	assert_false(check(NULL, "acme", &interfaces));
	assert_non_null(strstr(errors, "no virtual network or service \"acme\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_flow),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(frame_with_two_tags),
		cmocka_unit_test(frame_without_tags),
		cmocka_unit_test(words_become_a_place),
		cmocka_unit_test(places_are_there_or_not),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(errors);
	return failed;
}
