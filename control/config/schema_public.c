/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What public peerings lead to: services, and the filters that let them be announced.
 */
#include <stddef.h>

#include "control/config/schema.h"
#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COMMUNITIES .kind = FIELD_TEXT, .shape = SHAPE_LIST
#define COMMUNITY_UNIT "communities as `65000:5010` or `4200100001:1:5010`"

static const struct field filter_fields[] = {
	[FILTER_NAME] = {"name", FIELD_NAME, .required = true, .example = "storage",
		.sentence = "Name of the route filter, unique in the site."},
	[FILTER_ALLOW] = {"allow", COMMUNITIES, .required = true, .unit = COMMUNITY_UNIT,
		.example = "[\"4200100001:1:5010\"]",
		.sentence = "Services that have one of these communities are announced; standard "
			    "(RFC 1997) and large ones (RFC 8092)."},
};
const struct schema filter_schema = {"a route filter",
	"Which services a public peering is announced. A peering without a filter is announced "
	"none.",
	filter_fields, COUNT(filter_fields), FILTER_NAME};

/* As of static_schema, without prefixes: those are the service's. */
static const struct field service_static_fields[] = {
	[STATIC_GATEWAY] = {"gateway", FIELD_ADDRESS, SHAPE_ONE_OR_LIST, .example = "10.255.9.2",
		.sentence = "The next hop, one for each family (and edge); the edge takes the "
			    "subnet's other usable address. Default: the first usable one."},
	[STATIC_LINK_SUBNETS] = {"link_subnets", FIELD_PREFIX, SHAPE_LIST,
		.example = "[10.255.9.0/30]",
		.sentence = "The n-th edge with the port takes the n-th /30 or /126."},
	[STATIC_TRANSIT] = {"transit_subnets", FIELD_PREFIX, SHAPE_LIST,
		.example = "[10.255.65.0/24]",
		.sentence = "As of a virtual network, instead of `link_subnets`; customers do not "
			    "reach it."},
};
static const struct schema service_static_schema = {"a static core attachment of a service",
	"The service's prefixes are behind the gateway.", service_static_fields,
	COUNT(service_static_fields), -1};

static const struct field service_core_fields[] = {
	[CORE_PORT] = {"port", FIELD_NAME, .required = true, .example = "core",
		.sentence = "Name of the core port, as of a virtual network."},
	[CORE_VLAN] = {"vlan", FIELD_INTEGER, .preset = "0", .maximum = 4094, .unit = "VLAN id",
		.example = "900",
		.sentence = "802.1Q tag, unique on the port, virtual networks included."},
	[CORE_BGP] = {"bgp", FIELD_MAPPING, .schema = &bgp_schema,
		.example = "{peer_asn: 4200100003, link_subnets: [10.255.9.0/29]}",
		.sentence = "Attachment by BGP: of what the core announces, the service's prefixes "
			    "and their parts are taken. Either this or `static`."},
	[CORE_STATIC] = {"static", FIELD_MAPPING, .schema = &service_static_schema,
		.example = "{link_subnets: [10.255.9.0/30]}",
		.sentence = "Static attachment. Either this or `bgp`."},
};
static const struct schema service_core_schema = {"the core attachment of a service",
	"Where the service is.", service_core_fields, COUNT(service_core_fields), -1};

static const struct field service_fields[] = {
	[SERVICE_NAME] = {"name", FIELD_NAME, .required = true, .example = "storage-eu",
		.sentence = "Name of the service, unique in the site, virtual networks included."},
	[SERVICE_PREFIXES] = {"prefixes", FIELD_PREFIX, SHAPE_LIST, .required = true,
		.example = "[198.18.0.0/16]",
		.sentence = "Its public prefixes; each needs a link subnet of its family."},
	[SERVICE_COMMUNITIES] = {"communities", COMMUNITIES, .required = true,
		.unit = COMMUNITY_UNIT, .example = "[\"4200100001:1:5010\"]",
		.sentence = "What route filters know it by, and what customers see on its routes."},
	[SERVICE_CORE] = {"core", FIELD_MAPPING, .required = true, .schema = &service_core_schema,
		.example = "see below", .sentence = "How it is attached to the core."},
};
const struct schema service_schema = {"a public service",
	"Prefixes of the operator's that public peerings reach, each in a routing domain of its "
	"own. They are announced only through a route filter.",
	service_fields, COUNT(service_fields), SERVICE_NAME};
