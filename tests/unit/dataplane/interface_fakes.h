/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What dataplane/interface and dataplane/nexthop stand on, without EAL, devices or threads: ports,
 * domains and the punt thread are these, and each notes what it was asked.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/port/port.h"

extern struct port
	fake_ports[3]; /* 0: outer 0x8100, 1: 0x88a8; 2: not there until a test adds it */
extern uint32_t fake_vrf_references[4]; /* vrfs 1..3 exist */

/* What the punt thread watches; -1: nothing. */
extern int fake_watched_fd[API_INTERFACES_MAX];
extern uint32_t fake_watched_epoch[API_INTERFACES_MAX];
extern int fake_watch_error; /* next punt_watch fails with it */

int fakes_setup(void **state);
int fakes_teardown(void **state);

#define fake_test(function) cmocka_unit_test_setup_teardown(function, fakes_setup, fakes_teardown)

/* A valid interface: vrf 1, MTU 1500. */
struct api_interface api_of(uint32_t id, uint32_t port, uint16_t s_tag, uint16_t c_tag);
bool is_open(int fd);
/* An open fd that stands for a TAP. */
int make_fd(void);
