/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/bfdd.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/bfd/bfdd_link.h"
#include "dataplane/bfd/bfdd_sessions.h"
#include "dataplane/startup/log.h"

#define FRR_USER "frr"
#define EVENTS 16
/* bfdd is there within milliseconds of its start, and meanwhile runs the sessions itself. */
#define ATTEMPT_US_MIN UINT64_C(50000)
#define ATTEMPT_US_MAX UINT64_C(1000000)
/* After sessions came, bfdd may have more that did not fit: look when they stopped coming. */
#define LOOK_AGAIN_US UINT64_C(500000)
/* 58 sessions each; some are not full. */
#define LINKS_MAX 192u
/* Reads of one connection in a turn, so that main has its turn too. */
#define READS_MAX 4u

static struct {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	uid_t frr_uid;
	int epoll_fd; /* -1: not started */
	TAILQ_HEAD(, bfdd_link) links;
	unsigned int count;
	uint64_t since_us;   /* of the first connection; 0: bfdd is away */
	uint64_t attempt_us; /* connect again, while it is away */
	uint64_t pause_us;   /* between attempts */
	uint64_t look_us;    /* open a further connection; 0: no reason to */
	int told;            /* why the last attempt failed; 0: none was reported */
} bfdd = {
	.epoll_fd = -1,
	.links = TAILQ_HEAD_INITIALIZER(bfdd.links),
};

static uid_t uid_of(const char *user)
{
	const struct passwd *entry = getpwnam(user);

	return entry != NULL ? entry->pw_uid : 0;
}

int bfdd_start(const char *path)
{
	if (bfdd.epoll_fd >= 0)
		return -EALREADY;
	if (strlen(path) >= sizeof(bfdd.path))
		return -ENAMETOOLONG;
	strcpy(bfdd.path, path);
	bfdd.frr_uid = uid_of(FRR_USER);
	bfdd.pause_us = ATTEMPT_US_MIN;
	bfdd.attempt_us = 0;
	bfdd.told = 0;
	bfdd.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return bfdd.epoll_fd < 0 ? -errno : 0;
}

int bfdd_fd(void)
{
	return bfdd.epoll_fd;
}

/* ---- connections come and go ---- */

/* What it brings comes before the answer to this question, so the answer says that it is all. */
static int ask(struct bfdd_link *link, uint64_t now_us)
{
	struct bfddp_message question = {.type = BFDDP_ECHO_REQUEST};

	link->opened_us = now_us;
	link->phase = BFDD_LINK_ASKED;
	question.echo.dataplane_time = now_us;
	return bfdd_link_send(link, &question);
}

static int watch(struct bfdd_link *link)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};

	return epoll_ctl(bfdd.epoll_fd, EPOLL_CTL_ADD, link->fd, &event) < 0 ? -errno : 0;
}

static int open_link(uint64_t now_us)
{
	struct bfdd_link *link;
	int error = bfdd_link_open(bfdd.path, bfdd.frr_uid, &link);

	if (error < 0)
		return error;
	error = watch(link);
	if (error == 0)
		error = ask(link, now_us);
	if (error < 0) {
		bfdd_link_close(link);
		return error;
	}
	TAILQ_INSERT_TAIL(&bfdd.links, link, entry);
	bfdd.count++;
	return 0;
}

static void bfdd_is_away(uint64_t now_us)
{
	bfdd.since_us = 0;
	bfdd.look_us = 0;
	bfdd.attempt_us = now_us + bfdd.pause_us;
	bfdd.told = 0;
	log_warning("bfdd", "bfdd left; %u sessions go on as it said last", bfdd_sessions_count());
}

static void lose(struct bfdd_link *link, int error, uint64_t now_us)
{
	unsigned int sessions = bfdd_sessions_unlink(link, now_us);
	bool left = link->phase == BFDD_LINK_LEAVING;

	if (error == -EPROTO)
		log_error("bfdd", "pid %d does not speak version %u of bfddp; left it", link->pid,
			BFDDP_VERSION);
	else if (error != -ECONNRESET && error != -EPIPE)
		log_error("bfdd", "lost a connection: %s", strerror(-error));
	TAILQ_REMOVE(&bfdd.links, link, entry);
	bfdd.count--;
	bfdd_link_close(link);
	if (bfdd.count == 0) {
		/* What does not understand us today will not do so in 50 ms. */
		if (error == -EPROTO)
			bfdd.pause_us = ATTEMPT_US_MAX;
		bfdd_is_away(now_us);
	} else if (!left || sessions > 0) {
		bfdd.look_us = now_us;
	}
}

/* Closing would lose what bfdd puts in this very moment: it shall close. */
static void leave(struct bfdd_link *link)
{
	link->phase = BFDD_LINK_LEAVING;
	shutdown(link->fd, SHUT_WR);
}

static void answered(struct bfdd_link *link, uint64_t now_us)
{
	if (link->phase != BFDD_LINK_ASKED)
		return;
	link->phase = BFDD_LINK_KNOWN;
	if (link->adds > 0)
		bfdd.look_us = now_us;
	else if (bfdd.count > 1)
		leave(link);
}

/* ---- messages ---- */

static int answer_counters(struct bfdd_link *link, const struct bfddp_message *question)
{
	struct bfddp_message answer = {.type = BFDDP_COUNTERS, .id = question->id};
	struct bfd_counters counters = {0};

	/* bfdd waits for the answer whatever it is: of a session we do not have, zeroes. */
	bfd_session_counters(question->lid, &counters);
	answer.counters.lid = question->lid;
	answer.counters.rx = counters.rx;
	answer.counters.rx_bytes = counters.rx_bytes;
	answer.counters.tx = counters.tx;
	answer.counters.tx_bytes = counters.tx_bytes;
	return bfdd_link_send(link, &answer);
}

static int answer_echo(
	struct bfdd_link *link, const struct bfddp_message *question, uint64_t now_us)
{
	struct bfddp_message answer = *question;

	answer.type = BFDDP_ECHO_REPLY;
	answer.echo.dataplane_time = now_us;
	return bfdd_link_send(link, &answer);
}

static void add(struct bfdd_link *link, const struct bfddp_session *session, uint64_t now_us)
{
	int rc = bfdd_sessions_add(session, link, now_us);

	if (rc == -ENOSPC || rc == -ENOMEM)
		log_error("bfdd", "no room for another session: %s", strerror(-rc));
	link->adds++;
	if (link->phase != BFDD_LINK_ASKED)
		bfdd.look_us = now_us + LOOK_AGAIN_US;
}

static int serve_message(
	struct bfdd_link *link, const struct bfddp_message *message, uint64_t now_us)
{
	switch (message->type) {
	case BFDDP_ECHO_REQUEST:
		return answer_echo(link, message, now_us);
	case BFDDP_ECHO_REPLY:
		answered(link, now_us);
		return 0;
	case BFDDP_ADD_SESSION:
		add(link, &message->session, now_us);
		return 0;
	case BFDDP_DELETE_SESSION:
		bfdd_sessions_delete(message->session.lid, now_us);
		return 0;
	case BFDDP_COUNTERS_REQUEST:
		return answer_counters(link, message);
	default: /* ours to say */
		return -EPROTO;
	}
}

/* Answers what came, as far as answers find room. */
static int serve_messages(struct bfdd_link *link, uint64_t now_us)
{
	struct bfddp_message message;
	int rc = 0;

	while (rc >= 0 && bfdd_link_may_answer(link)) {
		rc = bfdd_link_next(link, &message);
		if (rc <= 0)
			return rc;
		rc = serve_message(link, &message, now_us);
	}
	return rc;
}

static int serve_link(struct bfdd_link *link, uint64_t now_us)
{
	int rc = 0;

	for (unsigned int i = 0; i < READS_MAX && rc >= 0; i++) {
		ssize_t n = bfdd_link_read(link);

		/* What came before the end counts. */
		rc = serve_messages(link, now_us);
		if (n < 0 && rc >= 0)
			rc = (int)n;
		if (n <= 0)
			break;
	}
	return rc;
}

/* ---- a turn ---- */

static void serve_events(uint64_t now_us)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(bfdd.epoll_fd, events, EVENTS, 0);

	for (int i = 0; i < count; i++) {
		struct bfdd_link *link = events[i].data.ptr;
		int error = serve_link(link, now_us);

		if (error < 0)
			lose(link, error, now_us);
	}
}

/* Also takes up messages that waited for room in the output. */
static void flush_links(uint64_t now_us)
{
	struct bfdd_link *link = TAILQ_FIRST(&bfdd.links);

	while (link != NULL) {
		struct bfdd_link *next = TAILQ_NEXT(link, entry);
		int error = 0;

		if (link->output_length > 0 || link->input_length > 0) {
			error = bfdd_link_flush(link);
			if (error >= 0)
				error = serve_messages(link, now_us);
		}
		if (error < 0)
			lose(link, error, now_us);
		link = next;
	}
	bfdd_sessions_flush();
}

static void report_failure(int error)
{
	if (error == bfdd.told)
		return;
	bfdd.told = error;
	if (error == -EPERM)
		log_error("bfdd", "%s is another user's than root's and %s's: not used", bfdd.path,
			FRR_USER);
	else if (error == -ENOENT || error == -ECONNREFUSED)
		log_info("bfdd", "waiting for bfdd to listen on %s", bfdd.path);
	else
		log_warning("bfdd", "cannot connect to %s: %s", bfdd.path, strerror(-error));
}

static void connect_first(uint64_t now_us)
{
	int error;

	if (now_us < bfdd.attempt_us)
		return;
	error = open_link(now_us);
	if (error == 0) {
		bfdd.since_us = now_us;
		bfdd.pause_us = ATTEMPT_US_MIN;
		log_info("bfdd", "connected to bfdd (pid %d)", TAILQ_FIRST(&bfdd.links)->pid);
		return;
	}
	report_failure(error);
	bfdd.attempt_us = now_us + bfdd.pause_us;
	bfdd.pause_us = bfdd.pause_us < ATTEMPT_US_MAX / 2 ? bfdd.pause_us * 2 : ATTEMPT_US_MAX;
}

static void connect_further(uint64_t now_us)
{
	int error;

	if (bfdd.look_us == 0 || now_us < bfdd.look_us)
		return;
	bfdd.look_us = 0;
	error = bfdd.count < LINKS_MAX ? open_link(now_us) : -EUSERS;
	if (error == 0)
		return;
	log_warning("bfdd",
		"no further connection to bfdd (%s): what does not fit %u connections it runs "
		"itself, "
		"and those sessions stay Down",
		strerror(-error), bfdd.count);
}

void bfdd_turn(uint64_t now_us)
{
	if (bfdd.epoll_fd < 0)
		return;
	serve_events(now_us);
	flush_links(now_us);
	if (bfdd.count == 0)
		connect_first(now_us);
	else
		connect_further(now_us);
	bfdd_sessions_turn(now_us, bfdd.since_us);
}

void bfdd_report(const struct bfd_change *change)
{
	bfdd_sessions_report(change);
}

void bfdd_stop(void)
{
	if (bfdd.epoll_fd < 0)
		return;
	while (!TAILQ_EMPTY(&bfdd.links)) {
		struct bfdd_link *link = TAILQ_FIRST(&bfdd.links);

		TAILQ_REMOVE(&bfdd.links, link, entry);
		bfdd_link_close(link);
	}
	bfdd.count = 0;
	bfdd_sessions_fini();
	close(bfdd.epoll_fd);
	bfdd.epoll_fd = -1;
}
