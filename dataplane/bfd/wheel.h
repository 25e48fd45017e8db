/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A timing wheel: timers in slots of a millisecond, so that arming, moving and firing one costs the
 * same with one session and with thousands. A timer farther away than one turn of the wheel lies in
 * its slot and is passed by until its turn. Pure; not thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_SLOT_US 1000u
#define WHEEL_SLOTS 1024u /* a power of two: about a second a turn */

struct wheel_timer {
	LIST_ENTRY(wheel_timer) link;
	uint64_t due_us;
	bool armed;
};

LIST_HEAD(wheel_slot, wheel_timer);

struct wheel {
	uint64_t slot; /* all before it are done with, this one as far as time was */
	struct wheel_slot slots[WHEEL_SLOTS];
};

/* now_us: of the same clock as all other times. */
void wheel_init(struct wheel *wheel, uint64_t now_us);

/* The timer fires in the first wheel_advance() at or after due_us; one that is past in the next. An
 * armed timer is moved. */
void wheel_arm(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_us);
void wheel_disarm(struct wheel_timer *timer);

/* Fires what is due at now_us: each timer is disarmed, then handed to fire(), which may arm and
 * disarm any. One that it arms for a time that is past too fires in the next call. Returns how
 * many fired. Time that goes back is taken for standing still. */
unsigned int wheel_advance(struct wheel *wheel, uint64_t now_us,
	void (*fire)(struct wheel_timer *timer, uint64_t now_us, void *context), void *context);

/* The struct that a timer is a member of. */
#define WHEEL_ENTRY(timer, type, member) ((type *)(void *)((char *)(timer)-offsetof(type, member)))
