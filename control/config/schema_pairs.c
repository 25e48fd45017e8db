/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port pair and its authorizations.
 */
#include <stddef.h>

#include "control/config/schema.h"
#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct choice models[] = {
	{"direct", PAIR_DIRECT}, {"provider", PAIR_PROVIDER}, {NULL, 0}};
static const struct choice encapsulations[] = {
	{"dot1q", ENCAP_DOT1Q}, {"qinq", ENCAP_QINQ}, {"mixed", ENCAP_MIXED}, {NULL, 0}};
static const struct choice redundancies[] = {{"none", 1}, {NULL, 0}};

static const struct field authorization_fields[] = {
	[AUTHORIZATION_NAME] = {"name", FIELD_NAME, .required = true, .example = "globex",
		.sentence = "Name of the authorization, unique on its pair."},
	[AUTHORIZATION_BANDWIDTH] = {"bandwidth", FIELD_RATE, .required = true, .example = "5G",
		.unit = "bits per second",
		.sentence = "The most that the circuit may have, one of the bandwidths sold on the "
			    "ports. It counts as promised from the start, until that circuit is "
			    "deleted."},
	[AUTHORIZATION_KEY] = {"key_sha256", FIELD_TEXT, .required = true,
		.example = "6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090",
		.sentence = "SHA-256 of the key, in hex. `onramp port-pair authorize` makes the "
			    "key and prints it once; it is kept nowhere."},
	[AUTHORIZATION_CIRCUIT] = {"circuit", FIELD_NAME, .example = "globex-prod",
		.sentence = "The circuit that was made with it, and makes it void for any other, "
			    "also when that circuit is gone."},
};
static const struct schema authorization_schema = {"an authorization",
	"Lets whoever shows its key make one circuit on a direct pair, once.", authorization_fields,
	COUNT(authorization_fields), AUTHORIZATION_NAME};

static const struct field pair_fields[] = {
	[PAIR_NAME] = {"name", FIELD_NAME, .required = true, .example = "acme",
		.sentence = "Name of the port pair, unique in the site."},
	[PAIR_OWNER] = {"owner", FIELD_NAME, .example = "acme",
		.sentence = "The customer who has both ports of a direct pair, and issues "
			    "`authorizations` for others to use them."},
	[PAIR_MODEL] = {"model", FIELD_CHOICE, .required = true, .choices = models,
		.example = "direct",
		.sentence = "`direct`: one customer owns both ports; `provider`: a connectivity "
			    "provider "
			    "brings many customers."},
	[PAIR_ENCAP] = {"encapsulation", FIELD_CHOICE, .required = true, .choices = encapsulations,
		.example = "qinq",
		.sentence =
			"`dot1q`: one tag, unique on the pair; `qinq`: an S-tag for each circuit "
			"and C-tags inside it; `mixed` (provider only): circuits with `s_tag` "
			"are QinQ, the others 802.1Q."},
	[PAIR_PRIMARY] = {"primary", FIELD_PORT_REF, .required = true, .example = "fra1-a/cust",
		.sentence = "Port of the primary links, as EDGE/PORT. A port belongs to one pair."},
	[PAIR_SECONDARY] = {"secondary", FIELD_PORT_REF, .example = "fra1-b/cust",
		.sentence = "Port of the secondary links, of the same speed, on the same edge or "
			    "another. A provider's `qinq` pair may name the primary port again "
			    "(point-to-point Ethernet over one port): its circuits have a "
			    "`secondary_s_tag` too. Only `redundancy: none` excuses its absence."},
	[PAIR_REDUNDANCY] = {"redundancy", FIELD_CHOICE, .choices = redundancies, .example = "none",
		.sentence =
			"States that the pair has no secondary port on purpose (a warning stays)."},
	[PAIR_AUTHORIZATIONS] = {"authorizations", FIELD_MAPPING, SHAPE_LIST,
		.schema = &authorization_schema, .example = "see below",
		.sentence = "One-time authorizations to make circuits on a direct pair "
			    "(`onramp port-pair authorize`)."},
};
const struct schema pair_schema = {"a port pair",
	"Two customer ports that end the two links of each peering.", pair_fields,
	COUNT(pair_fields), PAIR_NAME};
