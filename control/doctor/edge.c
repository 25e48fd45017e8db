/* SPDX-License-Identifier: BSD-3-Clause */
/* What everything else stands on: the edge's own programs, and the state of the circuit. */
#include <inttypes.h>
#include <string.h>

#include "control/doctor/rules.h"

#define WHERE "this edge"

static void wrong_here(struct doctor_case *at, const char *text, const char *next)
{
	doctor_next(doctor_add(at, DOCTOR_WRONG, SIDE_OURS, WHERE, NULL, "%s", text), "%s", next);
}

/* The texts of what is away say how it is started. */
void doctor_edge(struct doctor_case *at)
{
	const struct doctor_facts *facts = at->facts;
	unsigned int before = at->report->count;

	if (facts->dataplane_away != NULL)
		wrong_here(at, facts->dataplane_away,
			"start it with `systemctl start onramp-dataplane`, and see its log");
	if (facts->control_away != NULL)
		wrong_here(at, facts->control_away,
			"start it with `systemctl start onramp-control`, and see its log; packets "
			"are forwarded meanwhile, but nothing new is learned");
	else if (facts->dataplane_away == NULL && facts->unsynced != NULL)
		wrong_here(at, facts->unsynced, "see `onramp show status`, and control's log");
	if (facts->bgp_away != NULL)
		wrong_here(at, facts->bgp_away,
			"start FRR with `systemctl start onramp-zebra onramp-bgpd onramp-staticd`, "
			"and see its log; packets are forwarded by the last routes meanwhile");
	else if (facts->control_away == NULL && !facts->frr_told)
		wrong_here(at, "FRR does not run what control wants of it yet",
			"see `onramp show status`; if it stays so, control's log says what FRR "
			"refused");
	else if (facts->control_away == NULL && !facts->bfdd_there)
		wrong_here(at, "FRR's bfdd is away, so no new BFD session begins",
			"start FRR's bfdd, and see `onramp show status`");
	if (facts->held_routes != 0)
		doctor_next(doctor_add(at, DOCTOR_WARN, SIDE_OURS, WHERE, NULL,
				    "%" PRIu64 " routes of a routing daemon that died are kept "
				    "until it has stated them again",
				    facts->held_routes),
			"see `onramp show status`; it ends by itself");
	if (at->report->count == before)
		doctor_add(at, DOCTOR_OK, SIDE_NONE, WHERE, NULL,
			"dataplane, control and FRR work together");
}

static void not_provisioned(struct doctor_case *at)
{
	const struct doctor_facts *facts = at->facts;
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, SIDE_PROVIDER, facts->circuit,
		NULL, "the provider has not provisioned it: its state is %s",
		facts->provider_state);

	doctor_next(finding,
		"write to the provider: \"Please connect the circuit with the service key %s, and "
		"set it provisioned.\" (`onramp circuit provision %s`)",
		facts->service_key, facts->service_key);
}

void doctor_circuit(struct doctor_case *at)
{
	const struct doctor_facts *facts = at->facts;
	struct doctor_finding *finding;

	if (facts->control_away != NULL) {
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, facts->address, NULL,
			"what is sold is known to control alone");
		return;
	}
	if (!facts->enabled) {
		finding = doctor_add(
			at, DOCTOR_WRONG, SIDE_OURS, facts->circuit, NULL, "it is disabled");
		doctor_next(finding, "onramp circuit enable %s", facts->circuit);
	} else if (!facts->forwards) {
		not_provisioned(at);
	} else if (facts->peerings_sold == 0) {
		finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, facts->circuit, NULL,
			"it has no peering, so nothing can pass");
		doctor_next(finding,
			"add one with `onramp peering set %s/private '{...}'`; see "
			"docs/configuration.md for its fields",
			facts->circuit);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, facts->circuit, NULL, "%s%senabled",
			facts->provider_state != NULL ? facts->provider_state : "",
			facts->provider_state != NULL ? ", " : "");
	}
}
