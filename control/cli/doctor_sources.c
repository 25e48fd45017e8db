/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading what the doctor judges. Whoever does not answer is a finding himself, and the others are
 * asked all the same.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/cli/control.h"
#include "control/cli/doctor.h"
#include "control/cli/routes.h"
#include "control/cli/table.h"
#include "dataplane/api/clock.h"

#define SPAN_US 1000000u

/* What would be said on stderr becomes a text. */
struct hush {
	struct cli cli;
	char *text;
	size_t size;
};

static bool hush_begin(struct hush *hush, const struct cli *cli)
{
	*hush = (struct hush){.cli = *cli};
	hush->cli.err = open_memstream(&hush->text, &hush->size);
	return hush->cli.err != NULL;
}

/* Without "onramp: " and the newline; malloc'd, NULL when nothing was said. */
static char *hush_end(struct hush *hush)
{
	static const char prefix[] = "onramp: ";
	char *text = NULL;

	fclose(hush->cli.err);
	if (hush->text != NULL && hush->size > 0) {
		hush->text[strcspn(hush->text, "\n")] = '\0';
		text = strdup(
			hush->text +
			(strncmp(hush->text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0));
	}
	free(hush->text);
	return text;
}

const char *doctor_text(struct doctor_sources *sources, const char *format, ...)
{
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	text = json_vsprintf(format, arguments);
	va_end(arguments);
	json_array_append_new(sources->texts, text);
	return json_string_value(text);
}

/* ---- the dataplane ---- */

static void count_route(const void *row, void *context)
{
	const struct api_route *route = row;
	struct doctor_routes *routes = context;

	if (route->leaked_from != 0)
		routes->leaked++;
	else if (route->origin == API_ORIGIN_BGP || route->origin == API_ORIGIN_STATIC)
		routes->learned++;
}

static uint32_t vrf_of(const struct dump *vrfs, const char *domain)
{
	for (size_t i = 0; i < vrfs->count; i++) {
		const struct api_vrf *vrf = dump_row(vrfs, i);

		if (strcmp(vrf->name, domain) == 0)
			return vrf->id;
	}
	return 0;
}

static int read_routes(const struct cli *cli, struct api_client *client,
	struct doctor_sources *sources, unsigned int look)
{
	const char *domains[DOCTOR_PEERINGS];
	unsigned int count = doctor_domains_of(sources, cli->operand, domains);

	for (unsigned int i = 0; i < count; i++) {
		struct doctor_routes *routes = &sources->routes[look][i];
		uint32_t vrf = vrf_of(&sources->vrfs, domains[i]);
		int error =
			vrf != 0 ? api_client_dump(client, API_ROUTE, vrf, count_route, routes) : 0;
		if (error != 0)
			return error;
	}
	return 0;
}

/* What points is read before what it points at. */
static int read_tables(
	const struct cli *cli, struct api_client *client, struct doctor_sources *sources)
{
	const struct {
		enum api_object object;
		struct dump *dump;
	} tables[] = {{API_PATH, &sources->paths}, {API_ADJACENCY, &sources->adjacencies},
		{API_LINK_TEST, &sources->tests}, {API_INTERFACE, &sources->interfaces},
		{API_VRF, &sources->vrfs}, {API_PORT, &sources->ports}};
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
		error = dataplane_dump(cli, client, tables[i].object, tables[i].dump);
	return error;
}

static void look(const struct cli *cli, struct doctor_sources *sources, unsigned int which)
{
	struct hush hush;
	struct api_client *client;
	int error = 0;

	if (sources->dataplane_away != NULL || !hush_begin(&hush, cli))
		return;
	client = dataplane_open(&hush.cli);
	if (client != NULL && which == LOOK_FIRST)
		error = read_tables(&hush.cli, client, sources);
	if (client != NULL && error == 0)
		error = dataplane_dump(
			&hush.cli, client, API_INTERFACE_COUNTERS, &sources->counters[which]);
	if (client != NULL && error == 0)
		error = dataplane_dump(
			&hush.cli, client, API_PORT_COUNTERS, &sources->port_counters[which]);
	if (client != NULL && error == 0)
		error = dataplane_dump(
			&hush.cli, client, API_BFD_SESSION, &sources->sessions[which]);
	if (client != NULL && error == 0)
		error = read_routes(cli, client, sources, which);
	if (client != NULL)
		api_client_close(client);
	sources->dataplane_away = hush_end(&hush);
	if (error != 0 && sources->dataplane_away == NULL)
		sources->dataplane_away = strdup("the dataplane did not answer");
}

/* ---- control ---- */

/* The answer to `show what`; NULL: *away says why. */
static json_t *ask(const struct cli *cli, json_t *request, char **away)
{
	struct hush hush;
	const char *error;
	json_t *reply;

	if (!hush_begin(&hush, cli)) {
		json_decref(request);
		return NULL;
	}
	reply = control_ask(&hush.cli, request);
	error = json_string_value(json_object_get(reply, "error"));
	if (error != NULL)
		cli_error(&hush.cli, "%s", error);
	free(*away);
	*away = hush_end(&hush);
	if (error == NULL)
		return reply;
	json_decref(reply);
	return NULL;
}

/* The rows of what; request: more that is asked, taken over. */
static json_t *ask_rows(const struct cli *cli, const char *what, json_t *request, char **away)
{
	json_t *reply, *rows;

	json_object_set_new(request, "request", json_string("show"));
	json_object_set_new(request, "what", json_string(what));
	reply = ask(cli, request, away);
	rows = json_incref(json_object_get(reply, "rows"));
	json_decref(reply);
	return rows;
}

static json_t *ask_all(const struct cli *cli, const char *what, char **away)
{
	return ask_rows(cli, what, json_object(), away);
}

static json_t *ask_domains(const struct cli *cli, char **away)
{
	return ask_rows(cli, "domains",
		json_pack("{s:s%}", "circuit", cli->operand, strcspn(cli->operand, "/")), away);
}

/* Control may end between two questions: then it is away. */
static void ask_control(const struct cli *cli, struct doctor_sources *sources)
{
	char **away = &sources->control_away;

	sources->status =
		ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", "status"), away);
	if (sources->status != NULL)
		sources->circuits = ask_all(cli, "circuits", away);
	if (sources->circuits != NULL)
		sources->peerings = ask_all(cli, "peerings", away);
	if (sources->peerings != NULL)
		sources->arp = ask_all(cli, "arp", away);
	if (sources->arp != NULL)
		sources->drains = ask_all(cli, "drains", away);
	if (sources->drains != NULL)
		sources->domains[LOOK_FIRST] = ask_domains(cli, away);
	if (sources->domains[LOOK_FIRST] != NULL)
		sources->bgp = ask_rows(
			cli, "bgp", json_pack("{s:s}", "within", cli->operand), &sources->bgp_away);
}

/* ---- is there such a thing? ---- */

static bool named(const json_t *row, char buffer[ADDRESS_MAX])
{
	const char *name = json_string_value(json_object_get(row, "name"));

	return name != NULL && snprintf(buffer, ADDRESS_MAX, "%s", name) < (int)ADDRESS_MAX;
}

/* Circuits, peerings and links as rows with a name. */
static json_t *all_names(const struct doctor_sources *sources)
{
	json_t *names = json_array(), *row, *link;
	size_t i, j;

	json_array_foreach (sources->circuits, i, row)
		json_array_append(names, row);
	json_array_foreach (sources->peerings, i, row)
		json_array_foreach (json_object_get(row, "links"), j, link)
			json_array_append_new(
				names, json_pack("{s:s++}", "name",
					       json_string_value(json_object_get(row, "name")), "/",
					       json_string_value(json_object_get(link, "name"))));
	return names;
}

static bool exists(const struct cli *cli, const struct doctor_sources *sources)
{
	json_t *names;

	/* Control alone knows everything that is sold. */
	if (sources->circuits == NULL)
		return true;
	names = rows_filter(cli, all_names(sources), named);
	json_decref(names);
	return names != NULL;
}

/* ---- both looks ---- */

static void rest_until(uint64_t us)
{
	const struct timespec until = {
		.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

bool doctor_sources_read(const struct cli *cli, struct doctor_sources *sources)
{
	uint64_t began;

	*sources = (struct doctor_sources){.texts = json_array()};
	ask_control(cli, sources);
	began = monotonic_us();
	look(cli, sources, LOOK_FIRST);
	if (!exists(cli, sources))
		return false;
	if (sources->dataplane_away != NULL)
		return true;
	rest_until(began + SPAN_US);
	if (sources->domains[LOOK_FIRST] != NULL)
		sources->domains[LOOK_SECOND] = ask_domains(cli, &sources->control_away);
	sources->span_ms = (uint32_t)((monotonic_us() - began) / 1000);
	look(cli, sources, LOOK_SECOND);
	return true;
}

void doctor_sources_free(struct doctor_sources *sources)
{
	struct dump *dumps[] = {&sources->ports, &sources->interfaces, &sources->vrfs,
		&sources->adjacencies, &sources->paths, &sources->tests};
	json_t *answers[] = {sources->status, sources->circuits, sources->peerings, sources->bgp,
		sources->arp, sources->drains, sources->domains[LOOK_FIRST],
		sources->domains[LOOK_SECOND], sources->texts};

	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		dump_free(dumps[i]);
	for (unsigned int i = 0; i < LOOKS; i++) {
		dump_free(&sources->counters[i]);
		dump_free(&sources->port_counters[i]);
		dump_free(&sources->sessions[i]);
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		json_decref(answers[i]);
	free(sources->control_away);
	free(sources->bgp_away);
	free(sources->dataplane_away);
}
