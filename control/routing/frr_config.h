/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One FRR daemon's configuration as blocks of lines, and the difference between two blocks as
 * commands. A block is what an object of ours is: a BGP instance, a route-map, a VRF's static
 * routes, a profile of BFD. Lines are kept sorted by what they identify, so that a difference is
 * one merge. No I/O here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_kind { CONFIG_BGP, CONFIG_STATIC, CONFIG_BFD };

enum config_section { SECTION_NONE, SECTION_IPV4, SECTION_IPV6 };

/* The end of a wished line: the password that runs is to stay; where none does, this one, which no
 * neighbour can have, keeps the session down. */
#define CONFIG_PASSWORD_UNKNOWN " password -"

struct config_line {
	char *text;
	uint16_t key_length; /* the part of text that says which setting it is */
	uint8_t section;     /* enum config_section: the address family it stands in */
};

struct config_block {
	uint32_t references;
	size_t count, capacity;
	struct config_line *lines;
	char head[];
};

/* With one reference. NULL: no memory. */
struct config_block *config_block_new(const char *head);
struct config_block *config_block_hold(struct config_block *block);
void config_block_release(struct config_block *block); /* NULL is fine */
/* printf-style. 0 or -ENOMEM. */
int config_block_add(struct config_block *block, enum config_section section, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* After the last line: orders them; of two for one setting the one
 * whose text comes first is kept. */
void config_block_sort(struct config_block *block);
/* Two lines for one setting, of which the one that runs may stay. */
bool config_line_same(const struct config_line *a, const struct config_line *b);
bool config_block_equal(const struct config_block *a, const struct config_block *b);

/* Commands in order. */
struct config_commands {
	char **items;
	size_t count, capacity;
	bool failed; /* no memory */
};

void config_command(struct config_commands *commands, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void config_commands_free(struct config_commands *commands);

/* The commands that lead from runs to wish; either may be NULL. Each block's begin with `end`, so
 * that a command refused before cannot put these into another tenant's block. */
void config_difference(enum config_kind kind, const struct config_block *runs,
	const struct config_block *wish, struct config_commands *commands);

/* Calls each() with every block of ours in the text of `show running-config`, sorted, with a
 * reference given away. Blocks that are not ours are never seen. 0 or -ENOMEM. */
int config_parse(enum config_kind kind, const char *text, size_t length,
	void (*each)(struct config_block *block, void *context), void *context);
