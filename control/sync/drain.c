/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draining a link, one step after another, so that no packet meets a way that is closed:
 *
 *   TELLING   the neighbour is asked to leave: longer AS path, GRACEFUL_SHUTDOWN (RFC 8326)
 *   LEAVING   its traffic goes to its other link
 *   MOVING    what it announces here is used last, and the paths are not chosen any more: our
 *             traffic goes too
 *   DRAINED   the link is safe to touch
 *
 * and back: RETURNING our traffic may use it again, WELCOMING the neighbour's too. Each step ends
 * when bgpd runs what it was told and the counters stand still, or when its time is over: a
 * neighbour that does not listen cannot be made to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"
#include "control/sync/copy.h"
#include "control/sync/internal.h"

#define TICK_MS 250
#define TICKS(seconds) ((seconds)*1000 / TICK_MS)
/* BGP's updates are on their way, and the neighbour acts on them, when bgpd has been told. */
#define WORK_TICKS TICKS(2)
#define QUIET_TICKS TICKS(1)
#define LEAVING_TICKS TICKS(30)
#define MOVING_TICKS TICKS(15)

static const char *const stage_names[] = {[DRAIN_TELLING] = "telling",
	[DRAIN_LEAVING] = "leaving",
	[DRAIN_MOVING] = "moving",
	[DRAIN_DRAINED] = "drained",
	[DRAIN_RETURNING] = "returning",
	[DRAIN_WELCOMING] = "welcoming"};

static struct drain *find(const struct sync *sync, const char *link)
{
	for (unsigned int i = 0; i < sync->drain_count; i++)
		if (strcmp(sync->drains[i].link, link) == 0)
			return &sync->drains[i];
	return NULL;
}

static struct domain_link *find_link(const struct sync *sync, const char *name)
{
	for (unsigned int i = 0; i < sync->domain_count; i++)
		for (unsigned int l = 0; l < sync->domains[i]->link_count; l++)
			if (strcmp(sync->domains[i]->links[l].plan.name, name) == 0)
				return &sync->domains[i]->links[l];
	return NULL;
}

static bool asked_to_leave(const struct drain *drain)
{
	return drain->stage != DRAIN_WELCOMING;
}

static bool left_by_us(const struct drain *drain)
{
	return drain->stage == DRAIN_MOVING || drain->stage == DRAIN_DRAINED;
}

uint8_t drain_shut_out(const struct sync *sync, const struct domain *domain)
{
	uint8_t bits = 0;

	for (unsigned int l = 0; sync->drain_count > 0 && l < domain->link_count; l++) {
		const struct drain *drain = find(sync, domain->links[l].plan.name);

		bits |= (uint8_t)((drain != NULL && asked_to_leave(drain)) << l);
	}
	return bits;
}

uint8_t drain_shut_in(const struct sync *sync, const struct domain *domain)
{
	uint8_t bits = 0;

	for (unsigned int l = 0; sync->drain_count > 0 && l < domain->link_count; l++)
		bits |= (uint8_t)(drain_wanted(sync, domain->links[l].interface) << l);
	return bits;
}

bool drain_wanted(const struct sync *sync, uint32_t interface)
{
	for (unsigned int i = 0; i < sync->drain_count; i++) {
		const struct domain_link *link = find_link(sync, sync->drains[i].link);

		if (link != NULL && link->interface == interface)
			return left_by_us(&sync->drains[i]);
	}
	return false;
}

bool drain_covers(const struct sync *sync, uint32_t set)
{
	const struct set_entry *entry;

	if (sync->drain_count == 0 || set < API_GROUP_FIRST)
		return false;
	entry = table_at(&sync->sets, set);
	for (uint32_t i = 0; i < entry->count; i++) {
		const struct adjacency_entry *adjacency =
			table_at(&sync->adjacencies, entry->members[i]);

		if (!drain_wanted(sync, adjacency->interface))
			return false;
	}
	return entry->count > 0;
}

void drain_told(struct sync *sync)
{
	for (unsigned int i = 0; i < sync->drain_count; i++)
		sync->drains[i].told = true;
}

/* ---- steps ---- */

static void enter(struct sync *sync, struct drain *drain, enum drain_stage stage)
{
	bool moved = left_by_us(drain);

	drain->stage = stage;
	drain->ticks = 0;
	drain->quiet = 0;
	drain->told = false;
	log_info("drain", "%s: %s", drain->link, stage_names[stage]);
	if (moved != left_by_us(drain) &&
		sync_want_paths(sync, drain->link, left_by_us(drain) ? API_PATH_DRAIN : 0) != 0)
		log_error("drain", "%s: no memory for its paths", drain->link);
	announce_later(sync);
}

static void forget(struct sync *sync, struct drain *drain)
{
	log_info("drain", "%s: in use again", drain->link);
	*drain = sync->drains[--sync->drain_count];
	announce_later(sync);
}

static void take_counters(const void *row, void *context)
{
	const struct api_interface_counters *counters = row;
	struct sync *sync = context;
	struct drain *drain = find(sync, counters->name);

	if (drain == NULL)
		return;
	drain->in_pps = (counters->ledger.forwarded_in - drain->in) * 1000 / TICK_MS;
	drain->out_pps = (counters->ledger.forwarded_out - drain->out) * 1000 / TICK_MS;
	/* The first look, and the first after a restart of the dataplane, tell nothing. */
	if (!drain->counted || counters->ledger.forwarded_in < drain->in ||
		counters->ledger.forwarded_out < drain->out)
		drain->in_pps = drain->out_pps = 1;
	drain->counted = true;
	drain->in = counters->ledger.forwarded_in;
	drain->out = counters->ledger.forwarded_out;
}

/* The step has done its work: bgpd had the time to, and traffic stands still. */
static bool is_done(const struct sync *sync, struct drain *drain, uint64_t pps, unsigned int most)
{
	if (!drain->told || !frr_settled(sync->frr))
		return false;
	drain->ticks++;
	drain->quiet = pps == 0 ? drain->quiet + 1 : 0;
	return drain->ticks >= most || (drain->ticks >= WORK_TICKS && drain->quiet >= QUIET_TICKS);
}

/* True: the drain is over and forgotten. */
static bool step(struct sync *sync, struct drain *drain)
{
	switch (drain->stage) {
	case DRAIN_TELLING:
		if (drain->told && frr_settled(sync->frr)) {
			enter(sync, drain, DRAIN_LEAVING);
			drain->told = true; /* nothing new is said */
		}
		return false;
	case DRAIN_LEAVING:
		if (is_done(sync, drain, drain->in_pps, LEAVING_TICKS))
			enter(sync, drain, DRAIN_MOVING);
		return false;
	case DRAIN_MOVING:
		if (is_done(sync, drain, drain->out_pps, MOVING_TICKS)) {
			enter(sync, drain, DRAIN_DRAINED);
			drain->told = true;
		}
		return false;
	case DRAIN_RETURNING:
		if (is_done(sync, drain, 0, WORK_TICKS))
			enter(sync, drain, DRAIN_WELCOMING);
		return false;
	case DRAIN_WELCOMING:
		if (!is_done(sync, drain, 0, WORK_TICKS))
			return false;
		forget(sync, drain);
		return true;
	default:
		return false;
	}
}

static void tick_later(struct sync *sync)
{
	struct timeval delay = {0, TICK_MS * 1000};

	if (!evtimer_pending(sync->drain_event, NULL))
		evtimer_add(sync->drain_event, &delay);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct sync *sync = context;
	unsigned int i = 0;

	if (sync->phase == PHASE_SYNCED) {
		if (api_client_dump(sync->client, API_INTERFACE_COUNTERS, 0, take_counters, sync) !=
			0)
			session_break(sync, -EIO);
		/* Messages that came in between wait for a turn. */
		session_flush_soon(sync);
		while (i < sync->drain_count)
			i += !step(sync, &sync->drains[i]);
	}
	if (sync->drain_count > 0)
		tick_later(sync);
}

/* ---- wishes ---- */

int sync_drain(struct sync *sync, const char *link, bool at_once)
{
	struct drain *drain = find(sync, link), *larger;

	if (drain != NULL && asked_to_leave(drain) && drain->stage != DRAIN_RETURNING)
		return 0;
	if (drain == NULL) {
		larger = reallocarray(sync->drains, sync->drain_count + 1, sizeof(*larger));
		if (larger == NULL)
			return -ENOMEM;
		sync->drains = larger;
		drain = &larger[sync->drain_count++];
		*drain = (struct drain){.stage = DRAIN_TELLING};
		COPY_TEXT(drain->link, link);
	}
	enter(sync, drain, at_once ? DRAIN_MOVING : DRAIN_TELLING);
	tick_later(sync);
	return 0;
}

void sync_undrain(struct sync *sync, const char *link)
{
	struct drain *drain = find(sync, link);

	if (drain == NULL || drain->stage == DRAIN_RETURNING || drain->stage == DRAIN_WELCOMING)
		return;
	enter(sync, drain, DRAIN_RETURNING);
	tick_later(sync);
}

json_t *sync_drains(const struct sync *sync)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < sync->drain_count; i++) {
		const struct drain *drain = &sync->drains[i];

		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:b, s:I, s:I}", "link", drain->link, "state",
				stage_names[drain->stage], "here",
				find_link(sync, drain->link) != NULL, "in_pps",
				(json_int_t)drain->in_pps, "out_pps", (json_int_t)drain->out_pps));
	}
	return rows;
}

int drain_open(struct sync *sync)
{
	sync->drain_event = evtimer_new(sync->base, on_tick, sync);
	return sync->drain_event != NULL ? 0 : -ENOMEM;
}

void drain_close(struct sync *sync)
{
	if (sync->drain_event != NULL)
		event_free(sync->drain_event);
	sync->drain_event = NULL;
	free(sync->drains);
}
