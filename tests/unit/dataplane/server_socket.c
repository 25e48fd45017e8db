/* SPDX-License-Identifier: BSD-3-Clause */
/* Client and server over the real socket; the server's tables are fakes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/api/client.h"
#include "dataplane/server/rundir.h"
#include "dataplane/server/server.h"
#include "tests/unit/dataplane/server_fakes.h"

#define DEADLINE_MS 10000

static char dir[64];
static pthread_t thread;
static atomic_bool stop, want_event;

/* The dataplane's main thread. */
static void *main_thread(void *unused)
{
	uint8_t address[4] = {10, 0, 0, 1};

	while (!atomic_load(&stop)) {
		server_turn(10);
		if (!atomic_load(&want_event))
			continue;
		server_event_port_link(2, true);
		server_event_neighbour(7, AF_INET, address);
		atomic_store(&want_event, false);
	}
	return NULL;
}

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/onramp-test-XXXXXX");
	fakes_reset();
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/dataplane.lock", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" API_SOCKET_NAME, dir);
	unlink(path);
	return rmdir(dir);
}

static int start(void **state)
{
	if (make_dir(state) != 0 || server_open(dir) != 0)
		return -1;
	stop = false;
	return pthread_create(&thread, NULL, main_thread, NULL);
}

static int finish(void **state)
{
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	server_close();
	fakes_reset();
	return remove_dir(state);
}

static struct api_client *open_client(enum api_role role)
{
	struct api_hello hello;
	struct api_client *client = api_client_open(dir, role, &hello);

	assert_non_null(client);
	assert_int_equal(hello.pid, getpid());
	assert_true(hello.boot_id != 0);
	return client;
}

static int32_t ask(
	struct api_client *client, enum api_message_type type, const void *payload, size_t length)
{
	int64_t sequence = api_client_send(client, type, payload, length, NULL, 0);
	struct api_message message;

	assert_true(sequence > 0);
	assert_int_equal(api_client_wait(client, &message, DEADLINE_MS), 1);
	assert_int_equal(message.header.sequence, sequence);
	assert_int_equal(message.header.type, API_ACK);
	return ((const struct api_ack *)message.payload)->error;
}

/* Whatever was said before the wait began counts too; without it this waits for ever. */
static void a_wake_ends_the_wait(void **state)
{
	assert_int_equal(server_open(dir), 0);
	server_wake();
	server_wake();
	server_turn(-1);
	server_close();
}

static struct api_client *open_writer(void)
{
	struct api_startup startup = {.worker_count = 1};
	struct api_client *client = open_client(API_ROLE_WRITER);

	assert_int_equal(ask(client, API_STARTUP, &startup, sizeof(startup)), 0);
	return client;
}

static void second_writer_is_refused(void **state)
{
	struct api_client *writer = open_writer(), *reader = open_client(API_ROLE_READER);
	struct api_hello hello;
	struct timespec now;
	time_t deadline;

	errno = 0;
	assert_null(api_client_open(dir, API_ROLE_WRITER, &hello));
	assert_int_equal(errno, EBUSY);
	api_client_close(writer);
	/* The server notices at one of its next turns. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	deadline = now.tv_sec + DEADLINE_MS / 1000;
	while ((writer = api_client_open(dir, API_ROLE_WRITER, &hello)) == NULL) {
		assert_int_equal(errno, EBUSY);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec <= deadline);
	}
	assert_int_equal(hello.state, API_STATE_LOADING);
	api_client_close(writer);
	api_client_close(reader);
}

static void too_many_clients(void **state)
{
	struct api_client *clients[64];
	struct api_hello hello;

	for (int i = 0; i < 64; i++)
		clients[i] = open_client(API_ROLE_READER);
	assert_null(api_client_open(dir, API_ROLE_READER, &hello));
	/* Those that are there are served on. */
	assert_int_equal(api_client_dump(clients[63], API_VRF, 0, NULL, NULL), 0);
	for (int i = 0; i < 64; i++)
		api_client_close(clients[i]);
}

/* The wait has no end but what is written here. */
static void others_wake_the_server(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t value;

	assert_int_equal(server_open(dir), 0);
	assert_int_equal(server_wake_on(fd), 0);
	assert_int_equal(server_wake_on(-1), -EBADF);
	assert_int_equal(eventfd_write(fd, 1), 0);
	server_turn(-1);
	/* Still to be read, and by whom it is for. */
	server_turn(-1);
	assert_int_equal(eventfd_read(fd, &value), 0);
	close(fd);
	server_close();
}

static void nobody_there(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct api_hello hello;
	int fd;

	errno = 0;
	assert_null(api_client_open(dir, API_ROLE_READER, &hello));
	assert_int_equal(errno, ENOENT);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" API_SOCKET_NAME, dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_null(api_client_open(dir, API_ROLE_READER, &hello));
	assert_int_equal(errno, ECONNREFUSED);
	/* Nobody's socket is replaced. */
	assert_int_equal(server_open(dir), 0);
	assert_int_equal(stat(address.sun_path, &(struct stat){0}), 0);
	server_close();
	assert_int_equal(stat(address.sun_path, &(struct stat){0}), -1);
	/* A file that is no socket is left alone. */
	close(open(address.sun_path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(server_open(dir), -EEXIST);
	assert_int_equal(stat(address.sun_path, &(struct stat){0}), 0);
}

static void run_directory_is_checked(void **state)
{
	struct rundir first, second;
	char path[300], longest[120];
	struct stat status;

	assert_int_equal(chmod(dir, 0750), 0);
	assert_int_equal(server_open(dir), -EPERM);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(rundir_open(&first, dir), 0);
	assert_int_equal(rundir_open(&second, dir), -EADDRINUSE);
	/* The living one kept its socket. */
	assert_int_equal(stat(first.socket_path, &status), 0);
	rundir_close(&first);
	assert_int_equal(rundir_open(&second, dir), 0);
	rundir_close(&second);

	snprintf(path, sizeof(path), "%s/new", dir);
	assert_int_equal(rundir_open(&first, path), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	rundir_close(&first);
	snprintf(path, sizeof(path), "%s/new/dataplane.lock", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rundir_open(&first, path), 0);
	rundir_close(&first);
	strcat(path, "/dataplane.lock");
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/no/such", dir);
	assert_int_equal(rundir_open(&first, path), -ENOENT);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(rundir_open(&first, longest), -ENAMETOOLONG);
}

static void count_route(const void *row, void *context)
{
	const struct api_route *route = row;
	uint32_t *expected = context, number;

	memcpy(&number, route->address, sizeof(number));
	assert_int_equal(number, *expected);
	(*expected)++;
}

static void slow_reader_delays_nobody(void **state)
{
	struct api_client *writer = open_writer();
	struct api_client *slow = open_client(API_ROLE_READER);
	struct api_client *quick = open_client(API_ROLE_READER);
	struct api_dump request = {.object = API_ROUTE};
	struct api_message message;
	uint32_t routes = 0;

	fakes.virtual_routes = 200000;
	assert_true(api_client_send(slow, API_DUMP, &request, sizeof(request), NULL, 0) > 0);
	assert_int_equal(api_client_flush(slow), 1);
	assert_int_equal(api_client_dump(quick, API_ROUTE, 0, count_route, &routes), 0);
	assert_int_equal(routes, 200000);
	assert_int_equal(ask(writer, API_SNAPSHOT_BEGIN, NULL, 0), 0);
	/* And in the end the slow one has all of it too. */
	routes = 0;
	do {
		assert_int_equal(api_client_wait(slow, &message, DEADLINE_MS), 1);
		if (message.header.type == API_ROWS)
			routes += ((const struct api_rows *)message.payload)->count;
	} while (message.header.type != API_DUMP_END);
	assert_int_equal(routes, 200000);
	api_client_close(slow);
	api_client_close(quick);
	api_client_close(writer);
}

static void errors_of_dumps_reach_the_caller(void **state)
{
	struct api_client *writer = open_writer();

	assert_int_equal(api_client_dump(writer, API_ROUTE, 77, NULL, NULL), -ENOENT);
	assert_int_equal(api_client_dump(writer, 99, 0, NULL, NULL), -EINVAL);
	api_client_close(writer);
}

/* Events and replies that come while a dump is waited for are given afterwards, in order. */
static void dump_loses_no_message(void **state)
{
	struct api_client *writer = open_writer();
	struct timespec now, deadline;
	struct api_message message;
	const struct api_event *event;
	uint32_t routes = 0;
	int64_t sequence;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += DEADLINE_MS / 1000;
	atomic_store(&want_event, true);
	while (atomic_load(&want_event)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec <= deadline.tv_sec);
	}
	fakes.virtual_routes = 100;
	sequence = api_client_send(writer, API_SNAPSHOT_BEGIN, NULL, 0, NULL, 0);
	assert_int_equal(api_client_dump(writer, API_ROUTE, 0, count_route, &routes), 0);
	assert_int_equal(routes, 100);

	assert_int_equal(api_client_receive(writer, &message), 1);
	assert_int_equal(message.header.type, API_EVENT);
	event = message.payload;
	assert_int_equal(event->type, API_EVENT_NEIGHBOUR_NEEDED);
	assert_int_equal(event->a, 7);
	assert_int_equal(api_client_receive(writer, &message), 1);
	event = message.payload;
	assert_int_equal(event->type, API_EVENT_PORT_LINK);
	assert_int_equal(event->a, 2);
	assert_int_equal(event->b, 1);
	assert_int_equal(api_client_wait(writer, &message, DEADLINE_MS), 1);
	assert_int_equal(message.header.type, API_ACK);
	assert_int_equal(message.header.sequence, sequence);
	assert_int_equal(api_client_receive(writer, &message), 0);
	assert_int_equal(api_client_wait(writer, &message, 20), -ETIMEDOUT);
	api_client_close(writer);
}

/* 400 TAPs in batches, as a restarted control passes them, each to its own interface. */
static void many_taps(void **state)
{
	struct api_client *writer = open_writer();
	static struct api_batch batch;
	struct api_message message;
	int files[400];

	for (uint32_t first = 0; first < 400; first += 200) {
		batch.count = 0;
		batch.length = 0;
		for (uint32_t i = first; i < first + 200; i++) {
			struct api_interface interface = {.id = i + 1, .vrf = 1, .has_tap = 1};

			files[i] = memfd_create("tap", MFD_CLOEXEC);
			assert_int_equal(ftruncate(files[i], i + 1), 0);
			assert_int_equal(
				api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface), 0);
		}
		assert_true(api_client_send(writer, API_BATCH, batch.bytes, batch.length,
				    files + first, 200) > 0);
	}
	for (uint32_t i = 0; i < 400; i++)
		close(files[i]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(api_client_wait(writer, &message, DEADLINE_MS), 1);
		assert_int_equal(message.header.type, API_BATCH_ACK);
		assert_int_equal(((const struct api_batch_ack *)message.payload)->failed, 0);
	}
	for (uint32_t i = 0; i < 400; i++) {
		struct api_tap_get get = {.interface = i + 1};

		assert_true(api_client_send(writer, API_TAP_GET, &get, sizeof(get), NULL, 0) > 0);
	}
	for (uint32_t i = 0; i < 400; i++) {
		struct stat status;

		assert_int_equal(api_client_wait(writer, &message, DEADLINE_MS), 1);
		assert_int_equal(message.header.type, API_TAP_FD);
		assert_int_equal(((const struct api_ack *)message.payload)->error, 0);
		assert_int_equal(message.fd_count, 1);
		assert_int_equal(fstat(message.fds[0], &status), 0);
		assert_int_equal(status.st_size, i + 1);
	}
	api_client_close(writer);
}

/* ---- a peer that is no dataplane of ours ---- */

struct impostor {
	int listener;
	struct {
		struct api_header header;
		struct api_hello hello;
	} answer;
};

static void *impostor_thread(void *argument)
{
	struct impostor *impostor = argument;
	int socket = accept(impostor->listener, NULL, NULL);
	uint8_t request[64];
	ssize_t n = read(socket, request, sizeof(request));

	if (n > 0)
		n = send(socket, &impostor->answer, sizeof(impostor->answer), MSG_NOSIGNAL);
	close(socket);
	return NULL;
}

static void impostors_are_refused(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct api_header header = {.length = sizeof(header) + sizeof(struct api_hello),
		.type = API_HELLO,
		.sequence = 1};
	struct api_hello hello = {.magic = API_MAGIC, .version = API_VERSION};
	struct api_hello answer;
	struct impostor impostor;
	pthread_t impostor_id;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" API_SOCKET_NAME, dir);
	impostor.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(impostor.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(impostor.listener, 5), 0);
	for (int wrong = 0; wrong <= 6; wrong++) {
		struct api_client *client;

		impostor.answer.header = header;
		impostor.answer.hello = hello;
		switch (wrong) {
		case 1:
			impostor.answer.hello.version++;
			break;
		case 2:
			impostor.answer.hello.magic++;
			break;
		case 3:
			impostor.answer.header.type = API_ACK;
			break;
		case 4:
			impostor.answer.header.sequence = 2;
			break;
		case 5:
			impostor.answer.header.length = 3;
			break;
		case 6:
			impostor.answer.header.length = UINT32_MAX;
			break;
		}
		assert_int_equal(pthread_create(&impostor_id, NULL, impostor_thread, &impostor), 0);
		client = api_client_open(dir, API_ROLE_READER, &answer);
		/* The first, which does it right, shows that the others fail for their fault. */
		assert_int_equal(client != NULL, wrong == 0);
		if (wrong != 0)
			assert_int_equal(errno, EPROTO);
		api_client_close(client);
		pthread_join(impostor_id, NULL);
	}
	close(impostor.listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wake_ends_the_wait, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(second_writer_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(too_many_clients, start, finish),
		cmocka_unit_test_setup_teardown(slow_reader_delays_nobody, start, finish),
		cmocka_unit_test_setup_teardown(errors_of_dumps_reach_the_caller, start, finish),
		cmocka_unit_test_setup_teardown(dump_loses_no_message, start, finish),
		cmocka_unit_test_setup_teardown(many_taps, start, finish),
		cmocka_unit_test_setup_teardown(others_wake_the_server, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(nobody_there, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(run_directory_is_checked, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(impostors_are_refused, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
