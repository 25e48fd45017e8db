/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of control/sync share. Not for others: they include sync.h.
 *
 * A route's way: kernel.c calls domain.c, which turns next hops into adjacencies and sets
 * (nexthops.c) and states the native route (rib.c); rib.c decides what is effective in that domain
 * and in those connected to it, and sends what changed (session.c). announce.c tells FRR.
 */
#pragma once

#include "control/routing/md5_counters.h"
#include "control/routing/namespace.h"
#include "control/sync/sync.h"
#include "control/sync/table.h"
#include "dataplane/api/client.h"

enum phase {
	PHASE_AWAY,     /* no connection */
	PHASE_ADOPTING, /* reading ids that the dataplane has */
	PHASE_STARTING, /* STARTUP sent */
	PHASE_PORTS,    /* snapshot begun, ports stated, waiting for their MACs */
	PHASE_OPENING,  /* namespaces, TAPs and kernels, some a turn of the loop */
	PHASE_KERNELS,  /* waiting for the domains' first dumps */
	PHASE_PUSHING,  /* stating everything */
	PHASE_ENDING,   /* SNAPSHOT_END sent */
	PHASE_SYNCED,
};

/* A port, vrf, interface or policer: name -> id. */
struct named {
	struct table_node node;
	char name[API_NAME_MAX];
	bool wanted; /* in the present plan */
};

/* A peer on a link, watched by the dataplane (paths.c). */
struct path_entry {
	struct table_node node;
	uint32_t interface;
	struct ip address;
	bool wanted;  /* in the present plan */
	uint8_t down; /* of enum api_path_down, as the dataplane said last */
};

struct adjacency_entry {
	struct table_node node;
	uint32_t interface;
	struct ip address; /* prefix_len is the family's full one */
	uint8_t mac[6];
	bool resolved;
	bool neighbour; /* the kernel knows it */
	bool peer;      /* the plan names it as a link's peer: kept resolved */
	uint32_t sets;  /* how many use it */
};

/* A set of next hops as routes name it. Its group in the dataplane has the resolved ones among
 * them, or all of them when none is. Ids below API_GROUP_FIRST are the fixed groups. */
struct set_entry {
	struct table_node node;
	uint32_t references; /* routes, native and effective each */
	uint32_t count;
	uint32_t members[API_GROUP_MEMBERS_MAX]; /* ascending adjacency ids */
	bool adopted; /* an id taken over from the dataplane that no set has claimed yet */
};

/* One prefix in one domain. */
struct route_entry {
	struct table_node node;
	uint32_t native_set;    /* 0: not native here */
	uint32_t effective_set; /* 0: not in the dataplane */
	uint16_t vrf;
	uint16_t leaked_from;
	uint8_t native_origin; /* enum api_route_origin */
	uint8_t effective_origin;
	uint8_t family;
	uint8_t prefix_len;
	bool held; /* the kernel has lost it, but see hold.c */
	uint8_t address[16];
};

struct domain_link {
	struct plan_link plan;
	uint32_t interface;
	uint32_t ifindex;
	uint32_t port;                    /* id */
	uint32_t policer_in, policer_out; /* ids; 0: no limit */
	uint8_t mac[6];                   /* the port's */
	int tap;                          /* our duplicate of the TAP's fd, -1: none */
	bool tap_given;                   /* the present dataplane has it */
	bool heard;                       /* zebra knows its addresses */
	bool running;
};

struct attribute {
	struct learned_route route;
	int64_t version; /* bgpd's, of this prefix; negative: communities unknown */
};

/* A domain whose own routes appear here, and ours there. */
struct partner {
	uint32_t vrf;
	uint32_t weight;    /* the highest wins; 0: a global reach, a connection's is one more */
	uint32_t limits[2]; /* prefixes from there, IPv4 and IPv6; 0: as many as there are */
	struct leak_use {
		uint32_t count; /* effective routes from there that are announced */
		bool surplus;   /* some were refused since it was below the limit last */
		bool told;      /* which was logged */
		bool alarm;
	} leaks[2];
	bool wanted; /* in the present plan */
};

/* hold.c: routes of a daemon that died. */
enum { HOLD_BGP, HOLD_STATIC, HOLDS };
struct hold {
	bool active;
	uint8_t families_up; /* bits: all sessions of IPv4, of IPv6, are up in the next life */
	unsigned int back;   /* ticks of it */
	unsigned int quiet;  /* ticks in it without a change */
	unsigned int left;   /* ticks at most */
};

struct domain {
	struct sync *sync;
	char name[DOMAIN_NAME_MAX];
	uint32_t vrf;
	unsigned int index; /* in the plan */
	int netns;
	struct kernel *kernel;
	struct domain_link links[LINKS];
	unsigned int link_count;
	bool wanted;             /* in the present plan */
	uint64_t refused_routes; /* by the dataplane, since the last snapshot began */
	bool acked;              /* part of a snapshot that the dataplane acknowledged */
	struct hold holds[HOLDS];
	struct prefix_limits limits;
	struct prefix_use {
		uint32_t count; /* native routes by BGP (rib.c) */
		bool surplus;   /* some were refused since it was below the limit last */
		bool told;      /* which was logged */
		bool alarm;
		uint8_t closed; /* bits by link: the session is closed for its prefixes */
		uint8_t again;  /* frr_domain.limit_again */
	} prefixes[2];
	bool md5_up[2];                 /* all sessions of the family, when looked last */
	struct md5_counters md5_before; /* when all were (md5.c) */
	struct md5_again {
		uint8_t links;       /* frr_domain.key_again */
		uint64_t unexpected; /* of the same counters, at the last look */
		unsigned int wait;   /* looks until a key may be stated anew again */
	} md5_again[2];              /* by family */
	bool limits_stale;           /* refused routes may come in now, or others must go */
	bool leaks_stale;            /* refused leaks may */
	struct partner *partners;
	unsigned int partner_count;
	/* What BGP says of this domain's own routes, one table a family (announce.c). */
	struct attributes {
		struct attribute *items; /* sorted by prefix */
		size_t count;
		size_t waiting;  /* items whose communities are being asked for */
		bool stale;      /* to be read again */
		bool asked;      /* the table is being read */
		bool listed;     /* read at least once */
		bool known;      /* and communities too, which announcing needs */
		int64_t version; /* bgpd's table version when last read */
	} attributes[2];
};

enum drain_stage {
	DRAIN_TELLING,
	DRAIN_LEAVING,
	DRAIN_MOVING,
	DRAIN_DRAINED,
	DRAIN_RETURNING,
	DRAIN_WELCOMING,
};

/* drain.c: a link on its way out of use, out of it, or on its way back. */
struct drain {
	char link[API_NAME_MAX];
	enum drain_stage stage;
	bool told;                 /* FRR's wish was stated since the stage began */
	unsigned int ticks, quiet; /* in the stage; without traffic */
	bool counted;
	uint64_t in, out;         /* forwarded packets, when last looked at */
	uint64_t in_pps, out_pps; /* since the look before */
};

struct sync {
	struct event_base *base;
	char *run_dir, *frr_dir, *netns_dir;
	/* In force: what domains follow. Replaced by the next one when a snapshot begins. */
	struct site *site;
	struct plan *plan;
	struct site *next_site;
	struct plan *next_plan;

	/* session.c */
	struct api_client *client;
	struct event *read_event, *write_event, *flush_event, *retry_event, *again_event;
	enum phase phase;
	unsigned int retry_ms;
	bool flush_coming;   /* flush_event is active */
	int broken;          /* -errno: something could not be sent; the connection is given up */
	bool adopted;        /* ids are in place: this process has read or given them */
	bool again;          /* something failed that another snapshot may mend */
	bool complained;     /* since the present snapshot began */
	bool snapshot_asked; /* another one is wanted after the present one */
	struct api_batch *batch;
	struct pending_batch *pending_first, *pending_last;
	int64_t awaited;                          /* sequence of the request the phase waits for */
	struct api_port port_rows[API_PORTS_MAX]; /* as the dataplane has them */
	unsigned int port_count;
	unsigned int open_cursor; /* of the domains, once for links, once for kernels */
	uint32_t push_cursor;
	unsigned int push_stage;
	char error[512]; /* what went wrong last, empty when all is well */
	uint64_t refused;
	/* refusals.c: written out and not, since the present while began */
	unsigned int refusals_told, refusals_untold;
	int64_t refusals_since_s;

	/* tables */
	struct table ports, vrfs, interfaces, policers; /* struct named */
	struct table adjacencies;                       /* struct adjacency_entry */
	struct table sets;                              /* struct set_entry */
	struct table paths;                             /* struct path_entry */
	struct path_wish *path_wishes;
	struct table routes; /* struct route_entry */
	struct domain **domains;
	unsigned int domain_count;
	struct domain *by_vrf[API_VRFS_MAX];
	struct domain *by_interface[API_INTERFACES_MAX];

	/* announce.c, attributes.c */
	struct frr *frr;
	struct event *announce_event, *version_event, *leave_event;
	bool announced;         /* FRR has been told a wish since this process started */
	bool told;              /* and one since the last snapshot */
	bool namespaces_left;   /* some may be there that the plan does not name */
	unsigned int bgpd_life; /* the one that attributes were read from */

	/* hold.c */
	struct event *hold_event;
	unsigned int stale_s;
	bool daemon_died[HOLDS]; /* and has not said yet all that it is configured to */
	uint64_t held_routes;

	/* drain.c */
	struct drain *drains;
	unsigned int drain_count;
	struct event *drain_event;

	/* heard.c */
	struct event *heard_event;

	/* limits.c */
	struct event *limits_event;
	struct probes *probes;
	unsigned int zebra_life; /* the one that has been asked */
	bool frr_applied;
	char frr_error[512];
};

/* ---- sync.c ---- */
void sync_promote(struct sync *sync); /* the next plan, if any, comes into force */

/* ---- session.c: the conversation with the dataplane ---- */
#define RETRY_FIRST_MS 100 /* and more after each failure, until a snapshot ends well */
int session_open(struct sync *sync);
void session_close(struct sync *sync);
/* A new plan or a failed part: state everything again (after the present snapshot). */
void session_resync(struct sync *sync);
/* Sends one item when a snapshot is being or has been stated; forgotten otherwise, because the
 * next snapshot states everything. */
void session_send(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload);
/* A domain's first dump is in, or it failed: the snapshot may go on. */
void session_kernels_changed(struct sync *sync);
void session_complain(struct sync *sync, const char *what, const char *why);
/* The end of this turn of the event loop sends what is there. */
void session_flush_soon(struct sync *sync);
/* The same, after the loop has served others. */
void session_flush_next_turn(struct sync *sync);
/* Its sequence; not positive when it could not be sent, and then the connection breaks. */
int64_t session_message(
	struct sync *sync, enum api_message_type type, const void *payload, size_t length);
/* Gives the connection up and begins another one after a while. */
void session_lost(struct sync *sync, const char *why);
/* Ids that were free may be named still by what the dataplane has: none is given again before a
 * snapshot's end has swept that. */
void session_hold_ids(struct sync *sync, bool hold);
/* The connection cannot go on; it is given up at the end of this turn. */
void session_break(struct sync *sync, int error);
/* Asks the dataplane for the TAP it holds: an fd or -errno. */
int session_tap(struct sync *sync, uint32_t interface);

/* ---- snapshot.c: in the order of its stages ---- */
void snapshot_begin(struct sync *sync);
void snapshot_started(struct sync *sync);
void snapshot_ports(struct sync *sync);
void snapshot_pump(struct sync *sync); /* routes, as the socket takes them */
void snapshot_ended(struct sync *sync);

/* ---- adopt.c ---- */
#define TAP_IFINDEX_BASE 65536u
int adopt_dataplane(struct sync *sync); /* blocking; 0 or -errno */
int adopt_liveness(struct sync *sync);  /* of the paths alone; the same */
void adopt_taps(struct sync *sync);     /* of the plan's links that have no id yet */

/* ---- batches.c ---- */
void batch_add(struct sync *sync, enum api_object object, enum api_operation operation,
	const void *payload);
unsigned int batch_count(const struct sync *sync); /* items not sent yet */
/* The batch that is being filled goes out, with the TAPs its items name. Its sequence, 0: there
 * was none. */
int64_t batch_send(struct sync *sync);
int64_t batch_send_fds(struct sync *sync, const int *fds, unsigned int fd_count);
/* Takes the answer to the first batch that has none. -EPROTO: it is not that. */
int batch_answered(struct sync *sync, const struct api_message *message);
void batches_drop(struct sync *sync); /* the connection is gone */

/* ---- refusals.c ---- */
void refusal_take(struct sync *sync, const struct api_item *item, int error);
json_t *refusals_of_routes(const struct sync *sync); /* {domain: how many} */
void refusals_forget(struct sync *sync);             /* a snapshot states everything again */

/* ---- paths.c: one to each peer of the plan ---- */
bool paths_plan(struct sync *sync);   /* ids; after links are planned. false: no id or memory */
void paths_state(struct sync *sync);  /* all of the plan's */
void paths_forget(struct sync *sync); /* those that the plan does not name: they are swept */
void paths_fini(struct sync *sync);
/* What the dataplane has in a row of its dump; what it has not said is not known to be down. */
void path_read(struct sync *sync, const struct api_path *row);
void paths_forget_down(struct sync *sync);
/* The dataplane sends nothing to this neighbour, whatever BGP says. */
bool path_dead(const struct sync *sync, uint32_t interface, const struct ip *address);
void path_adopt(struct sync *sync, const struct api_path *row);
/* What an adjacency names: the path that lives and dies with this next hop; 0: none. */
uint32_t path_towards(const struct sync *sync, uint32_t interface, const struct ip *address);
void path_happened(struct sync *sync, const struct api_event *event);

/* ---- link_tests.c ---- */
void link_test_happened(struct sync *sync, const struct api_event *event);

/* ---- named.c ---- */
/* Finds or makes, and marks as wanted. 0: no memory or no id left. */
uint32_t named_want(struct table *table, const char *name);
void named_claim(struct table *table, uint32_t id, const char *name); /* unless it has one */
void named_unwant(struct table *table);                               /* all of them */
void named_forget(struct table *table); /* those that are not wanted */

/* ---- domain.c: what kernels say ---- */
extern const struct kernel_callbacks domain_callbacks; /* context: the domain */
/* The plan took a link away or gave one other addresses: look at its routes again. */
void domain_links_changed(struct domain *domain);
/* Looks at every route that the kernel has. */
void domain_routes_again(struct domain *domain);
/* Of one of the link's subnets, or link-local. */
bool domain_on_link(const struct domain_link *link, const struct ip *address);
/* A native route is not there any more. */
void domain_route_gone(struct domain *domain, const struct ip *prefix);
void domain_ask_for_peers(struct domain *domain, const struct domain_link *link);
struct domain_link *domain_link(struct domain *domain, uint32_t interface);
void domain_neighbour_needed(struct sync *sync, uint32_t interface, const struct ip *address);

/* ---- domains.c: ids, namespaces, TAPs ---- */
int domains_plan(struct sync *sync); /* makes domains match the plan; ids and namespaces */
/* MACs are known: TAPs and kernels of the wanted domains, some of them a call. False: all are done.
 * A failure asks for another snapshot. */
bool domains_open_some(struct sync *sync, const struct api_port *ports, unsigned int port_count);
bool domains_ready(const struct sync *sync); /* every kernel's first dump is in */
struct domain *domain_by_name(const struct sync *sync, const char *name); /* NULL: none */
void domain_tap_settings(const struct domain_link *link, struct tap_settings *settings);
void domain_interface_item(
	const struct domain *domain, const struct domain_link *link, struct api_interface *item);

/* ---- policers.c: one for each circuit, link and direction ---- */
int policers_plan(struct sync *sync, struct domain_link *link); /* ids. 0 or -ENOSPC */
void policers_state(struct sync *sync);                         /* all of the plan's */

/* ---- keys.c ---- */
void keys_state(struct sync *sync); /* all of the plan's */

/* ---- sweep.c ---- */
/* Deletes what the plan no longer names, but the namespaces: FRR leaves those first. */
void domains_sweep(struct sync *sync);
/* Takes the TAPs out of the namespaces that the plan does not name. True: there are such. */
bool domains_empty_namespaces(struct sync *sync);
void domains_sweep_namespaces(struct sync *sync); /* deletes them */
void domains_close(struct sync *sync);            /* of our process; the kernel's side stays */

/* ---- nexthops.c: adjacencies and sets ---- */
uint32_t adjacency_find(const struct sync *sync, uint32_t interface, const struct ip *address);
/* Finds or makes; asks the kernel to resolve a new one. 0: no memory. */
uint32_t adjacency_want(struct sync *sync, uint32_t interface, const struct ip *address);
/* Same, for a link's peer: kept whether routes use it or not. */
void adjacency_want_peer(struct sync *sync, uint32_t interface, const struct ip *address);
/* The plan names another peer now. */
void adjacency_unpeer(struct sync *sync, uint32_t interface, const struct ip *address);
bool adjacency_resolved(const struct sync *sync, uint32_t id);
/* What the kernel says. */
void adjacency_neighbour(
	struct sync *sync, uint32_t interface, const struct kernel_neighbour *neighbour, bool gone);
void adjacency_state(struct sync *sync, uint32_t id); /* sends it */
void adjacency_adopt(struct sync *sync, const struct api_adjacency *row);
void adjacency_drop_interface(struct sync *sync, uint32_t interface);
/* Finds or makes a set of these adjacencies (any order, duplicates allowed). The caller holds it
 * with set_hold. 0: no memory. */
uint32_t set_want(struct sync *sync, const uint32_t *members, unsigned int count);
void set_hold(struct sync *sync, uint32_t set);
void set_release(struct sync *sync, uint32_t set); /* 0 and fixed ones are allowed */
void set_state(struct sync *sync, uint32_t set);
/* Some member is resolved, and its path is not dead. */
bool set_alive(const struct sync *sync, uint32_t set);
void set_adopt(struct sync *sync, const struct api_group *row);
void sets_forget_adopted(struct sync *sync);

/* ---- rib.c: native and effective routes ---- */
void rib_native(struct sync *sync, uint32_t vrf, const struct ip *prefix, uint32_t set,
	enum api_route_origin origin);
void rib_native_gone(struct sync *sync, uint32_t vrf, const struct ip *prefix);
/* News of this prefix will follow soon. */
void rib_expect(const struct sync *sync, uint32_t vrf, const struct ip *prefix);
struct route_entry *rib_find(const struct sync *sync, uint32_t vrf, const struct ip *prefix);
void rib_state(struct sync *sync, const struct route_entry *entry);
void rib_connections_changed(struct sync *sync); /* the plan's connections are others now */
/* Every native route of this origin; each() may change or delete the one it is told of. */
void rib_each_native(struct sync *sync, uint32_t vrf, enum api_route_origin origin,
	void (*each)(const struct ip *prefix, void *context), void *context);
void rib_drop_vrf(struct sync *sync, uint32_t vrf);
struct ip rib_prefix(const struct route_entry *entry);

/* May this native route leak at all? */
bool rib_leaks(const struct sync *sync, const struct route_entry *entry);
/* A route that leaked may not any more, or one that was refused may, in the domain of vrf. */
void rib_leak_again(struct sync *sync, uint32_t vrf, const struct ip *prefix);

/* ---- leaks.c: how many prefixes connections let in ---- */
/* Would the native route of a partner's be one too many? present: the domain's entry of the same
 * prefix, or NULL. What is refused is named in the log once, until there is room. */
bool leak_refused(const struct domain *domain, struct partner *partner,
	const struct route_entry *present, const struct route_entry *native);
/* The domain's entry is about to be effective from another vrf (0: none), or by another origin. */
void leak_moves(
	struct domain *domain, const struct route_entry *entry, uint16_t to, uint8_t origin);
/* Partners or their limits are others: before, and after, all routes are looked at. */
void leaks_count_again(struct sync *sync);
void leaks_counted(struct sync *sync);
/* There is room: those that were refused, as far as it goes. */
void leaks_admit(struct domain *domain);
/* The prefixes that the connection from that vrf refuses now. */
void leaks_each_refused(const struct domain *domain, uint32_t from,
	void (*each)(const struct ip *prefix, void *context), void *context);
/* By family, of the connection from that vrf; all zero where there is none. */
void leaks_from(const struct domain *domain, uint32_t from, struct leak_use uses[2]);

/* ---- hold.c: routes of a daemon that died ---- */
int hold_open(struct sync *sync); /* after announce_open */
void hold_close(struct sync *sync);
/* The kernel lost a route. True: it stays. */
bool hold_keeps(struct domain *domain, const struct ip *prefix);
/* The kernel has it (again). */
void hold_renewed(struct domain *domain, const struct ip *prefix, enum api_route_origin origin);
/* The native route is going, or is there again. */
static inline void hold_forgotten(struct sync *sync, struct route_entry *entry)
{
	sync->held_routes -= entry->held;
	entry->held = false;
}

/* ---- probes.c: addresses that packets asked for ---- */
int probes_open(struct sync *sync);
void probes_close(struct sync *sync);
/* Has the kernel ask for an address of the link, for a while. 0 or -errno. */
int probe(struct domain *domain, const struct domain_link *link, const struct ip *address);

/* ---- alarm.c: near a limit of prefixes ---- */
/* Sets *alarm at PREFIX_ALARM_PERCENT of the limit (0: none), and takes it back well below. True
 * when it changed, which is to be told. */
bool alarm_turns(bool *alarm, uint32_t count, uint32_t limit);
void alarm_tell(
	const char *owner, bool alarm, uint32_t count, const char *family_name, uint32_t limit);

/* ---- limits.c: how many prefixes BGP may bring into a domain ---- */
int limits_open(struct sync *sync);
void limits_close(struct sync *sync);
/* Those that are stale (limits_stale, leaks_stale) are looked at a while later. */
void limits_soon(struct sync *sync);
/* The plan says so now. */
void limits_plan(struct domain *domain, const struct prefix_limits *limits);
/* A route by BGP that the kernel has is one too many. */
bool limits_refuse(struct domain *domain, const struct ip *prefix);
/* A route came or went. */
void limits_look(struct domain *domain, uint8_t family);
/* Those that the kernel has and limits_refuse() refused. */
void limits_each_refused(struct domain *domain,
	void (*each)(const struct kernel_route *route, void *context), void *context);
/* What bgpd says of a domain's sessions: {ADDRESS: {"state": ...}}. */
void limits_sessions(struct domain *domain, uint8_t family, const json_t *peers);

/* ---- md5.c: segments that the kernel dropped for their signature ---- */
/* As limits_sessions(). */
void md5_sessions(struct domain *domain, uint8_t family, const json_t *peers);
/* Fills text with why a session of the link is not up, as far as it is for its key. */
bool md5_trouble(
	const struct domain *domain, const struct plan_link *link, char *text, size_t size);

/* ---- drain.c: links taken out of use ---- */
int drain_open(struct sync *sync);
void drain_close(struct sync *sync);
/* Bits by the index of the domain's links, for struct frr_domain. */
uint8_t drain_shut_out(const struct sync *sync, const struct domain *domain);
uint8_t drain_shut_in(const struct sync *sync, const struct domain *domain);
/* Our traffic leaves this interface. */
bool drain_wanted(const struct sync *sync, uint32_t interface);
/* The same of all members of the set: what it leads to is to be announced as a last resort. */
bool drain_covers(const struct sync *sync, uint32_t set);
/* FRR has been told a wish. */
void drain_told(struct sync *sync);

/* ---- heard.c: does zebra know the addresses of our links? ---- */
int heard_open(struct sync *sync);
void heard_close(struct sync *sync);
/* A link's TAP was set up: look soon. */
void heard_later(struct sync *sync);

/* ---- announce.c ---- */
int announce_open(struct sync *sync);
void announce_close(struct sync *sync);
/* A snapshot was acknowledged: FRR is told, and then the namespaces go that the plan left. */
void announce_snapshot(struct sync *sync);
/* A leaked route or its liveness changed: look again soon. */
void announce_later(struct sync *sync);

/* ---- attributes.c ---- */
/* A domain's own route changed: its attributes are to be read again. */
void attributes_stale(struct sync *sync, struct domain *domain, uint8_t family);
/* True when everything that announcements of connected domains need has been read; else it is
 * asked for, and announce_later called. */
bool attributes_known(struct sync *sync);
void attributes_ask_versions(struct sync *sync);
/* Another bgpd runs, perhaps. */
void attributes_forget_former_life(struct sync *sync);
/* NULL: not learned by BGP, or not read yet. */
const struct attribute *attributes_find(const struct domain *domain, const struct ip *prefix);
void attributes_free(struct domain *domain);
