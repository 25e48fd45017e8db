/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast each interface was at its fastest: the highest rates of any window of 10 ms, by minute.
 * A thread of its own reads the one cache line of each account that forwarding writes, a hundred
 * times a second: workers do nothing for it, and main, which may be busy with a batch for longer
 * than a window, does not make windows long. Where the thread is late the window is as long as it
 * is, and the rate its average: a peak is never more than what was, but it may be more than that.
 */
#pragma once

#include <stdint.h>

#include "dataplane/api/api.h"

#define PEAKS_WINDOW_US 10000u

/* Main thread: the interface begins a new life (none of its peaks are left), or ends. */
void peaks_watch(uint32_t interface);
void peaks_forget(uint32_t interface);

/* Main thread: of this minute and of the last one; zeroes, when nobody looked yet. */
void peaks_read(uint32_t interface, struct api_peak peaks[2]);

/* The peaks' thread: looks at every interface whose window is over. clock_us: monotonic; minute:
 * since 1970. A clock that goes back by less than a minute does not begin the last one again. */
void peaks_look(uint64_t (*clock_us)(void), uint32_t minute);

/* Main thread, between counters_init and counters_fini. 0 or -errno. */
int peaks_start(void);
void peaks_stop(void);
