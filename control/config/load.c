/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"
#include "dataplane/api/api.h"

/* The dataplane numbers interfaces and routing domains; more than it has do not fit one edge. */
static void check_limits(struct build *build)
{
	const struct site *site = build->site;

	for (unsigned int edge = 0; edge < site->edge_count; edge++) {
		unsigned int links = site->vnet_count + site->service_count;
		for (unsigned int i = 0; i < site->circuit_count; i++) {
			const struct site_circuit *circuit = &site->circuits[i];
			const struct port_ref *ports = site->port_pairs[circuit->port_pair].ports;
			for (unsigned int half = 0; half < LINKS; half++) {
				if (ports[half].present && ports[half].edge == edge)
					links += circuit->peering_count;
			}
		}
		if (links >= API_INTERFACES_MAX || links >= API_VRFS_MAX)
			report(build->loader, build->root, SITE_CIRCUITS,
				"edge \"%s\" would have %u links; it takes at most %u",
				site->edges[edge].name, links, API_INTERFACES_MAX - 1);
	}
}

static struct site *build_site(struct loader *loader, const struct record *root)
{
	struct build build = {.loader = loader, .root = root};

	build.site = calloc(1, sizeof(*build.site));
	if (build.site == NULL) {
		loader->no_memory = true;
		return NULL;
	}
	copy_name(build.site->name, root, SITE_NAME);
	copy_name(build.site->place.location, root, SITE_LOCATION);
	copy_name(build.site->place.region, root, SITE_REGION);
	build.site->asn = (uint32_t)record_number(root, SITE_ASN, 0);
	build_budgets(&build);
	build.site->revision = record_number(root, SITE_REVISION, 0);
	if (!build_edges(&build) || !build_pairs(&build) || !build_filters(&build) ||
		!build_circuits(&build) || !build_vnets(&build) || !build_services(&build) ||
		!build_global_reach(&build))
		loader->no_memory = true;
	else if (loader->findings->errors == 0)
		check_limits(&build);
	return build.site;
}

struct site *config_load(const char *document, size_t length, struct config_findings *findings)
{
	struct loader loader = {.findings = findings};
	struct site *site = NULL;

	memset(findings, 0, sizeof(*findings));
	const struct record *root = walk_document(&loader, &site_schema, document, length);
	if (root != NULL && !loader.no_memory)
		site = build_site(&loader, root);
	findings_sort(&loader);
	loader_free(&loader);
	if (loader.no_memory)
		config_findings_free(findings);
	if (!loader.no_memory && findings->errors == 0)
		return site;
	site_free(site);
	return NULL;
}
