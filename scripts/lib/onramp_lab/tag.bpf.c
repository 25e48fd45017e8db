// SPDX-License-Identifier: BSD-3-Clause
/*
 * A customer's VLAN tagging without the 8021q module, for one link. Compiled with
 *   S_TAG, C_TAG        0: none
 *   ANY_INNER           1: what the customer sends has tags of its own, which stay as they are (a
 *                       provider's cross-connect)
 *   OUTER_ETHERTYPE     of the S-tag (a single tag is always 0x8100)
 *   PORT_IFINDEX        the port's netdev, where tagged frames go
 *   CUSTOMER_IFINDEX    the veth towards the customer, where untagged frames go
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VID_MASK 0x0fff

/* Ingress of the veth: the customer sends untagged, the wire carries tags. */
SEC("customer")
int from_customer(struct __sk_buff *skb)
{
	if (C_TAG && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), C_TAG))
		return TC_ACT_SHOT;
	if (S_TAG && bpf_skb_vlan_push(skb, bpf_htons(OUTER_ETHERTYPE), S_TAG))
		return TC_ACT_SHOT;
	return bpf_redirect(PORT_IFINDEX, 0);
}

/* The kernel has taken the outer tag off into vlan_tci before this runs; the inner one, if any,
 * still follows the addresses. */
static __always_inline int inner_vid(struct __sk_buff *skb)
{
	__be16 words[2]; /* EtherType, tag control information */

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), words, sizeof(words)))
		return -1;
	if (words[0] != bpf_htons(ETH_P_8021Q))
		return 0;
	return bpf_ntohs(words[1]) & VID_MASK;
}

/* Ingress of the port's netdev, one filter a link: what is not this link's goes to the next. */
SEC("port")
int from_port(struct __sk_buff *skb)
{
	const int outer = S_TAG ? S_TAG : C_TAG;
	const int inner = S_TAG ? C_TAG : 0;
	const int ethertype = S_TAG ? OUTER_ETHERTYPE : ETH_P_8021Q;

	if (!!outer != !!skb->vlan_present)
		return TC_ACT_UNSPEC;
	if (outer &&
		((skb->vlan_tci & VID_MASK) != outer || skb->vlan_proto != bpf_htons(ethertype)))
		return TC_ACT_UNSPEC;
	if (!ANY_INNER && inner_vid(skb) != inner)
		return TC_ACT_UNSPEC;
	if (outer && bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	if (inner && bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	return bpf_redirect(CUSTOMER_IFINDEX, 0);
}

/* The last filter of a port: the edge's own kernel is no party to this wire. */
SEC("nobody")
int for_nobody(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

const char program_license[] SEC("license") = "Dual BSD/GPL";
