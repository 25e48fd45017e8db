/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a route is in a domain, by the plan of the example site.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "control/model/ip.h"
#include "control/model/reason.h"
#include "tests/unit/control/config_support.h"

static struct site *site;
static struct plan *plan;

static int setup(void **state)
{
	char path[4096];
	char *document;

	snprintf(path, sizeof(path), "%s/docs/examples/site.yaml", getenv("SOURCE_ROOT"));
	document = document_read(path);
	site = site_load(document);
	plan = plan_build(site, 0);
	free(document);
	return plan != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	plan_free(plan);
	site_free(site);
	return 0;
}

/* NULL: nothing lets it in. */
static void assert_reason(const char *domain, const char *from, const char *prefix_text,
	enum route_source source, const char *reason)
{
	int index = plan_find_domain(plan, domain);
	int leaked_from = from != NULL ? plan_find_domain(plan, from) : -1;
	struct ip prefix;
	char text[192];
	const char *said;

	assert_true(index >= 0);
	assert_true(from == NULL || leaked_from >= 0);
	assert_int_equal(ip_parse(prefix_text, &prefix), 0);
	said = route_reason(
		plan, (unsigned int)index, leaked_from, &prefix, source, text, sizeof(text));
	if (reason == NULL)
		assert_null(said);
	else
		assert_string_equal(said, reason);
}

static void own_routes(void **state)
{
	const char *private = "private.acme-prod";

	assert_reason(private, NULL, "192.0.2.0/30", ROUTE_CONNECTED,
		"subnet of acme-prod/private/primary");
	assert_reason(private, NULL, "192.0.2.2", ROUTE_LOCAL,
		"the edge's address on acme-prod/private/primary");
	assert_reason(private, NULL, "2001:db8:1::1", ROUTE_NEIGHBOUR,
		"neighbour on acme-prod/private/primary");
	assert_reason(private, NULL, "fe80::1", ROUTE_LOCAL, "the edge's address on a link");
	assert_reason(private, NULL, "10.7.0.0/16", ROUTE_BGP, "private: any prefix, limit 4000");
	assert_reason(private, NULL, "::/0", ROUTE_BGP, "private: any prefix, limit 100");
	assert_reason(
		"vnet.acme-vnet", NULL, "10.1.0.0/16", ROUTE_BGP, "learned from acme-vnet's core");
	assert_reason("vnet.lab-vnet", NULL, "10.1.0.0/16", ROUTE_STATIC,
		"static prefix 10.1.0.0/16 of lab-vnet");
	assert_reason("vnet.lab-vnet", NULL, "10.2.0.0/16", ROUTE_STATIC, NULL);
}

static void public_routes(void **state)
{
	assert_reason("public.acme-prod", NULL, "198.51.100.128/25", ROUTE_BGP,
		"validated prefix 198.51.100.0/24");
	/* No longer, though bgpd has not noticed yet. */
	assert_reason("public.acme-prod", NULL, "203.0.112.0/24", ROUTE_BGP, NULL);
	assert_reason("service.storage-eu", NULL, "198.18.0.0/16", ROUTE_STATIC,
		"static prefix 198.18.0.0/16 of storage-eu");
	assert_reason("public.acme-prod", "service.storage-eu", "198.18.0.0/16", ROUTE_STATIC,
		"route filter storage: 4200100001:1:5010 of storage-eu");
	assert_reason("service.storage-eu", "public.acme-prod", "198.51.100.0/24", ROUTE_BGP,
		"route filter storage: 4200100001:1:5010 of storage-eu");
}

static void leaked_routes(void **state)
{
	assert_reason("vnet.acme-vnet", "private.acme-prod", "10.7.0.0/16", ROUTE_BGP,
		"connection acme-prod - acme-vnet");
	assert_reason("private.acme-prod", "vnet.lab-vnet", "10.1.0.0/16", ROUTE_STATIC,
		"connection acme-prod - lab-vnet");
	/* As if the network were another circuit. */
	plan->connections[0].global_reach = true;
	assert_reason("vnet.acme-vnet", "private.acme-prod", "10.7.0.0/16", ROUTE_BGP,
		"global reach acme-prod - acme-vnet");
	plan->connections[0].global_reach = false;
	/* Nothing connects these two. */
	assert_reason("vnet.lab-vnet", "vnet.acme-vnet", "10.1.0.0/16", ROUTE_BGP, NULL);
	assert_reason(
		"private.acme-prod", "service.storage-eu", "198.18.0.0/16", ROUTE_STATIC, NULL);
}

static void connections_are_found_either_way(void **state)
{
	unsigned int circuit = (unsigned int)plan_find_domain(plan, "private.acme-prod");
	unsigned int vnet = (unsigned int)plan_find_domain(plan, "vnet.lab-vnet");
	const struct plan_connection *connection = plan_find_connection(plan, circuit, vnet);

	assert_non_null(connection);
	assert_int_equal(connection->weight, 10);
	assert_ptr_equal(plan_find_connection(plan, vnet, circuit), connection);
	assert_null(plan_find_connection(plan, vnet, vnet));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_routes),
		cmocka_unit_test(public_routes),
		cmocka_unit_test(leaked_routes),
		cmocka_unit_test(connections_are_found_either_way),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
