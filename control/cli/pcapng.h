/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing pcapng (draft-ietf-opsawg-pcapng): a section of Ethernet interfaces, each packet with a
 * comment and its direction, and at the end how many packets each interface had and lost. Strings
 * are of UTF-8. Whether all of it went to the file, ferror() says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pcapng_packet {
	uint32_t interface; /* in the order of pcapng_interface(), from 0 on */
	uint64_t time_ns;   /* since 1970 */
	bool is_out;
	uint32_t frame_bytes; /* as it was on the wire */
	uint32_t captured_bytes;
	const uint8_t *frame;
	const char *comment;
};

struct pcapng_statistics {
	uint32_t interface;
	uint64_t start_ns, end_ns; /* of the capture, since 1970 */
	uint64_t packets;          /* that came, those that were lost too */
	uint64_t lost;             /* for want of room */
};

/* Before all else. application: what made it, and its version. */
void pcapng_section(FILE *file, const char *application);
/* Before the interface's first packet. */
void pcapng_interface(FILE *file, const char *name, uint32_t snap_bytes);
void pcapng_packet(FILE *file, const struct pcapng_packet *packet);
/* Behind its last packet. */
void pcapng_statistics(FILE *file, const struct pcapng_statistics *statistics);
