/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may originate a prefix: validated ROA payloads (VRPs), and what they say of a route (RFC 6811
 * section 2). A line of a registry is one too, whose prefix may be cut as one likes. Pure
 * functions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/model/site.h"

struct vrp {
	struct ip prefix;   /* host bits clear */
	uint8_t max_length; /* from prefix.prefix_len to the family's full length */
	uint32_t asn;       /* 0: nobody (RFC 6483 section 4) */
};

/* Ordered and each once after vrps_settle; then it is not changed any more. Starts as {0}. */
struct vrps {
	struct vrp *entries;
	size_t count, room;
	bool lengths[2][129]; /* of IPv4, IPv6: there is a prefix of this length */
};

/* 0; -EINVAL: the lengths do not fit each other; -ENOMEM. Host bits are cleared. */
int vrps_add(struct vrps *vrps, const struct ip *prefix, unsigned int max_length, uint32_t asn);
/* The next one is checked as if it came alone. */
void vrps_settle(struct vrps *vrps);
void vrps_free(struct vrps *vrps);

/* The first of them that lies in the prefix, or is it; those behind it may too. At most count. */
size_t vrps_first_within(const struct vrps *vrps, const struct ip *prefix);

enum origin_state {
	ORIGIN_UNASKED,   /* nobody to ask */
	ORIGIN_NO_DATA,   /* who is to be asked knows nothing: not yet, or not any more */
	ORIGIN_NOT_FOUND, /* no VRP covers the prefix */
	ORIGIN_VALID,     /* one does, of this AS, and the prefix is not longer than it allows */
	ORIGIN_TOO_LONG,  /* of this AS there are, but the prefix is longer: invalid */
	ORIGIN_OTHER,     /* all that cover it are other ASes': invalid */
};

struct origin_verdict {
	enum origin_state state;
	uint8_t longest; /* that a VRP of this AS allows which covers the prefix; 0: there is none
			  */
	uint32_t holder; /* ORIGIN_OTHER: the AS of the most specific one; 0: nobody may */
};

/* What the tables say together of a prefix by asn. No table: ORIGIN_NO_DATA. */
struct origin_verdict origin_check(const struct vrps *const tables[], unsigned int count,
	const struct ip *prefix, uint32_t asn);
