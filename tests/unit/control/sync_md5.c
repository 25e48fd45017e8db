/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A key that bgpd has and its listening sockets have not: taken away and stated anew, of the
 * sessions that are down, when signed segments are dropped as if there was none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>

#include "control/sync/internal.h"

static struct sync sync_state;
static struct domain domain;
static struct md5_key key;
static struct md5_counters counters;
static bool settled;

int md5_counters_read(int netns, struct md5_counters *out)
{
	*out = counters;
	return 0;
}

bool frr_settled(const struct frr *frr)
{
	return settled;
}

static int setup(void **state)
{
	memset(&domain, 0, sizeof(domain));
	memset(&counters, 0, sizeof(counters));
	settled = true;
	strcpy(key.secret, "abc");
	domain.sync = &sync_state;
	domain.link_count = 2;
	for (unsigned int i = 0; i < 2; i++) {
		domain.links[i].plan.md5 = &key;
		domain.links[i].plan.peer4 =
			(struct ip){AF_INET, 32, {192, 0, 2, (uint8_t)(1 + 4 * i)}};
	}
	return 0;
}

/* A look at sessions of IPv4, and one at those of IPv6, of which there are none. */
static void look(const char *primary, const char *secondary)
{
	json_t *peers = json_pack("{s:{s:s}, s:{s:s}}", "192.0.2.1", "state", primary, "192.0.2.5",
		"state", secondary);
	json_t *none = json_object();

	md5_sessions(&domain, AF_INET, peers);
	md5_sessions(&domain, AF_INET6, none);
	json_decref(peers);
	json_decref(none);
}

static void the_key_is_stated_anew(void **state)
{
	look("Active", "Established");
	assert_int_equal(domain.md5_again[0].links, 0);
	counters.unexpected = 3;
	look("Active", "Established");
	assert_int_equal(domain.md5_again[0].links, 1);
	assert_int_equal(domain.md5_again[1].links, 0);
	settled = false;
	look("Idle", "Established");
	assert_int_equal(domain.md5_again[0].links, 1);
	settled = true;
	look("Idle", "Established");
	assert_int_equal(domain.md5_again[0].links, 0);
}

/* If it did not help, the reason is another one: not again for a while. */
static void it_is_not_done_all_the_time(void **state)
{
	unsigned int looks = 0;

	counters.unexpected = 1;
	look("Active", "Active");
	assert_int_equal(domain.md5_again[0].links, 3);
	look("Idle", "Idle");
	while (domain.md5_again[0].links == 0 && looks < 100) {
		counters.unexpected++;
		looks++;
		look("Active", "Active");
	}
	assert_in_range(looks, 10, 20);
}

static void without_a_key_nothing_is_shut(void **state)
{
	counters.unexpected = 1;
	look("Active", "Active");
	assert_int_equal(domain.md5_again[0].links, 3);
	domain.links[0].plan.md5 = domain.links[1].plan.md5 = NULL;
	look("Idle", "Idle");
	assert_int_equal(domain.md5_again[0].links, 0);
	counters.unexpected = 2;
	look("Active", "Active");
	assert_int_equal(domain.md5_again[0].links, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_key_is_stated_anew, setup),
		cmocka_unit_test_setup(it_is_not_done_all_the_time, setup),
		cmocka_unit_test_setup(without_a_key_nothing_is_shut, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
