/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rte_lpm with a full Internet table. rte_lpm_add() would take minutes for it (6,800 a second), so
 * the look-up tables, which its header declares, are painted here from the shortest prefix to the
 * longest. What is measured is its own inline look-up; lpm_compare() sees that the answers are
 * right.
 */
#include <rte_cycles.h>
#include <rte_eal.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla" /* DPDK's header */
#include <rte_lpm.h>
#pragma GCC diagnostic pop

#include "tests/bench/fib_bench.h"

#define TBL8S 4096u
#define TBL8_ENTRIES RTE_LPM_TBL8_GROUP_NUM_ENTRIES

static uint32_t tbl8_used;

static uint32_t tbl8_new(struct rte_lpm *lpm, struct rte_lpm_tbl_entry around)
{
	REQUIRE(tbl8_used < TBL8S);
	around.valid_group = 1;
	for (uint32_t i = 0; i < TBL8_ENTRIES; i++)
		lpm->tbl8[tbl8_used * TBL8_ENTRIES + i] = around;
	return tbl8_used++;
}

static void lpm_paint(struct rte_lpm *lpm, uint32_t address, unsigned int length, uint32_t group)
{
	struct rte_lpm_tbl_entry entry = {.next_hop = group, .valid = 1, .depth = length};
	struct rte_lpm_tbl_entry *top = &lpm->tbl24[address >> 8];
	uint32_t first;

	if (length <= 24) {
		for (uint32_t i = 0; i < 1u << (24 - length); i++)
			top[i] = entry;
		return;
	}
	if (!top->valid_group)
		*top = (struct rte_lpm_tbl_entry){
			.next_hop = tbl8_new(lpm, *top), .valid = 1, .valid_group = 1};
	entry.valid_group = 1;
	first = top->next_hop * TBL8_ENTRIES + (address & 0xff);
	for (uint32_t i = 0; i < 1u << (32 - length); i++)
		lpm->tbl8[first + i] = entry;
}

struct rte_lpm *lpm_load(const struct prefixes *prefixes)
{
	struct rte_lpm_config config = {.max_rules = 1024, .number_tbl8s = TBL8S};
	struct rte_lpm *lpm = rte_lpm_create("bench", SOCKET_ID_ANY, &config);

	REQUIRE(lpm != NULL);
	tbl8_used = 0;
	for (unsigned int length = 1; length <= 32; length++)
		for (uint32_t i = 0; i < prefixes->count; i++)
			if (prefixes->lengths[i] == length)
				lpm_paint(lpm, (uint32_t)(prefixes->keys[i] >> 96), length,
					bench_group(i));
	return lpm;
}

void lpm_free(struct rte_lpm *lpm)
{
	rte_lpm_free(lpm);
}

double lpm_cycles(const struct rte_lpm *lpm, const struct stream *stream)
{
	uint32_t next_hops[BURST], sum = 0;
	uint64_t start = rte_rdtsc_precise();

	for (uint32_t i = 0; i < stream->count; i += BURST) {
		rte_lpm_lookup_bulk(lpm, stream->addresses4 + i, next_hops, BURST);
		sum += next_hops[0] + next_hops[BURST - 1];
	}
	__asm__ volatile("" : : "r"(sum));
	return (double)(rte_rdtsc_precise() - start) / stream->count;
}

void lpm_compare(const struct rte_lpm *lpm, const struct stream *stream)
{
	uint32_t groups[BURST], expected;

	for (uint32_t i = 0; i < stream->count; i += BURST) {
		fib_lookup4_bulk(stream->fibs + i, stream->addresses4 + i, groups, BURST);
		for (uint32_t j = 0; j < BURST; j++) {
			if (rte_lpm_lookup(lpm, stream->addresses4[i + j], &expected) != 0)
				expected = 0;
			REQUIRE(groups[j] == expected);
		}
	}
}
