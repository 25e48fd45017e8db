/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract between the dataplane and whoever steers or reads it (control, the command).
 *
 * A UNIX stream socket (RUN_DIR/dataplane.sock, directory 0700) carries messages in the host's
 * byte order and native structs: both ends are of one machine and one version, and the hello
 * checks that. Network addresses are in network byte order, IPv4 in the first four bytes of 16.
 *
 * Client                                   dataplane
 *   HELLO              ->  <-   HELLO        version, boot id, state
 *   STARTUP            ->  <-   ACK          once a process: brings up EAL, memory and workers
 *   DUMP               ->  <-   ROWS ... DUMP_END
 *   EXPLAIN            ->  <-   EXPLANATION  or ACK with an error
 *   CAPTURE            ->  <-   ACK; then CAPTURE_LINK and CAPTURED as packets come, and once
 *   CAPTURE_STOP       ->           it is over CAPTURE_COUNT ..., CAPTURE_END
 *   TAP_GET            ->  <-   TAP_FD       the fd rides along (SCM_RIGHTS)
 *   SNAPSHOT_BEGIN     ->  <-   ACK
 *   BATCH (items, fds) ->  <-   BATCH_ACK    one errno per item
 *   SNAPSHOT_END       ->  <-   ACK          what was not named since BEGIN is swept; the first
 *                                            one also opens the ports for reception
 *                              EVENT         at any time, to the writer only
 *
 * On the stream each message is padded with zeroes to a multiple of 8 bytes, so that structs in a
 * receive buffer are always aligned. A request that is refused as a whole (wrong sizes, not the
 * writer, no STARTUP yet) is answered by ACK with an error and a text, DUMP and TAP_GET by their
 * own kind of reply; when the framing is broken the connection is closed after that.
 *
 * Every operation is idempotent: an upsert that says what is already so changes nothing but the
 * mark that the next sweep looks at. A deletion of what does not exist succeeds.
 * Ids are chosen by the writer; a restarted writer first dumps and adopts the ids it finds.
 * One writer at a time (a second HELLO as writer gets -EBUSY); readers are only served HELLO, DUMP,
 * EXPLAIN and CAPTURE. Sizes are checked before any handler runs.
 */
#pragma once

#include <stdint.h>

#include "dataplane/api/bfd.h"
#include "dataplane/api/capture.h"
#include "dataplane/api/drop_reasons.h"
#include "dataplane/api/explain.h"

#define API_MAGIC 0x4f4e5250u /* "ONRP" */
#define API_VERSION 8u
#define API_SOCKET_NAME "dataplane.sock" /* in RUN_DIR */

#define API_MESSAGE_MAX (256u * 1024u) /* bytes, header included */
#define API_FDS_MAX 250u               /* fds with one message (kernel: 253) */
#define API_NAME_MAX 64u               /* bytes, terminating zero included */
#define API_DEVICE_MAX 256u
#define API_PORTS_MAX 32u              /* port ids 0..31 */
#define API_VRFS_MAX 16384u            /* vrf ids 1..16383 */
#define API_INTERFACES_MAX 16384u      /* interface ids 1..16383 */
#define API_PATHS_MAX 32768u           /* path ids 1..32767: two for each interface */
#define API_ADJACENCIES_MAX (1u << 18) /* adjacency ids 1.. */
#define API_GROUPS_MAX (1u << 20)      /* group ids API_GROUP_FIRST.. */
#define API_GROUP_MEMBERS_MAX 16u
#define API_CPUS_MAX 64u
#define API_SOCKET_PATH_MAX 108u /* bytes: what a UNIX socket's address holds */
#define API_POLICERS_MAX 16384u  /* policer ids 1..16383 */

enum api_message_type {
	API_HELLO = 1,
	API_STARTUP,
	API_BATCH,
	API_SNAPSHOT_BEGIN, /* no payload */
	API_SNAPSHOT_END,   /* no payload */
	API_DUMP,
	API_TAP_GET,
	API_EXPLAIN,
	API_CAPTURE,
	API_CAPTURE_STOP, /* no payload, no reply of its own */
	/* replies, with the sequence of the request */
	API_ACK,
	API_BATCH_ACK,
	API_ROWS,
	API_DUMP_END,    /* payload: struct api_ack */
	API_TAP_FD,      /* payload: struct api_ack, and one fd when error is 0 */
	API_EXPLANATION, /* payload: struct api_explanation */
	/* of a capture, with the sequence of CAPTURE */
	API_CAPTURE_LINK,  /* payload: struct api_capture_link */
	API_CAPTURED,      /* payload: struct api_captured and the frame */
	API_CAPTURE_COUNT, /* payload: struct api_capture_count */
	API_CAPTURE_END,   /* no payload */
	/* unasked, sequence 0 */
	API_EVENT,
};

struct api_header {
	uint32_t length; /* bytes, this header included, padding not */
	uint32_t type;   /* enum api_message_type */
	uint32_t sequence;
	uint32_t fd_count; /* fds that ride with this message; says whose fds are whose */
};

enum api_role { API_ROLE_READER, API_ROLE_WRITER };

enum api_state {
	API_STATE_EMPTY,   /* waits for STARTUP */
	API_STATE_LOADING, /* EAL is up, no snapshot has ended yet: ports do not receive */
	API_STATE_RUNNING,
};

/* Both ways. The request fills magic, version, role; the reply all of it. */
struct api_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t role;    /* enum api_role */
	int32_t error;    /* reply: 0, -EPROTO wrong version, -EBUSY another writer is connected */
	uint64_t boot_id; /* random, new for each dataplane process */
	uint32_t state;   /* enum api_state */
	uint32_t pid;
};

/* What EAL and the workers need before anything else. A second STARTUP with the same content is
 * acknowledged with 0; with another content with -EALREADY: it takes a restart of the process. */
struct api_startup {
	uint32_t worker_count;
	uint32_t worker_cpus[API_CPUS_MAX];
	uint32_t control_cpu_count;
	uint32_t control_cpus[API_CPUS_MAX]; /* main, punt and helper threads run here */
	uint32_t memory_mb;
	uint8_t hugepages; /* 0: run with --no-huge */
	uint8_t pci;       /* some port is a PCI device: let EAL open the PCI bus */
	uint8_t reserved[2];
	uint32_t mtu_max;       /* largest port MTU to come: sizes the packet buffers */
	uint32_t idle_sleep_us; /* 0: workers poll without rest; else how long an idle worker sleeps
				 */
	/* Where FRR's bfdd will listen for a data plane (--dplaneaddr unix:PATH), in a directory
	 * that only root and FRR's user may enter; empty: there are no BFD sessions. */
	char bfdd_socket[API_SOCKET_PATH_MAX];
};

struct api_ack {
	int32_t error; /* 0 or -errno */
	uint32_t count;
	char text[240]; /* when error is not 0: what is wrong and what would be right */
};

/* ---- batch items ---- */

enum api_object {
	API_PORT = 1,
	API_VRF,
	API_INTERFACE,
	API_ADJACENCY,
	API_GROUP,
	API_ROUTE,
	API_POLICER,
	API_PATH,
	API_LINK_TEST,
	API_BFD_KEY,
	API_ITEM_LAST = API_BFD_KEY,
	/* dump only */
	API_PORT_COUNTERS,
	API_INTERFACE_COUNTERS,
	API_WORKER,
	API_MEMORY,
	API_BFD_SESSION,
};

enum api_operation { API_UPSERT = 1, API_DELETE };

/* Payload of BATCH: items one after another, each padded to 8 bytes. Applied in order; every item
 * is tried, whatever became of those before it. Routes become visible to packets together, at the
 * end of the batch; those of the first snapshot at its end, when the ports open. */
struct api_item {
	uint16_t length;   /* bytes of the payload that follows, padding not included */
	uint8_t object;    /* enum api_object */
	uint8_t operation; /* enum api_operation */
	uint32_t reserved;
};

/* Payload of BATCH_ACK: this, then count times int32_t: 0 or -errno of each item. */
struct api_batch_ack {
	uint32_t count;
	uint32_t failed;
};

enum api_port_role { API_ROLE_CUSTOMER, API_ROLE_CORE };

/* How a port's packets come to several workers. */
enum api_rss {
	API_RSS_AUTO,     /* by the device, as far as its packets bear its hash; else by software */
	API_RSS_HARDWARE, /* by the device's queues, whether it tells its hash or not */
	API_RSS_SOFTWARE, /* by software, whatever the device does */
};

/* Which way is taken. */
enum api_spread {
	API_SPREAD_SINGLE,   /* none: one worker has them all */
	API_SPREAD_HARDWARE, /* each worker has a queue that the device fills by flow */
	API_SPREAD_SOFTWARE, /* workers hand them to each other by flow */
};

struct api_port {
	uint32_t id;
	char name[API_NAME_MAX];
	char device[API_DEVICE_MAX]; /* a PCI address or DPDK vdev arguments */
	uint32_t role;               /* enum api_port_role */
	uint32_t mtu;                /* bytes of IP packet, 1280..9216 */
	uint16_t outer_ethertype;    /* of a QinQ outer tag: 0x8100, 0x88a8 or 0x9100 */
	uint8_t rss;                 /* enum api_rss */
	/* filled in dumps */
	uint8_t spread; /* enum api_spread */
	uint8_t mac[6];
	uint8_t link_up;
	int8_t numa_node; /* -1: none */
	uint32_t link_mbps;
	uint32_t rx_queues;
	uint32_t tx_queues;
};

struct api_vrf {
	uint32_t id;
	uint32_t reserved;
	char name[API_NAME_MAX];
	/* filled in dumps */
	uint32_t routes4;
	uint32_t routes6;
	uint32_t routes_max; /* of each family; more are refused with -ENOSPC */
	uint32_t reserved2;
	uint64_t fib_bytes; /* what workers read */
	uint64_t rib_bytes; /* what the FIB is built from */
};

/* A rate that the interfaces that name it share, over all workers. An upsert of one that is there
 * keeps its credit. Deleting it is refused (-EBUSY) while an interface names it. */
struct api_policer {
	uint32_t id;
	uint32_t overhead_bytes; /* charged on top of each frame's layer-2 bytes: 0, or up to 24 for
				    check sequence, preamble and gap */
	uint64_t rate_bps;
	uint64_t burst_bytes;    /* all workers together may have that much at once */
	char name[API_NAME_MAX]; /* CIRCUIT/LINK/in or out */
};

#define API_POLICER_RATE_MIN UINT64_C(1000000)
#define API_POLICER_RATE_MAX UINT64_C(1000000000000)
#define API_POLICER_BURST_MIN 18524u /* two frames of the largest MTU, each with all overhead */
#define API_POLICER_BURST_S_MAX 4u   /* seconds of the rate */
#define API_POLICER_OVERHEAD_MAX 24u

#define API_TAG_NONE 0u

/* What the exception path tells apart, so that one kind cannot take another's place. Each link has
 * a budget of packets for each. */
enum api_budget {
	API_BUDGET_NEIGHBOUR, /* ARP, Neighbor Discovery */
	API_BUDGET_ANSWER,    /* of these, answers to what we ask ourselves */
	API_BUDGET_BGP,
	API_BUDGET_BFD,
	API_BUDGET_OTHER, /* whatever else is for the edge: ping, for one */
	API_BUDGET_ICMP,  /* errors we send (RFC 1812 4.3.2.8, RFC 4443 2.4 f) */
	API_BUDGETS,
};

#define API_BUDGET_PPS_MAX 1000000u

/* Which sources an interface believes (RFC 3704 2, RFC 8704 3). What is for the edge itself (BGP,
 * BFD, ARP) is not asked. */
enum api_urpf {
	API_URPF_OFF,
	API_URPF_LOOSE,  /* the domain has a route to the source, whose ever it is */
	API_URPF_STRICT, /* that route leads out of a link of the domain: not necessarily of this
			    one, and not into another domain */
	API_URPF_COUNT,
};

/* A sub-interface: where a tag meets a routing domain. Tags have one owner; in a snapshot they pass
 * to who is stated with them, from an interface that this snapshot has not named yet. */
struct api_interface {
	uint32_t id;
	uint32_t port;
	uint32_t vrf;
	uint16_t s_tag;      /* outer tag of QinQ, API_TAG_NONE for 802.1Q and untagged */
	uint16_t c_tag;      /* inner tag of QinQ, the tag of 802.1Q, API_TAG_NONE for untagged */
	uint32_t mtu;        /* bytes of IP packet */
	uint8_t address4[4]; /* the edge's own; all zero: none */
	uint8_t prefix_len4;
	uint8_t prefix_len6;
	uint8_t has_tap; /* upsert: the next fd of this message is the TAP; 0 keeps what is there */
	uint8_t urpf;    /* enum api_urpf */
	uint8_t address6[16];
	uint8_t link_local6[16];          /* of the TAP, from its MAC (RFC 4291 appendix A) */
	char name[API_NAME_MAX];          /* CIRCUIT/PEERING/LINK or VNET/core */
	char circuit[API_NAME_MAX];       /* whose account its packets are on; empty for core */
	uint32_t policer_in;              /* what it receives is charged to; 0: none */
	uint32_t policer_out;             /* what it sends is charged to; 0: none */
	uint32_t budget_pps[API_BUDGETS]; /* 0: as the dataplane has it by itself */
	/* 1: BGP must come with a TTL of 255, and leaves with it (RFC 5082). */
	uint8_t ttl_security;
	uint8_t reserved[3];
};

/* Why a path is not used, a bit each. 0: it is live. */
enum api_path_down {
	API_PATH_BFD = 1,     /* the BFD session with the peer went down */
	API_PATH_CARRIER = 2, /* the port has no link */
	API_PATH_DRAIN = 4,   /* wanted: used only where all other members of a group are down */
	API_PATH_TEST = 8,    /* a link test holds the link's packets back */
	API_PATH_ADMIN = 16,  /* wanted: not used */
};

/* Where traffic can go: a neighbour that somebody watches, on one interface. Any number of
 * adjacencies name it, and all of them live and die with it at once. Deleting it is refused
 * (-EBUSY) while an adjacency names it, and so is moving it to another interface or family. */
struct api_path {
	uint32_t id;
	uint32_t interface;
	uint8_t family;      /* AF_INET or AF_INET6 */
	uint8_t down_wanted; /* of enum api_path_down: DRAIN and ADMIN, no others */
	uint8_t bfd_off;     /* 1: a session that bfdd takes back is over, not held (bfdd.h) */
	uint8_t reserved;
	uint8_t address[16]; /* the peer's */
	/* filled in dumps */
	uint8_t down;       /* of enum api_path_down */
	uint8_t last_cause; /* the bit that came or went last; 0: none did yet */
	uint8_t reserved2[2];
	uint32_t changes; /* how often a bit came or went */
	uint32_t reserved3;
	uint64_t changed_us; /* CLOCK_MONOTONIC of the last change, or of when the path came */
};

/* A failure test: for so many seconds the dataplane drops all that comes and goes by the interface,
 * control packets included, as if the line were cut. An upsert begins one, gives a running one
 * another deadline counted from now, or with 0 seconds ends it, as a deletion does. A snapshot does
 * neither; the interface's last test can be dumped as long as the interface is there. */
struct api_link_test {
	uint32_t interface;
	uint32_t seconds; /* 0..API_LINK_TEST_S_MAX; dumps: from the start to the deadline */
	/* filled in dumps */
	uint32_t running;
	uint32_t moved_ms;    /* from the start until all paths of the link were down */
	uint32_t loss_in_ms;  /* from the start to the last packet lost of those that came, */
	uint32_t loss_out_ms; /* and of those that were to go */
	uint64_t age_us;      /* since the start */
	uint64_t left_us;     /* to the deadline */
	uint64_t lasted_us;   /* until now or its end */
	uint64_t dropped_in, dropped_out;
	uint64_t dropped_control; /* of the edge and its peer */
};

#define API_LINK_TEST_S_MAX 86400u
#define API_LINK_TEST_NOT UINT32_MAX /* moved_ms: they are not, or were not until its end */

struct api_adjacency {
	uint32_t id;
	uint32_t interface;
	uint8_t family;   /* AF_INET or AF_INET6 */
	uint8_t resolved; /* 0: MAC unknown, packets are dropped as neighbour-unresolved */
	uint8_t mac[6];
	uint8_t address[16]; /* the neighbour's */
	uint32_t path; /* of the same interface and family; 0: live while the port has a link */
};

/* Groups with a fixed meaning; no api_group exists for them. */
enum {
	API_GROUP_NONE = 0,
	API_GROUP_RECEIVE,      /* the edge's own address: punt */
	API_GROUP_BLACKHOLE,    /* drop, say nothing */
	API_GROUP_GLEAN,        /* on-link, neighbour not resolved: drop, ask control to resolve */
	API_GROUP_GLEAN_LEAKED, /* the same on a link of a connected domain */
	API_GROUP_FIRST = 16,
};

struct api_group {
	uint32_t id;
	uint32_t count; /* 0: drops as no-live-next-hop */
	uint32_t adjacencies[API_GROUP_MEMBERS_MAX];
};

enum api_route_origin {
	API_ORIGIN_CONNECTED = 1,
	API_ORIGIN_LOCAL,
	API_ORIGIN_STATIC,
	API_ORIGIN_BGP,
	API_ORIGIN_NEIGHBOUR, /* a resolved neighbour's own address, not a route of the kernel */
};

struct api_route {
	uint32_t vrf;
	uint32_t group;       /* a group's id, or one of the fixed ones */
	uint32_t leaked_from; /* vrf the route is native to; 0: native here */
	uint8_t family;       /* AF_INET or AF_INET6 */
	uint8_t prefix_len;
	uint8_t origin; /* enum api_route_origin */
	uint8_t reserved;
	uint8_t address[16];
};

/* ---- reading ---- */

struct api_dump {
	uint32_t object; /* enum api_object */
	uint32_t vrf;    /* API_ROUTE: of this vrf; 0: of all */
};

/* Payload of ROWS: this, then count structs of the object, each of row_length bytes. */
struct api_rows {
	uint32_t object;
	uint32_t row_length;
	uint32_t count;
	uint32_t reserved;
};

struct api_tap_get {
	uint32_t interface;
	uint32_t reserved;
};

/* Rounded up, so that a ledger is whole cache lines. */
#define API_DROP_SLOTS ((API_DROP_COUNT + 12 + 7) / 8 * 8 - 12)

/*
 * The account of an interface. Read between bursts each side balances exactly:
 *   in:  rx + generated              = punt + forwarded_in + sum of drops with direction IN
 *   out: forwarded_out + injected + fragments_added = tx + sum of drops with direction OUT
 * and over all interfaces forwarded_in = forwarded_out.
 * bytes count layer 2 with tags, without preamble and frame check sequence. Of what was dropped:
 * IN the frame as it came, so it is a part of rx_bytes (ICMP errors made here add none); OUT the
 * frame as it was to be sent, and of control packets that got no tags or header yet without these.
 */
struct api_ledger {
	/* what forwarding a packet counts, and whoever watches rates reads: one cache line in a
	 * worker's table */
	uint64_t rx, rx_bytes;
	uint64_t forwarded_in;
	uint64_t forwarded_out;
	uint64_t tx, tx_bytes;
	uint64_t dropped_bytes[2]; /* of all reasons, by direction: API_DROP_IN, API_DROP_OUT */
	uint64_t punt;
	uint64_t generated; /* ICMP errors made here, looked up as if received here */
	uint64_t injected;
	uint64_t fragments_added;
	uint64_t drops[API_DROP_SLOTS];
};

/* The highest rates of any window of 10 ms (or longer, where the machine stood still) within a
 * minute, in layer-2 bits. in: all that came, also what was then dropped; out: what was sent. */
struct api_peak {
	uint32_t minute; /* since 1970; 0: nothing was measured */
	uint32_t reserved;
	uint64_t in_bps, out_bps;
	uint64_t dropped_in_bps, dropped_out_bps;
};

/* interface 0 with port P: what port P received and could give to no interface. */
struct api_interface_counters {
	uint32_t interface;
	uint32_t port;
	uint32_t life; /* another one: the id began anew, and its ledger at zero; 0: a port's */
	uint32_t reserved;
	char name[API_NAME_MAX];
	char circuit[API_NAME_MAX];
	struct api_ledger ledger;
	struct api_peak peaks[2]; /* of this minute, and of the one before */
};

/* Frames alike in their tags. */
struct api_tags {
	uint64_t frames;
	uint16_t count;        /* tags: 0, 1 or 2; more are not looked at */
	uint16_t ethertype;    /* of the outer one: 0x8100, 0x88a8 or 0x9100; 0: there is none */
	uint16_t outer, inner; /* VLAN ids; 0 where there is no such tag */
};

#define API_TAGS_KEPT 8u

/* What the device itself counts; rx_missed and rx_errors never reached a worker. */
struct api_port_counters {
	uint32_t port;
	uint32_t reserved;
	char name[API_NAME_MAX];
	uint64_t rx, rx_bytes, tx, tx_bytes;
	uint64_t rx_missed, rx_errors, tx_errors, rx_nombuf;
	/* Of what came and no interface has the tags of, the kinds that came last; frames 0: no
	 * more */
	struct api_tags unknown_tags[API_TAGS_KEPT];
};

/* What a worker's time goes into; the folders of pipelines/, between taking from the device and
 * giving to it. Punt and ICMP errors count where they happen. */
enum api_stage {
	API_STAGE_RECEIVE, /* the device's receive function */
	API_STAGE_INGRESS,
	API_STAGE_ROUTE,
	API_STAGE_EGRESS,
	API_STAGE_TRANSMIT, /* the device's send function */
	API_STAGE_COUNT,
};

/* All of these only grow, from the start of the process; rates take two readings. Cycles are of
 * the time-stamp counter. */
struct api_worker {
	uint32_t cpu;
	int32_t numa_node;
	uint64_t tsc_hz;
	uint64_t cycles;      /* since the worker started */
	uint64_t busy_cycles; /* of these, in turns that brought packets */
	uint64_t polls;       /* turns of the poll loop */
	uint64_t empty_polls; /* that brought no packet */
	uint64_t bursts;      /* received from a device, not empty */
	uint64_t packets;     /* received, from other workers too, and injected ones */
	/* One busy turn in some hundreds is timed stage by stage: its packets and cycles. */
	uint64_t sampled_packets;
	uint64_t stage_cycles[API_STAGE_COUNT];
};

/* One row per consumer: the packet buffers, each vrf's FIB and RIB together, tables; and "routes",
 * all vrfs' together, which has a limit and no bytes of its own. */
struct api_memory {
	char name[API_NAME_MAX];
	uint64_t used_bytes;
	uint64_t used;     /* objects in use (buffers, groups, ...) */
	uint64_t capacity; /* objects at most; 0: no fixed limit */
};

/* ---- events ---- */

enum api_event_type {
	API_EVENT_PORT_LINK = 1, /* a: port, b: 1 up, 0 down */
	/* a: interface (of the adjacency; for a glean route the one the packet came in by),
	 * b: family, address: who */
	API_EVENT_NEIGHBOUR_NEEDED,
	/* a: path, b: its bits (enum api_path_down) now and, from bit 8 on, the one that came or
	 * went last, c: milliseconds that it was as before; address: the peer's */
	API_EVENT_PATH,
	/* a: interface, b: 1 began, 0 ended */
	API_EVENT_LINK_TEST,
};

struct api_event {
	uint32_t type;
	uint32_t a;
	uint32_t b;
	uint32_t c; /* 0 where the type says nothing */
	uint8_t address[16];
};

const char *api_stage_name(enum api_stage stage);

/* Of one bit of enum api_path_down: "bfd", "carrier", ... */
const char *api_path_down_name(uint8_t bit);
/* Of all of them: "bfd, carrier"; "" of none. 64 bytes are enough. Returns buffer. */
const char *api_path_down_text(uint8_t bits, char *buffer, uint32_t size);

/* Payload size an item of this object must have; 0: no such object in a batch. */
uint32_t api_item_size(enum api_object object);
/* Row size in dumps; 0: no such object. */
uint32_t api_row_size(enum api_object object);
