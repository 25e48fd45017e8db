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
