/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers that exchange frames, with a pipeline that looks at each frame's flow and number. Shared
 * by the tests of one thread and of several.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include "dataplane/worker/exchange.h"

#define FAKE_WORKERS 4u
#define FAKE_FLOWS 256u
#define FAKE_PORT 3u

/* What a flow's frames look like. */
enum fake_kind {
	FAKE_UNTAGGED4,
	FAKE_VLAN4,
	FAKE_QINQ4,
	FAKE_VLAN6,
	FAKE_KINDS,
};

extern struct worker fake_workers[FAKE_WORKERS];
extern struct rte_mempool *fake_pool;

/* What each worker's pipeline has seen, by flow. */
struct fake_seen {
	uint64_t frames;
	uint64_t out_of_order;
	uint32_t next[FAKE_FLOWS]; /* number expected */
	bool mine[FAKE_FLOWS];
};
extern struct fake_seen fake_seen[FAKE_WORKERS];

/* cmocka: EAL, once a program; workers, before and after each test (all buffers must be back). */
int fake_start(void **state);
int fake_stop(void **state);
int fake_setup(void **state);
int fake_teardown(void **state);

/* Frame `number` of a flow; its kind is flow % FAKE_KINDS. NULL: no buffer. */
struct rte_mbuf *fake_frame(uint32_t flow, uint32_t number);
/* The port in a new life. */
void fake_port_up(enum exchange_mode mode);
struct port *fake_port(void);
