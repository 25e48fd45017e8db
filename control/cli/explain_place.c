/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the packet that is to be explained comes from, and why there may be no such place.
 */
#include <stdio.h>
#include <string.h>

#include "control/cli/control.h"
#include "control/cli/explain.h"
#include "control/config/loader.h"

bool explain_place(const struct cli *cli, struct explain_place *place)
{
	const char *peering = cli->peering;

	*place = (struct explain_place){.core = cli->vnet != NULL};
	if ((cli->circuit == NULL) == (cli->vnet == NULL)) {
		cli_error(cli, "where does the packet come from? Write --circuit "
			       "CIRCUIT[/PEERING[/LINK]], or --vnet with a virtual network's or "
			       "service's name");
		return false;
	}
	if (peering != NULL && (place->core || strchr(cli->circuit, '/') != NULL)) {
		cli_error(cli, "--peering %s: only beside --circuit with a circuit's name alone",
			peering);
		return false;
	}
	if (peering != NULL && strcmp(peering, "microsoft") == 0)
		peering = "public";
	if (peering != NULL && strcmp(peering, "private") != 0 && strcmp(peering, "public") != 0) {
		cli_error(cli, "--peering %s: write private or public", peering);
		return false;
	}
	snprintf(place->address, sizeof(place->address), "%s%s%s",
		place->core ? cli->vnet : cli->circuit, peering != NULL ? "/" : "",
		peering != NULL ? peering : "");
	return true;
}

bool explain_covers(const struct explain_place *place, const struct api_interface *interface)
{
	return (interface->circuit[0] == '\0') == place->core &&
	       address_covers(place->address, interface->name);
}

static const char *owner_of(const struct api_interface *interface, char owner[API_NAME_MAX])
{
	snprintf(owner, API_NAME_MAX, "%s", interface->name);
	owner[strcspn(owner, "/")] = '\0';
	return owner;
}

static json_t *ask_quietly(const struct cli *cli, const char *what)
{
	struct cli quiet = *cli;
	json_t *rows;

	quiet.err = fopen("/dev/null", "w");
	if (quiet.err == NULL)
		return NULL;
	rows = control_rows(&quiet, what);
	fclose(quiet.err);
	return rows;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "?";
}

/* peering: its type, and perhaps a link behind a slash. */
static bool has_peering(const json_t *row, const char *peering)
{
	size_t length = strcspn(peering, "/"), i;
	const json_t *each;

	json_array_foreach (json_object_get(row, "peerings"), i, each)
		if (json_string_length(each) == length &&
			strncmp(json_string_value(each), peering, length) == 0)
			return true;
	return false;
}

/* It has no peerings in force. */
static void report_idle(const struct cli *cli, const json_t *row)
{
	const char *name = text_of(row, "name");

	if (strcmp(text_of(row, "state"), "disabled") == 0)
		cli_error(cli,
			"circuit %s does not forward: it is disabled; `onramp circuit enable %s`",
			name, name);
	else
		cli_error(cli,
			"circuit %s does not forward: its provider has not provisioned it, it is "
			"%s; `onramp circuit provision %s` says that it is done",
			name, text_of(row, "provider_state"), text_of(row, "service_key"));
}

/* control says that it is sold: why are its links not here? */
static void report_sold(const struct cli *cli, const struct explain_place *place, const json_t *row)
{
	const char *name = text_of(row, "name"), *slash = strchr(place->address, '/');

	if (!json_is_true(json_object_get(row, "forwards")))
		report_idle(cli, row);
	else if (json_array_size(json_object_get(row, "peerings")) == 0)
		cli_error(cli, "circuit %s has no peering yet; see `onramp peering set --help`",
			name);
	else if (slash != NULL && !has_peering(row, slash + 1))
		cli_error(cli, "circuit %s has no peering \"%s\"; see `onramp show peerings %s`",
			name, slash + 1, name);
	else
		cli_error(cli,
			"%s has no link on this edge; `onramp show peerings %s` lists the links "
			"and their edges",
			place->address, name);
}

/* The circuit in control's rows; NULL: none. All names are candidates for what was meant. */
static const json_t *find_circuit(
	const json_t *rows, const struct explain_place *place, struct suggestion *suggestion)
{
	size_t length = strcspn(place->address, "/"), i;
	const json_t *row, *found = NULL;

	json_array_foreach (rows, i, row) {
		const char *name = text_of(row, "name");

		suggest(suggestion, name);
		if (strlen(name) == length && strncmp(name, place->address, length) == 0)
			found = row;
	}
	return found;
}

static void report_missing(
	const struct cli *cli, const struct explain_place *place, const struct dump *interfaces)
{
	struct suggestion suggestion = {.wrong = place->address};
	json_t *circuits = place->core ? NULL : ask_quietly(cli, "circuits");
	const json_t *sold = find_circuit(circuits, place, &suggestion);
	char hint[80], owner[API_NAME_MAX];

	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);

		if ((interface->circuit[0] == '\0') == place->core)
			suggest(&suggestion, owner_of(interface, owner));
	}
	if (sold != NULL)
		report_sold(cli, place, sold);
	else
		cli_error(cli, "no %s \"%s\" here%s",
			place->core ? "virtual network or service" : "circuit", place->address,
			suggestion_text(&suggestion, hint, sizeof(hint)));
	json_decref(circuits);
}

bool explain_check(
	const struct cli *cli, const struct explain_place *place, const struct dump *interfaces)
{
	const struct api_interface *first = NULL;

	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface *interface = dump_row(interfaces, i);

		if (!explain_covers(place, interface))
			continue;
		if (first != NULL && first->vrf != interface->vrf) {
			cli_error(cli,
				"circuit %s has two peerings here: write --peering private or "
				"--peering public",
				place->address);
			return false;
		}
		first = interface;
	}
	if (first == NULL)
		report_missing(cli, place, interfaces);
	return first != NULL;
}
