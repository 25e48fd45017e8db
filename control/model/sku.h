/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which bandwidths are sold, and how much of a port direct circuits may promise together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/model/site.h"

/* port_speed_bps matters to direct circuits only: a provider's list is one for all ports. */
bool sku_exists(enum pair_model model, uint64_t port_speed_bps, uint64_t bandwidth_bps);
/* "1G, 2G, 5G, 10G": into buffer, returned. */
const char *sku_list_text(
	enum pair_model model, uint64_t port_speed_bps, char *buffer, unsigned int size);
/* Direct circuits of a port pair may sum to at most this. */
uint64_t sku_direct_sum_max(uint64_t port_speed_bps);
