/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One FRR daemon led to a wish: its blocks, what runs of each, and the state of getting there.
 *
 *   AWAY -> READING -> READY <-> PUSHING       READY is also where a wish is waited for
 *              ^         |          |
 *              +------ WAITING <----+          refused commands: read again after a while
 *
 * After the first push that follows a reading, what runs is read once more to prove it; later
 * pushes trust the daemon's return codes.
 */
#pragma once

#include "control/routing/frr_config.h"
#include "control/routing/vty.h"

enum daemon_state {
	DAEMON_AWAY,
	DAEMON_READING,
	DAEMON_READY,
	DAEMON_PUSHING,
	DAEMON_WAITING,
};

/* An object of the daemon's configuration, by its head. */
struct frr_object {
	struct config_block *wish, *runs, *pushed; /* NULL: none */
	unsigned int users; /* domains that share it; only for those of frr_daemon_share */
	char head[];
};

struct frr_daemon {
	const char *name;
	enum config_kind kind;
	enum daemon_state state;
	struct vty *vty;
	struct event *timer;
	unsigned int wait_ms;        /* of the next WAITING */
	bool proven;                 /* what runs was read after the last refusal or connection */
	bool proving;                /* the reading under way is to equal what was pushed */
	bool stated;                 /* a wish was stated: before that nothing is pushed */
	bool settled;                /* told that all is as wanted */
	char *error;                 /* first refusal of the present push */
	struct frr_object **objects; /* sorted by head */
	size_t object_count, object_capacity;
	struct frr_push *push;

	unsigned int lives; /* connections so far */
	void (*lived)(void *context, const struct frr_daemon *daemon, bool here);
	void (*changed)(void *context); /* settled, refused, or (dis)connected */
	void (*refused)(void *context, const char *error);
	void *context;
};

int frr_daemon_open(struct frr_daemon *daemon, struct event_base *base, const char *frr_dir);
void frr_daemon_close(struct frr_daemon *daemon);

/* Replaces the wish for block's head; takes the reference. -ENOMEM. */
int frr_daemon_wish(struct frr_daemon *daemon, struct config_block *block);
/* The same for a block that several share: counted. */
int frr_daemon_share(struct frr_daemon *daemon, struct config_block *block);
/* No wish for it any more. */
void frr_daemon_drop(struct frr_daemon *daemon, const char *head);
void frr_daemon_unshare(struct frr_daemon *daemon, const char *head);

/* Pushes the difference, when there is one and the daemon is ready. */
void frr_daemon_push(struct frr_daemon *daemon);
