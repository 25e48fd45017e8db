/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids of what has a name: ports, vrfs, interfaces. */
#include <string.h>

#include "control/sync/copy.h"
#include "control/sync/internal.h"

uint32_t named_want(struct table *table, const char *name)
{
	uint32_t hash = table_hash(0, name, strlen(name));
	struct named *named;
	uint32_t id;

	for (id = table_first(table, hash); id != 0; id = table_next(table, id)) {
		named = table_at(table, id);
		if (strcmp(named->name, name) == 0) {
			named->wanted = true;
			return id;
		}
	}
	id = table_add(table, hash);
	if (id == 0)
		return 0;
	named = table_at(table, id);
	COPY_TEXT(named->name, name);
	named->wanted = true;
	return id;
}

void named_forget(struct table *table)
{
	uint32_t id;

	for (id = table_walk(table, 0); id != 0; id = table_walk(table, id + 1))
		if (!((struct named *)table_at(table, id))->wanted)
			table_remove(table, id);
}

void named_unwant(struct table *table)
{
	uint32_t id;

	for (id = table_walk(table, 0); id != 0; id = table_walk(table, id + 1))
		((struct named *)table_at(table, id))->wanted = false;
}
