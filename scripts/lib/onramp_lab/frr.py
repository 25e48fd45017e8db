# SPDX-License-Identifier: BSD-3-Clause
"""FRR instances, each with a name of its own (-N) and so with sockets of its own."""

import grp
import json
import os
import pwd
import resource
import socket
import time

from .process import Process
from .shell import LabError, wait_until

DAEMONS = "/usr/lib/frr"
FILES_WANTED = 100000  # FRR takes at least 8 a routing domain


class Frr:
    """zebra, bfdd, bgpd and staticd in a namespace. config: {daemon: text}. domains_dir: run with
    one VRF per namespace in that directory (zebra -n), in a mount namespace of its own, and let
    the dataplane run the BFD sessions."""

    def __init__(self, lab, instance, namespace, config=None, domains_dir=None):
        self.lab = lab
        self.instance = f"{lab.prefix}-{instance}"
        self.dir = f"/var/run/frr/{self.instance}"
        self.namespace = namespace
        self.domains_dir = domains_dir
        self.processes = {}
        self._make_directory()
        for daemon in ("zebra", "bfdd", "bgpd", "staticd"):
            path = os.path.join(lab.run_dir, f"{instance}-{daemon}.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write((config or {}).get(daemon, ""))
            self.processes[daemon] = Process(lab, f"{instance}-{daemon}", self._argv(daemon, path),
                                             netns=namespace.path)

    def _make_directory(self):
        os.makedirs(os.path.dirname(self.dir), exist_ok=True)
        self.lab.manifest.add("path", path=self.dir)
        os.makedirs(self.dir, 0o750, exist_ok=True)
        os.chown(self.dir, pwd.getpwnam("frr").pw_uid, grp.getgrnam("frr").gr_gid)

    def _argv(self, daemon, config):
        argv = [f"{DAEMONS}/{daemon}", "-N", self.instance, "-f", config, "-P", "0",
                "--log", "stdout", "--log-level", "informational"]
        if daemon == "zebra":
            argv += ["-K", "180", "-s", "90000000"]
        if not self.domains_dir:
            return argv
        if daemon == "bfdd":
            argv += ["--dplaneaddr", f"unix:{self.dir}/bfdd.dataplane"]
        if daemon == "zebra":
            argv.append("-n")
        files = min(FILES_WANTED, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        script = (f"mount --rbind {self.domains_dir} /run/netns && ulimit -n {files} && "
                  'exec "$0" "$@"')
        return ["unshare", "--mount", "--propagation", "slave", "sh", "-c", script, *argv]

    def start(self):
        for daemon in self.processes:
            self.processes[daemon].start()
            wait_until(f"{self.instance}: {daemon}'s vty", lambda name=daemon: self._answers(name), 20)
        return self

    def _answers(self, daemon):
        self.processes[daemon].require_alive()
        return self.command("show version", daemon)

    def stop(self):
        for daemon in reversed(self.processes):
            self.processes[daemon].stop()

    def command(self, *commands, timeout=30):
        """Commands, the last word is the daemon: command("show ip bgp json", "bgpd"). Sent one
        after another over its vty socket in enable mode; the text of the last answer. An answer is text,
        three zero bytes and a return code."""
        *commands, daemon = commands
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as vty:
                vty.settimeout(timeout)
                vty.connect(os.path.join(self.dir, f"{daemon}.vty"))
                for command in ("enable", *commands):
                    text = self._ask(vty, command, time.monotonic() + timeout)
        except OSError as error:
            raise LabError(f"{self.instance}: {daemon}: {error}") from None
        return text

    def _ask(self, vty, command, deadline):
        vty.sendall(command.encode() + b"\0")
        answer = b""
        while not (len(answer) >= 4 and answer[-4:-1] == b"\0\0\0"):
            part = vty.recv(65536)
            if not part or time.monotonic() > deadline:
                raise LabError(f"{self.instance}: no answer to `{command}`")
            answer += part
        if answer[-1] not in (0, 1):  # 1 is a warning: nothing of that name, for one
            raise LabError(f"{self.instance}: `{command}` was refused ({answer[-1]}): "
                           + answer[:-4].decode(errors="replace").strip())
        return answer[:-4].decode(errors="replace")

    def json(self, command, daemon="bgpd"):
        return json.loads(self.command(command, daemon) or "{}")

    def sessions(self):
        """{(neighbour, family): state} of the default VRF."""
        found = {}
        for family in ("ipv4", "ipv6"):
            for peer, row in self.json(f"show bgp {family} unicast summary json").get("peers", {}).items():
                found[peer, family] = row["state"]
        return found
