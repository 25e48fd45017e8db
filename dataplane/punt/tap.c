/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One frame between an mbuf and a TAP, and its entry in the ledger.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/interface/interface.h"
#include "dataplane/punt/internal.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/worker.h"

static void count_drop(const struct punt_work *work, uint32_t interface,
	enum api_drop_reason reason, uint32_t bytes)
{
	ledger_drop(&work->ledger[interface], reason, bytes);
}

/* Packets have one segment by design: buffers fit the largest MTU. A write that is refused
 * (EAGAIN, or EIO while the TAP is down) is a drop, never a retry. */
static bool write_frame(int fd, const struct rte_mbuf *packet)
{
	ssize_t written;

	do
		written = write(fd, rte_pktmbuf_mtod(packet, const void *), packet->data_len);
	while (written < 0 && errno == EINTR);
	return written == packet->data_len;
}

static void write_packet(
	const struct punt_work *work, const struct punt_tap *taps, const struct rte_mbuf *packet)
{
	const struct handover *handover = rte_mbuf_to_priv((struct rte_mbuf *)(uintptr_t)packet);
	uint32_t id = handover->interface;
	const struct interface *interface = interface_get(id);

	if (interface && interface->epoch != handover->epoch)
		return; /* the id has a new owner, whose account this is not */
	if (!interface)
		count_drop(work, id, API_DROP_INTERFACE_GONE, handover->frame_bytes);
	else if (taps[id].fd < 0)
		count_drop(work, id, API_DROP_PUNT_NO_TAP, handover->frame_bytes);
	else if (!write_frame(taps[id].fd, packet))
		count_drop(work, id, API_DROP_PUNT_TAP_FULL, handover->frame_bytes);
	else
		work->ledger[id].punt++;
}

unsigned int punt_write_taps(const struct punt_work *work, const struct punt_tap *taps)
{
	struct rte_mbuf *packets[PUNT_RING_BURST];
	unsigned int count;

	count = rte_ring_sc_dequeue_burst(work->ring, (void **)packets, PUNT_RING_BURST, NULL);
	for (unsigned int i = 0; i < count; i++)
		write_packet(work, taps, packets[i]);
	rte_pktmbuf_free_bulk(packets, count);
	return count;
}

/* A frame that finds no room still enters and leaves the account. */
static void refuse_frame(const struct punt_work *work, uint32_t interface, uint32_t bytes)
{
	work->ledger[interface].injected++;
	count_drop(work, interface, API_DROP_INJECT_FULL, bytes);
}

static void inject_frame(
	const struct punt_work *work, uint32_t interface, uint32_t epoch, struct rte_mbuf *packet)
{
	struct handover *handover = rte_mbuf_to_priv(packet);

	handover->interface = interface;
	handover->epoch = epoch;
	if (worker_inject(packet))
		return;
	refuse_frame(work, interface, packet->pkt_len);
	rte_pktmbuf_free(packet);
}

/* Takes one frame; packet NULL: nowhere to put it, yet it must leave the TAP's queue, or the
 * thread would wake for it for ever. Returns its length, or -errno. */
static ssize_t read_frame(int fd, struct rte_mbuf *packet)
{
	uint8_t nowhere[RTE_ETHER_HDR_LEN];
	ssize_t length;

	do
		length = packet ? read(fd, rte_pktmbuf_mtod(packet, void *),
					  rte_pktmbuf_tailroom(packet))
				: read(fd, nowhere, sizeof(nowhere));
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

int punt_read_tap(const struct punt_work *work, uint32_t interface, const struct punt_tap *tap)
{
	for (unsigned int i = 0; i < PUNT_TAP_BURST; i++) {
		struct rte_mbuf *packet = rte_pktmbuf_alloc(work->pool);
		ssize_t length = read_frame(tap->fd, packet);

		if (length < 0) {
			rte_pktmbuf_free(packet);
			return length == -EAGAIN ? 0 : (int)length;
		}
		if (!packet) {
			refuse_frame(work, interface, (uint32_t)length);
			continue;
		}
		packet->data_len = length;
		packet->pkt_len = length;
		inject_frame(work, interface, tap->epoch, packet);
	}
	return 0;
}
