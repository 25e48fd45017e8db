/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes as lines and as JSON, from made-up dumps.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "control/cli/routes.h"

static struct api_vrf vrfs[] = {
	{.id = 2, .name = "vnet.blue"}, {.id = 1, .name = "private.contoso"}};
/* Out of order: dumps may be. */
static struct api_interface interfaces[] = {
	{.id = 8, .name = "contoso/private/secondary"},
	{.id = 7, .name = "contoso/private/primary"},
};
static struct api_adjacency adjacencies[] = {
	{.id = 4, .interface = 8, .family = AF_INET, .address = {192, 0, 2, 5}},
	{.id = 3,
		.interface = 7,
		.family = AF_INET,
		.resolved = 1,
		.mac = {2, 0, 0, 0, 0, 1},
		.address = {192, 0, 2, 1}},
};
static struct api_group groups[] = {
	{.id = 17, .count = 2, .adjacencies = {3, 4}}, {.id = 16, .count = 0},
	{.id = 18, .count = 1, .adjacencies = {99}}, /* its adjacency is newer than the dump */
};

#define DUMP(kind, array)                                                                  \
	{                                                                                  \
		.object = kind, .rows = array, .count = sizeof(array) / sizeof((array)[0]) \
	}

static struct api_route make_route(
	uint32_t vrf, const char *address, uint8_t length, uint32_t group, uint32_t from)
{
	struct api_route route = {.vrf = vrf,
		.group = group,
		.leaked_from = from,
		.prefix_len = length,
		.origin = API_ORIGIN_BGP,
		.family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(route.family, address, route.address), 1);
	return route;
}

/* What is printed for the routes, each with its row of details (NULL: without control); *refused
 * counts those that were not. malloc'd. */
static char *print_with(bool json, const struct api_route *routes, size_t count,
	const json_t *details, size_t *refused)
{
	struct dump vrf_dump = DUMP(API_VRF, vrfs),
		    interface_dump = DUMP(API_INTERFACE, interfaces),
		    adjacency_dump = DUMP(API_ADJACENCY, adjacencies),
		    group_dump = DUMP(API_GROUP, groups);
	char *text;
	size_t size;
	struct cli cli = {.json = json, .out = open_memstream(&text, &size)};
	struct routes *printer =
		routes_new(&cli, &vrf_dump, &interface_dump, &adjacency_dump, &group_dump);

	assert_non_null(printer);
	*refused = 0;
	routes_begin(printer, details != NULL);
	for (size_t i = 0; i < count; i++)
		*refused += !routes_print(printer, &routes[i], json_array_get(details, i));
	routes_end(printer);
	routes_free(printer);
	fclose(cli.out);
	return text;
}

static char *print(bool json, const struct api_route *routes, size_t count, size_t *refused)
{
	return print_with(json, routes, count, NULL, refused);
}

static void lines_for_people(void **state)
{
	const struct api_route routes[] = {
		make_route(1, "10.0.0.0", 16, 17, 0),
		make_route(2, "10.0.0.0", 16, 17, 1),
		make_route(1, "2001:db8::", 48, 16, 0),
		make_route(1, "192.0.2.2", 32, API_GROUP_RECEIVE, 0),
	};
	size_t refused;
	char *text = print(false, routes, 4, &refused);

	assert_int_equal(refused, 0);
	assert_string_equal(text,
		"DOMAIN           PREFIX                ORIGIN     NEXT HOP\n"
		"private.contoso  10.0.0.0/16           bgp        192.0.2.1 "
		"contoso/private/primary\n"
		"                                                  192.0.2.5 "
		"contoso/private/secondary (unresolved)\n"
		"vnet.blue        10.0.0.0/16           bgp        192.0.2.1 "
		"contoso/private/primary\n"
		"                                                  192.0.2.5 "
		"contoso/private/secondary (unresolved)  (leaked from private.contoso)\n"
		"private.contoso  2001:db8::/48         bgp        no next hop\n"
		"private.contoso  192.0.2.2/32          bgp        receive\n");
	free(text);
}

static void json_for_programs(void **state)
{
	static const char expected[] =
		"[{\"domain\": \"vnet.blue\", \"prefix\": \"10.0.0.0/16\", \"origin\": \"bgp\","
		" \"leaked_from\": \"private.contoso\", \"local_pref\": null, \"weight\": null,"
		" \"path\": null, \"med\": null, \"why\": null,"
		" \"target\": \"forward\", \"next_hops\": ["
		" {\"link\": \"contoso/private/primary\", \"via\": \"192.0.2.1\","
		"  \"mac\": \"02:00:00:00:00:01\", \"resolved\": true},"
		" {\"link\": \"contoso/private/secondary\", \"via\": \"192.0.2.5\","
		"  \"mac\": null, \"resolved\": false}]},"
		" {\"domain\": \"private.contoso\", \"prefix\": \"::/0\", \"origin\": \"bgp\","
		" \"leaked_from\": null, \"local_pref\": null, \"weight\": null, \"path\": null,"
		" \"med\": null, \"why\": null, \"target\": \"blackhole\", \"next_hops\": []}]";
	const struct api_route routes[] = {
		make_route(2, "10.0.0.0", 16, 17, 1),
		make_route(1, "::", 0, API_GROUP_BLACKHOLE, 0),
	};
	size_t refused;
	char *text = print(true, routes, 2, &refused);
	json_t *read = json_loads(text, 0, NULL), *wanted = json_loads(expected, 0, NULL);

	assert_int_equal(refused, 0);
	assert_non_null(wanted);
	assert_true(json_equal(read, wanted));
	json_decref(read);
	json_decref(wanted);
	free(text);
}

/* What control knows stands beside it; what it does not is a dash, and null for programs. */
static void details_of_control(void **state)
{
	const struct api_route routes[] = {
		make_route(2, "10.0.0.0", 16, 17, 1),
		make_route(1, "192.0.2.2", 32, API_GROUP_RECEIVE, 0),
	};
	json_t *details = json_pack("[{s:i, s:i, s:s, s:i, s:s}, {s:n, s:n, s:n, s:n, s:s}]",
		"local_pref", 100, "weight", 90, "path", "65001 65010", "med", 5, "why",
		"connection contoso - blue", "local_pref", "weight", "path", "med", "why",
		"the edge's address on contoso/private/primary");
	size_t refused;
	char *text = print_with(false, routes, 2, details, &refused);
	json_t *read, *row;

	assert_string_equal(text,
		"DOMAIN           PREFIX                ORIGIN     LOCPRF  WEIGHT  PATH            "
		"LET IN BY                             NEXT HOP\n"
		"vnet.blue        10.0.0.0/16           bgp           100      90  65001 65010     "
		"connection contoso - blue             192.0.2.1 contoso/private/primary\n"
		"                                                                                  "
		"                                      192.0.2.5 contoso/private/secondary "
		"(unresolved)  (leaked from private.contoso)\n"
		"private.contoso  192.0.2.2/32          bgp             -       -  -               "
		"the edge's address on contoso/private/primary  receive\n");
	free(text);
	text = print_with(true, routes, 2, details, &refused);
	read = json_loads(text, 0, NULL);
	row = json_array_get(read, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "local_pref")), 100);
	assert_string_equal(json_string_value(json_object_get(row, "path")), "65001 65010");
	assert_string_equal(
		json_string_value(json_object_get(row, "why")), "connection contoso - blue");
	assert_true(json_is_null(json_object_get(json_array_get(read, 1), "path")));
	json_decref(read);
	free(text);
	json_decref(details);
}

static void a_question_names_the_route(void **state)
{
	struct dump vrf_dump = DUMP(API_VRF, vrfs),
		    interface_dump = DUMP(API_INTERFACE, interfaces),
		    adjacency_dump = DUMP(API_ADJACENCY, adjacencies),
		    group_dump = DUMP(API_GROUP, groups);
	const struct cli cli = {.json = true};
	struct routes *printer =
		routes_new(&cli, &vrf_dump, &interface_dump, &adjacency_dump, &group_dump);
	struct api_route route = make_route(2, "2001:db8::", 48, 17, 1);
	json_t *question = routes_question(printer, &route),
	       *wanted = json_pack(
		       "[s, s, s, s]", "vnet.blue", "2001:db8::/48", "bgp", "private.contoso");

	assert_true(json_equal(question, wanted));
	json_decref(question);
	json_decref(wanted);
	route = make_route(1, "10.0.0.0", 8, 17, 0);
	question = routes_question(printer, &route);
	assert_true(json_is_null(json_array_get(question, 3)));
	json_decref(question);
	route.vrf = 9;
	assert_null(routes_question(printer, &route));
	routes_free(printer);
}

static void nothing_is_an_empty_list(void **state)
{
	size_t refused;
	char *text = print(true, NULL, 0, &refused);
	json_t *read = json_loads(text, 0, NULL);

	assert_true(json_is_array(read));
	assert_int_equal(json_array_size(read), 0);
	json_decref(read);
	free(text);
	text = print(false, NULL, 0, &refused);
	assert_non_null(strstr(text, "none\n"));
	free(text);
}

/* What points at something newer than the dumps is handed back, and the list stays well formed. */
static void newer_routes_are_handed_back(void **state)
{
	const struct api_route routes[] = {
		make_route(1, "10.1.0.0", 16, 40, 0), /* no such group */
		make_route(1, "10.2.0.0", 16, 18, 0), /* no such adjacency */
		make_route(9, "10.3.0.0", 16, 17, 0), /* no such domain */
		make_route(1, "10.4.0.0", 16, 17, 9), /* leaked from no such domain */
		make_route(1, "10.5.0.0", 16, 17, 0),
	};
	size_t refused;
	char *text = print(true, routes, 5, &refused);
	json_t *read = json_loads(text, 0, NULL);

	assert_int_equal(refused, 4);
	assert_int_equal(json_array_size(read), 1);
	json_decref(read);
	free(text);
}

static void domains_are_named_three_ways(void **state)
{
	assert_true(domain_matches("private.contoso", "private.contoso"));
	assert_true(domain_matches("contoso/private", "private.contoso"));
	assert_true(domain_matches("contoso", "private.contoso"));
	assert_true(domain_matches("contoso", "public.contoso"));
	assert_true(domain_matches("blue", "vnet.blue"));
	assert_false(domain_matches("contoso/public", "private.contoso"));
	assert_false(domain_matches("contos/private", "private.contoso"));
	assert_false(domain_matches("private", "private.contoso"));
	assert_false(domain_matches("contoso/", "private.contoso"));
	assert_false(domain_matches("", "private.contoso"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_for_people),
		cmocka_unit_test(json_for_programs),
		cmocka_unit_test(details_of_control),
		cmocka_unit_test(a_question_names_the_route),
		cmocka_unit_test(nothing_is_an_empty_list),
		cmocka_unit_test(newer_routes_are_handed_back),
		cmocka_unit_test(domains_are_named_three_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
