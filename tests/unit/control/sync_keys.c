/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the dataplane is told of the keys of BFD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control/sync/internal.h"

static struct api_bfd_key told[16];
static unsigned int told_count, complaints;
static struct sync sync_;
static struct domain domains[2];
static struct domain *domain_list[2] = {&domains[0], &domains[1]};
static struct bfd_auth auth;

void batch_add(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	assert_int_equal(object, API_BFD_KEY);
	assert_int_equal(operation, API_UPSERT);
	assert_true(told_count < sizeof(told) / sizeof(told[0]));
	told[told_count++] = *(const struct api_bfd_key *)payload;
}

void session_complain(struct sync *sync, const char *what, const char *why)
{
	assert_non_null(strstr(what, "contoso/private/primary"));
	assert_non_null(strstr(why, "mend it"));
	complaints++;
}

static void set_key(unsigned int index, uint8_t id, const char *secret)
{
	auth.keys[index] = (struct bfd_auth_key){.id = id, .secret_bytes = (uint8_t)strlen(secret)};
	memcpy(auth.keys[index].secret, secret, strlen(secret));
	auth.key_count = index + 1;
}

static int setup(void **state)
{
	told_count = complaints = 0;
	memset(&sync_, 0, sizeof(sync_));
	memset(domains, 0, sizeof(domains));
	memset(&auth, 0, sizeof(auth));
	sync_.domains = domain_list;
	sync_.domain_count = 2;
	domains[0].link_count = 2;
	domains[1].link_count = 1;
	for (unsigned int l = 0; l < 2; l++) {
		struct domain_link *link = &domains[0].links[l];

		snprintf(link->plan.name, sizeof(link->plan.name), "contoso/private/primary");
		link->interface = 5 + l;
		link->plan.peer4 = (struct ip){AF_INET, 30, {192, 0, 2, 1}};
		link->plan.bfd_auth = &auth;
	}
	domains[0].links[0].plan.peer6 = (struct ip){AF_INET6, 126, {0x20, 1, [15] = 1}};
	domains[1].links[0].interface = 9;
	domains[1].links[0].plan.peer4 = (struct ip){AF_INET, 30, {192, 0, 2, 9}};
	return 0;
}

static void each_key_of_each_peer_and_the_first_signs(void **state)
{
	auth.type = BFD_AUTH_TYPE_METICULOUS_SHA1;
	set_key(0, 9, "the new one");
	set_key(1, 200, "twenty bytes of text");
	keys_state(&sync_);
	assert_int_equal(told_count, 6); /* two families of one link, one of the other */
	for (unsigned int i = 0; i < told_count; i++) {
		bool first = told[i].key_id == 9;

		assert_int_equal(told[i].interface, i < 4 ? 5 : 6);
		assert_int_equal(told[i].type, API_BFD_METICULOUS_SHA1);
		assert_int_equal(told[i].signs, first);
		assert_int_equal(told[i].secret_bytes, first ? 11 : 20);
		assert_memory_equal(told[i].secret, first ? "the new one" : "twenty bytes of text",
			first ? 11 : 20);
		assert_memory_equal(told[i].peer,
			told[i].family == AF_INET ? domains[0].links[0].plan.peer4.address
						  : domains[0].links[0].plan.peer6.address,
			16);
	}
	assert_int_equal(complaints, 0);
}

static void the_type_is_the_documents(void **state)
{
	set_key(0, 1, "x");
	auth.type = BFD_AUTH_TYPE_KEYED_SHA1;
	keys_state(&sync_);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[0].type, API_BFD_KEYED_SHA1);
	auth.type = BFD_AUTH_TYPE_METICULOUS_SHA1;
	told_count = 0;
	keys_state(&sync_);
	assert_int_equal(told[0].type, API_BFD_METICULOUS_SHA1);
}

/* The key is named all the same, so that the one that the dataplane has is not swept. */
static void a_secret_that_could_not_be_read_is_complained_of(void **state)
{
	set_key(0, 1, "");
	keys_state(&sync_);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[0].secret_bytes, 0);
	assert_int_equal(told[0].key_id, 1);
	assert_int_equal(complaints, 2); /* one for each link */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_key_of_each_peer_and_the_first_signs, setup),
		cmocka_unit_test_setup(the_type_is_the_documents, setup),
		cmocka_unit_test_setup(a_secret_that_could_not_be_read_is_complained_of, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
