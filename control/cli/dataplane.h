/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the dataplane (dataplane/api/client.h), without control.
 */
#pragma once

#include <stddef.h>

#include "control/cli/command.h"
#include "dataplane/api/client.h"

/* Everything of one kind, as structs one after another. */
struct dump {
	enum api_object object;
	void *rows;
	size_t count;
	size_t capacity;
	bool no_memory;
};

/* A connection as reader. NULL: reported. */
struct api_client *dataplane_open(const struct cli *cli);

/* All rows of object (of vrf, for routes; 0: all). 0, or -errno and reported. Free it either way.
 */
int dataplane_dump(const struct cli *cli, struct api_client *client, enum api_object object,
	struct dump *dump);
void dump_free(struct dump *dump);

/* The i-th row. */
const void *dump_row(const struct dump *dump, size_t i);

/* The row whose id is that; NULL: there is none. Of objects that begin with their id: dumps have
 * them in ascending order. */
const void *dump_find(const struct dump *dump, uint32_t id);

/* Says that a dump failed. */
void dataplane_report(const struct cli *cli, int error);

/* The name of the port with this id, "?" when it is not in the dump of API_PORT. */
const char *dump_port_name(const struct dump *ports, uint32_t id);
