/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A site as its YAML file says it, checked and with every name resolved. Pure data: no I/O.
 * Made by config_load (control/config/config.h), freed by site_free. Arrays are in file order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/model/community.h"

#define NAME_MAX_LENGTH 24 /* site, edge, port, circuit, vnet names: [a-z0-9][a-z0-9-]* */

/* An address or prefix of either family; network byte order, IPv4 in the first 4 bytes. */
struct ip {
	uint8_t family; /* AF_INET or AF_INET6; 0: absent */
	uint8_t prefix_len;
	uint8_t address[16];
};

enum port_role { PORT_CUSTOMER, PORT_CORE };
enum rss { RSS_AUTO, RSS_HARDWARE, RSS_SOFTWARE };
enum pair_model { PAIR_DIRECT, PAIR_PROVIDER };
enum encapsulation { ENCAP_DOT1Q, ENCAP_QINQ, ENCAP_MIXED };
enum tier { TIER_LOCAL, TIER_STANDARD, TIER_PREMIUM };
enum family { FAMILY_METERED, FAMILY_UNLIMITED };
enum provider_state {
	PROVIDER_NOT_PROVISIONED,
	PROVIDER_PROVISIONING,
	PROVIDER_PROVISIONED,
	PROVIDER_DEPROVISIONING,
};
enum peering_type { PEERING_PRIVATE, PEERING_PUBLIC };
/* Who may own a field of what is sold. */
enum principal { PRINCIPAL_OPERATOR, PRINCIPAL_PROVIDER, PRINCIPAL_CUSTOMER, PRINCIPALS };
/* Which source addresses a peering's links believe (RFC 3704). */
enum urpf { URPF_OFF, URPF_LOOSE, URPF_STRICT };
enum { LINK_PRIMARY, LINK_SECONDARY, LINKS };

struct peering_validation; /* control/model/validation.h */

struct site_port {
	char name[NAME_MAX_LENGTH + 1];
	char device[256];
	enum port_role role;
	uint64_t speed_bps;
	uint32_t mtu;             /* bytes of IP packet; default 1500 */
	uint16_t outer_ethertype; /* default 0x8100 */
	enum rss rss;             /* default auto */
};

struct site_edge {
	char name[NAME_MAX_LENGTH + 1];
	char zone[NAME_MAX_LENGTH + 1]; /* may be empty */
	struct site_port *ports;
	unsigned int port_count;
	uint32_t worker_cpus[64], worker_cpu_count;
	uint32_t control_cpus[64], control_cpu_count;
	uint32_t idle_sleep_us; /* cores.idle: poll (0, default) or a duration such as 50us */
	uint32_t memory_mb;     /* memory.size, default 1024 */
	bool hugepages;         /* memory.hugepages, default true */
};

struct port_ref {
	bool present;
	unsigned int edge; /* index in site.edges */
	unsigned int port; /* index in its ports */
};

/* Whoever shows the key may make one circuit on the pair, once. */
struct site_authorization {
	char name[NAME_MAX_LENGTH + 1];
	uint64_t quota_bps;                /* the most that circuit may have */
	char key_sha256[65];               /* in hex; who issued it knows the key */
	char circuit[NAME_MAX_LENGTH + 1]; /* that was made with it; empty: it is open */
};

struct site_port_pair {
	char name[NAME_MAX_LENGTH + 1];
	char owner[NAME_MAX_LENGTH + 1]; /* the customer who has both ports; may be empty */
	struct site_authorization *authorizations;
	unsigned int authorization_count;
	enum pair_model model;
	enum encapsulation encapsulation;
	struct port_ref ports[LINKS]; /* secondary absent only with redundancy: none */
};

/* What we ask of a BFD session; the peer may ask for slower ones. */
struct bfd_timers {
	uint32_t interval_ms; /* 0: no BFD */
	uint8_t multiplier;
};

enum bfd_auth_type { BFD_AUTH_TYPE_KEYED_SHA1, BFD_AUTH_TYPE_METICULOUS_SHA1 };

#define SITE_BFD_KEYS_MAX 4
#define SITE_BFD_SECRET_MAX 20 /* bytes */

/* A key that both sides have (RFC 5880 6.7). The secret is not in the document: who reads its file
 * fills it in (control/server/keys.h). */
struct bfd_auth_key {
	uint8_t id;
	unsigned int line; /* of file, in the document */
	char file[256];
	uint8_t secret_bytes; /* 0: not known */
	uint8_t secret[SITE_BFD_SECRET_MAX];
};

struct bfd_auth {
	enum bfd_auth_type type;
	struct bfd_auth_key keys[SITE_BFD_KEYS_MAX]; /* the first signs */
	unsigned int key_count;
};

/* Packets per second that each link may ask of the edge itself; 0: the dataplane's default. */
struct site_budgets {
	uint32_t neighbour, bgp, bfd, other, icmp_errors;
};

#define SITE_MD5_MAX 25 /* characters */

/* The key of TCP-MD5 (RFC 2385), which the document does not hold either. */
struct md5_key {
	unsigned int line; /* of file, in the document */
	char file[256];
	char secret[SITE_MD5_MAX + 1]; /* "": not known */
};

/* The largest that may be asked for; ten times as many are still a number for FRR. */
#define PREFIX_LIMIT_MAX 1000000

#define PREFIX_ALARM_PERCENT 80 /* of a limit */

/* What BGP may bring into a domain, by family; 0: as much as it likes. */
struct prefix_limits {
	uint32_t ipv4, ipv6;
	bool soft; /* the surplus is refused, instead of the session closed */
};

/* One half of a peering, or an attachment to the core. */
struct site_link {
	bool present;
	struct ip edge4, edge6; /* the edge's address, with the subnet's prefix_len */
	struct ip peer4, peer6; /* the customer's or gateway's */
};

struct site_peering {
	enum peering_type type;
	enum principal managed_by; /* who writes its fields */
	uint16_t c_tag;            /* the tag (vlan) of 802.1Q, the inner tag of QinQ */
	uint32_t peer_asn;
	struct bfd_timers bfd;
	struct bfd_auth *bfd_auth; /* NULL: none */
	enum urpf urpf;            /* default: build_peerings.c */
	bool ttl_security;         /* RFC 5082 for BGP */
	struct md5_key *md5;       /* NULL: none */
	struct prefix_limits limits;
	struct ip *validated; /* of a public peering: what may be announced to us */
	unsigned int validated_count;
	uint32_t origin_asn; /* of a public peering: whose these are; 0: peer_asn's */
	/* What sources say of them, filled in by who asks (control/validation/validation.h); NULL:
	 * there are none, or it is a private peering. */
	struct peering_validation *validation;
	int filter; /* of a public peering: index in the site's filters, -1: none */
	struct site_link links[LINKS];
};

struct site_circuit {
	char name[NAME_MAX_LENGTH + 1];
	char customer[NAME_MAX_LENGTH + 1];      /* whose it is; may be empty */
	char authorization[NAME_MAX_LENGTH + 1]; /* of its pair, that it was made with; or empty */
	unsigned int port_pair;
	uint64_t bandwidth_bps;
	bool rate_limit;         /* of provider circuits always, of direct ones when asked for */
	uint32_t burst_us;       /* of the bandwidth, may come at once; default 10 ms */
	uint32_t overhead_bytes; /* counted for each frame on top of layer 2; default 0 */
	enum tier tier;
	enum family family;
	bool enabled;
	enum provider_state provider_state; /* of provider circuits */
	uint16_t s_tag;                     /* 0: 802.1Q */
	uint16_t secondary_s_tag;           /* of the secondary links; 0: the same on both */
	char service_key[37];               /* UUIDv5(site, circuit) */
	struct site_peering *peerings;
	unsigned int peering_count;
};

struct site_connection {
	unsigned int circuit;        /* index; its private peering */
	uint32_t weight;             /* default 100; the highest wins, equals share */
	struct prefix_limits limits; /* from the network to the circuit; soft */
};

/* The private peerings of two circuits reach each other. */
struct site_global_reach {
	char name[NAME_MAX_LENGTH + 1];
	unsigned int circuits[2]; /* indexes */
	bool complete;            /* both are known */
};

/* A metropolitan area, and the region of the world it is in; either may be empty. */
struct site_place {
	char location[NAME_MAX_LENGTH + 1];
	char region[NAME_MAX_LENGTH + 1];
};

/* Also the core attachment of a public service. */
struct site_vnet {
	char name[NAME_MAX_LENGTH + 1];
	char port[NAME_MAX_LENGTH + 1]; /* on every edge that has a core port of this name */
	struct site_place place;        /* where its own routers are */
	uint16_t vlan;                  /* 0: untagged */
	bool is_service;
	bool is_static;
	bool is_transit;            /* the links are in one subnet, with machines in it */
	uint32_t peer_asn;          /* BGP attachment */
	struct bfd_timers bfd;      /* of the same */
	struct bfd_auth *bfd_auth;  /* of the same; NULL: none */
	struct md5_key *md5;        /* of the same; NULL: none */
	struct ip *static_prefixes; /* static attachment; of a service always */
	unsigned int static_prefix_count;
	struct site_link *links; /* by edge index; the n-th edge takes the n-th part of
				  * link_subnets, or an address of transit_subnets */
	struct site_connection *connections;
	unsigned int connection_count;
};

#define SITE_COMMUNITIES_MAX 7 /* of a service: an announcement has room for them */
#define SITE_ALLOWED_MAX 64    /* of a route filter */

struct site_filter {
	char name[NAME_MAX_LENGTH + 1];
	struct community *allow;
	unsigned int allow_count;
};

struct site_service {
	struct site_vnet core; /* with its name */
	struct community *communities;
	unsigned int community_count;
};

struct site {
	char name[NAME_MAX_LENGTH + 1];
	struct site_place place; /* where all its circuits are */
	uint32_t asn;
	uint64_t revision; /* of the store, that the file was exported from; 0: none */
	struct site_edge *edges;
	unsigned int edge_count;
	struct site_port_pair *port_pairs;
	unsigned int port_pair_count;
	struct site_circuit *circuits;
	unsigned int circuit_count;
	struct site_vnet *vnets;
	unsigned int vnet_count;
	struct site_budgets budgets;
	struct site_filter *filters;
	unsigned int filter_count;
	struct site_service *services;
	unsigned int service_count;
	struct site_global_reach *global_reach;
	unsigned int global_reach_count;
};

void site_free(struct site *site);

/* The AS that a public peering's prefixes must be of. */
uint32_t site_origin(const struct site_peering *peering);

/* Are both links of its circuits on one port, told apart by S-tags? */
bool site_pair_is_one_port(const struct site_port_pair *pair);

/* The S-tag of a circuit's primary or secondary links; 0: 802.1Q. */
uint16_t site_s_tag(const struct site_circuit *circuit, unsigned int link);

/* Was the circuit made with this authorization of its pair, and is it still there? */
bool site_uses_authorization(
	const struct site_authorization *authorization, const struct site_circuit *circuit);

/* Index, or -1. */
int site_find_edge(const struct site *site, const char *name);
int site_find_circuit(const struct site *site, const char *name);
int site_find_vnet(const struct site *site, const char *name);

const char *peering_type_name(enum peering_type type);
const char *link_name(unsigned int link); /* "primary", "secondary" */
const char *tier_name(enum tier tier);
const char *rss_name(enum rss rss);
const char *urpf_name(enum urpf urpf);
const char *bfd_auth_type_name(enum bfd_auth_type type);
const char *pair_model_name(enum pair_model model);
const char *encapsulation_name(enum encapsulation encapsulation);
/* "10G", "50M": into buffer, returned. */
const char *rate_text(uint64_t bps, char *buffer, unsigned int size);
/* "192.0.2.1/30", without the length when it is the family's full one; "" when absent. */
const char *ip_text(const struct ip *ip, char *buffer, unsigned int size);
bool ip_equal(const struct ip *a, const struct ip *b);
