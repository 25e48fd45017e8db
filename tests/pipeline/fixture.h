/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets in, packets out: the pipeline with its real tables and real ring devices, but for the
 * punt thread, which is a list here. One burst at a time, from the test's own thread.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include "dataplane/api/api.h"
#include "dataplane/bfd/exchange.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/worker.h"

#define FRAME_MAX 9600u

enum { PORTS = 3 };

struct frame {
	uint16_t length;
	uint8_t bytes[FRAME_MAX];
};

/* How frames are tagged on a port. */
struct encapsulation {
	const char *name;
	uint16_t outer_ethertype; /* of the port */
	uint16_t s_tag, c_tag;
};

enum { ENCAPSULATIONS = 5 };
extern const struct encapsulation encapsulations[ENCAPSULATIONS];

extern struct worker worker;
extern struct rte_mempool *pool;

/* MAC addresses: the ports' and those of neighbours. */
extern const uint8_t port_mac[PORTS][6];
extern const uint8_t neighbour_mac[PORTS][6];

/* cmocka: EAL and devices, once a program; tables, before and after each test. The teardown checks
 * that all accounts balance and that all packet buffers are back. */
int fixture_start(void **state);
int fixture_stop(void **state);
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define pipeline_test(function) \
	cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- tables ---- */

void set_port(uint32_t id, uint16_t outer_ethertype, uint16_t mtu);
/* Its carrier comes or goes, and with it all paths over the port. */
void set_link(uint32_t port, bool up);

/*
 * The usual scene. vrf 1 on port 0: interface 1 (192.0.2.2/30, 2001:db8:1::2/126), neighbour
 * adjacency 1, group 16, routes to it 10.0.0.0/16 and 2001:db8:a::/48.
 * vrf 1 on port 1: interface 2 (198.51.100.2/30, 2001:db8:2::2/126), adjacency 2, group 17, routes
 * 10.1.0.0/16 and 2001:db8:b::/48.
 */
void scene(const struct encapsulation *in, const struct encapsulation *out);

void add_vrf(uint32_t id);
struct api_interface make_interface(
	uint32_t id, uint32_t port, uint32_t vrf, const struct encapsulation *encapsulation);
void add_interface(const struct api_interface *api);
/* A resolved neighbour, its MAC that of the port's neighbour. */
void add_adjacency(uint32_t id, uint32_t interface, uint8_t family, const char *address);
void add_group(uint32_t id, uint32_t count, const uint32_t *adjacencies);
void add_route(uint32_t vrf, const char *prefix, uint8_t length, uint32_t group);

/* ---- frames ---- */

/* Ethernet header and tags (s_tag, c_tag as the encapsulation says). */
void frame_start(struct frame *frame, const uint8_t *destination, const uint8_t *source,
	const struct encapsulation *encapsulation, uint16_t ethertype);
/* From the port's neighbour to the port. */
void frame_to_us(struct frame *frame, uint32_t port, const struct encapsulation *encapsulation,
	uint16_t ethertype);
/* From the port to its neighbour. */
void frame_from_us(struct frame *frame, uint32_t port, const struct encapsulation *encapsulation,
	uint16_t ethertype);
uint8_t *frame_append(struct frame *frame, const void *bytes, unsigned int length);
/* length bytes that differ from their neighbours and follow from seed. */
void frame_fill(struct frame *frame, unsigned int length, unsigned int seed);

struct ipv4 {
	const char *source, *destination;
	uint8_t tos, ttl, protocol;
	uint16_t id, fragment; /* flags and offset as in the header */
	uint16_t payload;      /* bytes that will follow */
	const uint8_t *options;
	unsigned int option_bytes;
};
/* Appends the header, its checksum computed word by word. Returns where it is. */
uint8_t *frame_ipv4(struct frame *frame, const struct ipv4 *ipv4);

struct ipv6 {
	const char *source, *destination;
	uint8_t hop_limit, next_header;
	uint32_t flow_label;
	uint16_t payload;
};
uint8_t *frame_ipv6(struct frame *frame, const struct ipv6 *ipv6);
void frame_udp(struct frame *frame, uint16_t source, uint16_t destination, uint16_t payload);

/* A whole UDP packet of `payload` bytes behind the UDP header; family AF_INET or AF_INET6, hosts of
 * the scene: from behind interface 1 to behind interface 2. ttl as given. */
void frame_flow(
	struct frame *frame, int family, uint8_t ttl, unsigned int payload, unsigned int seed);

/* One's complement sum, for checksums written by tests. */
uint16_t internet_checksum(const uint8_t *bytes, unsigned int length, uint32_t sum);

/* ---- in and out ---- */

struct rte_mbuf *to_mbuf(const struct frame *frame);
/* Receives on a port as one burst (n <= BURST_MAX) and flushes. */
void receive(uint32_t port, const struct frame *frames, unsigned int n);
void receive_one(uint32_t port, const struct frame *frame);
void inject(uint32_t interface, uint32_t epoch, const struct frame *frame);

/* Takes the next frame the port sent, in order; fails when there is none or it differs. */
void expect_sent(uint32_t port, const struct frame *expected);
/* What a burst sends: IPv4 first, then IPv6, each in the order it came (a flow is of one family).
 * Frames of length 0 are left out. */
void expect_sent_burst(uint32_t port, const struct frame *frames, unsigned int n);
/* Same, but hands it over for a closer look. */
void take_sent(uint32_t port, struct frame *frame);
void expect_nothing_sent(void);
unsigned int sent_count(uint32_t port);

/* What reached the punt ring, in order; interface and epoch are checked. */
void expect_punted(uint32_t interface, const struct frame *expected);
unsigned int punted_count(void);
void drop_punted(void);
extern bool punt_ring_full; /* let punt_packet and bfd_arrived refuse */
/* What reached the bfd thread's ring, in order. */
enum { ARRIVED_MAX = 1024 };
extern struct bfd_arrival arrived[ARRIVED_MAX];
extern unsigned int arrived_count;

/* The next wish for a neighbour. */
void expect_wish(uint32_t interface, uint8_t family, const char *address);

uint64_t drops(uint32_t slot, enum api_drop_reason reason);
/* Exactly so many since the last look at this slot and reason. */
void expect_drops(uint32_t slot, enum api_drop_reason reason, uint64_t n);
struct api_ledger ledger_of(uint32_t slot);
/* Lets all budgets fill up. */
void wait_for_budgets(void);
unsigned int buffers_in_use(void);
