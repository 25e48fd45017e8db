/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/server/drains.h"
#include "control/server/keys.h"
#include "control/server/link_tests.h"
#include "control/server/views.h"

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
	json_object_set_new(status, "revision", json_integer((json_int_t)office->store.revision));
	json_object_set_new(status, "refused",
		office->refusal != NULL ? json_string(office->refusal) : json_null());
	return status;
}

static json_t *document_reply(struct office *office)
{
	if (office->store.document == NULL)
		return request_error("no document was applied yet; use `onramp apply FILE`");
	return json_pack("{s:s%, s:I}", "document", office->store.document, office->store.length,
		"revision", (json_int_t)office->store.revision);
}

static json_t *rows_reply(json_t *rows)
{
	return rows != NULL ? json_pack("{s:o}", "rows", rows) : request_error("no memory");
}

/* ---- documents ---- */

/* The site without its secrets, and this machine's edge in it. */
static struct site *load_site(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal)
{
	struct config_findings found = {0};
	struct site *site = config_load(document, length, &found);
	int index;

	*findings = config_findings_json(&found);
	*refusal = NULL;
	if (site == NULL) {
		*refusal = found.errors != 0 ? request_error("%zu error%s in the document",
						       found.errors, found.errors == 1 ? "" : "s")
					     : request_error("no memory");
		json_object_set(*refusal, "findings", *findings);
	}
	config_findings_free(&found);
	if (site == NULL)
		return NULL;
	index = site_find_edge(site, office->self);
	if (index >= 0) {
		*edge = (unsigned int)index;
		return site;
	}
	*refusal = request_error("this machine is edge \"%s\" (onramp-control --self), which the "
				 "document does not name",
		office->self);
	json_object_set(*refusal, "findings", *findings);
	site_free(site);
	return NULL;
}

/* The site and this machine's edge in it; NULL and *refusal (a reply) when it cannot be. findings
 * receives what check would say, and what is wrong with the files of keys. */
static struct site *load_document(struct office *office, const char *document, size_t length,
	unsigned int *edge, json_t **findings, json_t **refusal)
{
	struct site *site = load_site(office, document, length, edge, findings, refusal);
	unsigned int wrong = site != NULL ? keys_read(site, *edge, *findings) : 0;

	if (wrong == 0)
		return site;
	*refusal = request_error("%u key%s cannot be used", wrong, wrong == 1 ? "" : "s");
	json_object_set(*refusal, "findings", *findings);
	site_free(site);
	return NULL;
}

static json_t *difference(struct office *office, const struct site *site)
{
	const struct plan *plan = sync_plan(office->sync);

	return config_diff(plan != NULL ? plan->site : NULL, site, office->self);
}

static json_t *plan_reply(struct office *office, const char *document, size_t length)
{
	json_t *findings, *refusal, *reply;
	unsigned int edge;
	struct site *site = load_document(office, document, length, &edge, &findings, &refusal);

	if (site == NULL) {
		json_decref(findings);
		return refusal;
	}
	reply = json_pack("{s:o, s:o, s:I}", "findings", findings, "diff", difference(office, site),
		"revision", (json_int_t)office->store.revision);
	site_free(site);
	return reply;
}

static void log_keys(const json_t *findings)
{
	size_t index;
	json_t *finding;

	json_array_foreach (findings, index, finding)
		if (strcmp(json_string_value(json_object_get(finding, "severity")), "error") == 0)
			log_error("server", "%s: %s",
				json_string_value(json_object_get(finding, "field")),
				json_string_value(json_object_get(finding, "text")));
}

bool request_apply_stored(struct office *office)
{
	json_t *findings, *refusal;
	unsigned int edge;
	struct site *site;
	int error;

	free(office->refusal);
	office->refusal = NULL;
	if (office->store.document == NULL)
		return true;
	site = load_site(
		office, office->store.document, office->store.length, &edge, &findings, &refusal);
	/* What was in force stays in force. The keys that the dataplane has stay too; where it has
	 * none, no peer is believed. */
	if (site != NULL && keys_read(site, edge, findings) > 0)
		log_keys(findings);
	json_decref(findings);
	if (site == NULL) {
		office->refusal = strdup(json_string_value(json_object_get(refusal, "error")));
		json_decref(refusal);
		return false;
	}
	error = sync_apply(office->sync, site, edge);
	if (error != 0)
		office->refusal = strdup(strerror(-error));
	return error == 0;
}

/* After a failure half way: what was in force is the wish again. */
static json_t *restore(struct office *office, const char *what, int error)
{
	if (office->store.document != NULL && request_apply_stored(office))
		return request_error("%s: %s; revision %" PRIu64 " stays in force", what,
			strerror(-error), office->store.revision);
	log_error("server", "%s: %s, and the revision before cannot be restored", what,
		strerror(-error));
	return request_error("%s: %s, and nothing was in force before that could be restored; see "
			     "onramp-control's log",
		what, strerror(-error));
}

/* Saved beside first, then the wish, then in force: whatever fails, one whole document is. */
static json_t *commit_site(struct office *office, struct site *site, unsigned int edge,
	const char *document, size_t length)
{
	int error = store_prepare(office->state_dir, &office->store, document, length);

	if (error != 0) {
		site_free(site);
		return request_error("cannot save to %s: %s; nothing was changed",
			office->state_dir, strerror(-error));
	}
	error = sync_apply(office->sync, site, edge);
	if (error != 0) {
		store_discard(office->state_dir, &office->store);
		return restore(office, "cannot apply", error);
	}
	error = store_commit(office->state_dir, &office->store);
	if (error != 0) {
		store_discard(office->state_dir, &office->store);
		return restore(office, "cannot save", error);
	}
	free(office->refusal);
	office->refusal = NULL;
	log_info("server", "revision %" PRIu64 " is in force", office->store.revision);
	return json_pack("{s:I}", "revision", (json_int_t)office->store.revision);
}

/* The very same document and secrets: nothing is saved, and nothing stated again. */
static bool is_in_force(
	const struct office *office, const char *document, size_t length, const json_t *diff)
{
	return office->store.document != NULL && office->refusal == NULL &&
	       office->store.length == length &&
	       json_array_size(json_object_get(diff, "changes")) == 0 &&
	       memcmp(office->store.document, document, length) == 0;
}

static json_t *commit_reply(
	struct office *office, const char *document, size_t length, const json_t *revision)
{
	json_t *findings, *reply, *diff;
	unsigned int edge;
	struct site *site;

	if (!json_is_integer(revision))
		return request_error("commit needs \"revision\", the one that plan returned");
	if ((uint64_t)json_integer_value(revision) != office->store.revision)
		return request_error("someone else applied a document in between: revision %" PRIu64
				     " is in force, the plan was made for %" JSON_INTEGER_FORMAT
				     "; look at the difference again",
			office->store.revision, json_integer_value(revision));
	site = load_document(office, document, length, &edge, &findings, &reply);
	if (site == NULL) {
		json_decref(findings);
		return reply;
	}
	diff = difference(office, site);
	if (is_in_force(office, document, length, diff)) {
		site_free(site);
		reply = json_pack("{s:I}", "revision", (json_int_t)office->store.revision);
	} else {
		reply = commit_site(office, site, edge, document, length);
	}
	json_object_set_new(reply, "findings", findings);
	json_object_set_new(reply, "diff", diff);
	return reply;
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
};

static void question_free(struct question *question)
{
	for (unsigned int i = 0; i < BGP_ANSWERS; i++)
		json_decref(question->bgp.answers[i]);
	json_decref(question->request);
	free(question);
}

void question_abandon(struct question *question)
{
	question->office = NULL;
}

static json_t *finish_bgp(struct question *question)
{
	if (question->bgp.answers[BGP_SUMMARY4] == NULL)
		return request_error(
			"FRR's bgpd does not answer; start FRR (zebra, bgpd, staticd), "
			"and see `onramp show status`");
	return rows_reply(view_bgp(sync_plan(question->office->sync), &question->bgp));
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

/* Asks the next command. false: bgpd is away. */
static bool ask_next(struct question *question);

static void answered(void *context, json_t *answer)
{
	struct question *question = context;

	if (question->office == NULL) {
		question_free(question);
		return;
	}
	question->bgp.answers[question->asked] = json_incref(answer);
	question->asked++;
	if (answer != NULL && question->asked < BGP_ANSWERS && ask_next(question))
		return;
	finish(question);
}

static bool ask_next(struct question *question)
{
	return frr_query(sync_frr(question->office->sync),
		       views_bgp_command((enum bgp_answer)question->asked), answered,
		       question) == 0;
}

static struct question *ask_bgp(struct office *office, const json_t *request,
	json_t *(*finish_with)(struct question *), question_reply reply, void *context)
{
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL) {
		reply(context, request_error("no memory"));
		return NULL;
	}
	*question = (struct question){
		.office = office, .reply = reply, .context = context, .finish = finish_with};
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

/* ---- dispatch ---- */

static json_t *show_reply(struct office *office, const char *what)
{
	if (strcmp(what, "status") == 0)
		return status_reply(office);
	if (strcmp(what, "circuits") == 0)
		return rows_reply(view_circuits(sync_plan(office->sync)));
	if (strcmp(what, "arp") == 0)
		return rows_reply(view_arp(office->sync));
	if (strcmp(what, "document") == 0)
		return document_reply(office);
	if (strcmp(what, "drains") == 0)
		return rows_reply(sync_drains(office->sync));
	return request_error("nothing called \"%s\" can be shown", what);
}

static json_t *document_request(struct office *office, const char *name, const json_t *request)
{
	const json_t *document = json_object_get(request, "document");

	if (!json_is_string(document))
		return request_error("%s needs \"document\", a string", name);
	if (strcmp(name, "plan") == 0)
		return plan_reply(
			office, json_string_value(document), json_string_length(document));
	return commit_reply(office, json_string_value(document), json_string_length(document),
		json_object_get(request, "revision"));
}

struct question *request_handle(
	struct office *office, const json_t *request, question_reply reply, void *context)
{
	const char *name = json_string_value(json_object_get(request, "request"));
	const char *what = json_string_value(json_object_get(request, "what"));
	json_t *answer;

	if (name != NULL && strcmp(name, "show") == 0 && what != NULL) {
		if (strcmp(what, "bgp") == 0)
			return ask_bgp(office, request, finish_bgp, reply, context);
		if (strcmp(what, "peerings") == 0)
			return ask_bgp(office, request, finish_peerings, reply, context);
		answer = show_reply(office, what);
	} else if (name != NULL && (strcmp(name, "plan") == 0 || strcmp(name, "commit") == 0)) {
		answer = document_request(office, name, request);
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
