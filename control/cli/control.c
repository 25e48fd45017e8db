/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* An answer that needs bgpd with thousands of sessions takes a second or two. */
#define REPLY_TIMEOUT_S 30

static void report_away(const struct cli *cli, int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		cli_error(cli,
			"control does not run here (%s/control.sock: %s); start it with `systemctl "
			"start onramp-control` or `onramp-control --self EDGE --run-dir %s`",
			cli->run_dir, strerror(error), cli->run_dir);
		return;
	case EACCES:
	case EPERM:
		cli_error(cli, "%s/control.sock: %s; only root and control's own user may ask it",
			cli->run_dir, strerror(error));
		return;
	case ECONNRESET:
	case EPIPE:
		cli_error(cli,
			"control closed the connection; it ended, or does not accept this user");
		return;
	case EAGAIN:
		cli_error(cli, "control did not answer within %d s", REPLY_TIMEOUT_S);
		return;
	default:
		cli_error(cli, "%s/control.sock: %s", cli->run_dir, strerror(error));
	}
}

/* A connected socket, or -errno. */
static int control_connect(const char *run_dir)
{
	const struct timeval timeout = {.tv_sec = REPLY_TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error = 0;

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock",
		    run_dir) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
		connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	if (error != 0) {
		close(fd);
		return error;
	}
	return fd;
}

static int send_text(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t put = send(fd, text, length, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		text += put;
		length -= (size_t)put;
	}
	return 0;
}

/* One line, malloc'd. 0 or -errno. */
static int receive_line(int fd, char **line)
{
	size_t length = 0, size = 65536;
	char *text = malloc(size);

	while (text != NULL) {
		ssize_t got = recv(fd, text + length, size - length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int error = got < 0 ? -errno : -ECONNRESET;
			free(text);
			return error;
		}
		length += (size_t)got;
		if (text[length - 1] == '\n') {
			text[length - 1] = '\0';
			*line = text;
			return 0;
		}
		if (length == size) {
			char *larger = realloc(text, size *= 2);
			if (larger == NULL)
				free(text);
			text = larger;
		}
	}
	return -ENOMEM;
}

static int exchange(const struct cli *cli, const char *request, char **reply)
{
	int fd = control_connect(cli->run_dir);
	int error;

	if (fd < 0)
		return fd;
	error = send_text(fd, request, strlen(request));
	if (error == 0)
		error = send_text(fd, "\n", 1);
	/* Control may have refused before it read all (too long): its reply says why. */
	if (error == 0 || error == -EPIPE)
		error = receive_line(fd, reply);
	close(fd);
	return error;
}

json_t *control_ask(const struct cli *cli, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT), *line = NULL;
	json_t *reply;
	int error;

	json_decref(request);
	error = text != NULL ? exchange(cli, text, &line) : -ENOMEM;
	free(text);
	if (error != 0) {
		report_away(cli, -error);
		return NULL;
	}
	reply = json_loads(line, 0, NULL);
	free(line);
	if (!json_is_object(reply)) {
		cli_error(cli, "control's answer is not understood; is it of another version?");
		json_decref(reply);
		return NULL;
	}
	return reply;
}

static json_t *rows_of(const struct cli *cli, json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_t *rows = NULL;

	if (reply == NULL)
		return NULL;
	if (error != NULL)
		cli_error(cli, "%s", error);
	else if (!json_is_array(json_object_get(reply, "rows")))
		cli_error(cli, "control's answer has no rows; is it of another version?");
	else
		rows = json_incref(json_object_get(reply, "rows"));
	json_decref(reply);
	return rows;
}

json_t *control_rows(const struct cli *cli, const char *what)
{
	return rows_of(
		cli, control_ask(cli, json_pack("{s:s, s:s}", "request", "show", "what", what)));
}

json_t *control_rows_within(const struct cli *cli, const char *what)
{
	return rows_of(cli, control_ask(cli, json_pack("{s:s, s:s, s:s?}", "request", "show",
						     "what", what, "within", cli->operand)));
}
