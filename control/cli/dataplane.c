/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/dataplane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct api_client *dataplane_open(const struct cli *cli)
{
	struct api_hello hello;
	struct api_client *client = api_client_open(cli->run_dir, API_ROLE_READER, &hello);

	if (client != NULL)
		return client;
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		cli_error(cli,
			"the dataplane does not run here (%s/dataplane.sock: %s); start it with "
			"`systemctl start onramp-dataplane` or `onramp-dataplane --run-dir %s`",
			cli->run_dir, strerror(errno), cli->run_dir);
		break;
	case EPROTO:
		cli_error(cli, "the dataplane is of another version than this command; restart it, "
			       "or use the onramp command that was installed with it");
		break;
	case EPERM:
	case EACCES:
		cli_error(cli,
			"%s/dataplane.sock: %s; only root and the dataplane's own user may ask it",
			cli->run_dir, strerror(errno));
		break;
	default:
		cli_error(cli, "%s/dataplane.sock: %s", cli->run_dir, strerror(errno));
	}
	return NULL;
}

void dataplane_report(const struct cli *cli, int error)
{
	if (error == -ENOMEM)
		cli_error(cli, "no memory");
	else
		cli_error(cli, "the dataplane did not answer: %s", strerror(-error));
}

static void add_row(const void *row, void *context)
{
	struct dump *dump = context;
	size_t size = api_row_size(dump->object);

	if (dump->count == dump->capacity && !dump->no_memory) {
		size_t capacity = dump->capacity == 0 ? 256 : dump->capacity * 2;
		void *rows = realloc(dump->rows, capacity * size);
		dump->no_memory = rows == NULL;
		if (rows != NULL) {
			dump->rows = rows;
			dump->capacity = capacity;
		}
	}
	if (dump->no_memory)
		return;
	memcpy((char *)dump->rows + dump->count * size, row, size);
	dump->count++;
}

int dataplane_dump(
	const struct cli *cli, struct api_client *client, enum api_object object, struct dump *dump)
{
	int error;

	*dump = (struct dump){.object = object};
	error = api_client_dump(client, object, 0, add_row, dump);
	if (error == 0 && dump->no_memory)
		error = -ENOMEM;
	if (error != 0)
		dataplane_report(cli, error);
	return error;
}

void dump_free(struct dump *dump)
{
	free(dump->rows);
	*dump = (struct dump){0};
}

const void *dump_row(const struct dump *dump, size_t i)
{
	return (const char *)dump->rows + i * api_row_size(dump->object);
}

const void *dump_find(const struct dump *dump, uint32_t id)
{
	size_t low = 0, high = dump->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const void *row = dump_row(dump, middle);
		uint32_t found = *(const uint32_t *)row;

		if (found == id)
			return row;
		if (found < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *dump_port_name(const struct dump *ports, uint32_t id)
{
	for (size_t i = 0; i < ports->count; i++) {
		const struct api_port *port = dump_row(ports, i);
		if (port->id == id)
			return port->name;
	}
	return "?";
}
