// SPDX-License-Identifier: BSD-3-Clause
/*
 * All customers of a port on one veth, told apart by their addresses: link subnets are
 * FIRST_SUBNET + 8 * n, and the tag of circuit n is n + 1. Compiled with
 *   FIRST_SUBNET        IPv4, in host byte order
 *   PORT_IFINDEX        the port's netdev, where tagged frames go
 *   CUSTOMER_IFINDEX    the veth towards the customers, where untagged frames go
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ARP_TARGET_OFFSET (ETH_HLEN + 8 + ETH_ALEN + 4 + ETH_ALEN) /* RFC 826 */

/* Whom the frame is for: the edge's address on the circuit's link. 0: neither IPv4 nor ARP. */
static __always_inline __u32 target_address(struct __sk_buff *skb)
{
	__u32 offset = ETH_HLEN + offsetof(struct iphdr, daddr);
	__be32 address;

	if (skb->protocol == bpf_htons(ETH_P_ARP))
		offset = ARP_TARGET_OFFSET;
	else if (skb->protocol != bpf_htons(ETH_P_IP))
		return 0;
	if (bpf_skb_load_bytes(skb, offset, &address, sizeof(address)))
		return 0;
	return bpf_ntohl(address);
}

SEC("customer")
int from_customers(struct __sk_buff *skb)
{
	__u32 address = target_address(skb);

	if (address < FIRST_SUBNET || address >= FIRST_SUBNET + 8 * 4094)
		return TC_ACT_SHOT;
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), (address - FIRST_SUBNET) / 8 + 1))
		return TC_ACT_SHOT;
	return bpf_redirect(PORT_IFINDEX, 0);
}

SEC("port")
int from_port(struct __sk_buff *skb)
{
	if (!skb->vlan_present || bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	return bpf_redirect(CUSTOMER_IFINDEX, 0);
}

const char program_license[] SEC("license") = "Dual BSD/GPL";
