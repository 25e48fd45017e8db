/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stdarg.h>
#include <string.h>

#include "control/config/loader.h"

#define DEPTH_MAX 3u

/* Where parsing stands: the commands named so far, outermost first. */
struct parse {
	const struct command *path[DEPTH_MAX];
	unsigned int depth;
	unsigned int options; /* given, bits of OPTION_* */
	bool help;
	bool version;
};

void cli_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	fputs("onramp: ", cli->err);
	va_start(arguments, format);
	vfprintf(cli->err, format, arguments);
	va_end(arguments);
	fputc('\n', cli->err);
}

static const struct command *current(const struct parse *parse)
{
	return parse->path[parse->depth - 1];
}

static void print_path(FILE *out, const struct parse *parse)
{
	for (unsigned int i = 0; i < parse->depth; i++)
		fprintf(out, "%s%s", i == 0 ? "" : " ", parse->path[i]->name);
}

static void print_usage(FILE *out, const struct parse *parse)
{
	const struct command *command = current(parse);

	fputs("usage: ", out);
	print_path(out, parse);
	fputs(parse->depth == 1 ? " [-j] [--run-dir DIR]" : " [-j]", out);
	if (command->commands != NULL)
		fputs(" COMMAND ...", out);
	if ((command->options & OPTION_DRY_RUN) != 0)
		fputs(" [--dry-run]", out);
	if ((command->options & OPTION_ALL) != 0)
		fputs(" [--all]", out);
	if ((command->options & OPTION_FORCE) != 0)
		fputs(" [--force]", out);
	if ((command->options & OPTION_FOR) != 0)
		fputs(" --for DURATION | --stop", out);
	if ((command->options & OPTION_CIRCUIT) != 0)
		fputs(" [--circuit CIRCUIT]", out);
	if (command->operand != NULL)
		fprintf(out, " %s", command->operand);
	fputc('\n', out);
}

static void print_help(FILE *out, const struct parse *parse)
{
	const struct command *command = current(parse);

	print_usage(out, parse);
	fprintf(out, "\n%s\n", command->summary);
	if (command->commands != NULL) {
		fputs("\ncommands:\n", out);
		for (const struct command *each = command->commands; each->name != NULL; each++)
			fprintf(out, "  %-10s %s\n", each->name, each->summary);
	}
	fprintf(out, "\n%s\n", command->details);
	fputs("\noptions:\n"
	      "  -j, --json       JSON instead of tables\n"
	      "  --run-dir DIR    where the sockets are; default $ONRAMP_RUN_DIR or /run/onramp\n"
	      "  -h, --help       this text\n",
		out);
	if (parse->depth == 1)
		fputs("  --version        the version\n", out);
	fprintf(out, "\nexample: %s\n", command->example);
}

/* After a mistake: where to read more. */
static int usage_status(const struct cli *cli, const struct parse *parse)
{
	fputs("See `", cli->err);
	print_path(cli->err, parse);
	fputs(" --help`.\n", cli->err);
	return STATUS_USAGE;
}

static int unknown_word(const struct cli *cli, const struct parse *parse, const char *word)
{
	struct suggestion suggestion = {.wrong = word};
	char hint[80];

	for (const struct command *each = current(parse)->commands; each->name != NULL; each++)
		suggest(&suggestion, each->name);
	cli_error(cli, "unknown command \"%s\"%s", word,
		suggestion_text(&suggestion, hint, sizeof(hint)));
	return usage_status(cli, parse);
}

static int unknown_option(const struct cli *cli, const struct parse *parse, const char *option)
{
	static const char *const known[] = {"--json", "--run-dir", "--help", "--version",
		"--dry-run", "--all", "--force", "--stop", "--for", "--circuit"};
	struct suggestion suggestion = {.wrong = option};
	char hint[80];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		suggest(&suggestion, known[i]);
	cli_error(cli, "unknown option \"%s\"%s", option,
		suggestion_text(&suggestion, hint, sizeof(hint)));
	return usage_status(cli, parse);
}

/* An option without a value. 0 or STATUS_USAGE. */
static int parse_flag(struct cli *cli, struct parse *parse, const char *argument)
{
	if (strcmp(argument, "-j") == 0 || strcmp(argument, "--json") == 0)
		cli->json = true;
	else if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0)
		parse->help = true;
	else if (strcmp(argument, "--version") == 0)
		parse->version = true;
	else if (strcmp(argument, "--dry-run") == 0)
		parse->options |= OPTION_DRY_RUN;
	else if (strcmp(argument, "--all") == 0)
		parse->options |= OPTION_ALL;
	else if (strcmp(argument, "--stop") == 0)
		parse->options |= OPTION_STOP;
	else if (strcmp(argument, "--force") == 0)
		parse->options |= OPTION_FORCE;
	else
		return unknown_option(cli, parse, argument);
	return STATUS_OK;
}

/* A word: the next command, or the operand. 0 or STATUS_USAGE. */
static int parse_word(struct cli *cli, struct parse *parse, const char *word)
{
	const struct command *command = current(parse);

	if (command->commands == NULL) {
		if (command->operand != NULL && cli->operand == NULL) {
			cli->operand = word;
			return STATUS_OK;
		}
		cli_error(cli, "\"%s\" is one word too many", word);
		return usage_status(cli, parse);
	}
	for (const struct command *each = command->commands; each->name != NULL; each++) {
		if (strcmp(each->name, word) != 0)
			continue;
		parse->path[parse->depth++] = each;
		return STATUS_OK;
	}
	return unknown_word(cli, parse, word);
}

/* An option with a value, "NAME VALUE" or "NAME=VALUE". *used: arguments taken, 0 when it is
 * another option. */
static int parse_value(const struct cli *cli, const struct parse *parse, const char *name,
	const char *what, const char **value, int left, char *const *arguments, int *used)
{
	size_t length = strlen(name);

	*used = 0;
	if (strncmp(arguments[0], name, length) != 0 ||
		(arguments[0][length] != '\0' && arguments[0][length] != '='))
		return STATUS_OK;
	*used = arguments[0][length] == '=' ? 1 : 2;
	if (*used == 2 && left < 2) {
		cli_error(cli, "%s needs %s", name, what);
		return usage_status(cli, parse);
	}
	*value = *used == 1 ? arguments[0] + length + 1 : arguments[1];
	return STATUS_OK;
}

static int parse_values(
	struct cli *cli, struct parse *parse, int left, char *const *arguments, int *used)
{
	const struct {
		const char *name, *what, **value;
	} options[] = {
		{"--run-dir", "a directory", &cli->run_dir},
		{"--for", "a duration", &cli->duration},
		{"--circuit", "a circuit's name", &cli->circuit},
	};
	int status = STATUS_OK;

	*used = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		status = parse_value(cli, parse, options[i].name, options[i].what, options[i].value,
			left, arguments, used);
		if (status != STATUS_OK || *used != 0)
			break;
	}
	return status;
}

static int parse_all(struct cli *cli, struct parse *parse, int argc, char *const *argv)
{
	bool words_only = false;
	int used;

	for (int i = 1; i < argc; i += used) {
		int status = STATUS_OK;

		used = 0;
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
			used = 1;
			continue;
		}
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0')
			status = parse_word(cli, parse, argv[i]);
		else
			status = parse_values(cli, parse, argc - i, argv + i, &used);
		if (status == STATUS_OK && used == 0 && !words_only && argv[i][0] == '-' &&
			argv[i][1] != '\0')
			status = parse_flag(cli, parse, argv[i]);
		if (status != STATUS_OK)
			return status;
		used = used == 0 ? 1 : used;
	}
	return STATUS_OK;
}

/* One that the command does not know; NULL: none. */
static const char *stray_option(const struct parse *parse, const struct cli *cli)
{
	static const struct {
		unsigned int option;
		const char *name;
	} names[] = {{OPTION_DRY_RUN, "--dry-run"}, {OPTION_ALL, "--all"},
		{OPTION_FORCE, "--force"}, {OPTION_STOP, "--stop"}, {OPTION_FOR, "--for"},
		{OPTION_CIRCUIT, "--circuit"}};
	unsigned int given = parse->options | (cli->duration != NULL ? OPTION_FOR : 0) |
			     (cli->circuit != NULL ? OPTION_CIRCUIT : 0);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((given & ~current(parse)->options & names[i].option) != 0)
			return names[i].name;
	return NULL;
}

/* Everything is read; is it whole? 0 or STATUS_USAGE. */
static int check_whole(struct cli *cli, const struct parse *parse)
{
	const struct command *command = current(parse);

	if (command->commands != NULL) {
		cli_error(cli, "a command is missing");
		print_help(cli->err, parse);
		return STATUS_USAGE;
	}
	if (stray_option(parse, cli) != NULL) {
		cli_error(cli, "%s takes no %s", command->name, stray_option(parse, cli));
		return usage_status(cli, parse);
	}
	if (command->operand != NULL && command->operand[0] != '[' && cli->operand == NULL) {
		cli_error(cli, "%s needs %s", command->name, command->operand);
		return usage_status(cli, parse);
	}
	cli->dry_run = (parse->options & OPTION_DRY_RUN) != 0;
	cli->all = (parse->options & OPTION_ALL) != 0;
	cli->stop = (parse->options & OPTION_STOP) != 0;
	cli->force = (parse->options & OPTION_FORCE) != 0;
	return STATUS_OK;
}

const struct command *command_parse(
	const struct command *root, int argc, char *const *argv, struct cli *cli, int *status)
{
	struct parse parse = {.path = {root}, .depth = 1};

	*status = parse_all(cli, &parse, argc, argv);
	if (*status != STATUS_OK)
		return NULL;
	if (parse.help) {
		print_help(cli->out, &parse);
		return NULL;
	}
	if (parse.version) {
		fprintf(cli->out, "onramp %s\n", ONRAMP_VERSION);
		return NULL;
	}
	*status = check_whole(cli, &parse);
	return *status == STATUS_OK ? current(&parse) : NULL;
}
