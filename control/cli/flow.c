/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/flow.h"

bool flow_number(const char *text, uint32_t low, uint32_t high, uint32_t *value)
{
	char *end;
	unsigned long long number;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 9)
		return false;
	number = strtoull(text, &end, 10);
	if (*end != '\0' || number < low || number > high)
		return false;
	*value = (uint32_t)number;
	return true;
}

static bool parse_address(const struct cli *cli, const char *option, const char *text,
	struct flow *flow, uint8_t address[16])
{
	uint8_t family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, address) != 1) {
		cli_error(cli, "%s %s: not an address; write 10.0.0.1 or fd00::1", option, text);
		return false;
	}
	if (flow->family != 0 && flow->family != family) {
		cli_error(cli, "--from %s and --to %s are of two families; write two of one",
			cli->from, cli->to);
		return false;
	}
	flow->family = family;
	return true;
}

static bool parse_addresses(const struct cli *cli, struct flow *flow)
{
	flow->has_from = cli->from != NULL;
	flow->has_to = cli->to != NULL;
	return (!flow->has_from || parse_address(cli, "--from", cli->from, flow, flow->from)) &&
	       (!flow->has_to || parse_address(cli, "--to", cli->to, flow, flow->to));
}

static bool parse_protocol(const struct cli *cli, struct flow *flow)
{
	if (cli->proto == NULL)
		return true;
	if (strcmp(cli->proto, "tcp") == 0) {
		flow->protocol = IPPROTO_TCP;
	} else if (strcmp(cli->proto, "udp") == 0) {
		flow->protocol = IPPROTO_UDP;
	} else if (strcmp(cli->proto, "icmp") == 0) {
		/* ICMP has another number in IPv6. */
		if (flow->family == 0)
			flow->family = AF_INET;
		flow->protocol = flow->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	} else {
		cli_error(cli, "--proto %s: write tcp, udp or icmp", cli->proto);
		return false;
	}
	return true;
}

static bool parse_port(const struct cli *cli, struct flow *flow)
{
	uint32_t port;

	if (cli->l4_port == NULL)
		return true;
	if (flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6) {
		cli_error(cli, "--port %s: icmp has no ports; leave it out, or write --proto tcp",
			cli->l4_port);
		return false;
	}
	if (!flow_number(cli->l4_port, 1, 65535, &port)) {
		cli_error(cli, "--port %s: write a number from 1 to 65535", cli->l4_port);
		return false;
	}
	flow->port = (uint16_t)port;
	return true;
}

bool flow_parse(const struct cli *cli, struct flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	return parse_addresses(cli, flow) && parse_protocol(cli, flow) && parse_port(cli, flow);
}
