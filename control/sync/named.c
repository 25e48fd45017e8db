/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids of what has a name: ports, vrfs, interfaces, policers. */
#include <string.h>

#include "control/sync/copy.h"
#include "control/sync/internal.h"

static uint32_t named_find(const struct table *table, const char *name)
{
	uint32_t hash = hash_bytes(0, name, strlen(name));
	size_t at;
	uint32_t id = table_first(table, hash, &at);

	while (id != 0 && strcmp(((const struct named *)table_at(table, id))->name, name) != 0)
		id = table_next(table, hash, &at);
	return id;
}

uint32_t named_want(struct table *table, const char *name)
{
	uint32_t id = named_find(table, name);
	struct named *named;

	if (id == 0)
		id = table_add(table, hash_bytes(0, name, strlen(name)));
	if (id == 0)
		return 0;
	named = table_at(table, id);
	COPY_TEXT(named->name, name);
	named->wanted = true;
	return id;
}

void named_claim(struct table *table, uint32_t id, const char *name)
{
	uint32_t hash = hash_bytes(0, name, strlen(name));

	if (named_find(table, name) == 0 && table_claim(table, id, hash))
		COPY_TEXT(((struct named *)table_at(table, id))->name, name);
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
