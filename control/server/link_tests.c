/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/link_tests.h"

#include <errno.h>
#include <string.h>

#include "control/config/loader.h"
#include "control/log.h"
#include "dataplane/api/api.h"

static json_t *no_such_link(const struct office *office, const char *name)
{
	const struct plan *plan = sync_plan(office->sync);
	struct suggestion suggestion = {.wrong = name};
	char hint[120];

	for (unsigned int i = 0; plan != NULL && i < plan->domain_count; i++)
		for (unsigned int l = 0; l < plan->domains[i].link_count; l++)
			suggest(&suggestion, plan->domains[i].links[l].name);
	return request_error("this edge (%s) has no link \"%s\"%s", office->self, name,
		suggestion_text(&suggestion, hint, sizeof(hint)));
}

json_t *link_tests_request(struct office *office, const json_t *request)
{
	const char *link = json_string_value(json_object_get(request, "link"));
	const json_t *seconds = json_object_get(request, "seconds");
	json_int_t value = json_integer_value(seconds);
	int error;

	if (link == NULL)
		return request_error("test needs \"link\", a string");
	if (!json_is_integer(seconds) || value < 0 || value > API_LINK_TEST_S_MAX)
		return request_error("test needs \"seconds\", a number from 0 (end it) to %u",
			API_LINK_TEST_S_MAX);
	error = sync_link_test(office->sync, link, (uint32_t)value);
	if (error == -ENOENT)
		return no_such_link(office, link);
	if (error != 0)
		return request_error("the dataplane is not in step with control now (%s); see "
				     "`onramp show status`",
			strerror(-error));
	log_info("link-test", "%s: asked for %d s", link, (int)value);
	return json_pack("{s:s, s:I}", "link", link, "seconds", value);
}
