/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An id that moves, to other tags or another domain, while a worker is in the middle of a burst:
 * no packet of the old place may be taken for one of the new. The worker is a thread that stops
 * where it can do harm and goes on when main has come as far as it can.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "dataplane/interface/classifier.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "dataplane/worker/reclaim.h"
#include "tests/unit/dataplane/interface_fakes.h"

enum { WORKER = 3, ID = 1, OLD_TAG = 300, NEW_TAG = 400 };

/* What a burst that began with the old tags saw. */
struct burst {
	bool has_begun;
	bool new_tags_too_early; /* they named an interface that has not moved yet */
	bool met_the_new_one;    /* by the id that the old tags gave */
};

/* A frame with the old tags found its id; main moves the id; then the frame asks for it. */
static void *burst_with_old_tags(void *argument)
{
	struct burst *burst = argument;
	uint32_t id = classifier_find(0, 0, OLD_TAG);
	const struct interface *interface;

	__atomic_store_n(&burst->has_begun, true, __ATOMIC_RELEASE);
	while (__atomic_load_n(&classifier_table[0]->vlan[OLD_TAG], __ATOMIC_ACQUIRE) != 0)
		sched_yield();
	burst->new_tags_too_early =
		__atomic_load_n(&classifier_table[0]->vlan[NEW_TAG], __ATOMIC_ACQUIRE) != 0;
	interface = interface_get(id);
	burst->met_the_new_one = interface != NULL && interface->api.c_tag == NEW_TAG;
	reclaim_reader_quiet(WORKER);
	reclaim_reader_unregister(WORKER);
	return NULL;
}

static void upsert_during_burst(const struct api_interface *api, struct burst *burst)
{
	pthread_t thread;

	reclaim_reader_register(WORKER);
	assert_int_equal(pthread_create(&thread, NULL, burst_with_old_tags, burst), 0);
	while (!__atomic_load_n(&burst->has_begun, __ATOMIC_ACQUIRE))
		sched_yield();
	assert_int_equal(interface_upsert(api, -1), 0);
	pthread_join(thread, NULL);
	assert_int_equal(classifier_find(0, 0, OLD_TAG), 0);
	assert_int_equal(classifier_find(0, 0, NEW_TAG), ID);
}

static void old_tags_never_lead_to_new_ones(void **state)
{
	struct api_interface api = api_of(ID, 0, 0, OLD_TAG);
	struct burst burst = {0};
	uint32_t epoch;

	assert_int_equal(interface_upsert(&api, -1), 0);
	epoch = interface_get(ID)->epoch;
	api.c_tag = NEW_TAG;
	upsert_during_burst(&api, &burst);
	assert_false(burst.new_tags_too_early);
	assert_false(burst.met_the_new_one);
	assert_int_equal(interface_get(ID)->epoch, epoch);
}

static void old_tags_never_lead_to_another_domain(void **state)
{
	struct api_interface api = api_of(ID, 0, 0, OLD_TAG);
	struct burst burst = {0};
	uint32_t epoch;

	assert_int_equal(interface_upsert(&api, -1), 0);
	epoch = interface_get(ID)->epoch;
	api.vrf = 2;
	api.c_tag = NEW_TAG;
	upsert_during_burst(&api, &burst);
	assert_false(burst.new_tags_too_early);
	assert_false(burst.met_the_new_one);
	/* Nor do packets in rings. */
	assert_int_not_equal(interface_get(ID)->epoch, epoch);
}

/* The TAP is a device of the domain: in another one it has no business. */
static void another_domain_means_another_tap(void **state)
{
	struct api_interface api = api_of(ID, 0, 0, OLD_TAG);
	int first = make_fd(), second = make_fd();

	assert_int_equal(interface_upsert(&api, first), 0);
	api.vrf = 2;
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_false(is_open(first));
	assert_int_equal(fake_watched_fd[ID], -1);
	assert_int_equal(interface_tap(ID), -ENOENT);
	api.vrf = 3;
	assert_int_equal(interface_upsert(&api, second), 0);
	assert_int_equal(fake_watched_fd[ID], second);
	assert_int_equal(fake_watched_epoch[ID], interface_get(ID)->epoch);
}

/* Routes of the old domain may still lead to its neighbours. */
static void held_in_its_domain_by_neighbours(void **state)
{
	struct api_interface api = api_of(ID, 0, 0, OLD_TAG);
	const struct interface *before;
	int tap = make_fd();

	assert_int_equal(interface_upsert(&api, -1), 0);
	before = interface_get(ID);
	interface_hold(ID);
	api.vrf = 2;
	assert_int_equal(interface_upsert(&api, tap), -EBUSY);
	assert_false(is_open(tap));
	assert_ptr_equal(interface_get(ID), before);
	assert_int_equal(classifier_find(0, 0, OLD_TAG), ID);
	interface_release(ID);
	assert_int_equal(interface_upsert(&api, -1), 0);
	assert_int_equal(interface_get(ID)->vrf, 2);
}

static void another_domain_starts_another_account(void **state)
{
	struct api_interface api = api_of(ID, 0, 0, OLD_TAG);
	struct api_ledger ledger;

	assert_int_equal(interface_upsert(&api, -1), 0);
	counters_of_thread(0)[ID].rx = 5;
	api.vrf = 2;
	assert_int_equal(interface_upsert(&api, -1), 0);
	counters_read(ID, &ledger);
	assert_int_equal(ledger.rx, 0);
}

/* Two swap their tags in one snapshot; a third gets those of one that is not named any more. */
static void tags_pass_to_who_is_named(void **state)
{
	struct api_interface one = api_of(1, 0, 0, OLD_TAG), two = api_of(2, 0, 0, NEW_TAG),
			     three = api_of(3, 0, 0, OLD_TAG);

	assert_int_equal(interface_upsert(&one, -1), 0);
	assert_int_equal(interface_upsert(&two, -1), 0);
	one.c_tag = NEW_TAG;
	assert_int_equal(interface_upsert(&one, -1), -EEXIST);
	table_mark++;
	assert_int_equal(interface_upsert(&one, -1), 0);
	assert_int_equal(classifier_find(0, 0, NEW_TAG), 1);
	assert_int_equal(interface_upsert(&two, -1), -EEXIST);
	two.c_tag = OLD_TAG;
	assert_int_equal(interface_upsert(&two, -1), 0);
	assert_int_equal(classifier_find(0, 0, NEW_TAG), 1);
	assert_int_equal(classifier_find(0, 0, OLD_TAG), 2);
	assert_int_equal(interface_sweep(), 0);

	table_mark++;
	assert_int_equal(interface_upsert(&one, -1), 0);
	assert_int_equal(interface_upsert(&three, -1), 0);
	assert_int_equal(interface_sweep(), 1);
	assert_null(interface_get(2));
	assert_int_equal(classifier_find(0, 0, OLD_TAG), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(old_tags_never_lead_to_new_ones),
		fake_test(old_tags_never_lead_to_another_domain),
		fake_test(another_domain_means_another_tap),
		fake_test(held_in_its_domain_by_neighbours),
		fake_test(another_domain_starts_another_account),
		fake_test(tags_pass_to_who_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
