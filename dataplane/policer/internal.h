/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between policer.c and lease.c. Main writes, workers read.
 */
#pragma once

#include <stdint.h>

/* How long credit lies in a slot before it is given back; written before workers start. */
extern uint64_t policer_idle_cycles;
/* No id from here on was ever used. */
extern uint32_t policer_top;

struct policer;
/* Bytes that are not leased to anybody. Of a policer that is there. */
uint64_t policer_at_hand(const struct policer *policer, uint64_t tsc);
