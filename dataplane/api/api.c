/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdio.h>

#include "dataplane/api/api.h"

static const uint32_t row_sizes[] = {
	[API_PORT] = sizeof(struct api_port),
	[API_VRF] = sizeof(struct api_vrf),
	[API_INTERFACE] = sizeof(struct api_interface),
	[API_ADJACENCY] = sizeof(struct api_adjacency),
	[API_GROUP] = sizeof(struct api_group),
	[API_ROUTE] = sizeof(struct api_route),
	[API_POLICER] = sizeof(struct api_policer),
	[API_PATH] = sizeof(struct api_path),
	[API_LINK_TEST] = sizeof(struct api_link_test),
	[API_BFD_KEY] = sizeof(struct api_bfd_key),
	[API_PORT_COUNTERS] = sizeof(struct api_port_counters),
	[API_INTERFACE_COUNTERS] = sizeof(struct api_interface_counters),
	[API_WORKER] = sizeof(struct api_worker),
	[API_MEMORY] = sizeof(struct api_memory),
	[API_BFD_SESSION] = sizeof(struct api_bfd_session),
};

uint32_t api_row_size(enum api_object object)
{
	if ((unsigned int)object >= sizeof(row_sizes) / sizeof(row_sizes[0]))
		return 0;
	return row_sizes[object];
}

uint32_t api_item_size(enum api_object object)
{
	/* What can be written is dumped in the same shape. */
	if (object > API_ITEM_LAST)
		return 0;
	return api_row_size(object);
}

const char *api_stage_name(enum api_stage stage)
{
	static const char *const names[API_STAGE_COUNT] = {
		[API_STAGE_RECEIVE] = "receive",
		[API_STAGE_INGRESS] = "ingress",
		[API_STAGE_ROUTE] = "route",
		[API_STAGE_EGRESS] = "egress",
		[API_STAGE_TRANSMIT] = "transmit",
	};

	return names[stage];
}

const char *api_step_name(enum api_step step)
{
#define NAME(id, name) [API_STEP_##id] = name,
	static const char *const names[API_STEP_COUNT] = {API_STEPS(NAME)};
#undef NAME

	return names[step];
}

const char *api_path_down_name(uint8_t bit)
{
	switch (bit) {
	case API_PATH_BFD:
		return "bfd";
	case API_PATH_CARRIER:
		return "carrier";
	case API_PATH_DRAIN:
		return "drain";
	case API_PATH_TEST:
		return "test";
	case API_PATH_ADMIN:
		return "administrative";
	default:
		return "unknown";
	}
}

const char *api_path_down_text(uint8_t bits, char *buffer, uint32_t size)
{
	uint32_t length = 0;

	buffer[0] = '\0';
	for (unsigned int i = 0; i < 8; i++) {
		if ((bits & 1u << i) == 0 || length >= size)
			continue;
		length += snprintf(buffer + length, size - length, "%s%s", length > 0 ? ", " : "",
			api_path_down_name(1u << i));
	}
	return buffer;
}

struct reason {
	const char *name;
	const char *text;
	int direction;
};

#define REASON(id, reason_name, reason_direction, reason_text) \
	[API_DROP_##id] = {reason_name, reason_text, API_DROP_##reason_direction},
static const struct reason reasons[API_DROP_COUNT] = {API_DROP_REASONS(REASON)};
#undef REASON

const char *api_drop_name(enum api_drop_reason reason)
{
	return reasons[reason].name;
}

const char *api_drop_text(enum api_drop_reason reason)
{
	return reasons[reason].text;
}

int api_drop_direction(enum api_drop_reason reason)
{
	return reasons[reason].direction;
}
