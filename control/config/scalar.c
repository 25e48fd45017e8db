/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One reader for each kind of scalar. A value has one spelling: what another YAML reader would take
 * for something else (no as false, 010 as eight) is refused rather than guessed at.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <uuid/uuid.h>

#include "control/config/loader.h"
#include "control/model/ip.h"

struct scalar {
	struct loader *loader;
	const struct field *field;
	const char *path;
	bool plain;
	struct value *value;
};

typedef bool (*scalar_reader)(const struct scalar *scalar);

#define REFUSE(scalar, ...) \
	(report_at((scalar)->loader, (scalar)->value->line, (scalar)->path, __VA_ARGS__), false)

static bool is_word(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcasecmp(text, *words) == 0)
			return true;
	}
	return false;
}

/* Words that YAML 1.1 reads as a boolean or null, and numbers. */
static bool means_other_in_yaml(const char *text)
{
	static const char *const words[] = {
		"y", "yes", "n", "no", "on", "off", "true", "false", "null", NULL};
	char *end;

	if (is_word(text, words))
		return true;
	if (strchr("+-.0123456789", text[0]) == NULL)
		return false;
	strtod(text, &end);
	return *end == '\0';
}

static bool is_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= NAME_MAX_LENGTH && text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static bool read_name(const struct scalar *scalar)
{
	const char *text = scalar->value->text;

	if (scalar->plain && means_other_in_yaml(text))
		return REFUSE(scalar,
			"found %.60s, which YAML reads as a boolean or number; write \"%.60s\" in "
			"quotes",
			text, text);
	if (!is_name(text))
		return REFUSE(scalar,
			"\"%.60s\" is no name; a name is a-z, 0-9 and -, not first a -, up to %d "
			"characters",
			text, NAME_MAX_LENGTH);
	return true;
}

static bool read_text(const struct scalar *scalar)
{
	const char *text = scalar->value->text;

	if (scalar->plain && means_other_in_yaml(text))
		return REFUSE(scalar,
			"found %.60s, which YAML reads as a boolean or number; write \"%.60s\" in "
			"quotes",
			text, text);
	if (strlen(text) > sizeof(((struct site_port *)0)->device) - 1)
		return REFUSE(scalar, "%zu characters starting \"%.40s\"; at most %zu fit",
			strlen(text), text, sizeof(((struct site_port *)0)->device) - 1);
	for (const char *c = text; *c != '\0'; c++) {
		if (!isgraph((unsigned char)*c))
			return REFUSE(scalar,
				"\"%.60s\" holds a space, control or non-ASCII character at "
				"position "
				"%zu; remove it, as in %s",
				text, (size_t)(c - text) + 1, scalar->field->example);
	}
	return true;
}

static bool read_uuid(const struct scalar *scalar)
{
	uuid_t id;
	char *lower = loader_alloc(scalar->loader, UUID_STR_LEN);

	if (uuid_parse(scalar->value->text, id) != 0)
		return REFUSE(scalar, "\"%.60s\" is no UUID; write it as %s, or leave it out",
			scalar->value->text, scalar->field->example);
	if (lower == NULL)
		return false;
	uuid_unparse_lower(id, lower);
	scalar->value->text = lower;
	return true;
}

static bool read_port_ref(const struct scalar *scalar)
{
	const char *text = scalar->value->text, *slash = strchr(text, '/');

	if (slash == NULL || slash == text || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
		return REFUSE(scalar, "\"%.60s\" is no EDGE/PORT; write it as %s", text,
			scalar->field->example);
	return true;
}

/* 0, or a sentence that says what is wrong with the digits. */
static const char *read_decimal(const char *text, size_t length, uint64_t *number)
{
	*number = 0;
	if (length == 0 || strspn(text, "0123456789") < length)
		return "is no decimal number";
	if (length > 1 && text[0] == '0')
		return "has a leading zero, which YAML reads as octal";
	for (size_t i = 0; i < length; i++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, (uint64_t)(text[i] - '0'), number))
			return "is too large";
	}
	return NULL;
}

static bool read_integer(const struct scalar *scalar)
{
	struct value *value = scalar->value;
	const struct field *field = scalar->field;
	const char *wrong = read_decimal(value->text, strlen(value->text), &value->number);

	if (wrong != NULL)
		return REFUSE(scalar, "\"%.60s\" %s; write a number from %" PRIu64 " to %" PRIu64,
			value->text, wrong, field->minimum, field->maximum);
	if (!scalar->plain)
		return REFUSE(scalar, "\"%s\" in quotes is text; write %s without quotes",
			value->text, value->text);
	if (value->number < field->minimum || value->number > field->maximum)
		return REFUSE(scalar,
			"%s is out of range; write a number from %" PRIu64 " to %" PRIu64,
			value->text, field->minimum, field->maximum);
	return true;
}

static bool read_asn(const struct scalar *scalar)
{
	static const struct {
		uint64_t asn;
		const char *why;
	} reserved[] = {
		{0, "RFC 7607 reserves it"},
		{23456, "AS_TRANS, RFC 6793 reserves it"},
		{65535, "RFC 7300 reserves it"},
		{4294967295, "RFC 7300 reserves it"},
	};
	uint64_t asn;

	if (read_decimal(scalar->value->text, strlen(scalar->value->text), &asn) == NULL) {
		for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
			if (reserved[i].asn == asn)
				return REFUSE(scalar,
					"AS %" PRIu64
					" cannot be used (%s); write another AS number "
					"from 1 to 4294967294",
					asn, reserved[i].why);
		}
	}
	return read_integer(scalar);
}

static bool read_flag(const struct scalar *scalar)
{
	const char *text = scalar->value->text;

	if (!scalar->plain || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
		return REFUSE(scalar, "found %s%.60s%s; write true or false, without quotes",
			scalar->plain ? "" : "\"", text, scalar->plain ? "" : "\"");
	scalar->value->number = text[0] == 't';
	return true;
}

static bool read_choice(const struct scalar *scalar)
{
	struct suggestion suggestion = {.wrong = scalar->value->text};
	char words[256] = "", nearest[80];
	size_t used = 0;

	for (const struct choice *choice = scalar->field->choices; choice->word != NULL; choice++) {
		if (strcmp(choice->word, scalar->value->text) == 0) {
			scalar->value->number = choice->number;
			return true;
		}
		suggest(&suggestion, choice->word);
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
			used == 0 ? "" : ", ", choice->word);
	}
	return REFUSE(scalar, "\"%.60s\" is not known here; write %s%s%s", scalar->value->text,
		strchr(words, ',') != NULL ? "one of " : "", words,
		suggestion_text(&suggestion, nearest, sizeof(nearest)));
}

/* DIGITS and a one- or two-letter unit that multiplies. False: no such text, or 0, or too much. */
static bool read_with_unit(const char *text, const struct choice *units, uint64_t *number)
{
	size_t digits = strspn(text, "0123456789");

	if (read_decimal(text, digits, number) != NULL || *number == 0)
		return false;
	for (; units->word != NULL; units++) {
		if (strcmp(units->word, text + digits) == 0)
			return !__builtin_mul_overflow(*number, units->number, number);
	}
	return false;
}

static bool read_rate(const struct scalar *scalar)
{
	static const struct choice units[] = {{"M", 1000000}, {"G", 1000000000}, {NULL, 0}};

	if (read_with_unit(scalar->value->text, units, &scalar->value->number))
		return true;
	return REFUSE(scalar,
		"\"%.60s\" is no bandwidth; write it as 500M or 10G (bits per second)",
		scalar->value->text);
}

static bool read_size(const struct scalar *scalar)
{
	static const struct choice units[] = {{"M", 1}, {"G", 1024}, {NULL, 0}};
	uint64_t *number = &scalar->value->number;

	if (read_with_unit(scalar->value->text, units, number) &&
		*number >= scalar->field->minimum && *number <= scalar->field->maximum)
		return true;
	return REFUSE(scalar, "\"%.60s\" is no size from 64M to 1024G; write it as 512M or 4G",
		scalar->value->text);
}

static const struct choice time_units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {NULL, 0}};

static bool read_duration(const struct scalar *scalar)
{
	uint64_t *number = &scalar->value->number;

	if (read_with_unit(scalar->value->text, time_units, number) &&
		*number >= scalar->field->minimum && *number <= scalar->field->maximum)
		return true;
	return REFUSE(scalar,
		"\"%.60s\" is no duration from %" PRIu64 "ms to %" PRIu64 "ms; write it as %s",
		scalar->value->text, scalar->field->minimum / 1000, scalar->field->maximum / 1000,
		scalar->field->example);
}

static bool read_idle(const struct scalar *scalar)
{
	uint64_t *number = &scalar->value->number;

	if (strcmp(scalar->value->text, "poll") == 0) {
		*number = 0;
		return true;
	}
	if (read_with_unit(scalar->value->text, time_units, number) &&
		*number >= scalar->field->minimum && *number <= scalar->field->maximum)
		return true;
	return REFUSE(scalar,
		"\"%.60s\" is neither poll nor a duration from 1us to 100ms; write poll or 50us",
		scalar->value->text);
}

static bool read_ip(const struct scalar *scalar, bool prefix)
{
	const char *text = scalar->value->text;
	const char *kind = prefix ? "prefix" : "address";
	bool slash = strchr(text, '/') != NULL;

	if (ip_parse(text, &scalar->value->ip) != 0)
		return REFUSE(scalar, "\"%.60s\" is no IPv4 or IPv6 %s; write it as %s", text, kind,
			prefix ? "192.0.2.0/29 or \"2001:db8::/125\""
			       : "192.0.2.1 or \"2001:db8::1\"");
	if (prefix && !slash)
		return REFUSE(scalar, "\"%.60s\" has no length; write it as %.60s/%d", text, text,
			scalar->value->ip.family == AF_INET ? 30 : 126);
	if (!prefix && slash)
		return REFUSE(scalar, "\"%.60s\" has a length; write the address alone", text);
	return true;
}

static bool read_address(const struct scalar *scalar)
{
	return read_ip(scalar, false);
}

static bool read_prefix(const struct scalar *scalar)
{
	char right[64];

	if (!read_ip(scalar, true))
		return false;
	if (ip_host_bits_zero(&scalar->value->ip))
		return true;
	struct ip network = ip_network(&scalar->value->ip);
	return REFUSE(scalar, "%s has bits set behind its length; the prefix is %s",
		scalar->value->text, ip_text(&network, right, sizeof(right)));
}

static const scalar_reader readers[] = {
	[FIELD_NAME] = read_name,
	[FIELD_TEXT] = read_text,
	[FIELD_UUID] = read_uuid,
	[FIELD_PORT_REF] = read_port_ref,
	[FIELD_INTEGER] = read_integer,
	[FIELD_ASN] = read_asn,
	[FIELD_FLAG] = read_flag,
	[FIELD_CHOICE] = read_choice,
	[FIELD_RATE] = read_rate,
	[FIELD_SIZE] = read_size,
	[FIELD_IDLE] = read_idle,
	[FIELD_DURATION] = read_duration,
	[FIELD_ADDRESS] = read_address,
	[FIELD_PREFIX] = read_prefix,
};

bool scalar_parse(struct loader *loader, const struct field *field, const char *field_path,
	bool plain, size_t length, struct value *value)
{
	const struct scalar scalar = {loader, field, field_path, plain, value};
	static const char *const nothing[] = {"", "~", "null", NULL};

	/* "\0" in quotes gets past the check of the bytes. */
	if (strlen(value->text) != length)
		return REFUSE(&scalar, "\"%.40s\" has a zero byte in it; remove it", value->text);
	if (plain && is_word(value->text, nothing))
		return REFUSE(&scalar, "has no value; write one, such as %s, or remove the line",
			field->example);
	if (value->text[0] == '\0')
		return REFUSE(&scalar, "is empty (\"\"); write a value such as %s", field->example);
	return readers[field->kind](&scalar);
}
