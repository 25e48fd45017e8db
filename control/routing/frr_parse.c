/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	enum config_kind kind;
	void (*each)(struct config_block *block, void *context);
	void *context;
	struct config_block *block; /* NULL: inside what is not ours */
	enum config_section section;
	bool inside; /* bfdd's: within the bfd that its profiles stand in */
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_our_domain(const char *name)
{
	return begins(name, "private.") || begins(name, "public.") || begins(name, "vnet.") ||
	       begins(name, "service.");
}

static bool is_our_head(enum config_kind kind, const char *head)
{
	const char *vrf = strstr(head, " vrf ");

	if (kind == CONFIG_BFD)
		return begins(head, "profile onramp-");
	if (kind == CONFIG_STATIC)
		return begins(head, "vrf ") && is_our_domain(head + 4);
	if (begins(head, "router bgp "))
		return vrf && is_our_domain(vrf + 5);
	return begins(head, "route-map onramp-") || begins(head, "ip prefix-list onramp-") ||
	       begins(head, "ipv6 prefix-list onramp-") ||
	       begins(head, "bgp as-path access-list onramp-") ||
	       begins(head, "bgp large-community-list standard onramp-");
}

static void end_block(struct parser *parser)
{
	if (!parser->block)
		return;
	config_block_sort(parser->block);
	/* staticd shows a VRF as long as it exists, also without routes. */
	if (parser->kind == CONFIG_STATIC && parser->block->count == 0)
		config_block_release(parser->block);
	else
		parser->each(parser->block, parser->context);
	parser->block = NULL;
}

static int take_head(struct parser *parser, const char *line)
{
	end_block(parser);
	parser->section = SECTION_NONE;
	if (!is_our_head(parser->kind, line))
		return 0;
	parser->block = config_block_new(line);
	return parser->block ? 0 : -ENOMEM;
}

static int take_line(struct parser *parser, char *line)
{
	char *text = line + strspn(line, " ");

	if (*text == '\0' || *text == '!')
		return 0;
	if (text == line) {
		parser->inside = parser->kind == CONFIG_BFD && strcmp(line, "bfd") == 0;
		return take_head(parser, line);
	}
	if (parser->inside && text == line + 1)
		return take_head(parser, text);
	if (!parser->block)
		return 0;
	if (strcmp(text, "address-family ipv4 unicast") == 0)
		parser->section = SECTION_IPV4;
	else if (strcmp(text, "address-family ipv6 unicast") == 0)
		parser->section = SECTION_IPV6;
	else if (strcmp(text, "exit-address-family") == 0)
		parser->section = SECTION_NONE;
	else
		return config_block_add(parser->block, parser->section, "%s", text);
	return 0;
}

int config_parse(enum config_kind kind, const char *text, size_t length,
	void (*each)(struct config_block *block, void *context), void *context)
{
	struct parser parser = {.kind = kind, .each = each, .context = context};
	char *copy = strndup(text, length);
	char *rest = copy;
	char *line;
	int error = copy ? 0 : -ENOMEM;

	while (error == 0 && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		error = take_line(&parser, line);
	}
	if (error == 0)
		end_block(&parser);
	else
		config_block_release(parser.block);
	free(copy);
	return error;
}
