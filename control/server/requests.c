/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/server/changes.h"
#include "control/server/drains.h"
#include "control/server/link_tests.h"
#include "control/server/usage.h"
#include "control/server/views.h"
#include "control/store/objects.h"

#define AUDIT_ROWS_MAX 10000u /* the newest */

json_t *request_error(const char *format, ...)
{
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	text = json_vsprintf(format, arguments);
	va_end(arguments);
	return json_pack("{s:o}", "error", text);
}

static json_t *status_reply(struct office *office)
{
	json_t *status = sync_status(office->sync);

	if (status == NULL)
		return request_error("no memory");
	json_object_set_new(status, "self", json_string(office->self));
	json_object_set_new(
		status, "revision", json_integer((json_int_t)office->store.now.revision));
	json_object_set_new(status, "refused",
		office->refusal != NULL ? json_string(office->refusal) : json_null());
	return status;
}

/* What `onramp export` writes. */
static json_t *document_reply(struct office *office)
{
	const struct store_content *now = &office->store.now;
	size_t length;
	char *document;
	json_t *reply;

	if (now->document == NULL)
		return request_error("nothing was applied yet; use `onramp apply FILE`");
	document = objects_document(now->objects, now->revision, &length);
	if (document == NULL)
		return request_error("no memory");
	reply = json_pack(
		"{s:s%, s:I}", "document", document, length, "revision", (json_int_t)now->revision);
	free(document);
	return reply;
}

/* With the hash of an entry that the request names, which a signature may be of. */
static json_t *verify_reply(struct office *office, const json_t *request)
{
	const json_t *entry = json_object_get(request, "entry");
	json_t *verdict = store_verify(&office->store);
	char hash[STORE_HASH_TEXT_MAX];

	if (verdict == NULL)
		return request_error("%s/store.db: %s", office->state_dir, strerror(errno));
	if (json_is_integer(entry))
		json_object_set_new(verdict, "entry_hash",
			store_entry_hash(&office->store, json_integer_value(entry), hash)
				? json_string(hash)
				: json_null());
	return verdict;
}

static json_t *rows_reply(json_t *rows)
{
	return rows != NULL ? json_pack("{s:o}", "rows", rows) : request_error("no memory");
}

/* ---- questions that BGP answers ---- */

struct question {
	struct office *office; /* NULL: abandoned */
	question_reply reply;
	void *context;
	json_t *(*finish)(struct question *question);
	unsigned int asked; /* answers so far */
	bool beginning;     /* who asks is still there, and frees it */
	bool finished;
	json_t *request;
	struct bgp_answers bgp;
	enum session_routes routes; /* what of single sessions is asked then */
	size_t session;             /* the next of bgp.sessions */
	json_t *refusal;            /* the reply, when bgpd is not to be asked that much */
};

static void question_free(struct question *question)
{
	for (unsigned int i = 0; i < BGP_ANSWERS; i++)
		json_decref(question->bgp.answers[i]);
	json_decref(question->bgp.sessions);
	json_decref(question->request);
	json_decref(question->refusal);
	free(question);
}

void question_abandon(struct question *question)
{
	question->office = NULL;
}

static json_t *bgpd_away(void)
{
	return request_error(
		"FRR's bgpd does not answer; start FRR (zebra, bgpd, staticd), and see "
		"`onramp show status`");
}

static json_t *finish_bgp(struct question *question)
{
	json_t *rejected, *rows;

	if (question->bgp.answers[BGP_SUMMARY4] == NULL)
		return bgpd_away();
	refused_learn(&question->office->refused, question->bgp.sessions);
	rejected = view_rejected(question->office->sync, NULL);
	rows = view_bgp(
		question->office->sync, &question->bgp, rejected, &question->office->refused);
	json_decref(rejected);
	return rows_reply(rows);
}

static json_t *finish_rejected(struct question *question)
{
	json_t *rows;

	if (question->bgp.answers[BGP_SUMMARY4] == NULL)
		return bgpd_away();
	rows = view_rejected(question->office->sync, question->bgp.sessions);
	views_add_leaks(rows, question->office->sync);
	return rows_reply(rows);
}

static json_t *finish_advertised(struct question *question)
{
	if (question->bgp.answers[BGP_SUMMARY4] == NULL)
		return bgpd_away();
	if (question->refusal != NULL)
		return json_incref(question->refusal);
	return rows_reply(view_advertised(question->bgp.sessions));
}

static json_t *finish_peerings(struct question *question)
{
	return rows_reply(view_peerings(question->office->sync, &question->bgp));
}

static json_t *finish_drain(struct question *question)
{
	return drains_request(question->office, question->request, &question->bgp);
}

static json_t *finish_test(struct question *question)
{
	return link_tests_request(question->office, question->request, &question->bgp);
}

static void finish(struct question *question)
{
	question->reply(question->context, question->finish(question));
	question->finished = true;
	if (!question->beginning)
		question_free(question);
}

static bool ask_next(struct question *question);

static void answered(void *context, json_t *answer)
{
	struct question *question = context;

	if (question->office == NULL) {
		question_free(question);
		return;
	}
	if (question->asked < BGP_ANSWERS)
		question->bgp.answers[question->asked++] = json_incref(answer);
	else
		json_object_set(json_array_get(question->bgp.sessions, question->session++),
			"answer", answer);
	if (answer != NULL && ask_next(question))
		return;
	finish(question);
}

static void refuse_large(struct question *question, json_t *questions)
{
	const json_t *large = views_too_large(questions, &question->bgp);

	if (large == NULL)
		return;
	question->refusal = request_error(
		"%s/%s %s is announced more than %d prefixes, too many for one answer; name "
		"another peering or link",
		json_string_value(json_object_get(large, "peering")),
		json_string_value(json_object_get(large, "link")),
		json_string_value(json_object_get(large, "family")), ADVERTISED_MAX);
	json_array_clear(questions);
}

/* Whom else to ask. What is only counted is asked for in parts. */
static json_t *session_questions(struct question *question)
{
	const char *within = json_string_value(json_object_get(question->request, "within"));
	json_t *questions = views_session_questions(
		sync_plan(question->office->sync), &question->bgp, question->routes, within);

	if (question->finish == finish_bgp && within == NULL)
		refused_choose(&question->office->refused, questions);
	if (question->routes == ROUTES_ADVERTISED)
		refuse_large(question, questions);
	return questions;
}

/* The summaries first. */
static const char *next_command(struct question *question)
{
	if (question->asked < BGP_ANSWERS)
		return views_bgp_command((enum bgp_answer)question->asked);
	if (question->bgp.sessions == NULL && question->routes != ROUTES_NONE)
		question->bgp.sessions = session_questions(question);
	return json_string_value(json_object_get(
		json_array_get(question->bgp.sessions, question->session), "command"));
}

/* false: there is nothing more to ask, or bgpd is away. */
static bool ask_next(struct question *question)
{
	const char *command = next_command(question);

	return command != NULL &&
	       frr_query(sync_frr(question->office->sync), command, answered, question) == 0;
}

static struct question *ask_routes(struct office *office, const json_t *request,
	enum session_routes routes, json_t *(*finish_with)(struct question *), question_reply reply,
	void *context)
{
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL) {
		reply(context, request_error("no memory"));
		return NULL;
	}
	*question = (struct question){.office = office,
		.reply = reply,
		.context = context,
		.finish = finish_with,
		.routes = routes};
	question->request = json_deep_copy(request);
	/* The answer may be there at once. */
	question->beginning = true;
	if (!ask_next(question))
		finish(question);
	question->beginning = false;
	if (!question->finished)
		return question;
	question_free(question);
	return NULL;
}

static struct question *ask_bgp(struct office *office, const json_t *request,
	json_t *(*finish_with)(struct question *), question_reply reply, void *context)
{
	return ask_routes(office, request, ROUTES_NONE, finish_with, reply, context);
}

/* ---- dispatch ---- */

static json_t *validation_reply(const struct office *office)
{
	const struct plan *plan = sync_plan(office->sync);
	json_t *answer = validator_view(office->validator, plan != NULL ? plan->site : NULL);

	return answer != NULL ? answer : request_error("no memory");
}

/* A circuit as its provider sees it, who knows it by its service key alone. */
static json_t *service_key_reply(struct office *office, const json_t *request)
{
	const char *key = json_string_value(json_object_get(request, "service_key"));
	json_t *rows = key != NULL ? view_service_key(sync_plan(office->sync), key) : NULL;

	if (rows != NULL)
		return rows_reply(rows);
	return request_error("there is no circuit of the service key \"%.40s\" on a provider's "
			     "ports; who bought it has it from the operator",
		key != NULL ? key : "");
}

static json_t *routes_reply(struct office *office, const json_t *request)
{
	const json_t *routes = json_object_get(request, "routes");

	if (!json_is_array(routes) || json_array_size(routes) > ROUTE_DETAILS_MAX)
		return request_error(
			"show routes needs \"routes\", an array of at most %u", ROUTE_DETAILS_MAX);
	return rows_reply(view_route_details(office->sync, routes));
}

static json_t *show_reply(struct office *office, const char *what, const json_t *request)
{
	json_t *answer;

	if (strcmp(what, "status") == 0)
		return status_reply(office);
	if (strcmp(what, "circuits") == 0)
		return rows_reply(view_circuits(sync_plan(office->sync)));
	if (strcmp(what, "connections") == 0)
		return rows_reply(view_connections(office->sync));
	if (strcmp(what, "arp") == 0)
		return rows_reply(view_arp(office->sync));
	if (strcmp(what, "document") == 0)
		return document_reply(office);
	if (strcmp(what, "effective") == 0)
		return rows_reply(
			view_effective(sync_plan(office->sync), office->store.now.stamps));
	if (strcmp(what, "audit") == 0)
		return rows_reply(store_audit(&office->store, AUDIT_ROWS_MAX));
	if (strcmp(what, "verify") == 0)
		return verify_reply(office, request);
	if (strcmp(what, "authorizations") == 0)
		return rows_reply(view_authorizations(sync_plan(office->sync)));
	if (strcmp(what, "service-key") == 0)
		return service_key_reply(office, request);
	if (strcmp(what, "routes") == 0)
		return routes_reply(office, request);
	if (strcmp(what, "domains") == 0)
		return rows_reply(view_domains(
			office->sync, json_string_value(json_object_get(request, "circuit"))));
	if (strcmp(what, "drains") == 0)
		return rows_reply(sync_drains(office->sync));
	if (strcmp(what, "validation") == 0)
		return validation_reply(office);
	answer = usage_reply(office, what, request);
	if (answer != NULL)
		return answer;
	return request_error("nothing called \"%s\" can be shown", what);
}

struct question *request_handle(
	struct office *office, const json_t *request, question_reply reply, void *context)
{
	const char *name = json_string_value(json_object_get(request, "request"));
	const char *what = json_string_value(json_object_get(request, "what"));
	json_t *answer;

	if (name != NULL && strcmp(name, "show") == 0 && what != NULL) {
		if (strcmp(what, "bgp") == 0)
			return ask_routes(
				office, request, ROUTES_FILTERED, finish_bgp, reply, context);
		if (strcmp(what, "rejected") == 0)
			return ask_routes(
				office, request, ROUTES_FILTERED, finish_rejected, reply, context);
		if (strcmp(what, "advertised") == 0)
			return ask_routes(office, request, ROUTES_ADVERTISED, finish_advertised,
				reply, context);
		if (strcmp(what, "peerings") == 0)
			return ask_bgp(office, request, finish_peerings, reply, context);
		answer = show_reply(office, what, request);
	} else if (name != NULL && (strcmp(name, "plan") == 0 || strcmp(name, "commit") == 0)) {
		answer = strcmp(name, "plan") == 0 ? changes_plan(office, request)
						   : changes_commit(office, request);
	} else if (name != NULL && strcmp(name, "test") == 0) {
		return ask_bgp(office, request, finish_test, reply, context);
	} else if (name != NULL && (strcmp(name, "drain") == 0 || strcmp(name, "undrain") == 0)) {
		return ask_bgp(office, request, finish_drain, reply, context);
	} else {
		answer = request_error(
			"a request is {\"request\": \"plan\"|\"commit\"|\"test\"|\"drain\"|"
			"\"undrain\"|\"show\", ...}; show needs \"what\"");
	}
	reply(context, answer);
	return NULL;
}
