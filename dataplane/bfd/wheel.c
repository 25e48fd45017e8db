/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/wheel.h"

#include <stddef.h>

void wheel_init(struct wheel *wheel, uint64_t now_us)
{
	wheel->slot = now_us / WHEEL_SLOT_US;
	for (unsigned int i = 0; i < WHEEL_SLOTS; i++)
		LIST_INIT(&wheel->slots[i]);
}

void wheel_disarm(struct wheel_timer *timer)
{
	if (!timer->armed)
		return;
	LIST_REMOVE(timer, link);
	timer->armed = false;
}

void wheel_arm(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_us)
{
	uint64_t slot = due_us / WHEEL_SLOT_US;

	/* What is past waits where the next look begins. */
	if (slot < wheel->slot)
		slot = wheel->slot;
	wheel_disarm(timer);
	timer->due_us = due_us;
	timer->armed = true;
	LIST_INSERT_HEAD(&wheel->slots[slot % WHEEL_SLOTS], timer, link);
}

static void collect(struct wheel_slot *slot, uint64_t now_us, struct wheel_slot *due)
{
	struct wheel_timer *timer = LIST_FIRST(slot), *next;

	for (; timer != NULL; timer = next) {
		next = LIST_NEXT(timer, link);
		if (timer->due_us > now_us)
			continue; /* later in this slot, or of a later turn of the wheel */
		LIST_REMOVE(timer, link);
		LIST_INSERT_HEAD(due, timer, link);
	}
}

unsigned int wheel_advance(struct wheel *wheel, uint64_t now_us,
	void (*fire)(struct wheel_timer *timer, uint64_t now_us, void *context), void *context)
{
	uint64_t last = now_us / WHEEL_SLOT_US;
	struct wheel_slot due = LIST_HEAD_INITIALIZER(due);
	struct wheel_timer *timer;
	unsigned int fired = 0;

	if (last < wheel->slot)
		return 0;
	/* Late by more than a turn: each slot once is all of them. */
	if (last - wheel->slot >= WHEEL_SLOTS)
		wheel->slot = last - WHEEL_SLOTS + 1;
	for (uint64_t slot = wheel->slot; slot <= last; slot++)
		collect(&wheel->slots[slot % WHEEL_SLOTS], now_us, &due);
	/* The last one is looked at again: it is not over. */
	wheel->slot = last;
	/* A timer that fire() disarms leaves the list like any other. */
	while ((timer = LIST_FIRST(&due)) != NULL) {
		wheel_disarm(timer);
		fire(timer, now_us, context);
		fired++;
	}
	return fired;
}
