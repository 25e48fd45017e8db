/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/interface/tap.h"

#include <linux/if_tun.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dataplane/worker/reclaim.h"

static void close_tap(void *fd)
{
	close((int)(intptr_t)fd);
}

void tap_close_later(int fd)
{
	reclaim_later((void *)(intptr_t)fd, close_tap);
}

void tap_set_carrier(int fd, bool up)
{
	int carrier = up;

	/* Fails only on a TAP whose netdev was deleted under us; control will pass another. */
	(void)ioctl(fd, TUNSETCARRIER, &carrier);
}
