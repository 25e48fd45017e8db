/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual scene with a group of several members instead, and flows to see which of them each
 * takes. Links are tagged as encapsulations[1] says.
 */
#pragma once

#include "tests/pipeline/fixture.h"

enum { FLOWS = 4096, NOBODY = -1 };

/* Members 0..n-1 of group 40 are neighbours 100.. on interface 2, with paths 1..; their addresses
 * are 172.16.0.0 and up. Routes of both families lead to the group. */
void scene_with_members(unsigned int n);
void set_member(unsigned int member, bool resolved);

/* Which member the frame leaves by; NOBODY: it is not sent. */
int member_of(const struct frame *in);

/* Flow i of the given family; what varies is chosen by `vary`. */
enum vary { VARY_SOURCE_PORT, VARY_DESTINATION_PORT, VARY_SOURCE, VARY_DESTINATION };
void make_flow(struct frame *in, int family, enum vary vary, unsigned int i);

/* The same for fragment 0..3 of the packet of that host, which it writes to *in. */
int member_of_fragment(struct frame *in, unsigned int host, unsigned int fragment);
