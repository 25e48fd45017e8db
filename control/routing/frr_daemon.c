/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

#define WAIT_FIRST_MS 500
#define WAIT_LAST_MS 30000

/* One run of commands; each answer names its command. */
struct frr_push {
	struct config_commands commands;
	size_t answered;
};

static void read_configuration(struct frr_daemon *daemon);

static size_t find_place(const struct frr_daemon *daemon, const char *head, bool *found)
{
	size_t low = 0, high = daemon->object_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(daemon->objects[middle]->head, head) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < daemon->object_count && strcmp(daemon->objects[low]->head, head) == 0;
	return low;
}

static struct frr_object *find_object(const struct frr_daemon *daemon, const char *head)
{
	bool found;
	size_t place = find_place(daemon, head, &found);

	return found ? daemon->objects[place] : NULL;
}

static struct frr_object *find_or_make(struct frr_daemon *daemon, const char *head)
{
	bool found;
	size_t place = find_place(daemon, head, &found);
	struct frr_object *object;

	if (found)
		return daemon->objects[place];
	if (daemon->object_count == daemon->object_capacity) {
		size_t capacity = daemon->object_capacity * 2 + 16;
		struct frr_object **larger = realloc(daemon->objects, capacity * sizeof(*larger));

		if (!larger)
			return NULL;
		daemon->objects = larger;
		daemon->object_capacity = capacity;
	}
	object = calloc(1, sizeof(*object) + strlen(head) + 1);
	if (!object)
		return NULL;
	strcpy(object->head, head);
	memmove(&daemon->objects[place + 1], &daemon->objects[place],
		(daemon->object_count - place) * sizeof(object));
	daemon->objects[place] = object;
	daemon->object_count++;
	return object;
}

static void set_block(struct config_block **to, struct config_block *block)
{
	config_block_release(*to);
	*to = block;
}

int frr_daemon_wish(struct frr_daemon *daemon, struct config_block *block)
{
	struct frr_object *object = find_or_make(daemon, block->head);

	if (!object) {
		config_block_release(block);
		return -ENOMEM;
	}
	set_block(&object->wish, block);
	return 0;
}

int frr_daemon_share(struct frr_daemon *daemon, struct config_block *block)
{
	struct frr_object *object = find_or_make(daemon, block->head);

	if (!object)
		return -ENOMEM;
	object->users++;
	if (!object->wish)
		object->wish = config_block_hold(block);
	return 0;
}

void frr_daemon_drop(struct frr_daemon *daemon, const char *head)
{
	struct frr_object *object = find_object(daemon, head);

	if (object)
		set_block(&object->wish, NULL);
}

void frr_daemon_unshare(struct frr_daemon *daemon, const char *head)
{
	struct frr_object *object = find_object(daemon, head);

	if (object && object->users > 0 && --object->users == 0)
		set_block(&object->wish, NULL);
}

/* Forgets objects that neither run nor are wanted. */
static void compact(struct frr_daemon *daemon)
{
	size_t kept = 0;

	for (size_t i = 0; i < daemon->object_count; i++) {
		struct frr_object *object = daemon->objects[i];

		if (object->wish || object->runs || object->pushed)
			daemon->objects[kept++] = object;
		else
			free(object);
	}
	daemon->object_count = kept;
}

static void forget_runs(struct frr_daemon *daemon)
{
	for (size_t i = 0; i < daemon->object_count; i++) {
		set_block(&daemon->objects[i]->runs, NULL);
		set_block(&daemon->objects[i]->pushed, NULL);
	}
}

static void wait_and_read(struct frr_daemon *daemon)
{
	struct timeval delay = {daemon->wait_ms / 1000, (daemon->wait_ms % 1000) * 1000};

	daemon->state = DAEMON_WAITING;
	daemon->proven = false;
	evtimer_add(daemon->timer, &delay);
	daemon->wait_ms *= 2;
	if (daemon->wait_ms > WAIT_LAST_MS)
		daemon->wait_ms = WAIT_LAST_MS;
}

static void refuse(struct frr_daemon *daemon)
{
	daemon->settled = false;
	daemon->refused(daemon->context, daemon->error ? daemon->error : "no memory");
	free(daemon->error);
	daemon->error = NULL;
	wait_and_read(daemon);
}

/* FRR repeats no command in its answer to it. */
static int visible_length(const char *command)
{
	const char *secret = strstr(command, " password ");

	return secret ? (int)(secret - command) + 10 : (int)strlen(command);
}

static void note_refusal(
	struct frr_daemon *daemon, const char *command, const char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	if (!daemon->error && asprintf(&daemon->error, "%s: %.*s: %.*s", daemon->name,
				      visible_length(command), command, (int)length, text) < 0)
		daemon->error = NULL;
}

static void free_push(struct frr_daemon *daemon)
{
	if (!daemon->push)
		return;
	config_commands_free(&daemon->push->commands);
	free(daemon->push);
	daemon->push = NULL;
}

static void end_push(struct frr_daemon *daemon)
{
	bool failed = daemon->error != NULL;

	free_push(daemon);
	if (failed) {
		refuse(daemon);
		return;
	}
	for (size_t i = 0; i < daemon->object_count; i++) {
		struct frr_object *object = daemon->objects[i];

		set_block(&object->runs, config_block_hold(object->pushed));
	}
	daemon->state = DAEMON_READY;
	if (!daemon->proven) {
		daemon->proving = true;
		read_configuration(daemon);
	} else {
		frr_daemon_push(daemon); /* the wish may have moved meanwhile */
	}
}

static void on_answer(void *context, int code, const char *text, size_t length)
{
	struct frr_daemon *daemon = context;
	struct frr_push *push = daemon->push;

	if (!push || code == VTY_LOST)
		return; /* the loss itself is told by on_vty */
	if (code != VTY_OK)
		note_refusal(daemon, push->commands.items[push->answered], text, length);
	push->answered++;
	if (push->answered == push->commands.count)
		end_push(daemon);
}

/* What must be there before something else, and go after it. */
static unsigned int order_of(const struct frr_object *object)
{
	if (strncmp(object->head, "bgp as-path ", 12) == 0 ||
		strncmp(object->head, "ip prefix-list ", 15) == 0 ||
		strncmp(object->head, "ipv6 prefix-list ", 17) == 0)
		return 3; /* named by their content: no two of a name */
	if (strncmp(object->head, "bgp ", 4) == 0)
		return 0;
	return strncmp(object->head, "route-map ", 10) == 0 ? 1 : 2;
}

static void add_commands(struct frr_daemon *daemon, unsigned int order, bool removals,
	struct config_commands *commands)
{
	for (size_t i = 0; i < daemon->object_count; i++) {
		struct frr_object *object = daemon->objects[i];

		if (order_of(object) != order || (object->pushed == NULL) != removals)
			continue;
		if (object->runs == object->pushed ||
			config_block_equal(object->runs, object->pushed))
			continue;
		config_difference(daemon->kind, object->runs, object->pushed, commands);
	}
}

/* Removals of instances first (an ASN changes by way of none), lists before their like; what
 * instances lean on is there before them and goes after them. */
static void collect(struct frr_daemon *daemon, struct config_commands *commands)
{
	for (size_t i = 0; i < daemon->object_count; i++)
		set_block(&daemon->objects[i]->pushed, config_block_hold(daemon->objects[i]->wish));
	if (daemon->kind != CONFIG_BGP) {
		add_commands(daemon, 2, true, commands);
		add_commands(daemon, 2, false, commands);
		return;
	}
	add_commands(daemon, 2, true, commands);
	add_commands(daemon, 0, true, commands);
	add_commands(daemon, 0, false, commands);
	add_commands(daemon, 3, false, commands);
	add_commands(daemon, 1, false, commands);
	add_commands(daemon, 2, false, commands);
	add_commands(daemon, 1, true, commands);
	add_commands(daemon, 3, true, commands);
	if (commands->count)
		config_command(commands, "end");
}

static void send_push(struct frr_daemon *daemon)
{
	struct config_commands *commands = &daemon->push->commands;

	daemon->state = DAEMON_PUSHING;
	for (size_t i = 0; i < commands->count; i++) {
		if (vty_command(daemon->vty, commands->items[i], on_answer, daemon) == 0)
			continue;
		/* What was queued is answered first, to a push that is not there any more. */
		free_push(daemon);
		refuse(daemon);
		return;
	}
}

void frr_daemon_push(struct frr_daemon *daemon)
{
	struct frr_push *push;

	if (daemon->state != DAEMON_READY || !daemon->stated)
		return;
	push = calloc(1, sizeof(*push));
	daemon->push = push;
	if (push)
		collect(daemon, &push->commands);
	if (!push || push->commands.failed) {
		free_push(daemon);
		refuse(daemon);
	} else if (push->commands.count == 0) {
		free_push(daemon);
		compact(daemon);
		daemon->proven = true;
		daemon->settled = true;
		daemon->wait_ms = WAIT_FIRST_MS;
		daemon->changed(daemon->context);
	} else {
		daemon->settled = false;
		send_push(daemon);
	}
}

static void take_running(struct config_block *block, void *context)
{
	struct frr_daemon *daemon = context;
	struct frr_object *object = find_or_make(daemon, block->head);

	if (object)
		set_block(&object->runs, block);
	else
		config_block_release(block);
}

/* Says which object the daemon took, and yet does not have so. */
static void note_unkept(struct frr_daemon *daemon)
{
	for (size_t i = 0; i < daemon->object_count; i++) {
		const struct frr_object *object = daemon->objects[i];

		if (!config_block_equal(object->pushed, object->runs))
			note_refusal(daemon, object->head, "accepted, but not kept so", 25);
	}
}

static void on_running(void *context, int code, const char *text, size_t length)
{
	struct frr_daemon *daemon = context;

	if (code == VTY_LOST)
		return;
	for (size_t i = 0; i < daemon->object_count; i++)
		set_block(&daemon->objects[i]->runs, NULL);
	if (code != VTY_OK)
		note_refusal(daemon, "show running-config", text, length);
	else if (config_parse(daemon->kind, text, length, take_running, daemon) < 0)
		note_refusal(daemon, "show running-config", "no memory", 9);
	else if (daemon->proving)
		note_unkept(daemon);
	daemon->proving = false;
	if (daemon->error) {
		forget_runs(daemon);
		refuse(daemon);
		return;
	}
	daemon->state = DAEMON_READY;
	frr_daemon_push(daemon);
}

static void read_configuration(struct frr_daemon *daemon)
{
	daemon->state = DAEMON_READING;
	if (vty_command(daemon->vty, "show running-config", on_running, daemon) < 0)
		wait_and_read(daemon);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct frr_daemon *daemon = context;

	if (daemon->state != DAEMON_WAITING)
		return;
	forget_runs(daemon);
	read_configuration(daemon);
}

static void on_vty(void *context, bool connected)
{
	struct frr_daemon *daemon = context;

	free_push(daemon);
	free(daemon->error);
	daemon->error = NULL;
	evtimer_del(daemon->timer);
	forget_runs(daemon);
	daemon->proven = false;
	daemon->proving = false;
	daemon->settled = false;
	daemon->wait_ms = WAIT_FIRST_MS;
	daemon->state = DAEMON_AWAY;
	daemon->lives += connected;
	daemon->lived(daemon->context, daemon, connected);
	if (connected)
		read_configuration(daemon);
	daemon->changed(daemon->context);
}

int frr_daemon_open(struct frr_daemon *daemon, struct event_base *base, const char *frr_dir)
{
	daemon->wait_ms = WAIT_FIRST_MS;
	daemon->timer = evtimer_new(base, on_timer, daemon);
	if (!daemon->timer)
		return -ENOMEM;
	daemon->vty = vty_open(base, frr_dir, daemon->name, on_vty, daemon);
	return daemon->vty ? 0 : -errno;
}

void frr_daemon_close(struct frr_daemon *daemon)
{
	free_push(daemon);
	if (daemon->timer)
		event_free(daemon->timer);
	vty_close(daemon->vty);
	for (size_t i = 0; i < daemon->object_count; i++) {
		struct frr_object *object = daemon->objects[i];

		set_block(&object->wish, NULL);
		set_block(&object->runs, NULL);
		set_block(&object->pushed, NULL);
		free(object);
	}
	free(daemon->objects);
	free(daemon->error);
}
