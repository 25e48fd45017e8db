/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/wire.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_ethdev.h>

#define FILE_HEADER 24 /* bytes, of pcap's */

void *wire_symbol(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL)
		rte_exit(EXIT_FAILURE, "wire: no %s in this program\n", name);
	return symbol;
}

void wire_load(struct wire_frames *frames, const char *variable, const char *path)
{
	FILE *file = path == NULL ? NULL : fopen(path, "r");
	uint32_t record[4];

	frames->frames = calloc(WIRE_FRAMES_MAX, sizeof(*frames->frames));
	if (file == NULL || frames->frames == NULL || fseek(file, FILE_HEADER, SEEK_SET) != 0)
		rte_exit(EXIT_FAILURE, "wire: %s is no pcap file\n", variable);
	while (frames->count < WIRE_FRAMES_MAX && fread(record, sizeof(record), 1, file) == 1) {
		struct wire_frame *frame = &frames->frames[frames->count++];

		if (record[2] > WIRE_FRAME_BYTES || fread(frame->bytes, record[2], 1, file) != 1)
			rte_exit(EXIT_FAILURE, "wire: a frame of more than %u bytes\n",
				WIRE_FRAME_BYTES);
		frame->length = record[2];
	}
	fclose(file);
	if (frames->count == 0)
		rte_exit(EXIT_FAILURE, "wire: no frame in %s\n", variable);
}

void *wire_map(const char *variable, const char *path, size_t bytes)
{
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd >= 0) {
		map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (map == MAP_FAILED)
		rte_exit(EXIT_FAILURE, "wire: %s cannot be mapped\n", variable);
	return map;
}

void wire_address(struct wire_frames *frames, uint16_t port)
{
	struct rte_ether_addr mac;

	if (rte_eth_macaddr_get(port, &mac) != 0)
		rte_exit(EXIT_FAILURE, "wire: port %u has no MAC address\n", port);
	for (uint32_t i = 0; i < frames->count; i++)
		memcpy(frames->frames[i].bytes, &mac, sizeof(mac));
}

void wire_fill(struct wire_frames *frames, struct rte_mbuf *mbuf, uint16_t port, const void *last,
	uint16_t bytes)
{
	const struct wire_frame *frame = &frames->frames[frames->next];
	uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *);

	frames->next = frames->next + 1 == frames->count ? 0 : frames->next + 1;
	memcpy(at, frame->bytes, WIRE_FRAME_BYTES);
	memcpy(at + frame->length - bytes, last, bytes);
	mbuf->data_len = mbuf->pkt_len = frame->length;
	mbuf->port = port;
}
