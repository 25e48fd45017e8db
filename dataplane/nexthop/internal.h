/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between adjacency.c and group.c; main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool adjacency_exists(uint32_t id);
/* References by groups; adjacency_delete refuses while there is one. */
void adjacency_hold(uint32_t id);
void adjacency_release(uint32_t id);
uint32_t adjacency_count(void);
void adjacency_fini(void);
