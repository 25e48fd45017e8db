/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "control/log.h"
#include "control/routing/frr_parts.h"

/*
 * zebra numbers the VRFs anew in each life, and those that it serves go on with the numbers of the
 * life before: what bgpd installs for one tenant would be another one's (8.4.4). Nor do they state
 * again what they had installed. So a zebra that dies takes them along: killed, not ended, so that
 * bgpd's neighbours keep its routes (RFC 4724). Who started them starts them again.
 */
void frr_end_orphan(const struct vty *zebra_vty, const struct vty *vty, const char *name)
{
	const struct process *zebra = vty_peer(zebra_vty), *peer = vty_peer(vty);
	bool orphan = !process_lives(zebra) || peer->start < zebra->start;
	int error;

	if (zebra->pid == 0 || peer->pid == 0 || !orphan || !process_lives(peer))
		return;
	error = process_kill(peer);
	if (error == 0)
		log_warning("frr",
			"%s (process %d) ended: its zebra died, and the next one knows "
			"the routing domains by other numbers",
			name, (int)peer->pid);
	else if (error != -ESRCH)
		log_error("frr",
			"%s (process %d) must be restarted, its zebra died, and cannot be ended: "
			"%s",
			name, (int)peer->pid, strerror(-error));
}
