/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a circuit does not work: facts in, findings out. Layers are judged from the wire upwards, so
 * the first finding that is wrong is where to begin; what stands on it may be wrong because of it.
 * Pure functions, no I/O; whoever gathers the facts is control/cli/doctor*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/drop_reasons.h"

enum doctor_layer {
	DOCTOR_EDGE,      /* dataplane, control and FRR */
	DOCTOR_CIRCUIT,   /* provisioned, enabled, with a peering */
	DOCTOR_PORT,      /* there, and not held back by an operator */
	DOCTOR_CARRIER,   /* light */
	DOCTOR_TAG,       /* frames with the link's tags arrive */
	DOCTOR_NEIGHBOUR, /* ARP, Neighbor Discovery */
	DOCTOR_BFD,
	DOCTOR_BGP,
	DOCTOR_FILTER, /* what may be learned and announced */
	DOCTOR_ROUTES, /* what is */
	DOCTOR_FIB,    /* what packets are forwarded by */
	DOCTOR_POLICER,
	DOCTOR_DROPS, /* whatever else ends packets */
	DOCTOR_LAYERS,
};

enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_UNKNOWN, /* whoever knows is away */
	DOCTOR_WARN,    /* works, and is worth a look */
	DOCTOR_WRONG,
};

/* Whose side it is on. The provider's: the line between customer and edge. */
enum doctor_side { SIDE_NONE, SIDE_OURS, SIDE_PROVIDER, SIDE_CUSTOMER };

/* ---- facts; texts are borrowed ---- */

struct doctor_bfd {
	bool wanted;        /* configured here */
	const char *state;  /* "up", "down", "init", "admin-down"; NULL: no session */
	const char *remote; /* what the peer said last, as state */
	const char *diagnostic, *remote_diagnostic; /* RFC 5880 4.1, in words; "none" */
	bool heard;                                 /* the peer, in the last seconds */
	uint32_t min_tx_ms, multiplier;             /* ours */
	uint32_t remote_min_tx_ms, remote_multiplier;
	uint32_t detection_ms;
	const char *refused; /* why its packets are not believed at present; NULL: they are */
};

struct doctor_bgp {
	const char *state; /* BGP's own word, or "Absent"; NULL: not known */
	const char *error; /* why it is not up; NULL: nothing is known */
	uint32_t asn;      /* that the peer should have */
	int64_t uptime_s;
	int64_t accepted, refused, announced; /* prefixes */
	const char *alarm;                    /* near the prefix limit; NULL: it is not */
};

/* One address family of a link. */
struct doctor_family {
	const char *peer;      /* the customer's address; NULL: the link has none of this family */
	const char *neighbour; /* "reachable", "failed", ...; NULL: not known */
	const char *mac;       /* of the peer; NULL: it has not answered */
	bool own_mac;          /* that is the edge's own: frames come back */
	const char *stranger, *stranger_mac; /* somebody else in this family; NULL: nobody */
	struct doctor_bfd bfd;
	struct doctor_bgp bgp;
	const char *path_down; /* why its path is not used: "bfd, carrier"; NULL: it is */
};

/* What happened while the doctor looked. */
struct doctor_moved {
	uint32_t span_ms;
	uint64_t rx, tx; /* frames of the link */
	uint64_t drops[API_DROP_COUNT];
	uint64_t unknown_tags;  /* frames on the port that no link has tags for */
	const char *other_tags; /* these tags: "VLAN 300; VLAN 301"; NULL: not known */
};

struct doctor_link {
	const char *name; /* contoso/private/primary */
	const char *edge; /* the one it is on, when that is another; NULL: it is on this one */
	const char *port; /* NULL: not known */
	uint16_t s_tag, c_tag;
	bool port_there, interface_there; /* in the dataplane */
	bool carrier;
	bool draining;
	uint32_t test_left_s;   /* of a failure test that runs; 0: none does */
	uint64_t rx;            /* frames, ever */
	uint64_t unknown_tags;  /* on the port, ever */
	const char *other_tags; /* the latest of these; NULL: none */
	struct doctor_moved moved;
	struct doctor_family families[2]; /* IPv4, IPv6 */
};

#define DOCTOR_LINKS 2u

struct doctor_peering {
	const char *name; /* contoso/private */
	bool is_public;
	unsigned int validated;   /* prefixes of a public one */
	const char *route_filter; /* NULL: none is attached */
	bool known;               /* what follows is: control answers */
	unsigned int connections; /* to virtual networks, services or circuits */
	const char *connected;    /* the first of them */
	bool domain_there;        /* in the dataplane */
	uint64_t kernel_routes;   /* learned, that the dataplane should have */
	uint64_t routes;          /* learned, that it has */
	bool unequal;             /* for as long as the doctor looked */
	uint64_t leaked;          /* that came by connections */
	uint64_t refused_routes;  /* by the dataplane */
	struct doctor_link links[DOCTOR_LINKS];
	unsigned int link_count;
};

#define DOCTOR_PEERINGS 2u

struct doctor_facts {
	const char *address; /* what was asked for */
	/* The edge. Each text says why, NULL: all is well. */
	const char *control_away, *dataplane_away, *bgp_away;
	const char *unsynced; /* control and dataplane */
	bool frr_told;        /* FRR runs what was wanted */
	bool bfdd_there;
	uint64_t held_routes; /* of a routing daemon that died */
	/* The circuit; without control nothing of it is known. */
	const char *circuit;
	bool by_provider;           /* on a provider's ports */
	const char *provider_state; /* "provisioned", ...; NULL: direct */
	bool enabled, forwards;
	const char *service_key;
	unsigned int peerings_sold;                      /* of the circuit */
	struct doctor_peering peerings[DOCTOR_PEERINGS]; /* those that were asked for */
	unsigned int peering_count;
};

/* ---- findings ---- */

#define DOCTOR_WHERE_MAX 80u
#define DOCTOR_TEXT_MAX 400u

struct doctor_finding {
	enum doctor_layer layer;
	enum doctor_verdict verdict;
	enum doctor_side side; /* SIDE_NONE when it is well or not known */
	char where[DOCTOR_WHERE_MAX];
	char text[DOCTOR_TEXT_MAX];
	char next[DOCTOR_TEXT_MAX]; /* a command, or what to write to somebody; "" when well */
};

/* Of two peerings with two links each, every rule at its most. */
#define DOCTOR_FINDINGS_MAX 96u

struct doctor_report {
	struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
	unsigned int count;
};

/* Judges layer by layer; findings come in the order of layers. */
void doctor_examine(const struct doctor_facts *facts, struct doctor_report *report);

/* Where to begin: the first that is wrong, or else the first warning; NULL: all is well. */
const struct doctor_finding *doctor_first(const struct doctor_report *report);

/* "carrier", "wrong", "customer"; the side of what is well is "". */
const char *doctor_layer_name(enum doctor_layer layer);
const char *doctor_verdict_name(enum doctor_verdict verdict);
const char *doctor_side_name(enum doctor_side side);
