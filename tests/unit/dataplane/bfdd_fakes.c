/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/bfdd_fakes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/bfd/bfdd_sessions.h"
#include "dataplane/nexthop/path.h"

/* ---- the engine ---- */

struct engine engine;

struct engine_session *engine_find(uint32_t lid)
{
	for (unsigned int i = 0; i < engine.count; i++)
		if (engine.sessions[i].config.lid == lid)
			return &engine.sessions[i];
	return NULL;
}

static void engine_end(struct engine_session *session)
{
	*session = engine.sessions[--engine.count];
	engine.removed++;
}

/* Of each key and each lid there is one, as bfd.h says. */
int bfd_session_set(const struct bfd_config *config)
{
	struct engine_session *other = engine_find(config->lid);

	engine.asked++;
	if (engine.refuse != 0)
		return engine.refuse;
	if (other != NULL && memcmp(&other->config.key, &config->key, sizeof(config->key)) != 0)
		engine_end(other);
	for (unsigned int i = 0; i < engine.count; i++) {
		struct engine_session *session = &engine.sessions[i];

		if (memcmp(&session->config.key, &config->key, sizeof(config->key)) != 0)
			continue;
		session->config = *config;
		session->sets++;
		return 0;
	}
	assert_true(engine.count < ENGINE_SESSIONS);
	engine.sessions[engine.count++] = (struct engine_session){.config = *config, .sets = 1};
	return 0;
}

int bfd_session_remove(uint32_t lid)
{
	struct engine_session *session = engine_find(lid);

	if (session == NULL)
		return -ENOENT;
	engine_end(session);
	return 0;
}

int bfd_session_counters(uint32_t lid, struct bfd_counters *counters)
{
	if (engine_find(lid) == NULL)
		return -ENOENT;
	*counters = (struct bfd_counters){.rx = 11, .rx_bytes = 12, .tx = 13, .tx_bytes = 14};
	return 0;
}

/* ---- paths ---- */

static uint32_t pathless, bfd_off, generation;

void fake_lose_path(uint32_t interface)
{
	pathless = interface;
	generation++;
}

void fake_bfd_off(uint32_t interface)
{
	bfd_off = interface;
	generation++;
}

uint32_t path_generation(void)
{
	return generation;
}

bool path_find(uint32_t interface, uint8_t family, const uint8_t peer[16], struct api_path *api)
{
	*api = (struct api_path){.id = 1,
		.interface = interface,
		.family = AF_INET,
		.bfd_off = interface == bfd_off,
		.address = {10, 0, 0, 1}};
	return interface != pathless && family == api->family &&
	       memcmp(api->address, peer, sizeof(api->address)) == 0;
}

/* ---- bfdd ---- */

uint64_t fake_now_us;

void turn_after(uint64_t us)
{
	fake_now_us += us;
	bfdd_turn(fake_now_us);
}

void daemon_listen(struct daemon *daemon)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	unlink(daemon->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", daemon->path);
	daemon->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(daemon->listener >= 0);
	assert_int_equal(bind(daemon->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(daemon->listener, 64), 0);
}

void daemon_die(struct daemon *daemon)
{
	close(daemon->listener);
	daemon->listener = -1;
}

int daemon_setup(void **state)
{
	static struct daemon daemon;
	const char *dir = getenv("TMPDIR");

	memset(&engine, 0, sizeof(engine));
	fake_lose_path(0);
	fake_bfd_off(0);
	fake_now_us = 1000000;
	snprintf(daemon.path, sizeof(daemon.path), "%.60s/onramp-bfdd-%d", dir ? dir : "/tmp",
		(int)getpid());
	daemon_listen(&daemon);
	*state = &daemon;
	return bfdd_start(daemon.path);
}

int daemon_teardown(void **state)
{
	struct daemon *daemon = *state;

	bfdd_stop();
	if (daemon->listener >= 0)
		daemon_die(daemon);
	unlink(daemon->path);
	return bfdd_sessions_count() == 0 ? 0 : -1;
}

int daemon_accept(struct daemon *daemon)
{
	return accept4(daemon->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void daemon_send(int connection, const struct bfddp_message *message)
{
	uint8_t bytes[BFDDP_MESSAGE_MAX];
	size_t length = bfddp_encode(message, bytes);

	assert_int_equal(send(connection, bytes, length, MSG_NOSIGNAL), length);
}

bool daemon_receive(int connection, struct bfddp_message *message)
{
	uint8_t bytes[BFDDP_MESSAGE_MAX];
	ssize_t n = recv(connection, bytes, BFDDP_HEADER, MSG_PEEK);
	size_t length;

	if (n <= 0)
		return false;
	assert_int_equal(n, BFDDP_HEADER);
	length = (size_t)bytes[6] << 8 | bytes[7];
	assert_in_range(length, BFDDP_HEADER, sizeof(bytes));
	assert_int_equal(recv(connection, bytes, length, 0), length);
	assert_int_equal(bfddp_decode(bytes, length, message), length);
	return true;
}

void daemon_answer(int connection)
{
	struct bfddp_message message;

	assert_true(daemon_receive(connection, &message));
	assert_int_equal(message.type, BFDDP_ECHO_REQUEST);
	message.type = BFDDP_ECHO_REPLY;
	message.id = 0;
	message.echo.bfdd_time = 5;
	daemon_send(connection, &message);
}

bool daemon_is_left(int connection)
{
	uint8_t byte;

	return recv(connection, &byte, 1, MSG_PEEK) == 0;
}

struct bfddp_message add_message(uint32_t lid, uint32_t interface)
{
	struct bfddp_message message;

	memset(&message, 0, sizeof(message));
	message.type = BFDDP_ADD_SESSION;
	message.session = (struct bfddp_session){
		.local = {10, 0, 0, 2},
		.peer = {10, 0, 0, 1},
		.lid = lid,
		.min_tx_us = 300000,
		.min_rx_us = 300000,
		.ttl = 255,
		.multiplier = 3,
		.ifindex = BFDD_IFINDEX_BASE + interface,
		.interface = "primary",
	};
	return message;
}

void daemon_add(int connection, uint32_t lid, uint32_t interface)
{
	struct bfddp_message message = add_message(lid, interface);

	daemon_send(connection, &message);
}

void daemon_delete(int connection, uint32_t lid, uint32_t interface)
{
	struct bfddp_message message = add_message(lid, interface);

	message.type = BFDDP_DELETE_SESSION;
	daemon_send(connection, &message);
}

struct bfd_change change_of(uint32_t lid, uint32_t interface, enum bfd_state to)
{
	struct bfd_change change;

	memset(&change, 0, sizeof(change));
	change.lid = lid;
	change.key = (struct bfd_key){.interface = interface,
		.family = AF_INET,
		.local = {10, 0, 0, 2},
		.peer = {10, 0, 0, 1}};
	change.remote_discriminator = 99;
	change.state = (uint8_t)to;
	change.remote_state = (uint8_t)to;
	change.remote_multiplier = 4;
	change.remote_plane_independent = true;
	change.remote_min_tx_us = 50000;
	change.remote_min_rx_us = 60000;
	return change;
}
