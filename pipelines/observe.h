/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies for a capture (dataplane/interface/capture.h), taken where packets that are not plain come
 * to their end. Links that nobody watches pay one comparison on the careful way and nothing on the
 * plain one. What a frame looks like when it is copied: dataplane/api/capture.h.
 */
#pragma once

#include "dataplane/interface/capture.h"
#include "pipelines/packet.h"

/* A record that is written, but not settled. */
struct observed {
	struct capture_ring *ring; /* NULL: there is none */
	struct api_captured *about;
};

/* Worker: it is as follows; or, if this is not called before anything else is observed, as if it
 * had never been. */
static inline void observe_settle(
	struct observed *observed, enum api_capture_verdict verdict, enum api_drop_reason reason)
{
	if (likely(observed->ring == NULL))
		return;
	observed->about->verdict = verdict;
	observed->about->reason = reason;
	capture_ring_publish(observed->ring);
}

/* Worker, of a link that is watched; the frame stays the caller's. A packet as it came: */
struct observed observe_received(struct worker *worker, const struct packet *packet);
/* And as it leaves, or would have left; packet: what it was made of, NULL: the edge says it. */
struct observed observe_departure(struct worker *worker, const struct interface *interface,
	struct rte_mbuf *frame, const struct packet *packet);

static inline void observe_leaving(struct worker *worker, const struct interface *interface,
	struct rte_mbuf *frame, const struct packet *packet, enum api_capture_verdict verdict,
	enum api_drop_reason reason)
{
	struct observed observed = observe_departure(worker, interface, frame, packet);

	observe_settle(&observed, verdict, reason);
}

/* Worker, of any link. What the edge makes itself (generated) came by none. */
static inline struct observed observe_maybe_in(struct worker *worker, const struct packet *packet)
{
	if (likely(packet->in->watched == 0) || packet->generated)
		return (struct observed){NULL, NULL};
	return observe_received(worker, packet);
}

static inline struct observed observe_maybe_out(
	struct worker *worker, uint32_t id, struct rte_mbuf *frame)
{
	const struct interface *interface = interface_get(id);

	if (likely(interface == NULL || interface->watched == 0))
		return (struct observed){NULL, NULL};
	return observe_departure(worker, interface, frame, NULL);
}

static inline void observe_in(struct worker *worker, const struct packet *packet,
	enum api_capture_verdict verdict, enum api_drop_reason reason)
{
	struct observed observed = observe_maybe_in(worker, packet);

	observe_settle(&observed, verdict, reason);
}

/* A whole frame, as observe_departure() says. */
static inline void observe_out(struct worker *worker, uint32_t id, struct rte_mbuf *frame,
	const struct packet *packet, enum api_capture_verdict verdict, enum api_drop_reason reason)
{
	const struct interface *interface = interface_get(id);

	if (unlikely(interface != NULL && interface->watched != 0))
		observe_leaving(worker, interface, frame, packet, verdict, reason);
}
