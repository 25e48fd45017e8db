/* SPDX-License-Identifier: BSD-3-Clause */
/* `onramp circuit` and `onramp wait circuit`. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/change.h"
#include "control/cli/control.h"
#include "control/cli/fields.h"
#include "control/cli/link_test.h"
#include "control/cli/table.h"

#define LOOK_MS 200
#define TIMEOUT_DEFAULT_S 60u

static int run_verb(const struct cli *cli, const char *verb)
{
	json_t *wish = json_pack(
		"{s:s, s:s, s:b}", "circuit", cli->operand, "verb", verb, "begin", cli->begin);

	if (cli->value != NULL)
		json_object_set_new(wish, "value", json_string(cli->value));
	return change_run(cli, fields_principal(cli, wish));
}

int circuit_provision_run(const struct cli *cli)
{
	return run_verb(cli, "provision");
}

int circuit_deprovision_run(const struct cli *cli)
{
	return run_verb(cli, "deprovision");
}

int circuit_enable_run(const struct cli *cli)
{
	return run_verb(cli, "enable");
}

int circuit_disable_run(const struct cli *cli)
{
	return run_verb(cli, "disable");
}

int circuit_set_bandwidth_run(const struct cli *cli)
{
	return run_verb(cli, "set-bandwidth");
}

int circuit_set_tier_run(const struct cli *cli)
{
	return run_verb(cli, "set-tier");
}

int circuit_delete_run(const struct cli *cli)
{
	return run_verb(cli, "delete");
}

int circuit_set_run(const struct cli *cli)
{
	json_t *fields = fields_read(cli);

	if (fields == NULL)
		return STATUS_USAGE;
	return change_run(
		cli, fields_principal(cli, json_pack("{s:s, s:s, s:o}", "circuit", cli->operand,
						   "verb", "set", "fields", fields)));
}

/* Digits are a number, as in a file; what is none is left to control to refuse. */
static json_t *tag_value(const char *text)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	return *end == '\0' && end != text ? json_integer(number) : json_string(text);
}

/* Adds the key in the file of --authorization. False: reported. */
static bool add_authorization(const struct cli *cli, json_t *wish)
{
	char *key;

	if (cli->authorization == NULL)
		return true;
	key = authorization_read(cli);
	if (key != NULL)
		json_object_set_new(wish, "authorization_key", json_string(key));
	free(key);
	return key != NULL;
}

int circuit_create_run(const struct cli *cli)
{
	const struct {
		const char *field, *value;
	} given[] = {{"port_pair", cli->port_pair}, {"bandwidth", cli->bandwidth},
		{"tier", cli->tier}, {"family", cli->family}};
	json_t *fields = json_object(), *wish;

	if ((cli->port_pair == NULL && cli->authorization == NULL) || cli->bandwidth == NULL) {
		cli_error(cli, "create needs --bandwidth RATE, and --port-pair NAME or "
			       "--authorization FILE");
		json_decref(fields);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].value != NULL)
			json_object_set_new(fields, given[i].field, json_string(given[i].value));
	if (cli->s_tag != NULL)
		json_object_set_new(fields, "s_tag", tag_value(cli->s_tag));
	if (cli->secondary_s_tag != NULL)
		json_object_set_new(fields, "secondary_s_tag", tag_value(cli->secondary_s_tag));
	wish = json_pack(
		"{s:s, s:s, s:o}", "circuit", cli->operand, "verb", "create", "fields", fields);
	if (add_authorization(cli, wish))
		return change_run(cli, fields_principal(cli, wish));
	json_decref(wish);
	return STATUS_REFUSED;
}

/* ---- waiting ---- */

/* The circuit's row, a new reference. NULL: reported. */
static json_t *look(const struct cli *cli)
{
	json_t *rows = control_rows(cli, "circuits"), *row, *found = NULL;
	size_t index;

	if (rows == NULL)
		return NULL;
	json_array_foreach (rows, index, row) {
		const char *name = json_string_value(json_object_get(row, "name"));

		if (name != NULL && strcmp(name, cli->operand) == 0)
			found = json_incref(row);
	}
	if (found == NULL)
		cli_error(cli, "there is no circuit \"%s\"; see `onramp show circuits`",
			cli->operand);
	json_decref(rows);
	return found;
}

/* Which of a circuit's two states this word is about; NULL: none. */
static const char *state_field(const char *state)
{
	static const char *const providers[] = {
		"not-provisioned", "provisioning", "provisioned", "deprovisioning"};

	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (strcmp(providers[i], state) == 0)
			return "provider_state";
	return strcmp(state, "enabled") == 0 || strcmp(state, "disabled") == 0 ? "state" : NULL;
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* 1: it is so; 0: not yet, *is says what it is; -1: it will never be, reported. */
static int is_so(const struct cli *cli, const char *field, char is[32])
{
	json_t *row = look(cli);
	const char *state = json_string_value(json_object_get(row, field));
	int result = state != NULL && strcmp(state, cli->value) == 0;

	if (row != NULL && state == NULL)
		cli_error(cli,
			"circuit %s is direct and has no provider's state; wait for enabled "
			"or disabled",
			cli->operand);
	if (state == NULL)
		result = -1;
	else
		snprintf(is, 32, "%s", state);
	json_decref(row);
	return result;
}

int wait_circuit_run(const struct cli *cli)
{
	const struct timespec pause = {0, LOOK_MS * 1000000L};
	const char *field = state_field(cli->value);
	uint32_t timeout = TIMEOUT_DEFAULT_S;
	char is[32] = "";
	time_t end;
	int result;

	if (field == NULL) {
		cli_error(cli,
			"\"%s\" is no state; write not-provisioned, provisioning, provisioned, "
			"deprovisioning, enabled or disabled",
			cli->value);
		return STATUS_USAGE;
	}
	if (cli->timeout != NULL && !link_test_duration(cli->timeout, &timeout)) {
		cli_error(cli, "--timeout %s: write a duration from 1s to 24h, such as 30s or 10m",
			cli->timeout);
		return STATUS_USAGE;
	}
	end = now_s() + timeout;
	while ((result = is_so(cli, field, is)) == 0 && now_s() < end)
		nanosleep(&pause, NULL);
	if (result == 0)
		cli_error(cli, "circuit %s is still %s after %us", cli->operand, is, timeout);
	return result == 1 ? STATUS_OK : STATUS_REFUSED;
}
