/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers, ports and the punt thread with real devices: a net_tap port whose network interface
 * plays the customer's wire, and a TAP whose kernel answers. The test is the main thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dataplane/interface/interface.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/startup/startup.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/reclaim.h"
#include "dataplane/worker/worker.h"

#define DEADLINE_MS 10000

/* The customer port's receive queues, before the first packet. */
static unsigned int buffers_at_rest;
#define PORT 1
#define LINK 7 /* has a TAP */
#define BARE 8 /* has none */
#define VLAN_LINK 300
#define VLAN_BARE 301

static int wire; /* the customer's end of the port's network interface */
static struct api_interface link_api, bare_api;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void run_command(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static struct api_ledger ledger_of(uint32_t interface)
{
	struct api_ledger ledger;

	counters_read(interface, &ledger);
	return ledger;
}

static void wait_for_drops(uint32_t interface, enum api_drop_reason reason, uint64_t drops)
{
	uint64_t end = now_ms() + DEADLINE_MS;

	while (ledger_of(interface).drops[reason] != drops) {
		if (now_ms() > end)
			fail_msg("%s: %lu drops, not %lu", api_drop_name(reason),
				(unsigned long)ledger_of(interface).drops[reason],
				(unsigned long)drops);
		sched_yield();
	}
}

/* The worker counts a frame a moment after the wire has it. */
static void wait_for_sent(uint32_t interface, uint64_t frames)
{
	uint64_t end = now_ms() + DEADLINE_MS;

	while (ledger_of(interface).tx != frames) {
		if (now_ms() > end)
			fail_msg("%lu frames counted as sent, not %lu",
				(unsigned long)ledger_of(interface).tx, (unsigned long)frames);
		sched_yield();
	}
}

/* Each side of the account, once nothing moves any more. */
static void assert_balance(uint32_t interface)
{
	struct api_ledger ledger = ledger_of(interface);
	uint64_t in = ledger.punt + ledger.forwarded_in;
	uint64_t out = ledger.tx;

	for (int reason = 0; reason < API_DROP_COUNT; reason++) {
		if (api_drop_direction(reason) == API_DROP_IN)
			in += ledger.drops[reason];
		else
			out += ledger.drops[reason];
	}
	assert_int_equal(ledger.rx + ledger.generated, in);
	assert_int_equal(ledger.forwarded_out + ledger.injected + ledger.fragments_added, out);
}

static int open_packet_socket(const char *ifname)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(ifname),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)), on = 1;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)), 0);
	return fd;
}

static int open_tap(const char *ifname)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	/* That nobody may wait for it is punt_watch's business. */
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	return fd;
}

static const uint8_t customer_mac[6] = {2, 0, 0, 0, 0, 9};
static const uint8_t edge_mac[6] = {2, 0, 0, 0, 0, 1};

/* "Who has 192.0.2.2? Tell 192.0.2.1" (RFC 826) with one tag. */
static void send_arp_request(uint16_t vlan)
{
	uint8_t frame[64] = {[0] = 255,
		255,
		255,
		255,
		255,
		255,
		[12] = 0x81,
		0,
		[16] = 0x08,
		0x06,
		0,
		1,
		0x08,
		0,
		6,
		4,
		0,
		1};

	memcpy(frame + 6, customer_mac, 6);
	frame[14] = vlan >> 8;
	frame[15] = vlan & 0xff;
	memcpy(frame + 26, customer_mac, 6);
	memcpy(frame + 32, (uint8_t[]){192, 0, 2, 1}, 4);
	memcpy(frame + 42, (uint8_t[]){192, 0, 2, 2}, 4);
	assert_int_equal(send(wire, frame, sizeof(frame), 0), sizeof(frame));
}

/* The kernel takes the outer tag off before a packet socket sees the frame, and tells it beside. */
static ssize_t receive_frame(uint8_t frame[64], uint16_t *vlan)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec part = {frame, 64};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(wire, &message, MSG_DONTWAIT);
	struct cmsghdr *header = length < 0 ? NULL : CMSG_FIRSTHDR(&message);
	struct tpacket_auxdata beside;

	*vlan = 0;
	if (!header || header->cmsg_type != PACKET_AUXDATA)
		return length;
	memcpy(&beside, CMSG_DATA(header), sizeof(beside));
	if (beside.tp_status & TP_STATUS_VLAN_VALID)
		*vlan = beside.tp_vlan_tci & 0xfff;
	return length;
}

static bool is_arp_reply(const uint8_t *frame, ssize_t length)
{
	return length >= 42 && memcmp(frame, customer_mac, 6) == 0 && frame[12] == 0x08 &&
	       frame[13] == 0x06 && frame[21] == 2;
}

/* Returns the VLAN the reply came with. */
static uint16_t receive_arp_reply(uint8_t frame[64])
{
	uint64_t end = now_ms() + DEADLINE_MS;
	struct pollfd event = {.fd = wire, .events = POLLIN};
	ssize_t length;
	uint16_t vlan;

	do {
		if (now_ms() > end || poll(&event, 1, DEADLINE_MS) == 0)
			fail_msg("no ARP reply on the wire");
		length = receive_frame(frame, &vlan);
	} while (!is_arp_reply(frame, length));
	return vlan;
}

static void start_dataplane(void)
{
	struct api_startup startup = {
		.control_cpu_count = 1,
		.memory_mb = 256,
		.mtu_max = 1500,
		.idle_sleep_us = 100,
	};
	char text[240];
	cpu_set_t allowed;

	/* Two workers where there are two CPUs. */
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

static struct api_interface interface_on_vlan(uint32_t id, uint16_t vlan)
{
	struct api_interface api = {
		.id = id,
		.port = PORT,
		.vrf = id,
		.c_tag = vlan,
		.mtu = 1500,
		.address4 = {192, 0, 2, 2},
		.prefix_len4 = 30,
	};

	snprintf(api.name, sizeof(api.name), "contoso/private/vlan%u", vlan);
	return api;
}

static void add_interfaces(void)
{
	struct api_vrf vrf = {.name = "private.contoso"};

	for (vrf.id = LINK; vrf.id <= BARE; vrf.id++)
		assert_int_equal(vrf_upsert(&vrf), 0);
	link_api = interface_on_vlan(LINK, VLAN_LINK);
	bare_api = interface_on_vlan(BARE, VLAN_BARE);
	assert_int_equal(interface_upsert(&link_api, open_tap("primary")), 0);
	assert_int_equal(interface_upsert(&bare_api, -1), 0);
	run_command("ip link set primary address 02:00:00:00:00:01 up && "
		    "ip address add 192.0.2.2/30 dev primary");
}

static struct api_port port_api(void)
{
	return (struct api_port){
		.id = PORT,
		.name = "cust",
		.device = "net_tap1,iface=cust,mac=02:00:00:00:00:01",
		.mtu = 1500,
		.outer_ethertype = 0x8100,
	};
}

static int set_up(void **state)
{
	struct api_port port = port_api();

	signal(SIGIO, SIG_IGN);
	if (geteuid() != 0) {
		puts("needs root for a network namespace");
		exit(77);
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	/* No router solicitations between the packets of the test. */
	run_command("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
	start_dataplane();
	assert_int_equal(port_upsert(&port), 0);
	add_interfaces();
	wire = open_packet_socket("cust");
	buffers_at_rest = rte_mempool_in_use_count(port_mempool(0));
	port_open_all();
	return 0;
}

static int tear_down(void **state)
{
	close(wire);
	startup_stop();
	return 0;
}

/* Carriers of TAPs follow their port. */
static void carrier(uint32_t port, bool up)
{
	interface_port_carrier(port, up);
}

/* The kernel notes a carrier at leisure, and says nothing on the interface before. */
static void wait_until_active(const char *ifname)
{
	uint64_t end = now_ms() + DEADLINE_MS;
	char command[80];

	snprintf(command, sizeof(command), "ip -o link show dev %s | grep -q 'state UP'", ifname);
	while (system(command) != 0) {
		if (now_ms() > end)
			fail_msg("%s never took up its carrier", ifname);
	}
}

static void the_kernel_behind_the_tap_answers(void **state)
{
	struct api_ledger ledger;
	uint8_t frame[64];

	port_poll_links(carrier);
	wait_until_active("primary");
	send_arp_request(VLAN_LINK);
	/* With the link's tag pushed, from the port's MAC. */
	assert_int_equal(receive_arp_reply(frame), VLAN_LINK);
	assert_memory_equal(frame + 6, edge_mac, 6);

	wait_for_sent(LINK, 1);
	ledger = ledger_of(LINK);
	assert_int_equal(ledger.rx, 1);
	assert_int_equal(ledger.punt, 1);
	assert_int_equal(ledger.injected, 1);
	assert_balance(LINK);
}

static void without_a_tap_it_is_a_named_drop(void **state)
{
	send_arp_request(VLAN_BARE);
	wait_for_drops(BARE, API_DROP_PUNT_NO_TAP, 1);
	assert_balance(BARE);
}

static void a_tap_that_is_down_is_a_named_drop(void **state)
{
	uint8_t frame[64];

	run_command("ip link set primary down");
	send_arp_request(VLAN_LINK);
	wait_for_drops(LINK, API_DROP_PUNT_TAP_FULL, 1);
	assert_balance(LINK);
	run_command("ip link set primary up");
	send_arp_request(VLAN_LINK);
	receive_arp_reply(frame);
}

/* As a worker would hand it over, but from before the interface's present life. */
static void punt_stale(uint32_t id, uint32_t epoch)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(port_mempool(0));
	struct handover *handover;

	assert_non_null(packet);
	assert_non_null(rte_pktmbuf_append(packet, 60));
	handover = rte_mbuf_to_priv(packet);
	*handover = (struct handover){.interface = id, .epoch = epoch};
	assert_true(punt_packet(packet));
}

static void a_packet_never_reaches_the_next_owner(void **state)
{
	uint64_t punted = ledger_of(LINK).punt;

	punt_stale(LINK, interface_get(LINK)->epoch - 1);
	punt_stale(99, 1); /* no such interface */
	wait_for_drops(99, API_DROP_INTERFACE_GONE, 1);
	/* Nor is it on the next owner's account. */
	assert_int_equal(ledger_of(LINK).punt, punted);
	assert_int_equal(ledger_of(LINK).drops[API_DROP_INTERFACE_GONE], 0);
}

/* After punt_unwatch another file may take the fd's number: nobody may read or write it. */
static void an_unwatched_fd_is_left_alone(void **state)
{
	int bystander = eventfd(5, EFD_NONBLOCK | EFD_CLOEXEC);
	int fd = interface_get(LINK)->tap_fd, kept = dup(fd);
	uint8_t frame[64];
	uint64_t value;

	punt_unwatch(LINK, fd);
	assert_int_equal(dup2(bystander, fd), fd);
	send_arp_request(VLAN_LINK);
	wait_for_drops(LINK, API_DROP_PUNT_NO_TAP, 1);
	assert_int_equal(read(bystander, &value, sizeof(value)), sizeof(value));
	assert_int_equal(value, 5);

	assert_int_equal(dup2(kept, fd), fd);
	close(kept);
	close(bystander);
	assert_int_equal(punt_watch(LINK, interface_get(LINK)->epoch, fd), 0);
	send_arp_request(VLAN_LINK);
	receive_arp_reply(frame);
}

static void ports_come_and_go_under_traffic(void **state)
{
	struct api_port other = {
		.id = PORT + 1,
		.name = "core",
		.device = "net_tap2,iface=core",
		.role = API_ROLE_CORE,
		.mtu = 1500,
		.outer_ethertype = 0x8100,
	};
	uint64_t end = now_ms() + DEADLINE_MS;
	struct api_port seen;
	uint8_t frame[64];

	for (unsigned int round = 0; round < 5; round++) {
		assert_int_equal(port_upsert(&other), 0);
		assert_true(port_next(PORT + 1, &seen));
		assert_int_equal(seen.id, PORT + 1);
		assert_int_equal(seen.rx_queues, worker_count());
		send_arp_request(VLAN_LINK);
		receive_arp_reply(frame);
		assert_int_equal(port_delete(PORT + 1), 0);
		assert_false(port_next(PORT + 1, &seen));
	}
	assert_int_equal(port_delete(PORT), -EBUSY);
	/* The last one closes after its grace period, and gives all buffers back. */
	while (if_nametoindex("core") != 0 && now_ms() < end)
		reclaim_run();
	assert_int_equal(if_nametoindex("core"), 0);
	while (rte_mempool_in_use_count(port_mempool(0)) != buffers_at_rest && now_ms() < end)
		sched_yield();
	assert_int_equal(rte_mempool_in_use_count(port_mempool(0)), buffers_at_rest);
}

static unsigned int device_mtu(const char *ifname)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	assert_int_equal(ioctl(wire, SIOCGIFMTU, &request), 0);
	return request.ifr_mtu;
}

/* The device goes on as it is, and its interfaces send no more than fits. */
static void a_port_changes_its_mtu_alive(void **state)
{
	const struct port *before = port_get(PORT);
	struct api_port port = port_api();
	uint8_t frame[64];

	port.mtu = 1400;
	assert_int_equal(port_upsert(&port), 0);
	assert_ptr_equal(port_get(PORT), before);
	assert_int_equal(before->mtu, 1400);
	assert_in_range(device_mtu("cust"), 1400, 1408);
	assert_int_equal(interface_get(LINK)->mtu, 1400);
	send_arp_request(VLAN_LINK);
	receive_arp_reply(frame);
	/* What is impossible changes nothing. */
	port.mtu = 9216;
	assert_int_equal(port_upsert(&port), -ENOTSUP);
	assert_ptr_equal(port_get(PORT), before);
	assert_int_equal(before->mtu, 1400);
	port.mtu = 1500;
	assert_int_equal(port_upsert(&port), 0);
	assert_ptr_equal(port_get(PORT), before);
	assert_int_equal(interface_get(LINK)->mtu, 1500);
}

static void workers_count_their_turns(void **state)
{
	struct api_worker stats;

	for (unsigned int i = 0; i < worker_count(); i++) {
		assert_true(worker_stats(i, &stats));
		assert_true(stats.polls > 0);
		assert_true(stats.empty_polls <= stats.polls);
		assert_true(stats.tsc_hz > 0);
		assert_true(stats.cycles > 0);
		assert_true(stats.busy_cycles <= stats.cycles);
		assert_true(stats.bursts <= stats.packets);
		assert_true(stats.sampled_packets <= stats.packets);
	}
	assert_false(worker_stats(worker_count(), &stats));
}

/* Last: the workers stop, so that nobody empties the ring. */
static void a_full_inject_ring_is_a_named_drop(void **state)
{
	unsigned int room = WORKER_INJECT_RING - 1, surplus = 77;
	uint64_t before = ledger_of(LINK).injected;
	uint8_t frame[60] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	int kernel = open_packet_socket("primary");

	worker_stop_all();
	for (unsigned int i = 0; i < room + surplus; i++) {
		/* The TAP's queue is shorter than the ring: let the punt thread keep up. */
		while (send(kernel, frame, sizeof(frame), 0) < 0)
			assert_int_equal(errno, ENOBUFS);
		if (i % 256 == 255)
			sched_yield();
	}
	wait_for_drops(LINK, API_DROP_INJECT_FULL, surplus);
	assert_int_equal(ledger_of(LINK).injected, before + surplus);
	close(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_behind_the_tap_answers),
		cmocka_unit_test(without_a_tap_it_is_a_named_drop),
		cmocka_unit_test(a_tap_that_is_down_is_a_named_drop),
		cmocka_unit_test(a_packet_never_reaches_the_next_owner),
		cmocka_unit_test(an_unwatched_fd_is_left_alone),
		cmocka_unit_test(ports_come_and_go_under_traffic),
		cmocka_unit_test(a_port_changes_its_mtu_alive),
		cmocka_unit_test(workers_count_their_turns),
		cmocka_unit_test(a_full_inject_ring_is_a_named_drop),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
