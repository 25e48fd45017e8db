# SPDX-License-Identifier: BSD-3-Clause
"""Live changes while something is away or dies: the dataplane, control in the middle of it, both
at once, FRR's daemons one by one."""

import difflib
import json
import re
import subprocess
import sys

from apply_kit import (DOMAINS, VNET_C_HOST4, VNET_C_HOST6, Document, all_established,
                       build_tailspin, circuits_of, missing_answers, others_undisturbed, routes, traces)
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import reason_count, routes_equal
from onramp_lab.checks_reach import first_answer, host
from onramp_lab.shell import run, wait_until
from onramp_lab.topology import CONTOSO, CUSTOMERS, FABRIKAM, VNET_HOST4, VNET_HOST6, VNET_PREFIX4

# What the command does meanwhile, for whoever reads a failure: see `show status` and friends.
VIEWS = ("status", "circuits", "peerings", "bgp", "arp")


def settle(lab):
    all_established(lab, 10)
    all_reach(lab)
    lab.document = Document(lab)
    build_tailspin(lab)
    return "10 sessions"


def all_reach(lab, tailspin=False):
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(host(lab, customer), address)
    for address in (VNET_C_HOST4, VNET_C_HOST6) if tailspin else ():
        first_answer(lab.spaces["tailspin-host"], address)


def views(lab, refused, *words):
    """Each view answers at once, those named with an error that says what to do."""
    for view in VIEWS:
        done = lab.edge.command("show", view, check=False, timeout=10)
        if (done.returncode != 0) != (view in refused):
            raise LabError(f"show {view}: status {done.returncode}: {done.stdout + done.stderr}")
        lost = [word for word in words if view in refused and word not in done.stderr]
        if lost:
            raise LabError(f"show {view} does not say {lost}: {done.stderr}")


# ---- the dataplane ----

def dataplane_away(lab):
    """What is applied meanwhile is in force as soon as it is back."""
    edge = lab.edge
    edge.dataplane.kill()
    def missed():
        error = edge.show("status")["dataplane"]["error"] or ""
        return "start onramp-dataplane" in error or (False, error)
    wait_until("control misses it and says what to do", missed, 10)
    before = edge.show("status")["revision"]
    lab.document.apply(*lab.document.with_tailspin(), wait=False)
    if edge.show("status")["revision"] != before + 2:  # the file, then tailspin's provider
        raise LabError(f"status: {edge.show('status')}")
    views(lab, ())
    edge.dataplane.start()
    lab.connect_ports()
    edge.wait_synced(60)
    all_established(lab, 16)
    all_reach(lab, tailspin=True)
    if reason_count(lab, "no-route"):
        raise LabError("packets met a domain without their route")
    return "tailspin and vnet-c are there with the dataplane, no packet met an empty domain"


def both_away(lab):
    """Control and dataplane are new: TAPs and domains are found again. vnet-b goes and comes back
    behind vnet-c, so that ids by order would be others."""
    edge = lab.edge
    text = lab.document.text
    lab.document.apply((text, lab.document.without("vnet-b")))
    lab.document.apply((lab.document.text, text))
    before = taps(lab)
    edge.control.kill()
    edge.dataplane.kill()
    edge.dataplane.start()
    edge.control.start()
    lab.connect_ports()
    edge.wait_synced(60)
    all_established(lab, 16)
    all_reach(lab, tailspin=True)
    after = taps(lab)
    if after != before or len(set(after.values())) != 9:
        raise LabError(f"TAPs' indexes were {before}, are {after}")
    routes_equal(lab)
    text = lab.document.text
    lab.document.apply((text, lab.document.without("vnet-c")))
    lab.document.apply((lab.document.text, text))
    all_established(lab, 16)
    after = taps(lab)
    if len(set(after.values())) != 9:
        raise LabError(f"two TAPs have one index: {after}")
    return "9 TAPs with the indexes they had, a new one with one of its own, 16 sessions"


def taps(lab):
    found = {}
    for domain in lab.edge.domains():
        rows = json.loads(run(["ip", "-j", "link"], netns=lab.edge.domain_path(domain)).stdout)
        found.update({(domain, row["ifname"]): row["ifindex"] for row in rows if row["ifname"] != "lo"})
    return found


# ---- control ----

def killed_in_apply(lab):
    """At three moments; then all that was before, or all that is after."""
    moments = (("before it is saved", "out", "Changes:"),
               ("while it is stated", "log", "revision {next} is in force"),
               ("when the dataplane has it", "log", "synchronised: "))
    seen = []
    with others_undisturbed(lab, ".tailspin", ".vnet-c"):
        for moment, where, what in moments:
            there = "name: tailspin" in lab.document.text
            text = lab.document.without("tailspin", "vnet-c") if there else with_it(lab)
            same = kill_at(lab, text, where, what)
            seen.append(f"{moment}: the one {'before' if same else 'after'}")
    return ", ".join(seen)


def with_it(lab):
    text = lab.document.text
    for old, new in lab.document.with_tailspin():
        text = text.replace(old, new)
    return text


def kill_at(lab, text, where, what):
    """True: the state is the one before."""
    edge = lab.edge
    before = lab.document.text
    edge.deprovision(*(set(lab.document.circuits()) - set(circuits_of(text))))
    revision = edge.show("status")["revision"]
    lab.document.write(text)
    heard = len(edge.control.output())
    command = subprocess.Popen([edge.onramp, "--run-dir", edge.run_dir, "apply", "--prune",
                                lab.document.path],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    what = what.format(next=revision + 1)
    if where == "out":
        for line in command.stdout:
            if what in line:
                break
    else:
        wait_until(what, lambda: what in edge.control.output()[heard:], 10, 0.001)
    edge.control.kill()
    command.communicate(timeout=10)
    edge.control.start()
    wait_until("control answers", lambda: edge.show("status"), 10)
    edge.wait_synced()
    now = edge.show("status")["revision"]
    if now not in (revision, revision + 1):
        raise LabError(f"revision {now} after {revision}")
    lab.document.text = before if now == revision else text
    there = "name: tailspin" in lab.document.text
    stored = edge.command("export").stdout
    if (("name: tailspin" in stored), ("name: vnet-c" in stored)) != (there, there):
        raise LabError(f"revision {now} after {revision}, and the store is neither of the two")
    edge.command("audit", "verify")
    edge.provision()
    must_match(lab, there)
    return now == revision


def must_match(lab, there):
    if there:
        all_established(lab, 16)
        all_reach(lab, tailspin=True)
    else:
        wait_until("no trace of tailspin", lambda: (
            not traces(lab, "tailspin", "vnet-c") or (False, traces(lab, "tailspin", "vnet-c"))), 15)
        all_established(lab, 10)


def control_away(lab):
    """Its views say so; those of the dataplane go on."""
    lab.edge.control.kill()
    views(lab, VIEWS, "onramp-control")
    done = lab.edge.command("apply", lab.document.path, check=False)
    if done.returncode == 0 or "onramp-control" not in done.stderr:
        raise LabError(f"apply without control: {done.stdout + done.stderr}")
    if not lab.edge.show("routes", "private.contoso"):
        raise LabError("no routes of the dataplane's without control")
    lab.edge.control.start()
    wait_until("control answers", lambda: lab.edge.show("status"), 10)
    lab.edge.wait_synced()
    return "told, with what to start"


# ---- FRR ----

def configuration(lab):
    """Without what FRR writes about itself."""
    return sorted(line for daemon in ("bgpd", "staticd")
                  for line in lab.edge.frr.command("show running-config", daemon).splitlines()
                  if line.strip() not in ("!", "exit"))


def difference(before, after):
    return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]


def no_stale_routes(lab):
    """A second restart before the first is over loses what is stale (RFC 4724 section 4.2)."""
    for family in ("ipv4", "ipv6"):
        if '"stale":true' in lab.contoso.command(f"show bgp {family} unicast json", "bgpd"):
            return False, "contoso has some"
    for name, bird in (("fabrikam", lab.fabrikam), ("vnet-a", lab.vnet_a)):
        if re.search(r"\(\d+s", bird.command("show", "route")):
            return False, f"{name} has some"
    return True


def frr_killed(lab, daemon):
    edge = lab.edge
    wait_until("no route is stale", lambda: no_stale_routes(lab), 30)
    before = configuration(lab)
    process = edge.frr.processes[daemon]
    static = lambda: bool(routes(lab, "vnet.vnet-b", VNET_PREFIX4))
    with probes.RunningPing(lab, host(lab, CONTOSO), VNET_HOST4, "0.05") as contoso, \
            probes.RunningPing(lab, host(lab, FABRIKAM), VNET_HOST4, "0.05") as fabrikam:
        process.kill()
        wait_until("control misses it", lambda: not edge.show("status")["frr"]["connected"], 10)
        ended = edge.frr.processes.values() if daemon == "zebra" else [process]
        wait_until("it ended, and those it served",
                   lambda: not any(each.alive() for each in ended), 10)
        views(lab, () if daemon == "staticd" else ("bgp",), "bgpd")
        if not static():
            raise LabError("the static route went with it")
        lab.supervise()
        edge.wait_synced(40)
        wait_until("FRR's configuration as before", lambda: (
            configuration(lab) == before or (False, difference(before, configuration(lab)))), 20)
        all_established(lab, len(edge.show("bgp")))
        all_reach(lab)
        lost = {ping.address + " " + name: len(missing_answers(ping, None))
                for name, ping in (("contoso", contoso), ("fabrikam", fabrikam))}
    routes_equal(lab)
    if any(lost.values()):
        raise LabError(f"pings were lost: {lost}")
    return "configuration, sessions and routes are back, 0 packets lost"


def checks():
    yield "the lab is up", settle
    yield "applied while the dataplane is away", dataplane_away
    yield "control and dataplane away at once", both_away
    yield "control killed in an apply", killed_in_apply
    yield "control away", control_away
    for daemon in ("staticd", "bgpd", "zebra"):
        yield f"{daemon} killed and back", lambda lab, daemon=daemon: frr_killed(lab, daemon)


if __name__ == "__main__":
    sys.exit(run_in_lab("r", checks(), use_hugepages=False))
