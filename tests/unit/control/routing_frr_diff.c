/* SPDX-License-Identifier: BSD-3-Clause */
/* FRR's configuration texts, as 8.4.4 writes them, and the commands that lead from one to another.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/validation.h"
#include "control/routing/frr_wish.h"

static const char *const running =
	"frr version 8.4.4\n"
	"frr defaults traditional\n"
	"!\n"
	"hostname edge\n"
	"!\n"
	"router bgp 65000\n"
	" neighbor 10.0.0.9 remote-as 65009\n"
	"exit\n"
	"!\n"
	"router bgp 4200100001 vrf private.a\n"
	" bgp router-id 192.0.2.2\n"
	" bgp log-neighbor-changes\n"
	" no bgp default ipv4-unicast\n"
	" bgp graceful-restart\n"
	" bgp graceful-restart restart-time 20\n"
	" bgp graceful-restart preserve-fw-state\n"
	" no bgp network import-check\n"
	" neighbor 192.0.2.1 remote-as 65001\n"
	" neighbor 192.0.2.1 description a/private/primary\n"
	" neighbor 192.0.2.1 update-source 192.0.2.2\n"
	" neighbor 192.0.2.1 timers connect 5\n"
	" !\n"
	" address-family ipv4 unicast\n"
	"  network 10.1.0.0/16 route-map onramp-0123456789abcdef\n"
	"  network 10.2.0.0/16 route-map onramp-0123456789abcdef\n"
	"  neighbor 192.0.2.1 activate\n"
	"  neighbor 192.0.2.1 route-map onramp-in in\n"
	"  neighbor 192.0.2.1 route-map onramp-out out\n"
	"  maximum-paths 16\n"
	" exit-address-family\n"
	" !\n"
	" address-family ipv6 unicast\n"
	"  maximum-paths 16\n"
	" exit-address-family\n"
	"exit\n"
	"!\n"
	"bgp large-community-list standard onramp-local seq 5 permit 4200100001:0:1\n"
	"bgp large-community-list standard theirs seq 5 permit 1:2:3\n"
	"!\n"
	"route-map onramp-in permit 10\n"
	" set large-comm-list onramp-local delete\n"
	"exit\n"
	"!\n"
	"route-map theirs permit 10\n"
	" set metric 5\n"
	"exit\n"
	"!\n";

struct blocks {
	struct config_block *items[16];
	size_t count;
};

static void keep(struct config_block *block, void *context)
{
	struct blocks *blocks = context;

	assert_true(blocks->count < 16);
	blocks->items[blocks->count++] = block;
}

static void release(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++)
		config_block_release(blocks->items[i]);
	blocks->count = 0;
}

static void parse(enum config_kind kind, const char *text, struct blocks *blocks)
{
	assert_int_equal(config_parse(kind, text, strlen(text), keep, blocks), 0);
}

static struct config_block *instance(const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		if (strcmp(blocks->items[i]->head, "router bgp 4200100001 vrf private.a") == 0)
			return blocks->items[i];
	}
	fail_msg("the instance is not among the blocks");
	return NULL;
}

/* The text after replacing one piece of the running configuration. */
static char *edited(const char *from, const char *to)
{
	const char *at = strstr(running, from);
	char *text;

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - running), running, to,
			    at + strlen(from)) > 0);
	return text;
}

/* The commands, joined by newlines, that lead the instance from running to the edited one. */
static void expect_commands(const char *from, const char *to, const char *expected)
{
	struct blocks old = {.count = 0}, new = {.count = 0};
	struct config_commands commands = {0};
	char *text = edited(from, to);
	char joined[4096] = "";

	parse(CONFIG_BGP, running, &old);
	parse(CONFIG_BGP, text, &new);
	config_difference(CONFIG_BGP, instance(&old), instance(&new), &commands);
	assert_false(commands.failed);
	for (size_t i = 0; i < commands.count; i++) {
		strcat(joined, commands.items[i]);
		strcat(joined, "\n");
	}
	assert_string_equal(joined, expected);
	config_commands_free(&commands);
	release(&old);
	release(&new);
	free(text);
}

static void sees_only_what_is_ours(void **state)
{
	struct blocks blocks = {.count = 0};

	parse(CONFIG_BGP, running, &blocks);
	assert_int_equal(blocks.count, 3);
	assert_string_equal(blocks.items[0]->head, "router bgp 4200100001 vrf private.a");
	assert_int_equal(blocks.items[0]->count, 18);
	assert_string_equal(blocks.items[1]->head,
		"bgp large-community-list standard onramp-local seq 5 permit 4200100001:0:1");
	assert_string_equal(blocks.items[2]->head, "route-map onramp-in permit 10");
	release(&blocks);
}

static void says_nothing_when_nothing_differs(void **state)
{
	expect_commands("hostname edge", "hostname other", "");
	/* The order of lines is FRR's affair. */
	expect_commands("  neighbor 192.0.2.1 route-map onramp-out out\n  maximum-paths 16\n",
		"  maximum-paths 16\n  neighbor 192.0.2.1 route-map onramp-out out\n", "");
}

static void replaces_an_announcement_in_one_command(void **state)
{
	expect_commands("  network 10.1.0.0/16 route-map onramp-0123456789abcdef\n",
		"  network 10.1.0.0/16 route-map onramp-ffffffffffffffff\n",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"address-family ipv4 unicast\n"
		"network 10.1.0.0/16 route-map onramp-ffffffffffffffff\n");
}

/* A limit that changes is told in one command: without it, in between, the session would be open to
 * all. */
static void changes_limits_in_one_command(void **state)
{
#define AT "  neighbor 192.0.2.1 route-map onramp-out out\n"
#define LIMIT AT "  neighbor 192.0.2.1 maximum-prefix 4000 "
	char *texts[] = {edited(AT, LIMIT "80 restart 1\n"), edited(AT, LIMIT "79 restart 1\n")};
	struct blocks old = {.count = 0}, new = {.count = 0};
	struct config_commands commands = {0};

	parse(CONFIG_BGP, texts[0], &old);
	parse(CONFIG_BGP, texts[1], &new);
	config_difference(CONFIG_BGP, instance(&old), instance(&new), &commands);
	assert_int_equal(commands.count, 5);
	assert_string_equal(
		commands.items[4], "neighbor 192.0.2.1 maximum-prefix 4000 79 restart 1");
	config_commands_free(&commands);
	release(&old);
	release(&new);
	free(texts[0]);
	free(texts[1]);
}

/* So is a key. One that could not be read leaves the one that runs; where none runs, it becomes one
 * that nobody has. */
static void changes_keys_in_one_command(void **state)
{
	static const char limit[] = " neighbor 192.0.2.1 timers connect 5\n";
	char *with = edited(limit, " neighbor 192.0.2.1 timers connect 5\n"
				   " neighbor 192.0.2.1 password old\n");
	struct blocks old = {.count = 0}, new = {.count = 0}, unknown = {.count = 0};
	struct config_commands commands = {0};
	char *text = edited(limit, " neighbor 192.0.2.1 timers connect 5\n"
				   " neighbor 192.0.2.1 password -\n");

	parse(CONFIG_BGP, with, &old);
	parse(CONFIG_BGP, text, &unknown);
	parse(CONFIG_BGP, running, &new);
	assert_true(config_block_equal(instance(&old), instance(&unknown)));
	config_difference(CONFIG_BGP, instance(&old), instance(&unknown), &commands);
	assert_int_equal(commands.count, 0);
	config_difference(CONFIG_BGP, instance(&new), instance(&unknown), &commands);
	assert_int_equal(commands.count, 4);
	assert_string_equal(commands.items[3], "neighbor 192.0.2.1 password -");
	config_commands_free(&commands);
	config_difference(CONFIG_BGP, instance(&unknown), instance(&new), &commands);
	assert_string_equal(commands.items[3], "no neighbor 192.0.2.1 password -");
	config_commands_free(&commands);
	release(&old);
	release(&new);
	release(&unknown);
	free(with);
	free(text);
}

static void withdraws_an_announcement(void **state)
{
	expect_commands("  network 10.1.0.0/16 route-map onramp-0123456789abcdef\n", "",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"address-family ipv4 unicast\nno network 10.1.0.0/16\n");
}

static void removes_a_neighbor_with_one_command(void **state)
{
	expect_commands(" neighbor 192.0.2.1 remote-as 65001\n"
			" neighbor 192.0.2.1 description a/private/primary\n"
			" neighbor 192.0.2.1 update-source 192.0.2.2\n"
			" neighbor 192.0.2.1 timers connect 5\n"
			" !\n"
			" address-family ipv4 unicast\n"
			"  network 10.1.0.0/16 route-map onramp-0123456789abcdef\n"
			"  network 10.2.0.0/16 route-map onramp-0123456789abcdef\n"
			"  neighbor 192.0.2.1 activate\n"
			"  neighbor 192.0.2.1 route-map onramp-in in\n"
			"  neighbor 192.0.2.1 route-map onramp-out out\n",
		" !\n"
		" address-family ipv4 unicast\n"
		"  network 10.1.0.0/16 route-map onramp-0123456789abcdef\n"
		"  network 10.2.0.0/16 route-map onramp-0123456789abcdef\n",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"no neighbor 192.0.2.1\n");
}

static void adds_a_neighbor_whole_and_activates_it_last(void **state)
{
	expect_commands(" !\n address-family ipv6 unicast\n",
		" neighbor 2001:db8::1 description a/private/primary\n"
		" neighbor 2001:db8::1 remote-as 65001\n"
		" !\n address-family ipv6 unicast\n"
		"  neighbor 2001:db8::1 activate\n"
		"  neighbor 2001:db8::1 route-map onramp-out out\n",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"neighbor 2001:db8::1 remote-as 65001\n"
		"neighbor 2001:db8::1 description a/private/primary\n"
		"address-family ipv6 unicast\n"
		"neighbor 2001:db8::1 route-map onramp-out out\n"
		"neighbor 2001:db8::1 activate\n");
}

static void takes_back_what_an_operator_added_in_a_domain(void **state)
{
	expect_commands(" no bgp default ipv4-unicast\n", "",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"bgp default ipv4-unicast\n");
}

/* It would reset every session of the instance. */
static void leaves_the_router_id_alone(void **state)
{
	expect_commands(" bgp router-id 192.0.2.2\n", " bgp router-id 192.0.2.6\n", "");
}

static void names_the_vrf_in_static_routes(void **state)
{
	static const char *const old_text = "vrf vnet.a\n"
					    " ip route 10.1.0.0/16 10.255.1.2\n"
					    " ipv6 route 2001:db8:a::/48 2001:db8:99::2\n"
					    "exit-vrf\n"
					    "vrf vnet.empty\n"
					    "exit-vrf\n"
					    "vrf other\n"
					    " ip route 10.9.0.0/16 10.255.1.2\n"
					    "exit-vrf\n";
	static const char *const new_text = "vrf vnet.a\n"
					    " ip route 10.1.0.0/16 10.255.1.6\n"
					    " ipv6 route 2001:db8:a::/48 2001:db8:99::2\n"
					    "exit-vrf\n";
	struct blocks old = {.count = 0}, new = {.count = 0};
	struct config_commands commands = {0};

	parse(CONFIG_STATIC, old_text, &old);
	parse(CONFIG_STATIC, new_text, &new);
	assert_int_equal(old.count, 1);
	config_difference(CONFIG_STATIC, old.items[0], new.items[0], &commands);
	assert_int_equal(commands.count, 4);
	assert_string_equal(commands.items[2], "no ip route 10.1.0.0/16 10.255.1.2 vrf vnet.a");
	assert_string_equal(commands.items[3], "ip route 10.1.0.0/16 10.255.1.6 vrf vnet.a");
	config_commands_free(&commands);
	config_difference(CONFIG_STATIC, old.items[0], NULL, &commands);
	assert_int_equal(commands.count, 4);
	config_commands_free(&commands);
	release(&old);
	release(&new);
}

/* Each `no` of a setting would make FRR write `neighbor X bfd` again. */
static void takes_bfd_off_with_one_command(void **state)
{
	static const char on[] = " neighbor 192.0.2.1 bfd\n"
				 " neighbor 192.0.2.1 bfd profile onramp-300-3\n"
				 " neighbor 192.0.2.1 bfd check-control-plane-failure\n !\n";
	struct blocks old = {.count = 0}, new = {.count = 0};
	struct config_commands commands = {0};
	char *text = edited(" !\n", on);

	parse(CONFIG_BGP, text, &old);
	parse(CONFIG_BGP, running, &new);
	config_difference(CONFIG_BGP, instance(&old), instance(&new), &commands);
	assert_int_equal(commands.count, 4);
	assert_string_equal(commands.items[3], "no neighbor 192.0.2.1 bfd");
	config_commands_free(&commands);
	release(&old);
	release(&new);
	free(text);
}

/* Between two commands bgpd may act: there must be no moment without a policy. */
static void replaces_a_policy_in_one_command(void **state)
{
	expect_commands("  neighbor 192.0.2.1 route-map onramp-out out\n",
		"  neighbor 192.0.2.1 route-map onramp-out-drain out\n",
		"end\nconfigure terminal\nrouter bgp 4200100001 vrf private.a\n"
		"address-family ipv4 unicast\n"
		"neighbor 192.0.2.1 route-map onramp-out-drain out\n");
}

static void keeps_profiles_inside_bfd(void **state)
{
	static const char text[] = "hostname edge\nbfd\n profile onramp-300-3\n exit\n !\n"
				   " profile theirs\n  passive-mode\n exit\n !\n"
				   " profile onramp-50-4\n  detect-multiplier 5\n"
				   "  transmit-interval 50\n  receive-interval 50\n exit\n !\n"
				   " peer 10.0.0.1\n  detect-multiplier 9\n exit\n !\nexit\n!\n";
	struct blocks blocks = {.count = 0};
	struct config_commands commands = {0};
	struct config_block *wish = config_block_new("profile onramp-50-4");

	parse(CONFIG_BFD, text, &blocks);
	assert_int_equal(blocks.count, 2);
	assert_string_equal(blocks.items[0]->head, "profile onramp-300-3");
	assert_int_equal(blocks.items[0]->count, 0);
	assert_int_equal(blocks.items[1]->count, 3);
	assert_int_equal(config_block_add(wish, SECTION_NONE, "detect-multiplier 4"), 0);
	assert_int_equal(config_block_add(wish, SECTION_NONE, "receive-interval 50"), 0);
	assert_int_equal(config_block_add(wish, SECTION_NONE, "transmit-interval 50"), 0);
	config_difference(CONFIG_BFD, blocks.items[1], wish, &commands);
	assert_int_equal(commands.count, 5);
	assert_string_equal(commands.items[2], "bfd");
	assert_string_equal(commands.items[3], "profile onramp-50-4");
	assert_string_equal(commands.items[4], "detect-multiplier 4");
	config_commands_free(&commands);
	config_difference(CONFIG_BFD, blocks.items[1], NULL, &commands);
	assert_string_equal(commands.items[3], "no profile onramp-50-4");
	config_commands_free(&commands);
	config_block_release(wish);
	release(&blocks);
}

static void writes_communities_as_frr_does(void **state)
{
	char standard[256], large[256];

	assert_int_equal(
		frr_canonical_communities("65001:2 no-export 65001:1 65001:2 65535:0 5:6:7",
			standard, sizeof(standard), large, sizeof(large)),
		0);
	assert_string_equal(standard, "65001:1 65001:2 graceful-shutdown no-export");
	assert_string_equal(large, "5:6:7");
	assert_true(frr_canonical_communities(
			    "65536:1", standard, sizeof(standard), large, sizeof(large)) < 0);
	assert_true(frr_canonical_communities(
			    "1:2:3:4", standard, sizeof(standard), large, sizeof(large)) < 0);
}

static struct ip prefix(const char *text, uint8_t length)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET, .prefix_len = length};

	assert_int_equal(inet_pton(ip.family, text, ip.address), 1);
	return ip;
}

static bool has_line(const struct config_block *block, const char *text)
{
	for (size_t i = 0; i < block->count; i++) {
		if (strcmp(block->lines[i].text, text) == 0)
			return true;
	}
	return false;
}

static uint8_t shut_out, shut_in, key_again; /* of the next wish */
static const struct md5_key *md5_key;        /* the same */
static bool bfdd_is_there = true;

static void wish_of(enum domain_kind kind, bool ready, struct frr_wish *wish)
{
	static struct plan_domain domain;
	static struct frr_announcement announcements[1000];
	struct site site = {.asn = 4200100001};
	struct frr_domain wanted = {.domain = &domain,
		.announcements = announcements,
		.announcement_count = 1000,
		.ready = ready,
		.stale_s = 180,
		.shut_out = shut_out,
		.shut_in = shut_in,
		.key_again = {key_again},
		.bfd = bfdd_is_there};

	domain = (struct plan_domain){.kind = kind, .link_count = 2};
	strcpy(domain.name, "private.a");
	for (unsigned int i = 0; i < 2; i++) {
		struct plan_link *link = &domain.links[i];

		snprintf(link->name, sizeof(link->name), "a/private/%u", i);
		link->peer_asn = 65001;
		link->bfd = (struct bfd_timers){i ? 300 : 50, 3};
		link->md5 = md5_key;
		link->edge4 = prefix(i ? "192.0.2.2" : "192.0.2.6", 30);
		link->peer4 = prefix(i ? "192.0.2.1" : "192.0.2.5", 30);
		link->edge6 = prefix(i ? "2001:db8::2" : "2001:db8::6", 126);
		link->peer6 = prefix(i ? "2001:db8::1" : "2001:db8::5", 126);
	}
	for (unsigned int i = 0; i < 1000; i++) {
		announcements[i] = (struct frr_announcement){.prefix = prefix("10.0.0.0", 24),
			.as_path = {65009, 65010},
			.as_path_length = 2,
			.has_med = i % 2,
			.med = 7};
		announcements[i].prefix.address[1] = (uint8_t)(i / 256);
		announcements[i].prefix.address[2] = (uint8_t)i;
	}
	assert_int_equal(frr_wish_build(wish, &site, &wanted), 0);
}

static void shares_route_maps_between_equal_announcements(void **state)
{
	struct frr_wish wish;
	const struct config_block *with_med;

	wish_of(DOMAIN_PRIVATE, true, &wish);
	assert_int_equal(wish.map_count, 2);
	with_med = wish.maps[has_line(wish.maps[1], "set metric 7")];
	assert_true(has_line(with_med, "set metric 7"));
	assert_true(has_line(with_med, "set as-path prepend 65009 65010"));
	assert_true(has_line(with_med, "set large-community 4200100001:0:1"));
	assert_true(has_line(wish.bgp, "bgp router-id 192.0.2.2"));
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 update-source 2001:db8::6"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.5 route-map onramp-out out"));
	frr_wish_free(&wish);
}

static void gives_each_session_the_bfd_of_its_link(void **state)
{
	struct frr_wish wish;

	wish_of(DOMAIN_PRIVATE, true, &wish);
	assert_string_equal(wish.profiles[0]->head, "profile onramp-50-3");
	assert_int_equal(wish.profiles[0]->count, 2);
	assert_true(has_line(wish.profiles[0], "transmit-interval 50"));
	assert_string_equal(wish.profiles[1]->head, "profile onramp-300-3");
	assert_int_equal(wish.profiles[1]->count, 0); /* bfdd writes no defaults */
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 bfd"));
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 bfd profile onramp-50-3"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 bfd profile onramp-300-3"));
	frr_wish_free(&wish);
}

/* bgpd resets a session that it knew Up and a new bfdd calls Down: it must know of none. */
static void forgets_bfd_while_bfdd_is_away(void **state)
{
	struct frr_wish wish;

	bfdd_is_there = false;
	wish_of(DOMAIN_PRIVATE, true, &wish);
	bfdd_is_there = true;
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 remote-as 65001"));
	assert_false(has_line(wish.bgp, "neighbor 2001:db8::5 bfd"));
	assert_false(has_line(wish.bgp, "neighbor 2001:db8::5 bfd profile onramp-50-3"));
	assert_false(has_line(wish.bgp, "neighbor 2001:db8::5 bfd check-control-plane-failure"));
	frr_wish_free(&wish);
}

static void asks_only_the_drained_link_to_be_left(void **state)
{
	struct frr_wish wish;

	shut_out = 1; /* link 0 has .5 and ::5, link 1 .1 and ::1 */
	wish_of(DOMAIN_PRIVATE, true, &wish);
	shut_out = 0;
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.5 route-map onramp-out-drain out"));
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 route-map onramp-out-drain out"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.5 route-map onramp-in in"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-out out"));
	frr_wish_free(&wish);
	shut_in = 2;
	wish_of(DOMAIN_PRIVATE, true, &wish);
	shut_in = 0;
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-in-drain in"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.5 route-map onramp-in in"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-out out"));
	frr_wish_free(&wish);
}

/* Without its key the session is shut, so that nobody gets in unsigned. */
static void a_key_is_stated_anew(void **state)
{
	static const char shut[] =
		"neighbor 192.0.2.5 shutdown message the key is being stated anew";
	struct frr_wish wish;

	md5_key = &(const struct md5_key){.secret = "abc"};
	wish_of(DOMAIN_PRIVATE, true, &wish);
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.5 password abc"));
	assert_false(has_line(wish.bgp, shut));
	frr_wish_free(&wish);
	key_again = 1; /* of IPv4, by link 0 */
	wish_of(DOMAIN_PRIVATE, true, &wish);
	key_again = 0;
	md5_key = NULL;
	assert_false(has_line(wish.bgp, "neighbor 192.0.2.5 password abc"));
	assert_true(has_line(wish.bgp, shut));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 password abc"));
	assert_true(has_line(wish.bgp, "neighbor 2001:db8::5 password abc"));
	frr_wish_free(&wish);
}

static void announces_nothing_before_it_is_ready(void **state)
{
	struct frr_wish wish;

	wish_of(DOMAIN_PRIVATE, false, &wish);
	assert_int_equal(wish.map_count, 0);
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 remote-as 65001"));
	for (size_t i = 0; i < wish.bgp->count; i++)
		assert_int_not_equal(strncmp(wish.bgp->lines[i].text, "network ", 8), 0);
	frr_wish_free(&wish);
}

static void denies_all_in_a_public_domain(void **state)
{
	struct frr_wish wish;

	wish_of(DOMAIN_PUBLIC, true, &wish);
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-deny in"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-deny out"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 shutdown message no public prefix is "
				       "validated yet"));
	frr_wish_free(&wish);
}

static const struct config_block *map_with(const struct frr_wish *wish, const char *head)
{
	for (size_t i = 0; i < wish->map_count; i++)
		if (strstr(wish->maps[i]->head, head) != NULL)
			return wish->maps[i];
	return NULL;
}

/* Only what is validated, parts of it down to /29, and no path of others; both links share it. */
static void takes_validated_prefixes_alone(void **state)
{
	const struct ip validated[] = {prefix("198.51.100.0", 24), prefix("192.88.100.8", 29)};
	struct plan_domain domain = {.kind = DOMAIN_PUBLIC,
		.link_count = 2,
		.limits = {200, 200, false},
		.accepted = validated,
		.accepted_count = 2};
	struct frr_domain wanted = {.domain = &domain, .ready = true, .stale_s = 180};
	const struct site site = {.asn = 4200100001};
	const struct config_block *list, *map = NULL;
	struct frr_wish wish;
	char line[160];

	strcpy(domain.name, "public.a");
	for (unsigned int i = 0; i < 2; i++) {
		domain.links[i].peer_asn = 65001;
		domain.links[i].edge4 = prefix(i ? "192.0.2.2" : "192.0.2.6", 30);
		domain.links[i].peer4 = prefix(i ? "192.0.2.1" : "192.0.2.5", 30);
	}
	assert_int_equal(frr_wish_build(&wish, &site, &wanted), 0);
	/* Two prefixes, a list of paths and a policy for IPv4; the last two for IPv6. */
	assert_int_equal(wish.map_count, 6);
	list = map_with(&wish, "seq 5 permit 198.51.100.0/24 le 29");
	assert_non_null(list);
	assert_non_null(map_with(&wish, "seq 10 permit 192.88.100.8/29"));
	assert_null(map_with(&wish, "192.88.100.8/29 le"));
	assert_non_null(map_with(&wish, "permit ^(65001|6451[2-9]|"));
	snprintf(line, sizeof(line), "match ip address %.*s",
		(int)(strstr(list->head, " seq") - list->head - 3), list->head + 3);
	for (size_t i = 0; i < wish.map_count; i++)
		if (has_line(wish.maps[i], line))
			map = wish.maps[i];
	assert_non_null(map);
	assert_true(has_line(map, "set large-comm-list onramp-local delete"));
	snprintf(line, sizeof(line), "neighbor 192.0.2.1 route-map %.*s in",
		(int)strcspn(map->head + 10, " "), map->head + 10);
	assert_true(has_line(wish.bgp, line));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-out out"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 soft-reconfiguration inbound"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 maximum-prefix 200 80 restart 1 force"));
	frr_wish_free(&wish);
}

static struct peering_validation *validation_of(
	struct vrps *vrps, const struct ip *validated, unsigned int count)
{
	struct origin_sources sources = {.rpki_asked = true, .rpki = {vrps}, .rpki_count = 1};
	struct peering_validation *validation;

	vrps_settle(vrps);
	validation = validation_make(&sources, validated, count, 64500);
	assert_non_null(validation);
	return validation;
}

/* Where RPKI knows more of a part, the part comes first; the AS that owns it may be in paths. */
static void refuses_what_rpki_calls_invalid(void **state)
{
	const struct ip validated[] = {prefix("198.51.100.0", 24), prefix("192.88.100.0", 24)};
	const struct ip part = prefix("198.51.100.128", 26);
	struct vrps vrps = {0};
	struct plan_domain domain = {.kind = DOMAIN_PUBLIC,
		.link_count = 1,
		.origin_asn = 64500,
		.accepted = validated,
		.accepted_count = 2};
	struct frr_domain wanted = {.domain = &domain, .ready = true, .stale_s = 180};
	const struct site site = {.asn = 4200100001};
	struct peering_validation *validation;
	struct frr_wish wish;
	uint64_t hash;

	strcpy(domain.name, "public.a");
	domain.links[0].peer_asn = 65001;
	domain.links[0].edge4 = prefix("192.0.2.2", 30);
	domain.links[0].peer4 = prefix("192.0.2.1", 30);
	hash = frr_wish_hash(&site, &wanted);
	assert_int_equal(vrps_add(&vrps, &validated[0], 25, 64500), 0);
	assert_int_equal(vrps_add(&vrps, &part, 32, 64501), 0);
	assert_int_equal(vrps_add(&vrps, &validated[1], 29, 64500), 0);
	validation = validation_of(&vrps, validated, 2);
	domain.validation = validation;
	assert_true(frr_wish_hash(&site, &wanted) != hash);
	hash = frr_wish_hash(&site, &wanted);
	assert_int_equal(frr_wish_build(&wish, &site, &wanted), 0);
	assert_non_null(map_with(&wish, "seq 5 deny 198.51.100.128/26 le 32"));
	assert_non_null(map_with(&wish, "seq 10 permit 192.88.100.0/24 le 29"));
	assert_non_null(map_with(&wish, "seq 15 deny 192.88.100.0/24 le 32"));
	assert_non_null(map_with(&wish, "seq 20 permit 198.51.100.0/24 le 25"));
	assert_non_null(map_with(&wish, "seq 25 deny 198.51.100.0/24 le 32"));
	assert_non_null(map_with(&wish, "permit ^(65001|64500|6451[2-9]|"));
	for (size_t i = 0; i < wish.bgp->count; i++)
		assert_null(strstr(wish.bgp->lines[i].text, "shutdown"));
	frr_wish_free(&wish);
	validation_free(validation);

	/* Another's now: the neighbour is told what is not validated. */
	for (size_t i = 0; i < vrps.count; i++)
		vrps.entries[i].asn = 64501;
	validation = validation_of(&vrps, validated, 2);
	domain.validation = validation;
	assert_true(frr_wish_hash(&site, &wanted) != hash);
	assert_int_equal(frr_wish_build(&wish, &site, &wanted), 0);
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 shutdown message 198.51.100.0/24 is not "
				       "validated for AS 64500 (RPKI: of AS 64501)"));
	assert_true(has_line(wish.bgp, "neighbor 192.0.2.1 route-map onramp-deny out"));
	frr_wish_free(&wish);
	validation_free(validation);
	vrps_free(&vrps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_only_what_is_ours),
		cmocka_unit_test(says_nothing_when_nothing_differs),
		cmocka_unit_test(replaces_an_announcement_in_one_command),
		cmocka_unit_test(changes_limits_in_one_command),
		cmocka_unit_test(changes_keys_in_one_command),
		cmocka_unit_test(withdraws_an_announcement),
		cmocka_unit_test(removes_a_neighbor_with_one_command),
		cmocka_unit_test(adds_a_neighbor_whole_and_activates_it_last),
		cmocka_unit_test(takes_back_what_an_operator_added_in_a_domain),
		cmocka_unit_test(leaves_the_router_id_alone),
		cmocka_unit_test(names_the_vrf_in_static_routes),
		cmocka_unit_test(takes_bfd_off_with_one_command),
		cmocka_unit_test(replaces_a_policy_in_one_command),
		cmocka_unit_test(asks_only_the_drained_link_to_be_left),
		cmocka_unit_test(keeps_profiles_inside_bfd),
		cmocka_unit_test(gives_each_session_the_bfd_of_its_link),
		cmocka_unit_test(forgets_bfd_while_bfdd_is_away),
		cmocka_unit_test(writes_communities_as_frr_does),
		cmocka_unit_test(shares_route_maps_between_equal_announcements),
		cmocka_unit_test(a_key_is_stated_anew),
		cmocka_unit_test(announces_nothing_before_it_is_ready),
		cmocka_unit_test(denies_all_in_a_public_domain),
		cmocka_unit_test(takes_validated_prefixes_alone),
		cmocka_unit_test(refuses_what_rpki_calls_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
