/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `bfd` may say, of a peering and of a core attachment.
 */
#include <stddef.h>

#include "control/config/schema.h"
#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct choice auth_types[] = {{"meticulous-sha1", BFD_AUTH_TYPE_METICULOUS_SHA1},
	{"keyed-sha1", BFD_AUTH_TYPE_KEYED_SHA1}, {NULL, 0}};

static const struct field auth_key_fields[] = {
	[KEY_ID] = {"id", FIELD_INTEGER, .required = true, .maximum = 255, .example = "1",
		.sentence = "The number of the key, the same at the peer; each once."},
	[KEY_FILE] = {"file", FIELD_TEXT, .required = true, .example = "/etc/onramp/keys/acme-1",
		.sentence =
			"The secret: a file of one line, 1 to 20 bytes, that belongs to root and "
			"that others cannot read. It is read on the edges that have a link of the "
			"peering, and again within seconds of a change."},
};
static const struct schema auth_key_schema = {"a key of BFD's authentication",
	"A secret that both sides know, by its number.", auth_key_fields, COUNT(auth_key_fields),
	KEY_ID};

static const struct field auth_fields[] = {
	[AUTH_TYPE] = {"type", FIELD_CHOICE, .preset = "meticulous-sha1", .choices = auth_types,
		.example = "keyed-sha1",
		.sentence =
			"`meticulous-sha1`: each packet has a new sequence number, so that none "
			"is taken twice; `keyed-sha1` accepts the last one again, for peers "
			"that have nothing better."},
	[AUTH_KEYS] = {"keys", FIELD_MAPPING, SHAPE_LIST, .required = true,
		.schema = &auth_key_schema, .example = "[{id: 1, file: /etc/onramp/keys/acme-1}]",
		.sentence = "One to four. The first signs what we send, all are believed."},
};
static const struct schema auth_schema = {"the authentication of BFD",
	"Packets without a right signature are not believed (RFC 5880 6.7). To change the key of a "
	"session that stays up: add the new key behind the old one on both sides, then put it "
	"first "
	"on both, then remove the old one, with an `onramp apply` each time.",
	auth_fields, COUNT(auth_fields), -1};

static const struct field bfd_fields[] = {
	[BFD_INTERVAL] = {"interval", FIELD_DURATION, .preset = "300ms", .minimum = 10000,
		.maximum = 60000000, .unit = "`ms` or `s`, whole milliseconds, 10ms to 60s",
		.example = "50ms",
		.sentence = "How often each side sends, at most. Of the two sides' wishes the "
			    "slower one holds."},
	[BFD_MULTIPLIER] = {"multiplier", FIELD_INTEGER, .preset = "3", .minimum = 2,
		.maximum = 255, .example = "3",
		.sentence = "How many intervals without a packet make the link dead."},
	[BFD_AUTH] = {"auth", FIELD_MAPPING, .schema = &auth_schema,
		.example = "{keys: [{id: 1, file: /etc/onramp/keys/acme-1}]}",
		.sentence = "Believe only packets that are signed, and sign ours."},
};
const struct schema bfd_schema = {"the BFD of a link",
	"How fast a link that went silent is noticed (RFC 5880, RFC 5881). A side that never "
	"answers is left to BGP's hold time.",
	bfd_fields, COUNT(bfd_fields), -1};
