/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_packet() says what the pipeline then does: random packets in random configurations, each
 * explained and then received. And explaining leaves no trace. SEED in the environment is another
 * seed than the usual one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "pipelines/explain.h"
#include "tests/pipeline/chance.h"

enum { CONFIGURATIONS = 60, CONFIGURATIONS_MAX = 1000, PACKETS = 50, NOBODYS_PORT = PORTS };

static struct api_explanation explain(uint32_t port, const struct frame *frame)
{
	struct api_explain request = {.port = port, .frame_bytes = frame->length};
	struct api_explanation explanation;

	memcpy(request.head, frame->bytes, RTE_MIN(frame->length, sizeof(request.head)));
	assert_int_equal(explain_packet(&request, worker.now, &explanation), 0);
	return explanation;
}

/* ---- said and done ---- */

/* What all accounts together have. */
struct sums {
	uint64_t drops[API_DROP_COUNT], dropped;
	uint64_t generated, punt, forwarded_out, fragments_added;
};

static struct sums sum_up(void)
{
	struct sums sums = {0};

	for (uint32_t i = 0; i <= CHANCE_LINKS + PORTS; i++) {
		struct api_ledger ledger =
			ledger_of(i <= CHANCE_LINKS ? i : COUNTERS_PORT(i - CHANCE_LINKS - 1));

		for (unsigned int reason = 0; reason < API_DROP_COUNT; reason++) {
			sums.drops[reason] += ledger.drops[reason];
			sums.dropped += ledger.drops[reason];
		}
		sums.generated += ledger.generated;
		sums.punt += ledger.punt;
		sums.forwarded_out += ledger.forwarded_out;
		sums.fragments_added += ledger.fragments_added;
	}
	return sums;
}

static unsigned int all_sent(void)
{
	return sent_count(0) + sent_count(1) + sent_count(2);
}

/* The one that was sent has the tags and addresses that were said, and is otherwise what came, with
 * one hop less. */
static void expect_sent_as(const struct api_explanation *said, const struct frame *came)
{
	unsigned int hops = said->ethertype == 0x0800 ? 8 : 7;
	const uint8_t *before = came->bytes + came->length, *after;
	static struct frame sent;

	assert_int_equal(all_sent(), 1);
	take_sent(said->out_port, &sent);
	assert_int_equal(sent.length, said->layer2_bytes + said->l3_bytes);
	assert_memory_equal(sent.bytes, said->layer2, said->layer2_bytes);
	after = sent.bytes + said->layer2_bytes;
	before = came->bytes + 14 + interface_get(said->interface)->tag_bytes;
	if (came->bytes[12] == 0x81 && interface_get(said->interface)->tag_bytes == 0)
		before += 4; /* priority-tagged */
	assert_int_equal(after[hops], before[hops] - 1);
	assert_memory_equal(after + 12, before + 12, said->l3_bytes - 12);
}

static void expect_fragments_as(const struct api_explanation *said)
{
	static struct frame sent;

	assert_int_equal(all_sent(), sent_count(said->out_port));
	assert_true(all_sent() >= 2);
	while (sent_count(said->out_port) > 0) {
		take_sent(said->out_port, &sent);
		assert_memory_equal(sent.bytes, said->layer2, said->layer2_bytes);
		assert_true(sent.length <= said->layer2_bytes + said->mtu);
	}
}

/* Once for its reason; fragments each. What the sender is told has its own end. */
static void expect_dropped_as(
	const struct api_explanation *said, const struct sums *before, const struct sums *after)
{
	uint64_t dropped = after->dropped - before->dropped, pieces = 1;
	uint64_t reasons = after->drops[said->reason] - before->drops[said->reason];

	pieces += after->fragments_added - before->fragments_added;
	assert_true(reasons >= pieces);
	assert_int_equal(dropped + all_sent() + (after->punt - before->punt), pieces + said->told);
	assert_true(said->told || reasons == pieces);
}

static void expect_done(const struct api_explanation *said, const struct frame *came,
	const struct sums *before, const struct sums *after)
{
	bool dropped = said->outcome == API_OUTCOME_DROPPED;

	assert_int_equal(after->generated - before->generated, said->told);
	if (dropped) {
		expect_dropped_as(said, before, after);
		return;
	}
	assert_int_equal(after->dropped, before->dropped);
	assert_int_equal(after->punt - before->punt, said->outcome == API_OUTCOME_PUNTED);
	if (said->outcome == API_OUTCOME_SENT)
		expect_sent_as(said, came);
	else if (said->outcome == API_OUTCOME_FRAGMENTED)
		expect_fragments_as(said);
	else
		assert_int_equal(all_sent(), 0);
}

static void forget_all(void)
{
	static struct frame frame;

	for (uint32_t port = 0; port < PORTS; port++)
		while (sent_count(port) > 0)
			take_sent(port, &frame);
	drop_punted();
	arrived_count = 0;
}

/* What was met. The compiler is free in the order of draws, so that this is not the same
 * everywhere. */
struct met {
	unsigned int outcomes[API_OUTCOME_DROPPED + 1], steps[API_STEP_COUNT];
	unsigned int reasons[API_DROP_COUNT], told, several;
};

static void look_at(const struct api_explanation *said, struct met *met)
{
	met->outcomes[said->outcome]++;
	met->steps[said->step]++;
	if (said->outcome == API_OUTCOME_DROPPED)
		met->reasons[said->reason]++;
	met->told += said->told;
	met->several += said->member_count > 1 && said->outcome == API_OUTCOME_SENT;
}

static void explain_and_receive(struct met *met)
{
	static struct frame frame;
	uint32_t link = 1 + chance_below(CHANCE_LINKS);
	struct sums before = sum_up(), after;
	struct api_explanation said;

	chance_credit();
	chance_packet(&frame, link);
	said = explain(chance_port(link), &frame);
	receive_one(chance_port(link), &frame);
	after = sum_up();
	expect_done(&said, &frame, &before, &after);
	look_at(&said, met);
	forget_all();
}

static uint32_t usual_seed(void)
{
	const char *text = getenv("SEED");
	uint32_t seed = text != NULL ? strtoul(text, NULL, 10) : 20260101;

	print_message("seed %u\n", seed);
	return seed;
}

/* What chance has left out, for people; NULL: nothing. */
static const char *not_met(const struct met *met)
{
	static const enum api_drop_reason reasons[] = {API_DROP_RUNT, API_DROP_UNKNOWN_TAG,
		API_DROP_NOT_OUR_MAC, API_DROP_BAD_HEADER, API_DROP_BAD_CHECKSUM,
		API_DROP_MARTIAN_SOURCE, API_DROP_MARTIAN_DESTINATION, API_DROP_URPF_STRICT,
		API_DROP_URPF_LOOSE, API_DROP_MULTICAST, API_DROP_POLICER_IN, API_DROP_TTL_EXPIRED,
		API_DROP_NO_ROUTE, API_DROP_BLACKHOLE, API_DROP_NO_LIVE_NEXT_HOP,
		API_DROP_NEIGHBOUR_UNRESOLVED, API_DROP_BGP_TTL, API_DROP_LINK_TEST_IN,
		API_DROP_LINK_TEST_PUNT, API_DROP_LINK_TEST_OUT, API_DROP_POLICER_OUT,
		API_DROP_MTU_EXCEEDED};

	for (unsigned int i = 0; i < RTE_DIM(met->outcomes); i++)
		if (met->outcomes[i] == 0)
			return "an outcome";
	for (unsigned int i = 0; i < RTE_DIM(met->steps); i++)
		if (met->steps[i] == 0)
			return api_step_name(i);
	for (unsigned int i = 0; i < RTE_DIM(reasons); i++)
		if (met->reasons[reasons[i]] == 0)
			return api_drop_name(reasons[i]);
	if (met->told == 0)
		return "an ICMP error";
	return met->several == 0 ? "a choice of next hops" : NULL;
}

/* So many configurations, and more until nothing is left out. */
static void agrees_with_what_packets_do(void **state)
{
	struct met met = {0};

	chance_seed(usual_seed());
	for (unsigned int i = 0; i < CONFIGURATIONS || not_met(&met) != NULL; i++) {
		if (i == CONFIGURATIONS_MAX)
			fail_msg("never met: %s", not_met(&met));
		chance_configuration();
		for (unsigned int n = 0; n < PACKETS; n++)
			explain_and_receive(&met);
		assert_int_equal(fixture_teardown(NULL), 0);
		assert_int_equal(fixture_setup(NULL), 0);
	}
}

/* ---- without a trace ---- */

static void leaves_no_trace(void **state)
{
	static struct frame frame;
	static struct policer_slot slots[POLICER_CLOSED + 1];
	struct sums before, after;

	chance_seed(7);
	chance_configuration();
	memcpy(slots, worker.policers, sizeof(slots));
	before = sum_up();
	for (unsigned int n = 0; n < 1000; n++) {
		uint32_t link = 1 + chance_below(CHANCE_LINKS);

		chance_packet(&frame, link);
		explain(chance_port(link), &frame);
	}
	after = sum_up();
	assert_memory_equal(&before, &after, sizeof(before));
	assert_memory_equal(slots, worker.policers, sizeof(slots));
	assert_int_equal(punted_count() + arrived_count + all_sent() + buffers_in_use(), 0);
}

/* A burst that is explained as often as one likes is still there. */
static void takes_no_credit(void **state)
{
	const struct encapsulation *tags = &encapsulations[2];
	struct api_policer policer = {
		.id = 1, .rate_bps = API_POLICER_RATE_MIN, .burst_bytes = API_POLICER_BURST_MIN};
	static struct frame frame;
	struct api_interface api;

	scene(tags, tags);
	assert_int_equal(policer_upsert(&policer, worker.now), 0);
	api = interface_get(1)->api;
	api.policer_in = 1;
	add_interface(&api);
	frame_to_us(&frame, 0, tags, 0x0800);
	frame_flow(&frame, AF_INET, 64, 1000, 1);
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(explain(0, &frame).outcome, API_OUTCOME_SENT);
	receive_one(0, &frame);
	assert_int_equal(sent_count(1), 1);
	while (policer_take(&worker, 1, 1))
		;
	assert_int_equal(explain(0, &frame).reason, API_DROP_POLICER_IN);
	assert_int_equal(explain(0, &frame).step, API_STEP_POLICER);
}

/* ---- what a person reads ---- */

/* The prefix, its domain, the members and who is chosen. */
static void says_why(void **state)
{
	const struct encapsulation *tags = &encapsulations[2];
	struct api_explanation said;
	static struct frame frame;

	scene(tags, tags);
	frame_to_us(&frame, 0, tags, 0x0800);
	frame_flow(&frame, AF_INET, 64, 10, 1);
	said = explain(0, &frame);
	assert_int_equal(said.outcome, API_OUTCOME_SENT);
	assert_int_equal(said.step, API_STEP_REWRITE);
	assert_int_equal(said.interface, 1);
	assert_int_equal(said.vrf, 1);
	assert_int_equal(said.route.has_prefix, 1);
	assert_int_equal(said.route.prefix_len, 16);
	assert_memory_equal(said.route.prefix, ((uint8_t[16]){10, 1}), 16);
	assert_int_equal(said.route.origin, API_ORIGIN_STATIC);
	assert_int_equal(said.route.group, 17);
	assert_int_equal(said.member_count, 1);
	assert_int_equal(said.members[0].use, API_MEMBER_LIVE);
	assert_int_equal(said.chosen, 2);
	assert_int_equal(said.out_interface, 2);
	assert_int_equal(said.mtu, interface_get(2)->mtu);
	set_link(1, false);
	said = explain(0, &frame);
	assert_int_equal(said.reason, API_DROP_NO_LIVE_NEXT_HOP);
	assert_int_equal(said.step, API_STEP_MEMBER);
	assert_int_equal(said.members[0].use, API_MEMBER_DEAD);
	assert_int_equal(said.members[0].down, API_PATH_CARRIER);
	set_link(1, true);
}

static void refused(void **state)
{
	struct api_explain request = {.port = 0, .frame_bytes = API_EXPLAIN_BYTES_MAX + 1};
	struct api_explanation explanation;

	scene(&encapsulations[0], &encapsulations[1]);
	assert_int_equal(explain_packet(&request, worker.now, &explanation), -EINVAL);
	request = (struct api_explain){.port = NOBODYS_PORT, .frame_bytes = 60};
	assert_int_equal(explain_packet(&request, worker.now, &explanation), -ENOENT);
	request.port = API_PORTS_MAX;
	assert_int_equal(explain_packet(&request, worker.now, &explanation), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(agrees_with_what_packets_do),
		pipeline_test(leaves_no_trace),
		pipeline_test(takes_no_credit),
		pipeline_test(says_why),
		pipeline_test(refused),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
