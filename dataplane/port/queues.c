/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/queues.h"

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/api/api.h"

struct candidate {
	unsigned int of_this_port;
	bool far;
	unsigned int load;
};

static bool better(const struct candidate *a, const struct candidate *b)
{
	if (a->of_this_port != b->of_this_port)
		return a->of_this_port < b->of_this_port;
	if (a->far != b->far)
		return !a->far;
	return a->load < b->load;
}

void queues_assign(unsigned int *loads, const int *nodes, unsigned int workers, int port_node,
	uint16_t queues, uint8_t *assigned)
{
	struct candidate candidates[API_CPUS_MAX];

	for (unsigned int i = 0; i < workers; i++)
		candidates[i] = (struct candidate){
			.far = port_node >= 0 && nodes[i] != port_node,
			.load = loads[i],
		};
	for (uint16_t queue = 0; queue < queues; queue++) {
		unsigned int best = 0;

		for (unsigned int i = 1; i < workers; i++) {
			if (better(&candidates[i], &candidates[best]))
				best = i;
		}
		assigned[queue] = best;
		candidates[best].of_this_port++;
		candidates[best].load++;
		loads[best]++;
	}
}

enum exchange_mode queues_mode(enum api_rss rss, unsigned int workers, uint16_t queues, bool hashes)
{
	if (workers == 1 || rss == API_RSS_HARDWARE)
		return EXCHANGE_NONE;
	/* Whether a device looks behind tags no flag of its says, but each packet does: one that it
	 * hashed. The others it gives to one queue all, or to any. */
	if (rss == API_RSS_AUTO && hashes && queues >= workers)
		return EXCHANGE_UNHASHED;
	return EXCHANGE_ALL;
}

enum api_spread queues_spread(
	enum exchange_mode mode, uint16_t queues, uint64_t hashed, uint64_t unhashed)
{
	if (mode == EXCHANGE_NONE)
		return queues > 1 ? API_SPREAD_HARDWARE : API_SPREAD_SINGLE;
	if (mode == EXCHANGE_UNHASHED && hashed >= unhashed)
		return API_SPREAD_HARDWARE;
	return API_SPREAD_SOFTWARE;
}
