/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/validation/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/model/ip.h"

bool parse_asn(const char *text, size_t length, uint32_t *asn)
{
	uint64_t number = 0;

	if (length > 2 && (text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
		text += 2, length -= 2;
	if (length == 0 || length > 10)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (number > UINT32_MAX)
		return false;
	*asn = (uint32_t)number;
	return true;
}

struct span {
	const char *at;
	size_t length;
};

static bool is_space(char letter)
{
	return letter == ' ' || letter == '\t' || letter == '\r';
}

static struct span trim(struct span span)
{
	while (span.length > 0 && is_space(span.at[0]))
		span.at++, span.length--;
	while (span.length > 0 && is_space(span.at[span.length - 1]))
		span.length--;
	return span;
}

/* What stands before the separator; the rest stays. Without one all of it. */
static struct span take(struct span *rest, char separator)
{
	const char *end = rest->length > 0 ? memchr(rest->at, separator, rest->length) : NULL;
	struct span taken = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->length};
	size_t passed = taken.length + (end != NULL ? 1 : 0);

	rest->at += passed;
	rest->length -= passed;
	return taken;
}

/* Printable, for a message. */
static const char *quote(struct span span, char text[48])
{
	size_t length = span.length < 40 ? span.length : 40;

	for (size_t i = 0; i < length; i++)
		text[i] = span.at[i] >= ' ' && span.at[i] <= '~' ? span.at[i] : '?';
	text[length] = '\0';
	return text;
}

static int refuse(char wrong[PARSE_WRONG_MAX], unsigned int line, struct span what, const char *why)
{
	char text[48];

	snprintf(wrong, PARSE_WRONG_MAX, "line %u: \"%s\" %s", line, quote(what, text), why);
	return -EINVAL;
}

static int add_line(
	struct vrps *vrps, struct span content, unsigned int line, char wrong[PARSE_WRONG_MAX])
{
	struct span rest = content, prefix = trim(take(&rest, ',')), asn = trim(rest);
	char text[64];
	uint32_t number;
	struct ip ip;

	if (prefix.length == content.length)
		return refuse(wrong, line, content,
			"has no AS number; write PREFIX,ASN, as in 198.51.100.0/24,64500");
	snprintf(text, sizeof(text), "%.*s", (int)(prefix.length < 63 ? prefix.length : 63),
		prefix.at);
	if (prefix.length >= sizeof(text) || memchr(prefix.at, '\0', prefix.length) != NULL ||
		strchr(text, '/') == NULL || ip_parse(text, &ip) != 0)
		return refuse(wrong, line, prefix, "is no prefix; write one as 198.51.100.0/24");
	if (!ip_host_bits_zero(&ip))
		return refuse(wrong, line, prefix,
			"has bits behind its length; write the network's first address");
	if (!parse_asn(asn.at, asn.length, &number))
		return refuse(wrong, line, asn,
			"is no AS number; write 64500 or AS64500, at most 4294967295");
	if (vrps_add(vrps, &ip, ip_full_length(ip.family), number) == 0)
		return 0;
	snprintf(wrong, PARSE_WRONG_MAX, "no memory");
	return -ENOMEM;
}

int registry_parse(const char *text, size_t length, struct vrps *vrps, char wrong[PARSE_WRONG_MAX])
{
	struct span rest = {text, length};
	int error = 0;

	for (unsigned int line = 1; rest.length > 0 && error == 0; line++) {
		struct span whole = take(&rest, '\n'), content = trim(take(&whole, '#'));

		if (content.length > 0)
			error = add_line(vrps, content, line, wrong);
	}
	if (error != 0)
		vrps_free(vrps);
	vrps_settle(vrps);
	return error;
}
