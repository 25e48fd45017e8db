/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link state, from the device to the paths over it. Main thread.
 */
#pragma once

#include "dataplane/port/port.h"

/* The device tells of changes from now on, if it can: between configuration and close. */
void link_watch(const struct port *port);
/* And no longer; nothing of it runs any more after this. */
void link_unwatch(const struct port *port);
