/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which links may be drained or tested, in which words others are refused, and that a drained link
 * stays on the list over a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/drains.h"
#include "control/server/link_tests.h"
#include "tests/unit/control/server_fakes.h"

#define PRIMARY "contoso/private/primary"
#define SECONDARY "contoso/private/secondary"

static char dir[64];
static struct office office;
static struct bgp_answers bgp;

/* BGP with the secondary link's IPv6 session in this state; the primary's do not matter. */
static void bgp_is(const char *secondary6)
{
	for (unsigned int i = 0; i < BGP_ANSWERS; i++)
		json_decref(bgp.answers[i]);
	memset(&bgp, 0, sizeof(bgp));
	bgp.answers[BGP_SUMMARY4] = json_pack("{s:{s:{s:{s:s}}}}", "private.contoso", "peers",
		"192.0.2.5", "state", "Established");
	bgp.answers[BGP_SUMMARY6] = json_pack("{s:{s:{s:{s:s}}}}", "private.contoso", "peers",
		"2001:db8:1::5", "state", secondary6);
}

static int setup(void **state)
{
	struct config_findings findings = {0};

	strcpy(dir, "/tmp/onramp-drains-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	office = (struct office){.state_dir = dir, .self = "lab-a"};
	sync_apply(NULL, config_load(document_good, strlen(document_good), &findings), 0);
	config_findings_free(&findings);
	bgp_is("Established");
	return fakes.plan != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	char path[128];

	for (unsigned int i = 0; i < BGP_ANSWERS; i++)
		json_decref(bgp.answers[i]);
	memset(&bgp, 0, sizeof(bgp));
	fakes_reset();
	snprintf(path, sizeof(path), "%s/drained", dir);
	unlink(path);
	return rmdir(dir);
}

static json_t *ask(const char *request, const char *link, bool force)
{
	json_t *message =
		json_pack("{s:s, s:s, s:b}", "request", request, "link", link, "force", (int)force);
	json_t *reply = drains_request(&office, message, &bgp);

	json_decref(message);
	return reply;
}

static void assert_done(json_t *reply, const char *link)
{
	assert_null(json_object_get(reply, "error"));
	assert_string_equal(json_string_value(json_object_get(reply, "link")), link);
	json_decref(reply);
}

static void assert_refused(json_t *reply, const char *words, const char *more)
{
	const char *error = json_string_value(json_object_get(reply, "error"));

	assert_non_null(error);
	if (strstr(error, words) == NULL || strstr(error, more) == NULL)
		fail_msg("\"%s\" has no \"%s\" or no \"%s\"", error, words, more);
	json_decref(reply);
}

static void a_link_beside_a_live_one_is_drained(void **state)
{
	assert_done(ask("drain", PRIMARY, false), PRIMARY);
	assert_int_equal(fakes.drain_count, 1);
	assert_done(ask("drain", PRIMARY, false), PRIMARY); /* as it is already */
	assert_int_equal(fakes.drain_count, 1);
	assert_done(ask("undrain", PRIMARY, false), PRIMARY);
	assert_int_equal(fakes.drain_count, 0);
}

static void a_wrong_name_is_told_the_right_one(void **state)
{
	assert_refused(ask("drain", "contoso/private/primry", false),
		"no link \"contoso/private/primry\"", "did you mean \"" PRIMARY "\"");
	assert_refused(ask("undrain", "x", false), "no link \"x\"", "CIRCUIT/PEERING");
	assert_int_equal(fakes.drain_count, 0);
}

static void the_last_live_link_needs_force(void **state)
{
	bgp_is("Active");
	assert_refused(ask("drain", PRIMARY, false),
		SECONDARY ", is not up: its IPv6 session is Active", "--force");
	assert_int_equal(fakes.drain_count, 0);
	assert_done(ask("drain", PRIMARY, true), PRIMARY);
	assert_int_equal(fakes.drain_count, 1);
}

static void both_links_need_force(void **state)
{
	assert_done(ask("drain", SECONDARY, true), SECONDARY);
	assert_refused(ask("drain", PRIMARY, false), SECONDARY ", is drained", "no other way");
}

static void an_only_link_needs_force(void **state)
{
	assert_refused(
		ask("drain", "blue/core", false), "blue/core is the only link of blue", "--force");
	assert_done(ask("drain", "blue/core", true), "blue/core");
}

static void nobody_can_be_asked_without_bgpd(void **state)
{
	json_decref(bgp.answers[BGP_SUMMARY4]);
	bgp.answers[BGP_SUMMARY4] = NULL;
	assert_refused(ask("drain", PRIMARY, true), "bgpd does not answer", "show status");
	assert_int_equal(fakes.drain_count, 0);
}

/* ---- a failure test is for as long what a drain is for good ---- */

static json_t *ask_test(const char *link, int seconds, bool force)
{
	json_t *message = json_pack("{s:s, s:s, s:i, s:b}", "request", "test", "link", link,
		"seconds", seconds, "force", (int)force);
	json_t *reply = link_tests_request(&office, message, &bgp);

	json_decref(message);
	return reply;
}

static void a_link_beside_a_live_one_is_tested(void **state)
{
	assert_done(ask_test(PRIMARY, 60, false), PRIMARY);
	assert_int_equal(fakes.test_seconds, 60);
	assert_refused(ask_test("contoso/private/primry", 60, false),
		"no link \"contoso/private/primry\"", "did you mean \"" PRIMARY "\"");
}

static void the_last_live_link_is_tested_by_force_alone(void **state)
{
	bgp_is("Active");
	assert_refused(ask_test(PRIMARY, 60, false),
		SECONDARY ", is not up: its IPv6 session is Active; all traffic of contoso/private "
			  "would be lost for 60 s",
		"--force to test " PRIMARY);
	assert_int_equal(fakes.test_seconds, 0);
	assert_done(ask_test(PRIMARY, 60, true), PRIMARY);
	assert_int_equal(fakes.test_seconds, 60);
	/* To end it is never refused. */
	assert_done(ask_test(PRIMARY, 0, false), PRIMARY);
	assert_int_equal(fakes.test_seconds, 0);
}

static void what_else_takes_the_other_way_away(void **state)
{
	assert_refused(ask_test("blue/core", 5, false), "blue/core is the only link of blue",
		"all traffic of blue would be lost for 5 s");
	assert_done(ask("drain", SECONDARY, true), SECONDARY);
	assert_refused(ask_test(PRIMARY, 60, false), SECONDARY ", is drained", "--force");
	assert_done(ask("undrain", SECONDARY, true), SECONDARY);
	json_decref(bgp.answers[BGP_SUMMARY4]);
	bgp.answers[BGP_SUMMARY4] = NULL;
	assert_refused(ask_test(PRIMARY, 60, false), "bgpd does not answer", SECONDARY);
	assert_int_equal(fakes.test_seconds, 0);
}

/* The process ends; the next one reads the list. */
static void restart(void)
{
	fakes.drain_count = 0;
	fakes.drained_at_once = 0;
	assert_int_equal(drains_load(dir, NULL), 0);
}

static void a_restart_keeps_links_out_of_use(void **state)
{
	assert_int_equal(drains_load(dir, NULL), 0); /* no list yet */
	assert_int_equal(fakes.drain_count, 0);
	assert_done(ask("drain", PRIMARY, true), PRIMARY);
	assert_done(ask("drain", SECONDARY, true), SECONDARY);
	restart();
	assert_int_equal(fakes.drain_count, 2);
	assert_int_equal(fakes.drained_at_once, 2);
	assert_done(ask("undrain", PRIMARY, false), PRIMARY);
	restart();
	assert_int_equal(fakes.drain_count, 1);
	assert_string_equal(fakes.drains[0], SECONDARY);
}

/* The document may drop a link that is on the list. */
static void a_link_that_has_gone_can_be_taken_off(void **state)
{
	assert_int_equal(sync_drain(NULL, "old/private/primary", true), 0);
	assert_done(ask("undrain", "old/private/primary", false), "old/private/primary");
	assert_int_equal(fakes.drain_count, 0);
}

static void what_cannot_be_saved_is_not_done(void **state)
{
	office.state_dir = "/nonexistent";
	assert_refused(ask("drain", PRIMARY, false), "/nonexistent/drained", "nothing was changed");
	assert_int_equal(fakes.drain_count, 0);
}

#define DRAIN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAIN_TEST(a_link_beside_a_live_one_is_drained),
		DRAIN_TEST(a_wrong_name_is_told_the_right_one),
		DRAIN_TEST(the_last_live_link_needs_force),
		DRAIN_TEST(both_links_need_force),
		DRAIN_TEST(an_only_link_needs_force),
		DRAIN_TEST(nobody_can_be_asked_without_bgpd),
		DRAIN_TEST(a_link_beside_a_live_one_is_tested),
		DRAIN_TEST(the_last_live_link_is_tested_by_force_alone),
		DRAIN_TEST(what_else_takes_the_other_way_away),
		DRAIN_TEST(a_restart_keeps_links_out_of_use),
		DRAIN_TEST(a_link_that_has_gone_can_be_taken_off),
		DRAIN_TEST(what_cannot_be_saved_is_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
