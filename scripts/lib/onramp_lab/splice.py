# SPDX-License-Identifier: BSD-3-Clause
"""Wires between customers and ports: a net_tap netdev stays with the edge, and two eBPF filters
per link push and pop the tags between it and the customer's veth. any_inner: frames come with tags
of their own, and the S-tag goes round them."""

import os
import platform

from .shell import run

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tag.bpf.c")
LAST_PRIORITY = 60000


class Splice:
    """One link: `veth` and `port` are interfaces in the edge's namespace."""

    def __init__(self, lab, edge, port, veth, *, s_tag=0, c_tag=0, ethertype=0x8100,
                 any_inner=False, priority):
        self.lab, self.edge, self.port, self.veth = lab, edge, port, veth
        self.s_tag, self.c_tag, self.ethertype = s_tag, c_tag, ethertype
        self.any_inner, self.priority = any_inner, priority

    def connect(self):
        """Needs the port's netdev to be there. Connecting again replaces what was."""
        program = self._compile()
        for device in (self.port, self.veth):
            self.edge.run("tc", "qdisc", "replace", "dev", device, "clsact")
        self._filter(self.veth, 1, program, "customer")
        self._filter(self.port, self.priority, program, "port")
        self._filter(self.port, LAST_PRIORITY, program, "nobody")

    def cut(self):
        """A silent cut: frames vanish in both directions, every link stays up, and the other wires
        of the port work on."""
        self._filter(self.veth, 1, self._program(), "nobody")
        self.edge.run("tc", "filter", "del", "dev", self.port, "ingress",
                      "prio", str(self.priority))

    def tag_bytes(self):
        return 4 * (bool(self.s_tag) + bool(self.c_tag))

    def _program(self):
        return os.path.join(self.lab.run_dir, f"splice-{self.edge.short}-{self.veth}.o")

    def _compile(self):
        values = {
            "S_TAG": self.s_tag, "C_TAG": self.c_tag, "ANY_INNER": int(self.any_inner),
            "OUTER_ETHERTYPE": self.ethertype,
            "PORT_IFINDEX": self.edge.ifindex(self.port),
            "CUSTOMER_IFINDEX": self.edge.ifindex(self.veth),
        }
        run(["clang", "-O2", "-g", "-Wall", "-Werror", "-target", "bpf",
             f"-I/usr/include/{platform.machine()}-linux-gnu",
             *(f"-D{name}={value}" for name, value in values.items()),
             "-c", SOURCE, "-o", self._program()])
        return self._program()

    def _filter(self, device, priority, program, section):
        self.edge.run("tc", "filter", "replace", "dev", device, "ingress", "prio", str(priority),
                      "handle", "1", "protocol", "all", "bpf", "direct-action", "object-file",
                      program, "section", section)
