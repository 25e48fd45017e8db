/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dataplane refuses is counted by domain and told by name, but not a million times. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/log.h"
#include "control/sync/internal.h"

static unsigned int complaints;
static char last[512];

/* The file under test alone: these are session.c's and log.c's. */
void session_complain(struct sync *sync, const char *what, const char *why)
{
	complaints++;
	snprintf(last, sizeof(last), "%s: %s", what, why);
}

struct domain_link *domain_link(struct domain *domain, uint32_t interface)
{
	return &domain->links[0];
}

void log_error(const char *area, const char *format, ...)
{
	fail_msg("nothing more is to be said yet");
}

static struct domain full = {.name = "vnet.full"}, quiet = {.name = "private.quiet"};
static struct domain *domains[] = {&full, &quiet};
static struct sync sync_state = {.domains = domains, .domain_count = 2};

struct route_item {
	struct api_item item;
	struct api_route route;
};

static int setup(void **state)
{
	sync_state.by_vrf[7] = &full;
	sync_state.by_vrf[8] = &quiet;
	sync_state.refused = 0;
	sync_state.refusals_told = 0;
	sync_state.refusals_untold = 0;
	sync_state.again = false;
	complaints = 0;
	full.refused_routes = 0;
	quiet.refused_routes = 0;
	return 0;
}

static void refuse_route(uint32_t vrf, int error)
{
	struct route_item item = {.item = {sizeof(struct api_route), API_ROUTE, API_UPSERT, 0},
		.route = {.vrf = vrf, .family = AF_INET, .prefix_len = 8, .address = {10}}};

	refusal_take(&sync_state, &item.item, error);
}

static void a_full_domain_is_named(void **state)
{
	json_t *counts;

	refuse_route(7, -ENOSPC);
	assert_non_null(strstr(last, "route 10.0.0.0/8 in vnet.full refused"));
	assert_non_null(strstr(last, "as many routes as it may"));
	for (unsigned int i = 0; i < 999; i++)
		refuse_route(7, -ENOSPC);
	assert_in_range(complaints, 1, 10);
	assert_int_equal(complaints + sync_state.refusals_untold, 1000);
	assert_int_equal(sync_state.refused, 1000);
	assert_false(sync_state.again); /* stating it all again would not help */
	counts = refusals_of_routes(&sync_state);
	assert_int_equal(json_object_size(counts), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "vnet.full")), 1000);
	json_decref(counts);
	refusals_forget(&sync_state);
	counts = refusals_of_routes(&sync_state);
	assert_int_equal(json_object_size(counts), 0);
	json_decref(counts);
}

static void other_errors_say_what_they_are(void **state)
{
	refuse_route(8, -ENOMEM);
	assert_non_null(strstr(last, "10.0.0.0/8 in private.quiet"));
	assert_non_null(strstr(last, strerror(ENOMEM)));
	assert_true(sync_state.again);
	refuse_route(9, -EINVAL);
	assert_non_null(strstr(last, "a domain that is gone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(a_full_domain_is_named, setup),
		cmocka_unit_test_setup(other_errors_say_what_they_are, setup)};

	return cmocka_run_group_tests_name("sync_refusals", tests, NULL, NULL);
}
