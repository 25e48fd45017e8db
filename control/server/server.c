/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/server.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "control/log.h"
#include "control/server/drains.h"
#include "control/server/key_watch.h"
#include "control/server/requests.h"
#include "control/server/validation_watch.h"
#include "control/usage/sampler.h"

#define CONNECTIONS_MAX 64u
#define USER_MAX 33u /* useradd(8) */

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct server *server;
	struct bufferevent *stream;
	struct question *question; /* unanswered; nothing more is read until it is */
	size_t searched;           /* bytes of input known to hold no end of line */
	char user[USER_MAX];       /* of the machine, for the audit log */
	bool ended;                /* the client will say no more, but may still read */
	bool closing;              /* once the output is written */
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *key_watch;
	struct office office;
	struct sampler *sampler;
	TAILQ_HEAD(, connection) connections;
	unsigned int connection_count;
	struct sockaddr_un address;
};

static void connection_close(struct connection *connection)
{
	if (connection->question != NULL)
		question_abandon(connection->question);
	TAILQ_REMOVE(&connection->server->connections, connection, entry);
	connection->server->connection_count--;
	bufferevent_free(connection->stream);
	free(connection);
}

static void send_reply(struct connection *connection, json_t *reply)
{
	char *text = json_dumps(reply, JSON_COMPACT);
	struct evbuffer *output = bufferevent_get_output(connection->stream);

	json_decref(reply);
	if (text == NULL || evbuffer_add(output, text, strlen(text)) < 0 ||
		evbuffer_add(output, "\n", 1) < 0) {
		log_error("server", "no memory for a reply");
		connection->closing = true;
	}
	free(text);
}

/* The answer came: at once (question is not set yet) or later. */
static void replied(void *context, json_t *reply)
{
	struct connection *connection = context;

	connection->question = NULL;
	send_reply(connection, reply);
}

/* One line, malloc'd without its end; NULL: no whole line yet. *length: its bytes. */
static char *take_line(struct connection *connection, size_t *length)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);
	struct evbuffer_ptr from, end;
	char *line;

	if (evbuffer_ptr_set(input, &from, connection->searched, EVBUFFER_PTR_SET) < 0)
		return NULL;
	end = evbuffer_search(input, "\n", 1, &from);
	if (end.pos < 0) {
		connection->searched = evbuffer_get_length(input);
		return NULL;
	}
	*length = (size_t)end.pos;
	connection->searched = 0;
	line = malloc(*length + 1);
	if (line == NULL) {
		connection->closing = true;
		return NULL;
	}
	evbuffer_remove(input, line, *length);
	evbuffer_drain(input, 1);
	line[*length] = '\0';
	return line;
}

static void handle_line(struct connection *connection, const char *line, size_t length)
{
	json_error_t error;
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(request)) {
		send_reply(connection, request_error("not a JSON object on one line: %s",
					       request == NULL ? error.text : "something else"));
		json_decref(request);
		return;
	}
	connection->server->office.user = connection->user;
	connection->question =
		request_handle(&connection->server->office, request, replied, connection);
	json_decref(request);
}

/* Serves what came, one request after another; each waits until the answer before is written, so
 * that a client that does not read costs one answer of memory. May close the connection. */
static void serve(struct connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);
	struct evbuffer *output = bufferevent_get_output(connection->stream);

	while (connection->question == NULL && !connection->closing &&
		evbuffer_get_length(output) == 0) {
		size_t length;
		char *line = take_line(connection, &length);
		if (line == NULL)
			break;
		handle_line(connection, line, length);
		free(line);
	}
	if (connection->searched > SERVER_REQUEST_MAX && !connection->closing) {
		send_reply(connection,
			request_error("a request is at most %u bytes", SERVER_REQUEST_MAX));
		connection->closing = true;
	}
	if (connection->closing)
		evbuffer_drain(input, evbuffer_get_length(input));
	if ((connection->ended || connection->closing) && connection->question == NULL &&
		evbuffer_get_length(output) == 0)
		connection_close(connection);
}

static void readable(struct bufferevent *stream, void *context)
{
	serve(context);
}

static void written(struct bufferevent *stream, void *context)
{
	serve(context);
}

static void broken(struct bufferevent *stream, short what, void *context)
{
	struct connection *connection = context;

	if ((what & BEV_EVENT_EOF) == 0 || connection->ended) {
		connection_close(connection);
		return;
	}
	connection->ended = true;
	serve(connection);
}

/* Root and control's own user may; the directory's mode says the same, this says it twice. */
static bool peer_allowed(evutil_socket_t fd, char user[USER_MAX])
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	const struct passwd *entry;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	entry = getpwuid(peer.uid);
	if (entry != NULL)
		snprintf(user, USER_MAX, "%s", entry->pw_name);
	else
		snprintf(user, USER_MAX, "%u", peer.uid);
	return peer.uid == 0 || peer.uid == geteuid();
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
	int length, void *context)
{
	struct server *server = context;
	struct connection *connection = NULL;
	char user[USER_MAX];

	if (!peer_allowed(fd, user))
		log_warning("server", "refused a client that is neither root nor our user");
	else if (server->connection_count >= CONNECTIONS_MAX)
		log_warning("server", "refused a client: %u are connected", CONNECTIONS_MAX);
	else
		connection = calloc(1, sizeof(*connection));
	if (connection == NULL) {
		close(fd);
		return;
	}
	connection->server = server;
	memcpy(connection->user, user, sizeof(connection->user));
	connection->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection->stream == NULL) {
		close(fd);
		free(connection);
		return;
	}
	TAILQ_INSERT_TAIL(&server->connections, connection, entry);
	server->connection_count++;
	/* Reading stops a little above the largest request: see serve(). */
	bufferevent_setwatermark(connection->stream, EV_READ, 0, SERVER_REQUEST_MAX + 4096);
	bufferevent_setcb(connection->stream, readable, written, broken, connection);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

/* Errors of accept (EMFILE and its like) pass; the listener goes on. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	log_error("server", "accept: %s", strerror(EVUTIL_SOCKET_ERROR()));
}

/* A socket file that nobody listens behind is a leftover of a crash. 0 or -errno. */
static int clear_leftover(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? EADDRINUSE
										     : errno;
	close(fd);
	if (error == ENOENT)
		return 0;
	if (error != ECONNREFUSED)
		return -error;
	return unlink(address->sun_path) == 0 ? 0 : -errno;
}

static int server_listen(struct server *server, const char *run_dir)
{
	struct sockaddr_un *address = &server->address;
	int length, error;

	address->sun_family = AF_UNIX;
	length = snprintf(address->sun_path, sizeof(address->sun_path), "%s/control.sock", run_dir);
	if ((size_t)length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	if (mkdir(run_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	error = clear_leftover(address);
	if (error != 0)
		return error;
	server->listener = evconnlistener_new_bind(server->base, accepted, server,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1, (struct sockaddr *)address,
		sizeof(*address));
	if (server->listener == NULL)
		return -errno;
	evconnlistener_set_error_cb(server->listener, accept_failed);
	if (chmod(address->sun_path, 0600) < 0)
		return -errno;
	return 0;
}

/* What links move is recorded from now on. Where it cannot be, all else goes on. */
static void watch_usage(struct server *server, const struct server_options *options)
{
	const struct sampler_options sampler = {options->run_dir, options->sample_s};
	struct office *office = &server->office;

	office->history = history_open(options->state_dir, options->self, options->sample_s);
	if (office->history != NULL)
		server->sampler =
			sampler_open(server->base, &sampler, office->sync, office->history);
	if (server->sampler == NULL)
		log_error("server", "no memory to record what links move");
}

static void on_key_watch(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	key_watch_look(&server->office);
	validation_watch_look(&server->office);
}

static void on_validation(void *context)
{
	struct server *server = context;

	validation_watch_look(&server->office);
}

/* 0 or -ENOMEM. */
static int watch_keys(struct server *server)
{
	const struct timeval period = {KEY_WATCH_S, 0};

	server->key_watch = event_new(server->base, -1, EV_PERSIST, on_key_watch, server);
	return server->key_watch != NULL && event_add(server->key_watch, &period) == 0 ? 0
										       : -ENOMEM;
}

struct server *server_open(
	struct event_base *base, const struct server_options *options, struct sync *sync)
{
	struct server *server = calloc(1, sizeof(*server));
	int error;

	if (server == NULL)
		return NULL;
	TAILQ_INIT(&server->connections);
	server->base = base;
	server->office.sync = sync;
	server->office.state_dir = options->state_dir;
	server->office.self = options->self;
	server->office.machine = options->machine;
	/* Listening first makes sure that no other control is at work here. */
	error = server_listen(server, options->run_dir);
	if (error != 0) {
		log_error("server", "%s/control.sock: %s%s", options->run_dir, strerror(-error),
			error == -EADDRINUSE ? "; another onramp-control serves it" : "");
		server_close(server);
		errno = -error;
		return NULL;
	}
	error = store_open(options->state_dir, &server->office.store);
	if (error == 0)
		error = watch_keys(server);
	if (error == 0 && options->machine != NULL)
		error = validator_open(base, &options->machine->validation, options->state_dir,
			on_validation, server, &server->office.validator);
	if (error != 0) {
		server_close(server);
		errno = -error;
		return NULL;
	}
	error = drains_load(options->state_dir, sync);
	if (error != 0)
		log_error("server", "%s/drained: %s; links that were drained may be in use again",
			options->state_dir, strerror(-error));
	if (!request_apply_stored(&server->office))
		log_error("server", "revision %llu is not in force: %s",
			(unsigned long long)server->office.store.now.revision,
			server->office.refusal);
	watch_usage(server, options);
	return server;
}

void server_close(struct server *server)
{
	struct connection *connection;

	if (server == NULL)
		return;
	while ((connection = TAILQ_FIRST(&server->connections)) != NULL)
		connection_close(connection);
	if (server->key_watch != NULL)
		event_free(server->key_watch);
	if (server->listener != NULL) {
		evconnlistener_free(server->listener);
		unlink(server->address.sun_path);
	}
	sampler_close(server->sampler);
	validator_close(server->office.validator);
	history_close(server->office.history);
	store_close(&server->office.store);
	refused_free(&server->office.refused);
	free(server->office.refusal);
	free(server);
}
