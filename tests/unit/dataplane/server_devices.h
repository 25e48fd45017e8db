/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the process that need EAL, replaced, so that the server runs on the real tables
 * (vrf, fib, nexthop, interface, reclaim) in tests, in the fuzzer and in the benchmark.
 */
#pragma once

#include <stdbool.h>

extern bool devices_open; /* port_open_all was called */

/* Frees all tables, real ones too. */
void devices_reset(void);
