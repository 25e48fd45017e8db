/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/cli/capture.h"
#include "control/cli/trace_steps.h"

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_ARP = 0x0806 };
enum { HEADER_IPV4 = 20, HEADER_IPV6 = 40, ADDRESSES_BYTES = 12, TAG_BYTES = 4 };

static unsigned int load16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static bool is_tag(unsigned int ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* 10:20:30.123456 of the day, in UTC, behind its date. */
static json_t *time_json(uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000u);
	char text[48];
	struct tm when;
	size_t length;

	gmtime_r(&seconds, &when);
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &when);
	snprintf(text + length, sizeof(text) - length, ".%06uZ",
		(unsigned int)(time_ns / 1000 % 1000000));
	return json_string(text);
}

static json_t *protocol_json(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return json_string("tcp");
	case IPPROTO_UDP:
		return json_string("udp");
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return json_string("icmp");
	default:
		return json_integer(protocol);
	}
}

/* ip: bytes from the header on. Of fragments and behind extension headers no ports are told. */
static void add_ip(json_t *row, const uint8_t *ip, size_t bytes, bool is_ipv4)
{
	size_t header = is_ipv4 ? (ip[0] & 0xfu) * 4u : HEADER_IPV6;
	int family = is_ipv4 ? AF_INET : AF_INET6;
	uint8_t protocol = ip[is_ipv4 ? 9 : 6];
	bool later_fragment = is_ipv4 && (load16(ip + 6) & 0x1fff) != 0;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, ip + (is_ipv4 ? 12 : 8), text, sizeof(text));
	json_object_set_new(row, "from", json_string(text));
	inet_ntop(family, ip + (is_ipv4 ? 16 : 24), text, sizeof(text));
	json_object_set_new(row, "to", json_string(text));
	json_object_set_new(row, "protocol", protocol_json(protocol));
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || later_fragment ||
		header + 4 > bytes)
		return;
	json_object_set_new(row, "from_port", json_integer(load16(ip + header)));
	json_object_set_new(row, "to_port", json_integer(load16(ip + header + 2)));
}

static void add_frame(json_t *row, const uint8_t *frame, size_t bytes)
{
	json_t *tags = json_array();
	size_t at = ADDRESSES_BYTES, header;
	unsigned int type = 0;

	while (at + 2 <= bytes) {
		type = load16(frame + at);
		if (!is_tag(type) || at + TAG_BYTES > bytes)
			break;
		json_array_append_new(tags, json_integer(load16(frame + at + 2) & 0xfff));
		at += TAG_BYTES;
	}
	at += 2;
	json_object_set_new(row, "tags", tags);
	header = type == TYPE_IPV4 ? HEADER_IPV4 : HEADER_IPV6;
	if ((type == TYPE_IPV4 || type == TYPE_IPV6) && at + header <= bytes)
		add_ip(row, frame + at, bytes - at, type == TYPE_IPV4);
	else if (type == TYPE_ARP)
		json_object_set_new(row, "protocol", json_string("arp"));
}

json_t *trace_row(
	const struct trace_names *names, const struct api_captured *captured, const uint8_t *frame)
{
	const struct api_interface *interface = dump_find(&names->interfaces, captured->interface);
	const struct api_vrf *vrf =
		interface != NULL ? dump_find(&names->vrfs, interface->vrf) : NULL;
	bool dropped =
		captured->verdict == API_CAPTURE_DROPPED && captured->reason < API_DROP_COUNT;
	json_t *row = json_pack("{s:o, s:s?, s:s, s:s?, s:n, s:n, s:n, s:n, s:n, s:n}", "time",
		time_json(captured->time_ns), "link", interface != NULL ? interface->name : NULL,
		"direction", captured->is_out ? "out" : "in", "domain",
		vrf != NULL ? vrf->name : NULL, "tags", "from", "to", "protocol", "from_port",
		"to_port");

	add_frame(row, frame, captured->captured_bytes);
	json_object_set_new(row, "bytes", json_integer(captured->frame_bytes));
	json_object_set_new(row, "verdict", json_string(capture_verdict_name(captured->verdict)));
	json_object_set_new(row, "reason",
		dropped ? json_string(api_drop_name(captured->reason)) : json_null());
	json_object_set_new(row, "steps", trace_steps(names, captured));
	return row;
}

/* ---- for people ---- */

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "?";
}

static void print_end(FILE *out, const json_t *row, const char *address, const char *port)
{
	const json_t *number = json_object_get(row, port);

	fputs(text_of(row, address), out);
	if (json_is_integer(number))
		fprintf(out, " port %d", (int)json_integer_value(number));
}

static void print_packet(FILE *out, const json_t *row)
{
	const json_t *protocol = json_object_get(row, "protocol");
	const char *time = text_of(row, "time");

	/* The date is known. */
	fprintf(out, "%.15s  %s  %s  ", strlen(time) > 11 ? time + 11 : time, text_of(row, "link"),
		text_of(row, "direction"));
	if (json_is_string(json_object_get(row, "from"))) {
		print_end(out, row, "from", "from_port");
		fputs(" > ", out);
		print_end(out, row, "to", "to_port");
		fputs("  ", out);
	}
	if (json_is_integer(protocol))
		fprintf(out, "protocol %d", (int)json_integer_value(protocol));
	else
		fputs(json_is_string(protocol) ? json_string_value(protocol) : "no IP", out);
	fprintf(out, "  %d bytes: %s\n", (int)json_integer_value(json_object_get(row, "bytes")),
		text_of(row, "verdict"));
}

void trace_print(FILE *out, const json_t *row)
{
	const json_t *step;
	size_t i;

	print_packet(out, row);
	json_array_foreach (json_object_get(row, "steps"), i, step) {
		const char *verdict = text_of(step, "verdict");

		fprintf(out, "    %-9s ", text_of(step, "step"));
		if (strcmp(verdict, "ok") != 0)
			fprintf(out, "%s: ", verdict);
		fprintf(out, "%s\n", text_of(step, "why"));
	}
}
