/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/link_tests.h"

#include <errno.h>
#include <string.h>

#include "control/log.h"
#include "control/server/links.h"
#include "dataplane/api/api.h"

/* Nobody asks why a test is ended. */
static json_t *refusal(
	struct office *office, const char *link, json_int_t seconds, const struct bgp_answers *bgp)
{
	struct link_place place;
	char why[200], owner[80];

	if (!links_find(sync_plan(office->sync), link, &place))
		return links_no_such(office, link);
	if (seconds == 0 || links_no_way_left(office, &place, bgp, why, sizeof(why)) == NULL)
		return NULL;
	return request_error(
		"%s; all traffic of %s would be lost for %d s. Mend that first, or say "
		"--force to test %s all the same",
		why, links_owner(&place, owner, sizeof(owner)), (int)seconds, link);
}

json_t *link_tests_request(
	struct office *office, const json_t *request, const struct bgp_answers *bgp)
{
	const char *link = json_string_value(json_object_get(request, "link"));
	const json_t *seconds = json_object_get(request, "seconds");
	json_int_t value = json_integer_value(seconds);
	json_t *refused = NULL;
	int error;

	if (link == NULL)
		return request_error("test needs \"link\", a string");
	if (!json_is_integer(seconds) || value < 0 || value > API_LINK_TEST_S_MAX)
		return request_error("test needs \"seconds\", a number from 0 (end it) to %u",
			API_LINK_TEST_S_MAX);
	if (!json_is_true(json_object_get(request, "force")))
		refused = refusal(office, link, value, bgp);
	if (refused != NULL)
		return refused;
	error = sync_link_test(office->sync, link, (uint32_t)value);
	if (error == -ENOENT)
		return links_no_such(office, link);
	if (error != 0)
		return request_error("the dataplane is not in step with control now (%s); see "
				     "`onramp show status`",
			strerror(-error));
	log_info("link-test", "%s: asked for %d s", link, (int)value);
	return json_pack("{s:s, s:I}", "link", link, "seconds", value);
}
