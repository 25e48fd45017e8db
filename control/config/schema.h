/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a configuration file may say: one table row per field. The walker (walk.h), the error texts
 * and docs/configuration.md are all made from these tables.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum field_kind {
	FIELD_NAME,     /* [a-z0-9][a-z0-9-]*, up to NAME_MAX_LENGTH; value.text */
	FIELD_TEXT,     /* any printable text; value.text */
	FIELD_UUID,     /* value.text, lower case */
	FIELD_PORT_REF, /* EDGE/PORT; value.text */
	FIELD_INTEGER,  /* decimal, minimum..maximum; value.number */
	FIELD_ASN,      /* minimum..maximum without the reserved ones; value.number */
	FIELD_FLAG,     /* true or false; value.number */
	FIELD_CHOICE,   /* one of choices; value.number */
	FIELD_RATE,     /* 50M, 10G; value.number in bits per second */
	FIELD_SIZE,     /* 512M, 4G; value.number in MiB, minimum..maximum */
	FIELD_IDLE,     /* poll (0), 50us, 1ms; value.number in us */
	FIELD_DURATION, /* 1ms, 500us, minimum..maximum; value.number in us */
	FIELD_ADDRESS,  /* IPv4 or IPv6, no length; value.ip */
	FIELD_PREFIX,   /* with length, host bits zero; value.ip */
	FIELD_MAPPING,  /* schema; value.records */
};

enum field_shape {
	SHAPE_ONE,
	SHAPE_LIST,
	SHAPE_ONE_OR_LIST, /* read as a list either way */
};

struct choice {
	const char *word;
	uint64_t number;
};

struct schema;

struct field {
	const char *name;
	enum field_kind kind;
	enum field_shape shape;
	bool required;
	const char *preset; /* the default, as one would write it; NULL: none */
	uint64_t minimum, maximum;
	/* Ends with a NULL word. Of a FIELD_MAPPING: words that may stand in the fields' place. */
	const struct choice *choices;
	const struct schema *schema; /* FIELD_MAPPING */
	const char *unit;            /* for the reference; may be NULL */
	const char *example;
	const char *sentence; /* for the reference */
};

struct schema {
	const char *title;    /* "a circuit": for the reference and error texts */
	const char *sentence; /* for the reference */
	const struct field *fields;
	unsigned int field_count;
	int key; /* the field that names one of a list in field paths; -1: none */
};

enum {
	SITE_NAME,
	SITE_LOCATION,
	SITE_REGION,
	SITE_ASN,
	SITE_REVISION,
	SITE_EDGES,
	SITE_PAIRS,
	SITE_CIRCUITS,
	SITE_VNETS,
	SITE_BUDGETS,
	SITE_FILTERS,
	SITE_SERVICES,
	SITE_GLOBAL_REACH,
};
enum { EDGE_NAME, EDGE_ZONE, EDGE_CORES, EDGE_MEMORY, EDGE_PORTS };
enum { CORES_WORKERS, CORES_CONTROL, CORES_IDLE };
enum { MEMORY_SIZE, MEMORY_HUGEPAGES };
enum { PORT_NAME, PORT_DEVICE, PORT_ROLE, PORT_SPEED, PORT_MTU, PORT_ETHERTYPE, PORT_RSS };
enum {
	PAIR_NAME,
	PAIR_OWNER,
	PAIR_MODEL,
	PAIR_ENCAP,
	PAIR_PRIMARY,
	PAIR_SECONDARY,
	PAIR_REDUNDANCY,
	PAIR_AUTHORIZATIONS,
};
enum { AUTHORIZATION_NAME, AUTHORIZATION_BANDWIDTH, AUTHORIZATION_KEY, AUTHORIZATION_CIRCUIT };
enum {
	CIRCUIT_NAME,
	CIRCUIT_CUSTOMER,
	CIRCUIT_AUTHORIZATION,
	CIRCUIT_PAIR,
	CIRCUIT_BANDWIDTH,
	CIRCUIT_LIMIT,
	CIRCUIT_BURST,
	CIRCUIT_OVERHEAD,
	CIRCUIT_TIER,
	CIRCUIT_FAMILY,
	CIRCUIT_STATE,
	CIRCUIT_PROVIDER_STATE,
	CIRCUIT_S_TAG,
	CIRCUIT_SECONDARY_S_TAG,
	CIRCUIT_KEY,
	CIRCUIT_PEERINGS,
};
enum {
	PEERING_TYPE,
	PEERING_MANAGED_BY,
	PEERING_C_TAG,
	PEERING_VLAN,
	PEERING_ASN,
	PEERING_BFD,
	PEERING_URPF,
	PEERING_TTL_SECURITY,
	PEERING_MD5,
	PEERING_LIMIT,
	PEERING_VALIDATED,
	PEERING_ORIGIN,
	PEERING_FILTER,
	PEERING_LINK_SUBNETS,
	PEERING_PRIMARY,
	PEERING_SECONDARY,
};
enum { VNET_NAME, VNET_LOCATION, VNET_REGION, VNET_CORE, VNET_CONNECTIONS };
enum { CORE_PORT, CORE_VLAN, CORE_BGP, CORE_STATIC };
enum { BGP_ASN, BGP_LINK_SUBNETS, BGP_TRANSIT, BGP_BFD, BGP_MD5 };
enum { LIMIT_IPV4, LIMIT_IPV6, LIMIT_MODE };
enum { BFD_INTERVAL, BFD_MULTIPLIER, BFD_AUTH };
enum { AUTH_TYPE, AUTH_KEYS };
enum { BUDGETS_NEIGHBOUR, BUDGETS_BGP, BUDGETS_BFD, BUDGETS_OTHER, BUDGETS_ICMP };
enum { KEY_ID, KEY_FILE };
enum {
	MACHINE_EDGE,
	MACHINE_CORES,
	MACHINE_MEMORY,
	MACHINE_STATE_DIR,
	MACHINE_STALE,
	MACHINE_SAMPLE,
	MACHINE_VALIDATION,
};
enum { VALIDATION_REGISTRY, VALIDATION_VRPS, VALIDATION_RTR };
enum { RTR_HOST, RTR_PORT };
enum { STATIC_GATEWAY, STATIC_LINK_SUBNETS, STATIC_TRANSIT, STATIC_PREFIXES };
enum { FILTER_NAME, FILTER_ALLOW };
enum { SERVICE_NAME, SERVICE_PREFIXES, SERVICE_COMMUNITIES, SERVICE_CORE };
enum { CONNECTION_CIRCUIT, CONNECTION_WEIGHT, CONNECTION_LIMIT };
enum { REACH_NAME, REACH_CIRCUITS };

extern const struct schema site_schema;
extern const struct schema machine_schema; /* schema_machine.c */
extern const struct schema cores_schema;
extern const struct schema memory_schema;
extern const struct schema validation_schema;             /* schema_machine.c */
extern const struct schema bfd_schema;                    /* schema_bfd.c */
extern const struct schema budgets_schema;                /* schema_budgets.c */
extern const struct schema pair_schema;                   /* schema_pairs.c */
extern const struct schema limit_schema;                  /* schema_limits.c */
extern const struct schema filter_schema, service_schema; /* schema_public.c */
extern const struct schema bgp_schema;
extern const struct schema connection_schema; /* schema_connections.c */
extern const struct schema global_reach_schema;

/* What a later version brings ("BFD sessions"), or NULL: a field that is refused by name. */
const char *schema_later(const char *field);

/* docs/configuration.md is this, and a test holds it to that. */
void schema_write_reference(FILE *file);
