/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/pcapng.h"

#include <string.h>

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, ENHANCED_PACKET = 6 };
enum { END_OF_OPTIONS = 0, COMMENT = 1 };
enum { SECTION_APPLICATION = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_RESOLUTION = 9 };
enum { PACKET_FLAGS = 2 };
enum { STATISTICS_START = 2, STATISTICS_END = 3, STATISTICS_RECEIVED = 4, STATISTICS_LOST = 5 };
enum { LINKTYPE_ETHERNET = 1, NANOSECONDS = 9, INBOUND = 1, OUTBOUND = 2 };
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, VERSION_MAJOR = 1 };

static void put(FILE *file, const void *bytes, size_t length)
{
	if (length > 0)
		fwrite(bytes, 1, length, file);
}

static void put16(FILE *file, uint16_t value)
{
	put(file, &value, sizeof(value));
}

static void put32(FILE *file, uint32_t value)
{
	put(file, &value, sizeof(value));
}

/* The upper half first, whatever the machine's byte order. */
static void put_time(FILE *file, uint64_t time_ns)
{
	put32(file, (uint32_t)(time_ns >> 32));
	put32(file, (uint32_t)time_ns);
}

static uint32_t padded(size_t length)
{
	return (uint32_t)((length + 3) & ~(size_t)3);
}

static void put_padded(FILE *file, const void *bytes, size_t length)
{
	static const uint8_t zeroes[3];

	put(file, bytes, length);
	put(file, zeroes, padded(length) - length);
}

static uint32_t option_bytes(size_t length)
{
	return 4 + padded(length);
}

static void start_option(FILE *file, uint16_t code, size_t length)
{
	put16(file, code);
	put16(file, (uint16_t)length);
}

static void put_option(FILE *file, uint16_t code, const void *value, size_t length)
{
	start_option(file, code, length);
	put_padded(file, value, length);
}

static void put_time_option(FILE *file, uint16_t code, uint64_t time_ns)
{
	start_option(file, code, sizeof(time_ns));
	put_time(file, time_ns);
}

void pcapng_section(FILE *file, const char *application)
{
	const uint64_t unknown_length = UINT64_MAX;
	uint32_t length = 28 + option_bytes(strlen(application)) + option_bytes(0);

	put32(file, SECTION);
	put32(file, length);
	put32(file, BYTE_ORDER_MAGIC);
	put16(file, VERSION_MAJOR);
	put16(file, 0);
	put(file, &unknown_length, sizeof(unknown_length));
	put_option(file, SECTION_APPLICATION, application, strlen(application));
	put_option(file, END_OF_OPTIONS, NULL, 0);
	put32(file, length);
}

void pcapng_interface(FILE *file, const char *name, uint32_t snap_bytes)
{
	static const uint8_t resolution = NANOSECONDS;
	uint32_t length = 20 + option_bytes(strlen(name)) + option_bytes(sizeof(resolution)) +
			  option_bytes(0);

	put32(file, INTERFACE);
	put32(file, length);
	put16(file, LINKTYPE_ETHERNET);
	put16(file, 0);
	put32(file, snap_bytes);
	put_option(file, INTERFACE_NAME, name, strlen(name));
	put_option(file, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	put_option(file, END_OF_OPTIONS, NULL, 0);
	put32(file, length);
}

void pcapng_packet(FILE *file, const struct pcapng_packet *packet)
{
	uint32_t flags = packet->is_out ? OUTBOUND : INBOUND;
	uint32_t length = 32 + padded(packet->captured_bytes) +
			  option_bytes(strlen(packet->comment)) + option_bytes(sizeof(flags)) +
			  option_bytes(0);

	put32(file, ENHANCED_PACKET);
	put32(file, length);
	put32(file, packet->interface);
	put_time(file, packet->time_ns);
	put32(file, packet->captured_bytes);
	put32(file, packet->frame_bytes);
	put_padded(file, packet->frame, packet->captured_bytes);
	put_option(file, COMMENT, packet->comment, strlen(packet->comment));
	put_option(file, PACKET_FLAGS, &flags, sizeof(flags));
	put_option(file, END_OF_OPTIONS, NULL, 0);
	put32(file, length);
}

void pcapng_statistics(FILE *file, const struct pcapng_statistics *statistics)
{
	uint32_t length = 24 + 4 * option_bytes(sizeof(uint64_t)) + option_bytes(0);

	put32(file, STATISTICS);
	put32(file, length);
	put32(file, statistics->interface);
	put_time(file, statistics->end_ns);
	put_time_option(file, STATISTICS_START, statistics->start_ns);
	put_time_option(file, STATISTICS_END, statistics->end_ns);
	put_option(file, STATISTICS_RECEIVED, &statistics->packets, sizeof(statistics->packets));
	put_option(file, STATISTICS_LOST, &statistics->lost, sizeof(statistics->lost));
	put_option(file, END_OF_OPTIONS, NULL, 0);
	put32(file, length);
}
