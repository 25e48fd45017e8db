/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics/collect.h"

#include <string.h>

#include "control/cli/control.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "";
}

void collect_circuits(struct metrics *metrics, const json_t *rows)
{
	const json_t *row;
	size_t i;

	metrics_family(metrics, "onramp_circuit_bandwidth_bits_per_second", METRICS_GAUGE,
		"What is sold, for each link and direction.");
	json_array_foreach (rows, i, row) {
		const struct metrics_label labels[] = {
			{"circuit", text_of(row, "name")}, {"tier", text_of(row, "tier")}};

		metrics_add(metrics, labels, COUNT(labels),
			(uint64_t)json_integer_value(json_object_get(row, "bandwidth_bps")));
	}
}

/* Keys of control's rows; NULL: whether the session is established. */
static const struct {
	const char *name, *help, *key;
} bgp_families[] = {
	{"onramp_bgp_up", "Is the BGP session established?", NULL},
	{"onramp_bgp_uptime_seconds", "For how long.", "uptime_s"},
	{"onramp_bgp_accepted_prefixes", "Prefixes accepted from the neighbour.", "accepted"},
	{"onramp_bgp_refused_prefixes", "Prefixes of the neighbour that were refused.", "refused"},
	{"onramp_bgp_prefix_limit", "Prefixes that the neighbour may announce.", "limit"},
	{"onramp_bgp_prefix_alarm", "Are 80 % of that limit reached?", "alarm"},
	{"onramp_bgp_announced_prefixes", "Prefixes announced to the neighbour.", "announced"},
};

static void add_session(struct metrics *metrics, const json_t *row, const char *key)
{
	struct metrics_label labels[LINK_LABELS + 1];
	const json_t *value = key != NULL ? json_object_get(row, key) : NULL;
	struct link_labels of_link;
	char name[API_NAME_MAX];
	bool alarm = key != NULL && strcmp(key, "alarm") == 0;

	if (key != NULL && !alarm && !json_is_integer(value))
		return; /* a session that is down has none */
	snprintf(name, sizeof(name), "%s/%s", text_of(row, "peering"), text_of(row, "link"));
	link_labels_of(name, &of_link);
	memcpy(labels, of_link.labels, sizeof(of_link.labels));
	labels[LINK_LABELS] = (struct metrics_label){"family", text_of(row, "family")};
	if (alarm)
		metrics_add(metrics, labels, COUNT(labels), json_is_string(value));
	else
		metrics_add(metrics, labels, COUNT(labels),
			key != NULL ? (uint64_t)json_integer_value(value)
				    : strcmp(text_of(row, "state"), "Established") == 0);
}

void collect_bgp(struct metrics *metrics, const json_t *rows)
{
	const json_t *row;
	size_t i;

	for (unsigned int family = 0; family < COUNT(bgp_families); family++) {
		metrics_family(metrics, bgp_families[family].name, METRICS_GAUGE,
			bgp_families[family].help);
		json_array_foreach (rows, i, row)
			add_session(metrics, row, bgp_families[family].key);
	}
}

static void up(struct metrics *metrics, const char *family, const char *help, bool there)
{
	metrics_family(metrics, family, METRICS_GAUGE, help);
	metrics_add(metrics, NULL, 0, there);
}

/* All dumps, or none. */
static bool read_tables(const struct cli *cli, struct tables *tables)
{
	struct api_client *client = dataplane_open(cli);
	const struct {
		enum api_object object;
		struct dump *dump;
	} wanted[] = {
		{API_INTERFACE_COUNTERS, &tables->interfaces},
		{API_PORT, &tables->ports},
		{API_PORT_COUNTERS, &tables->port_counters},
		{API_WORKER, &tables->workers},
		{API_PATH, &tables->paths},
		{API_BFD_SESSION, &tables->sessions},
		{API_VRF, &tables->domains},
	};
	bool read = client != NULL;

	for (unsigned int i = 0; read && i < COUNT(wanted); i++)
		read = dataplane_dump(cli, client, wanted[i].object, wanted[i].dump) == 0;
	if (client != NULL)
		api_client_close(client);
	return read;
}

static void free_tables(struct tables *tables)
{
	struct dump *dumps[] = {&tables->interfaces, &tables->ports, &tables->port_counters,
		&tables->workers, &tables->paths, &tables->sessions, &tables->domains};

	for (unsigned int i = 0; i < COUNT(dumps); i++)
		dump_free(dumps[i]);
}

static void ask_dataplane(const struct cli *cli, struct metrics *metrics)
{
	struct tables tables = {0};
	bool there = read_tables(cli, &tables);

	up(metrics, "onramp_dataplane_up", "Does the dataplane answer?", there);
	if (there)
		collect_tables(metrics, &tables);
	free_tables(&tables);
}

static void ask_control(const struct cli *cli, struct metrics *metrics)
{
	json_t *circuits = control_rows(cli, "circuits");
	/* One complaint is enough. */
	json_t *bgp = circuits != NULL ? control_rows(cli, "bgp") : NULL;

	up(metrics, "onramp_control_up", "Does control answer?", bgp != NULL);
	if (bgp != NULL) {
		collect_circuits(metrics, circuits);
		collect_bgp(metrics, bgp);
	}
	json_decref(circuits);
	json_decref(bgp);
}

void collect(const struct cli *cli, struct metrics *metrics)
{
	static const struct metrics_label version = {"version", ONRAMP_VERSION};

	metrics_family(metrics, "onramp_build", METRICS_INFO, "Version of this program.");
	metrics_add(metrics, &version, 1, 1);
	ask_dataplane(cli, metrics);
	ask_control(cli, metrics);
	metrics_end(metrics);
}
