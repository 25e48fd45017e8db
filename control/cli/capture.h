/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp capture` and `onramp trace`: packets of links as the dataplane meets them
 * (dataplane/api/capture.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "control/cli/dataplane.h"

/* A sentence of the drop reasons, and some words. */
#define CAPTURE_TEXT_MAX 512u

/* The command's words as a request: a circuit's links to a file, or packets to look at one by one.
 * False: reported. */
bool capture_parse(const struct cli *cli, bool trace, struct api_capture *request);

/* What becomes of what the dataplane tells. */
struct capture_listener {
	void *context;
	void (*link)(void *context, const struct api_capture_link *link);
	void (*packet)(void *context, const struct api_captured *captured, const uint8_t *frame);
	void (*count)(void *context, const struct api_capture_count *count);
	/* Nothing more waits for now, or all is told. False: the output is lost, stop. */
	bool (*flush)(void *context);
};

/* Asks for it and listens to its end; an interrupt (SIGINT, SIGTERM) ends it early, in order.
 * Returns a STATUS_*, what is not OK reported. */
int capture_follow(const struct cli *cli, struct api_client *client,
	const struct api_capture *request, const struct capture_listener *listener);

/* "in: dropped, urpf-strict: ..." and the like, into text, which is returned. */
const char *capture_verdict(const struct api_captured *captured, char text[CAPTURE_TEXT_MAX]);
/* "forwarded", "dropped", ...; "?" of a verdict that is none. */
const char *capture_verdict_name(uint8_t verdict);

/* ---- trace ---- */

/* What names are found in. */
struct trace_names {
	struct dump vrfs, interfaces, adjacencies;
};

/* A packet and its way: time, link, direction, domain, tags, from, to, protocol, from_port,
 * to_port, bytes, verdict, reason, steps (step, verdict, why). What a frame does not have is null.
 */
json_t *trace_row(
	const struct trace_names *names, const struct api_captured *captured, const uint8_t *frame);
/* The same row for people: a line of the packet and one of each step. */
void trace_print(FILE *out, const json_t *row);
