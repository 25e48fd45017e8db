/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* By section, then by key: negative when a's comes first. */
static int compare_keys(const struct config_line *a, const struct config_line *b)
{
	size_t shorter = a->key_length < b->key_length ? a->key_length : b->key_length;
	int order;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	order = memcmp(a->text, b->text, shorter);
	if (order != 0)
		return order;
	return (int)a->key_length - (int)b->key_length;
}

/* Length of "neighbor ADDRESS", 0 for other lines. */
static size_t neighbor_length(const char *text)
{
	size_t prefix = strlen("neighbor ");

	return begins(text, "neighbor ") ? prefix + strcspn(text + prefix, " ") : 0;
}

static bool has_neighbor(const struct config_block *block, const char *text, size_t length)
{
	for (size_t i = 0; i < block->count; i++) {
		const char *line = block->lines[i].text;

		if (strncmp(line, text, length) == 0 && begins(line + length, " remote-as "))
			return true;
	}
	return false;
}

/* What a block's lines are to become. */
struct change {
	const struct config_block *wish;
	const struct config_line **removed, **added;
	size_t removed_count, added_count;
	struct config_commands *commands;
	enum config_section section; /* where the commands so far left the daemon */
};

static bool has_line(const struct config_block *block, const char *text, size_t length)
{
	for (size_t i = 0; i < block->count; i++) {
		const char *line = block->lines[i].text;

		if (strncmp(line, text, length) == 0 && line[length] == '\0')
			return true;
	}
	return false;
}

/* `no neighbor X bfd` takes all that BFD is told of X along, and a `no` of one of these would bring
 * the rest back. */
static bool goes_with_bfd(const struct change *change, const char *text, size_t neighbor)
{
	size_t bfd = neighbor + strlen(" bfd");

	return neighbor && begins(text + neighbor, " bfd ") && !has_line(change->wish, text, bfd);
}

/* A neighbour's policy of one direction is replaced by naming the other one: without any, in
 * between, all that was announced would be withdrawn (RFC 8212). */
static bool is_replaced(
	const struct change *change, const struct config_line *line, size_t neighbor)
{
	static const char map[] = " route-map ";
	size_t length = neighbor + strlen(map);
	const char *direction = strrchr(line->text, ' ');

	if (!neighbor || !begins(line->text + neighbor, map))
		return false;
	for (size_t i = 0; i < change->wish->count; i++) {
		const struct config_line *other = &change->wish->lines[i];

		if (other->section == line->section &&
			strncmp(other->text, line->text, length) == 0 &&
			strcmp(strrchr(other->text, ' '), direction) == 0)
			return true;
	}
	return false;
}

/* The order in which FRR takes lines well: what all sessions depend on, the session, its
 * settings, and activation last, when its policies are there. */
static unsigned int rank(const struct config_line *line)
{
	size_t neighbor = neighbor_length(line->text);
	unsigned int order = 0;

	if (neighbor && begins(line->text + neighbor, " remote-as "))
		order = 1;
	else if (neighbor && begins(line->text + neighbor, " activate"))
		order = 3;
	else if (neighbor)
		order = 2;
	return line->section * 4u + order;
}

static int compare_ranks(const void *a, const void *b)
{
	const struct config_line *const *left = a, *const *right = b;
	unsigned int left_rank = rank(*left), right_rank = rank(*right);

	if (left_rank != right_rank)
		return left_rank < right_rank ? -1 : 1;
	return compare_keys(*left, *right);
}

static void enter_section(struct change *change, enum config_section section)
{
	if (change->section == section)
		return;
	if (change->section != SECTION_NONE)
		config_command(change->commands, "exit-address-family");
	if (section != SECTION_NONE)
		config_command(change->commands, "address-family %s unicast",
			section == SECTION_IPV4 ? "ipv4" : "ipv6");
	change->section = section;
}

static void remove_line(struct change *change, const struct config_line *line)
{
	size_t neighbor = neighbor_length(line->text);

	if (neighbor && !has_neighbor(change->wish, line->text, neighbor)) {
		/* The whole neighbor goes with one command. */
		if (!begins(line->text + neighbor, " remote-as "))
			return;
		enter_section(change, SECTION_NONE);
		config_command(change->commands, "no %.*s", (int)neighbor, line->text);
		return;
	}
	if (goes_with_bfd(change, line->text, neighbor) || is_replaced(change, line, neighbor))
		return;
	enter_section(change, line->section);
	if (begins(line->text, "no "))
		config_command(change->commands, "%s", line->text + 3);
	else if (begins(line->text, "network "))
		config_command(change->commands, "no %.*s", (int)line->key_length, line->text);
	else
		config_command(change->commands, "no %s", line->text);
}

static void merge(struct change *change, const struct config_block *runs)
{
	const struct config_block *wish = change->wish;
	size_t r = 0, w = 0;

	while (r < runs->count || w < wish->count) {
		const struct config_line *old = r < runs->count ? &runs->lines[r] : NULL;
		const struct config_line *new = w < wish->count ? &wish->lines[w] : NULL;
		int order = !old ? 1 : !new ? -1 : compare_keys(old, new);

		if (order < 0)
			change->removed[change->removed_count++] = old;
		else if (order > 0)
			change->added[change->added_count++] = new;
		else if (!config_line_same(old, new))
			change->added[change->added_count++] = new;
		r += order <= 0;
		w += order >= 0;
	}
}

/* BGP's blocks stand alone, profiles inside bfd. */
static void emit_block(struct change *change, enum config_kind kind)
{
	config_command(change->commands, "end");
	config_command(change->commands, "configure terminal");
	if (kind == CONFIG_BFD)
		config_command(change->commands, "bfd");
	config_command(change->commands, "%s", change->wish->head);
	for (size_t i = 0; i < change->removed_count; i++)
		remove_line(change, change->removed[i]);
	qsort(change->added, change->added_count, sizeof(change->added[0]), compare_ranks);
	for (size_t i = 0; i < change->added_count; i++) {
		enter_section(change, change->added[i]->section);
		config_command(change->commands, "%s", change->added[i]->text);
	}
}

/* With the VRF in the line: FRR would take the line of a VRF it refused for the default one. */
static void emit_static(struct change *change)
{
	config_command(change->commands, "end");
	config_command(change->commands, "configure terminal");
	for (size_t i = 0; i < change->removed_count; i++)
		config_command(
			change->commands, "no %s %s", change->removed[i]->text, change->wish->head);
	for (size_t i = 0; i < change->added_count; i++)
		config_command(
			change->commands, "%s %s", change->added[i]->text, change->wish->head);
}

static void remove_block(enum config_kind kind, const struct config_block *runs,
	const struct config_block *empty, struct config_commands *commands)
{
	if (kind == CONFIG_STATIC) {
		config_difference(kind, runs, empty, commands);
		return;
	}
	config_command(commands, "end");
	config_command(commands, "configure terminal");
	if (kind == CONFIG_BFD)
		config_command(commands, "bfd");
	config_command(commands, "no %s", runs->head);
}

void config_difference(enum config_kind kind, const struct config_block *runs,
	const struct config_block *wish, struct config_commands *commands)
{
	struct config_block *empty = config_block_new(wish ? wish->head : runs->head);
	struct change change = {.wish = wish, .commands = commands};
	size_t lines = (runs ? runs->count : 0) + (wish ? wish->count : 0) + 1;

	change.removed = calloc(lines, sizeof(change.removed[0]));
	change.added = calloc(lines, sizeof(change.added[0]));
	if (!empty || !change.removed || !change.added) {
		commands->failed = true;
	} else if (!wish) {
		remove_block(kind, runs, empty, commands);
	} else {
		merge(&change, runs ? runs : empty);
		/* A block that is not there yet is made, even when it has no lines. */
		if (kind != CONFIG_STATIC && (!runs || change.removed_count || change.added_count))
			emit_block(&change, kind);
		if (kind == CONFIG_STATIC && (change.removed_count || change.added_count))
			emit_static(&change);
	}
	config_block_release(empty);
	free(change.removed);
	free(change.added);
}
