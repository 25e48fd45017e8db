# SPDX-License-Identifier: BSD-3-Clause
"""Two tenants with the same addresses, both of whom send: a capture of one, opened by tshark, has
all of its packets with tags and verdicts, of those dropped the reason, and nothing of the other; a
trace says of a spoofed packet and of a right one where each went; and both end in order, whoever
goes away."""

import ipaddress
import json
import os
import signal
import struct
import sys

from support import LabError, run_in_lab

# pylint: disable=wrong-import-position
from onramp_lab.checks_bfd import all_up
from onramp_lab.checks_reach import route_checks, session_checks
from onramp_lab.probes import must_answer, send_frame
from onramp_lab.process import Process
from onramp_lab.shell import run, wait_until
from onramp_lab.streams import open_ways
from onramp_lab.topology import CONTOSO, CUSTOMER_HOST4, VNET_HOST4

LINKS = ["contoso/private/primary", "contoso/private/secondary"]
SPOOFED, PINGS = 7, 20
SPOOFED_SOURCE = "203.0.113.7"
FIELDS = ("frame.interface_name", "vlan.id", "ip.src", "ip.dst", "icmp.type", "udp.dstport",
          "arp.opcode", "frame.comment")
TAGS = f"{CONTOSO.s_tag},{CONTOSO.c_tag}"


class Listener(Process):
    """`onramp WORDS` that runs until it has enough, or is told to end."""

    def __init__(self, lab, name, *words):
        super().__init__(lab, name, [lab.edge.onramp, "--run-dir", lab.edge.run_dir, *words])

    def begin(self):
        self.start()
        self.wait_output("^watching ")
        return self

    def end(self, status=0):
        if self.alive():
            os.kill(self.pid, signal.SIGINT)
        self.wait_status(status)
        return self.output()

    def wait_status(self, status):
        found = self.wait_end()
        if found != status:
            raise LabError(f"{self.name} ended with status {found}: {self.output()}")


def spoof(lab):
    """Packets of a source that is not contoso's, to an address that both tenants have."""
    port = next(row for row in lab.edge.show("ports") if row["name"] == "cust-a")
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 48, 0, 0, 64, 17, 0,
                     ipaddress.ip_address(SPOOFED_SOURCE).packed,
                     ipaddress.ip_address(VNET_HOST4).packed)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + ip[12:]
    frame = bytes.fromhex(port["mac"].replace(":", "")) + bytes.fromhex("020000000099")
    send_frame(lab.spaces["contoso"], "primary",
               frame + b"\x08\x00" + ip + struct.pack(">HHHH", 50000, 9, 28, 0) + bytes(20),
               SPOOFED)


def read(path):
    text = run(["tshark", "-r", path, "-T", "fields", "-E", "separator=|",
                *(word for field in FIELDS for word in ("-e", field))]).stdout
    return [dict(zip(FIELDS, line.split("|"))) for line in text.splitlines()]


def only(rows, **wanted):
    names = {"comment": "frame.comment", "icmp": "icmp.type", "source": "ip.src",
             "to_port": "udp.dstport", "link": "frame.interface_name"}
    return [row for row in rows
            if all(row[names[key]].startswith(value) for key, value in wanted.items())]


def counts(rows):
    """Pings of the tenant there and back, and the spoofed, each with what became of it."""
    wanted = {"there": (PINGS, {"icmp": "8", "source": CUSTOMER_HOST4, "comment": "in: forwarded"}),
              "back": (PINGS, {"icmp": "0", "source": VNET_HOST4, "comment": "out: sent"}),
              "spoofed": (SPOOFED, {"source": SPOOFED_SOURCE, "link": LINKS[0],
                                    "comment": "in: dropped, urpf-strict: "})}
    for name, (count, what) in wanted.items():
        if len(only(rows, **what)) != count:
            raise LabError(f"{name}: {len(only(rows, **what))} packets, not {count}")
    if len(only(rows, icmp="8")) + len(only(rows, icmp="0")) != 2 * PINGS:
        raise LabError("pings that are not contoso's, or told twice")
    for name, what in {"BFD that came": {"to_port": "3784", "comment": "in: for the edge itself"},
                       "BFD that went": {"to_port": "3784", "comment": "out: sent"}}.items():
        if not only(rows, **what):
            raise LabError(f"no {name}")


def one_circuits_packets(lab):
    path = os.path.join(lab.run_dir, "contoso.pcapng")
    capture = Listener(lab, "capture", "-j", "capture", "contoso", "-w", path).begin()
    refused = lab.edge.command("capture", "fabrikam", "-w", path + "2", check=False)
    if refused.returncode != 1 or "another capture" not in refused.stderr:
        raise LabError(f"a second capture: {refused}")
    if os.path.exists(path + "2"):
        raise LabError("a capture that was refused left a file")
    for name in ("contoso", "fabrikam"):
        must_answer(lab.spaces[f"{name}-host"], VNET_HOST4, count=PINGS)
    spoof(lab)
    wait_until("the spoofed packets are counted", lambda: sum(
        row["packets"] for row in lab.edge.show("drops")
        if row["interface"] == LINKS[0] and row["reason"] == "urpf-strict") >= SPOOFED, 20)
    output = capture.end()
    table = json.loads(output[output.index("["):])
    if sorted(row["link"] for row in table) != LINKS or any(row["lost"] for row in table):
        raise LabError(f"links of the capture: {table}")
    rows = read(path)
    if len(rows) != sum(row["packets"] for row in table):
        raise LabError(f"{len(rows)} packets in the file: {table}")
    wrong = [row for row in rows if row["vlan.id"] != TAGS
             or row["frame.interface_name"] not in LINKS]
    if wrong:
        raise LabError(f"{len(wrong)} packets of others: {wrong[:3]}")
    counts(rows)
    return f"{len(rows)} packets of contoso's in the file, none of another's"


def into_a_pipe(lab):
    """Ended by its count; what tshark reads is whole."""
    out = os.path.join(lab.run_dir, "piped")
    command = (f"{lab.edge.onramp} --run-dir {lab.edge.run_dir} capture {LINKS[0]} --count 5 "
               f"--snaplen 64 -w - | tshark -r - -T fields -e frame.cap_len > {out}")
    run(["bash", "-o", "pipefail", "-c", command], timeout=60)
    with open(out, encoding="utf-8") as file:
        lengths = [int(line) for line in file]
    if len(lengths) != 5 or max(lengths) > 64:
        raise LabError(f"captured lengths: {lengths}")
    return "5 packets of 64 bytes at most, by BFD alone"


def steps(row):
    return {step["step"]: step["verdict"] for step in row["steps"]}


def two_packets_ways(lab):
    trace = Listener(lab, "trace", "-j", "trace", "contoso", "--to", VNET_HOST4, "--count",
                     str(SPOOFED + 1)).begin()
    spoof(lab)
    must_answer(lab.spaces["contoso-host"], VNET_HOST4, count=1)
    trace.wait_status(0)
    rows = json.loads(trace.output()[trace.output().index("["):])
    spoofed = [row for row in rows if row["from"] == SPOOFED_SOURCE]
    others = [row for row in rows if row["from"] != SPOOFED_SOURCE]
    if len(spoofed) != SPOOFED or len(others) != 1:
        raise LabError(f"traced: {rows}")
    dropped, passed = spoofed[0], others[0]
    if dropped["reason"] != "urpf-strict" or steps(dropped) != {
            "tags": "ok", "domain": "ok", "header": "ok", "local": "ok", "martian": "ok",
            "source": "urpf-strict"}:
        raise LabError(f"the spoofed packet: {dropped}")
    if passed["verdict"] != "forwarded" or set(steps(passed).values()) != {"ok"}:
        raise LabError(f"the right packet: {passed}")
    if (passed["domain"], passed["tags"]) != ("private.contoso", [CONTOSO.s_tag, CONTOSO.c_tag]):
        raise LabError(f"where it came: {passed}")
    if passed["steps"][-1] != {"step": "sent", "verdict": "ok", "why": "by vnet-a/core"}:
        raise LabError(f"where it went: {passed}")
    return "the spoofed packet ends at its source check, the ping goes by vnet-a/core"


def by_flow_alone(lab):
    """On all links, those of both tenants: the flow is known by its addresses only."""
    trace = Listener(lab, "flow", "-j", "trace", "--from", CUSTOMER_HOST4, "--proto", "icmp",
                     "--count", "4").begin()
    for name in ("contoso", "fabrikam"):
        must_answer(lab.spaces[f"{name}-host"], VNET_HOST4, count=1)
    trace.wait_status(0)
    rows = json.loads(trace.output()[trace.output().index("["):])
    links = [row["link"].split("/")[0] for row in rows]
    if links != ["contoso", "vnet-a", "fabrikam", "vnet-b"]:
        raise LabError(f"by {links}")
    return f"there and back by {', '.join(links)}"


def clients_that_die(lab):
    """Killed, it ends with its connection; and the dataplane's end is said."""
    path = os.path.join(lab.run_dir, "last.pcapng")
    first = Listener(lab, "killed", "capture", "contoso", "-w", path).begin()
    first.kill()
    def begins():
        second = Listener(lab, "last", "capture", "contoso", "-w", path)
        second.start()
        status = wait_until("an answer", lambda: "watching" in second.output()
                            or second.popen.poll() is not None, 10)
        return status and second.alive() and second
    second = wait_until("another one may begin", begins, 20)
    lab.edge.dataplane.kill()
    second.wait_status(1)
    if "the dataplane ended" not in second.output():
        raise LabError(f"said: {second.output()}")
    read(path)
    return "a capture ends with its client; a dataplane that dies is said"


def checks():
    yield from session_checks()
    yield from route_checks()
    yield "every way answers", open_ways
    yield "BFD is up", all_up
    yield "a capture of one circuit, opened by tshark", one_circuits_packets
    yield "a capture into a pipe", into_a_pipe
    yield "a trace of a spoofed packet and of a right one", two_packets_ways
    yield "a trace of a flow on all links", by_flow_alone
    yield "clients that die, a dataplane that dies", clients_that_die


if __name__ == "__main__":
    sys.exit(run_in_lab("cp", list(checks())))
