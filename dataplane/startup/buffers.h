/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many packet buffers of which size fit the memory, and making them. Main thread only.
 */
#pragma once

#include <stdint.h>

#include "dataplane/api/api.h"

struct buffers_plan {
	uint32_t count;         /* buffers of one NUMA node's pool */
	uint32_t count_min;     /* below this rings and caches starve each other */
	uint16_t data_room;     /* bytes, headroom included */
	uint32_t element_bytes; /* one buffer with all its headers */
};

/* nodes: NUMA nodes that get a pool, >= 1. Half the memory is left to tables and drivers. */
struct buffers_plan buffers_plan(const struct api_startup *startup, unsigned int nodes);

/* The least memory_mb that gives one node its count_min. */
uint32_t buffers_memory_min_mb(const struct api_startup *startup);
