/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/units.h"

#include <inttypes.h>
#include <stdio.h>

/* Three digits that say something: 1.2, 35, 120. Rounds down, so that 999,999 is never "1000 k". */
static const char *scaled(uint64_t value, uint64_t base, const char *const *units,
	unsigned int count, char buffer[UNITS_MAX])
{
	uint64_t divisor = 1;
	unsigned int unit = 0;

	while (unit + 1 < count && value / divisor >= base) {
		divisor *= base;
		unit++;
	}
	if (unit > 0 && value / divisor < 10)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 ".%" PRIu64 " %s", value / divisor,
			value % divisor / (divisor / 10), units[unit]);
	else
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "%s%s", value / divisor,
			units[unit][0] != '\0' ? " " : "", units[unit]);
	return buffer;
}

const char *units_count(uint64_t count, char buffer[UNITS_MAX])
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};

	return scaled(count, 1000, units, sizeof(units) / sizeof(units[0]), buffer);
}

const char *units_bytes(uint64_t bytes, char buffer[UNITS_MAX])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

	return scaled(bytes, 1024, units, sizeof(units) / sizeof(units[0]), buffer);
}

const char *units_rate(uint64_t bps, char buffer[UNITS_MAX])
{
	static const struct {
		uint64_t bps;
		char letter;
	} units[] = {{1000000000, 'G'}, {1000000, 'M'}, {1000, 'k'}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t tenths = bps / (units[i].bps / 10);
		if (bps < units[i].bps)
			continue;
		if (tenths % 10 == 0)
			snprintf(buffer, UNITS_MAX, "%" PRIu64 "%c", tenths / 10, units[i].letter);
		else
			snprintf(buffer, UNITS_MAX, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10,
				tenths % 10, units[i].letter);
		return buffer;
	}
	snprintf(buffer, UNITS_MAX, "%" PRIu64, bps);
	return buffer;
}

const char *units_duration(uint64_t seconds, char buffer[UNITS_MAX])
{
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days > 0)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "d %" PRIu64 "h", days, hours % 24);
	else if (hours > 0)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "h %" PRIu64 "m", hours, minutes % 60);
	else if (minutes > 0)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "m %" PRIu64 "s", minutes, seconds % 60);
	else
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "s", seconds);
	return buffer;
}

const char *units_mac(const uint8_t mac[6], char buffer[UNITS_MAX])
{
	snprintf(buffer, UNITS_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	return buffer;
}
