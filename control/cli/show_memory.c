/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/show_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"

#define VRF_PREFIX "vrf "

static json_t *limit_json(uint64_t limit)
{
	return limit != 0 ? json_integer((json_int_t)limit) : json_null();
}

static json_t *consumer_row(const struct api_memory *memory)
{
	return json_pack("{s:s, s:I, s:n, s:n, s:I, s:o}", "name", memory->name, "used_bytes",
		(json_int_t)memory->used_bytes, "fib_bytes", "rib_bytes", "used",
		(json_int_t)memory->used, "capacity", limit_json(memory->capacity));
}

static json_t *vrf_row(const struct api_vrf *vrf)
{
	char name[sizeof(VRF_PREFIX) + API_NAME_MAX];

	snprintf(name, sizeof(name), VRF_PREFIX "%s", vrf->name);
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name", name, "used_bytes",
		(json_int_t)(vrf->fib_bytes + vrf->rib_bytes), "fib_bytes",
		(json_int_t)vrf->fib_bytes, "rib_bytes", (json_int_t)vrf->rib_bytes, "used",
		(json_int_t)vrf->routes4 + vrf->routes6, "capacity", (json_int_t)vrf->routes_max,
		"routes4", (json_int_t)vrf->routes4, "routes6", (json_int_t)vrf->routes6);
}

static int bigger_first(const void *left, const void *right)
{
	json_int_t a = json_integer_value(json_object_get(*(json_t *const *)left, "used_bytes"));
	json_int_t b = json_integer_value(json_object_get(*(json_t *const *)right, "used_bytes"));

	return (a < b) - (a > b);
}

static json_t *sorted(json_t **rows, size_t count)
{
	json_t *array = json_array();

	qsort(rows, count, sizeof(*rows), bigger_first);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, rows[i]);
	return array;
}

json_t *memory_rows(const struct dump *memory, const struct dump *vrfs)
{
	json_t **rows = calloc(memory->count + vrfs->count + 1, sizeof(*rows)), *array;
	size_t count = 0;

	if (rows == NULL)
		return NULL;
	for (size_t i = 0; i < vrfs->count; i++)
		rows[count++] = vrf_row(dump_row(vrfs, i));
	for (size_t i = 0; i < memory->count; i++) {
		const struct api_memory *each = dump_row(memory, i);

		/* The dump of vrfs says more. */
		if (strncmp(each->name, VRF_PREFIX, strlen(VRF_PREFIX)) != 0)
			rows[count++] = consumer_row(each);
	}
	array = sorted(rows, count);
	free(rows);
	return array;
}

json_t *memory_total(const json_t *rows)
{
	static const char *const keys[] = {"used_bytes", "fib_bytes", "rib_bytes"};
	json_t *total = json_pack("{s:s}", "name", "total"), *row;
	size_t index;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_int_t sum = 0;

		json_array_foreach (rows, index, row)
			sum += json_integer_value(json_object_get(row, keys[i]));
		json_object_set_new(total, keys[i], json_integer(sum));
	}
	return total;
}

int show_memory_run(const struct cli *cli)
{
	static const struct column columns[] = {
		{"name", "NAME", FORMAT_TEXT},
		{"used_bytes", "BYTES", FORMAT_BYTES},
		{"fib_bytes", "FIB", FORMAT_BYTES},
		{"rib_bytes", "RIB", FORMAT_BYTES},
		{"used", "USED", FORMAT_NUMBER},
		{"capacity", "CAPACITY", FORMAT_NUMBER},
	};
	struct api_client *client = dataplane_open(cli);
	struct dump memory = {0}, vrfs = {0};
	json_t *rows = NULL;

	if (client == NULL)
		return STATUS_REFUSED;
	if (dataplane_dump(cli, client, API_MEMORY, &memory) == 0 &&
		dataplane_dump(cli, client, API_VRF, &vrfs) == 0) {
		rows = memory_rows(&memory, &vrfs);
		if (rows == NULL)
			dataplane_report(cli, -ENOMEM);
	}
	api_client_close(client);
	dump_free(&memory);
	dump_free(&vrfs);
	if (rows == NULL)
		return STATUS_REFUSED;
	/* Programs add up themselves. */
	if (!cli->json)
		json_array_append_new(rows, memory_total(rows));
	return rows_print(cli, columns, sizeof(columns) / sizeof(columns[0]), rows);
}
