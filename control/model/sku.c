/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/sku.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define M UINT64_C(1000000)
#define G UINT64_C(1000000000)

/* Lists end with 0. */
static const uint64_t provider_skus[] = {
	50 * M, 100 * M, 200 * M, 500 * M, 1 * G, 2 * G, 5 * G, 10 * G, 0};
static const uint64_t direct_10g_skus[] = {1 * G, 2 * G, 5 * G, 10 * G, 0};
static const uint64_t direct_100g_skus[] = {5 * G, 10 * G, 40 * G, 100 * G, 0};
static const uint64_t direct_400g_skus[] = {5 * G, 10 * G, 40 * G, 100 * G, 200 * G, 400 * G, 0};

static const uint64_t *sku_list(enum pair_model model, uint64_t port_speed_bps)
{
	if (model == PAIR_PROVIDER)
		return provider_skus;
	if (port_speed_bps <= 10 * G)
		return direct_10g_skus;
	return port_speed_bps <= 100 * G ? direct_100g_skus : direct_400g_skus;
}

bool sku_exists(enum pair_model model, uint64_t port_speed_bps, uint64_t bandwidth_bps)
{
	for (const uint64_t *sku = sku_list(model, port_speed_bps); *sku != 0; sku++) {
		if (*sku == bandwidth_bps)
			return true;
	}
	return false;
}

const char *sku_list_text(
	enum pair_model model, uint64_t port_speed_bps, char *buffer, unsigned int size)
{
	const uint64_t *skus = sku_list(model, port_speed_bps);
	unsigned int used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; skus[i] != 0 && used < size; i++) {
		char rate[16];
		used += (unsigned int)snprintf(buffer + used, size - used, "%s%s",
			i == 0 ? "" : ", ", rate_text(skus[i], rate, sizeof(rate)));
	}
	return buffer;
}

uint64_t sku_direct_sum_max(uint64_t port_speed_bps)
{
	return 2 * port_speed_bps;
}
