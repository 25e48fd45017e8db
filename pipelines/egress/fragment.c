/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/egress/fragment.h"

#include <errno.h>

#include "dataplane/policer/policer.h"
#include "pipelines/egress/rewrite.h"
#include "pipelines/egress/transmit.h"
#include "pipelines/observe.h"

/* The largest packet there is over the smallest MTU there is. */
#define FRAGMENTS_MAX 64u

#define OPTION_END 0u
#define OPTION_NO_OPERATION 1u
#define OPTION_COPIED 0x80u /* RFC 791 3.1: on all fragments */

/* The header of all fragments but the first: only copied options, padded to a whole number of
 * words. Returns its length. */
static unsigned int later_header(const uint8_t *ip, unsigned int header_bytes, uint8_t *header)
{
	unsigned int to = IPV4_HEADER_BYTES;
	unsigned int from = IPV4_HEADER_BYTES;

	memcpy(header, ip, IPV4_HEADER_BYTES);
	while (from < header_bytes && ip[from] != OPTION_END) {
		if (ip[from] == OPTION_NO_OPERATION) {
			from++;
			continue;
		}

		unsigned int length = from + 1 < header_bytes ? ip[from + 1] : 0;

		/* A length that makes no sense ends the options. */
		if (length < 2 || from + length > header_bytes)
			break;
		if ((ip[from] & OPTION_COPIED) != 0) {
			memcpy(header + to, ip + from, length);
			to += length;
		}
		from += length;
	}
	while (to % 4 != 0)
		header[to++] = OPTION_END;
	header[0] = 0x40 | (to / 4);
	return to;
}

/* What all fragments of one packet share. */
struct cut {
	const struct adjacency *adjacency;
	const uint8_t *payload;
	unsigned int payload_bytes;
	uint16_t flags_offset; /* of the packet, which may be a fragment itself */
};

static struct rte_mbuf *make_fragment(const struct cut *cut, struct rte_mempool *pool,
	const uint8_t *header, unsigned int header_bytes, unsigned int at, unsigned int bytes)
{
	unsigned int l2_bytes = cut->adjacency->template_bytes;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	if (mbuf == NULL)
		return NULL;

	uint8_t *frame = (uint8_t *)rte_pktmbuf_append(mbuf, l2_bytes + header_bytes + bytes);

	if (frame == NULL) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}

	uint8_t *ip = frame + l2_bytes;
	bool more =
		at + bytes < cut->payload_bytes || (cut->flags_offset & IPV4_MORE_FRAGMENTS) != 0;
	uint16_t offset = (cut->flags_offset & IPV4_OFFSET_MASK) + at / 8;

	memcpy(ip - TEMPLATE_BYTES, cut->adjacency->template, TEMPLATE_BYTES);
	memcpy(ip, header, header_bytes);
	memcpy(ip + header_bytes, cut->payload + at, bytes);
	store16(ip + IPV4_LENGTH, header_bytes + bytes);
	store16(ip + IPV4_FRAGMENT, offset | (more ? IPV4_MORE_FRAGMENTS : 0));
	ip[IPV4_TTL]--;
	store16(ip + IPV4_CHECKSUM, 0);

	uint16_t checksum = ~rte_raw_cksum(ip, header_bytes);

	memcpy(ip + IPV4_CHECKSUM, &checksum, sizeof(checksum));
	return mbuf;
}

/* Returns how many, 0 when one could not be made. */
static unsigned int make_all(
	const struct packet *packet, struct rte_mempool *pool, struct rte_mbuf **fragments)
{
	const uint8_t *ip = packet_l3(packet);
	unsigned int header_bytes = ipv4_header_bytes(ip);
	unsigned int mtu = packet->adjacency->mtu;
	uint8_t later[60];
	unsigned int later_bytes = later_header(ip, header_bytes, later);
	unsigned int count = 0;
	const uint8_t *header = ip;
	struct cut cut = {
		.adjacency = packet->adjacency,
		.payload = ip + header_bytes,
		.payload_bytes = packet->l3_bytes - header_bytes,
		.flags_offset = load16(ip + IPV4_FRAGMENT),
	};

	for (unsigned int at = 0, bytes; at < cut.payload_bytes; at += bytes) {
		/* All but the last carry a multiple of 8 bytes. */
		bytes = cut.payload_bytes - at;
		if (bytes > mtu - header_bytes)
			bytes = (mtu - header_bytes) & ~7u;
		if (count < FRAGMENTS_MAX)
			fragments[count] =
				make_fragment(&cut, pool, header, header_bytes, at, bytes);
		if (count == FRAGMENTS_MAX || fragments[count] == NULL) {
			rte_pktmbuf_free_bulk(fragments, count);
			return 0;
		}
		count++;
		header = later;
		header_bytes = later_bytes;
	}
	return count;
}

bool egress_ends_beyond(const struct packet *packet)
{
	const uint8_t *ip = packet_l3(packet);
	unsigned int offset = (load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) * 8u;

	return offset + packet->l3_bytes > UINT16_MAX;
}

int egress_fragment(struct worker *worker, struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	struct rte_mbuf *fragments[FRAGMENTS_MAX];
	unsigned int count;

	if (egress_ends_beyond(packet))
		return -EINVAL;
	count = make_all(packet, worker->pool, fragments);
	if (count == 0)
		return -ENOMEM;
	observe_in(worker, packet, API_CAPTURE_FORWARDED, 0);
	egress_account(worker, packet);
	worker->ledger[adjacency->interface].fragments_added += count - 1;
	for (unsigned int i = 0; i < count; i++) {
		if (policer_take(worker, adjacency->policer_out, fragments[i]->pkt_len)) {
			egress_transmit(worker, adjacency->port, adjacency->interface, fragments[i],
				packet);
			continue;
		}
		ledger_drop(&worker->ledger[adjacency->interface], API_DROP_POLICER_OUT,
			fragments[i]->pkt_len);
		observe_out(worker, adjacency->interface, fragments[i], packet, API_CAPTURE_DROPPED,
			API_DROP_POLICER_OUT);
		rte_pktmbuf_free(fragments[i]);
	}
	rte_pktmbuf_free(packet->mbuf);
	return 0;
}
