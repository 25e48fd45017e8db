/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stddef.h>

#include "dataplane/api/api.h"
#include "dataplane/api/bfd_refusals.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const states[] = {"admin-down", "down", "init", "up"};

static const char *const diagnostics[] = {
	"none",
	"control detection time expired",
	"echo function failed",
	"neighbour signalled session down",
	"forwarding plane reset",
	"path down",
	"concatenated path down",
	"administratively down",
	"reverse concatenated path down",
};

static const struct {
	const char *name, *text;
} refusals[] = {
#define REFUSAL(id, name, text) {name, text},
	BFD_REFUSALS(REFUSAL)
#undef REFUSAL
};

static_assert(COUNT(refusals) <= API_BFD_REFUSALS_MAX, "a counter for each reason");

const char *api_bfd_state_name(uint8_t state)
{
	return state < COUNT(states) ? states[state] : NULL;
}

const char *api_bfd_diag_text(uint8_t diag)
{
	return diag < COUNT(diagnostics) ? diagnostics[diag] : NULL;
}

const char *api_bfd_refusal_name(unsigned int refusal)
{
	return refusal < COUNT(refusals) ? refusals[refusal].name : NULL;
}

const char *api_bfd_refusal_text(unsigned int refusal)
{
	return refusal < COUNT(refusals) ? refusals[refusal].text : NULL;
}
