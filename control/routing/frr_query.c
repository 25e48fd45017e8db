/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "control/routing/frr_parts.h"

struct query {
	frr_answer answer;
	void *context;
};

static void on_query(void *context, int code, const char *text, size_t length)
{
	struct query *query = context;
	json_t *answer = code == VTY_OK ? json_loadb(text, length, 0, NULL) : NULL;

	query->answer(query->context, answer);
	json_decref(answer);
	free(query);
}

int frr_ask(struct vty *vty, const char *command, frr_answer answer, void *context)
{
	struct query *query = malloc(sizeof(*query));
	int error;

	if (!query)
		return -ENOMEM;
	query->answer = answer;
	query->context = context;
	error = vty_command(vty, command, on_query, query);
	if (error < 0)
		free(query);
	return error;
}
