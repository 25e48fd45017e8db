/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/explain.h"

enum {
	L4_BYTES = 20,
	BYTES_MAX = 9216,
	HOPS = 64,
	SOURCE_PORT = 49152,
	ECHO4 = 8,
	ECHO6 = 128,
	DONT_FRAGMENT = 0x4000
};

static bool parse_address(
	const struct cli *cli, const char *option, const char *text, int *family, uint8_t bytes[16])
{
	if (text == NULL) {
		cli_error(cli, "%s is missing: an IPv4 or IPv6 address", option);
		return false;
	}
	*family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(*family, text, bytes) == 1)
		return true;
	cli_error(cli, "%s %s: not an address; write 10.0.0.1 or fd00::1", option, text);
	return false;
}

static bool parse_protocol(const struct cli *cli, struct explain_flow *flow)
{
	const char *text = cli->proto != NULL ? cli->proto : cli->l4_port != NULL ? "tcp" : "icmp";

	if (strcmp(text, "tcp") == 0)
		flow->protocol = IPPROTO_TCP;
	else if (strcmp(text, "udp") == 0)
		flow->protocol = IPPROTO_UDP;
	else if (strcmp(text, "icmp") == 0)
		flow->protocol = flow->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	else {
		cli_error(cli, "--proto %s: write tcp, udp or icmp", text);
		return false;
	}
	return true;
}

const char *explain_protocol(const struct explain_flow *flow)
{
	if (flow->protocol == IPPROTO_TCP)
		return "TCP";
	return flow->protocol == IPPROTO_UDP ? "UDP" : "an echo request";
}

static bool parse_port(const struct cli *cli, struct explain_flow *flow)
{
	char *end;
	long port;

	if (cli->l4_port == NULL)
		return true;
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP) {
		cli_error(cli, "--port %s: icmp has no ports; leave it out, or write --proto tcp",
			cli->l4_port);
		return false;
	}
	port = strtol(cli->l4_port, &end, 10);
	if (*end != '\0' || end == cli->l4_port || port < 0 || port > 65535) {
		cli_error(cli, "--port %s: write a number from 0 to 65535", cli->l4_port);
		return false;
	}
	flow->port = (uint16_t)port;
	return true;
}

static unsigned int header_bytes(const struct explain_flow *flow)
{
	return flow->family == AF_INET ? 20 : 40;
}

static bool parse_bytes(const struct cli *cli, struct explain_flow *flow)
{
	unsigned int least = header_bytes(flow) + L4_BYTES;
	char *end;
	long bytes;

	flow->bytes = (uint16_t)least;
	if (cli->bytes == NULL)
		return true;
	bytes = strtol(cli->bytes, &end, 10);
	if (*end != '\0' || end == cli->bytes || bytes < (long)least || bytes > BYTES_MAX) {
		cli_error(cli, "--bytes %s: write the IP packet's length, a number from %u to %u",
			cli->bytes, least, (unsigned int)BYTES_MAX);
		return false;
	}
	flow->bytes = (uint16_t)bytes;
	return true;
}

bool explain_parse(const struct cli *cli, struct explain_flow *flow)
{
	int from, to;

	memset(flow, 0, sizeof(*flow));
	if (!parse_address(cli, "--from", cli->from, &from, flow->from) ||
		!parse_address(cli, "--to", cli->to, &to, flow->to))
		return false;
	if (from != to) {
		cli_error(cli, "--from %s and --to %s are of two families; write two of one",
			cli->from, cli->to);
		return false;
	}
	flow->family = (uint8_t)from;
	return parse_protocol(cli, flow) && parse_port(cli, flow) && parse_bytes(cli, flow);
}

static uint8_t *put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static uint8_t *put_layer2(uint8_t *at, const struct explain_flow *flow,
	const struct api_interface *interface, const struct api_port *port)
{
	static const uint8_t sender[6] = {0x02, 0, 0, 0, 0, 1};

	at = put_bytes(at, port->mac, 6);
	at = put_bytes(at, sender, 6);
	if (interface->s_tag != API_TAG_NONE)
		at = put16(put16(at, port->outer_ethertype), interface->s_tag);
	if (interface->c_tag != API_TAG_NONE)
		at = put16(put16(at, 0x8100), interface->c_tag);
	return put16(at, flow->family == AF_INET ? 0x0800 : 0x86dd);
}

/* RFC 1071. */
static unsigned int checksum(const uint8_t *bytes, size_t length)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (unsigned int)bytes[i] << 8 | bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static uint8_t *put_ipv4(uint8_t *at, const struct explain_flow *flow)
{
	at[0] = 0x45;
	put16(at + 2, flow->bytes);
	put16(at + 6, DONT_FRAGMENT);
	at[8] = HOPS;
	at[9] = flow->protocol;
	memcpy(at + 12, flow->from, 4);
	memcpy(at + 16, flow->to, 4);
	put16(at + 10, checksum(at, 20));
	return at + 20;
}

static uint8_t *put_ipv6(uint8_t *at, const struct explain_flow *flow)
{
	at[0] = 0x60;
	put16(at + 4, flow->bytes - 40u);
	at[6] = flow->protocol;
	at[7] = HOPS;
	memcpy(at + 8, flow->from, 16);
	memcpy(at + 24, flow->to, 16);
	return at + 40;
}

/* What stages read: ports, or that it is an echo request. */
static void put_l4(uint8_t *at, const struct explain_flow *flow)
{
	if (flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6)
		at[0] = flow->family == AF_INET ? ECHO4 : ECHO6;
	else
		put16(put16(at, SOURCE_PORT), flow->port);
	if (flow->protocol == IPPROTO_UDP)
		put16(at + 4, flow->bytes - header_bytes(flow));
}

void explain_frame(const struct explain_flow *flow, const struct api_interface *interface,
	const struct api_port *port, struct api_explain *request)
{
	uint8_t *at;

	memset(request, 0, sizeof(*request));
	request->port = port->id;
	at = put_layer2(request->head, flow, interface, port);
	at = flow->family == AF_INET ? put_ipv4(at, flow) : put_ipv6(at, flow);
	put_l4(at, flow);
	/* Behind what stages read it may be anything. */
	request->frame_bytes = (uint32_t)(at - request->head) - header_bytes(flow) + flow->bytes;
}
