/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/server/rundir.h"
#include "dataplane/server/server.h"
#include "dataplane/server/session.h"
#include "dataplane/server/session_capture.h"
#include "dataplane/server/state.h"
#include "dataplane/startup/log.h"

#define CLIENTS_MAX 64u
#define EVENTS_PER_TURN 64

struct client {
	LIST_ENTRY(client) link;
	struct session *session;
	int socket;
	uint32_t interest; /* EPOLLIN, EPOLLOUT */
	pid_t pid;
};

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);
static unsigned int client_count;
static struct rundir rundir;
static int epoll = -1;
static const char others; /* epoll's tag of fds that are others' to read */
/* Given up for a moment to take and close a connection when no fd is left: otherwise it would wake
 * epoll for ever. */
static int spare = -1;
/* Ends a turn's wait. */
static int wake_up = -1;

static void client_close(struct client *client)
{
	if (client->session->writer)
		log_info("server", "the writer (pid %d) left; the tables stay as they are",
			client->pid);
	LIST_REMOVE(client, link);
	client_count--;
	session_close(client->session);
	close(client->socket);
	free(client);
}

/* Asks epoll for what the session can use now. */
static void client_watch(struct client *client, bool more)
{
	struct epoll_event event = {.data.ptr = client};

	if (session_wants_input(client->session))
		event.events |= EPOLLIN;
	if (more || stream_unsent(&client->session->stream) > 0)
		event.events |= EPOLLOUT;
	if (event.events == client->interest)
		return;
	client->interest = event.events;
	epoll_ctl(epoll, EPOLL_CTL_MOD, client->socket, &event);
}

static void log_loss(const struct client *client, int error)
{
	if (error == -EMFILE)
		log_error("server",
			"pid %d sent more fds than this process may hold; raise RLIMIT_NOFILE",
			client->pid);
	else if (error != -ECONNRESET && error != -EPIPE)
		log_error("server", "connection of pid %d lost: %s", client->pid, strerror(-error));
}

/* Read, serve, write: once each, so that no client keeps the others waiting. */
static void client_turn(struct client *client, uint32_t events)
{
	struct session *session = client->session;
	int error = 0;
	bool more;

	if ((events & ~EPOLLOUT) && session_wants_input(session))
		error = stream_read(&session->stream, client->socket);
	if (error < 0) {
		log_loss(client, error);
		client_close(client);
		return;
	}
	more = session_run(session);
	error = stream_write(&session->stream, client->socket);
	if (error < 0 || session->closing) {
		log_loss(client, error < 0 ? error : -ECONNRESET);
		client_close(client);
		return;
	}
	client_watch(client, more);
}

static int client_add(int socket, pid_t pid)
{
	struct client *client = calloc(1, sizeof(*client));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (client == NULL)
		return -ENOMEM;
	client->session = session_open();
	if (client->session == NULL) {
		free(client);
		return -ENOMEM;
	}
	client->socket = socket;
	client->pid = pid;
	client->interest = event.events;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) < 0) {
		int error = -errno;

		session_close(client->session);
		free(client);
		return error;
	}
	LIST_INSERT_HEAD(&clients, client, link);
	client_count++;
	return 0;
}

static int check_peer(int socket, struct ucred *peer)
{
	socklen_t length = sizeof(*peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &length) < 0)
		return -errno;
	return peer->uid == 0 || peer->uid == geteuid() ? 0 : -EPERM;
}

static void welcome(int socket)
{
	struct ucred peer = {0};
	int error = check_peer(socket, &peer);

	if (error == 0 && client_count >= CLIENTS_MAX)
		error = -EUSERS;
	if (error == 0)
		error = client_add(socket, peer.pid);
	if (error == 0)
		return;
	log_warning("server", "refused a connection of pid %d, uid %u: %s", peer.pid, peer.uid,
		strerror(-error));
	close(socket);
}

static void refuse_for_lack_of_fds(void)
{
	int socket;

	log_error("server", "no fd left for a connection; raise RLIMIT_NOFILE");
	close(spare);
	socket = accept4(rundir.listener, NULL, NULL, SOCK_CLOEXEC);
	if (socket >= 0)
		close(socket);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_clients(void)
{
	for (;;) {
		int socket = accept4(rundir.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (socket >= 0) {
			welcome(socket);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EMFILE || errno == ENFILE)
			refuse_for_lack_of_fds();
		return;
	}
}

int server_open(const char *run_dir)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	struct epoll_event wake = {.events = EPOLLIN, .data.ptr = &wake_up};
	int error = server_state_init();

	if (error == 0)
		error = rundir_open(&rundir, run_dir);
	if (error != 0)
		return error;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	wake_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll >= 0 && spare >= 0 && wake_up >= 0 &&
		epoll_ctl(epoll, EPOLL_CTL_ADD, wake_up, &wake) == 0 &&
		epoll_ctl(epoll, EPOLL_CTL_ADD, rundir.listener, &event) == 0)
		return 0;
	error = -errno;
	log_error("server", "cannot watch the API socket: %s", strerror(-error));
	server_close();
	return error;
}

/* Fails only when the counter is at its end, and then main wakes anyway. */
void server_wake(void)
{
	eventfd_write(wake_up, 1);
}

void server_turn(int timeout_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n = epoll_wait(epoll, events, EVENTS_PER_TURN, timeout_ms);
	eventfd_t wakes;

	/* n < 0: a signal, which the caller's loop looks at. */
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == NULL)
			accept_clients();
		else if (events[i].data.ptr == &wake_up)
			eventfd_read(wake_up, &wakes);
		else if (events[i].data.ptr != &others)
			client_turn(events[i].data.ptr, events[i].events);
	}
}

bool server_turn_captures(void)
{
	struct client *client = LIST_FIRST(&clients), *next;
	bool any = false;

	for (; client != NULL; client = next) {
		next = LIST_NEXT(client, link);
		if (!session_capture_run(client->session))
			continue;
		any = true;
		if (client->session->closing)
			client_close(client);
		else
			client_watch(client, false);
	}
	return any;
}

int server_wake_on(int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)(uintptr_t)&others};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void server_close(void)
{
	while (!LIST_EMPTY(&clients))
		client_close(LIST_FIRST(&clients));
	if (epoll >= 0)
		close(epoll);
	if (spare >= 0)
		close(spare);
	if (wake_up >= 0)
		close(wake_up);
	epoll = spare = wake_up = -1;
	rundir_close(&rundir);
}

static struct client *writer(void)
{
	struct client *client;

	LIST_FOREACH (client, &clients, link)
		if (client->session->writer)
			return client;
	return NULL;
}

void server_event_port_link(uint32_t port, bool up)
{
	struct client *client = writer();

	if (client == NULL)
		return;
	session_port_link(client->session, port, up);
	/* Sent in the next turn, which EPOLLOUT makes start at once. */
	client_watch(client, true);
}

void server_event_neighbour(uint32_t interface, uint8_t family, const uint8_t *address)
{
	struct client *client = writer();

	if (client == NULL)
		return;
	session_neighbour(client->session, interface, family, address);
	client_watch(client, true);
}

void server_event_path(const struct api_path *path, uint32_t lasted_ms)
{
	struct client *client = writer();

	if (client == NULL)
		return;
	session_path(client->session, path, lasted_ms);
	client_watch(client, true);
}

void server_event_link_test(uint32_t interface, bool began)
{
	struct client *client = writer();

	if (client == NULL)
		return;
	session_link_test(client->session, interface, began);
	client_watch(client, true);
}
