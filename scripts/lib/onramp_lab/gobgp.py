# SPDX-License-Identifier: BSD-3-Clause
"""GoBGP, one process a namespace. It keeps its routes to itself: the kernel's are the lab's. It
connects, and does not listen."""

import json
import os

from .process import Process
from .shell import run, wait_until

class GoBgp:
    """neighbours: [(address, AS number)]. write() its configuration before start()."""

    def __init__(self, lab, name, namespace, asn, router_id, neighbours):
        self.lab, self.namespace, self.asn, self.router_id = lab, namespace, asn, router_id
        self.neighbours = neighbours
        self.target = "unix://" + os.path.join(lab.run_dir, f"{name}-gobgp.sock")
        self.config = os.path.join(lab.run_dir, f"{name}-gobgp.toml")
        self.process = Process(lab, f"{name}-gobgp",
                               ["gobgpd", "-f", self.config, "--api-hosts", self.target,
                                "--pprof-disable"], netns=namespace.path)

    def write(self, passwords, asked_to_leave=()):
        """passwords: {neighbour: key}; asked_to_leave: neighbours that are announced everything with
        GRACEFUL_SHUTDOWN."""
        text = (f"[global.config]\nas = {self.asn}\nrouter-id = \"{self.router_id}\"\nport = -1\n"
                "[global.apply-policy.config]\nexport-policy-list = [\"leave\"]\n"
                "default-export-policy = \"accept-route\"\n")
        for address, asn in self.neighbours:
            family = "ipv6" if ":" in address else "ipv4"
            password = passwords.get(address)
            text += (f"[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{address}\"\n"
                     f"peer-as = {asn}\n"
                     + (f"auth-password = \"{password}\"\n" if password else "")
                     + "[neighbors.timers.config]\nconnect-retry = 2\nhold-time = 30\n"
                     "keepalive-interval = 10\nidle-hold-time-after-reset = 2\n"
                     "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n"
                     f"afi-safi-name = \"{family}-unicast\"\n")
        leaving = ", ".join(f'"{address}/{128 if ":" in address else 32}"'
                            for address in asked_to_leave or ("192.0.2.255",))
        text += ("[[defined-sets.neighbor-sets]]\nneighbor-set-name = \"leaving\"\n"
                 f"neighbor-info-list = [{leaving}]\n"
                 "[[policy-definitions]]\nname = \"leave\"\n[[policy-definitions.statements]]\n"
                 "name = \"leave\"\n[policy-definitions.statements.conditions.match-neighbor-set]\n"
                 "neighbor-set = \"leaving\"\nmatch-set-options = \"any\"\n"
                 "[policy-definitions.statements.actions]\nroute-disposition = \"accept-route\"\n"
                 "[policy-definitions.statements.actions.bgp-actions.set-community]\n"
                 "options = \"add\"\n"
                 "[policy-definitions.statements.actions.bgp-actions.set-community."
                 "set-community-method]\ncommunities-list = [\"65535:0\"]\n")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        self.process.start()
        wait_until(f"{self.process.name} answers", self._answers, 20)
        return self

    def _answers(self):
        self.process.require_alive()
        return self.command("global")

    def command(self, *words):
        return run(["gobgp", "--target", self.target, *words]).stdout

    def announce(self, *prefixes):
        for prefix in prefixes:
            self.command("global", "rib", "add", prefix, "-a", family_of(prefix))

    def received(self, neighbour):
        """{prefix: (AS path, communities)} from one neighbour; the numbers as GoBGP has them."""
        rows = json.loads(self.command("-j", "neighbor", neighbour, "adj-in",
                                       "-a", family_of(neighbour)) or "{}") or {}
        found = {}
        for prefix, paths in rows.items():
            attributes = {row["type"]: row for row in paths[0]["attrs"]}
            path = [asn for part in attributes.get(2, {}).get("as_paths", ())
                    for asn in part["asns"]]
            found[prefix] = path, attributes.get(8, {}).get("communities", [])
        return found


def family_of(address):
    return "ipv6" if ":" in address else "ipv4"
