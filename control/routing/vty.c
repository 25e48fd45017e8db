/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/vty.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/log.h"

/* After a reply's text, which holds no zero byte: three of them and the return code. */
#define TRAILER_BYTES 4
#define READ_BYTES (256u * 1024u)
/* Read at most so much before other events get their turn. */
#define TURN_BYTES (4u * 1024u * 1024u)
/* Commands on their way at a time: enough to keep the daemon busy, little to lose. */
#define WINDOW 256
#define RECONNECT_FIRST_MS 200
#define RECONNECT_LAST_MS 3000

struct command {
	STAILQ_ENTRY(command) next;
	vty_reply reply;
	void *context;
	size_t length; /* terminating zero included */
	char text[];
};

STAILQ_HEAD(command_list, command);

struct vty {
	struct event_base *base;
	char daemon[32];
	struct sockaddr_un address;
	void (*changed)(void *context, bool connected);
	void *context;

	int fd;              /* -1: not connected */
	struct process peer; /* of the last connection */
	struct event *readable, *writable, *reconnect;
	unsigned int reconnect_ms;
	bool connected; /* the answer to `enable` came */
	bool refused;   /* said once that the peer is not FRR */

	struct command_list waiting; /* not or not wholly sent */
	struct command_list sent;
	size_t waiting_count, sent_count;
	size_t written; /* of the first waiting one */

	char *input;
	size_t input_size, input_length;
	size_t scanned; /* of input: holds no zero byte */
};

static void lose(struct vty *vty);

static void arm_reconnect(struct vty *vty)
{
	struct timeval delay = {vty->reconnect_ms / 1000, (vty->reconnect_ms % 1000) * 1000};

	evtimer_add(vty->reconnect, &delay);
	vty->reconnect_ms *= 2;
	if (vty->reconnect_ms > RECONNECT_LAST_MS)
		vty->reconnect_ms = RECONNECT_LAST_MS;
}

/* Only root and FRR's own user may tell us what runs: the directory guards the name, this the
 * process behind it. */
static bool peer_is_trusted(struct vty *vty, int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	const struct passwd *frr;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	vty->peer = process_of(peer.pid);
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	frr = getpwnam("frr");
	return frr && frr->pw_uid == peer.uid;
}

static int push(struct vty *vty, const char *text, vty_reply reply, void *context)
{
	size_t length = strlen(text) + 1;
	struct command *command = malloc(sizeof(*command) + length);

	if (!command)
		return -ENOMEM;
	command->reply = reply;
	command->context = context;
	command->length = length;
	memcpy(command->text, text, length);
	STAILQ_INSERT_TAIL(&vty->waiting, command, next);
	vty->waiting_count++;
	event_add(vty->writable, NULL);
	return 0;
}

static void on_enabled(void *context, int code, const char *text, size_t length)
{
	struct vty *vty = context;

	if (code == VTY_LOST)
		return;
	if (code != VTY_OK) {
		log_error("vty", "%s: refuses `enable`: %.*s", vty->daemon, (int)length, text);
		return;
	}
	vty->connected = true;
	vty->reconnect_ms = RECONNECT_FIRST_MS;
	vty->changed(vty->context, true);
}

/* Whether the first waiting command went out whole. */
static bool send_one(struct vty *vty, struct command *command)
{
	ssize_t sent = send(vty->fd, command->text + vty->written, command->length - vty->written,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			lose(vty);
		return false;
	}
	vty->written += (size_t)sent;
	if (vty->written < command->length)
		return false;
	vty->written = 0;
	STAILQ_REMOVE_HEAD(&vty->waiting, next);
	vty->waiting_count--;
	STAILQ_INSERT_TAIL(&vty->sent, command, next);
	vty->sent_count++;
	return true;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct vty *vty = context;
	struct command *command;

	while ((command = STAILQ_FIRST(&vty->waiting)) && vty->sent_count < WINDOW) {
		if (!send_one(vty, command))
			return;
	}
	event_del(vty->writable);
}

/* Hands out the first reply, when it is whole. */
static bool take_reply(struct vty *vty, size_t *start)
{
	char *text = vty->input + *start;
	char *end = memchr(vty->input + vty->scanned, '\0', vty->input_length - vty->scanned);
	struct command *command = STAILQ_FIRST(&vty->sent);
	int code;

	vty->scanned = end ? (size_t)(end - vty->input) : vty->input_length;
	if (!end || vty->input_length - vty->scanned < TRAILER_BYTES)
		return false;
	if (!command || end[1] != 0 || end[2] != 0) {
		log_error("vty", "%s: answers what was not asked", vty->daemon);
		lose(vty);
		return false;
	}
	code = (uint8_t)end[3];
	*start = vty->scanned + TRAILER_BYTES;
	vty->scanned = *start;
	STAILQ_REMOVE_HEAD(&vty->sent, next);
	vty->sent_count--;
	if (command->reply)
		command->reply(command->context, code, text, (size_t)(end - text));
	free(command);
	return vty->fd >= 0;
}

static void take_replies(struct vty *vty)
{
	size_t start = 0;

	while (take_reply(vty, &start))
		;
	if (vty->fd < 0)
		return;
	vty->input_length -= start;
	vty->scanned -= start;
	memmove(vty->input, vty->input + start, vty->input_length);
	if (vty->waiting_count && vty->sent_count < WINDOW / 2)
		event_add(vty->writable, NULL);
}

/* Doubling keeps a 100 MB answer linear. */
static bool reserve_input(struct vty *vty)
{
	char *larger;

	if (vty->input_size - vty->input_length >= READ_BYTES)
		return true;
	larger = realloc(vty->input, vty->input_size * 2 + READ_BYTES);
	if (!larger)
		return false;
	vty->input = larger;
	vty->input_size = vty->input_size * 2 + READ_BYTES;
	return true;
}

static void release_input(struct vty *vty)
{
	if (vty->input_length > 0 || vty->input_size <= TURN_BYTES)
		return;
	free(vty->input);
	vty->input = NULL;
	vty->input_size = 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct vty *vty = context;

	for (size_t total = 0; total < TURN_BYTES;) {
		ssize_t length;

		if (!reserve_input(vty)) {
			log_error("vty", "%s: no memory for an answer of %zu bytes", vty->daemon,
				vty->input_length);
			lose(vty);
			return;
		}
		length = recv(fd, vty->input + vty->input_length, READ_BYTES, MSG_DONTWAIT);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (length <= 0) {
			lose(vty);
			return;
		}
		vty->input_length += (size_t)length;
		total += (size_t)length;
		take_replies(vty);
		if (vty->fd < 0)
			return;
	}
	release_input(vty);
}

static void try_connect(evutil_socket_t unused, short what, void *context)
{
	struct vty *vty = context;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool trusted;

	if (fd < 0 || connect(fd, (struct sockaddr *)&vty->address, sizeof(vty->address)) < 0) {
		if (fd >= 0)
			close(fd);
		arm_reconnect(vty);
		return;
	}
	trusted = peer_is_trusted(vty, fd);
	if (!trusted && !vty->refused)
		log_error("vty", "%s: served by neither root nor frr, not used",
			vty->address.sun_path);
	vty->refused = !trusted;
	vty->readable = event_new(vty->base, fd, EV_READ | EV_PERSIST, on_readable, vty);
	vty->writable = event_new(vty->base, fd, EV_WRITE | EV_PERSIST, on_writable, vty);
	vty->fd = fd;
	if (!trusted || !vty->readable || !vty->writable || event_add(vty->readable, NULL) < 0 ||
		push(vty, "enable", on_enabled, vty) < 0)
		lose(vty);
}

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void disconnect(struct vty *vty)
{
	free_event(&vty->readable);
	free_event(&vty->writable);
	if (vty->fd >= 0)
		close(vty->fd);
	vty->fd = -1;
	vty->connected = false;
	vty->input_length = 0;
	vty->scanned = 0;
	vty->written = 0;
}

/* Every command gets its reply, lost or not. */
static void drop_commands(struct vty *vty)
{
	struct command_list all = STAILQ_HEAD_INITIALIZER(all);
	struct command *command;

	STAILQ_CONCAT(&all, &vty->sent);
	STAILQ_CONCAT(&all, &vty->waiting);
	vty->sent_count = 0;
	vty->waiting_count = 0;
	while ((command = STAILQ_FIRST(&all))) {
		STAILQ_REMOVE_HEAD(&all, next);
		if (command->reply)
			command->reply(command->context, VTY_LOST, "", 0);
		free(command);
	}
}

static void lose(struct vty *vty)
{
	bool was_connected = vty->connected;

	disconnect(vty);
	arm_reconnect(vty);
	drop_commands(vty);
	if (was_connected)
		vty->changed(vty->context, false);
}

struct vty *vty_open(struct event_base *base, const char *frr_dir, const char *daemon,
	void (*changed)(void *context, bool connected), void *context)
{
	struct vty *vty = calloc(1, sizeof(*vty));
	int length;

	if (!vty)
		return NULL;
	vty->base = base;
	vty->fd = -1;
	vty->changed = changed;
	vty->context = context;
	vty->reconnect_ms = RECONNECT_FIRST_MS;
	STAILQ_INIT(&vty->waiting);
	STAILQ_INIT(&vty->sent);
	snprintf(vty->daemon, sizeof(vty->daemon), "%s", daemon);
	vty->address.sun_family = AF_UNIX;
	length = snprintf(
		vty->address.sun_path, sizeof(vty->address.sun_path), "%s/%s.vty", frr_dir, daemon);
	if (length < 0 || (size_t)length >= sizeof(vty->address.sun_path)) {
		free(vty);
		errno = ENAMETOOLONG;
		return NULL;
	}
	vty->reconnect = evtimer_new(base, try_connect, vty);
	if (!vty->reconnect || evtimer_add(vty->reconnect, &(struct timeval){0}) < 0) {
		free_event(&vty->reconnect);
		free(vty);
		errno = ENOMEM;
		return NULL;
	}
	return vty;
}

void vty_close(struct vty *vty)
{
	if (!vty)
		return;
	disconnect(vty);
	drop_commands(vty);
	free_event(&vty->reconnect);
	free(vty->input);
	free(vty);
}

bool vty_connected(const struct vty *vty)
{
	return vty->connected;
}

const struct process *vty_peer(const struct vty *vty)
{
	return &vty->peer;
}

bool vty_is_dead(const struct vty *vty)
{
	struct pollfd poll_fd = {.fd = vty->fd, .events = POLLRDHUP};

	return vty->fd < 0 || (poll(&poll_fd, 1, 0) > 0 &&
				      (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

int vty_command(struct vty *vty, const char *command, vty_reply reply, void *context)
{
	return vty->connected ? push(vty, command, reply, context) : -ENOTCONN;
}

size_t vty_pending(const struct vty *vty)
{
	return vty->waiting_count + vty->sent_count;
}
