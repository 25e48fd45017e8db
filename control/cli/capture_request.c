/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/cli/capture.h"
#include "control/cli/flow.h"
#include "control/cli/link_test.h"

/* When neither --count nor --for bounds it. */
enum { PACKETS = 1000000, TRACED = 100, SECONDS = 60 };
enum { TRACE_BYTES = 256 };

static bool parse_bounds(const struct cli *cli, bool trace, struct api_capture *request)
{
	bool any = cli->count != NULL || cli->duration != NULL;

	request->packets = any ? API_CAPTURE_PACKETS_MAX : trace ? TRACED : PACKETS;
	request->seconds = any ? API_CAPTURE_S_MAX : SECONDS;
	if (cli->count != NULL &&
		!flow_number(cli->count, 1, API_CAPTURE_PACKETS_MAX, &request->packets)) {
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
	if (cli->snaplen == NULL || flow_number(cli->snaplen, API_CAPTURE_SNAP_MIN,
					    API_CAPTURE_SNAP_MAX, &request->snap_bytes))
		return true;
	cli_error(cli, "--snaplen %s: write a number of bytes from %u to %u", cli->snaplen,
		API_CAPTURE_SNAP_MIN, API_CAPTURE_SNAP_MAX);
	return false;
}

static bool parse_flow(const struct cli *cli, struct api_capture *request)
{
	struct flow flow;

	if (!flow_parse(cli, &flow))
		return false;
	request->family = flow.family;
	request->protocol = flow.protocol;
	request->port = flow.port;
	request->has_from = flow.has_from;
	request->has_to = flow.has_to;
	memcpy(request->from, flow.from, sizeof(request->from));
	memcpy(request->to, flow.to, sizeof(request->to));
	return true;
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
