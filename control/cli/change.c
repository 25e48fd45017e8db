/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/change.h"

#include <stdlib.h>
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/document.h"
#include "control/cli/table.h"

/* A value of a change, as short as it can be said. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static bool has_value(const json_t *value)
{
	return value != NULL && !json_is_null(value);
}

/* "  + contoso/private" or "  ~ contoso: bandwidth 1G -> 2G" */
static void print_change(const struct cli *cli, const json_t *change)
{
	const char *action = json_string_value(json_object_get(change, "action"));
	const char *what = json_string_value(json_object_get(change, "what"));
	const char *field = json_string_value(json_object_get(change, "field"));
	const json_t *from = json_object_get(change, "from"), *to = json_object_get(change, "to");
	bool add = action != NULL && strcmp(action, "add") == 0;
	bool remove = action != NULL && strcmp(action, "remove") == 0;
	const char *colour = add ? "\033[32m" : remove ? "\033[31m" : "\033[33m";

	fprintf(cli->out, "  %s%c %s", cli->colour ? colour : "",
		add      ? '+'
		: remove ? '-'
			 : '~',
		what != NULL ? what : "");
	if (field != NULL)
		fprintf(cli->out, ": %s", field);
	if (field != NULL && (has_value(from) || has_value(to))) {
		char *old = has_value(from) ? value_text(from) : strdup("(none)");
		char *new = has_value(to) ? value_text(to) : strdup("(none)");
		fprintf(cli->out, " %s -> %s", old != NULL ? old : "?", new != NULL ? new : "?");
		free(old);
		free(new);
	}
	fprintf(cli->out, "%s\n", cli->colour ? "\033[0m" : "");
}

static void print_diff(const struct cli *cli, const json_t *diff)
{
	static const struct column columns[] = {
		{"session", "SESSION", FORMAT_TEXT},
		{"effect", "EFFECT", FORMAT_TEXT},
	};
	const json_t *changes = json_object_get(diff, "changes");
	const json_t *sessions = json_object_get(diff, "sessions");
	size_t index;
	json_t *item;

	if (json_array_size(changes) == 0)
		fputs("Nothing changes.\n", cli->out);
	else
		fputs("Changes:\n", cli->out);
	json_array_foreach (changes, index, item)
		print_change(cli, item);
	if (json_array_size(sessions) > 0) {
		fputs("BGP sessions touched:\n", cli->out);
		table_print(cli, columns, 2, sessions);
	} else if (json_array_size(changes) > 0) {
		fputs("No BGP session is touched.\n", cli->out);
	}
	json_array_foreach (json_object_get(diff, "restart"), index, item)
		fprintf(cli->out, "The dataplane must be restarted: %s\n", json_string_value(item));
}

/* What control said no to. */
static void report_refusal(const struct cli *cli, const json_t *reply)
{
	const json_t *findings = json_object_get(reply, "findings");
	size_t index;
	json_t *conflict;

	if (cli->json)
		json_print(cli, reply);
	json_array_foreach (json_object_get(reply, "conflicts"), index, conflict)
		fprintf(cli->err, "  ! %s\n", json_string_value(conflict));
	findings_print(cli, cli->err, findings);
	if (json_array_size(findings) > 0)
		findings_count(findings, cli->err);
	cli_error(
		cli, "%s; nothing was changed", json_string_value(json_object_get(reply, "error")));
}

/* The reply to "plan" or "commit" of a wish; NULL: reported. */
static json_t *ask(
	const struct cli *cli, const char *request, const json_t *wish, const json_t *revision)
{
	json_t *message = json_copy((json_t *)wish);
	json_t *reply;

	json_object_set_new(message, "request", json_string(request));
	if (revision != NULL)
		json_object_set(message, "revision", (json_t *)revision);
	reply = control_ask(cli, message);
	if (reply == NULL || json_object_get(reply, "error") == NULL)
		return reply;
	report_refusal(cli, reply);
	json_decref(reply);
	return NULL;
}

static int commit(
	const struct cli *cli, const json_t *wish, const json_t *revision, const json_t *more)
{
	json_t *reply = ask(cli, "commit", wish, revision);

	if (reply == NULL)
		return STATUS_REFUSED;
	json_object_update(reply, (json_t *)more);
	if (cli->json)
		json_print(cli, reply);
	else
		fprintf(cli->out, "Revision %" JSON_INTEGER_FORMAT " is in force.\n",
			json_integer_value(json_object_get(reply, "revision")));
	json_decref(reply);
	return STATUS_OK;
}

int change_run(const struct cli *cli, json_t *wish)
{
	return change_run_with(cli, wish, NULL);
}

int change_run_with(const struct cli *cli, json_t *wish, const json_t *more)
{
	json_t *plan = ask(cli, "plan", wish, NULL);
	int status = plan != NULL ? STATUS_OK : STATUS_REFUSED;

	if (plan != NULL && !cli->json) {
		findings_print(cli, cli->err, json_object_get(plan, "findings"));
		print_diff(cli, json_object_get(plan, "diff"));
		fflush(cli->out);
	}
	if (plan != NULL && !cli->dry_run)
		status = commit(cli, wish, json_object_get(plan, "revision"), more);
	else if (plan != NULL && cli->json && json_print(cli, plan) != 0)
		status = STATUS_REFUSED;
	json_decref(plan);
	json_decref(wish);
	return status;
}
