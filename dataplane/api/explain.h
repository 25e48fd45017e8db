/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EXPLAIN: what would become of a frame that a port received now, and why. The dataplane asks its
 * own tables by the functions that packets pass, and nothing is counted, charged or sent. What
 * cannot be known is not asked: budgets of the edge itself, and a port's transmit queue.
 */
#pragma once

#include <stdint.h>

#define API_EXPLAIN_HEAD 256u
#define API_EXPLAIN_BYTES_MAX 16384u
#define API_EXPLAIN_MEMBERS 16u /* API_GROUP_MEMBERS_MAX */
#define API_EXPLAIN_LAYER2 24u

/* A frame, tags included, from its destination MAC address on. */
struct api_explain {
	uint32_t port;
	uint32_t frame_bytes;           /* up to API_EXPLAIN_BYTES_MAX */
	uint8_t head[API_EXPLAIN_HEAD]; /* its beginning; what follows is taken for zeroes */
};

/* In the order that packets pass them. */
#define API_STEPS(X)          \
	X(TAGS, "tags")       \
	X(HEADER, "header")   \
	X(LOCAL, "local")     \
	X(MARTIAN, "martian") \
	X(SOURCE, "source")   \
	X(TEST, "link test")  \
	X(ROUTE, "route")     \
	X(MEMBER, "next hop") \
	X(EGRESS, "egress")   \
	X(POLICER, "policer") \
	X(REWRITE, "rewrite")

#define API_STEP_ENUM(id, name) API_STEP_##id,
enum api_step { API_STEPS(API_STEP_ENUM) API_STEP_COUNT };
#undef API_STEP_ENUM

/* For people. */
const char *api_step_name(enum api_step step);

enum api_outcome {
	API_OUTCOME_SENT,
	API_OUTCOME_FRAGMENTED, /* sent in pieces */
	API_OUTCOME_PUNTED,     /* for the edge itself: to its routing daemons */
	API_OUTCOME_DROPPED,
};

/* How a member of a group can serve. */
enum api_member_use {
	API_MEMBER_DEAD,
	API_MEMBER_UNRESOLVED,
	API_MEMBER_DRAINED,
	API_MEMBER_LIVE,
};

/* A look-up. */
struct api_found {
	uint32_t group;       /* API_GROUP_NONE: there is no route */
	uint32_t leaked_from; /* vrf */
	uint8_t has_prefix;   /* 0: no route, or it is being changed this moment */
	uint8_t prefix_len;
	uint8_t origin; /* enum api_route_origin */
	uint8_t reserved;
	uint8_t prefix[16];
};

/* What is beyond `step` is zeroes. */
struct api_explanation {
	uint32_t outcome; /* enum api_outcome */
	uint32_t step;    /* enum api_step: where the packet left the common way; REWRITE: sent */
	uint32_t reason;  /* enum api_drop_reason, when dropped */
	uint32_t told;    /* 1: the sender gets an ICMP error, as far as the budget goes */
	uint32_t budget;  /* enum api_budget that pays, when punted or told */
	uint32_t budget_pps; /* of the link it came by; 0: nothing pays */
	uint32_t interface;  /* it came by; 0: none */
	uint32_t vrf;
	uint32_t ethertype; /* behind the tags */
	uint32_t l3_bytes;
	uint32_t urpf;           /* enum api_urpf */
	struct api_found source; /* when urpf is on */
	struct api_found route;
	uint32_t member_count;
	uint32_t chosen; /* adjacency id; 0: none */
	struct {
		uint32_t adjacency;
		uint16_t use;  /* enum api_member_use */
		uint16_t down; /* of enum api_path_down */
	} members[API_EXPLAIN_MEMBERS];
	uint32_t out_interface;
	uint32_t out_port;
	uint32_t mtu;
	uint32_t policer_in, policer_out; /* charged, or found without credit; 0: none */
	uint32_t layer2_bytes;
	uint8_t layer2[API_EXPLAIN_LAYER2]; /* as it would leave */
};
