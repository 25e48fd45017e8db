# SPDX-License-Identifier: BSD-3-Clause
"""Packets in a BFD session's name that its peer did not send, or not now: each must be refused by
name, and none may move the session."""

import json
import os

from . import bfd_peer
from .bfd_peer import DOWN, packet
from .checks_bfd import sessions
from .shell import LabError, run, wait_until

PEER_PROGRAM = os.path.abspath(bfd_peer.__file__)
COPIES = 3
KEPT = ("state", "flaps", "ups", "discriminator", "remote_discriminator")


def refused(lab):
    """{(link, reason): packets}, those for no session too."""
    found = {}
    for row in lab.edge.show("bfd"):
        for reason, count in row["refusals"].items():
            key = (row["interface"], reason)
            found[key] = found.get(key, 0) + count
    return found


class Liar:
    """Speaks from a customer's namespace as if it were the peer of one session."""

    def __init__(self, lab, space, link, family):
        self.lab, self.space, self.link, self.family = lab, space, link, family
        self.before = sessions(lab)[link, family]
        self.told = 0

    def payload(self, **changes):
        """Would take the session down if it were believed, but for the changes."""
        fields = {"state": DOWN, "mine": self.before["remote_discriminator"],
                  "yours": self.before["discriminator"], **changes}
        return packet(**fields)

    def tell(self, reason, device, **change):
        """Sends some, and waits until they are counted for this reason on the session's link."""
        line = {"source": self.before["peer"], "target": self.before["local"], "ttl": 255,
                "port": bfd_peer.PORT, "payload": self.payload(), **change}
        line["payload"] = line["payload"].hex()
        self._counted(reason, "send", device, json.dumps([line] * COPIES))

    def replay(self, reason, device):
        """Sends a packet of the peer again, as it was, when others have come since."""
        self._counted(reason, "replay", device, self.before["local"], str(COPIES))

    def forge(self, reason, device, secret):
        """What the peer would say next if it went down, but for the secret."""
        self._counted(reason, "forge", device, self.before["local"], str(COPIES), secret)

    def _counted(self, reason, *words):
        before = refused(self.lab)
        run(["/usr/bin/python3", PEER_PROGRAM, *words], netns=self.space.path)
        def look():
            after = refused(self.lab)
            more = {key: after[key] - before.get(key, 0) for key in after
                    if after[key] != before.get(key, 0)}
            return more.get((self.link, reason)) == COPIES or (False, f"refused since: {more}")
        wait_until(f"{COPIES} packets refused as {reason} (IPv{self.family})", look, 5)
        self.told += 1

    def untouched(self):
        after = sessions(self.lab)[self.link, self.family]
        for key in KEPT:
            if after[key] != self.before[key]:
                raise LabError(f"{key} of {self.link} IPv{self.family} was {self.before[key]}, "
                               f"is {after[key]}")
