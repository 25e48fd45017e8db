/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/api/clock.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/worker/mark.h"
#include "tests/unit/dataplane/interface_fakes.h"

static unsigned int wakes;

static void count_wake(void)
{
	wakes++;
}

static const uint8_t peer_a[16] = {192, 0, 2, 1}, peer_b[16] = {198, 51, 100, 1};

static struct api_path path_of(uint32_t id, uint32_t interface, const uint8_t *peer)
{
	struct api_path api = {.id = id, .interface = interface, .family = AF_INET};

	memcpy(api.address, peer, sizeof(api.address));
	return api;
}

static void add_interface(uint32_t id, uint32_t port, uint16_t c_tag)
{
	struct api_interface api = api_of(id, port, 0, c_tag);

	assert_int_equal(interface_upsert(&api, -1), 0);
}

static void add_path(uint32_t id, uint32_t interface, const uint8_t *peer)
{
	struct api_path api = path_of(id, interface, peer);

	assert_int_equal(path_upsert(&api), 0);
}

static int add_adjacency(uint32_t id, uint32_t interface, uint8_t family, uint32_t path)
{
	return adjacency_upsert(&(struct api_adjacency){.id = id,
		.interface = interface,
		.family = family,
		.resolved = 1,
		.mac = {6, 1, 2, 3, 4, 5},
		.path = path});
}

static void refuses_invalid_paths(void **state)
{
	struct api_path api;

	add_interface(1, 0, 7);
	for (unsigned int i = 0; i < 3; i++) {
		const uint32_t ids[] = {0, API_PATHS_MAX, UINT32_MAX};

		api = path_of(ids[i], 1, peer_a);
		assert_int_equal(path_upsert(&api), -EINVAL);
		assert_int_equal(path_delete(ids[i]), -EINVAL);
	}
	api = path_of(1, 0, peer_a);
	assert_int_equal(path_upsert(&api), -EINVAL);
	api = path_of(1, API_INTERFACES_MAX, peer_a);
	assert_int_equal(path_upsert(&api), -EINVAL);
	api = path_of(1, 2, peer_a);
	assert_int_equal(path_upsert(&api), -ENOENT);
	api = path_of(1, 1, peer_a);
	api.family = AF_UNIX;
	assert_int_equal(path_upsert(&api), -EINVAL);
	for (unsigned int bit = 0; bit < 8; bit++) {
		bool given = 1u << bit == API_PATH_DRAIN || 1u << bit == API_PATH_ADMIN;

		api = path_of(1, 1, peer_a);
		api.down_wanted = 1u << bit;
		assert_int_equal(path_upsert(&api), given ? 0 : -EINVAL);
	}
	assert_int_equal(path_delete(2), 0);
}

/* Causes come and go one by one, and the path is live when none is left. */
static void causes_add_up(void **state)
{
	struct api_path api = path_of(3, 1, peer_a);

	add_interface(1, 0, 7);
	add_path(3, 1, peer_a);
	assert_int_equal(path_bits(3), 0);
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
	assert_int_equal(path_bits(3), API_PATH_BFD);
	path_port_carrier(0, false);
	assert_int_equal(path_bits(3), API_PATH_BFD | API_PATH_CARRIER);
	api.down_wanted = API_PATH_DRAIN;
	assert_int_equal(path_upsert(&api), 0);
	assert_int_equal(path_bits(3), API_PATH_BFD | API_PATH_CARRIER | API_PATH_DRAIN);
	path_port_carrier(0, true);
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, false));
	assert_int_equal(path_bits(3), API_PATH_DRAIN);
	api.down_wanted = API_PATH_ADMIN;
	assert_int_equal(path_upsert(&api), 0);
	assert_int_equal(path_bits(3), API_PATH_ADMIN);
	api.down_wanted = 0;
	assert_int_equal(path_upsert(&api), 0);
	assert_int_equal(path_bits(3), 0);
}

/* Interface, family and peer name it together: customers' addresses overlap. */
static void only_the_named_path_is_set(void **state)
{
	struct api_path api = path_of(4, 1, peer_a);

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_path(1, 1, peer_a);
	add_path(2, 1, peer_b);
	add_path(3, 2, peer_a);
	api.family = AF_INET6; /* the same bytes */
	assert_int_equal(path_upsert(&api), 0);
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
	assert_int_equal(path_bits(1), API_PATH_BFD);
	for (uint32_t id = 2; id <= 4; id++)
		assert_int_equal(path_bits(id), 0);
	assert_false(path_set(2, AF_INET, peer_b, API_PATH_BFD, true));
	assert_false(path_set(3, AF_INET, peer_a, API_PATH_BFD, true));
	assert_false(path_set(UINT32_MAX, AF_INET, peer_a, API_PATH_BFD, true));
	for (uint32_t id = 2; id <= 4; id++)
		assert_int_equal(path_bits(id), 0);
}

static void a_ports_link_is_its_paths(void **state)
{
	struct api_interface moved = api_of(2, 1, 0, 9);

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_interface(3, 1, 8);
	for (uint32_t id = 1; id <= 3; id++)
		add_path(id, id, peer_a);
	path_port_carrier(0, false);
	assert_int_equal(path_bits(PATH_PORT(0)), API_PATH_CARRIER);
	assert_int_equal(path_bits(PATH_PORT(1)), 0);
	assert_int_equal(path_bits(1), API_PATH_CARRIER);
	assert_int_equal(path_bits(2), API_PATH_CARRIER);
	assert_int_equal(path_bits(3), 0);
	/* A path that comes now is down from the start. */
	add_path(4, 1, peer_b);
	assert_int_equal(path_bits(4), API_PATH_CARRIER);
	/* An interface takes its paths along to the port that has a link. */
	assert_int_equal(interface_upsert(&moved, -1), 0);
	assert_int_equal(path_bits(2), 0);
	path_port_carrier(1, false);
	assert_int_equal(path_bits(2), API_PATH_CARRIER);
	assert_int_equal(path_bits(3), API_PATH_CARRIER);
}

static void adjacencies_live_with_their_path_or_port(void **state)
{
	struct api_interface moved = api_of(1, 1, 0, 7);

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_path(5, 1, peer_a);
	assert_int_equal(add_adjacency(1, 1, AF_INET, 0), 0);
	assert_int_equal(add_adjacency(2, 1, AF_INET, 5), 0);
	assert_int_equal(adjacency_get(1)->liveness, PATH_PORT(0));
	assert_int_equal(adjacency_get(2)->liveness, 5);
	assert_int_equal(interface_upsert(&moved, -1), 0);
	assert_int_equal(adjacency_get(1)->liveness, PATH_PORT(1));
	assert_int_equal(adjacency_get(2)->liveness, 5);
	/* Of another interface or family, or none. */
	assert_int_equal(add_adjacency(3, 2, AF_INET, 5), -ENOENT);
	assert_int_equal(add_adjacency(3, 1, AF_INET6, 5), -ENOENT);
	assert_int_equal(add_adjacency(3, 1, AF_INET, 6), -ENOENT);
	assert_int_equal(add_adjacency(3, 1, AF_INET, UINT32_MAX), -ENOENT);
}

static void paths_are_held_and_hold(void **state)
{
	struct api_path elsewhere;

	add_interface(1, 0, 7);
	add_interface(2, 0, 8);
	add_path(5, 1, peer_a);
	assert_int_equal(interface_delete(1), -EBUSY);
	assert_int_equal(add_adjacency(1, 1, AF_INET, 5), 0);
	assert_int_equal(path_delete(5), -EBUSY);
	elsewhere = path_of(5, 2, peer_a);
	assert_int_equal(path_upsert(&elsewhere), -EBUSY);
	elsewhere = path_of(5, 1, peer_b);
	assert_int_equal(path_upsert(&elsewhere), -EBUSY);
	assert_int_equal(add_adjacency(1, 1, AF_INET, 0), 0);
	elsewhere = path_of(5, 2, peer_a);
	assert_int_equal(path_upsert(&elsewhere), 0);
	assert_int_equal(adjacency_delete(1), 0);
	assert_int_equal(interface_delete(1), 0);
	assert_int_equal(interface_delete(2), -EBUSY);
	assert_int_equal(path_delete(5), 0);
	assert_int_equal(interface_delete(2), 0);
}

/* A path's bits are its own: who comes next by its id starts anew, and who watches is told. */
static void a_new_path_starts_anew(void **state)
{
	uint32_t generation = path_generation();

	add_interface(1, 0, 7);
	add_path(5, 1, peer_a);
	assert_int_not_equal(path_generation(), generation);
	generation = path_generation();
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
	add_path(5, 1, peer_a); /* the same again */
	assert_int_equal(path_generation(), generation);
	assert_int_equal(path_bits(5), API_PATH_BFD);
	add_path(5, 1, peer_b);
	assert_int_not_equal(path_generation(), generation);
	assert_int_equal(path_bits(5), 0);
	assert_false(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
}

/* Who waits for that need not look all the time. */
static void bfd_that_goes_off_is_found(void **state)
{
	struct api_path api = {.id = 5, .interface = 1, .family = AF_INET}, found;
	uint32_t generation;

	add_interface(1, 0, 7);
	memcpy(api.address, peer_a, sizeof(api.address));
	assert_int_equal(path_upsert(&api), 0);
	assert_true(path_find(1, AF_INET, peer_a, &found));
	assert_int_equal(found.bfd_off, 0);
	generation = path_generation();
	api.bfd_off = 1;
	assert_int_equal(path_upsert(&api), 0);
	assert_int_not_equal(path_generation(), generation);
	assert_true(path_find(1, AF_INET, peer_a, &found));
	assert_int_equal(found.bfd_off, 1);
	assert_false(path_find(1, AF_INET, peer_b, &found));
	assert_false(path_find(1, AF_INET6, peer_a, &found));
	generation = path_generation();
	assert_int_equal(path_delete(5), 0);
	assert_int_not_equal(path_generation(), generation);
	assert_false(path_find(1, AF_INET, peer_a, &found));
	api.bfd_off = 2;
	assert_int_equal(path_upsert(&api), -EINVAL);
}

static void sweeps_what_was_not_named(void **state)
{
	add_interface(1, 0, 7);
	for (uint32_t id = 1; id <= 3; id++)
		add_path(id, 1, (const uint8_t[16]){10, 0, 0, id});
	assert_int_equal(add_adjacency(1, 1, AF_INET, 3), 0);
	table_mark = 2;
	add_path(1, 1, (const uint8_t[16]){10, 0, 0, 1});
	assert_int_equal(path_sweep(), 1);
	assert_true(path_set(1, AF_INET, (const uint8_t[16]){10, 0, 0, 1}, API_PATH_BFD, true));
	assert_false(path_set(1, AF_INET, (const uint8_t[16]){10, 0, 0, 2}, API_PATH_BFD, true));
	assert_int_equal(path_bits(3), 0); /* held */
	assert_int_equal(adjacency_sweep(), 1);
	assert_int_equal(path_sweep(), 1);
}

static void dumps(void **state)
{
	uint64_t before_us = monotonic_us();
	struct api_path api;

	add_interface(1, 0, 7);
	add_path(API_PATHS_MAX - 1, 1, peer_a);
	assert_true(path_next(0, &api));
	assert_int_equal(api.id, API_PATHS_MAX - 1);
	assert_int_equal(api.interface, 1);
	assert_int_equal(api.family, AF_INET);
	assert_memory_equal(api.address, peer_a, 16);
	assert_int_equal(api.changes + api.last_cause + api.down + api.down_wanted, 0);
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
	path_port_carrier(0, false);
	assert_true(path_next(0, &api));
	assert_int_equal(api.down, API_PATH_BFD | API_PATH_CARRIER);
	assert_int_equal(api.last_cause, API_PATH_CARRIER);
	assert_int_equal(api.changes, 2);
	assert_in_range(api.changed_us, before_us, monotonic_us());
	/* The same again is no change. */
	path_port_carrier(0, false);
	assert_true(path_next(0, &api));
	assert_int_equal(api.changes, 2);
	assert_false(path_next(api.id, &api));
	assert_false(path_next(UINT32_MAX, &api));
}

static void changes_are_news(void **state)
{
	struct api_path api;
	uint32_t lasted_ms = UINT32_MAX;

	wakes = 0;
	path_wake_with(count_wake);
	add_interface(1, 0, 7);
	add_path(1, 1, peer_a);
	add_path(2, 1, peer_b);
	assert_false(path_next_news(&api, &lasted_ms)); /* they merely came */
	assert_true(path_set(1, AF_INET, peer_b, API_PATH_BFD, true));
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true));
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, true)); /* no change */
	assert_true(path_set(1, AF_INET, peer_b, API_PATH_BFD, false));
	assert_int_equal(wakes, 3);
	assert_true(path_next_news(&api, &lasted_ms));
	assert_int_equal(api.id, 2);
	assert_int_equal(api.down, 0);
	assert_int_equal(api.last_cause, API_PATH_BFD);
	assert_in_range(lasted_ms, 0, 60 * 1000);
	assert_true(path_next_news(&api, &lasted_ms));
	assert_int_equal(api.id, 1);
	assert_int_equal(api.down, API_PATH_BFD);
	assert_false(path_next_news(&api, &lasted_ms));
	/* Of a path that went meanwhile there is none. */
	assert_true(path_set(1, AF_INET, peer_a, API_PATH_BFD, false));
	assert_int_equal(path_delete(1), 0);
	add_path(1, 1, peer_a);
	assert_false(path_next_news(&api, &lasted_ms));
	path_wake_with(NULL);
}

#define FLAPS 20000u

static void *flap(void *argument)
{
	for (unsigned int i = 0; i < FLAPS; i++)
		path_set(1, AF_INET, peer_a, API_PATH_BFD, i % 2 == 0);
	return NULL;
}

/* The bfd thread and main each have bits of their own: none is lost, whatever comes between. */
static void two_threads_set_their_bits(void **state)
{
	struct api_path api;
	pthread_t bfd;

	add_interface(1, 0, 7);
	add_path(1, 1, peer_a);
	assert_int_equal(pthread_create(&bfd, NULL, flap, NULL), 0);
	for (unsigned int i = 0; i < FLAPS; i++) {
		path_port_carrier(0, i % 2 != 0);
		assert_int_equal(
			path_bits(1) & API_PATH_CARRIER, i % 2 == 0 ? API_PATH_CARRIER : 0);
		add_path(2 + i % 8, 1, peer_b);
		assert_int_equal(path_delete(2 + i % 8), 0);
	}
	assert_int_equal(pthread_join(bfd, NULL), 0);
	assert_true(path_next(0, &api));
	assert_int_equal(api.down, 0);
	assert_int_equal(api.changes, 2 * FLAPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(refuses_invalid_paths),
		fake_test(causes_add_up),
		fake_test(only_the_named_path_is_set),
		fake_test(a_ports_link_is_its_paths),
		fake_test(adjacencies_live_with_their_path_or_port),
		fake_test(paths_are_held_and_hold),
		fake_test(a_new_path_starts_anew),
		fake_test(bfd_that_goes_off_is_found),
		fake_test(sweeps_what_was_not_named),
		fake_test(dumps),
		fake_test(changes_are_news),
		fake_test(two_threads_set_their_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
