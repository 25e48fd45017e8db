/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a configuration, of a site and of a machine: a site whose plans and difference can
 * be made, or findings with lines; in no case both, and never a crash.
 */
#include <stdlib.h>
#include <string.h>

#include "control/config/machine.h"
#include "control/model/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void use_site(const struct site *site)
{
	for (unsigned int i = 0; i < site->edge_count; i++) {
		struct plan *plan = plan_build(site, i);
		require(plan != NULL);
		plan_free(plan);
		json_t *diff = config_diff(NULL, site, site->edges[i].name);
		require(diff != NULL);
		json_decref(diff);
	}
}

static void load_machine(const char *document, size_t size)
{
	struct config_findings findings;
	struct machine machine;
	int error = machine_load(document, size, &machine, &findings);

	require((error == 0) == (findings.errors == 0));
	require(error != 0 || (machine.edge[0] != '\0' && machine.state_dir[0] == '/'));
	config_findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_findings findings;
	/* libFuzzer may give NULL for nothing. */
	struct site *site = config_load(size > 0 ? (const char *)data : "", size, &findings);
	json_t *rows = config_findings_json(&findings);

	require((site != NULL) == (findings.errors == 0));
	require(json_array_size(rows) == findings.count);
	for (size_t i = 0; i < findings.count; i++)
		require(findings.items[i].line > 0);
	if (site != NULL)
		use_site(site);
	json_decref(rows);
	config_findings_free(&findings);
	site_free(site);
	load_machine(size > 0 ? (const char *)data : "", size);
	return 0;
}
