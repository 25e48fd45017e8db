/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single mistakes in a good file: each is refused at its line and field, and the text names what
 * was found and what is right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/config_support.h"

struct mistake {
	const char *from, *to; /* from stands exactly once in the good file */
	int down;              /* lines below the one where from begins */
	const char *field;
	const char *found, *remedy; /* both in the text */
};

#define EDGE "edges[edge]."
#define CUST_A EDGE "ports[cust-a]."
#define CONTOSO "circuits[contoso]."
#define FABRIKAM "circuits[fabrikam]."
#define CONTOSO_P CONTOSO "peerings[private]."
#define FABRIKAM_P FABRIKAM "peerings[private]."
#define FIXED "vnets[fabrikam-vnet].core.static."
#define BGP "vnets[contoso-vnet].core.bgp."
#define ASN "asn: 4200100001"

static const struct mistake field_mistakes[] = {
	{ASN "\n", "", -1, "asn", "is missing", "asn: 4200100001"},
	{ASN, "asn: twelve", 0, "asn", "twelve", "1 to 4294967294"},
	{ASN, "asn: \"64500\"", 0, "asn", "64500", "without quotes"},
	{ASN, "asn: 064500", 0, "asn", "064500", "leading zero"},
	{ASN, "asn: -1", 0, "asn", "-1", "1 to 4294967294"},
	{ASN, "asn: 18446744073709551617", 0, "asn", "too large", "4294967294"},
	{ASN, "asn: 4294967296", 0, "asn", "4294967296 is out of range", "4294967294"},
	{ASN, "asn: 23456", 0, "asn", "AS 23456", "RFC 6793"},
	{ASN, "asn: 65535", 0, "asn", "AS 65535", "another AS"},
	{ASN, "asn: 0", 0, "asn", "AS 0", "RFC 7607"},
	{ASN, "asn: 4294967295", 0, "asn", "AS 4294967295", "another AS"},
	{ASN, "asn:", 0, "asn", "no value", "such as 4200100001"},
	{ASN, "asn: ~", 0, "asn", "no value", "such as"},
	{ASN, "asn: [64500]", 0, "asn", "a list", "one value is expected"},
	{ASN, "asn: {number: 64500}", 0, "asn", "fields with values", "one value"},
	{ASN, ASN "\ncolour: blue", 1, "colour", "colour", "port_pairs"},
	{ASN, ASN "\ncircuit: []", 1, "circuit", "\"circuit\" is no field",
		"did you mean \"circuits\""},
	{ASN, ASN "\nasn: 64500", 1, "asn", "again", "first on line 5"},
	{ASN, ASN "\nroute_filters: [{name: f, allow: []}]", 1, "route_filters[f].allow",
		"is empty", "4200100001:1:5010"},
	{ASN, ASN "\nroute_filters: [{name: f, allow: [\"65536:1\"]}]", 1, "route_filters[f].allow",
		"\"65536:1\" is no community", "65000:5010"},
	{ASN, ASN "\nroute_filters: [{name: f, allow: [\"1:1\"]}, {name: f, allow: [\"1:2\"]}]", 1,
		"route_filters[f].name", "\"f\"", "line 6"},
	{ASN,
		ASN "\nservices: [{name: contoso-vnet, prefixes: [198.18.0.0/16], communities: "
		    "[\"1:1\"], core: {port: core, vlan: 900, static: {link_subnets: "
		    "[10.9.0.0/30]}}}]",
		1, "services[contoso-vnet].name", "a virtual network's name", "choose another"},
	{ASN,
		ASN "\nservices: [{name: s, prefixes: [10.18.0.0/16], communities: [\"1:1\"], "
		    "core: {port: core, vlan: 900, static: {link_subnets: [10.9.0.0/30]}}}]",
		1, "services[s].prefixes", "10.18.0.0/16 is private (RFC 1918)", "public prefixes"},
	{ASN,
		ASN "\nservices: [{name: s, prefixes: [\"2001:db8:500::/48\"], communities: "
		    "[\"1:1\"], core: {port: core, vlan: 900, static: {link_subnets: "
		    "[10.9.0.0/30]}}}]",
		1, "services[s].prefixes", "2001:db8:500::/48 has no way out", "IPv6"},
	{ASN,
		ASN "\nservices: [{name: s, prefixes: [198.18.0.0/16], communities: [\"1:1\"], "
		    "core: {port: core, vlan: 10, static: {link_subnets: [10.9.0.0/30]}}}]",
		1, "services[s].core.vlan", "10 on port \"core\" is vnet", "choose another"},
	{ASN,
		ASN "\nservices: [{name: s, prefixes: [198.18.0.0/16], communities: [\"1:1\"], "
		    "core: {port: core, vlan: 900, static: {prefixes: [198.18.0.0/16], "
		    "link_subnets: [10.9.0.0/30]}}}]",
		1, "services[s].core.static.prefixes", "\"prefixes\" is no field", "gateway"},
	{ASN, ASN "\n? [a]\n: b", 1, "", "a list", "field's name"},
	{"site: lab", "site: no", 0, "site", "found no", "\"no\" in quotes"},
	{"site: lab", "site: 12", 0, "site", "found 12", "in quotes"},
	{"site: lab", "site: Lab", 0, "site", "\"Lab\" is no name", "a-z"},
	{"site: lab", "site: \"\"", 0, "site", "is empty", "such as fra1"},
	{"site: lab", "site: \"l\\0b\"", 0, "site", "zero byte", "remove"},
	{"site: lab", "site: a234567890123456789012345", 0, "site", "a23456", "24 characters"},
	{"workers: [1]", "workers: []", 0, EDGE "cores.workers", "empty", "[2, 3]"},
	{"workers: [1]", "workers: 1", 0, EDGE "cores.workers", "single value", "list"},
	{"workers: [1]", "workers: [1, 1]", 0, EDGE "cores.workers", "CPU 1", "once"},
	{"workers: [1]", "workers: [1024]", 0, EDGE "cores.workers", "1024", "0 to 1023"},
	{"idle: 50us", "idle: 50", 0, EDGE "cores.idle", "\"50\"", "poll or 50us"},
	{"idle: 50us", "idle: 2000ms", 0, EDGE "cores.idle", "2000ms", "100ms"},
	{"[0], idle: 50us", "[1]", 0, EDGE "cores.control", "CPU 1", "idle: 50us"},
	{"size: 512M", "size: 1M", 0, EDGE "memory.size", "\"1M\"", "64M"},
	{"hugepages: false", "hugepages: no", 0, EDGE "memory.hugepages", "found no",
		"true or false"},
	{"name: cust-a, ", "name: cust-a, mtu: 9217, ", 0, CUST_A "mtu", "9217", "1280 to 9216"},
	{"name: cust-a, ", "name: cust-a, outer_ethertype: 0x8101, ", 0, CUST_A "outer_ethertype",
		"0x8101", "0x88a8"},
	{"name: cust-a, ", "name: cust-a, macsec: {}, ", 0, CUST_A "macsec", "MACsec", "not have"},
	{"\"net_tap0,iface=cust-a,persist=1\"", "\"net tap\"", 0, CUST_A "device", "net tap",
		"space"},
	{"net_tap0,iface=cust-a", "net_tap2,iface=core", 2, EDGE "ports[core].device",
		"net_tap2,iface=core", "cust-a (line 11)"},
	{"role: core, speed: 10G", "role: cor, speed: 10G", 0, EDGE "ports[core].role", "\"cor\"",
		"did you mean \"core\""},
	{"role: core, speed: 10G", "role: core, speed: 25G", 0, EDGE "ports[core].speed", "25G",
		"10G, 100G, 400G"},
	{"name: cust-b, ", "name: cust-a, ", 0, CUST_A "name", "\"cust-a\" is already", "line 11"},
};

static const struct mistake pair_mistakes[] = {
	{"edge/cust-a\n", "edge/cust-z\n", 0, "port_pairs[shared].primary", "edge/cust-z",
		"did you mean \"edge/cust-"},
	{"edge/cust-a\n", "cust-a\n", 0, "port_pairs[shared].primary", "\"cust-a\"", "EDGE/PORT"},
	{"edge/cust-a\n", "edge/core\n", 0, "port_pairs[shared].primary", "edge/core",
		"role customer"},
	{"secondary: edge/cust-b\n", "secondary: edge/cust-a\n", 0, "port_pairs[shared].secondary",
		"edge/cust-a", "redundancy: none"},
	{"    secondary: edge/cust-b\n", "", -4, "port_pairs[shared].secondary", "is missing",
		"redundancy: none"},
	{"    secondary: edge/cust-b\n", "    secondary: edge/cust-b\n    redundancy: none\n", 1,
		"port_pairs[shared].redundancy", "has a secondary", "remove one"},
	{"persist=1\", role: customer, speed: 10G}\n      - {name: core",
		"persist=1\", role: customer, speed: 100G}\n      - {name: core", 7,
		"port_pairs[shared].secondary", "100G, the primary port 10G", "same speed"},
	{"model: provider", "model: direct", 1, "port_pairs[shared].encapsulation", "mixed",
		"dot1q or qinq"},
	{"circuits:\n",
		"  - {name: other, model: provider, encapsulation: mixed, primary: edge/cust-a, "
		"redundancy: none}\ncircuits:\n",
		0, "port_pairs[other].primary", "edge/cust-a", "in one pair only"},
	{"    model: provider\n", "    model: provider\n    managed_by: x\n", 1,
		"port_pairs[shared].managed_by", "managed_by", "is no field of a port pair"},
};

static const struct mistake circuit_mistakes[] = {
	{"name: contoso\n    port_pair: shared", "name: contoso\n    port_pair: shred", 1,
		CONTOSO "port_pair", "shred", "did you mean \"shared\""},
	{"bandwidth: 1G", "bandwidth: 3G", 0, CONTOSO "bandwidth", "3G", "50M, 100M"},
	{"bandwidth: 1G", "bandwidth: 1Gbps", 0, CONTOSO "bandwidth", "1Gbps", "500M or 10G"},
	{"bandwidth: 1G", "bandwidth: 1000", 0, CONTOSO "bandwidth", "1000", "500M or 10G"},
	{"bandwidth: 1G", "bandwidth: 1G\n    tier: gold", 1, CONTOSO "tier", "gold",
		"local, standard, premium"},
	{"bandwidth: 1G", "bandwidth: 1G\n    family: free", 1, CONTOSO "family", "\"free\"",
		"metered, unlimited"},
	{"bandwidth: 1G", "bandwidth: 1G\n    provider_state: done", 1, CONTOSO "provider_state",
		"\"done\"", "not-provisioned"},
	{"bandwidth: 1G", "bandwidth: 1G\n    md5_file: /etc/key", 1, CONTOSO "md5_file",
		"\"md5_file\" is no field", "peerings"},
	{"bandwidth: 1G", "bandwidth: 1G\n    service_key: abc", 1, CONTOSO "service_key", "abc",
		"UUID"},
	{"bandwidth: 1G", "bandwidth: 1G\n    service_key: 28ABF3A5-3B02-5A02-B3D3-3FBF0B0AF9D8x",
		1, CONTOSO "service_key", "28ABF3A5", "UUID"},
	{"s_tag: 100", "s_tag: 4095", 0, CONTOSO "s_tag", "4095", "1 to 4094"},
	{"s_tag: 100", "s_tag: 0", 0, CONTOSO "s_tag", "0", "1 to 4094"},
	{"c_tag: 200", "c_tag: 0x10", 0, CONTOSO_P "c_tag", "0x10", "1 to 4094"},
	{"    s_tag: 100\n", "", 2, CONTOSO_P "c_tag", "200", "write vlan"},
	{"        c_tag: 200\n", "        vlan: 200\n", 0, CONTOSO_P "vlan", "200", "write c_tag"},
	{"        c_tag: 200\n", "", -1, CONTOSO_P "c_tag", "is missing", "c_tag: 1 to 4094"},
	{"vlan: 300", "vlan: 100", 0, FABRIKAM_P "vlan", "100 is the S-tag of circuit \"contoso\"",
		"choose another"},
	{"    bandwidth: 500M\n", "    bandwidth: 500M\n    s_tag: 100\n", 1, FABRIKAM "s_tag",
		"100 is already the S-tag of circuit \"contoso\"", "choose another"},
	{"encapsulation: mixed", "encapsulation: qinq", 13, FABRIKAM "s_tag", "is missing",
		"1 to 4094"},
	{"encapsulation: mixed", "encapsulation: dot1q", 7, CONTOSO "s_tag", "100", "remove s_tag"},
	{"name: fabrikam\n", "name: contoso\n", 0, CONTOSO "name", "\"contoso\" is already",
		"choose another"},
	{"peer_asn: 65001", "peer_asn: 4200100001", 0, CONTOSO_P "peer_asn",
		"4200100001 is the site's own", "customer's"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {interval: 9ms}", 1,
		CONTOSO_P "bfd.interval", "9ms", "10ms to 60000ms"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {interval: 61s}", 1,
		CONTOSO_P "bfd.interval", "61s", "10ms to 60000ms"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {interval: 50500us}", 1,
		CONTOSO_P "bfd.interval", "50500us", "write it as 50ms"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {multiplier: 1}", 1,
		CONTOSO_P "bfd.multiplier", "1", "2 to 255"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: no", 1, CONTOSO_P "bfd", "\"no\"",
		"multiplier: 3} or off"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: [off]", 1, CONTOSO_P "bfd", "a list",
		"interval: ..."},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {echo: 1}", 1, CONTOSO_P "bfd.echo",
		"\"echo\" is no field", "interval, multiplier, auth"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {auth: {}}", 1,
		CONTOSO_P "bfd.auth.keys", "is missing", "keys: [{id: 1"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {auth: {keys: []}}", 1,
		CONTOSO_P "bfd.auth.keys", "no key is named", "remove auth"},
	{"peer_asn: 65001",
		"peer_asn: 65001\n        bfd: {auth: {type: md5, keys: [{id: 1, file: /k}]}}", 1,
		CONTOSO_P "bfd.auth.type", "\"md5\"", "meticulous-sha1, keyed-sha1"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {auth: {keys: [{id: 256, file: /k}]}}",
		1, CONTOSO_P "bfd.auth.keys[256].id", "256", "0 to 255"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {auth: {keys: [{id: 1}]}}", 1,
		CONTOSO_P "bfd.auth.keys[1].file", "is missing", "/etc/onramp/keys/acme-1"},
	{"peer_asn: 65001", "peer_asn: 65001\n        bfd: {auth: {keys: [{id: 1, file: k}]}}", 1,
		CONTOSO_P "bfd.auth.keys[1].file", "\"k\" is no absolute path",
		"/etc/onramp/keys/acme-1"},
	{"peer_asn: 65001",
		"peer_asn: 65001\n        bfd:\n          auth:\n            keys:\n"
		"            - {id: 1, file: /k}\n            - {id: 1, file: /l}",
		5, CONTOSO_P "bfd.auth.keys[1].id", "\"1\" is already", "choose another"},
	{"peer_asn: 65001",
		"peer_asn: 65001\n        bfd: {auth: {keys: [{id: 1, file: /k}, {id: 2, file: "
		"/k}, "
		"{id: 3, file: /k}, {id: 4, file: /k}, {id: 5, file: /k}]}}",
		1, CONTOSO_P "bfd.auth.keys", "5 keys", "at most 4"},
	{"peer_asn: 65001",
		"peer_asn: 65001\n        bfd: {auth: {keys: [{id: 1, file: /k, secret: x}]}}", 1,
		CONTOSO_P "bfd.auth.keys[1].secret", "\"secret\" is no field", "id, file"},
	{"peer_asn: 65001", "peer_asn: 65001\n        md5_file: key", 1, CONTOSO_P "md5_file",
		"\"key\" is no absolute path", "/etc/onramp/keys/acme-md5"},
	{"peer_asn: 4200100002", "peer_asn: 4200100002, md5_file: ./key", 0, BGP "md5_file",
		"./key", "/etc/onramp/keys/core-md5"},
	{"peer_asn: 65001", "peer_asn: 65001\n        prefix_limit: 500", 1,
		CONTOSO_P "prefix_limit", "a single value", "ipv4"},
	{"peer_asn: 65001", "peer_asn: 65001\n        prefix_limit: {ipv4: 0}", 1,
		CONTOSO_P "prefix_limit.ipv4", "0 is out of range", "1 to 1000000"},
	{"peer_asn: 65001", "peer_asn: 65001\n        prefix_limit: {mode: strict}", 1,
		CONTOSO_P "prefix_limit.mode", "\"strict\"", "hard, soft"},
	{"peer_asn: 65001", "peer_asn: 65001\n        validated_prefixes: [198.51.100.0/24]", 1,
		CONTOSO_P "validated_prefixes", "is of public peerings", "remove it"},
	{"peer_asn: 65001", "peer_asn: 65001\n        origin_asn: 64500", 1, CONTOSO_P "origin_asn",
		"is of public peerings", "remove it"},
	{"[192.0.2.0/29, \"2001:db8:1::/125\"]\n",
		"[192.0.2.0/29]\n      - {type: public, c_tag: 201, peer_asn: 65001, origin_asn: "
		"65002, "
		"link_subnets: [203.0.113.8/29]}\n",
		1, CONTOSO "peerings[public].origin_asn", "65002 is a private", "registered"},
	{"[192.0.2.0/29, \"2001:db8:1::/125\"]\n",
		"[192.0.2.0/29]\n      - {type: public, c_tag: 201, peer_asn: 64500, origin_asn: "
		"64501, "
		"link_subnets: [203.0.113.8/29]}\n",
		1, CONTOSO "peerings[public].origin_asn", "peer_asn 64500 is no private",
		"remove origin_asn"},
	{"peer_asn: 65001", "peer_asn: 65001\n        route_filter: storage", 1,
		CONTOSO_P "route_filter", "is of public peerings", "remove it"},
	{"[192.0.2.0/29, \"2001:db8:1::/125\"]\n",
		"[192.0.2.0/29]\n      - {type: private, c_tag: 201, peer_asn: 65001, "
		"link_subnets: "
		"[192.0.2.8/29]}\n",
		1, CONTOSO_P "type", "private", "one of each"},
	{"[192.0.2.0/29, \"2001:db8:1::/125\"]\n",
		"[192.0.2.0/29]\n      - {type: public, c_tag: 200, peer_asn: 65001, link_subnets: "
		"[192.0.2.8/29]}\n",
		1, CONTOSO "peerings[public].c_tag", "200 is already", "unique"},
	{"bandwidth: 1G", "bandwidth: 1G\n    burst: 10", 1, CONTOSO "burst", "\"10\"",
		"1ms to 1000ms"},
	{"bandwidth: 1G", "bandwidth: 1G\n    burst: 999us", 1, CONTOSO "burst", "999us",
		"1ms to 1000ms"},
	{"bandwidth: 1G", "bandwidth: 1G\n    burst: 2000ms", 1, CONTOSO "burst", "2000ms",
		"write it as 50ms"},
	{"bandwidth: 1G", "bandwidth: 1G\n    overhead: 25", 1, CONTOSO "overhead", "25",
		"0 to 24"},
	{"bandwidth: 1G", "bandwidth: 1G\n    rate_limit: false", 1, CONTOSO "rate_limit", "false",
		"write true"},
};

static const struct mistake subnet_mistakes[] = {
	{"[192.0.2.0/29, ", "[192.0.2.0/30, ", 0, CONTOSO_P "link_subnets", "192.0.2.0/30",
		"a /29"},
	{"\"2001:db8:1::/125\"", "\"2001:db8:1::/126\"", 0, CONTOSO_P "link_subnets",
		"2001:db8:1::/126", "a /125"},
	{"[192.0.2.0/29, ", "[192.0.2.3/29, ", 0, CONTOSO_P "link_subnets", "192.0.2.3/29",
		"the prefix is 192.0.2.0/29"},
	{"\"2001:db8:1::/125\"", "\"2001:db8:1::1/125\"", 0, CONTOSO_P "link_subnets",
		"2001:db8:1::1/125", "the prefix is 2001:db8:1::/125"},
	{"[192.0.2.0/29, ", "[192.0.2.300/29, ", 0, CONTOSO_P "link_subnets", "192.0.2.300/29",
		"192.0.2.0/29"},
	{"[192.0.2.0/29, ", "[192.0.2.0, ", 0, CONTOSO_P "link_subnets", "192.0.2.0", "no length"},
	{"[192.0.2.0/29, ", "[192.0.2.8/29, 192.0.2.0/29, ", 0, CONTOSO_P "link_subnets",
		"192.0.2.0/29 is a second IPv4", "one of each family"},
	{"\"2001:db8:1::/125\"", "\"2001:db8:1::/125\", \"2001:db8:2::/125\"", 0,
		CONTOSO_P "link_subnets", "2001:db8:2::/125 is a second IPv6",
		"one of each family"},
	{"[192.0.2.0/29, ", "[224.0.0.0/29, ", 0, CONTOSO_P "link_subnets", "224.0.0.0/29",
		"multicast"},
	{"\"2001:db8:1::/125\"", "\"fe80::/125\"", 0, CONTOSO_P "link_subnets", "fe80::/125",
		"link-local"},
	{"        link_subnets: [192.0.2.0/29, \"2001:db8:1::/125\"]\n", "", -3,
		CONTOSO_P "link_subnets", "is missing", "link_subnets: [192.0.2.0/29]"},
	{"secondary: [192.0.2.4/30, ", "secondary: [192.0.2.0/30, ", 0, FABRIKAM_P "secondary",
		"192.0.2.0/30 overlaps 192.0.2.0/30", "its own"},
	{"\"2001:db8:1::4/126\"", "\"2001:db8:1::/126\"", 0, FABRIKAM_P "secondary",
		"2001:db8:1::/126 overlaps", "its own"},
	{"secondary: [192.0.2.4/30, ", "secondary: [", 0, FABRIKAM_P "secondary",
		"only the primary link has IPv4", "same families"},
	{", \"2001:db8:1::4/126\"]", "]", 0, FABRIKAM_P "secondary",
		"only the primary link has IPv6", "same families"},
	{"        secondary: [192.0.2.4/30, \"2001:db8:1::4/126\"]\n", "", -4,
		FABRIKAM_P "secondary", "is missing", "/30 or /126"},
	{"vlan: 300\n", "vlan: 300\n        link_subnets: [192.0.2.0/29]\n", 1,
		FABRIKAM_P "link_subnets", "beside primary", "either"},
};

static const struct mistake vnet_mistakes[] = {
	{"vlan: 20", "vlan: 10", 0, "vnets[fabrikam-vnet].core.vlan",
		"10 on port \"core\" is vnet \"contoso-vnet\"'s", "choose another"},
	{"vlan: 20", "vlan: 4095", 0, "vnets[fabrikam-vnet].core.vlan", "4095", "0 to 4094"},
	{"port: core\n      vlan: 10", "port: cor\n      vlan: 10", 0,
		"vnets[contoso-vnet].core.port", "\"cor\"", "did you mean \"core\""},
	{"port: core\n      vlan: 10", "port: cust-a\n      vlan: 10", 0,
		"vnets[contoso-vnet].core.port", "cust-a", "role core"},
	{"{circuit: fabrikam,", "{circuit: fabrican,", 0,
		"vnets[fabrikam-vnet].connections[fabrican].circuit", "fabrican",
		"did you mean \"fabrikam\""},
	{"weight: 50", "weight: 50}, {circuit: fabrikam", 0,
		"vnets[fabrikam-vnet].connections[fabrikam].circuit", "\"fabrikam\" is connected",
		"once"},
	{"weight: 50", "weight: 32001", 0, "vnets[fabrikam-vnet].connections[fabrikam].weight",
		"32001", "0 to 32000"},
	{"name: fabrikam-vnet", "name: contoso-vnet", 0, "vnets[contoso-vnet].name",
		"\"contoso-vnet\" is already", "choose another"},
	{"peer_asn: 4200100002", "peer_asn: 4200100001", 0, BGP "peer_asn", "4200100001",
		"core router's"},
	{"peer_asn: 4200100002", "peer_asn: 4200100002, bfd: {interval: 300}", 0,
		BGP "bfd.interval", "\"300\"", "write it as 50ms"},
	{"[10.255.0.0/30, ", "[10.255.0.0/31, ", 0, BGP "link_subnets", "10.255.0.0/31",
		"/24 to /30"},
	{"\"fd00:255::/126\"", "\"fd00:255::/127\"", 0, BGP "link_subnets", "fd00:255::/127",
		"/120 to /126"},
	{"peer_asn: 4200100002", "peer_asn: 4200100002, transit_subnets: [10.7.0.0/24]", 0,
		BGP "transit_subnets", "beside link_subnets", "one of them"},
	{", link_subnets: [10.255.0.0/30, \"fd00:255::/126\"]", "", 0, BGP "link_subnets",
		"is missing", "transit_subnets:"},
	{"link_subnets: [10.255.0.0/30, \"fd00:255::/126\"]", "transit_subnets: [10.7.0.0/30]", 0,
		BGP "transit_subnets", "10.7.0.0/30", "/16 to /29"},
	{"link_subnets: [10.255.0.0/30, \"fd00:255::/126\"]", "transit_subnets: [\"fd00:7::/32\"]",
		0, BGP "transit_subnets", "fd00:7::/32", "/48 to /124"},
	{"link_subnets: [10.255.1.0/30, \"fd00:256::/126\"]",
		"transit_subnets: [10.255.1.0/24, \"fd00:2::/64\"]", -1, FIXED "gateway",
		"10.255.1.2 is an edge's", "name another"},
	{"link_subnets: [10.255.1.0/30, \"fd00:256::/126\"]",
		"transit_subnets: [10.255.2.0/24, \"fd00:256::/64\"]", -1, FIXED "gateway",
		"fd00:256::2 is an edge's", "name another"},
	{"      vlan: 10\n",
		"      vlan: 10\n      static: {prefixes: [10.9.0.0/16], link_subnets: "
		"[10.8.0.0/30]}\n",
		1, "vnets[contoso-vnet].core.static", "beside bgp", "remove one"},
	{"      bgp: {peer_asn: 4200100002, link_subnets: [10.255.0.0/30, \"fd00:255::/126\"]}\n",
		"", -3, "vnets[contoso-vnet].core.bgp", "is missing", "static:"},
	{"gateway: [10.255.1.2, ", "gateway: [10.255.1.3, ", 0, FIXED "gateway", "10.255.1.0/30",
		"usable"},
	{"\"fd00:256::2\"", "\"fd00:256::3\"", 0, FIXED "gateway", "fd00:256::/126", "usable"},
	{"gateway: [10.255.1.2, ", "gateway: [10.255.1.2, 10.255.1.1, ", 0, FIXED "gateway",
		"10.255.1.1 is not", "named once"},
	{"gateway: [10.255.1.2, ", "gateway: [10.255.1.2/30, ", 0, FIXED "gateway", "10.255.1.2/30",
		"the address alone"},
	{"[10.1.0.0/16, ", "[10.255.1.0/30, ", 0, FIXED "prefixes", "10.255.1.0/30",
		"where the gateway is"},
	{"\"fd00:1::/48\"", "\"fd00:256::2/128\"", 0, FIXED "prefixes", "fd00:256::2/128",
		"where the gateway is"},
	{"[10.1.0.0/16, ", "[10.1.0.0/16, 10.1.0.0/16, ", 0, FIXED "prefixes",
		"10.1.0.0/16 stands twice", "remove one"},
	{"[10.1.0.0/16, ", "[127.1.0.0/16, ", 0, FIXED "prefixes", "127.1.0.0/16", "loopback"},
	{"link_subnets: [10.255.1.0/30, \"fd00:256::/126\"]", "link_subnets: [10.255.1.0/30]", -2,
		FIXED "prefixes", "fd00:1::/48", "no IPv6 subnet"},
};

static char *good_file(void)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/examples/lab.yaml", root);
	return document_read(path);
}

static unsigned int try_mistake(const char *good, const struct mistake *mistake)
{
	struct config_findings findings;
	unsigned int line, failed = 0;
	char *document = document_replace(good, mistake->from, mistake->to, &line);
	struct site *site = config_load(document, strlen(document), &findings);

	line = (unsigned int)((int)line + mistake->down);
	if (site != NULL || findings.errors == 0)
		failed = 1;
	if (finding_search(&findings, line, mistake->field, mistake->found, mistake->remedy) ==
		NULL)
		failed = 1;
	if (failed) {
		print_error(
			"\"%s\" for \"%s\": no finding at line %u, %s, with \"%s\" and \"%s\"\n",
			mistake->to, mistake->from, line, mistake->field, mistake->found,
			mistake->remedy);
		findings_dump(&findings);
	}
	config_findings_free(&findings);
	site_free(site);
	free(document);
	return failed;
}

static void try_mistakes(const struct mistake *mistakes, size_t count)
{
	char *good = good_file();
	unsigned int failed = 0;

	for (size_t i = 0; i < count; i++)
		failed += try_mistake(good, &mistakes[i]);
	free(good);
	assert_int_equal(failed, 0);
}

#define TEST_TABLE(name, table)                                          \
	static void name(void **state)                                   \
	{                                                                \
		try_mistakes(table, sizeof(table) / sizeof((table)[0])); \
	}

TEST_TABLE(test_fields, field_mistakes)
TEST_TABLE(test_pairs, pair_mistakes)
TEST_TABLE(test_circuits, circuit_mistakes)
TEST_TABLE(test_subnets, subnet_mistakes)
TEST_TABLE(test_vnets, vnet_mistakes)

/* A whole document that is refused: line of the finding, and words of its text. */
static void assert_refused(const char *document, size_t length, unsigned int line,
	const char *found, const char *remedy)
{
	struct config_findings findings;
	struct site *site = config_load(document, length, &findings);

	assert_null(site);
	if (finding_search(&findings, line, "", found, remedy) == NULL) {
		findings_dump(&findings);
		fail_msg("no finding at line %u with \"%s\" and \"%s\"", line, found, remedy);
	}
	config_findings_free(&findings);
}

#define REFUSED(document, line, found, remedy) \
	assert_refused(document, sizeof(document) - 1, line, found, remedy)

static void test_yaml_traps(void **state)
{
	static char deep[3000];

	REFUSED("", 1, "empty", "site: fra1");
	REFUSED("# nothing\n", 1, "empty", "site: fra1");
	REFUSED("site: s\n---\nsite: t\n", 2, "second YAML document", "remove the \"---\"");
	REFUSED("site: &s x\nasn: 1\n", 1, "anchor &s", "remove it");
	REFUSED("site: &s x\nzone: *s\n", 2, "alias *s", "write the value out");
	REFUSED("a: &a [*a, *a]\n", 1, "alias *a", "write the value out");
	REFUSED("site: !!str x\n", 1, "tag:yaml.org,2002:str", "remove it");
	REFUSED("site: s\n\tasn: 1\n", 2, "tab", "spaces");
	REFUSED("site: s\nasn: \0001\n", 2, "0x00", "remove it");
	REFUSED("site: s\nasn: \033[1m\n", 2, "0x1b", "remove it");
	REFUSED("site: s\nasn: \xff\n", 2, "0xff at column 6", "UTF-8");
	REFUSED("site: s\n# \xed\xa0\x80\n", 2, "0xed", "UTF-8");
	REFUSED("site: s\n# \xc0\xaf\n", 2, "0xc0", "UTF-8");
	REFUSED("site: s\nedges: [\n", 3, "no YAML", "flow");
	REFUSED("site: s\n asn: 1\n", 2, "no YAML", "mapping");
	REFUSED("just text\n", 1, "a single value", "site: ...");
	REFUSED("- site: s\n", 1, "a list", "site: ...");

	memset(deep, '[', sizeof(deep));
	assert_refused(deep, sizeof(deep), 1, "deeper than 16", "no field");
}

/* Every mistake of a file is told in one go, in order of line. */
static void test_all_at_once(void **state)
{
	static const struct mistake *const some[] = {&field_mistakes[1], &field_mistakes[31],
		&pair_mistakes[1], &circuit_mistakes[1], &circuit_mistakes[10], &subnet_mistakes[2],
		&vnet_mistakes[4]};
	struct config_findings findings;
	char *document = good_file();

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		char *changed = document_replace(document, some[i]->from, some[i]->to, NULL);
		free(document);
		document = changed;
	}
	assert_null(config_load(document, strlen(document), &findings));
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		unsigned int hits = 0;
		for (size_t j = 0; j < findings.count; j++)
			hits += strcmp(findings.items[j].field, some[i]->field) == 0 &&
				strstr(findings.items[j].text, some[i]->found) != NULL;
		if (hits != 1)
			print_error("%s: %u findings\n", some[i]->field, hits);
		assert_int_equal(hits, 1);
	}
	for (size_t i = 1; i < findings.count; i++)
		assert_true(findings.items[i - 1].line <= findings.items[i].line);
	config_findings_free(&findings);
	free(document);
}

static void try_file(const char *name, const struct mistake *mistake)
{
	struct config_findings findings;
	char path[4096];
	unsigned int line;

	snprintf(path, sizeof(path), "%s/docs/examples/%s", getenv("SOURCE_ROOT"), name);
	char *good = document_read(path);
	char *document = document_replace(good, mistake->from, mistake->to, &line);
	line += (unsigned int)mistake->down;
	assert_null(config_load(document, strlen(document), &findings));
	if (finding_search(&findings, line, mistake->field, mistake->found, mistake->remedy) ==
		NULL) {
		findings_dump(&findings);
		fail_msg("no finding at line %u, %s: %s, %s", line, mistake->field, mistake->found,
			mistake->remedy);
	}
	config_findings_free(&findings);
	free(good);
	free(document);
}

static void try_site_file(const char *from, const char *to, const char *field, const char *found,
	const char *remedy, int down)
{
	const struct mistake mistake = {from, to, down, field, found, remedy};

	try_file("site.yaml", &mistake);
}

/* What only a direct pair, a public peering or two edges can get wrong. */
static void test_site_file(void **state)
{
	try_site_file("bandwidth: 10G", "bandwidth: 10G\n    burst: 20ms",
		"circuits[acme-prod].burst", "20ms", "rate_limit: true", 1);
	try_site_file("bandwidth: 10G", "bandwidth: 10G\n    overhead: 20\n    rate_limit: false",
		"circuits[acme-prod].overhead", "20", "remove it", 1);
	try_site_file("bandwidth: 10G", "bandwidth: 1G", "circuits[acme-prod].bandwidth",
		"1G is not sold on direct ports of 100G", "5G, 10G, 40G, 100G", 0);
	try_site_file("[203.0.113.0/30]", "[10.0.0.0/30]",
		"circuits[acme-prod].peerings[public].primary", "10.0.0.0/30 is private",
		"public addresses", 0);
	try_site_file("[203.0.113.4/30]", "[\"fd00::/126\"]",
		"circuits[acme-prod].peerings[public].secondary", "fd00::/126 is unique local",
		"public addresses", 0);
	try_site_file("[10.255.0.0/29]", "[10.255.0.0/30]",
		"vnets[acme-vnet].core.bgp.link_subnets",
		"10.255.0.0/30 is enough for 1 edge, but 2", "larger", 0);
	try_site_file("[10.255.0.0/29]", "[\"fd00::/126\"]",
		"vnets[acme-vnet].core.bgp.link_subnets", "fd00::/126 is enough for 1 edge, but 2",
		"larger", 0);
	try_site_file("[10.255.1.2, 10.255.1.6]", "10.255.1.2",
		"vnets[lab-vnet].core.static.gateway", "10.255.1.4/30", "every edge", 0);
	try_site_file(
		"fra1-b\n", "fra1-a\n", "edges[fra1-a].name", "\"fra1-a\" is already", "line 6", 0);
	try_site_file("route_filters:\n",
		"  - {name: b, port_pair: acme, bandwidth: 100G, s_tag: 12}\n"
		"  - {name: c, port_pair: acme, bandwidth: 100G, s_tag: 13}\nroute_filters:\n",
		"circuits[c].bandwidth", "100G brings the circuits of port pair \"acme\" to 210G",
		"sum to 200G", 1);
}

#define SECONDARY "circuits[wingtip].secondary_s_tag"
#define ON_ETHERNET "  - {name: other, port_pair: ethernet, bandwidth: 50M, "

/* One port for both links, of a provider, told apart by S-tags. */
static void test_one_port(void **state)
{
	static const struct mistake mistakes[] = {
		{"    secondary_s_tag: 51\n", "", -5, SECONDARY, "is missing",
			"write secondary_s_tag: 1 to 4094"},
		{"secondary_s_tag: 51", "secondary_s_tag: 50", 0, SECONDARY,
			"50 is the circuit's s_tag too", "write another"},
		{"secondary_s_tag: 51", "secondary_s_tag: 4095", 0, SECONDARY, "4095", "1 to 4094"},
		{"    s_tag: 100\n", "    s_tag: 100\n    secondary_s_tag: 101\n", 1,
			"circuits[contoso].secondary_s_tag", "\"exchange\" has two ports",
			"remove secondary_s_tag"},
		{"vnets:\n", ON_ETHERNET "s_tag: 51, secondary_s_tag: 52}\nvnets:\n", 0,
			"circuits[other].s_tag", "51 is already the S-tag of circuit \"wingtip\"",
			"choose another"},
		{"vnets:\n", ON_ETHERNET "s_tag: 52, secondary_s_tag: 50}\nvnets:\n", 0,
			"circuits[other].secondary_s_tag",
			"50 is already the S-tag of circuit \"wingtip\"", "choose another"},
		{"{name: ethernet, model: provider, encapsulation: qinq",
			"{name: ethernet, model: provider, encapsulation: mixed", 0,
			"port_pairs[ethernet].secondary", "is also the primary port",
			"a pair needs two ports"},
		{"{name: ethernet, model: provider", "{name: ethernet, model: direct", 0,
			"port_pairs[ethernet].secondary", "is also the primary port",
			"a provider's qinq pair may be one port twice"},
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		try_file("models.yaml", &mistakes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_circuits),
		cmocka_unit_test(test_subnets),
		cmocka_unit_test(test_vnets),
		cmocka_unit_test(test_yaml_traps),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_site_file),
		cmocka_unit_test(test_one_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
