/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flow in the command's words: --from, --to, --proto and --port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/command.h"

/* What is not said is 0, and false. */
struct flow {
	uint8_t family; /* AF_INET or AF_INET6; 0: neither an address nor --proto icmp is said */
	uint8_t protocol;
	uint16_t port; /* of TCP and UDP */
	bool has_from, has_to;
	uint8_t from[16], to[16]; /* IPv4 in the first four bytes */
};

/* False: reported. */
bool flow_parse(const struct cli *cli, struct flow *flow);

/* A whole number of that range, decimal. */
bool flow_number(const char *text, uint32_t low, uint32_t high, uint32_t *value);
