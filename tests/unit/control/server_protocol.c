/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's socket, with real clients on it and a fake sync behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/server.h"
#include "tests/unit/control/server_fakes.h"

#define DEADLINE_S 20

static char dir[64], state_dir[80];
static struct event_base *base;
static struct server *server;

static struct server *open_server_as(const char *self)
{
	const struct server_options options = {
		.run_dir = dir, .state_dir = state_dir, .self = self, .sample_s = 10};

	return server_open(base, &options, NULL);
}

static struct server *open_server(void)
{
	return open_server_as("lab-a");
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/onramp-server-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	server = open_server();
	return server != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	char path[128];

	server_close(server);
	event_base_free(base);
	fakes_reset();
	snprintf(path, sizeof(path), "%s/store.db", state_dir);
	unlink(path);
	if (rmdir(state_dir) < 0)
		unlink(state_dir);
	return rmdir(dir);
}

/* ---- a client ---- */

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", dir);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void expired(evutil_socket_t fd, short what, void *context)
{
	*(bool *)context = true;
}

/* Turns the loop until something happens on it, or a moment has passed in which nothing did; the
 * caller looks whether it is what it waits for. */
static void turn(void)
{
	const struct timeval moment = {.tv_usec = 20000};
	bool ignored;
	struct event *timer = evtimer_new(base, expired, &ignored);

	evtimer_add(timer, &moment);
	event_base_loop(base, EVLOOP_ONCE);
	event_free(timer);
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void put(int fd, const char *text, size_t length)
{
	time_t deadline = now_s() + DEADLINE_S;

	while (length > 0) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			assert_true(now_s() < deadline);
			turn();
			continue;
		}
		/* The server may refuse what is too long before it has read it all. */
		if (sent < 0 && errno == EPIPE)
			return;
		assert_true(sent > 0);
		text += sent;
		length -= (size_t)sent;
	}
}

/* The next line as JSON; NULL: the server closed the connection. */
static json_t *get(int fd)
{
	time_t deadline = now_s() + DEADLINE_S;
	static char line[1 << 20];
	size_t length = 0;

	while (length == 0 || line[length - 1] != '\n') {
		ssize_t got = recv(fd, line + length, 1, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return NULL;
		if (got < 0) {
			assert_int_equal(errno, EAGAIN);
			assert_true(now_s() < deadline);
			turn();
			continue;
		}
		length++;
		assert_true(length < sizeof(line));
	}
	return json_loadb(line, length, 0, NULL);
}

static json_t *ask_text(const char *text)
{
	int fd = connect_client();
	json_t *reply;

	put(fd, text, strlen(text));
	put(fd, "\n", 1);
	reply = get(fd);
	close(fd);
	assert_non_null(reply);
	return reply;
}

static json_t *ask(json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	json_t *reply = ask_text(text);

	free(text);
	json_decref(request);
	return reply;
}

static json_t *show(const char *what)
{
	return ask(json_pack("{s:s, s:s}", "request", "show", "what", what));
}

static json_t *commit(const char *document, int revision)
{
	return ask(json_pack("{s:s, s:s, s:i}", "request", "commit", "document", document,
		"revision", revision));
}

static json_int_t integer(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

/* The reply is an error that says text; consumes it. */
static void assert_refused(json_t *reply, const char *text)
{
	const char *error = json_string_value(json_object_get(reply, "error"));

	assert_non_null(error);
	if (strstr(error, text) == NULL)
		fail_msg("not \"%s\" but: %s", text, error);
	json_decref(reply);
}

static void assert_revision(json_int_t revision)
{
	json_t *status = show("status");

	assert_int_equal(integer(status, "revision"), revision);
	assert_string_equal(json_string_value(json_object_get(status, "self")), "lab-a");
	json_decref(status);
}

static void apply_good(void)
{
	json_t *reply = commit(document_good, 0);

	assert_int_equal(integer(reply, "revision"), 1);
	json_decref(reply);
}

/* bgpd knows nothing yet. */
static void answer_empty(void)
{
	for (int i = 0; i < 4; i++)
		fakes.answers[i] = "{}";
}

/* The four answers of a question about BGP, each when it is asked for. */
static void answer_all(void)
{
	time_t deadline = now_s() + DEADLINE_S;

	for (int answered = 0; answered < 4;) {
		assert_true(now_s() < deadline);
		if (fakes_answer())
			answered++;
		else
			turn();
	}
}

/* ---- the tests ---- */

static void nonsense_is_answered(void **state)
{
	assert_refused(ask_text("hello"), "not a JSON object");
	assert_refused(ask_text(""), "not a JSON object");
	assert_refused(ask_text("[]"), "not a JSON object");
	assert_refused(ask_text("{\"request\": \"show\"} x"), "not a JSON object");
	assert_refused(ask_text("{}"), "a request is");
	assert_refused(ask_text("{\"request\": 7}"), "a request is");
	assert_refused(ask_text("{\"request\": \"dance\"}"), "a request is");
	assert_refused(ask_text("{\"request\": \"show\"}"), "a request is");
	assert_refused(show("weather"), "nothing called \"weather\"");
	assert_refused(ask_text("{\"request\": \"plan\"}"), "need \"document\"");
	assert_refused(
		ask_text("{\"request\": \"plan\", \"document\": 1}"), "\"document\" is a string");
	assert_refused(ask_text("{\"request\": \"plan\", \"circuit\": 1}"), "are strings");
	assert_refused(ask_text("{\"request\": \"plan\", \"rollback\": \"x\"}"), "no revision 0");
	assert_refused(
		ask_text("{\"request\": \"commit\", \"document\": \"\"}"), "needs \"revision\"");
	assert_refused(ask_text("\xff\xfe"), "not a JSON object");
	assert_int_equal(fakes.applied, 0);
}

static void plan_changes_nothing(void **state)
{
	json_t *reply = ask(json_pack("{s:s, s:s}", "request", "plan", "document", document_good));

	assert_null(json_object_get(reply, "error"));
	assert_int_equal(integer(reply, "revision"), 0);
	assert_true(
		json_array_size(json_object_get(json_object_get(reply, "diff"), "changes")) > 0);
	assert_int_equal(json_array_size(json_object_get(reply, "findings")), 0);
	json_decref(reply);
	assert_int_equal(fakes.applied, 0);
	assert_revision(0);
	assert_refused(show("document"), "nothing was applied yet");
}

static void commit_applies_and_keeps(void **state)
{
	const char *document;
	json_t *reply;

	apply_good();
	assert_int_equal(fakes.applied, 1);
	assert_string_equal(fakes.plan->edge->name, "lab-a");
	reply = show("document");
	document = json_string_value(json_object_get(reply, "document"));
	assert_non_null(strstr(document, "revision: 1\n"));
	assert_non_null(strstr(document, "bandwidth: 1G\n"));
	assert_int_equal(integer(reply, "revision"), 1);
	json_decref(reply);
	/* A restarted control applies it again by itself. */
	server_close(server);
	server = open_server();
	assert_non_null(server);
	assert_int_equal(fakes.applied, 2);
	assert_revision(1);
}

static void bad_documents_are_refused_whole(void **state)
{
	json_t *reply;

	apply_good();
	reply = commit("site: [\n", 1);
	assert_true(json_array_size(json_object_get(reply, "findings")) > 0);
	assert_refused(reply, "error");
	reply = ask(json_pack("{s:s, s:s}", "request", "plan", "document", "asn: many\n"));
	assert_true(json_array_size(json_object_get(reply, "findings")) > 0);
	assert_refused(reply, "error");
	assert_int_equal(fakes.applied, 1);
	assert_revision(1);
}

static char *document_of(const char *edge)
{
	char *document = strdup(document_good);

	for (char *at = document; (at = strstr(at, "lab-a")) != NULL;)
		memcpy(at, edge, 5);
	return document;
}

static void other_edges_document_is_refused(void **state)
{
	char *document = document_of("lab-b");

	assert_refused(commit(document, 0), "this machine is edge \"lab-a\"");
	free(document);
	assert_int_equal(fakes.applied, 0);
}

static void stale_revision_is_refused(void **state)
{
	apply_good();
	assert_refused(commit(document_good, 0), "someone else changed something");
	assert_refused(commit(document_good, 2), "someone else changed something");
	assert_int_equal(fakes.applied, 1);
	assert_revision(1);
}

static void what_cannot_be_saved_is_not_applied(void **state)
{
	int fd = open(state_dir, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_refused(commit(document_good, 0), "cannot save");
	assert_int_equal(fakes.applied, 0);
	assert_revision(0);
}

static void what_cannot_be_applied_is_not_kept(void **state)
{
	char *changed = strdup(document_good);

	memcpy(strstr(changed, "bandwidth: 1G"), "bandwidth: 2G", 13);
	apply_good();
	fakes.apply_error = -ENOMEM;
	assert_refused(commit(changed, 1), "revision 1 stays in force");
	assert_revision(1);
	/* and what was in force is the wish again */
	assert_int_equal(fakes.applied, 3);
	assert_non_null(fakes.plan);
	server_close(server);
	server = open_server();
	assert_revision(1);
	free(changed);
}

static void same_document_makes_no_revision(void **state)
{
	json_t *reply;

	apply_good();
	char commented[8192];

	reply = commit(document_good, 1);
	assert_null(json_object_get(reply, "error"));
	assert_int_equal(integer(reply, "revision"), 1);
	json_decref(reply);
	snprintf(commented, sizeof(commented), "%s# the same\n", document_good);
	json_decref(commit(commented, 1));
	assert_int_equal(fakes.applied, 1);
	assert_revision(1);
}

static void damaged_store_is_not_overlooked(void **state)
{
	char path[128];
	FILE *file;

	apply_good();
	server_close(server);
	snprintf(path, sizeof(path), "%s/store.db", state_dir);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs("site: by hand\n", file);
	fclose(file);
	server = open_server();
	assert_null(server);
	assert_int_equal(errno, EBADMSG);
	unlink(path);
	server = open_server();
	assert_non_null(server);
}

/* Another --self (or a newer version) may refuse what is stored: it listens, says so, and takes a
 * better document. */
static void refused_store_is_shown(void **state)
{
	char *document = document_of("lab-b");
	json_t *reply;

	apply_good();
	server_close(server);
	fakes_reset();
	server = open_server_as("lab-b");
	assert_non_null(server);
	assert_int_equal(fakes.applied, 0);
	reply = show("status");
	assert_true(json_is_string(json_object_get(reply, "refused")));
	json_decref(reply);
	reply = ask(json_pack("{s:s, s:s, s:b, s:i}", "request", "commit", "document", document,
		"prune", 1, "revision", 1));
	assert_int_equal(integer(reply, "revision"), 2);
	json_decref(reply);
	reply = show("status");
	assert_true(json_is_null(json_object_get(reply, "refused")));
	json_decref(reply);
	assert_int_equal(fakes.applied, 1);
	free(document);
}

static void second_control_is_refused(void **state)
{
	assert_null(open_server());
	assert_int_equal(errno, EADDRINUSE);
	/* and the first still serves */
	assert_revision(0);
}

static void socket_is_private(void **state)
{
	struct stat status;
	char path[128];

	snprintf(path, sizeof(path), "%s/control.sock", dir);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
	static const char two[] = "{\"request\": \"show\", \"what\": \"bgp\"}\n"
				  "{\"request\": \"show\", \"what\": \"status\"}\n{\"requ";
	int fd = connect_client();
	json_t *reply;

	apply_good();
	answer_empty();
	fakes.frr_waits = true;
	put(fd, two, strlen(two));
	answer_all();
	reply = get(fd);
	/* Both families of both links, and the core's IPv4. */
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 5);
	json_decref(reply);
	reply = get(fd);
	assert_int_equal(integer(reply, "revision"), 1);
	json_decref(reply);
	put(fd, "est\": 1}\n", 9);
	assert_refused(get(fd), "a request is");
	close(fd);
}

static void another_client_does_not_wait(void **state)
{
	static const char text[] = "{\"request\": \"show\", \"what\": \"peerings\"}\n";
	int fd = connect_client();
	time_t deadline = now_s() + DEADLINE_S;
	json_t *reply;

	apply_good();
	answer_empty();
	fakes.frr_waits = true;
	put(fd, text, strlen(text));
	while (fakes.queries == 0) {
		assert_true(now_s() < deadline);
		turn();
	}
	assert_revision(1);
	answer_all();
	reply = get(fd);
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 1);
	json_decref(reply);
	close(fd);
}

static void client_that_goes_is_forgotten(void **state)
{
	static const char text[] = "{\"request\": \"show\", \"what\": \"bgp\"}\n";
	int fd = connect_client();
	time_t deadline = now_s() + DEADLINE_S;

	apply_good();
	fakes.frr_waits = true;
	put(fd, text, strlen(text));
	while (fakes.queries == 0) {
		assert_true(now_s() < deadline);
		turn();
	}
	close(fd);
	assert_revision(1); /* the loop has turned: the server knows that it went */
	assert_true(fakes_answer());
	/* The same when the server goes first. */
	fd = connect_client();
	fakes.queries = 0;
	put(fd, text, strlen(text));
	while (fakes.queries == 0) {
		assert_true(now_s() < deadline);
		turn();
	}
	server_close(server);
	server = NULL;
	assert_true(fakes_answer());
	close(fd);
}

/* `printf ... | nc -N -U`: the sending half closes at once, the answer is still wanted. */
static void half_closed_client_is_answered(void **state)
{
	static const char text[] = "{\"request\": \"show\", \"what\": \"status\"}\n"
				   "{\"request\": \"show\", \"what\": \"bgp\"}\n";
	int fd = connect_client();
	json_t *reply;

	fakes.frr_away = true;
	put(fd, text, strlen(text));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	reply = get(fd);
	assert_int_equal(integer(reply, "revision"), 0);
	json_decref(reply);
	assert_refused(get(fd), "bgpd does not answer");
	assert_null(get(fd));
	close(fd);
}

static void endless_request_is_cut_off(void **state)
{
	size_t length = SERVER_REQUEST_MAX + 100000;
	char *text = malloc(length);
	int fd = connect_client();

	memset(text, ' ', length);
	put(fd, text, length);
	free(text);
	assert_refused(get(fd), "at most");
	assert_null(get(fd));
	close(fd);
	assert_revision(0);
}

static json_t *ask_for_test(const char *link, json_t *seconds)
{
	return ask(json_pack("{s:s, s:s, s:o, s:b}", "request", "test", "link", link, "seconds",
		seconds, "force", 1));
}

static void links_are_tested(void **state)
{
	json_t *reply;

	apply_good();
	reply = ask_for_test("contoso/private/primary", json_integer(600));
	assert_int_equal(json_integer_value(json_object_get(reply, "seconds")), 600);
	assert_int_equal(fakes.test_seconds, 600);
	json_decref(reply);
	json_decref(ask_for_test("contoso/private/primary", json_integer(0)));
	assert_int_equal(fakes.test_seconds, 0);
	assert_refused(ask_for_test("contoso/private/primary", json_integer(-1)), "from 0");
	assert_refused(ask_for_test("contoso/private/primary", json_integer(86401)), "to 86400");
	assert_refused(ask_for_test("contoso/private/primary", json_string("600")), "a number");
	assert_refused(ask_for_test("contoso/private/tertiary", json_integer(5)), "has no link");
	assert_refused(ask_text("{\"request\": \"test\"}"), "needs \"link\"");
	fakes.test_error = -ENOTCONN;
	assert_refused(ask_for_test("contoso/private/primary", json_integer(5)), "not in step");
	assert_int_equal(fakes.test_seconds, 5);
}

static void views_have_their_rows(void **state)
{
	static const char *const expected[] = {"circuits", "arp"};

	apply_good();
	fakes.kernel_up = true;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		json_t *reply = show(expected[i]);
		assert_true(json_array_size(json_object_get(reply, "rows")) > 0);
		json_decref(reply);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nonsense_is_answered),
		TEST(plan_changes_nothing),
		TEST(commit_applies_and_keeps),
		TEST(bad_documents_are_refused_whole),
		TEST(other_edges_document_is_refused),
		TEST(stale_revision_is_refused),
		TEST(what_cannot_be_saved_is_not_applied),
		TEST(what_cannot_be_applied_is_not_kept),
		TEST(same_document_makes_no_revision),
		TEST(damaged_store_is_not_overlooked),
		TEST(refused_store_is_shown),
		TEST(second_control_is_refused),
		TEST(socket_is_private),
		TEST(requests_in_a_row_are_answered_in_order),
		TEST(another_client_does_not_wait),
		TEST(client_that_goes_is_forgotten),
		TEST(half_closed_client_is_answered),
		TEST(endless_request_is_cut_off),
		TEST(links_are_tested),
		TEST(views_have_their_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
