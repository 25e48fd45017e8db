/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "control/config/loader.h"

#define DEPTH_MAX 3u
#define USAGE_COLUMNS 76 /* and an operand */

/* Every option but those that all commands take. */
static const struct option {
	unsigned int bit;
	const char *name;
	const char *usage; /* after the name; NULL: the name alone */
	const char *needs; /* what is missing when its value is; NULL: a flag */
	size_t offset;     /* of its field in struct cli */
} options[] = {
	{OPTION_DRY_RUN, "--dry-run", NULL, NULL, offsetof(struct cli, dry_run)},
	{OPTION_ALL, "--all", NULL, NULL, offsetof(struct cli, all)},
	{OPTION_FORCE, "--force", NULL, NULL, offsetof(struct cli, force)},
	{OPTION_FOR, "--for", " DURATION", "a duration", offsetof(struct cli, duration)},
	{OPTION_STOP, "--stop", NULL, NULL, offsetof(struct cli, stop)},
	{OPTION_CIRCUIT, "--circuit", " CIRCUIT", "a circuit's name",
		offsetof(struct cli, circuit)},
	{OPTION_EXPLAIN, "--peering", " private|public", "private or public",
		offsetof(struct cli, peering)},
	{OPTION_EXPLAIN, "--vnet", " VNET", "a virtual network's name", offsetof(struct cli, vnet)},
	{OPTION_FLOW, "--from", " ADDRESS", "an address", offsetof(struct cli, from)},
	{OPTION_FLOW, "--to", " ADDRESS", "an address", offsetof(struct cli, to)},
	{OPTION_FLOW, "--proto", " tcp|udp|icmp", "tcp, udp or icmp", offsetof(struct cli, proto)},
	{OPTION_FLOW, "--port", " PORT", "a port number", offsetof(struct cli, l4_port)},
	{OPTION_EXPLAIN, "--bytes", " BYTES", "a packet's length", offsetof(struct cli, bytes)},
	{OPTION_AS, "--as", " PRINCIPAL", "operator, provider or customer:NAME",
		offsetof(struct cli, as)},
	{OPTION_AUTHORIZATION, "--authorization", " FILE", "a file with the key, or -",
		offsetof(struct cli, authorization)},
	{OPTION_SINCE, "--since", " DURATION", "a duration", offsetof(struct cli, since)},
	{OPTION_SPAN, "--from", " TIME", "a time", offsetof(struct cli, from)},
	{OPTION_SPAN, "--to", " TIME", "a time", offsetof(struct cli, to)},
	{OPTION_COUNT, "--count", " PACKETS", "a number of packets", offsetof(struct cli, count)},
	{OPTION_SNAPLEN, "--snaplen", " BYTES", "a number of bytes", offsetof(struct cli, snaplen)},
	{OPTION_WRITE, "-w", " FILE", "a file's name, or -", offsetof(struct cli, write)},
	{OPTION_KEY, "--key", " FILE", "a key's file", offsetof(struct cli, key)},
	{OPTION_SIGNATURE, "--signature", " FILE", "a file that `onramp audit sign` wrote",
		offsetof(struct cli, signature)},
	{OPTION_PRUNE, "--prune", NULL, NULL, offsetof(struct cli, prune)},
	{OPTION_TAKE_OWNERSHIP, "--take-ownership", NULL, NULL,
		offsetof(struct cli, take_ownership)},
	{OPTION_BEGIN, "--begin", NULL, NULL, offsetof(struct cli, begin)},
	{OPTION_EFFECTIVE, "--effective", NULL, NULL, offsetof(struct cli, effective)},
	{OPTION_REJECTED, "--rejected", NULL, NULL, offsetof(struct cli, rejected)},
	{OPTION_TIMEOUT, "--timeout", " DURATION", "a duration", offsetof(struct cli, timeout)},
	{OPTION_SOLD, "--port-pair", " NAME", "a port pair", offsetof(struct cli, port_pair)},
	{OPTION_SOLD | OPTION_BANDWIDTH, "--bandwidth", " RATE", "a bandwidth",
		offsetof(struct cli, bandwidth)},
	{OPTION_SOLD, "--tier", " TIER", "a tier", offsetof(struct cli, tier)},
	{OPTION_SOLD, "--family", " FAMILY", "a family", offsetof(struct cli, family)},
	{OPTION_SOLD, "--s-tag", " VLAN", "a VLAN id", offsetof(struct cli, s_tag)},
	{OPTION_SOLD, "--secondary-s-tag", " VLAN", "a VLAN id",
		offsetof(struct cli, secondary_s_tag)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where parsing stands: the commands named so far, outermost first. */
struct parse {
	const struct command *path[DEPTH_MAX];
	unsigned int depth;
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

/* Returns its length. */
static int print_path(FILE *out, const struct parse *parse)
{
	int length = 0;

	for (unsigned int i = 0; i < parse->depth; i++)
		length += fprintf(out, "%s%s", i == 0 ? "" : " ", parse->path[i]->name);
	return length;
}

/* column: where the line is; those that do not fit begin another. */
static void print_options(FILE *out, const struct command *command, int column)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		const char *usage = options[i].usage != NULL ? options[i].usage : "";
		bool needed = options[i].bit == OPTION_WRITE;
		int length = (int)(strlen(options[i].name) + strlen(usage)) + 3;

		if ((command->options & options[i].bit) == 0 || options[i].bit == OPTION_STOP ||
			(options[i].bit == OPTION_FOR && (command->options & OPTION_STOP) != 0))
			continue;
		if (column + length > USAGE_COLUMNS)
			column = fprintf(out, "\n      ") - 1;
		column += fprintf(out, needed ? " %s%s" : " [%s%s]", options[i].name, usage);
	}
	if ((command->options & OPTION_STOP) != 0)
		fputs(" --for DURATION | --stop", out);
}

static void print_usage(FILE *out, const struct parse *parse)
{
	const struct command *command = current(parse);
	int column = fprintf(out, "usage: ");

	column += print_path(out, parse);
	column += fprintf(out, parse->depth == 1 ? " [-j] [--run-dir DIR]" : " [-j]");
	if (command->commands != NULL)
		column += fprintf(out, " COMMAND ...");
	print_options(out, command, column);
	if (command->operand != NULL)
		fprintf(out, " %s", command->operand);
	if (command->value != NULL)
		fprintf(out, " %s", command->value);
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
			fprintf(out, "  %-13s %s\n", each->name, each->summary);
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
	static const char *const common[] = {"--json", "--run-dir", "--help", "--version"};
	struct suggestion suggestion = {.wrong = option};
	char hint[80];

	for (size_t i = 0; i < COUNT(common); i++)
		suggest(&suggestion, common[i]);
	for (size_t i = 0; i < COUNT(options); i++)
		suggest(&suggestion, options[i].name);
	cli_error(cli, "unknown option \"%s\"%s", option,
		suggestion_text(&suggestion, hint, sizeof(hint)));
	return usage_status(cli, parse);
}

/* Does the command take an option of this name, be it this one or another that it shares the field
 * with? */
static bool takes(const struct command *command, const struct option *option)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].offset == option->offset && (options[i].bit & command->options) != 0)
			return true;
	return false;
}

/* Another of its name is the command's. */
static bool is_others(const struct command *command, const struct option *option)
{
	return (option->bit & command->options) == 0 && takes(command, option);
}

/* The field of an option in cli. */
static void *option_field(struct cli *cli, const struct option *option)
{
	return (char *)cli + option->offset;
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
	else
		for (size_t i = 0;; i++) {
			if (i == COUNT(options))
				return unknown_option(cli, parse, argument);
			if (options[i].needs != NULL || strcmp(options[i].name, argument) != 0)
				continue;
			*(bool *)option_field(cli, &options[i]) = true;
			break;
		}
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
		if (command->value != NULL && cli->value == NULL) {
			cli->value = word;
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
	const char *needs, const char **value, int left, char *const *arguments, int *used)
{
	size_t length = strlen(name);

	*used = 0;
	if (strncmp(arguments[0], name, length) != 0 ||
		(arguments[0][length] != '\0' && arguments[0][length] != '='))
		return STATUS_OK;
	*used = arguments[0][length] == '=' ? 1 : 2;
	if (*used == 2 && left < 2) {
		cli_error(cli, "%s needs %s", name, needs);
		return usage_status(cli, parse);
	}
	*value = *used == 1 ? arguments[0] + length + 1 : arguments[1];
	return STATUS_OK;
}

static int parse_values(
	struct cli *cli, struct parse *parse, int left, char *const *arguments, int *used)
{
	int status = parse_value(
		cli, parse, "--run-dir", "a directory", &cli->run_dir, left, arguments, used);

	for (size_t i = 0; i < COUNT(options) && status == STATUS_OK && *used == 0; i++)
		if (options[i].needs != NULL && !is_others(current(parse), &options[i]))
			status = parse_value(cli, parse, options[i].name, options[i].needs,
				option_field(cli, &options[i]), left, arguments, used);
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

static bool is_given(const struct cli *cli, const struct option *option)
{
	const char *field = (const char *)cli + option->offset;

	return option->needs != NULL ? *(const char *const *)field != NULL : *(const bool *)field;
}

/* One that the command does not know; NULL: none. */
static const char *stray_option(const struct parse *parse, const struct cli *cli)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (!takes(current(parse), &options[i]) && is_given(cli, &options[i]))
			return options[i].name;
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
	if (command->value != NULL && cli->value == NULL) {
		cli_error(cli, "%s needs %s after %s", command->name, command->value,
			command->operand);
		return usage_status(cli, parse);
	}
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
