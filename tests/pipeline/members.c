/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pipeline/members.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"

#define link_tags (&encapsulations[1])

void set_member(unsigned int member, bool resolved)
{
	struct api_adjacency api = {
		.id = 100 + member,
		.interface = 2,
		.family = AF_INET,
		.resolved = resolved,
		.mac = {0x0a, 0, 0, 0, 0, member},
		.address = {172, 16, 0, member},
		.path = 1 + member,
	};
	struct api_path path = {.id = 1 + member, .interface = 2, .family = AF_INET};

	memcpy(path.address, api.address, sizeof(path.address));
	assert_int_equal(path_upsert(&path), 0);
	assert_int_equal(adjacency_upsert(&api), 0);
}

void scene_with_members(unsigned int n)
{
	uint32_t ids[API_GROUP_MEMBERS_MAX];

	scene(link_tags, link_tags);
	for (unsigned int i = 0; i < n; i++) {
		set_member(i, true);
		ids[i] = 100 + i;
	}
	add_group(40, n, ids);
	add_route(1, "10.1.0.0", 16, 40);
	add_route(1, "2001:db8:b::", 48, 40);
}

int member_of(const struct frame *in)
{
	static struct frame out;

	receive_one(0, in);
	if (sent_count(1) == 0)
		return NOBODY;
	take_sent(1, &out);
	assert_memory_equal(out.bytes, "\x0a\x00\x00\x00\x00", 5);
	return out.bytes[5];
}

void make_flow(struct frame *in, int family, enum vary vary, unsigned int i)
{
	unsigned int l3 = 18, l4 = family == AF_INET ? l3 + 20 : l3 + 40;
	unsigned int source = family == AF_INET ? l3 + 14 : l3 + 22;
	unsigned int destination = family == AF_INET ? l3 + 18 : l3 + 38;
	const unsigned int at[] = {l4, l4 + 2, source, destination};

	frame_to_us(in, 0, link_tags, family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(in, family, 64, 20, 0);
	in->bytes[at[vary]] = i >> 8;
	in->bytes[at[vary] + 1] = i & 0xff;
	if (family == AF_INET) {
		uint16_t checksum;

		memset(in->bytes + l3 + 10, 0, 2);
		checksum = internet_checksum(in->bytes + l3, 20, 0);
		in->bytes[l3 + 10] = checksum >> 8;
		in->bytes[l3 + 11] = checksum & 0xff;
	}
}

int member_of_fragment(struct frame *in, unsigned int host, unsigned int fragment)
{
	char source[32];

	snprintf(source, sizeof(source), "10.0.3.%u", host);
	frame_to_us(in, 0, link_tags, 0x0800);
	frame_ipv4(in, &(struct ipv4){.source = source,
			       .destination = "10.1.0.9",
			       .ttl = 9,
			       .protocol = IPPROTO_UDP,
			       .fragment = (fragment == 3 ? 0 : 0x2000) | fragment * 3,
			       .payload = 24});
	frame_fill(in, 24, fragment * 31 + host);
	return member_of(in);
}
