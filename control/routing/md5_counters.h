/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel of a routing domain refused because of TCP-MD5 (RFC 2385), since the namespace is
 * there. BGP never hears of such segments, so this is the only witness of a wrong key.
 */
#pragma once

#include <stdint.h>

struct md5_counters {
	uint64_t missing;    /* not signed, where a key is set */
	uint64_t unexpected; /* signed, where none is */
	uint64_t wrong;      /* signed with another key */
};

/* 0 or -errno. Moves the calling thread into the namespace and back. */
int md5_counters_read(int netns, struct md5_counters *counters);
/* The same of the text of /proc/net/netstat. -EINVAL: it has no such counters. */
int md5_counters_parse(const char *text, struct md5_counters *counters);
