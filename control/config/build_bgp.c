/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the BGP sessions of a peering or of a core attachment are given: TCP-MD5 and limits.
 */
#include <stdlib.h>
#include <string.h>

#include "control/config/build.h"

void build_md5(const struct build *build, const struct record *record, unsigned int field,
	struct md5_key **key)
{
	const struct value *file = usable(record, field);

	*key = NULL;
	if (file == NULL)
		return;
	if (file->text[0] != '/')
		report(build->loader, record, field,
			"\"%s\" is no absolute path, and control has no directory of its own; "
			"write it as %s",
			file->text, record->schema->fields[field].example);
	*key = calloc(1, sizeof(**key));
	if (*key == NULL) {
		build->loader->no_memory = true;
		return;
	}
	(*key)->line = file->line;
	memcpy((*key)->file, file->text, strlen(file->text) + 1);
}

struct prefix_limits build_limits(
	const struct record *record, const struct site_circuit *circuit, enum peering_type type)
{
	const struct record *limit = record_of(record, PEERING_LIMIT);
	struct prefix_limits limits = {.ipv4 = 200, .ipv6 = 200};

	if (type == PEERING_PRIVATE)
		limits = (struct prefix_limits){
			.ipv4 = circuit->tier == TIER_PREMIUM ? 10000 : 4000, .ipv6 = 100};
	if (limit == NULL)
		return limits;
	return (struct prefix_limits){
		.ipv4 = (uint32_t)record_number(limit, LIMIT_IPV4, limits.ipv4),
		.ipv6 = (uint32_t)record_number(limit, LIMIT_IPV6, limits.ipv6),
		.soft = record_number(limit, LIMIT_MODE, 0) != 0,
	};
}
