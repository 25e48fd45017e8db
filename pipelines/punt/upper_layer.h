/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an IPv6 packet carries behind its extension headers (RFC 8200 4).
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "pipelines/packet.h"

#define EXTENSION_HEADERS_MAX 8u

struct upper_layer {
	unsigned int offset; /* from the IPv6 header on; may be beyond the packet's end */
	uint8_t protocol;
	bool later_fragment; /* offset is that of the fragment's data */
};

/* Headers that say what comes next and how long they are. */
static inline bool is_extension_header(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH;
}

static inline unsigned int extension_header_bytes(uint8_t type, const uint8_t *header)
{
	if (type == IPPROTO_FRAGMENT)
		return 8; /* RFC 8200 4.5 */
	if (type == IPPROTO_AH)
		return (header[1] + 2u) * 4; /* RFC 4302 2.2 */
	return (header[1] + 1u) * 8;
}

/* False: it cannot be read to its end. ip, of length bytes, has a valid header. */
static inline bool upper_layer_find(
	const uint8_t *ip, unsigned int length, struct upper_layer *upper)
{
	*upper = (struct upper_layer){
		.offset = IPV6_HEADER_BYTES,
		.protocol = ip[IPV6_NEXT_HEADER],
	};
	for (unsigned int i = 0; is_extension_header(upper->protocol); i++) {
		const uint8_t *header = ip + upper->offset;
		uint8_t type = upper->protocol;

		if (i == EXTENSION_HEADERS_MAX || upper->offset + 8 > length ||
			upper->later_fragment)
			return false;
		upper->later_fragment =
			type == IPPROTO_FRAGMENT && (load16(header + 2) & 0xfff8) != 0;
		upper->protocol = header[0];
		upper->offset += extension_header_bytes(type, header);
	}
	return true;
}
