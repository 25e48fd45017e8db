/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/capture.h"
#include "control/cli/link_test.h"

/* When neither --count nor --for bounds it. */
enum { PACKETS = 1000000, TRACED = 100, SECONDS = 60 };
enum { TRACE_BYTES = 256 };

/* A whole number of that range, decimal. */
static bool parse_number(const char *text, uint32_t low, uint32_t high, uint32_t *value)
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

static bool parse_bounds(const struct cli *cli, bool trace, struct api_capture *request)
{
	bool any = cli->count != NULL || cli->duration != NULL;

	request->packets = any ? API_CAPTURE_PACKETS_MAX : trace ? TRACED : PACKETS;
	request->seconds = any ? API_CAPTURE_S_MAX : SECONDS;
	if (cli->count != NULL &&
		!parse_number(cli->count, 1, API_CAPTURE_PACKETS_MAX, &request->packets)) {
		cli_error(cli, "--count %s: write a number of packets from 1 to %u", cli->count,
			API_CAPTURE_PACKETS_MAX);
		return false;
	}
	if (cli->duration != NULL && !link_test_duration(cli->duration, &request->seconds)) {
		cli_error(cli, "--for %s: write a duration from 1s to 24h, such as 30s or 10m",
			cli->duration);
		return false;
	}
	return true;
}

static bool parse_snap(const struct cli *cli, struct api_capture *request)
{
	if (cli->snaplen == NULL || parse_number(cli->snaplen, API_CAPTURE_SNAP_MIN,
					    API_CAPTURE_SNAP_MAX, &request->snap_bytes))
		return true;
	cli_error(cli, "--snaplen %s: write a number of bytes from %u to %u", cli->snaplen,
		API_CAPTURE_SNAP_MIN, API_CAPTURE_SNAP_MAX);
	return false;
}

/* text may be NULL: any. *family is that of the other one, if there is another. */
static bool parse_address(const struct cli *cli, const char *option, const char *text,
	uint8_t *family, uint8_t *address)
{
	uint8_t found = AF_INET;

	if (inet_pton(AF_INET, text, address) != 1) {
		found = AF_INET6;
		if (inet_pton(AF_INET6, text, address) != 1) {
			cli_error(cli, "%s %s: write an IPv4 or IPv6 address", option, text);
			return false;
		}
	}
	if (*family != 0 && *family != found) {
		cli_error(
			cli, "--from %s --to %s: one is IPv4, the other IPv6", cli->from, cli->to);
		return false;
	}
	*family = found;
	return true;
}

static bool parse_protocol(const struct cli *cli, struct api_capture *request)
{
	bool icmp = cli->proto != NULL && strcmp(cli->proto, "icmp") == 0;

	if (cli->proto == NULL)
		return true;
	if (strcmp(cli->proto, "tcp") == 0)
		request->protocol = IPPROTO_TCP;
	else if (strcmp(cli->proto, "udp") == 0)
		request->protocol = IPPROTO_UDP;
	else if (icmp)
		request->protocol = request->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	else
		cli_error(cli, "--proto %s: write tcp, udp or icmp", cli->proto);
	/* ICMP has another number in IPv6. */
	if (icmp && request->family == 0)
		request->family = AF_INET;
	return request->protocol != 0;
}

static bool parse_port(const struct cli *cli, struct api_capture *request)
{
	uint32_t port;

	if (cli->l4_port == NULL)
		return true;
	if (cli->proto != NULL && strcmp(cli->proto, "icmp") == 0) {
		cli_error(cli, "--port %s: icmp has no ports; leave it out, or write --proto tcp",
			cli->l4_port);
		return false;
	}
	if (!parse_number(cli->l4_port, 1, 65535, &port)) {
		cli_error(cli, "--port %s: write a number from 1 to 65535", cli->l4_port);
		return false;
	}
	request->port = (uint16_t)port;
	return true;
}

static bool parse_flow(const struct cli *cli, struct api_capture *request)
{
	request->has_from = cli->from != NULL;
	request->has_to = cli->to != NULL;
	if (cli->from != NULL &&
		!parse_address(cli, "--from", cli->from, &request->family, request->from))
		return false;
	if (cli->to != NULL && !parse_address(cli, "--to", cli->to, &request->family, request->to))
		return false;
	return parse_protocol(cli, request) && parse_port(cli, request);
}

bool capture_parse(const struct cli *cli, bool trace, struct api_capture *request)
{
	const char *address = cli->operand != NULL ? cli->operand : "";
	bool any_flow =
		cli->from != NULL || cli->to != NULL || cli->proto != NULL || cli->l4_port != NULL;

	*request = (struct api_capture){
		.once = trace,
		.snap_bytes = trace ? TRACE_BYTES : API_CAPTURE_SNAP_MAX,
	};
	if (strlen(address) >= sizeof(request->address)) {
		cli_error(cli, "%s: no link has so long a name", address);
		return false;
	}
	if (address[0] == '\0' && (!trace || !any_flow)) {
		cli_error(cli, "say which packets: CIRCUIT[/PEERING[/LINK]]%s",
			trace ? ", or with --from, --to, --proto or --port of which flow" : "");
		return false;
	}
	memcpy(request->address, address, strlen(address));
	return parse_bounds(cli, trace, request) && parse_snap(cli, request) &&
	       parse_flow(cli, request);
}
