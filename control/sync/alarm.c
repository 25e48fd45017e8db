/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/log.h"
#include "control/sync/internal.h"

#define CALM_PERCENT 75u /* so that one prefix that comes and goes is no stream of alarms */

bool alarm_turns(bool *alarm, uint32_t count, uint32_t limit)
{
	uint64_t hundredfold = (uint64_t)count * 100;
	bool was = *alarm;

	if (!was)
		*alarm = limit != 0 && hundredfold >= (uint64_t)limit * PREFIX_ALARM_PERCENT;
	else
		*alarm = limit != 0 && hundredfold >= (uint64_t)limit * CALM_PERCENT;
	return *alarm != was;
}

void alarm_tell(
	const char *owner, bool alarm, uint32_t count, const char *family_name, uint32_t limit)
{
	if (alarm)
		log_warning("limit", "%s: %u %s prefixes, %u %% of the limit of %u", owner, count,
			family_name, (unsigned int)((uint64_t)count * 100 / limit), limit);
	else
		log_info("limit", "%s: %u %s prefixes, below the alarm again", owner, count,
			family_name);
}
