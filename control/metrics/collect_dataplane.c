/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "control/metrics/collect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BFD_UP 3u /* api_bfd_session.state */

void link_labels_of(const char *name, struct link_labels *labels)
{
	static const char *const of_circuit[] = {"circuit", "peering", "link"};
	static const char *const of_network[] = {"network", "link"};
	char *parts[3] = {labels->text, NULL, NULL};
	unsigned int count = 1;

	*labels = (struct link_labels){0};
	snprintf(labels->text, sizeof(labels->text), "%s", name);
	for (char *slash = strchr(labels->text, '/'); slash != NULL && count < 3;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		parts[count++] = slash + 1;
	}
	for (unsigned int i = 0; i < count; i++)
		labels->labels[i] = (struct metrics_label){
			count == 3 ? of_circuit[i] : of_network[i > 0 ? 1 : 0], parts[i]};
}

/* With one or two labels behind the link's. */
static void add(struct metrics *metrics, const char *link, const char *name1, const char *value1,
	const char *name2, const char *value2, uint64_t value)
{
	struct metrics_label labels[LINK_LABELS + 2];
	struct link_labels of_link;

	link_labels_of(link, &of_link);
	memcpy(labels, of_link.labels, sizeof(of_link.labels));
	labels[LINK_LABELS] = (struct metrics_label){name1, value1};
	labels[LINK_LABELS + 1] = (struct metrics_label){name2, value2};
	metrics_add(metrics, labels, LINK_LABELS + (name2 != NULL ? 2 : 1), value);
}

/* ---- links ---- */

static const struct link_family {
	const char *name, *help;
	size_t in, out; /* in struct api_ledger */
} link_families[] = {
	{"onramp_link_packets", "Packets that came from the link and were sent to it.",
		offsetof(struct api_ledger, rx), offsetof(struct api_ledger, tx)},
	{"onramp_link_bytes", "Their bytes, layer 2 with tags.",
		offsetof(struct api_ledger, rx_bytes), offsetof(struct api_ledger, tx_bytes)},
	{"onramp_link_forwarded_packets", "Packets forwarded that came from, or went to, the link.",
		offsetof(struct api_ledger, forwarded_in),
		offsetof(struct api_ledger, forwarded_out)},
	{"onramp_link_control_packets", "Packets of BGP, ARP and the like, to and from the kernel.",
		offsetof(struct api_ledger, punt), offsetof(struct api_ledger, injected)},
	{"onramp_link_dropped_bytes", "Bytes of packets dropped, layer 2, for whatever reason.",
		offsetof(struct api_ledger, dropped_bytes[API_DROP_IN]),
		offsetof(struct api_ledger, dropped_bytes[API_DROP_OUT])},
};

/* Interface 0 is what a port could give to no link; it has no name. */
static const struct api_interface_counters *link_row(const struct dump *interfaces, size_t i)
{
	const struct api_interface_counters *row = dump_row(interfaces, i);

	return row->interface != 0 ? row : NULL;
}

static uint64_t field(const struct api_ledger *ledger, size_t offset)
{
	return *(const uint64_t *)((const char *)ledger + offset);
}

static void collect_links(struct metrics *metrics, const struct dump *interfaces)
{
	for (unsigned int i = 0; i < COUNT(link_families); i++) {
		const struct link_family *family = &link_families[i];

		metrics_family(metrics, family->name, METRICS_COUNTER, family->help);
		for (size_t row = 0; row < interfaces->count; row++) {
			const struct api_interface_counters *link = link_row(interfaces, row);

			if (link == NULL)
				continue;
			add(metrics, link->name, "direction", "in", NULL, NULL,
				field(&link->ledger, family->in));
			add(metrics, link->name, "direction", "out", NULL, NULL,
				field(&link->ledger, family->out));
		}
	}
}

static void collect_drops(struct metrics *metrics, const struct dump *interfaces)
{
	metrics_family(metrics, "onramp_link_dropped_packets", METRICS_COUNTER,
		"Packets dropped, by reason (`onramp show drops` explains each); a reason that "
		"never happened on a link has no sample.");
	for (size_t row = 0; row < interfaces->count; row++) {
		const struct api_interface_counters *link = link_row(interfaces, row);

		for (unsigned int i = 0; link != NULL && i < API_DROP_COUNT; i++)
			if (link->ledger.drops[i] != 0)
				add(metrics, link->name, "direction",
					api_drop_direction((enum api_drop_reason)i) == API_DROP_IN
						? "in"
						: "out",
					"reason", api_drop_name((enum api_drop_reason)i),
					link->ledger.drops[i]);
	}
}

/* ---- ports, workers, domains ---- */

static const struct port_family {
	const char *name, *help;
	const char *direction[2];
	size_t value[2]; /* in struct api_port_counters */
} port_families[] = {
	{"onramp_port_packets", "Packets that the device itself counts.", {"in", "out"},
		{offsetof(struct api_port_counters, rx), offsetof(struct api_port_counters, tx)}},
	{"onramp_port_bytes", "Their bytes.", {"in", "out"},
		{offsetof(struct api_port_counters, rx_bytes),
			offsetof(struct api_port_counters, tx_bytes)}},
	{"onramp_port_errors", "Packets that the device could not receive or send.", {"in", "out"},
		{offsetof(struct api_port_counters, rx_errors),
			offsetof(struct api_port_counters, tx_errors)}},
	{"onramp_port_missed_packets", "Packets that no worker fetched in time.", {"in", NULL},
		{offsetof(struct api_port_counters, rx_missed), 0}},
	{"onramp_port_no_buffer_packets", "Packets that found no buffer.", {"in", NULL},
		{offsetof(struct api_port_counters, rx_nombuf), 0}},
};

static void collect_ports(struct metrics *metrics, const struct tables *tables)
{
	metrics_family(metrics, "onramp_port_up", METRICS_GAUGE, "Has the port a link?");
	for (size_t i = 0; i < tables->ports.count; i++) {
		const struct api_port *port = dump_row(&tables->ports, i);
		const struct metrics_label label = {"port", port->name};

		metrics_add(metrics, &label, 1, port->link_up != 0);
	}
	for (unsigned int i = 0; i < COUNT(port_families); i++) {
		const struct port_family *family = &port_families[i];

		metrics_family(metrics, family->name, METRICS_COUNTER, family->help);
		for (size_t row = 0; row < tables->port_counters.count; row++) {
			const char *port = dump_row(&tables->port_counters, row);

			for (unsigned int side = 0; side < 2 && family->direction[side] != NULL;
				side++) {
				const struct metrics_label labels[] = {
					{"port", ((const struct api_port_counters *)port)->name},
					{"direction", family->direction[side]}};

				metrics_add(metrics, labels, 2,
					*(const uint64_t *)(port + family->value[side]));
			}
		}
	}
}

static double seconds(const struct api_worker *worker, uint64_t cycles)
{
	return worker->tsc_hz != 0 ? (double)cycles / (double)worker->tsc_hz : 0;
}

static void collect_workers(struct metrics *metrics, const struct dump *workers)
{
	static const char *const families[] = {
		"onramp_worker_packets", "onramp_worker_seconds", "onramp_worker_busy_seconds"};
	static const char *const helps[] = {"Packets that a worker received.",
		"How long it has polled.", "Of these, in turns that brought packets."};

	for (unsigned int i = 0; i < COUNT(families); i++) {
		metrics_family(metrics, families[i], METRICS_COUNTER, helps[i]);
		for (size_t row = 0; row < workers->count; row++) {
			const struct api_worker *worker = dump_row(workers, row);
			char cpu[16];
			const struct metrics_label label = {"cpu", cpu};

			snprintf(cpu, sizeof(cpu), "%u", worker->cpu);
			if (i == 0)
				metrics_add(metrics, &label, 1, worker->packets);
			else
				metrics_add_real(metrics, &label, 1,
					seconds(worker,
						i == 1 ? worker->cycles : worker->busy_cycles));
		}
	}
}

static void collect_domains(struct metrics *metrics, const struct dump *domains)
{
	metrics_family(metrics, "onramp_domain_routes", METRICS_GAUGE,
		"Routes of a routing domain, leaked ones included.");
	for (size_t i = 0; i < domains->count; i++) {
		const struct api_vrf *domain = dump_row(domains, i);
		const struct metrics_label four[] = {{"domain", domain->name}, {"family", "ipv4"}};
		const struct metrics_label six[] = {{"domain", domain->name}, {"family", "ipv6"}};

		metrics_add(metrics, four, 2, domain->routes4);
		metrics_add(metrics, six, 2, domain->routes6);
	}
	metrics_family(metrics, "onramp_domain_fib_bytes", METRICS_GAUGE,
		"Memory of what workers look routes up in.");
	for (size_t i = 0; i < domains->count; i++) {
		const struct api_vrf *domain = dump_row(domains, i);
		const struct metrics_label label = {"domain", domain->name};

		metrics_add(metrics, &label, 1, domain->fib_bytes);
	}
}

/* ---- liveness ---- */

/* Of this scrape, by interface; NULL: not known. */
static const char *names[API_INTERFACES_MAX];

static void learn_names(const struct dump *interfaces)
{
	memset(names, 0, sizeof(names));
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct api_interface_counters *row = dump_row(interfaces, i);

		if (row->interface < API_INTERFACES_MAX)
			names[row->interface] = row->name;
	}
}

static const char *name_of(uint32_t interface)
{
	const char *name = interface < API_INTERFACES_MAX ? names[interface] : NULL;

	return name != NULL ? name : "";
}

static const char *family_name(uint8_t family)
{
	return family == AF_INET ? "ipv4" : "ipv6";
}

static uint64_t path_value(const struct api_path *path, unsigned int what)
{
	const uint64_t values[] = {(path->down & ~API_PATH_DRAIN) == 0,
		(path->down & API_PATH_DRAIN) != 0, path->changes};

	return values[what];
}

static void collect_paths(struct metrics *metrics, const struct tables *tables)
{
	static const struct {
		const char *name, *help;
		enum metrics_type type;
	} families[] = {
		{"onramp_path_up", "May traffic go to the peer of this link?", METRICS_GAUGE},
		{"onramp_path_drained", "Is the link drained?", METRICS_GAUGE},
		{"onramp_path_changes", "Times that a cause came or went.", METRICS_COUNTER},
	};

	for (unsigned int i = 0; i < COUNT(families); i++) {
		metrics_family(metrics, families[i].name, families[i].type, families[i].help);
		for (size_t row = 0; row < tables->paths.count; row++) {
			const struct api_path *path = dump_row(&tables->paths, row);

			add(metrics, name_of(path->interface), "family", family_name(path->family),
				NULL, NULL, path_value(path, i));
		}
	}
}

/* Sessions that this edge has; rows without a discriminator are counters of what was for none. */
static void collect_bfd(struct metrics *metrics, const struct tables *tables)
{
	static const struct {
		const char *name, *help;
		enum metrics_type type;
	} families[] = {
		{"onramp_bfd_up", "Is the BFD session Up?", METRICS_GAUGE},
		{"onramp_bfd_flaps", "Times that it left Up.", METRICS_COUNTER},
		{"onramp_bfd_received_packets", "Valid packets of the peer.", METRICS_COUNTER},
		{"onramp_bfd_sent_packets", "Packets to the peer.", METRICS_COUNTER},
	};

	for (unsigned int i = 0; i < COUNT(families); i++) {
		metrics_family(metrics, families[i].name, families[i].type, families[i].help);
		for (size_t row = 0; row < tables->sessions.count; row++) {
			const struct api_bfd_session *session = dump_row(&tables->sessions, row);
			const uint64_t values[] = {
				session->state == BFD_UP, session->flaps, session->rx, session->tx};

			if (session->local_discriminator != 0)
				add(metrics, name_of(session->interface), "family",
					family_name(session->family), NULL, NULL, values[i]);
		}
	}
}

void collect_tables(struct metrics *metrics, const struct tables *tables)
{
	learn_names(&tables->interfaces);
	collect_links(metrics, &tables->interfaces);
	collect_drops(metrics, &tables->interfaces);
	collect_paths(metrics, tables);
	collect_bfd(metrics, tables);
	collect_ports(metrics, tables);
	collect_workers(metrics, &tables->workers);
	collect_domains(metrics, &tables->domains);
}
