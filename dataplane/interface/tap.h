/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the main thread does with an interface's TAP besides giving it to the punt thread.
 */
#pragma once

#include <stdbool.h>

/* The punt thread may be about to write to the TAP: closes it when it cannot be any more. */
void tap_close_later(int fd);

/* What the domain's kernel sees as the link's carrier. */
void tap_set_carrier(int fd, bool up);
