/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sync, a kernel and an FRR that do what the test says; linked instead of the real ones.
 */
#pragma once

#include <stdbool.h>

#include "control/sync/sync.h"

struct fakes {
	struct site *site; /* in force */
	struct plan *plan;
	unsigned int applied; /* calls of sync_apply */
	int apply_error;      /* what the next sync_apply returns, once */
	bool frr_away;
	bool frr_waits; /* keep answers until fakes_answer() */
	unsigned int queries;
	const char *answers[4]; /* JSON text by order of the commands; NULL: no answer */
	bool kernel_up;
	bool refuses; /* private.contoso's soft limit, 10.9.0.0/16 by the secondary */
	bool learned; /* BGP's 10.9.0.0/16 of private.contoso */
	struct sync_leaks to_circuit, from_circuit; /* of each connection */
	bool troubled;             /* the secondary link of the first domain, for its key */
	int test_error;            /* what sync_link_test returns, of contoso/private/primary */
	unsigned int test_seconds; /* what it was asked for */
	char drains[8][64];        /* all of them drained */
	unsigned int drain_count, drained_at_once;
};

extern struct fakes fakes;

/* Gives the answer that frr_query waits for; false when none is asked for. */
bool fakes_answer(void);
void fakes_reset(void);

/* A document that every part accepts, for edge lab-a. Its circuit contoso is direct; in the other
 * one it is a provider's. */
extern const char document_good[];
extern const char document_provider[];
