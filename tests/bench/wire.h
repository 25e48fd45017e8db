/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the wires have in common that benchmarks preload (LD_PRELOAD) into a forwarding program:
 * pace.c and links.c. A mistake ends the program with what is wrong.
 */
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#define WIRE_FRAMES_MAX 65536u
#define WIRE_FRAME_BYTES 64u   /* the longest frame of a file */
#define WIRE_FRACTION_BITS 16u /* of the cycles between two arrivals */

struct wire_frame {
	uint16_t length;
	uint8_t bytes[WIRE_FRAME_BYTES];
};

/* Of a pcap file, sent in turn. */
struct wire_frames {
	struct wire_frame *frames;
	uint32_t count, next;
};

/* The function of the program's own libraries that a preloaded one stands before. */
void *wire_symbol(const char *name);
/* variable: where path is from, for the message. */
void wire_load(struct wire_frames *frames, const char *variable, const char *path);
void *wire_map(const char *variable, const char *path, size_t bytes);
/* All go to this port's MAC address. */
void wire_address(struct wire_frames *frames, uint16_t port);
/* The next frame into a fresh buffer, its last bytes replaced by these. */
void wire_fill(struct wire_frames *frames, struct rte_mbuf *mbuf, uint16_t port, const void *last,
	uint16_t bytes);
