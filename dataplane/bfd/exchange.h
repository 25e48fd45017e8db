/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers and the bfd thread hand to each other: copies, not buffers. The thread runs at
 * real-time priority, and whoever shares a pool or a ring of many producers with workers may have
 * to wait for one that it has itself interrupted.
 *
 * One ring each way for each worker, with one producer and one consumer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bfd/packet.h"

/* Waiting at most, each way for each worker: a second of all sessions at 300 ms is 13,000 over all
 * workers, and the thread looks each millisecond. */
#define BFD_RING 4096u

#define BFD_IPV4_BYTES 20u
#define BFD_IPV6_BYTES 40u
#define BFD_UDP_BYTES 8u
#define BFD_L3_BYTES_MAX (BFD_IPV6_BYTES + BFD_UDP_BYTES + BFD_PACKET_BYTES_MAX)

/* From a worker: a packet to the edge's own address and one of BFD's ports. */
struct bfd_arrival {
	uint64_t tsc; /* when the worker's turn began that received it */
	uint32_t interface;
	uint16_t port;  /* UDP destination */
	uint16_t bytes; /* of UDP payload; at most the first BFD_PACKET_BYTES_MAX are below */
	uint16_t l3_bytes;
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t ttl;
	uint8_t damaged; /* a fragment, or UDP length or checksum is wrong */
	uint8_t lost;    /* 1: none that arrived, but one that could not leave, of discriminator */
	uint8_t reserved[2];
	uint8_t source[16], destination[16];
	uint8_t payload[BFD_PACKET_BYTES_MAX];
	uint32_t discriminator;
};

/* To a worker: an IP packet for one neighbour. */
struct bfd_departure {
	uint32_t interface;
	uint32_t adjacency;     /* 0: not known; the worker wishes for the neighbour */
	uint32_t discriminator; /* ours: whose packet it is */
	uint8_t family;
	uint8_t l3_bytes;
	uint8_t routed; /* multihop: goes as the interface's routing domain says */
	uint8_t reserved;
	uint8_t l3[BFD_L3_BYTES_MAX];
};

/* One that a device did not take, in the worker that has it. */
#define BFD_WAITING_MAX 32u
struct bfd_waiting {
	struct bfd_departure departure;
	uint64_t since;   /* TSC of the turn that it was first to leave in */
	uint32_t account; /* the interface it leaves by */
};

/* Worker `index`: hands a packet over. False: the ring is full, or there is no BFD. */
bool bfd_arrived(unsigned int index, struct bfd_arrival *arrival);
/* Worker `index`: takes up to n packets to be sent. */
unsigned int bfd_departures(unsigned int index, struct bfd_departure *departures, unsigned int n);
