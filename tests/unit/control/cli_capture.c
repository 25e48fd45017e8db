/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp capture` and `onramp trace`: what is asked, what is written, what is said of a packet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/capture.h"
#include "control/cli/pcapng.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what is asked ---- */

static struct api_capture parse(struct cli cli, bool trace)
{
	struct api_capture request;

	cli.err = stderr;
	assert_true(capture_parse(&cli, trace, &request));
	return request;
}

static void words_become_a_request(void **state)
{
	struct api_capture request = parse((struct cli){.operand = "acme/private"}, false);

	assert_string_equal(request.address, "acme/private");
	assert_int_equal(request.packets, 1000000);
	assert_int_equal(request.seconds, 60);
	assert_int_equal(request.snap_bytes, API_CAPTURE_SNAP_MAX);
	assert_int_equal(request.once, 0);
	assert_int_equal(request.family, 0);

	/* What is not said is as large as it may be, once one bound is. */
	request = parse((struct cli){.operand = "acme", .count = "5", .snaplen = "64"}, false);
	assert_int_equal(request.packets, 5);
	assert_int_equal(request.seconds, API_CAPTURE_S_MAX);
	assert_int_equal(request.snap_bytes, 64);
	request = parse((struct cli){.operand = "acme", .duration = "10m"}, false);
	assert_int_equal(request.packets, API_CAPTURE_PACKETS_MAX);
	assert_int_equal(request.seconds, 600);

	request = parse((struct cli){.from = "10.0.0.1", .to = "10.1.0.1", .l4_port = "443"}, true);
	assert_string_equal(request.address, "");
	assert_int_equal(request.packets, 100);
	assert_int_equal(request.once, 1);
	assert_int_equal(request.family, AF_INET);
	assert_int_equal(request.has_from, 1);
	assert_int_equal(request.has_to, 1);
	assert_int_equal(request.port, 443);
	assert_int_equal(request.protocol, 0);
	assert_memory_equal(request.from, ((uint8_t[]){10, 0, 0, 1}), 4);
	assert_memory_equal(request.to, ((uint8_t[]){10, 1, 0, 1}), 4);

	request = parse((struct cli){.to = "fd00::1", .proto = "icmp"}, true);
	assert_int_equal(request.family, AF_INET6);
	assert_int_equal(request.has_from, 0);
	assert_int_equal(request.protocol, IPPROTO_ICMPV6);
	request = parse((struct cli){.operand = "acme", .proto = "icmp"}, true);
	assert_int_equal(request.protocol, IPPROTO_ICMP);
	request = parse((struct cli){.operand = "acme", .proto = "udp"}, true);
	assert_int_equal(request.protocol, IPPROTO_UDP);
	assert_int_equal(request.family, 0);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		struct cli cli;
		bool trace;
		const char *says[3];
	} mistakes[] = {
		{{.operand = NULL}, true, {"CIRCUIT", "--from"}},
		{{.operand = "", .from = "10.0.0.1"}, false, {"CIRCUIT"}},
		{{.operand = "a", .count = "0"}, false, {"--count 0", "1 to 10000000"}},
		{{.operand = "a", .count = "10000001"}, false, {"--count 10000001"}},
		{{.operand = "a", .count = "5x"}, false, {"--count 5x"}},
		{{.operand = "a", .count = "-1"}, false, {"--count -1"}},
		{{.operand = "a", .count = ""}, false, {"--count"}},
		{{.operand = "a", .duration = "90"}, false, {"--for 90", "30s"}},
		{{.operand = "a", .duration = "25h"}, false, {"--for 25h"}},
		{{.operand = "a", .snaplen = "63"}, false, {"--snaplen 63", "64 to 9728"}},
		{{.operand = "a", .from = "10.0.0"}, true,
			{"--from 10.0.0", "10.0.0.1 or fd00::1"}},
		{{.operand = "a", .from = "10.0.0.1", .to = "::1"}, true,
			{"--to ::1", "two families"}},
		{{.operand = "a", .proto = "gre"}, true, {"--proto gre", "tcp, udp or icmp"}},
		{{.operand = "a", .l4_port = "65536"}, true, {"--port 65536"}},
		{{.operand = "a", .l4_port = "0"}, true, {"--port 0"}},
		{{.operand = "a", .l4_port = "http"}, true, {"--port http"}},
		{{.operand = "a", .proto = "icmp", .l4_port = "7"}, true, {"no ports"}},
		{{.operand = "a2345678901234567890123456789012345678901234567890123456789012345"},
			false, {"so long"}},
	};

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct api_capture request;
		struct cli cli = mistakes[i].cli;
		size_t length;
		char *text;

		cli.err = open_memstream(&text, &length);
		assert_false(capture_parse(&cli, mistakes[i].trace, &request));
		fclose(cli.err);
		for (size_t j = 0; j < COUNT(mistakes[i].says) && mistakes[i].says[j] != NULL; j++)
			if (strstr(text, mistakes[i].says[j]) == NULL)
				fail_msg("\"%s\" is not in: %s", mistakes[i].says[j], text);
		free(text);
	}
}

/* ---- what is written ---- */

static uint32_t word(const char *file, size_t at)
{
	uint32_t value;

	memcpy(&value, file + at, sizeof(value));
	return value;
}

/* The block's type, its length told at both ends. Moves *at behind it. */
static uint32_t block(const char *file, size_t length, size_t *at)
{
	uint32_t type = word(file, *at), bytes = word(file, *at + 4);

	assert_int_equal(bytes % 4, 0);
	assert_true(bytes >= 12 && *at + bytes <= length);
	assert_int_equal(word(file, *at + bytes - 4), bytes);
	*at += bytes;
	return type;
}

/* Octets by hand, from draft-ietf-opsawg-pcapng 4.2, 4.3 and 4.6 (little endian). */
static void blocks_are_as_the_draft_has_them(void **state)
{
	static const uint8_t expected[] = {
		/* interface: Ethernet, 256 bytes at most, called "a/b", in nanoseconds */
		1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0,      /* head */
		2, 0, 3, 0, 'a', '/', 'b', 0, 9, 0, 1, 0, 9, 0, 0, 0, /* name, resolution */
		0, 0, 0, 0, 40, 0, 0, 0,
		/* packet: of interface 0, 5 of 60 bytes, "hi", outbound */
		6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55,
		5, 0, 0, 0, 60, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0,    /* frame, padded */
		1, 0, 2, 0, 'h', 'i', 0, 0, 2, 0, 4, 0, 2, 0, 0, 0, /* comment, flags */
		0, 0, 0, 0, 60, 0, 0, 0};
	const struct pcapng_packet packet = {.time_ns = 0x1122334455667788,
		.is_out = true,
		.frame_bytes = 60,
		.captured_bytes = 5,
		.frame = (const uint8_t[]){1, 2, 3, 4, 5},
		.comment = "hi"};
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	pcapng_interface(file, "a/b", 256);
	pcapng_packet(file, &packet);
	fclose(file);
	assert_int_equal(length, sizeof(expected));
	assert_memory_equal(text, expected, sizeof(expected));
	free(text);
}

static void a_file_is_blocks_of_right_lengths(void **state)
{
	static const uint32_t types[] = {0x0a0d0d0a, 1, 6, 6, 6, 6, 5};
	static const uint8_t frame[8] = {0};
	size_t length, at = 0;
	char *text;
	FILE *file = open_memstream(&text, &length);

	pcapng_section(file, "onramp 0.1");
	pcapng_interface(file, "acme/private/primary", 9728);
	/* Each length of padding, of a frame and of a comment. */
	for (uint32_t i = 0; i < 4; i++)
		pcapng_packet(file, &(struct pcapng_packet){.frame_bytes = 8,
					    .captured_bytes = 5 + i % 4,
					    .frame = frame,
					    .comment = &"comment"[i]});
	pcapng_statistics(file, &(struct pcapng_statistics){.packets = 7, .lost = 3});
	fclose(file);
	for (size_t i = 0; i < COUNT(types); i++)
		assert_int_equal(block(text, length, &at), types[i]);
	assert_int_equal(at, length);
	/* isb_ifrecv and isb_ifdrop, before the end of options and the length. */
	assert_int_equal(word(text, length - 32), 4 | 8 << 16);
	assert_int_equal(word(text, length - 28), 7);
	assert_int_equal(word(text, length - 20), 5 | 8 << 16);
	assert_int_equal(word(text, length - 16), 3);
	free(text);
}

static void verdicts_have_reasons(void **state)
{
	char text[CAPTURE_TEXT_MAX];

	assert_string_equal(
		capture_verdict(&(struct api_captured){.verdict = API_CAPTURE_FORWARDED}, text),
		"in: forwarded");
	assert_string_equal(
		capture_verdict(
			&(struct api_captured){.verdict = API_CAPTURE_SENT, .is_out = 1}, text),
		"out: sent");
	capture_verdict(&(struct api_captured){.verdict = API_CAPTURE_DROPPED,
				.is_out = 1,
				.reason = API_DROP_MTU_EXCEEDED},
		text);
	assert_non_null(strstr(text, "out: dropped, mtu-exceeded: "));
	assert_non_null(strstr(text, api_drop_text(API_DROP_MTU_EXCEEDED)));
	assert_string_equal(capture_verdict(&(struct api_captured){.verdict = 200}, text), "in: ?");
	/* The longest sentence fits. */
	for (unsigned int i = 0; i < API_DROP_COUNT; i++) {
		capture_verdict(&(struct api_captured){.verdict = API_CAPTURE_DROPPED,
					.reason = (uint8_t)i},
			text);
		assert_true(strlen(text) + 1 < CAPTURE_TEXT_MAX);
	}
}

/* ---- what is said ---- */

static struct api_vrf vrfs[] = {{.id = 4, .name = "private.acme"}};
static struct api_interface interfaces[] = {
	{.id = 3, .vrf = 4, .name = "acme/private/primary", .urpf = API_URPF_STRICT},
	{.id = 9, .vrf = 5, .name = "acme-vnet/core"}};
static struct api_adjacency adjacencies[] = {
	{.id = 7, .interface = 9, .family = AF_INET, .address = {10, 255, 0, 1}}};
static const struct trace_names names = {
	.vrfs = {.object = API_VRF, .rows = vrfs, .count = COUNT(vrfs)},
	.interfaces = {.object = API_INTERFACE, .rows = interfaces, .count = COUNT(interfaces)},
	.adjacencies = {.object = API_ADJACENCY, .rows = adjacencies, .count = COUNT(adjacencies)},
};

/* QinQ 100, 200; 10.0.0.10 to 10.1.0.10, UDP 1000 to 53. */
static const uint8_t frame4[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 100, 0x81, 0, 0,
	200, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 10, 10, 1, 0, 10, 3, 0xe8, 0,
	53, 0, 8, 0, 0};

static struct api_captured captured_of(uint8_t verdict)
{
	return (struct api_captured){.time_ns = 1795449600123456789,
		.interface = 3,
		.other = 9,
		.group = 17,
		.adjacency = 7,
		.frame_bytes = 60,
		.captured_bytes = sizeof(frame4),
		.verdict = verdict};
}

/* The verdict of a step; NULL: it is not among them. */
static const char *verdict_of(const json_t *row, const char *name)
{
	const json_t *step;
	size_t i;

	json_array_foreach (json_object_get(row, "steps"), i, step)
		if (strcmp(json_string_value(json_object_get(step, "step")), name) == 0)
			return json_string_value(json_object_get(step, "verdict"));
	return NULL;
}

static const char *why_last(const json_t *row)
{
	const json_t *steps = json_object_get(row, "steps");

	return json_string_value(
		json_object_get(json_array_get(steps, json_array_size(steps) - 1), "why"));
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static void a_forwarded_packets_whole_way(void **state)
{
	struct api_captured captured = captured_of(API_CAPTURE_FORWARDED);
	json_t *row = trace_row(&names, &captured, frame4);

	assert_string_equal(text_of(row, "time"), "2026-11-23T16:00:00.123456Z");
	assert_string_equal(text_of(row, "link"), "acme/private/primary");
	assert_string_equal(text_of(row, "direction"), "in");
	assert_string_equal(text_of(row, "domain"), "private.acme");
	assert_string_equal(text_of(row, "from"), "10.0.0.10");
	assert_string_equal(text_of(row, "to"), "10.1.0.10");
	assert_string_equal(text_of(row, "protocol"), "udp");
	assert_int_equal(json_integer_value(json_object_get(row, "from_port")), 1000);
	assert_int_equal(json_integer_value(json_object_get(row, "to_port")), 53);
	assert_int_equal(json_integer_value(json_object_get(row, "bytes")), 60);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(row, "tags"), 1)), 200);
	assert_string_equal(text_of(row, "verdict"), "forwarded");
	assert_true(json_is_null(json_object_get(row, "reason")));
	assert_int_equal(json_array_size(json_object_get(row, "steps")), 11);
	assert_string_equal(verdict_of(row, "source"), "ok");
	assert_string_equal(verdict_of(row, "next hop"), "ok");
	assert_string_equal(why_last(row), "by acme-vnet/core");
	json_decref(row);
}

/* The steps end where the packet did, and the last one says why. */
static void a_drop_ends_the_way(void **state)
{
	static const struct {
		enum api_drop_reason reason;
		uint32_t group;
		const char *step, *not_reached;
	} drops[] = {
		{API_DROP_BAD_CHECKSUM, 0, "header", "local"},
		{API_DROP_PUNT_BUDGET_BGP, 0, "local", "martian"},
		{API_DROP_PUNT_BUDGET_OTHER, API_GROUP_RECEIVE, "route", "next hop"},
		{API_DROP_MARTIAN_SOURCE, 0, "martian", "source"},
		{API_DROP_URPF_STRICT, 0, "source", "route"},
		{API_DROP_NO_ROUTE, 0, "route", "next hop"},
		{API_DROP_NEIGHBOUR_UNRESOLVED, API_GROUP_GLEAN, "route", "next hop"},
		{API_DROP_NEIGHBOUR_UNRESOLVED, 17, "next hop", "egress"},
		{API_DROP_NO_LIVE_NEXT_HOP, 17, "next hop", "egress"},
		{API_DROP_TTL_EXPIRED, 17, "egress", "policers"},
		{API_DROP_MTU_EXCEEDED, 17, "egress", "policers"},
		{API_DROP_POLICER_IN, 17, "policers", "sent"},
	};

	for (size_t i = 0; i < COUNT(drops); i++) {
		struct api_captured captured = captured_of(API_CAPTURE_DROPPED);
		json_t *row;

		captured.reason = (uint8_t)drops[i].reason;
		captured.group = drops[i].group;
		row = trace_row(&names, &captured, frame4);
		assert_string_equal(verdict_of(row, drops[i].step), api_drop_name(drops[i].reason));
		assert_string_equal(why_last(row), api_drop_text(drops[i].reason));
		assert_null(verdict_of(row, drops[i].not_reached));
		assert_string_equal(text_of(row, "reason"), api_drop_name(drops[i].reason));
		json_decref(row);
	}
}

static void what_is_for_the_edge_or_from_it(void **state)
{
	struct api_captured captured = captured_of(API_CAPTURE_PUNTED);
	json_t *row;

	captured.group = captured.adjacency = captured.other = 0;
	row = trace_row(&names, &captured, frame4);
	assert_string_equal(verdict_of(row, "local"), "punt");
	assert_null(verdict_of(row, "martian"));
	json_decref(row);
	captured.verdict = API_CAPTURE_SENT;
	captured.is_out = 1;
	row = trace_row(&names, &captured, frame4);
	assert_int_equal(json_array_size(json_object_get(row, "steps")), 1);
	assert_string_equal(why_last(row), "by acme/private/primary");
	json_decref(row);
}

/* A frame cut at any length, and links that came since, cost a field and nothing else. */
static void whatever_is_there(void **state)
{
	struct api_captured captured = captured_of(API_CAPTURE_FORWARDED);
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	for (uint32_t bytes = 0; bytes <= sizeof(frame4); bytes++) {
		/* On its own, so that a sanitizer sees who reads beyond it. */
		uint8_t *cut = malloc(bytes + 1);
		json_t *row;

		memcpy(cut, frame4, bytes);
		cut = realloc(cut, bytes > 0 ? bytes : 1);
		captured.captured_bytes = bytes;
		row = trace_row(&names, &captured, cut);
		assert_int_equal(json_is_string(json_object_get(row, "from")), bytes >= 42);
		assert_int_equal(json_is_integer(json_object_get(row, "to_port")), bytes >= 46);
		trace_print(out, row);
		json_decref(row);
		free(cut);
	}
	captured.interface = captured.other = captured.adjacency = 100;
	json_t *row = trace_row(&names, &captured, frame4);

	assert_true(json_is_null(json_object_get(row, "link")));
	trace_print(out, row);
	json_decref(row);
	fclose(out);
	assert_non_null(strstr(text, "16:00:00.123456  acme/private/primary  in  10.0.0.10 port "
				     "1000 > 10.1.0.10 port 53  udp  60 bytes: forwarded\n"));
	assert_non_null(strstr(text, "    next hop  10.255.0.1 by acme-vnet/core\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_request),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(blocks_are_as_the_draft_has_them),
		cmocka_unit_test(a_file_is_blocks_of_right_lengths),
		cmocka_unit_test(verdicts_have_reasons),
		cmocka_unit_test(a_forwarded_packets_whole_way),
		cmocka_unit_test(a_drop_ends_the_way),
		cmocka_unit_test(what_is_for_the_edge_or_from_it),
		cmocka_unit_test(whatever_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
