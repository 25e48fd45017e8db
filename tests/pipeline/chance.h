/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations and packets by chance, for pairs of answers that have to be the same. A seed makes
 * all that follows.
 */
#pragma once

#include "tests/pipeline/fixture.h"

enum { CHANCE_LINKS = 6 };

void chance_seed(uint32_t seed);
/* From 0 to n - 1. */
unsigned int chance_below(unsigned int n);

/* Fills the empty tables, once after each fixture_setup(): links with all kinds of tags, domains,
 * source checks and policers on all ports; neighbours, groups and nested routes. */
void chance_configuration(void);
/* The link's port. */
uint32_t chance_port(uint32_t link);

/* For a link of the configuration, mostly: some are wrong in a bit, or cut short. */
void chance_packet(struct frame *frame, uint32_t link);
/* As time goes by: all credit is back, but for one policer, perhaps, that is spent. */
void chance_credit(void);
