/* SPDX-License-Identifier: BSD-3-Clause */
/* control/routing/vty.h against a scripted daemon behind a UNIX socket, in the same event loop. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/routing/vty.h"
#include "tests/unit/control/routing_support.h"

#define BIG_BYTES (32u * 1024u * 1024u)

/* What the daemon does with the first command that is not `enable`. */
enum script { ANSWER_AT_ONCE, ANSWER_BYTE_BY_BYTE, ANSWER_BIG, HANG_UP, HANG_UP_HALFWAY };

struct fake {
	struct event_base *base;
	enum script script;
	char dir[64], path[96];
	int listener, connection;
	struct event *accepting, *reading, *writing;
	char command[256];
	size_t command_length;
	char *output;
	size_t output_length, output_sent;
	unsigned int commands;

	struct vty *vty;
	unsigned int connects, losses;
	unsigned int replies, lost;
	int code;
	char *text;
	size_t length;
	char order[512];
};

static void hang_up(struct fake *fake)
{
	if (fake->connection < 0)
		return;
	event_free(fake->reading);
	event_free(fake->writing);
	close(fake->connection);
	fake->connection = -1;
	fake->output_length = fake->output_sent = fake->command_length = 0;
}

static void put(struct fake *fake, const void *bytes, size_t length)
{
	fake->output = realloc(fake->output, fake->output_length + length + 1);
	assert_non_null(fake->output);
	memcpy(fake->output + fake->output_length, bytes, length);
	fake->output_length += length;
	event_add(fake->writing, NULL);
}

static void put_answer(struct fake *fake, const char *text, char code)
{
	put(fake, text, strlen(text));
	put(fake, (char[]){0, 0, 0, code}, 4);
}

static void on_command(struct fake *fake, const char *command)
{
	char *big;

	if (strcmp(command, "enable") == 0) {
		put_answer(fake, "", 0);
		return;
	}
	fake->commands++;
	if (fake->script == HANG_UP) {
		hang_up(fake);
	} else if (fake->script == HANG_UP_HALFWAY) {
		put(fake, "half an ans", 11);
	} else if (fake->script == ANSWER_BIG) {
		big = malloc(BIG_BYTES);
		assert_non_null(big);
		memset(big, 'x', BIG_BYTES);
		put(fake, big, BIG_BYTES);
		put(fake, (char[4]){0}, 4);
		free(big);
	} else {
		put_answer(fake, command, strcmp(command, "bad") == 0 ? VTY_UNKNOWN : VTY_OK);
	}
}

static void on_fake_readable(evutil_socket_t fd, short what, void *context)
{
	struct fake *fake = context;
	char bytes[4096];
	ssize_t length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length <= 0) {
		hang_up(fake);
		return;
	}
	for (ssize_t i = 0; i < length; i++) {
		assert_true(fake->command_length < sizeof(fake->command));
		fake->command[fake->command_length++] = bytes[i];
		if (bytes[i] != '\0')
			continue;
		fake->command_length = 0;
		on_command(fake, fake->command);
		if (fake->connection < 0)
			return;
	}
}

static void on_fake_writable(evutil_socket_t fd, short what, void *context)
{
	struct fake *fake = context;
	size_t left = fake->output_length - fake->output_sent;
	ssize_t sent = send(fd, fake->output + fake->output_sent,
		fake->script == ANSWER_BYTE_BY_BYTE ? 1 : left, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent > 0)
		fake->output_sent += (size_t)sent;
	if (fake->output_sent < fake->output_length)
		return;
	fake->output_length = fake->output_sent = 0;
	event_del(fake->writing);
	if (fake->script == HANG_UP_HALFWAY && fake->commands > 0)
		hang_up(fake);
}

static void on_accept(evutil_socket_t fd, short what, void *context)
{
	struct fake *fake = context;

	fake->connection = accept(fd, NULL, NULL);
	assert_true(fake->connection >= 0);
	fake->reading = event_new(
		fake->base, fake->connection, EV_READ | EV_PERSIST, on_fake_readable, fake);
	fake->writing = event_new(
		fake->base, fake->connection, EV_WRITE | EV_PERSIST, on_fake_writable, fake);
	event_add(fake->reading, NULL);
}

static void listen_on(struct fake *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->path);
	fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fake->listener, 4), 0);
	fake->accepting =
		event_new(fake->base, fake->listener, EV_READ | EV_PERSIST, on_accept, fake);
	event_add(fake->accepting, NULL);
}

static void on_changed(void *context, bool connected)
{
	struct fake *fake = context;

	fake->connects += connected;
	fake->losses += !connected;
}

static void on_reply(void *context, int code, const char *text, size_t length)
{
	struct fake *fake = context;

	free(fake->text);
	fake->text = strndup(text, length);
	fake->length = length;
	fake->code = code;
	fake->replies++;
	fake->lost += code == VTY_LOST;
	if (strlen(fake->order) + length + 2 < sizeof(fake->order)) {
		strncat(fake->order, text, length);
		strcat(fake->order, " ");
	}
}

static bool is_connected(void *context)
{
	return vty_connected(((struct fake *)context)->vty);
}

static bool is_quiet(void *context)
{
	return vty_pending(((struct fake *)context)->vty) == 0;
}

static struct fake *start(enum script script)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	fake->base = event_base_new();
	fake->script = script;
	fake->connection = -1;
	strcpy(fake->dir, "/tmp/onramp-vty-XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	snprintf(fake->path, sizeof(fake->path), "%s/bgpd.vty", fake->dir);
	listen_on(fake);
	fake->vty = vty_open(fake->base, fake->dir, "bgpd", on_changed, fake);
	assert_non_null(fake->vty);
	assert_int_equal(vty_command(fake->vty, "early", on_reply, fake), -ENOTCONN);
	support_wait(fake->base, is_connected, fake, 5);
	return fake;
}

static void finish(struct fake *fake)
{
	vty_close(fake->vty);
	hang_up(fake);
	event_free(fake->accepting);
	close(fake->listener);
	unlink(fake->path);
	rmdir(fake->dir);
	event_base_free(fake->base);
	free(fake->output);
	free(fake->text);
	free(fake);
}

static void answers_in_order(void **state)
{
	struct fake *fake = start(ANSWER_AT_ONCE);

	assert_int_equal(vty_command(fake->vty, "one", on_reply, fake), 0);
	assert_int_equal(vty_command(fake->vty, "two", NULL, NULL), 0);
	assert_int_equal(vty_command(fake->vty, "bad", on_reply, fake), 0);
	assert_int_equal(vty_pending(fake->vty), 3);
	support_wait(fake->base, is_quiet, fake, 5);
	assert_string_equal(fake->order, "one bad ");
	assert_int_equal(fake->code, VTY_UNKNOWN);
	assert_int_equal(fake->commands, 3);
	finish(fake);
}

static void joins_answers_that_come_in_pieces(void **state)
{
	struct fake *fake = start(ANSWER_BYTE_BY_BYTE);

	for (int i = 0; i < 3; i++)
		assert_int_equal(vty_command(fake->vty, "some answer", on_reply, fake), 0);
	support_wait(fake->base, is_quiet, fake, 5);
	assert_string_equal(fake->order, "some answer some answer some answer ");
	finish(fake);
}

static void takes_more_commands_than_its_window(void **state)
{
	struct fake *fake = start(ANSWER_AT_ONCE);

	for (int i = 0; i < 5000; i++)
		assert_int_equal(vty_command(fake->vty, "again", on_reply, fake), 0);
	support_wait(fake->base, is_quiet, fake, 10);
	assert_int_equal(fake->replies, 5000);
	assert_int_equal(fake->commands, 5000);
	finish(fake);
}

static void takes_big_answers(void **state)
{
	struct fake *fake = start(ANSWER_BIG);

	assert_int_equal(vty_command(fake->vty, "show", on_reply, fake), 0);
	support_wait(fake->base, is_quiet, fake, 20);
	assert_int_equal(fake->code, VTY_OK);
	assert_int_equal(fake->length, BIG_BYTES);
	assert_int_equal(fake->text[0], 'x');
	assert_int_equal(fake->text[BIG_BYTES - 1], 'x');
	finish(fake);
}

static void tells_what_was_lost(void **state)
{
	for (enum script script = HANG_UP; script <= HANG_UP_HALFWAY; script++) {
		struct fake *fake = start(script);

		for (int i = 0; i < 3; i++)
			assert_int_equal(vty_command(fake->vty, "gone", on_reply, fake), 0);
		support_wait(fake->base, is_quiet, fake, 5);
		assert_int_equal(fake->replies, 3);
		assert_int_equal(fake->lost, 3);
		assert_int_equal(fake->losses, 1);
		/* It comes back by itself, and starts with a clean slate. */
		fake->script = ANSWER_AT_ONCE;
		support_wait(fake->base, is_connected, fake, 5);
		assert_int_equal(fake->connects, 2);
		assert_int_equal(vty_command(fake->vty, "back", on_reply, fake), 0);
		support_wait(fake->base, is_quiet, fake, 5);
		assert_int_equal(fake->code, VTY_OK);
		assert_string_equal(fake->text, "back");
		finish(fake);
	}
}

static void refuses_strangers(void **state)
{
	struct fake *fake;
	uid_t nobody = 65534;

	if (geteuid() != 0)
		skip(); /* needs another user's socket */
	/* SO_PEERCRED tells who called listen(). */
	assert_int_equal(seteuid(nobody), 0);
	fake = calloc(1, sizeof(*fake));
	fake->base = event_base_new();
	fake->connection = -1;
	strcpy(fake->dir, "/tmp/onramp-vty-XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	snprintf(fake->path, sizeof(fake->path), "%s/bgpd.vty", fake->dir);
	listen_on(fake);
	assert_int_equal(seteuid(0), 0);
	fake->vty = vty_open(fake->base, fake->dir, "bgpd", on_changed, fake);
	assert_non_null(fake->vty);
	while (fake->connection < 0)
		event_base_loop(fake->base, EVLOOP_ONCE);
	/* The other end hangs up without a word. */
	while (fake->connection >= 0)
		event_base_loop(fake->base, EVLOOP_ONCE);
	assert_int_equal(fake->connects, 0);
	assert_int_equal(fake->command_length, 0);
	finish(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_order),
		cmocka_unit_test(joins_answers_that_come_in_pieces),
		cmocka_unit_test(takes_more_commands_than_its_window),
		cmocka_unit_test(takes_big_answers),
		cmocka_unit_test(tells_what_was_lost),
		cmocka_unit_test(refuses_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
