/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/punt/icmp.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "pipelines/punt/budget.h"
#include "pipelines/punt/upper_layer.h"

#define ICMP_HEADER_BYTES 8u
#define ICMP_CHECKSUM 2u
#define ICMP_MTU4 6u /* RFC 1191 4: the lower half of the second word */
#define ICMP_MTU6 6u /* RFC 4443 3.2: all of the second word, ours fit its lower half */
#define ICMP_TTL 64u

#define IPV4_ERROR_MAX 576u  /* RFC 1812 4.3.2.3 */
#define IPV6_ERROR_MAX 1280u /* RFC 4443 2.4 c: the minimum MTU */

#define TOS_INTERNETWORK_CONTROL 0xc0u /* RFC 1812 4.3.2.5 */

static bool is_icmp4_error(uint8_t type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

/* RFC 1812 4.3.2.7. Sources that are no single host never come this far, but for class E. */
static bool may_tell4(const uint8_t *ip, unsigned int length)
{
	unsigned int header_bytes = ipv4_header_bytes(ip);

	if ((load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0 || ip[IPV4_SOURCE] >= 240)
		return false;
	if (ip[IPV4_PROTOCOL] != IPPROTO_ICMP)
		return true;
	return length > header_bytes && !is_icmp4_error(ip[header_bytes]);
}

/* RFC 4443 2.4 e. What cannot be read to its end is taken for an error: silence is safe. */
static bool may_tell6(const uint8_t *ip, unsigned int length)
{
	struct upper_layer upper;

	if (!upper_layer_find(ip, length, &upper))
		return false;
	if (upper.protocol != IPPROTO_ICMPV6)
		return true;
	return !upper.later_fragment && upper.offset < length &&
	       (ip[upper.offset] & ICMP6_INFOMSG_MASK) != 0 &&
	       ip[upper.offset] != 137; /* a redirect, though not numbered as an error */
}

static void write_message(
	uint8_t *icmp, uint8_t type, uint8_t code, const uint8_t *quote, unsigned int bytes)
{
	memset(icmp, 0, ICMP_HEADER_BYTES);
	icmp[0] = type;
	icmp[1] = code;
	memcpy(icmp + ICMP_HEADER_BYTES, quote, bytes);
}

static void write_error4(uint8_t *ip, const struct packet *original, enum packet_exit reason,
	uint16_t mtu, unsigned int quoted)
{
	const uint8_t *quote = packet_l3(original);
	unsigned int icmp_bytes = ICMP_HEADER_BYTES + quoted;
	uint8_t *icmp = ip + IPV4_HEADER_BYTES;
	uint8_t type = reason == EXIT_EXPIRED ? ICMP_TIME_EXCEEDED : ICMP_DEST_UNREACH;
	uint8_t code = reason == EXIT_TOO_BIG ? ICMP_FRAG_NEEDED : 0;

	memset(ip, 0, IPV4_HEADER_BYTES);
	ip[0] = 0x45;
	ip[IPV4_TOS] = TOS_INTERNETWORK_CONTROL;
	store16(ip + IPV4_LENGTH, IPV4_HEADER_BYTES + icmp_bytes);
	/* Atomic, so that the identification may be 0 (RFC 6864 4.1). */
	store16(ip + IPV4_FRAGMENT, IPV4_DONT_FRAGMENT);
	ip[IPV4_TTL] = ICMP_TTL;
	ip[IPV4_PROTOCOL] = IPPROTO_ICMP;
	memcpy(ip + IPV4_SOURCE, &original->in->address4, 4);
	memcpy(ip + IPV4_DESTINATION, quote + IPV4_SOURCE, 4);

	uint16_t checksum = ~rte_raw_cksum(ip, IPV4_HEADER_BYTES);

	memcpy(ip + IPV4_CHECKSUM, &checksum, sizeof(checksum));
	write_message(icmp, type, code, quote, quoted);
	if (reason == EXIT_TOO_BIG)
		store16(icmp + ICMP_MTU4, mtu);
	checksum = ~rte_raw_cksum(icmp, icmp_bytes);
	memcpy(icmp + ICMP_CHECKSUM, &checksum, sizeof(checksum));
}

static uint8_t type6(enum packet_exit reason)
{
	if (reason == EXIT_TOO_BIG)
		return ICMP6_PACKET_TOO_BIG;
	return reason == EXIT_EXPIRED ? ICMP6_TIME_EXCEEDED : ICMP6_DST_UNREACH;
}

static void write_error6(uint8_t *ip, const struct packet *original, enum packet_exit reason,
	uint16_t mtu, unsigned int quoted)
{
	const uint8_t *quote = packet_l3(original);
	uint8_t *icmp = ip + IPV6_HEADER_BYTES;

	memset(ip, 0, IPV6_HEADER_BYTES);
	ip[0] = 0x60;
	store16(ip + IPV6_PAYLOAD_LENGTH, ICMP_HEADER_BYTES + quoted);
	ip[IPV6_NEXT_HEADER] = IPPROTO_ICMPV6;
	ip[IPV6_HOP_LIMIT] = ICMP_TTL;
	memcpy(ip + IPV6_SOURCE, original->in->address6, 16);
	memcpy(ip + IPV6_DESTINATION, quote + IPV6_SOURCE, 16);
	write_message(icmp, type6(reason), 0, quote, quoted); /* code 0: no route, hop limit */
	if (reason == EXIT_TOO_BIG)
		store16(icmp + ICMP_MTU6, mtu);

	uint16_t checksum = rte_ipv6_udptcp_cksum((const struct rte_ipv6_hdr *)ip, icmp);

	memcpy(icmp + ICMP_CHECKSUM, &checksum, sizeof(checksum));
}

static bool has_address(const struct packet *packet)
{
	static const uint8_t none[16];

	if (packet_is_ipv4(packet))
		return packet->in->address4 != 0;
	return memcmp(packet->in->address6, none, sizeof(none)) != 0;
}

bool icmp_may_tell(const struct packet *original)
{
	const uint8_t *ip = packet_l3(original);

	if (original->generated || !has_address(original))
		return false;
	return packet_is_ipv4(original) ? may_tell4(ip, original->l3_bytes)
					: may_tell6(ip, original->l3_bytes);
}

/* An empty frame of that size for the error, its MAC addresses those of the interface: only seen
 * when it turns out to be for the edge itself. NULL: no buffer. */
static struct rte_mbuf *make_frame(
	struct worker *worker, const struct packet *original, unsigned int l3_bytes)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->pool);

	if (mbuf == NULL)
		return NULL;

	uint8_t *frame = (uint8_t *)rte_pktmbuf_append(mbuf, RTE_ETHER_HDR_LEN + l3_bytes);

	if (frame == NULL) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	memcpy(frame, &original->in->mac, RTE_ETHER_ADDR_LEN);
	memcpy(frame + RTE_ETHER_ADDR_LEN, &original->in->mac, RTE_ETHER_ADDR_LEN);
	store16(frame + 2 * RTE_ETHER_ADDR_LEN, original->ethertype);
	return mbuf;
}

bool icmp_error(struct worker *worker, const struct packet *original, enum packet_exit reason,
	uint16_t mtu, struct packet *error)
{
	struct api_ledger *ledger = &worker->ledger[original->in->id];
	bool is_ipv4 = packet_is_ipv4(original);
	unsigned int header_bytes = ICMP_HEADER_BYTES;

	if (!icmp_may_tell(original))
		return false;
	ledger->generated++;
	if (!budget_take(worker, original->in, API_BUDGET_ICMP)) {
		ledger_drop(ledger, API_DROP_ICMP_BUDGET, 0);
		return false;
	}
	header_bytes += is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;

	unsigned int room = (is_ipv4 ? IPV4_ERROR_MAX : IPV6_ERROR_MAX) - header_bytes;
	unsigned int quoted = RTE_MIN(original->l3_bytes, room);
	struct rte_mbuf *mbuf = make_frame(worker, original, header_bytes + quoted);

	if (mbuf == NULL) {
		ledger_drop(ledger, API_DROP_NO_MEMORY, 0);
		return false;
	}
	*error = (struct packet){
		.mbuf = mbuf,
		.in = original->in,
		.ethertype = original->ethertype,
		.l3_bytes = header_bytes + quoted,
		.l3_offset = RTE_ETHER_HDR_LEN,
		.generated = true,
	};
	if (is_ipv4)
		write_error4(packet_l3(error), original, reason, mtu, quoted);
	else
		write_error6(packet_l3(error), original, reason, mtu, quoted);
	return true;
}
