/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants with the same addresses come, go and change, all with the same few ids, while two workers
 * forward for them as fast as they can. What a tenant sent leaves only with that tenant's tag, all
 * accounts balance and no buffer is lost. With the address sanitizer: nothing is used once freed.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/port/port.h"
#include "dataplane/startup/startup.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/reclaim.h"
#include "dataplane/worker/worker.h"

enum { CUSTOMERS = 0, CORE = 1 };
enum { TENANTS = 4, IDS = TENANTS + 1, ROUNDS = 4000, DURATION_MS = 4000 };
enum { CUSTOMER_VLAN = 100, CORE_VLAN = 200, OTHER_CORE_VLAN = 300 };

/* By tenant: the number all its objects have; 0: the tenant is away. */
static uint32_t id_of[TENANTS];
static uint64_t leaks, forwarded; /* the workers add */

/* ---- traffic ---- */

static const uint8_t core_neighbour[6] = {2, 0, 0, 0, 9, 9};

/* The third byte of the source address says who sent it. */
static void write_frame(FILE *file, unsigned int tenant)
{
	uint8_t frame[60] = {[12] = 0x81,
		0x00,
		[15] = CUSTOMER_VLAN + tenant,
		0x08,
		0x00,
		[18] = 0x45,
		[21] = 42,
		[26] = 64,
		17,
		[30] = 10,
		1,
		tenant,
		1,
		10,
		2,
		0,
		1};
	const uint32_t record[4] = {0, 0, sizeof(frame), sizeof(frame)};
	uint32_t sum = 0;

	for (unsigned int i = 18; i < 38; i += 2)
		sum += frame[i] << 8 | frame[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	frame[28] = sum >> 8;
	frame[29] = sum & 0xff;
	assert_int_equal(fwrite(record, sizeof(record), 1, file), 1);
	assert_int_equal(fwrite(frame, sizeof(frame), 1, file), 1);
}

static void write_traffic(const char *path)
{
	const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(header, sizeof(header), 1, file), 1);
	for (unsigned int i = 0; i < 16 * TENANTS; i++)
		write_frame(file, i % TENANTS);
	assert_int_equal(fclose(file), 0);
}

/* Runs in the workers: net_pcap chooses its MAC address anew each time, the file cannot know it. */
static uint16_t address_received(uint16_t ethdev, uint16_t queue, struct rte_mbuf **packets,
	uint16_t count, uint16_t room, void *mac)
{
	for (uint16_t i = 0; i < count; i++)
		memcpy(rte_pktmbuf_mtod(packets[i], void *), mac, RTE_ETHER_ADDR_LEN);
	return count;
}

/* Runs in the workers. */
static uint16_t look_at_sent(
	uint16_t ethdev, uint16_t queue, struct rte_mbuf **packets, uint16_t count, void *context)
{
	uint64_t wrong = 0;

	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(packets[i], const uint8_t *);
		unsigned int vlan = (frame[14] << 8 | frame[15]) & 0xfff, tenant = frame[32];

		wrong += vlan != CORE_VLAN + tenant && vlan != OTHER_CORE_VLAN + tenant;
	}
	__atomic_add_fetch(&leaks, wrong, __ATOMIC_RELAXED);
	__atomic_add_fetch(&forwarded, count, __ATOMIC_RELAXED);
	return count;
}

/* ---- tables ---- */

/* Customers' interfaces have the id itself, those towards the core come behind them. */
static uint32_t core_interface(uint32_t id)
{
	return IDS + id;
}

static struct api_interface interface_of(uint32_t id, uint32_t port, uint32_t vrf, uint16_t vlan)
{
	return (struct api_interface){
		.id = id, .port = port, .vrf = vrf, .c_tag = vlan, .mtu = 1500};
}

static struct api_route route_of(uint32_t id)
{
	return (struct api_route){.vrf = id,
		.group = API_GROUP_FIRST + id,
		.family = AF_INET,
		.address = {10, 2},
		.prefix_len = 16,
		.origin = API_ORIGIN_STATIC};
}

/* All but the customer's interface. */
static void add_domain(unsigned int tenant, uint32_t id)
{
	struct api_vrf vrf = {.id = id, .name = "tenant"};
	struct api_interface out = interface_of(core_interface(id), CORE, id, CORE_VLAN + tenant);
	struct api_adjacency adjacency = {
		.id = id, .interface = core_interface(id), .family = AF_INET, .resolved = 1};
	struct api_group group = {.id = API_GROUP_FIRST + id, .count = 1, .adjacencies = {id}};
	struct api_route route = route_of(id);

	memcpy(adjacency.mac, core_neighbour, sizeof(core_neighbour));
	assert_int_equal(vrf_upsert(&vrf), 0);
	assert_int_equal(interface_upsert(&out, -1), 0);
	assert_int_equal(adjacency_upsert(&adjacency), 0);
	assert_int_equal(group_upsert(&group), 0);
	assert_int_equal(route_upsert(&route), 0);
	assert_int_equal(vrf_commit(), 0);
	id_of[tenant] = id;
}

static void add_customer(unsigned int tenant, uint32_t interface)
{
	struct api_interface in =
		interface_of(interface, CUSTOMERS, id_of[tenant], CUSTOMER_VLAN + tenant);

	assert_int_equal(interface_upsert(&in, -1), 0);
}

static void come(unsigned int tenant, uint32_t id)
{
	add_domain(tenant, id);
	add_customer(tenant, id);
}

static void leave(unsigned int tenant)
{
	uint32_t id = id_of[tenant];
	struct api_route route = route_of(id);

	assert_int_equal(route_delete(&route), 0);
	assert_int_equal(vrf_commit(), 0);
	assert_int_equal(group_delete(API_GROUP_FIRST + id), 0);
	assert_int_equal(adjacency_delete(id), 0);
	assert_int_equal(interface_delete(core_interface(id)), 0);
	assert_int_equal(interface_delete(id), 0);
	assert_int_equal(vrf_delete(id), 0);
	id_of[tenant] = 0;
}

/* The id of one tenant's interface becomes another's, with its tag and domain, in one step while
 * the routes of both are in place. */
static void succeed(unsigned int tenant, unsigned int heir, uint32_t domain)
{
	add_domain(heir, domain);
	add_customer(heir, id_of[tenant]);
	assert_int_equal(interface_delete(id_of[tenant]), 0);
	add_customer(heir, domain);
	leave(tenant);
}

static void move_core(unsigned int tenant, uint16_t vlan)
{
	uint32_t id = id_of[tenant];
	struct api_interface out = interface_of(core_interface(id), CORE, id, vlan + tenant);

	assert_int_equal(interface_upsert(&out, -1), 0);
}

static uint32_t free_id(void)
{
	for (uint32_t id = 1; id <= IDS; id++) {
		bool used = false;

		for (unsigned int i = 0; i < TENANTS; i++)
			used = used || id_of[i] == id;
		if (!used)
			return id;
	}
	fail_msg("no id is free");
	return 0;
}

static void change_something(unsigned int *seed)
{
	unsigned int tenant = rand_r(seed) % TENANTS, heir = rand_r(seed) % TENANTS;

	if (id_of[tenant] == 0)
		come(tenant, free_id());
	else if (rand_r(seed) % 4 == 0)
		move_core(tenant, rand_r(seed) % 2 == 0 ? CORE_VLAN : OTHER_CORE_VLAN);
	else if (id_of[heir] == 0)
		succeed(tenant, heir, free_id());
	else
		leave(tenant);
	reclaim_run();
}

/* ---- the process ---- */

static char pcap_path[] = "/tmp/isolation-XXXXXX";
static struct api_port customers = {
	.id = CUSTOMERS, .name = "cust", .mtu = 1500, .outer_ethertype = 0x8100};
static struct api_port core = {.id = CORE,
	.name = "core",
	.device = "net_null0,no-rx=1",
	.role = API_ROLE_CORE,
	.mtu = 1500,
	.outer_ethertype = 0x8100};

static void ignore_link(uint32_t port, bool up)
{
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* The last CPU is main's and a worker's. */
static void start_dataplane(void)
{
	struct api_startup startup = {.control_cpu_count = 1, .memory_mb = 256, .mtu_max = 1500};
	cpu_set_t allowed;
	char text[240];

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && startup.worker_count < 2; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		startup.worker_cpus[startup.worker_count++] = cpu;
		startup.control_cpus[0] = cpu;
	}
	if (startup_run(&startup, text, sizeof(text)) != 0)
		fail_msg("%s", text);
}

/* One queue for each worker. */
static void open_ports(void)
{
	size_t used = snprintf(customers.device, sizeof(customers.device), "net_pcap0");

	for (unsigned int i = 0; i < worker_count(); i++)
		used += snprintf(customers.device + used, sizeof(customers.device) - used,
			",rx_pcap=%s", pcap_path);
	snprintf(customers.device + used, sizeof(customers.device) - used, ",infinite_rx=1");
	assert_int_equal(port_upsert(&customers), 0);
	assert_int_equal(port_upsert(&core), 0);
	for (unsigned int i = 0; i < worker_count(); i++) {
		assert_non_null(rte_eth_add_rx_callback(port_get(CUSTOMERS)->ethdev, i,
			address_received, &port_table[CUSTOMERS]->mac));
		assert_non_null(
			rte_eth_add_tx_callback(port_get(CORE)->ethdev, i, look_at_sent, NULL));
	}
	port_poll_links(ignore_link);
	port_open_all();
}

static int set_up(void **state)
{
	int file;

	if (access("/dev/net/tun", R_OK | W_OK) != 0) {
		puts("needs /dev/net/tun, as the dataplane does");
		exit(77);
	}
	file = mkstemp(pcap_path);
	assert_true(file >= 0);
	close(file);
	write_traffic(pcap_path);
	start_dataplane();
	open_ports();
	return 0;
}

static int tear_down(void **state)
{
	startup_stop();
	unlink(pcap_path);
	return 0;
}

static void expect_balance(uint32_t slot)
{
	struct api_ledger ledger;
	uint64_t in, out;

	counters_read(slot, &ledger);
	in = ledger.punt + ledger.forwarded_in;
	out = ledger.tx;
	for (int reason = 0; reason < API_DROP_COUNT; reason++) {
		if (api_drop_direction(reason) == API_DROP_IN)
			in += ledger.drops[reason];
		else
			out += ledger.drops[reason];
	}
	assert_int_equal(ledger.rx + ledger.generated, in);
	assert_int_equal(ledger.forwarded_out + ledger.injected + ledger.fragments_added, out);
}

static void tenants_never_meet(void **state)
{
	uint64_t end = now_ms() + DURATION_MS, before;
	unsigned int seed = 4711;

	for (unsigned int round = 0; round < ROUNDS && now_ms() < end; round++) {
		change_something(&seed);
		/* Packets for the tables as they are now. */
		before = __atomic_load_n(&forwarded, __ATOMIC_RELAXED);
		for (unsigned int i = 0; i < 100; i++) {
			if (__atomic_load_n(&forwarded, __ATOMIC_RELAXED) != before)
				break;
			sched_yield();
		}
	}
	worker_stop_all();
	print_message("%lu packets forwarded\n", (unsigned long)forwarded);
	assert_int_equal(leaks, 0);
	assert_true(forwarded > ROUNDS); /* or nothing was tried */
	for (uint32_t slot = 0; slot < COUNTERS_SLOTS; slot++)
		expect_balance(slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tenants_never_meet),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
