/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/server_fakes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <string.h>

#define DOCUMENT(pair)                                                             \
	"site: lab\n"                                                              \
	"asn: 4200100001\n"                                                        \
	"edges:\n"                                                                 \
	"  - name: lab-a\n"                                                        \
	"    cores: {workers: [1], control: [0]}\n"                                \
	"    ports:\n"                                                             \
	"      - {name: cust-a, device: net_null0, role: customer, speed: 10G}\n"  \
	"      - {name: cust-b, device: net_null1, role: customer, speed: 10G}\n"  \
	"      - {name: core, device: net_null2, role: core, speed: 10G}\n"        \
	"port_pairs:\n"                                                            \
	"  - {name: shared, " pair ", primary: lab-a/cust-a,\n"                    \
	"     secondary: lab-a/cust-b}\n"                                          \
	"circuits:\n"                                                              \
	"  - name: contoso\n"                                                      \
	"    port_pair: shared\n"                                                  \
	"    bandwidth: 1G\n"                                                      \
	"    tier: standard\n"                                                     \
	"    s_tag: 100\n"                                                         \
	"    peerings:\n"                                                          \
	"      - {type: private, c_tag: 200, peer_asn: 65001,\n"                   \
	"         link_subnets: [192.0.2.0/29, \"2001:db8:1::/125\"]}\n"           \
	"vnets:\n"                                                                 \
	"  - name: blue\n"                                                         \
	"    core: {port: core, vlan: 10,\n"                                       \
	"           bgp: {peer_asn: 4200100002, link_subnets: [10.255.0.0/30]}}\n" \
	"    connections: [{circuit: contoso}]\n"

const char document_good[] = DOCUMENT("model: direct, encapsulation: qinq");
const char document_provider[] = DOCUMENT("model: provider, encapsulation: mixed");

struct fakes fakes;
static frr_answer waiting;
static void *waiting_context;

void fakes_reset(void)
{
	plan_free(fakes.plan);
	site_free(fakes.site);
	memset(&fakes, 0, sizeof(fakes));
	waiting = NULL;
}

int sync_link_test(struct sync *sync, const char *link, uint32_t seconds)
{
	if (strcmp(link, "contoso/private/primary") != 0)
		return -ENOENT;
	fakes.test_seconds = seconds;
	return fakes.test_error;
}

int sync_drain(struct sync *sync, const char *link, bool at_once)
{
	for (unsigned int i = 0; i < fakes.drain_count; i++)
		if (strcmp(fakes.drains[i], link) == 0)
			return 0;
	snprintf(fakes.drains[fakes.drain_count++], sizeof(fakes.drains[0]), "%s", link);
	fakes.drained_at_once += at_once;
	return 0;
}

void sync_undrain(struct sync *sync, const char *link)
{
	for (unsigned int i = 0; i < fakes.drain_count; i++)
		if (strcmp(fakes.drains[i], link) == 0)
			memmove(fakes.drains[i], fakes.drains[--fakes.drain_count],
				sizeof(fakes.drains[0]));
}

json_t *sync_drains(const struct sync *sync)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < fakes.drain_count; i++)
		json_array_append_new(
			rows, json_pack("{s:s, s:s}", "link", fakes.drains[i], "state", "drained"));
	return rows;
}

int sync_apply(struct sync *sync, struct site *site, unsigned int edge)
{
	int error = fakes.apply_error;

	fakes.applied++;
	fakes.apply_error = 0;
	if (error != 0) {
		site_free(site);
		return error;
	}
	plan_free(fakes.plan);
	site_free(fakes.site);
	fakes.site = site;
	fakes.plan = plan_build(site, edge);
	return 0;
}

const struct plan *sync_plan(const struct sync *sync)
{
	return fakes.plan;
}

void sync_each_refused(struct sync *sync, unsigned int domain,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	struct kernel_route route = {
		.prefix = {AF_INET, 16, {10, 9}}, .count = 1, .next_hops = {{.ifindex = 65538}}};

	if (!fakes.refuses || strcmp(fakes.plan->domains[domain].name, "private.contoso") != 0)
		return;
	each(&route, context);
}

void sync_leaks(struct sync *sync, const struct plan_connection *connection, bool to_circuit,
	struct sync_leaks *leaks)
{
	*leaks = to_circuit ? fakes.to_circuit : fakes.from_circuit;
}

void sync_each_leak_refused(struct sync *sync, const struct plan_connection *connection,
	void (*each)(const struct ip *prefix, void *context), void *context)
{
	struct ip prefix = {AF_INET, 24, {10, 7}};

	for (uint32_t i = 0; i < fakes.to_circuit.refused[0]; i++) {
		prefix.address[2] = (uint8_t)(i / 256);
		prefix.address[3] = (uint8_t)i;
		each(&prefix, context);
	}
}

const struct learned_route *sync_learned(
	struct sync *sync, unsigned int domain, const struct ip *prefix)
{
	static const struct learned_route route = {
		.announcement = {.prefix = {AF_INET, 16, {10, 9}},
			.as_path = {65001, 4200000000},
			.as_path_length = 2,
			.has_med = true,
			.med = 5},
		.local_pref = 2,
		.weight = 7,
	};

	if (!fakes.learned || strcmp(fakes.plan->domains[domain].name, "private.contoso") != 0 ||
		!ip_equal(prefix, &route.announcement.prefix))
		return NULL;
	return &route;
}

bool sync_session_trouble(
	struct sync *sync, unsigned int domain, unsigned int link, char *text, size_t size)
{
	if (!fakes.troubled || domain != 0 || link != 1)
		return false;
	snprintf(text, size, "TCP-MD5: what the kernel dropped");
	return true;
}

struct frr *sync_frr(struct sync *sync)
{
	return NULL;
}

json_t *sync_status(const struct sync *sync)
{
	return json_pack("{s:{s:b}}", "dataplane", "connected", 1);
}

static void give(frr_answer answer, void *context)
{
	const char *text = fakes.answers[(fakes.queries - 1) % 4];
	json_t *value = text != NULL ? json_loads(text, 0, NULL) : NULL;

	answer(context, value);
	json_decref(value);
}

int frr_query(struct frr *frr, const char *command, frr_answer answer, void *context)
{
	if (fakes.frr_away)
		return -ENOTCONN;
	fakes.queries++;
	if (fakes.frr_waits) {
		waiting = answer;
		waiting_context = context;
	} else {
		give(answer, context);
	}
	return 0;
}

bool fakes_answer(void)
{
	frr_answer answer = waiting;

	if (answer == NULL)
		return false;
	waiting = NULL;
	give(answer, waiting_context);
	return true;
}

/* A connected one, and two that BGP brought: what the soft limit refuses is one of them. */
void kernel_each_route(struct kernel *kernel,
	void (*each)(const struct kernel_route *route, void *context), void *context)
{
	static const struct kernel_route routes[] = {
		{.prefix = {AF_INET, 30, {192, 0, 2}}, .protocol = 2},
		{.prefix = {AF_INET, 16, {10}}, .protocol = KERNEL_PROTOCOL_BGP},
		{.prefix = {AF_INET, 16, {10, 9}}, .protocol = KERNEL_PROTOCOL_BGP},
	};

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		each(&routes[i], context);
}

struct kernel *sync_kernel(struct sync *sync, unsigned int domain)
{
	/* Only ever handed back to the functions below. */
	return fakes.kernel_up && strcmp(fakes.plan->domains[domain].name, "private.contoso") == 0
		       ? (struct kernel *)&fakes
		       : NULL;
}

bool kernel_is_synced(const struct kernel *kernel)
{
	return true;
}

uint32_t kernel_ifindex(struct kernel *kernel, const char *ifname)
{
	return strcmp(ifname, "primary") == 0     ? 65537
	       : strcmp(ifname, "secondary") == 0 ? 65538
						  : 0;
}

/* What is looked for, and the entry found. */
struct neighbour_search {
	uint32_t ifindex;
	const struct ip *address;
	struct kernel_neighbour found;
};

static void match_neighbour(const struct kernel_neighbour *neighbour, void *context)
{
	struct neighbour_search *search = context;

	if (neighbour->ifindex == search->ifindex &&
		neighbour->address.family == search->address->family &&
		memcmp(neighbour->address.address, search->address->address,
			sizeof(search->address->address)) == 0)
		search->found = *neighbour;
}

const struct kernel_neighbour *kernel_neighbour_of(
	struct kernel *kernel, uint32_t ifindex, const struct ip *address)
{
	static struct neighbour_search search;

	search = (struct neighbour_search){.ifindex = ifindex, .address = address};
	kernel_each_neighbour(kernel, match_neighbour, &search);
	return search.found.ifindex != 0 ? &search.found : NULL;
}

void kernel_each_neighbour(struct kernel *kernel,
	void (*each)(const struct kernel_neighbour *neighbour, void *context), void *context)
{
	static const struct {
		uint32_t ifindex;
		const char *address;
		uint16_t state;
	} neighbours[] = {
		{65537, "192.0.2.1", NUD_REACHABLE}, {65538, "192.0.2.5", NUD_FAILED},
		{65537, "2001:db8:1::1", NUD_STALE}, {65537, "ff02::1", NUD_NOARP},
		{1, "127.0.0.1", NUD_PERMANENT}, /* of no link of ours */
	};

	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		const char *text = neighbours[i].address;
		struct kernel_neighbour neighbour = {
			.ifindex = neighbours[i].ifindex,
			.state = neighbours[i].state,
			.mac = {2, 0, 0, 0, 0, 1},
			.confirmed_s_ago = 7,
		};
		neighbour.address.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
		neighbour.address.prefix_len = neighbour.address.family == AF_INET6 ? 128 : 32;
		inet_pton(neighbour.address.family, text, neighbour.address.address);
		each(&neighbour, context);
	}
}
