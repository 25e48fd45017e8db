/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/config/build.h"

static void build_path(struct loader *loader, const struct record *record, unsigned int field,
	const char *example, char path[256])
{
	const char *text = record_name(record, field);

	if (text[0] != '\0' && text[0] != '/')
		report(loader, record, field, "\"%s\" is no absolute path; write one, such as %s",
			text, example);
	else
		memcpy(path, text, strlen(text) + 1);
}

static void build_validation(
	struct loader *loader, const struct record *record, struct machine_validation *validation)
{
	const struct record *rtr = record != NULL ? record_of(record, VALIDATION_RTR) : NULL;

	if (record == NULL)
		return;
	build_path(loader, record, VALIDATION_REGISTRY, "/etc/onramp/registry.csv",
		validation->registry);
	build_path(loader, record, VALIDATION_VRPS, "/var/lib/rpki-client/json", validation->vrps);
	if (rtr == NULL)
		return;
	snprintf(validation->rtr_host, sizeof(validation->rtr_host), "%s",
		record_name(rtr, RTR_HOST));
	validation->rtr_port = (uint16_t)record_number(rtr, RTR_PORT, 0);
}

static void build_machine(struct loader *loader, const struct record *root, struct machine *machine)
{
	struct build build = {.loader = loader, .root = root};

	copy_name(machine->edge, root, MACHINE_EDGE);
	machine->stale_s = (unsigned int)record_number(root, MACHINE_STALE, 0);
	machine->sample_s = (unsigned int)record_number(root, MACHINE_SAMPLE, 0);
	machine->has_cores = root->values[MACHINE_CORES].given;
	build_cores(&build, record_of(root, MACHINE_CORES), &machine->own);
	machine->has_memory = root->values[MACHINE_MEMORY].given;
	build_memory(record_of(root, MACHINE_MEMORY), &machine->own);
	build_path(loader, root, MACHINE_STATE_DIR, "/srv/onramp", machine->state_dir);
	build_validation(loader, record_of(root, MACHINE_VALIDATION), &machine->validation);
}

int machine_load(const char *document, size_t length, struct machine *machine,
	struct config_findings *findings)
{
	struct loader loader = {.findings = findings};
	const struct record *root;

	*machine = (struct machine){0};
	*findings = (struct config_findings){0};
	root = walk_document(&loader, &machine_schema, document, length);
	if (root != NULL && !loader.no_memory)
		build_machine(&loader, root, machine);
	findings_sort(&loader);
	loader_free(&loader);
	if (loader.no_memory) {
		config_findings_free(findings);
		return -ENOMEM;
	}
	return findings->errors == 0 ? 0 : -EINVAL;
}

void machine_apply(const struct machine *machine, struct site_edge *edge)
{
	if (machine->has_cores) {
		memcpy(edge->worker_cpus, machine->own.worker_cpus, sizeof(edge->worker_cpus));
		memcpy(edge->control_cpus, machine->own.control_cpus, sizeof(edge->control_cpus));
		edge->worker_cpu_count = machine->own.worker_cpu_count;
		edge->control_cpu_count = machine->own.control_cpu_count;
		edge->idle_sleep_us = machine->own.idle_sleep_us;
	}
	if (machine->has_memory) {
		edge->memory_mb = machine->own.memory_mb;
		edge->hugepages = machine->own.hugepages;
	}
}
