/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments to commands: what is found, what is refused, and what a person is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/command.h"

#define WORDS_MAX 12

/* What a parse did. */
struct outcome {
	const struct command *command;
	struct cli cli;
	int status;
	char *out, *err;
};

/* The next word of a line, as a shell takes it: 'in quotes' is one. NULL: none is left. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " ");
	const char *end = word[0] == '\'' ? "'" : " ";

	word += word[0] == '\'';
	if (word[0] == '\0')
		return NULL;
	*rest = word + strcspn(word, end);
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

static struct outcome parse(const char *line)
{
	static char words[256];
	struct outcome outcome = {.cli = {.run_dir = "/run/onramp"}};
	char *argv[WORDS_MAX] = {"onramp"}, *rest = words;
	size_t out_size, err_size;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word; argc < WORDS_MAX && (word = next_word(&rest)) != NULL;)
		argv[argc++] = word;
	outcome.cli.out = open_memstream(&outcome.out, &out_size);
	outcome.cli.err = open_memstream(&outcome.err, &err_size);
	outcome.command = command_parse(&onramp_command, argc, argv, &outcome.cli, &outcome.status);
	fclose(outcome.cli.out);
	fclose(outcome.cli.err);
	return outcome;
}

static void outcome_free(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->err);
}

static void assert_mistake(const char *line, const char *said)
{
	struct outcome outcome = parse(line);

	assert_null(outcome.command);
	assert_int_equal(outcome.status, STATUS_USAGE);
	assert_string_equal(outcome.out, "");
	if (strstr(outcome.err, said) == NULL)
		fail_msg("\"%s\" said: %s", line, outcome.err);
	outcome_free(&outcome);
}

static void options_belong_to_their_commands(void **state)
{
	assert_mistake("show rates contoso --rejected", "--rejected");
	assert_mistake("show routes --since 10m", "--since");
	assert_mistake("circuit delete acme --vnet net", "takes no --vnet");
	/* Of one name, but of two commands. */
	assert_mistake("show usage --from", "--from needs a time");
	assert_mistake("explain --circuit acme --from", "--from needs an address");
	assert_mistake("show arp --from 10.0.0.1", "takes no --from");
}

static void commands_are_found(void **state)
{
	static const struct {
		const char *line;
		int (*run)(const struct cli *cli);
		const char *operand;
	} cases[] = {
		{"check site.yaml", check_run, "site.yaml"},
		{"apply site.yaml", apply_run, "site.yaml"},
		{"show ports", show_ports_run, NULL},
		{"show circuits", show_circuits_run, NULL},
		{"show peerings contoso/private", show_peerings_run, "contoso/private"},
		{"show bgp contoso/private/primary", show_bgp_run, "contoso/private/primary"},
		{"show bfd", show_bfd_run, NULL},
		{"show bfd contoso/private", show_bfd_run, "contoso/private"},
		{"show routes", show_routes_run, NULL},
		{"show routes private.contoso", show_routes_run, "private.contoso"},
		{"show routes --rejected contoso", show_routes_run, "contoso"},
		{"show arp", show_arp_run, NULL},
		{"show stats contoso", show_stats_run, "contoso"},
		{"show drops", show_drops_run, NULL},
		{"show memory", show_memory_run, NULL},
		{"show workers", show_workers_run, NULL},
		{"show status", show_status_run, NULL},
		{"doctor contoso/private", doctor_run, "contoso/private"},
		{"show paths contoso", show_paths_run, "contoso"},
		{"show groups", show_groups_run, NULL},
		{"show tests", show_tests_run, NULL},
		{"explain --circuit contoso --from 10.0.0.1 --to 10.1.0.1", explain_run, NULL},
		{"explain --vnet vnet-a --from ::1 --to ::2 --port 443", explain_run, NULL},
		{"link test contoso/private/primary --for 10m", link_test_run,
			"contoso/private/primary"},
		{"link test --stop contoso/private/primary", link_test_run,
			"contoso/private/primary"},
		{"apply --prune --take-ownership site.yaml", apply_run, "site.yaml"},
		{"export", export_run, NULL},
		{"rollback 16", rollback_run, "16"},
		{"audit", audit_run, NULL},
		{"audit verify", audit_run, "verify"},
		{"audit verify --key k --signature s", audit_run, "verify"},
		{"audit sign --key k", audit_run, "sign"},
		{"show rates contoso --since 10m", show_rates_run, "contoso"},
		{"show usage --from 2026-11-01 --to 2026-12-01", show_usage_run, NULL},
		{"usage export contoso --key k", usage_export_run, "contoso"},
		{"usage verify november.csv", usage_verify_run, "november.csv"},
		{"circuit provision abc --begin", circuit_provision_run, "abc"},
		{"circuit set-tier acme premium", circuit_set_tier_run, "acme"},
		{"circuit delete --dry-run acme", circuit_delete_run, "acme"},
		{"show circuits --effective", show_circuits_run, NULL},
		{"check -", check_run, "-"},
		{"check -- -odd-name", check_run, "-odd-name"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome = parse(cases[i].line);
		assert_non_null(outcome.command);
		assert_int_equal(outcome.status, STATUS_OK);
		assert_ptr_equal(outcome.command->run, cases[i].run);
		if (cases[i].operand == NULL)
			assert_null(outcome.cli.operand);
		else
			assert_string_equal(outcome.cli.operand, cases[i].operand);
		assert_string_equal(outcome.out, "");
		assert_string_equal(outcome.err, "");
		outcome_free(&outcome);
	}
}

static void options_stand_anywhere(void **state)
{
	static const char *const lines[] = {
		"-j --run-dir /tmp/x show drops --all contoso",
		"show drops contoso --all --json --run-dir=/tmp/x",
		"show --run-dir /tmp/x drops --all -j contoso",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct outcome outcome = parse(lines[i]);
		assert_non_null(outcome.command);
		assert_true(outcome.cli.json);
		assert_true(outcome.cli.all);
		assert_false(outcome.cli.dry_run);
		assert_string_equal(outcome.cli.run_dir, "/tmp/x");
		assert_string_equal(outcome.cli.operand, "contoso");
		outcome_free(&outcome);
	}
}

static void defaults_are_kept(void **state)
{
	struct outcome outcome = parse("apply a.yaml --dry-run");

	assert_true(outcome.cli.dry_run);
	assert_false(outcome.cli.json);
	assert_false(outcome.cli.all);
	assert_string_equal(outcome.cli.run_dir, "/run/onramp");
	outcome_free(&outcome);
}

static void two_operands_are_given(void **state)
{
	struct outcome outcome = parse("circuit set-bandwidth --dry-run acme 2G");

	assert_string_equal(outcome.cli.operand, "acme");
	assert_string_equal(outcome.cli.value, "2G");
	assert_true(outcome.cli.dry_run);
	outcome_free(&outcome);
	outcome = parse("wait circuit acme provisioned --timeout 10m");
	assert_string_equal(outcome.cli.value, "provisioned");
	assert_string_equal(outcome.cli.timeout, "10m");
	outcome_free(&outcome);
	outcome = parse("circuit create acme --port-pair=shared --bandwidth 1G --s-tag 200");
	assert_string_equal(outcome.cli.port_pair, "shared");
	assert_string_equal(outcome.cli.bandwidth, "1G");
	assert_string_equal(outcome.cli.s_tag, "200");
	assert_null(outcome.cli.tier);
	outcome_free(&outcome);
}

static void durations_are_given(void **state)
{
	struct outcome outcome = parse("link test a/b/c --for=90s");

	assert_string_equal(outcome.cli.duration, "90s");
	assert_false(outcome.cli.stop);
	outcome_free(&outcome);
	outcome = parse("link test --stop a/b/c");
	assert_null(outcome.cli.duration);
	assert_true(outcome.cli.stop);
	outcome_free(&outcome);
}

static void a_circuit_is_given(void **state)
{
	struct outcome outcome = parse("show drops --circuit contoso --all");

	assert_ptr_equal(outcome.command->run, show_drops_run);
	assert_string_equal(outcome.cli.circuit, "contoso");
	assert_true(outcome.cli.all);
	assert_null(outcome.cli.operand);
	outcome_free(&outcome);
	outcome = parse("show drops --circuit=contoso contoso/private");
	assert_string_equal(outcome.cli.circuit, "contoso");
	assert_string_equal(outcome.cli.operand, "contoso/private");
	outcome_free(&outcome);
}

static void mistakes_are_told(void **state)
{
	assert_mistake("", "a command is missing");
	assert_mistake("show", "a command is missing");
	assert_mistake("chekc site.yaml", "did you mean \"check\"?");
	assert_mistake("sohw bgp", "did you mean \"show\"?");
	assert_mistake("show peering", "did you mean \"peerings\"?");
	assert_mistake("show ruotes", "did you mean \"routes\"?");
	assert_mistake("show xyzzy", "unknown command \"xyzzy\"\n");
	assert_mistake("show xyzzy", "See `onramp show --help`.");
	assert_mistake("show bgp --jsno", "did you mean \"--json\"?");
	assert_mistake("show bgp -x", "unknown option \"-x\"");
	assert_mistake("show bgp a b", "\"b\" is one word too many");
	assert_mistake("show ports a", "\"a\" is one word too many");
	assert_mistake("check", "check needs FILE");
	assert_mistake("apply", "apply needs FILE");
	assert_mistake("show ports --all", "ports takes no --all");
	assert_mistake("check a.yaml --dry-run", "check takes no --dry-run");
	assert_mistake("show ports --run-dir", "--run-dir needs a directory");
	assert_mistake("show drops --circuit", "--circuit needs a circuit's name");
	assert_mistake("show stats --circuit contoso", "stats takes no --circuit");
	assert_mistake("link test a/b/c --for", "--for needs a duration");
	assert_mistake("show ports --for 3s", "ports takes no --for");
	assert_mistake("show ports --stop", "ports takes no --stop");
	assert_mistake("link test --for 3s", "test needs LINK");
	assert_mistake("circuit set-bandwidth acme", "set-bandwidth needs RATE after CIRCUIT");
	assert_mistake("circuit set-bandwidth acme 2G 3G", "\"3G\" is one word too many");
	assert_mistake("circuit set-bandwith acme 2G", "did you mean \"set-bandwidth\"?");
	assert_mistake("circuit enable acme --begin", "enable takes no --begin");
	assert_mistake("circuit delete acme --tier premium", "delete takes no --tier");
	assert_mistake("check a.yaml --prune", "check takes no --prune");
	assert_mistake("circuit create acme --tier", "--tier needs a tier");
	assert_mistake(
		"circuit enable acme --as", "--as needs operator, provider or customer:NAME");
	assert_mistake("peering set acme/private", "set needs FIELDS after CIRCUIT/PEERING");
	assert_mistake("show circuits --as provider", "circuits takes no --as");
}

/* Every level has help that names what is below, and an example that itself parses. */
static void assert_help(const char *path, const struct command *command)
{
	char line[128];
	struct outcome outcome, example;

	snprintf(line, sizeof(line), "%s --help", path);
	outcome = parse(line);
	assert_null(outcome.command);
	assert_int_equal(outcome.status, STATUS_OK);
	assert_string_equal(outcome.err, "");
	assert_non_null(strstr(outcome.out, "usage: onramp"));
	assert_non_null(strstr(outcome.out, command->summary));
	assert_non_null(strstr(outcome.out, command->example));
	for (const char *at = outcome.out; *at != '\0'; at += strcspn(at, "\n") + 1)
		assert_true(strcspn(at, "\n") <= 100);
	assert_int_equal(strncmp(command->example, "onramp ", 7), 0);
	example = parse(command->example + 7);
	assert_non_null(example.command);
	for (const struct command *each = command->commands; each != NULL && each->name != NULL;
		each++) {
		assert_non_null(strstr(outcome.out, each->summary));
		snprintf(
			line, sizeof(line), "%s%s%s", path, path[0] != '\0' ? " " : "", each->name);
		assert_help(line, each);
	}
	if (command->commands == NULL)
		assert_ptr_equal(example.command, command);
	outcome_free(&outcome);
	outcome_free(&example);
}

static void every_level_has_help(void **state)
{
	assert_help("", &onramp_command);
}

static void version_is_printed(void **state)
{
	struct outcome outcome = parse("--version");

	assert_null(outcome.command);
	assert_int_equal(outcome.status, STATUS_OK);
	assert_int_equal(strncmp(outcome.out, "onramp ", 7), 0);
	assert_true(outcome.out[7] >= '0' && outcome.out[7] <= '9');
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_found),
		cmocka_unit_test(options_belong_to_their_commands),
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(defaults_are_kept),
		cmocka_unit_test(two_operands_are_given),
		cmocka_unit_test(durations_are_given),
		cmocka_unit_test(a_circuit_is_given),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(every_level_has_help),
		cmocka_unit_test(version_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
