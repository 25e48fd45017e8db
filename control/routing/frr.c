/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/frr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/frr_daemon.h"
#include "control/routing/frr_parts.h"
#include "control/routing/frr_wish.h"

/* Wishes within this time are pushed together. */
#define COALESCE_US 50000

/* The last wish of a domain. */
struct domain_state {
	char name[DOMAIN_NAME_MAX];
	uint64_t hash;
	bool seen;
	struct frr_wish wish;
};

struct frr {
	struct frr_daemon bgpd, staticd, bfdd;
	struct vty *zebra; /* for queries, and to know whether it is there */
	unsigned int zebra_lives;
	struct vty *queries; /* to bgpd, beside the one that may be in configuration mode */
	unsigned int bgpd_lives;
	struct event *coalesce;
	frr_applied applied;
	void *context;
	frr_daemon_changed watch;
	void *watch_context;
	uint32_t asn;                  /* of the shared policies, 0: none yet */
	struct domain_state **domains; /* sorted by name */
	size_t domain_count;
};

static void on_changed(void *context)
{
	struct frr *frr = context;

	if (frr_settled(frr))
		frr->applied(frr->context, NULL);
}

static void end_orphans(const struct frr *frr);

static const struct frr_daemon *daemon_of(const struct frr *frr, enum frr_daemon_id id)
{
	return id == FRR_BGPD ? &frr->bgpd : id == FRR_STATICD ? &frr->staticd : &frr->bfdd;
}

static void on_lived(void *context, const struct frr_daemon *daemon, bool here)
{
	struct frr *frr = context;

	for (enum frr_daemon_id id = FRR_BGPD; frr->watch && id <= FRR_BFDD; id++)
		if (daemon == daemon_of(frr, id))
			frr->watch(frr->watch_context, id, here);
	/* It may be one that served a zebra before the present one. */
	if (here && vty_connected(frr->zebra))
		end_orphans(frr);
}

void frr_watch(struct frr *frr, frr_daemon_changed changed, void *context)
{
	frr->watch = changed;
	frr->watch_context = context;
}

bool frr_daemon_gone(const struct frr *frr, enum frr_daemon_id id)
{
	const struct frr_daemon *daemon = daemon_of(frr, id);

	return daemon->lives > 0 && vty_is_dead(daemon->vty);
}

bool frr_zebra_gone(const struct frr *frr)
{
	return frr->zebra_lives > 0 && vty_is_dead(frr->zebra);
}

static void on_refused(void *context, const char *error)
{
	struct frr *frr = context;

	log_error("frr", "%s", error);
	frr->applied(frr->context, error);
}

static void on_bgpd(void *context, bool connected)
{
	((struct frr *)context)->bgpd_lives += connected;
}

static void end_orphans(const struct frr *frr)
{
	frr_end_orphan(frr->zebra, frr->bgpd.vty, "bgpd");
	frr_end_orphan(frr->zebra, frr->staticd.vty, "staticd");
	frr_end_orphan(frr->zebra, frr->bfdd.vty, "bfdd");
}

static void on_zebra(void *context, bool connected)
{
	struct frr *frr = context;

	frr->zebra_lives += connected;
	end_orphans(frr);
}

static void on_coalesce(evutil_socket_t fd, short what, void *context)
{
	struct frr *frr = context;

	frr_daemon_push(&frr->bgpd);
	frr_daemon_push(&frr->staticd);
	frr_daemon_push(&frr->bfdd);
}

struct frr *frr_open(
	struct event_base *base, const char *frr_dir, frr_applied applied, void *context)
{
	struct frr *frr = calloc(1, sizeof(*frr));
	int error;

	if (!frr)
		return NULL;
	frr->applied = applied;
	frr->context = context;
	frr->bgpd = (struct frr_daemon){.name = "bgpd",
		.kind = CONFIG_BGP,
		.changed = on_changed,
		.lived = on_lived,
		.refused = on_refused,
		.context = frr};
	frr->staticd = frr->bgpd;
	frr->staticd.name = "staticd";
	frr->staticd.kind = CONFIG_STATIC;
	frr->bfdd = frr->bgpd;
	frr->bfdd.name = "bfdd";
	frr->bfdd.kind = CONFIG_BFD;
	frr->coalesce = evtimer_new(base, on_coalesce, frr);
	frr->zebra = vty_open(base, frr_dir, "zebra", on_zebra, frr);
	frr->queries = vty_open(base, frr_dir, "bgpd", on_bgpd, frr);
	error = frr->coalesce && frr->zebra && frr->queries ? 0 : -errno;
	if (error == 0)
		error = frr_daemon_open(&frr->bgpd, base, frr_dir);
	if (error == 0)
		error = frr_daemon_open(&frr->staticd, base, frr_dir);
	if (error == 0)
		error = frr_daemon_open(&frr->bfdd, base, frr_dir);
	if (error == 0)
		return frr;
	frr_close(frr);
	errno = -error;
	return NULL;
}

void frr_close(struct frr *frr)
{
	if (!frr)
		return;
	vty_close(frr->queries);
	vty_close(frr->zebra);
	frr_daemon_close(&frr->bgpd);
	frr_daemon_close(&frr->staticd);
	frr_daemon_close(&frr->bfdd);
	if (frr->coalesce)
		event_free(frr->coalesce);
	for (size_t i = 0; i < frr->domain_count; i++) {
		frr_wish_free(&frr->domains[i]->wish);
		free(frr->domains[i]);
	}
	free(frr->domains);
	free(frr);
}

static size_t find_domain(const struct frr *frr, const char *name, bool *found)
{
	size_t low = 0, high = frr->domain_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(frr->domains[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < frr->domain_count && strcmp(frr->domains[low]->name, name) == 0;
	return low;
}

static struct domain_state *find_or_make_domain(struct frr *frr, const char *name)
{
	bool found;
	size_t place = find_domain(frr, name, &found);
	struct domain_state **larger;
	struct domain_state *state;

	if (found)
		return frr->domains[place];
	larger = realloc(frr->domains, (frr->domain_count + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	frr->domains = larger;
	state = calloc(1, sizeof(*state));
	if (!state)
		return NULL;
	memcpy(state->name, name, strlen(name) + 1);
	memmove(&larger[place + 1], &larger[place], (frr->domain_count - place) * sizeof(*larger));
	larger[place] = state;
	frr->domain_count++;
	return state;
}

static int replace_profiles(
	struct frr *frr, const struct frr_wish *old, const struct frr_wish *wish)
{
	int error = 0;

	for (size_t i = 0; i < LINKS; i++) {
		if (wish->profiles[i])
			error |= frr_daemon_share(&frr->bfdd, wish->profiles[i]);
	}
	for (size_t i = 0; i < LINKS; i++) {
		if (old->profiles[i])
			frr_daemon_unshare(&frr->bfdd, old->profiles[i]->head);
	}
	return error;
}

/* Wants what the new wish says before it drops what only the old one did, so that what both share
 * stays. */
static int replace_wish(struct frr *frr, struct domain_state *state, struct frr_wish *wish)
{
	struct frr_wish old = state->wish;
	int error = replace_profiles(frr, &old, wish);

	for (size_t i = 0; i < wish->map_count; i++)
		error |= frr_daemon_share(&frr->bgpd, wish->maps[i]);
	for (size_t i = 0; i < old.map_count; i++)
		frr_daemon_unshare(&frr->bgpd, old.maps[i]->head);
	if (old.bgp && (!wish->bgp || strcmp(old.bgp->head, wish->bgp->head) != 0))
		frr_daemon_drop(&frr->bgpd, old.bgp->head);
	if (wish->bgp)
		error |= frr_daemon_wish(&frr->bgpd, config_block_hold(wish->bgp));
	if (old.routes && !wish->routes)
		frr_daemon_drop(&frr->staticd, old.routes->head);
	if (wish->routes)
		error |= frr_daemon_wish(&frr->staticd, config_block_hold(wish->routes));
	state->wish = *wish;
	frr_wish_free(&old);
	return error ? -ENOMEM : 0;
}

static int want_domain(
	struct frr *frr, const struct site *site, const struct frr_domain *domain, bool *changed)
{
	uint64_t hash = frr_wish_hash(site, domain);
	struct domain_state *state = find_or_make_domain(frr, domain->domain->name);
	struct frr_wish wish;
	int error;

	if (!state)
		return -ENOMEM;
	state->seen = true;
	if (state->hash == hash)
		return 0;
	*changed = true;
	error = frr_wish_build(&wish, site, domain);
	if (error < 0) {
		frr_wish_free(&wish);
		return error;
	}
	error = replace_wish(frr, state, &wish);
	if (error == 0)
		state->hash = hash;
	return error;
}

static void drop_unseen(struct frr *frr, bool *changed)
{
	size_t kept = 0;

	for (size_t i = 0; i < frr->domain_count; i++) {
		struct domain_state *state = frr->domains[i];
		struct frr_wish none = {0};

		if (state->seen) {
			state->seen = false;
			frr->domains[kept++] = state;
			continue;
		}
		*changed = true;
		replace_wish(frr, state, &none);
		free(state);
	}
	frr->domain_count = kept;
}

static void want_shared(struct config_block *block, void *context)
{
	struct frr *frr = context;

	if (frr_daemon_wish(&frr->bgpd, block) < 0)
		log_error("frr", "no memory for the policies");
}

static void drop_shared(struct config_block *block, void *context)
{
	struct frr *frr = context;

	frr_daemon_drop(&frr->bgpd, block->head);
	config_block_release(block);
}

/* The policies name the site's ASN. */
static int want_policies(struct frr *frr, uint32_t asn, bool *changed)
{
	int error = 0;

	if (frr->asn == asn)
		return 0;
	*changed = true;
	if (frr->asn)
		error = frr_wish_shared(frr->asn, drop_shared, frr);
	if (error == 0)
		error = frr_wish_shared(asn, want_shared, frr);
	if (error == 0)
		frr->asn = asn;
	return error;
}

int frr_want(
	struct frr *frr, const struct plan *plan, const struct frr_domain *domains, size_t count)
{
	bool changed = !frr->bgpd.stated;
	int error = want_policies(frr, plan->site->asn, &changed);

	for (size_t i = 0; i < count; i++) {
		int one = want_domain(frr, plan->site, &domains[i], &changed);

		error = error ? error : one;
	}
	drop_unseen(frr, &changed);
	frr->bgpd.stated = true;
	frr->staticd.stated = true;
	frr->bfdd.stated = true;
	if (!changed)
		return error;
	/* Neither, before both have taken it. */
	frr->bgpd.settled = false;
	frr->staticd.settled = false;
	frr->bfdd.settled = false;
	if (!evtimer_pending(frr->coalesce, NULL))
		evtimer_add(frr->coalesce, &(struct timeval){.tv_usec = COALESCE_US});
	return error;
}

int frr_query(struct frr *frr, const char *command, frr_answer answer, void *context)
{
	return frr_ask(frr->queries, command, answer, context);
}

int frr_query_zebra(struct frr *frr, const char *command, frr_answer answer, void *context)
{
	return frr_ask(frr->zebra, command, answer, context);
}

unsigned int frr_zebra_lives(const struct frr *frr)
{
	return frr->zebra_lives;
}

unsigned int frr_bgpd_lives(const struct frr *frr)
{
	return frr->bgpd_lives;
}

bool frr_settled(const struct frr *frr)
{
	return frr->bgpd.settled && frr->staticd.settled &&
	       (frr->bfdd.settled || !vty_connected(frr->bfdd.vty));
}

bool frr_bfd_connected(const struct frr *frr)
{
	return vty_connected(frr->bfdd.vty);
}

bool frr_connected(const struct frr *frr)
{
	return vty_connected(frr->zebra) && vty_connected(frr->bgpd.vty) &&
	       vty_connected(frr->queries) && vty_connected(frr->staticd.vty);
}
