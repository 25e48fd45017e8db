/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CAPTURE: copies of the packets of some links, each with what became of it. One at a time; it ends
 * with its connection, its time, its count, or CAPTURE_STOP.
 */
#pragma once

#include <stdint.h>

#define API_CAPTURE_PACKETS_MAX 10000000u
#define API_CAPTURE_S_MAX 86400u
#define API_CAPTURE_SNAP_MIN 64u
#define API_CAPTURE_SNAP_MAX 9728u /* the largest frame */
#define API_CAPTURE_NAME_MAX 64u   /* API_NAME_MAX */

struct api_capture {
	/* CIRCUIT[/PEERING[/LINK]] or VNET/core: a name without a slash is a circuit's, never a
	 * virtual network's. Empty: all links, for a trace. */
	char address[API_CAPTURE_NAME_MAX];
	uint32_t packets;    /* 1..API_CAPTURE_PACKETS_MAX */
	uint32_t seconds;    /* 1..API_CAPTURE_S_MAX */
	uint32_t snap_bytes; /* of each frame at most, API_CAPTURE_SNAP_MIN..API_CAPTURE_SNAP_MAX */
	uint8_t once; /* 1: who came by a watched link is not told of again when it leaves by one */
	/* Only packets between these, in either direction; all 0: any. */
	uint8_t family;   /* AF_INET or AF_INET6; 0: any */
	uint8_t protocol; /* the last one, behind extension headers; 0: any */
	uint8_t has_from, has_to;
	uint8_t reserved;
	uint16_t port;            /* host order, of either end, TCP or UDP; 0: any */
	uint8_t from[16], to[16]; /* IPv4 in the first four bytes */
};

enum api_capture_verdict {
	API_CAPTURE_FORWARDED, /* received, and on its way out by another link */
	API_CAPTURE_PUNTED,    /* received, for the edge itself: handed to its punt or bfd thread */
	API_CAPTURE_DROPPED,   /* received, or was to be sent; reason says why */
	API_CAPTURE_SENT,      /* handed to the port; tx-full, if it comes to that, is said anew */
	API_CAPTURE_VERDICTS,
};

/* Payload of CAPTURE_LINK: a link whose packets may follow. */
struct api_capture_link {
	uint32_t interface;
	uint32_t vrf;
	char name[API_CAPTURE_NAME_MAX];
};

/* Payload of CAPTURED: this, then captured_bytes of the frame. A frame that was received is as it
 * came; one that was sent as it left; one that was dropped on its way out as it would have left,
 * with the TTL or hop limit that it came with. */
struct api_captured {
	uint64_t time_ns;   /* CLOCK_REALTIME of the burst that it was in */
	uint32_t interface; /* as the last CAPTURE_LINK with this number says */
	uint32_t other; /* received: it leaves by; sent: it came by. 0: none, or the edge itself */
	uint32_t group; /* of its route; 0: it had none, or did not come that far */
	uint32_t adjacency; /* that was chosen; 0: none */
	uint32_t frame_bytes;
	uint32_t captured_bytes;
	uint8_t verdict; /* enum api_capture_verdict */
	uint8_t is_out;  /* 0: received, 1: sent, or was to be */
	uint8_t reason;  /* enum api_drop_reason, when dropped */
	uint8_t reserved[5];
};

/* Payload of CAPTURE_COUNT, for each link that had any. */
struct api_capture_count {
	uint32_t interface;
	uint32_t reserved;
	uint64_t packets; /* that were told */
	uint64_t lost;    /* that passed, but for which there was no room */
};
