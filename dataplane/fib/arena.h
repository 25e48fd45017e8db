/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of what workers search. All of it lies in one reservation of address space, so that a
 * piece is named by an offset of 32 bits, and in huge pages where the kernel has some: a look-up is
 * a few cache misses at random places, and would else be as many TLB misses.
 *
 * Objects of one size share a span of pages; a span without objects serves any size again, and
 * 2 MiB without spans go back to the kernel. Main thread only, but for reading.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#define ARENA_UNIT 16u /* offsets are multiples of it */

extern uint8_t *arena_base; /* never changes once something was allocated */

/* Offset of at least `bytes` bytes, on a boundary of `ARENA_UNIT`, of 64 from 64 bytes on when
 * bytes is a multiple of 64. Not zeroed. 0: no memory. */
uint32_t arena_alloc(uint32_t bytes);
/* With the same number of bytes as it was allocated. */
void arena_free(uint32_t offset, uint32_t bytes);
/* What an object of this size really takes. */
uint32_t arena_bytes(uint32_t bytes);

/* For tests: allocation fails while set. */
extern bool arena_fails;

static __rte_always_inline void *arena_get(uint32_t offset)
{
	return arena_base + offset;
}
