/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include "control/cli/explain.h"
#include "control/cli/flow.h"

enum {
	L4_BYTES = 20,
	BYTES_MAX = 9216,
	HOPS = 64,
	SOURCE_PORT = 49152,
	ECHO4 = 8,
	ECHO6 = 128,
	DONT_FRAGMENT = 0x4000
};

const char *explain_protocol(const struct explain_flow *flow)
{
	if (flow->protocol == IPPROTO_TCP)
		return "TCP";
	return flow->protocol == IPPROTO_UDP ? "UDP" : "an echo request";
}

static unsigned int header_bytes(const struct explain_flow *flow)
{
	return flow->family == AF_INET ? 20 : 40;
}

static bool is_given(const struct cli *cli, const char *option, const char *text)
{
	if (text == NULL)
		cli_error(cli, "%s is missing: an IPv4 or IPv6 address", option);
	return text != NULL;
}

/* Nothing said is an echo request, and a port alone TCP's. */
static uint8_t default_protocol(const struct flow *flow)
{
	if (flow->port != 0)
		return IPPROTO_TCP;
	return flow->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static bool parse_bytes(const struct cli *cli, struct explain_flow *flow)
{
	uint32_t least = header_bytes(flow) + L4_BYTES, bytes = least;

	if (cli->bytes != NULL && !flow_number(cli->bytes, least, BYTES_MAX, &bytes)) {
		cli_error(cli, "--bytes %s: write the IP packet's length, a number from %u to %u",
			cli->bytes, least, (unsigned int)BYTES_MAX);
		return false;
	}
	flow->bytes = (uint16_t)bytes;
	return true;
}

bool explain_parse(const struct cli *cli, struct explain_flow *flow)
{
	struct flow said;

	memset(flow, 0, sizeof(*flow));
	if (!is_given(cli, "--from", cli->from) || !is_given(cli, "--to", cli->to) ||
		!flow_parse(cli, &said))
		return false;
	flow->family = said.family;
	flow->protocol = said.protocol != 0 ? said.protocol : default_protocol(&said);
	flow->port = said.port;
	memcpy(flow->from, said.from, sizeof(flow->from));
	memcpy(flow->to, said.to, sizeof(flow->to));
	return parse_bytes(cli, flow);
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
