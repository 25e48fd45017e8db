/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/classifier.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dataplane/interface/interface.h"
#include "dataplane/worker/reclaim.h"

struct classifier *classifier_table[API_PORTS_MAX];

#define VIDS 4096u

/* Where these tags' entry is; NULL when a table on the way does not exist. */
static uint32_t *find_slot(uint32_t port, uint16_t s_tag, uint16_t c_tag)
{
	struct classifier *classifier = classifier_table[port];

	if (classifier == NULL)
		return NULL;
	if (c_tag == API_TAG_NONE)
		return &classifier->vlan[0];
	if (s_tag == API_TAG_NONE)
		return &classifier->vlan[c_tag];
	if (classifier->qinq[s_tag] == NULL)
		return NULL;
	return &classifier->qinq[s_tag][c_tag];
}

int classifier_reserve(uint32_t port, uint16_t s_tag)
{
	struct classifier *classifier = classifier_table[port];

	if (classifier == NULL) {
		classifier = calloc(1, sizeof(*classifier));
		if (classifier == NULL)
			return -ENOMEM;
		__atomic_store_n(&classifier_table[port], classifier, __ATOMIC_RELEASE);
	}
	if (s_tag == API_TAG_NONE || classifier->qinq[s_tag] != NULL)
		return 0;

	uint32_t *inner = calloc(VIDS, sizeof(*inner));

	if (inner == NULL)
		return -ENOMEM;
	__atomic_store_n(&classifier->qinq[s_tag], inner, __ATOMIC_RELEASE);
	return 0;
}

int classifier_set(uint32_t port, uint16_t s_tag, uint16_t c_tag, uint32_t interface)
{
	uint32_t present = classifier_find(port, s_tag, c_tag);

	if (present != 0)
		return present == interface ? 0 : -EEXIST;

	int error = classifier_reserve(port, s_tag);

	if (error != 0)
		return error;
	__atomic_store_n(find_slot(port, s_tag, c_tag), interface, __ATOMIC_RELEASE);
	return 0;
}

uint32_t classifier_find(uint32_t port, uint16_t s_tag, uint16_t c_tag)
{
	const uint32_t *slot = find_slot(port, s_tag, c_tag);

	return slot == NULL ? 0 : *slot;
}

static bool is_empty(const uint32_t *inner)
{
	for (unsigned int vid = 0; vid < VIDS; vid++) {
		if (inner[vid] != 0)
			return false;
	}
	return true;
}

void classifier_hide(uint32_t port, uint16_t s_tag, uint16_t c_tag)
{
	uint32_t *slot = find_slot(port, s_tag, c_tag);

	if (slot != NULL)
		__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
}

void classifier_clear(uint32_t port, uint16_t s_tag, uint16_t c_tag)
{
	if (find_slot(port, s_tag, c_tag) == NULL)
		return;
	classifier_hide(port, s_tag, c_tag);
	if (s_tag == API_TAG_NONE)
		return;

	uint32_t *inner = classifier_table[port]->qinq[s_tag];

	if (!is_empty(inner))
		return;
	__atomic_store_n(&classifier_table[port]->qinq[s_tag], NULL, __ATOMIC_RELEASE);
	reclaim_later(inner, free);
}

void classifier_fini(void)
{
	for (unsigned int port = 0; port < API_PORTS_MAX; port++) {
		struct classifier *classifier = classifier_table[port];

		if (classifier == NULL)
			continue;
		classifier_table[port] = NULL;
		for (unsigned int vid = 0; vid < VIDS; vid++)
			free(classifier->qinq[vid]);
		free(classifier);
	}
}
