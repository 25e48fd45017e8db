/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of circuits: random commands, each judged by the model and by a second machine made of
 * words, written down from the service's public rules; then what refusals say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/lifecycle.h"

#define CIRCUITS 6u
#define COMMANDS 10000u
#define SEED 5u

/* ---- the other machine: states are words, rules are a list of what may follow ---- */

struct reference {
	bool exists, direct;
	const char *provider, *tier, *family;
	unsigned int tag; /* of 3; 0: none */
};

static const char *const may_follow[] = {
	"not-provisioned>provisioning",
	"not-provisioned>provisioned",
	"provisioning>provisioned",
	"provisioned>deprovisioning",
	"provisioned>not-provisioned",
	"deprovisioning>not-provisioned",
	"standard>premium",
	"premium>standard",
	"local>standard",
	"local>premium",
	"metered>unlimited",
};

static bool follows(const char *from, const char *to)
{
	char step[64];

	if (strcmp(from, to) == 0)
		return true;
	snprintf(step, sizeof(step), "%s>%s", from, to);
	for (size_t i = 0; i < sizeof(may_follow) / sizeof(may_follow[0]); i++)
		if (strcmp(may_follow[i], step) == 0)
			return true;
	return false;
}

static bool deletable(const struct reference *circuit)
{
	return circuit->direct || strcmp(circuit->provider, "not-provisioned") == 0 ||
	       strcmp(circuit->provider, "deprovisioning") == 0;
}

static const char *const states[] = {
	"not-provisioned", "provisioning", "provisioned", "deprovisioning"};
static const char *const tiers[] = {"local", "standard", "premium"};
static const char *const families[] = {"metered", "unlimited"};

/* ---- both, side by side ---- */

struct both {
	struct reference reference;
	struct circuit_life life;
};

enum { CREATE, DELETE, STEP, TIER, FAMILY, TAG, ABLE, VERBS };

static unsigned int draw(unsigned int below)
{
	return (unsigned int)random() % below;
}

/* One random command; both machines after it if it is allowed. *wanted: the reference's verdict. */
static struct both command(const struct both *now, unsigned int *verb, bool *wanted)
{
	const struct reference *before = &now->reference;
	struct both next = *now;
	struct reference *after = &next.reference;

	*verb = before->exists ? 1 + draw(VERBS - 1) : CREATE;
	unsigned int choice = *verb == STEP ? draw(4) : *verb == FAMILY ? draw(2) : draw(3);
	switch (*verb) {
	case CREATE:
		after->exists = true;
		after->direct = next.life.model == PAIR_DIRECT;
		after->provider = draw(4) == 0 ? states[choice] : states[0];
		after->tier = tiers[choice];
		after->family = families[0];
		after->tag = draw(3);
		*wanted = after->direct || strcmp(after->provider, "not-provisioned") == 0;
		break;
	case DELETE:
		after->exists = false;
		*wanted = deletable(before);
		break;
	case STEP:
		after->provider = states[choice];
		*wanted = before->direct || follows(before->provider, after->provider);
		break;
	case TIER:
		after->tier = tiers[choice];
		*wanted = follows(before->tier, after->tier);
		break;
	case FAMILY:
		after->family = families[choice];
		*wanted = follows(before->family, after->family);
		break;
	case TAG:
		after->tag = choice;
		*wanted = before->tag == after->tag;
		break;
	default:
		next.life.enabled = !next.life.enabled;
		*wanted = true;
	}
	return next;
}

/* The model's values from the reference's words. */
static void translate(struct both *both)
{
	for (unsigned int i = 0; i < 4; i++)
		if (strcmp(states[i], both->reference.provider) == 0)
			both->life.provider_state = (enum provider_state)i;
	for (unsigned int i = 0; i < 3; i++)
		if (strcmp(tiers[i], both->reference.tier) == 0)
			both->life.tier = (enum tier)i;
	both->life.s_tag = (uint16_t)both->reference.tag;
	both->life.family = strcmp(both->reference.family, "unlimited") == 0 ? FAMILY_UNLIMITED
									     : FAMILY_METERED;
}

static void random_commands_agree(void **state)
{
	unsigned int allowed[VERBS] = {0}, refused[VERBS] = {0};
	struct both circuits[CIRCUITS];

	srandom(SEED);
	for (unsigned int i = 0; i < CIRCUITS; i++)
		circuits[i] =
			(struct both){{false, false, "not-provisioned", "standard", "metered", 0},
				{.name = "c",
					.service_key = "k",
					.enabled = true,
					.model = i % 3 == 0 ? PAIR_DIRECT : PAIR_PROVIDER}};
	for (unsigned int n = 0; n < COMMANDS; n++) {
		struct both *now = &circuits[draw(CIRCUITS)];
		char refusal[REFUSAL_MAX] = "";
		unsigned int verb;
		bool wanted;
		struct both next = command(now, &verb, &wanted);

		translate(&next);
		bool said = lifecycle_allows(verb == CREATE ? NULL : &now->life,
			verb == DELETE ? NULL : &next.life, false, refusal);
		if (said != wanted)
			fail_msg("command %u (verb %u, %s): the model says %d, the rules %d: %s", n,
				verb, now->reference.provider, said, wanted, refusal);
		assert_true(said == (refusal[0] == '\0'));
		(said ? allowed : refused)[verb]++;
		if (said)
			*now = next;
	}
	/* The walk has seen both verdicts of every verb that can be refused. */
	for (unsigned int verb = 0; verb < ABLE; verb++)
		assert_true(allowed[verb] > 20 && refused[verb] > 20);
	assert_true(allowed[ABLE] > 20);
}

/* ---- what refusals say ---- */

static const struct circuit_life provisioned = {.name = "contoso",
	.service_key = "0d8c5d1f",
	.model = PAIR_PROVIDER,
	.provider_state = PROVIDER_PROVISIONED,
	.enabled = true,
	.tier = TIER_PREMIUM,
	.family = FAMILY_UNLIMITED};

static void assert_says(
	const struct circuit_life *before, const struct circuit_life *after, const char *text)
{
	char refusal[REFUSAL_MAX] = "";

	assert_false(lifecycle_allows(before, after, false, refusal));
	if (strstr(refusal, text) == NULL)
		fail_msg("not \"%s\" but: %s", text, refusal);
}

static void refusals_name_field_value_and_way_out(void **state)
{
	struct circuit_life after = provisioned;

	assert_says(&provisioned, NULL,
		"circuit contoso: provider_state is provisioned, and such a circuit cannot be "
		"deleted; it can once its provider has said `onramp circuit deprovision 0d8c5d1f`");
	assert_says(NULL, &provisioned, "it is new and cannot be provisioned yet");
	after.provider_state = PROVIDER_PROVISIONING;
	assert_says(&provisioned, &after,
		"provider_state is provisioned and cannot become provisioning; what comes next is "
		"deprovisioning or not-provisioned");
	after = provisioned;
	after.tier = TIER_LOCAL;
	assert_says(&provisioned, &after,
		"tier is premium and cannot become local; standard and premium are possible");
	after = provisioned;
	after.family = FAMILY_METERED;
	assert_says(&provisioned, &after, "family is unlimited and cannot become metered again");
	after = provisioned;
	after.model = PAIR_DIRECT;
	assert_says(&provisioned, &after, "from a provider pair to a direct one");
}

static void s_tags_stay(void **state)
{
	struct circuit_life before = provisioned, after = provisioned;
	char refusal[REFUSAL_MAX] = "";

	before.s_tag = 100;
	after.s_tag = 101;
	assert_says(&before, &after,
		"circuit contoso: s_tag is 100 and cannot become 101, because the circuit is known "
		"by it on both sides of the wire; leave it, or delete the circuit and create it "
		"anew");
	/* A backup does not make the provider's switches change either. */
	assert_false(lifecycle_allows(&before, &after, true, refusal));
	after.s_tag = 0;
	assert_says(&before, &after, "s_tag is 100 and cannot become none");
	after.s_tag = 100;
	before.secondary_s_tag = 50;
	after.secondary_s_tag = 51;
	assert_says(&before, &after, "secondary_s_tag is 50 and cannot become 51");
	/* Moved to a pair of two ports, and back. */
	after.secondary_s_tag = 0;
	assert_true(lifecycle_allows(&before, &after, false, refusal));
	assert_true(lifecycle_allows(&after, &before, false, refusal));
}

static void backups_come_in_any_state(void **state)
{
	char refusal[REFUSAL_MAX] = "";
	struct circuit_life before = provisioned;

	assert_true(lifecycle_allows(NULL, &provisioned, true, refusal));
	before.provider_state = PROVIDER_DEPROVISIONING;
	assert_true(lifecycle_allows(&before, &provisioned, true, refusal));
	/* but a backup does not delete what runs */
	assert_false(lifecycle_allows(&provisioned, NULL, true, refusal));
}

static void only_provisioned_and_enabled_forwards(void **state)
{
	unsigned int forwarding = 0;

	for (unsigned int each = 0; each < 4; each++) {
		forwarding += lifecycle_forwards(PAIR_PROVIDER, (enum provider_state)each, true);
		assert_false(lifecycle_forwards(PAIR_PROVIDER, (enum provider_state)each, false));
		assert_true(lifecycle_forwards(PAIR_DIRECT, (enum provider_state)each, true));
		assert_false(lifecycle_forwards(PAIR_DIRECT, (enum provider_state)each, false));
	}
	assert_int_equal(forwarding, 1);
	assert_true(lifecycle_forwards(PAIR_PROVIDER, PROVIDER_PROVISIONED, true));
}

static void principals_have_names(void **state)
{
	for (unsigned int each = 0; each < PRINCIPALS; each++)
		assert_int_equal(principal_find(principal_name((enum principal)each)), each);
	assert_int_equal(principal_find("nobody"), PRINCIPALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_commands_agree),
		cmocka_unit_test(refusals_name_field_value_and_way_out),
		cmocka_unit_test(s_tags_stay),
		cmocka_unit_test(backups_come_in_any_state),
		cmocka_unit_test(only_provisioned_and_enabled_forwards),
		cmocka_unit_test(principals_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
