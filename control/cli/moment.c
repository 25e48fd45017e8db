/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/moment.h"

#include <string.h>
#include <time.h>

/* strptime takes more than it writes (blanks, days that the month has not): what it makes of the
 * text, written again, must be the text. */
static bool parse_as(const char *text, const char *format, int64_t *seconds)
{
	struct tm utc = {0};
	char again[32];
	const char *end = strptime(text, format, &utc);
	time_t at;

	if (end == NULL || *end != '\0')
		return false;
	at = timegm(&utc);
	if (gmtime_r(&at, &utc) == NULL || strftime(again, sizeof(again), format, &utc) == 0)
		return false;
	*seconds = at;
	return strcmp(again, text) == 0 && at >= 0;
}

bool moment_parse(const char *text, int64_t *seconds)
{
	static const char *const formats[] = {
		"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (parse_as(text, formats[i], seconds))
			return true;
	return false;
}

static bool parse_option(
	const struct cli *cli, const char *name, const char *text, int64_t *seconds)
{
	if (text == NULL || moment_parse(text, seconds))
		return true;
	cli_error(cli, "%s \"%s\" is no time; write 2026-11-23 or 2026-11-23T09:00 (UTC)", name,
		text);
	return false;
}

bool moment_span(const struct cli *cli, int64_t *from, int64_t *to)
{
	if (!parse_option(cli, "--from", cli->from, from) ||
		!parse_option(cli, "--to", cli->to, to))
		return false;
	if (*from < *to)
		return true;
	cli_error(cli, "--to must be later than --from");
	return false;
}
