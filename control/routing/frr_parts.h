/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of frr.c. Not for others. */
#pragma once

#include "control/routing/frr.h"
#include "control/routing/vty.h"

/* A command whose answer is JSON. 0 or -errno. */
int frr_ask(struct vty *vty, const char *command, frr_answer answer, void *context);
/* Kills the daemon when the zebra that it served has died (see there why). */
void frr_end_orphan(const struct vty *zebra_vty, const struct vty *vty, const char *name);
