/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way a packet can end without being sent or punted. One list makes the enum, the counters,
 * the names in `onramp show drops` and the sentence that tells a person what it means.
 *
 * X(ENUM, "name", DIRECTION, "what it means and what to do")
 * IN:  charged to the interface (or port) the packet came in by.
 * OUT: charged to the interface it was to leave by.
 */
#pragma once

#define API_DROP_REASONS(X)                                                                   \
	X(RUNT, "runt", IN,                                                                   \
		"Shorter than its own headers say; the sender or the line damages frames: "   \
		"look at their error counters.")                                              \
	X(UNKNOWN_TAG, "unknown-tag", IN,                                                     \
		"No link has this VLAN tag (or tag pair) on this port; compare the tags on "  \
		"both sides.")                                                                \
	X(NOT_OUR_MAC, "not-our-mac", IN,                                                     \
		"Addressed to another station; a switch floods, or the sender has a stale "   \
		"ARP entry.")                                                                 \
	X(UNKNOWN_ETHERTYPE, "unknown-ethertype", IN,                                         \
		"Neither IPv4, IPv6 nor ARP; this edge forwards IP only: switch other "       \
		"protocols off on the peer's link.")                                          \
	X(BAD_HEADER, "bad-header", IN,                                                       \
		"IP version, header length or total length is wrong (RFC 1812 5.2.2, RFC "    \
		"8200 3); the sender is faulty: capture and ask its owner.")                  \
	X(BAD_CHECKSUM, "bad-checksum", IN,                                                   \
		"The IPv4 header checksum is wrong (RFC 1812 5.2.2); a device on the way "    \
		"damages packets: look for errors hop by hop.")                               \
	X(MARTIAN_SOURCE, "martian-source", IN,                                               \
		"Source is multicast, loopback, link-local, unspecified or broadcast (RFC "   \
		"1812 5.3.7, RFC 3927 2.7, RFC 4291 2.5.6); it is spoofed or misconfigured.") \
	X(MARTIAN_DESTINATION, "martian-destination", IN,                                     \
		"Destination is loopback, unspecified or link-local (RFC 1812 5.3.7, RFC "    \
		"4291 2.5.6); it is never routed: the sender is misconfigured.")              \
	X(URPF_STRICT, "urpf-strict", IN,                                                     \
		"The route back to the source leads to none of the peering's links (RFC "     \
		"3704): it is spoofed, or the customer does not announce it on this edge; "   \
		"have it announced, or set `urpf: loose`.")                                   \
	X(URPF_LOOSE, "urpf-loose", IN,                                                       \
		"The peering's domain has no route to the source (RFC 3704): it is spoofed, " \
		"or the customer announces it nowhere; have it announced, or set `urpf: "     \
		"off`.")                                                                      \
	X(MULTICAST, "multicast", IN,                                                         \
		"Multicast or broadcast that no local protocol asked for; it is not "         \
		"forwarded: harmless, unless the customer expects multicast service.")        \
	X(POLICER_IN, "policer-in", IN,                                                       \
		"The circuit sends more on this link than its bandwidth; the customer "       \
		"should shape, or buy more.")                                                 \
	X(TTL_EXPIRED, "ttl-expired", IN,                                                     \
		"TTL or hop limit reached zero here; a traceroute, or a routing loop if it "  \
		"goes on: compare the routes on both sides.")                                 \
	X(NO_ROUTE, "no-route", IN,                                                           \
		"The routing domain has no route to the destination; see `onramp show "       \
		"routes`, and whether its owner announces it.")                               \
	X(BLACKHOLE, "blackhole", IN,                                                         \
		"A route says to discard this destination; see `onramp show routes` for who " \
		"states it.")                                                                 \
	X(NO_LIVE_NEXT_HOP, "no-live-next-hop", IN,                                           \
		"A route exists, but none of its next hops can be used: their links are "     \
		"down, or it has none; see `onramp show paths`.")                             \
	X(NEIGHBOUR_UNRESOLVED, "neighbour-unresolved", IN,                                   \
		"The next hop's MAC address is not known yet; see `onramp show arp`: if it "  \
		"stays so, the neighbour does not answer.")                                   \
	X(PUNT_BUDGET_NEIGHBOUR, "punt-budget-neighbour", IN,                                 \
		"The link sent more ARP and Neighbor Discovery than its budget; "             \
		"a loop, a storm or a scan on that link: capture there who "                  \
		"sends it.")                                                                  \
	X(PUNT_BUDGET_BGP, "punt-budget-bgp", IN,                                             \
		"The link sent more BGP than its budget; its sessions may be "                \
		"slow or fail, no other link suffers: capture there who sends "               \
		"it.")                                                                        \
	X(PUNT_BUDGET_BFD, "punt-budget-bfd", IN,                                             \
		"The link sent more BFD than its budget; its sessions may fail, "             \
		"no other link suffers: capture there who sends it.")                         \
	X(PUNT_BUDGET_OTHER, "punt-budget-other", IN,                                         \
		"The link sent more to the edge itself (ping, scans) than its "               \
		"budget; harmless but to ping: capture there who sends it.")                  \
	X(ASKS_OTHERS, "asks-others", IN,                                                     \
		"ARP or Neighbor Discovery that asks for an address of somebody else on the " \
		"link: normal where machines share a subnet; very many are a scan.")          \
	X(BGP_TTL, "bgp-ttl", IN,                                                             \
		"BGP that did not come straight from the peer: its TTL is not 255 (RFC "      \
		"5082); it is forged, or the customer does not use TTL security: have it "    \
		"switched on there, or set `ttl_security: false`.")                           \
	X(PUNT_RING_FULL, "punt-ring-full", IN,                                               \
		"The punt thread could not keep up; control traffic of all links together "   \
		"is too high: look for the links with most PUNT in `onramp show stats`.")     \
	X(PUNT_TAP_FULL, "punt-tap-full", IN,                                                 \
		"The kernel did not take the packet from the TAP; the host is overloaded: "   \
		"look at its CPUs.")                                                          \
	X(PUNT_NO_TAP, "punt-no-tap", IN,                                                     \
		"The link has no TAP yet; the control process has not finished setting it "   \
		"up: see `onramp show status`.")                                              \
	X(INTERFACE_GONE, "interface-gone", IN,                                               \
		"The link was deleted while the packet waited in a queue; nothing to do.")    \
	X(EXCHANGE_FULL, "exchange-full", IN,                                                 \
		"The worker that the flow belongs to did not take the packet from the one "   \
		"that received it; it is overloaded: give the edge more workers.")            \
	X(NO_MEMORY, "no-memory", IN, "No packet buffer was free; raise the edge's memory.")  \
	X(ICMP_BUDGET, "icmp-budget", IN,                                                     \
		"An ICMP error was due but the link's budget for errors was spent (RFC 1812 " \
		"4.3.2.8); the packets were in error anyhow: see the other reasons of the "   \
		"link.")                                                                      \
	X(LINK_TEST_IN, "link-test-in", IN,                                                   \
		"A failure test of the link it came by; see `onramp show tests`.")            \
	X(LINK_TEST_PUNT, "link-test-punt", IN,                                               \
		"A failure test of the link holds back the peer's BFD, BGP or neighbour "     \
		"discovery; see `onramp show tests`.")                                        \
	X(LINK_TEST_OUT, "link-test-out", OUT,                                                \
		"A failure test of the link it was to leave by; see `onramp show tests`.")    \
	X(LINK_TEST_INJECT, "link-test-inject", OUT,                                          \
		"A failure test of the link holds back the edge's own BFD, BGP or neighbour " \
		"discovery; see `onramp show tests`.")                                        \
	X(POLICER_OUT, "policer-out", OUT,                                                    \
		"More came for the circuit on this link than its bandwidth; senders in the "  \
		"cloud should be slower, or the customer buys more.")                         \
	X(MTU_EXCEEDED, "mtu-exceeded", OUT,                                                  \
		"Larger than the link's MTU and must not be fragmented; the sender was told " \
		"(RFC 1191, RFC 8201): if it goes on, a firewall keeps that from it.")        \
	X(INJECT_GONE, "inject-gone", OUT,                                                    \
		"The link was deleted while its control packet waited to be sent; nothing "   \
		"to do.")                                                                     \
	X(INJECT_FULL, "inject-full", OUT,                                                    \
		"A worker did not take the link's control packet in time, or no packet "      \
		"buffer was free for it; the edge is overloaded: see `onramp show workers`.") \
	X(INJECT_BAD, "inject-bad", OUT,                                                      \
		"A frame from the link's TAP was no Ethernet frame or left no room for the "  \
		"tags; some program on this host writes to it: find out which.")              \
	X(INJECT_BFD, "inject-bfd", OUT,                                                      \
		"BFD from the link's TAP: a routing daemon speaks BFD by itself, which only " \
		"the dataplane may; start bfdd with --dplaneaddr.")                           \
	X(TX_FULL, "tx-full", OUT,                                                            \
		"The port's transmit queue was full; the port is saturated: compare what "    \
		"its circuits are sold with its speed.")                                      \
	X(PORT_DOWN, "port-down", OUT, "The port to send by has no link; see `onramp show ports`.")

/* Directions of a reason. */
enum { API_DROP_IN, API_DROP_OUT };

#define API_DROP_ENUM(id, name, direction, text) API_DROP_##id,
enum api_drop_reason { API_DROP_REASONS(API_DROP_ENUM) API_DROP_COUNT };
#undef API_DROP_ENUM

/* A bit for each reason with direction OUT. */
#define API_DROP_OUT_BIT(id, name, direction, text) \
	| (uint64_t)API_DROP_##direction << API_DROP_##id
#define API_DROP_OUT_BITS (UINT64_C(0) API_DROP_REASONS(API_DROP_OUT_BIT))
_Static_assert(API_DROP_COUNT <= 64, "a bit for each");

/* name: short word for tables; text: a sentence for people; direction: API_DROP_IN or _OUT. */
const char *api_drop_name(enum api_drop_reason reason);
const char *api_drop_text(enum api_drop_reason reason);
int api_drop_direction(enum api_drop_reason reason);
