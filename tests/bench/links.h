/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What links.c and links_peers.c share with each other, and with scripts/lib/onramp_bench/links.py.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Customers' links are ports 1 and 2, the core is port 0. Session n, from 1 on, is interface n, on
 * port 1 + (n - 1) % LINKS, with VLAN tag n; the edge has 10.(n / 256).(n % 256).2, the peer .1. */
#define LINKS 2u
#define LINKS_PORT(session) (1 + ((session)-1) % LINKS)
/* Sequence numbers that a measurement can tell apart. */
#define LINKS_SEQUENCES (1u << 24)
/* Longer intervals, in percent of nominal, count as the longest. */
#define LINKS_PERCENT_MAX 512u

/* What has happened to links, as one number; the lowest bits are of those that nothing passes. */
#define LINKS_EVENT(cut, dark, mute, admin_down) \
	((cut) | (dark) | (dark) << 8 | (mute) << 16 | (admin_down) << 24)
#define LINKS_IS_DARK(event, port) ((event) >> (8 + (port)-1) & 1)

/* Words, each with one writer. */
struct links {
	/* there, before the dataplane starts */
	uint64_t sessions, interval_us, multiplier;
	/* there, at any time */
	uint64_t pace;       /* cycles between arrivals << WIRE_FRACTION_BITS; 0: as many as fit */
	uint64_t limit;      /* arrivals of a measurement */
	uint64_t cut;        /* a bit for each link, the first is 1: nothing passes, either way */
	uint64_t dark;       /* the same, and the device says that its link is down */
	uint64_t mute;       /* not 0: the peers' BFD neither hears nor speaks; packets pass */
	uint64_t admin_down; /* not 0: the peers take BFD out of use */
	uint64_t wanted;     /* a new number starts a new measurement, of arrivals and intervals */
	/* the worker, of this measurement */
	uint64_t started;
	uint64_t tsc_hz;
	uint64_t clock_tsc, clock_ns; /* one moment: its begin, by TSC and by CLOCK_MONOTONIC */
	uint64_t arrived, missed;     /* missed: nobody fetched them in time */
	uint64_t delivered;           /* left by a link that was whole */
	uint64_t repeated,
		reordered; /* of these: came before; of its flow, a later one came before */
	uint64_t event;    /* what is the matter at present: LINKS_EVENT */
	uint64_t event_tsc, event_ns; /* one moment: since when */
	uint64_t last_sent[LINKS];    /* TSC of the last packet of data given to that link */
	/* the peers' thread */
	uint64_t peers_started;
	uint64_t peers_up, peers_flaps;
	uint64_t peers_cpu_ns;
	uint64_t peers_lost;     /* packets of either end that found a full ring */
	uint64_t peers_pause_us; /* of this measurement: the longest they did not run */
	uint64_t intervals[LINKS_PERCENT_MAX]; /* between two packets of the dataplane's, by session
						*/
	uint64_t interval_min_us, interval_max_us;
	/* the worker: a bit for each number that was delivered */
	uint8_t came[LINKS_SEQUENCES / 8];
};

extern struct links *links;

/* From the dataplane to a peer and back: an IP packet of BFD. */
#define LINKS_BFD_BYTES_MAX 96u

struct links_bfd {
	uint64_t tsc; /* when the worker sent it */
	uint32_t session;
	uint32_t bytes;
	uint8_t l3[LINKS_BFD_BYTES_MAX];
};

/* The device's main thread, once: starts the peers. */
void links_peers_start(void);
/* The worker. False: the ring is full, or empty. */
bool links_peers_tell(const struct links_bfd *packet);
bool links_peers_hear(unsigned int link, struct links_bfd *packet);
