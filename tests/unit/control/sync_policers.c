/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which policers a plan's links share, and what the dataplane is told of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/sync/internal.h"

#define M UINT64_C(1000000)

static struct api_policer told[16];
static unsigned int told_count;

void batch_add(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload)
{
	assert_int_equal(object, API_POLICER);
	assert_int_equal(operation, API_UPSERT);
	assert_true(told_count < sizeof(told) / sizeof(told[0]));
	told[told_count++] = *(const struct api_policer *)payload;
}

static struct sync sync_;
static struct domain domains[3];
static struct domain *domain_list[3] = {&domains[0], &domains[1], &domains[2]};

static struct domain_link *add_link(
	unsigned int domain, const char *circuit, const char *half, struct plan_rate rate)
{
	struct domain_link *link = &domains[domain].links[domains[domain].link_count++];

	snprintf(link->plan.circuit, sizeof(link->plan.circuit), "%s", circuit);
	snprintf(link->plan.ifname, sizeof(link->plan.ifname), "%s", half);
	link->plan.rate = rate;
	assert_int_equal(policers_plan(&sync_, link), 0);
	return link;
}

static int setup(void **state)
{
	told_count = 0;
	memset(&sync_, 0, sizeof(sync_));
	memset(domains, 0, sizeof(domains));
	table_init(&sync_.policers, sizeof(struct named), 1, 7);
	sync_.domains = domain_list;
	sync_.domain_count = 3;
	return 0;
}

static int teardown(void **state)
{
	table_fini(&sync_.policers);
	return 0;
}

static const struct api_policer *find(uint32_t id)
{
	for (unsigned int i = 0; i < told_count; i++)
		if (told[i].id == id)
			return &told[i];
	return NULL;
}

static void peerings_share_links_do_not(void **state)
{
	struct plan_rate rate = {.bps = 100 * M, .burst_bytes = 125000, .overhead_bytes = 20};
	struct domain_link *private = add_link(0, "contoso", "primary", rate);
	struct domain_link *other = add_link(0, "contoso", "secondary", rate);
	struct domain_link *public = add_link(1, "contoso", "primary", rate);
	struct domain_link *core = add_link(2, "", "core", (struct plan_rate){0});

	assert_int_not_equal(private->policer_in, 0);
	assert_int_not_equal(private->policer_in, private->policer_out);
	assert_int_equal(public->policer_in, private->policer_in);
	assert_int_equal(public->policer_out, private->policer_out);
	assert_int_not_equal(other->policer_in, private->policer_in);
	assert_int_not_equal(other->policer_out, private->policer_out);
	assert_int_equal(core->policer_in, 0);
	assert_int_equal(core->policer_out, 0);

	policers_state(&sync_);
	const struct api_policer *in = find(private->policer_in);
	assert_string_equal(in->name, "contoso/primary/in");
	assert_int_equal(in->rate_bps, 100 * M);
	assert_int_equal(in->burst_bytes, 125000);
	assert_int_equal(in->overhead_bytes, 20);
	assert_string_equal(find(other->policer_out)->name, "contoso/secondary/out");
	assert_null(find(0));
}

/* A limit that goes, another rate, a burst that no large frame would pass. */
static void a_new_plan(void **state)
{
	struct plan_rate rate = {.bps = 50 * M, .burst_bytes = 6250};
	struct domain_link *link = add_link(0, "contoso", "primary", rate);
	uint32_t in = link->policer_in;

	policers_state(&sync_);
	assert_int_equal(find(in)->burst_bytes, API_POLICER_BURST_MIN);
	told_count = 0;
	link->plan.rate.bps = 10000 * M;
	assert_int_equal(policers_plan(&sync_, link), 0);
	assert_int_equal(link->policer_in, in);
	policers_state(&sync_);
	assert_int_equal(find(in)->rate_bps, 10000 * M);

	told_count = 0;
	link->plan.rate.bps = 0;
	assert_int_equal(policers_plan(&sync_, link), 0);
	assert_int_equal(link->policer_in, 0);
	assert_int_equal(link->policer_out, 0);
	policers_state(&sync_);
	assert_int_equal(told_count, 0);
}

static void no_id_left(void **state)
{
	struct plan_rate rate = {.bps = 50 * M};
	struct domain_link link = {.plan = {.circuit = "d", .ifname = "primary", .rate = rate}};

	add_link(0, "a", "primary", rate);
	add_link(0, "b", "primary", rate);
	add_link(1, "c", "primary", rate);
	assert_int_equal(policers_plan(&sync_, &link), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(peerings_share_links_do_not, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(no_id_left, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
