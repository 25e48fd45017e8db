/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_block *config_block_new(const char *head)
{
	size_t length = strlen(head) + 1;
	struct config_block *block = calloc(1, sizeof(*block) + length);

	if (!block)
		return NULL;
	block->references = 1;
	memcpy(block->head, head, length);
	return block;
}

struct config_block *config_block_hold(struct config_block *block)
{
	if (block)
		block->references++;
	return block;
}

void config_block_release(struct config_block *block)
{
	if (!block || --block->references > 0)
		return;
	for (size_t i = 0; i < block->count; i++)
		free(block->lines[i].text);
	free(block->lines);
	free(block);
}

/* Length of the first words of text. */
static size_t words(const char *text, unsigned int count)
{
	const char *at = text;

	while (count > 0 && *at) {
		at += strspn(at, " ");
		at += strcspn(at, " ");
		count--;
	}
	return (size_t)(at - text);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A setting that has one value is identified without it: the new value then replaces the old one
 * in one command. Others are identified by the whole line. */
static size_t key_length(const char *text)
{
	static const char *const single[] = {"remote-as ", "description ", "update-source ",
		"timers ", "bfd profile ", "password ", "maximum-prefix ", "shutdown "};
	size_t neighbor = words(text, 2);

	if (begins(text, "network ") || begins(text, "bgp router-id "))
		return neighbor;
	if (begins(text, "bgp graceful-restart rib-stale-time "))
		return words(text, 3);
	if (begins(text, "maximum-paths ") || begins(text, "detect-multiplier ") ||
		begins(text, "receive-interval ") || begins(text, "transmit-interval "))
		return words(text, 1);
	if (!begins(text, "neighbor ") || text[neighbor] != ' ')
		return strlen(text);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		if (begins(text + neighbor + 1, single[i]))
			return words(text, begins(single[i], "bfd ") ? 4 : 3);
	}
	return strlen(text);
}

int config_block_add(
	struct config_block *block, enum config_section section, const char *format, ...)
{
	struct config_line *line;
	va_list arguments;
	char *text;
	int length;

	if (block->count == block->capacity) {
		size_t capacity = block->capacity * 2 + 8;
		struct config_line *larger = realloc(block->lines, capacity * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		block->lines = larger;
		block->capacity = capacity;
	}
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	line = &block->lines[block->count++];
	line->text = text;
	line->section = (uint8_t)section;
	line->key_length = (uint16_t)key_length(text);
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	const struct config_line *left = a, *right = b;
	size_t shorter =
		left->key_length < right->key_length ? left->key_length : right->key_length;
	int order;

	if (left->section != right->section)
		return left->section < right->section ? -1 : 1;
	order = memcmp(left->text, right->text, shorter);
	if (order != 0)
		return order;
	return left->key_length == right->key_length  ? 0
	       : left->key_length < right->key_length ? -1
						      : 1;
}

static int compare_whole_lines(const void *a, const void *b)
{
	const struct config_line *left = a, *right = b;
	int order = compare_lines(left, right);

	return order ? order : strcmp(left->text, right->text);
}

void config_block_sort(struct config_block *block)
{
	size_t kept = 0;

	if (block->count > 1)
		qsort(block->lines, block->count, sizeof(block->lines[0]), compare_whole_lines);
	for (size_t i = 0; i < block->count; i++) {
		if (kept > 0 && compare_lines(&block->lines[kept - 1], &block->lines[i]) == 0) {
			free(block->lines[i].text);
			continue;
		}
		block->lines[kept++] = block->lines[i];
	}
	block->count = kept;
}

/* Changing a router id resets every session of the instance, so the one it was made with stays;
 * and so does a password whose file could not be read. */
static bool is_sticky(const struct config_line *line)
{
	size_t length = strlen(line->text), unknown = strlen(CONFIG_PASSWORD_UNKNOWN);

	return begins(line->text, "bgp router-id ") ||
	       (length > unknown &&
		       strcmp(line->text + length - unknown, CONFIG_PASSWORD_UNKNOWN) == 0);
}

bool config_line_same(const struct config_line *a, const struct config_line *b)
{
	return compare_lines(a, b) == 0 &&
	       (is_sticky(a) || is_sticky(b) || strcmp(a->text, b->text) == 0);
}

bool config_block_equal(const struct config_block *a, const struct config_block *b)
{
	if (!a || !b)
		return a == b;
	if (a->count != b->count || strcmp(a->head, b->head) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!config_line_same(&a->lines[i], &b->lines[i]))
			return false;
	}
	return true;
}

void config_command(struct config_commands *commands, const char *format, ...)
{
	va_list arguments;
	int length;

	if (commands->count == commands->capacity) {
		size_t capacity = commands->capacity * 2 + 64;
		char **larger = realloc(commands->items, capacity * sizeof(*larger));

		if (!larger) {
			commands->failed = true;
			return;
		}
		commands->items = larger;
		commands->capacity = capacity;
	}
	va_start(arguments, format);
	length = vasprintf(&commands->items[commands->count], format, arguments);
	va_end(arguments);
	if (length < 0)
		commands->failed = true;
	else
		commands->count++;
}

void config_commands_free(struct config_commands *commands)
{
	for (size_t i = 0; i < commands->count; i++)
		free(commands->items[i]);
	free(commands->items);
	memset(commands, 0, sizeof(*commands));
}
