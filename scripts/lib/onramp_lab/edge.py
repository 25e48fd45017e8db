# SPDX-License-Identifier: BSD-3-Clause
"""The edge: our two programs, FRR beside them, and the command that looks at them."""

import json
import os

from .frr import Frr
from .process import Process
from .shell import LabError, run, wait_until


class Edge:
    """onramp-dataplane, onramp-control and FRR in one namespace; build: meson's directory; suffix:
    of directories and logs, where a lab has more than one edge; control_options: more of onramp-control's."""

    def __init__(self, lab, namespace, build, name="edge", suffix="", control_options=()):
        self.lab, self.namespace, self.build, self.name = lab, namespace, build, name
        self.buffer_baseline = None  # set by the lab before the first packet
        self.run_dir = os.path.join(lab.run_dir, "run" + suffix)
        self.state_dir = os.path.join(lab.run_dir, "state" + suffix)
        self.domains_dir = os.path.join(self.run_dir, "netns")
        os.mkdir(self.run_dir, 0o700)
        os.mkdir(self.state_dir, 0o700)
        self._make_domains_dir()
        self.frr = Frr(lab, name, namespace, domains_dir=self.domains_dir)
        self.dataplane = Process(
            lab, "dataplane" + suffix,
            [os.path.join(build, "dataplane/onramp-dataplane"), "--run-dir", self.run_dir],
            netns=namespace.path)
        self.control = Process(
            lab, "control" + suffix,
            [os.path.join(build, "control/onramp-control"),
             "--edge-file", self._write_edge_file(name),
             "--run-dir", self.run_dir, "--frr-dir", self.frr.dir, *control_options],
            netns=namespace.path)
        self.onramp = os.path.join(build, "control/cli/onramp")

    def _write_edge_file(self, name):
        path = self.state_dir + ".yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"edge: {name}\nstate_dir: {self.state_dir}\n")
        return path

    def _make_domains_dir(self):
        """FRR's user passes through RUN_DIR, root alone reads it; the domains' mounts reach FRR's
        mount namespace because the directory is a shared mount."""
        os.mkdir(self.domains_dir, 0o755)
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "onramp-domains", self.domains_dir])
        run(["mount", "--make-shared", self.domains_dir])

    def start(self):
        self.dataplane.start()
        self.frr.start()
        self.control.start()
        wait_until("control answers", self._control_answers, 20)
        return self

    def _control_answers(self):
        self.control.require_alive()
        self.dataplane.require_alive()
        return self.show("status")

    def processes(self):
        return [self.dataplane, *self.frr.processes.values(), self.control]

    def command(self, *words, check=True, timeout=60):
        """`onramp WORDS`; the CompletedProcess."""
        return run([self.onramp, "--run-dir", self.run_dir, *words], check=check, timeout=timeout)

    def show(self, *words, timeout=60):
        """`onramp -j show WORDS`: the rows, or the object where it is one."""
        text = self.command("-j", "show", *words, timeout=timeout).stdout
        try:
            answer = json.loads(text)
        except ValueError:
            raise LabError(f"onramp -j show {' '.join(words)}: no JSON: {text[:200]!r}") from None
        return answer["rows"] if isinstance(answer, dict) and "rows" in answer else answer

    def apply(self, path, *options):
        return self.command("apply", path, *options)

    def provision(self):
        """Plays the provider, who has been given every service key. What the command said."""
        waiting = [row["service_key"] for row in self.show("circuits")
                   if row["provider_state"] not in (None, "provisioned")]
        return "".join(self.command("circuit", "provision", key).stdout for key in waiting)

    def deprovision(self, *circuits):
        """The same of these circuits, as far as there are any to take back."""
        going = [row["service_key"] for row in self.show("circuits")
                 if row["name"] in circuits and row["provider_state"] == "provisioned"]
        return "".join(self.command("circuit", "deprovision", key).stdout for key in going)

    def synced(self):
        """For wait_until: control and dataplane agree, FRR runs what was wanted."""
        self.control.require_alive()
        self.dataplane.require_alive()
        status = self.show("status")
        for part, word in (("dataplane", "connected"), ("dataplane", "synced"),
                           ("frr", "connected"), ("frr", "applied")):
            if not status.get(part, {}).get(word):
                return False, f"{part} is not {word}: {status.get(part)}"
        return True

    def wait_synced(self, timeout=30):
        wait_until("control, dataplane and FRR in step", self.synced, timeout)

    def buffers_used(self):
        """{mempool: packet buffers in use}"""
        used = {row["name"]: row["used"] for row in self.show("memory") 
                if row["name"].startswith("packets-")}
        if not used:
            raise LabError("`onramp show memory` names no packet buffers")
        return used

    def domains(self):
        return sorted(os.listdir(self.domains_dir))

    def domain_path(self, domain):
        return os.path.join(self.domains_dir, domain)

    def kernel_routes(self, domain, family):
        """`ip -j route` of a domain's main table."""
        text = run(["ip", "-j", f"-{family}", "route", "show", "table", "main"],
                   netns=self.domain_path(domain)).stdout
        return json.loads(text or "[]")
