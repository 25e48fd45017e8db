/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches to the dataplane: filled item by item, sent at the end of a turn or when full, kept until
 * they are acknowledged, so that what was refused can be named.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/internal.h"

struct pending_batch {
	struct pending_batch *next;
	int64_t sequence;
	bool in_snapshot; /* what the dataplane still has of the former plan may hold others */
	struct api_batch items;
};

static struct pending_batch *pending_of(struct api_batch *items)
{
	return (struct pending_batch *)((char *)items - offsetof(struct pending_batch, items));
}

void batches_drop(struct sync *sync)
{
	while (sync->pending_first != NULL) {
		struct pending_batch *batch = sync->pending_first;
		sync->pending_first = batch->next;
		free(batch);
	}
	sync->pending_last = NULL;
	if (sync->batch != NULL)
		free(pending_of(sync->batch));
	sync->batch = NULL;
}

int64_t batch_send_fds(struct sync *sync, const int *fds, unsigned int fd_count)
{
	struct pending_batch *pending;

	if (sync->batch == NULL)
		return 0;
	pending = pending_of(sync->batch);
	sync->batch = NULL;
	pending->in_snapshot = sync->phase != PHASE_SYNCED;
	pending->sequence = api_client_send(sync->client, API_BATCH, pending->items.bytes,
		pending->items.length, fds, fd_count);
	if (pending->sequence < 0) {
		session_break(sync, (int)pending->sequence);
		free(pending);
		return 0;
	}
	if (sync->pending_last != NULL)
		sync->pending_last->next = pending;
	else
		sync->pending_first = pending;
	sync->pending_last = pending;
	session_flush_soon(sync);
	return pending->sequence;
}

int64_t batch_send(struct sync *sync)
{
	return batch_send_fds(sync, NULL, 0);
}

static bool have_batch(struct sync *sync)
{
	struct pending_batch *pending;

	if (sync->batch != NULL)
		return true;
	pending = malloc(sizeof(*pending));
	if (pending == NULL) {
		session_break(sync, -ENOMEM);
		return false;
	}
	pending->next = NULL;
	pending->items.count = 0;
	pending->items.length = 0;
	sync->batch = &pending->items;
	return true;
}

void batch_add(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	if (!have_batch(sync) || api_batch_add(sync->batch, object, operation, payload) == 0)
		return;
	batch_send(sync);
	if (have_batch(sync))
		api_batch_add(sync->batch, object, operation, payload);
}

unsigned int batch_count(const struct sync *sync)
{
	return sync->batch != NULL ? sync->batch->count : 0;
}

void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	if (sync->phase < PHASE_PUSHING)
		return;
	batch_add(sync, object, operation, payload);
	session_flush_soon(sync);
}

/* ---- answers ---- */

/* A group or neighbour that goes during a snapshot may still be named by what only the snapshot's
 * end sweeps; it goes with that. */
static bool is_refusal(const struct pending_batch *batch, const struct api_item *item, int error)
{
	bool swept = item->object == API_GROUP || item->object == API_ADJACENCY;

	if (error == 0)
		return false;
	return !(error == -EBUSY && batch->in_snapshot && swept && item->operation == API_DELETE);
}

static void take_refusals(
	struct sync *sync, const struct pending_batch *batch, const int32_t *errors, uint32_t count)
{
	const struct api_batch *items = &batch->items;
	size_t offset = 0;

	for (uint32_t i = 0; i < count && offset < items->length; i++) {
		const struct api_item *item = (const void *)(items->bytes + offset);

		offset += sizeof(*item) + (item->length + 7u) / 8u * 8u;
		if (is_refusal(batch, item, errors[i]))
			refusal_take(sync, item, errors[i]);
	}
}

int batch_answered(struct sync *sync, const struct api_message *message)
{
	const struct api_batch_ack *ack = message->payload;
	struct pending_batch *batch = sync->pending_first;

	if (batch == NULL || batch->sequence != message->header.sequence ||
		message->payload_length < sizeof(*ack) ||
		message->payload_length < sizeof(*ack) + (uint64_t)ack->count * sizeof(int32_t))
		return -EPROTO;
	sync->pending_first = batch->next;
	if (batch->next == NULL)
		sync->pending_last = NULL;
	if (ack->failed > 0)
		take_refusals(sync, batch, (const int32_t *)(ack + 1), ack->count);
	free(batch);
	return 0;
}
