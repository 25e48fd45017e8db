/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of the benchmarks' site program that state objects; see site_sample.c for reading.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/site.h"

#define PORT_MTU 1500u

static uint32_t number(const char *word, uint32_t max)
{
	char *end;
	unsigned long value = strtoul(word, &end, 0);

	if (*word == '\0' || *end != '\0' || value > max)
		fail("'%s' is no number up to %u", word, max);
	return value;
}

static void copy_text(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		fail("'%s' is longer than %zu", from, size - 1);
	strcpy(to, from);
}

static uint32_t numbers(char *word, uint32_t *values, uint32_t max)
{
	uint32_t count = 0;

	for (char *rest = word, *next; (next = strsep(&rest, ",")) != NULL;) {
		if (count == max)
			fail("more than %u numbers", max);
		values[count++] = number(next, UINT32_MAX);
	}
	return count;
}

/* Into the first 4 or all 16 bytes; returns the family. */
static uint8_t address(const char *word, uint8_t *bytes)
{
	uint8_t family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, word, bytes) != 1)
		fail("'%s' is no address", word);
	return family;
}

static uint8_t prefix(char *word, uint8_t *bytes, uint8_t *length)
{
	char *slash = strchr(word, '/');
	uint8_t family;

	if (slash == NULL)
		fail("'%s' is no prefix", word);
	*slash = '\0';
	family = address(word, bytes);
	*length = number(slash + 1, family == AF_INET ? 32 : 128);
	return family;
}

static void mac(const char *word, uint8_t *bytes)
{
	if (sscanf(word, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &bytes[0], &bytes[1], &bytes[2],
		    &bytes[3], &bytes[4], &bytes[5]) != 6)
		fail("'%s' is no MAC address", word);
}

static void startup(unsigned int count, char **words)
{
	struct api_startup message = {.mtu_max = PORT_MTU};

	message.worker_count = numbers(words[0], message.worker_cpus, API_CPUS_MAX);
	message.control_cpu_count = numbers(words[1], message.control_cpus, API_CPUS_MAX);
	message.memory_mb = number(words[2], UINT32_MAX);
	message.hugepages = number(words[3], 1);
	message.pci = number(words[4], 1);
	if (count > 5)
		copy_text(message.bfdd_socket, sizeof(message.bfdd_socket), words[5]);
	site_send(API_STARTUP, &message, sizeof(message));
}

static void begin(unsigned int count, char **words)
{
	site_send(API_SNAPSHOT_BEGIN, NULL, 0);
}

static void end(unsigned int count, char **words)
{
	site_send(API_SNAPSHOT_END, NULL, 0);
}

static void settle(unsigned int count, char **words)
{
	site_settle();
	puts("{\"settled\": true}");
}

static void port(unsigned int count, char **words)
{
	struct api_port item = {
		.id = number(words[0], API_PORTS_MAX - 1),
		.role = API_ROLE_CUSTOMER,
		.mtu = PORT_MTU,
		.outer_ethertype = 0x8100,
	};

	if (count > 2)
		item.rss = number(words[2], API_RSS_SOFTWARE);
	snprintf(item.name, sizeof(item.name), "port%u", item.id);
	copy_text(item.device, sizeof(item.device), words[1]);
	site_add(API_PORT, API_UPSERT, &item);
}

static void vrf(unsigned int count, char **words)
{
	struct api_vrf item = {.id = number(words[0], API_VRFS_MAX - 1)};

	snprintf(item.name, sizeof(item.name), "bench.%u", item.id);
	site_add(API_VRF, API_UPSERT, &item);
}

/* A burst of 100 ms. */
static void policer(unsigned int count, char **words)
{
	struct api_policer item = {
		.id = number(words[0], API_POLICERS_MAX - 1),
		.rate_bps = number(words[1], API_POLICER_RATE_MAX / 1000000) * UINT64_C(1000000),
	};

	item.burst_bytes = item.rate_bps / 8 / 10;
	snprintf(item.name, sizeof(item.name), "bench%u/in", item.id);
	site_add(API_POLICER, API_UPSERT, &item);
}

static void interface(unsigned int count, char **words)
{
	struct api_interface item = {
		.id = number(words[0], API_INTERFACES_MAX - 1),
		.port = number(words[1], API_PORTS_MAX - 1),
		.vrf = number(words[2], API_VRFS_MAX - 1),
		.s_tag = number(words[3], 4094),
		.c_tag = number(words[4], 4094),
		.mtu = PORT_MTU,
	};

	if (prefix(words[5], item.address4, &item.prefix_len4) != AF_INET ||
		prefix(words[6], item.address6, &item.prefix_len6) != AF_INET6)
		fail("an interface has an IPv4 prefix, then an IPv6 prefix");
	item.policer_in = number(words[7], API_POLICERS_MAX - 1);
	item.policer_out = number(words[8], API_POLICERS_MAX - 1);
	snprintf(item.name, sizeof(item.name), "bench/private/%u", item.id);
	snprintf(item.circuit, sizeof(item.circuit), "bench%u", item.id);
	site_add(API_INTERFACE, API_UPSERT, &item);
}

static void adjacency(unsigned int count, char **words)
{
	struct api_adjacency item = {
		.id = number(words[0], API_ADJACENCIES_MAX - 1),
		.interface = number(words[1], API_INTERFACES_MAX - 1),
		.resolved = 1,
	};

	item.family = address(words[2], item.address);
	mac(words[3], item.mac);
	if (count > 4)
		item.path = number(words[4], API_PATHS_MAX - 1);
	site_add(API_ADJACENCY, API_UPSERT, &item);
}

static void path(unsigned int count, char **words)
{
	struct api_path item = {
		.id = number(words[0], API_PATHS_MAX - 1),
		.interface = number(words[1], API_INTERFACES_MAX - 1),
	};

	item.family = address(words[2], item.address);
	site_add(API_PATH, API_UPSERT, &item);
}

static void group(unsigned int count, char **words)
{
	struct api_group item = {
		.id = number(words[0], API_GROUPS_MAX - 1),
		.count = count - 1,
	};

	for (unsigned int i = 1; i < count; i++)
		item.adjacencies[i - 1] = number(words[i], API_ADJACENCIES_MAX - 1);
	site_add(API_GROUP, API_UPSERT, &item);
}

/* Stated routes, for churn. */
#define STATED_MAX 65536u
static struct api_route stated[STATED_MAX];
static uint32_t stated_count;

static void route(unsigned int count, char **words)
{
	struct api_route item = {
		.vrf = number(words[0], API_VRFS_MAX - 1),
		.group = number(words[2], API_GROUPS_MAX - 1),
		.origin = API_ORIGIN_BGP,
	};

	item.family = prefix(words[1], item.address, &item.prefix_len);
	site_add(API_ROUTE, API_UPSERT, &item);
	if (stated_count < STATED_MAX)
		stated[stated_count++] = item;
}

/* Four updates of a route in turn: another group, a prefix one bit longer comes, the first group
 * again, the longer prefix goes. Every packet has a way throughout. */
static void update(uint32_t number)
{
	/* 40503 is odd and the number of routes mostly no multiple of it: neighbours follow late.
	 */
	struct api_route item = stated[(uint64_t)number / 4 * 40503 % stated_count];
	unsigned int step = number % 4;

	if (step == 1 || step == 3)
		item.prefix_len += item.prefix_len < (item.family == AF_INET ? 32 : 128);
	if (step == 0)
		item.group = stated[(number + 1) % stated_count].group;
	site_add(API_ROUTE, step == 3 ? API_DELETE : API_UPSERT, &item);
}

/* Every millisecond its share, acknowledged: the API never has more than that to do. */
static void churn(unsigned int count, char **words)
{
	uint32_t rate = number(words[0], 1000000), milliseconds = number(words[1], 3600000);
	uint32_t done = 0;
	struct timespec next;

	if (stated_count == 0)
		fail("churn needs routes");
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint32_t i = 1; i <= milliseconds; i++) {
		next.tv_nsec += 1000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		while (done < (uint64_t)rate * i / 1000)
			update(done++);
		site_settle();
	}
	printf("{\"updates\": %u}\n", done);
}

const struct command site_commands[] = {
	{"startup", 5, 6, "WORKER_CPUS CONTROL_CPUS MEMORY_MB HUGEPAGES PCI [BFDD_SOCKET]",
		startup},
	{"begin", 0, 0, "a snapshot", begin},
	{"end", 0, 0, "the snapshot: ports open", end},
	{"settle", 0, 0, "answers when all before is acknowledged", settle},
	{"port", 2, 3, "ID DEVICE [RSS, a number of enum api_rss]", port},
	{"vrf", 1, 1, "ID", vrf},
	{"policer", 2, 2, "ID MBPS", policer},
	{"interface", 9, 9,
		"ID PORT VRF S_TAG C_TAG IPV4_PREFIX IPV6_PREFIX POLICER_IN POLICER_OUT",
		interface},
	{"path", 3, 3, "ID INTERFACE ADDRESS", path},
	{"adjacency", 4, 5, "ID INTERFACE ADDRESS MAC [PATH]", adjacency},
	{"group", 1, 1 + API_GROUP_MEMBERS_MAX, "ID ADJACENCY ...", group},
	{"route", 3, 3, "VRF PREFIX GROUP", route},
	{"churn", 2, 2, "PER_SECOND MILLISECONDS, answers at the end", churn},
	{"sample", 0, 0, "answers with all counters", site_sample},
	{"paths", 0, 0, "answers with what is up and what went down last", site_paths},
	{"sessions", 0, 0, "answers with sums over all BFD sessions", site_sessions},
	{0},
};
