/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole process as control meets it: start, STARTUP, a net_tap port, kill -9, and a second
 * life that finds the persistent network interface again. In a network namespace of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/api/client.h"

#define DEADLINE_MS 20000

static char run_dir[] = "/tmp/onramp-process-XXXXXX";
static pid_t pid;
static struct api_client *client;
static struct api_hello hello;

static void pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * 1000000};

	nanosleep(&pause, NULL);
}

static void spawn(void)
{
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return;
	execl(DATAPLANE, DATAPLANE, "--run-dir", run_dir, NULL);
	_exit(127);
}

/* Polls, because a socket that is not there yet gives no event. */
static void connect_writer(void)
{
	for (int waited = 0; waited < DEADLINE_MS; waited += 10) {
		client = api_client_open(run_dir, API_ROLE_WRITER, &hello);
		if (client)
			return;
		pause_ms(10);
	}
	fail_msg("no dataplane in %s: %s", run_dir, strerror(errno));
}

static int end(int signo)
{
	int status;

	api_client_close(client);
	client = NULL;
	kill(pid, signo);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	pid = 0;
	return status;
}

/* The answer to the request just sent; events in between are passed over. */
static struct api_ack request(enum api_message_type type, const void *payload, size_t length)
{
	struct api_message message;
	int64_t sequence = api_client_send(client, type, payload, length, NULL, 0);
	struct api_ack ack = {0};

	assert_true(sequence > 0);
	do
		assert_int_equal(api_client_wait(client, &message, DEADLINE_MS), 1);
	while (message.header.sequence != sequence);
	if (message.header.type == API_BATCH_ACK) {
		const struct api_batch_ack *batch = message.payload;
		const int32_t *errors = (const int32_t *)(batch + 1);

		assert_int_equal(batch->count, 1);
		ack.error = errors[0];
		return ack;
	}
	assert_int_equal(message.header.type, API_ACK);
	memcpy(&ack, message.payload, sizeof(ack));
	return ack;
}

static struct api_ack request_item(
	enum api_object object, enum api_operation operation, const void *payload)
{
	static struct api_batch batch;

	batch.count = 0;
	batch.length = 0;
	assert_int_equal(api_batch_add(&batch, object, operation, payload), 0);
	return request(API_BATCH, batch.bytes, batch.length);
}

static struct api_startup small_startup(void)
{
	return (struct api_startup){
		.worker_count = 1,
		.worker_cpus = {sched_getcpu()},
		.control_cpu_count = 1,
		.control_cpus = {sched_getcpu()},
		.memory_mb = 256,
		.mtu_max = 1500,
		.idle_sleep_us = 200,
	};
}

static struct api_port tap_port(void)
{
	return (struct api_port){
		.id = 3,
		.name = "cust",
		.device = "net_tap3,iface=cust,persist=1,mac=02:00:00:00:00:03",
		.role = API_ROLE_CUSTOMER,
		.mtu = 1500,
		.outer_ethertype = 0x8100,
	};
}

static void start(void)
{
	struct api_startup startup = small_startup();
	struct api_ack ack;

	spawn();
	connect_writer();
	assert_int_equal(hello.state, API_STATE_EMPTY);
	assert_int_equal(hello.pid, pid);
	ack = request(API_STARTUP, &startup, sizeof(startup));
	if (ack.error != 0)
		fail_msg("STARTUP: %s", ack.text);
}

static void copy_row(const void *row, void *context)
{
	memcpy(context, row, sizeof(struct api_port));
}

static struct api_port only_port(void)
{
	struct api_port port = {0};

	assert_int_equal(api_client_dump(client, API_PORT, 0, copy_row, &port), 0);
	return port;
}

static void wait_for_link(uint8_t up)
{
	for (int waited = 0; waited < DEADLINE_MS; waited += 10) {
		if (only_port().link_up == up)
			return;
		pause_ms(10);
	}
	fail_msg("the port's link is not %s", up ? "up" : "down");
}

static void run_command(const char *command)
{
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	if (geteuid() != 0) {
		puts("needs root for a network namespace");
		exit(77);
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_non_null(mkdtemp(run_dir));
	return 0;
}

static int tear_down(void **state)
{
	if (pid > 0)
		end(SIGKILL);
	return 0;
}

static int remove_run_dir(void **state)
{
	char socket_path[sizeof(run_dir) + 32];

	snprintf(socket_path, sizeof(socket_path), "%s/dataplane.sock", run_dir);
	unlink(socket_path);
	snprintf(socket_path, sizeof(socket_path), "%s/dataplane.lock", run_dir);
	unlink(socket_path);
	return rmdir(run_dir);
}

static void stops_orderly_before_startup(void **state)
{
	int status;

	spawn();
	connect_writer();
	status = end(SIGTERM);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void teaches_and_lives_on(void **state)
{
	struct api_startup startup = small_startup();
	struct api_ack ack;

	spawn();
	connect_writer();
	startup.memory_mb = 1;
	ack = request(API_STARTUP, &startup, sizeof(startup));
	assert_int_equal(ack.error, -ENOMEM);
	assert_non_null(strstr(ack.text, "raise memory: {size: "));
	/* Mended, the same process starts. */
	startup.memory_mb = 256;
	ack = request(API_STARTUP, &startup, sizeof(startup));
	assert_int_equal(ack.error, 0);
	assert_int_equal(WEXITSTATUS(end(SIGINT)), 0);
}

static void opens_a_port_and_follows_its_link(void **state)
{
	struct api_port port = tap_port(), seen;
	int status;

	start();
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, 0);
	seen = only_port();
	assert_int_equal(seen.id, 3);
	assert_memory_equal(seen.mac, "\2\0\0\0\0\3", 6);
	assert_int_equal(seen.rx_queues, 1);
	assert_int_equal(seen.tx_queues, 1);
	assert_true(if_nametoindex("cust") > 0);
	wait_for_link(1);
	run_command("ip link set cust down");
	wait_for_link(0);
	run_command("ip link set cust up");
	wait_for_link(1);

	assert_int_equal(request_item(API_PORT, API_DELETE, &port).error, 0);
	assert_int_equal(only_port().id, 0);
	/* The same device again, at once. */
	port.id = 4;
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, 0);
	assert_int_equal(only_port().id, 4);
	status = end(SIGTERM);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void refuses_ports_with_reason(void **state)
{
	struct api_port port = tap_port();

	start();
	port.mtu = 9000;
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, -ENOTSUP);
	port = tap_port();
	strcpy(port.device, "net_nothing0");
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, -ENODEV);
	port = tap_port();
	port.outer_ethertype = 0x0800;
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, -EINVAL);
	/* None of them is left in the way. */
	port = tap_port();
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, 0);
	/* A device has one port. */
	port.id = 5;
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, -EINVAL);
	assert_int_equal(WEXITSTATUS(end(SIGTERM)), 0);
}

static void a_second_life_finds_the_tap(void **state)
{
	struct api_port port = tap_port();
	unsigned int index;
	uint64_t boot_id;

	start();
	boot_id = hello.boot_id;
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, 0);
	index = if_nametoindex("cust");
	assert_true(index > 0);
	assert_true(WIFSIGNALED(end(SIGKILL)));
	assert_int_equal(if_nametoindex("cust"), index);

	start();
	assert_true(hello.boot_id != boot_id);
	assert_int_equal(request_item(API_PORT, API_UPSERT, &port).error, 0);
	assert_int_equal(if_nametoindex("cust"), index);
	wait_for_link(1);
	assert_int_equal(WEXITSTATUS(end(SIGTERM)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(stops_orderly_before_startup, tear_down),
		cmocka_unit_test_teardown(teaches_and_lives_on, tear_down),
		cmocka_unit_test_teardown(opens_a_port_and_follows_its_link, tear_down),
		cmocka_unit_test_teardown(refuses_ports_with_reason, tear_down),
		cmocka_unit_test_teardown(a_second_life_finds_the_tap, tear_down),
	};

	return cmocka_run_group_tests(tests, set_up, remove_run_dir);
}
