/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sources outside say of a public peering's validated prefixes, and which routes of it RPKI
 * calls invalid (RFC 6811). Pure functions; the sources are control/validation's.
 */
#pragma once

#include "control/model/origin.h"

#define ORIGIN_TABLES_MAX 2u

/* Whom to ask. A source that is asked and has no table has no data. */
struct origin_sources {
	bool registry_asked, rpki_asked;
	const struct vrps *registry;
	const struct vrps *rpki[ORIGIN_TABLES_MAX];
	unsigned int rpki_count;
};

struct prefix_verdict {
	struct origin_verdict registry, rpki;
};

/* Of routes that lie in the prefix and in no longer one that has a rule. */
struct origin_rule {
	struct ip prefix;
	uint8_t longest;             /* that is taken; 0: none is */
	struct origin_verdict of_it; /* what RPKI says of the prefix itself */
};

struct peering_validation {
	uint32_t asn;                    /* the origin that is asked for */
	struct prefix_verdict *prefixes; /* one of each validated prefix, in their order */
	unsigned int prefix_count;
	/* Longer prefixes first, so that the first that holds a route decides. None: RPKI says
	 * nothing of routes. */
	struct origin_rule *rules;
	unsigned int rule_count;
};

/* Is the prefix vouched for by the registry or by RPKI? */
bool validation_vouches(const struct prefix_verdict *verdict);
/* All of them. NULL (no source is configured): the operator's word stands. */
bool validation_vouches_all(const struct peering_validation *validation);

/* NULL: no memory. sources asks somebody. */
struct peering_validation *validation_make(const struct origin_sources *sources,
	const struct ip *prefixes, unsigned int count, uint32_t asn);
void validation_free(struct peering_validation *validation);
bool validation_equal(const struct peering_validation *a, const struct peering_validation *b);

#define VALIDATION_TEXT_MAX 256 /* also PUBLIC_REFUSAL_MAX */

/* "RPKI: of AS 64500"; "" when nobody was asked. into text, returned. */
const char *origin_text(const struct origin_verdict *verdict, const char *source, uint32_t asn,
	char text[VALIDATION_TEXT_MAX]);
/* Which prefix is not validated, and what each source says of it: into text, returned. NULL: all
 * are. prefixes: those it was made of. */
const char *validation_reason(const struct peering_validation *validation,
	const struct ip *prefixes, char text[VALIDATION_TEXT_MAX]);
/* Why RPKI calls a route invalid: into text, returned. NULL: it does not. */
const char *validation_refusal(const struct peering_validation *validation, const struct ip *route,
	char text[VALIDATION_TEXT_MAX]);
