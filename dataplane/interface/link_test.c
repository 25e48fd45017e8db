/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/link_test.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/worker/counters.h"

enum { IN, OUT, DIRECTIONS };

struct test {
	bool running;
	bool news; /* that it began or ended */
	uint64_t started_us, deadline_us, ended_us;
	uint64_t moved_us;                /* since the start; UINT64_MAX: not yet */
	uint64_t last_us[DIRECTIONS];     /* since the start, of the last packet lost; 0: none */
	uint64_t before[DIRECTIONS];      /* the counters when it began */
	uint64_t dropped[DIRECTIONS];     /* packets since */
	uint64_t control_before, control; /* of the edge and its peer, both directions */
};

static struct test *tests[API_INTERFACES_MAX];
static unsigned int running;
static unsigned int news; /* tests that have some */

static void tell(struct test *test)
{
	news += !test->news;
	test->news = true;
}

static void count(uint32_t interface, uint64_t dropped[DIRECTIONS], uint64_t *control)
{
	struct api_ledger ledger;

	counters_read(interface, &ledger);
	dropped[IN] = ledger.drops[API_DROP_LINK_TEST_IN];
	dropped[OUT] = ledger.drops[API_DROP_LINK_TEST_OUT];
	*control = ledger.drops[API_DROP_LINK_TEST_PUNT] + ledger.drops[API_DROP_LINK_TEST_INJECT];
}

static void measure(uint32_t interface, struct test *test, uint64_t now_us)
{
	uint64_t dropped[DIRECTIONS], control, down_us;

	count(interface, dropped, &control);
	test->control = control - test->control_before;
	for (unsigned int i = 0; i < DIRECTIONS; i++) {
		if (dropped[i] - test->before[i] == test->dropped[i])
			continue;
		test->dropped[i] = dropped[i] - test->before[i];
		test->last_us[i] = now_us - test->started_us;
	}
	if (test->moved_us == UINT64_MAX && path_all_down(interface, &down_us))
		test->moved_us = down_us > test->started_us ? down_us - test->started_us : 0;
}

static void leave_unwatched(uint32_t interface, link_test_watched is_watched)
{
	struct api_path path;

	for (uint32_t id = 0; path_next_on(interface, &id, &path);) {
		if (!is_watched(interface, path.family, path.address))
			path_set(interface, path.family, path.address, API_PATH_TEST, true);
	}
}

static int begin(
	uint32_t interface, struct test *test, uint64_t now_us, link_test_watched is_watched)
{
	bool untold = test->news;
	int error;

	*test = (struct test){
		.running = true, .news = untold, .started_us = now_us, .moved_us = UINT64_MAX};
	count(interface, test->before, &test->control_before);
	error = interface_refresh(interface);
	if (error != 0) {
		test->running = false;
		return error;
	}
	running++;
	tell(test);
	leave_unwatched(interface, is_watched);
	return 0;
}

/* Without memory it goes on, and the next turn tries again. */
static int end(uint32_t interface, struct test *test, uint64_t now_us)
{
	int error;

	measure(interface, test, now_us);
	test->running = false;
	error = interface_refresh(interface);
	if (error != 0) {
		test->running = true;
		return error;
	}
	running--;
	test->ended_us = now_us;
	tell(test);
	path_set_interface(interface, API_PATH_TEST, false);
	return 0;
}

int link_test_upsert(const struct api_link_test *api, uint64_t now_us, link_test_watched is_watched)
{
	struct test *test;
	int error;

	if (api->interface == 0 || api->interface >= API_INTERFACES_MAX ||
		api->seconds > API_LINK_TEST_S_MAX)
		return -EINVAL;
	if (api->seconds == 0)
		return link_test_delete(api->interface, now_us);
	if (interface_get(api->interface) == NULL)
		return -ENOENT;
	test = tests[api->interface];
	if (test == NULL)
		test = tests[api->interface] = calloc(1, sizeof(*test));
	if (test == NULL)
		return -ENOMEM;
	error = test->running ? 0 : begin(api->interface, test, now_us, is_watched);
	test->deadline_us = now_us + (uint64_t)api->seconds * 1000000;
	return error;
}

int link_test_delete(uint32_t interface, uint64_t now_us)
{
	if (interface == 0 || interface >= API_INTERFACES_MAX)
		return -EINVAL;
	if (!link_test_cuts(interface))
		return 0;
	return end(interface, tests[interface], now_us);
}

static uint32_t to_ms(uint64_t us)
{
	return us == UINT64_MAX ? API_LINK_TEST_NOT : (us + 999) / 1000;
}

bool link_test_next(uint32_t after, uint64_t now_us, struct api_link_test *api)
{
	const struct test *test;
	uint32_t id = after + 1;

	while (id < API_INTERFACES_MAX && (tests[id] == NULL || tests[id]->started_us == 0))
		id++;
	if (id >= API_INTERFACES_MAX)
		return false;
	test = tests[id];
	*api = (struct api_link_test){
		.interface = id,
		.seconds = (test->deadline_us - test->started_us) / 1000000,
		.running = test->running,
		.age_us = now_us - test->started_us,
		.left_us = test->running && test->deadline_us > now_us ? test->deadline_us - now_us
								       : 0,
		.lasted_us = (test->running ? now_us : test->ended_us) - test->started_us,
		.dropped_in = test->dropped[IN],
		.dropped_out = test->dropped[OUT],
		.dropped_control = test->control,
		.loss_in_ms = to_ms(test->last_us[IN]),
		.loss_out_ms = to_ms(test->last_us[OUT]),
		.moved_ms = to_ms(test->moved_us),
	};
	return true;
}

bool link_test_next_news(uint32_t *interface, bool *began)
{
	for (uint32_t id = 1; news > 0 && id < API_INTERFACES_MAX; id++) {
		if (tests[id] == NULL || !tests[id]->news)
			continue;
		tests[id]->news = false;
		news--;
		*interface = id;
		*began = tests[id]->running;
		return true;
	}
	return false;
}

bool link_test_run(uint64_t now_us)
{
	for (uint32_t id = 1; running > 0 && id < API_INTERFACES_MAX; id++) {
		struct test *test = tests[id];

		if (test == NULL || !test->running)
			continue;
		if (now_us >= test->deadline_us)
			end(id, test, now_us);
		else
			measure(id, test, now_us);
	}
	return running > 0;
}

bool link_test_cuts(uint32_t interface)
{
	return tests[interface] != NULL && tests[interface]->running;
}

void link_test_forget(uint32_t interface)
{
	if (tests[interface] == NULL)
		return;
	running -= tests[interface]->running;
	news -= tests[interface]->news;
	free(tests[interface]);
	tests[interface] = NULL;
}
