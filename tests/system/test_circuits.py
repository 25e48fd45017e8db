# SPDX-License-Identifier: BSD-3-Clause
"""The life of circuits by command, under traffic: sold, provisioned, changed, stopped, taken away; the
store exported, lost and brought back; control killed in the middle of every command."""

import collections
import errno
import itertools
import json
import os
import random
import subprocess
import sys

from apply_kit import all_established, others_undisturbed
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_reach import first_answer, host
from onramp_lab.shell import run, wait_until
from onramp_lab.topology import CONTOSO, FABRIKAM, VNET_HOST4, VNET_HOST6

KILLS = 100  # of each command, or more
LIVES = ("create", "provision", "deprovision", "delete", "enable", "disable", "set-bandwidth",
         "set-tier")
SMALL_DISK_BYTES = 4 * 2**20
SEED = 5


def settle(lab):
    all_established(lab, 10)
    for customer in (CONTOSO, FABRIKAM):
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(host(lab, customer), address)
    return "10 sessions"


def row(lab, name):
    found = [each for each in lab.edge.show("circuits") if each["name"] == name]
    return found[0] if found else None


def refused(lab, *words, says):
    """Refused, in these words, by a dry run and by the real one; nothing changes."""
    before = lab.edge.show("status")["revision"]
    texts = []
    for options in (("--dry-run",), ()):
        done = lab.edge.command(*words, *options, check=False)
        texts.append(done.stderr)
        if done.returncode == 0 or says not in done.stderr:
            raise LabError(f"{' '.join(words)}: no \"{says}\" in: {done.stdout + done.stderr}")
    if texts[0] != texts[1] or lab.edge.show("status")["revision"] != before:
        raise LabError(f"{' '.join(words)}: the dry run and the real one differ: {texts}")


def sold(lab):
    edge = lab.edge
    with others_undisturbed(lab):
        create = ("circuit", "create", "acme", "--port-pair", "shared", "--bandwidth")
        refused(lab, *create, "3G", says="3G is not sold on provider ports; write one of 50M")
        refused(lab, *create, "1G", "--s-tag", "100", says="100")
        edge.command(*create, "1G", "--s-tag", "200")
        key = row(lab, "acme")["service_key"]
        refused(lab, "circuit", "provision", "acme", says="belongs to the provider")
        refused(lab, "circuit", "set-bandwidth", key, "2G", says="belongs to the operator")
        edge.command("circuit", "provision", key, "--begin")
        edge.command("wait", "circuit", "acme", "provisioning", "--timeout", "5s")
        refused(lab, "circuit", "delete", "acme", says="provider_state is provisioning")
        edge.command("circuit", "provision", key)
        edge.command("wait", "circuit", "acme", "provisioned", "--timeout", "5s")
        refused(lab, "circuit", "delete", "acme", says=f"`onramp circuit deprovision {key}`")
        refused(lab, "circuit", "set-tier", "acme", "local", says="cannot become local")
        edge.command("circuit", "deprovision", key)
        edge.command("circuit", "delete", "acme")
    if row(lab, "acme"):
        raise LabError("acme is still there")
    return "create, provision, deprovision, delete; six refusals, each alike in a dry run"


def owned(lab):
    """Customer and provider write what is theirs and nothing else, in dry runs as in real ones."""
    edge = lab.edge
    fields = "{c_tag: 100, peer_asn: 65010, link_subnets: [192.0.2.32/29]}"
    managed = "{c_tag: 200, peer_asn: 65010, link_subnets: [203.0.113.32/29]}"
    with others_undisturbed(lab):
        edge.command("circuit", "create", "acme", "--port-pair", "shared", "--bandwidth", "1G",
                     "--s-tag", "200")
        edge.command("circuit", "set", "acme", "{customer: acme}")
        key = row(lab, "acme")["service_key"]
        peering = ("peering", "set", "acme/private")
        refused(lab, *peering, fields, says="belongs to the customer acme")
        refused(lab, *peering, "--as", "customer:globex", fields,
                says="belongs to the customer acme, and this was asked as the customer globex")
        edge.command(*peering, "--as", "customer:acme", fields)
        refused(lab, "circuit", "set-bandwidth", "--as", "customer:acme", "acme", "2G",
                says="circuits[acme].bandwidth belongs to the operator")
        edge.command("peering", "set", f"{key}/public", managed)
        refused(lab, "peering", "set", "acme/public", "--as", "customer:acme", "{peer_asn: 65011}",
                says="circuits[acme].peerings[public].peer_asn belongs to the provider")
        seen = json.loads(edge.command("-j", "show", "service-key", key).stdout)
        if [(line["s_tag"], line["managed"]) for line in seen] != [(200, ["public"])] * 2:
            raise LabError(f"show service-key: {seen}")
        edge.command("circuit", "delete", "acme")
    return "a customer's peering, a provider's, five refusals"


def waited(lab):
    """`wait` sees what another command does meanwhile, and gives up in time."""
    edge = lab.edge
    done = edge.command("wait", "circuit", "contoso", "disabled", "--timeout", "1s", check=False)
    if done.returncode != 1 or "circuit contoso is still enabled after 1s" not in done.stderr:
        raise LabError(f"wait: {done.returncode} {done.stderr}")
    waiting = subprocess.Popen([edge.onramp, "--run-dir", edge.run_dir, "wait", "circuit", "fabrikam",
                                "disabled", "--timeout", "30s"])
    edge.command("circuit", "disable", "fabrikam")
    if waiting.wait(timeout=20):
        raise LabError("wait did not see fabrikam disabled")
    edge.command("circuit", "enable", "fabrikam")
    all_established(lab, 10)
    return "a state that does not come, and one that does"


def stopped(lab):
    """Disabled or not provisioned: nothing is forwarded and nothing is left; the other circuit and
    its sessions do not notice."""
    edge, key = lab.edge, row(lab, "fabrikam")["service_key"]
    ways = ((("circuit", "disable", "fabrikam"), ("circuit", "enable", "fabrikam")),
            (("circuit", "deprovision", key), ("circuit", "provision", key)))
    for stop, start in ways:
        with others_undisturbed(lab, ".fabrikam"):
            edge.command(*stop)
            edge.wait_synced()
            wait_until("fabrikam's domain gone",
                       lambda: "private.fabrikam" not in edge.domains(), 20)
            sent, received, _ = probes.ping(host(lab, FABRIKAM), VNET_HOST4, count=3)
            if received:
                raise LabError(f"{received} of {sent} pings answered after {' '.join(stop)}")
            edge.command(*start)
            all_established(lab, 10)
            first_answer(host(lab, FABRIKAM), VNET_HOST4)
    return "disable and enable, deprovision and provision: contoso lost no packet"


def resold(lab):
    """Bandwidth and tier up and down, under traffic on the circuit itself."""
    with others_undisturbed(lab):
        for bandwidth in ("2G", "10G", "500M", "1G"):
            said = lab.edge.command("circuit", "set-bandwidth", "contoso", bandwidth).stdout
            if "No BGP session is touched." not in said:
                raise LabError(f"set-bandwidth: {said}")
        lab.edge.command("circuit", "set-tier", "contoso", "premium")
        lab.edge.command("circuit", "set-tier", "contoso", "standard")
    return "four bandwidths and two tiers: no packet of contoso's lost"


def files_and_commands(lab):
    """A file does not undo a command's work by accident; rollback goes back."""
    edge = lab.edge
    edge.command("circuit", "set-bandwidth", "contoso", "5G")
    refused(lab, "apply", lab.yaml, says="circuits[contoso].bandwidth is 5G since revision")
    exported = os.path.join(lab.run_dir, "exported.yaml")
    with open(exported, "w", encoding="utf-8") as file:
        file.write(edge.command("export").stdout)
    said = edge.command("apply", exported).stdout
    if "Nothing changes." not in said:
        raise LabError(f"an export applied: {said}")
    revision = edge.show("status")["revision"]
    edge.command("rollback", str(revision - 1))
    if row(lab, "contoso")["bandwidth_bps"] != 10**9:
        raise LabError(f"after the rollback: {row(lab, 'contoso')}")
    refused(lab, "apply", exported, says="circuits[contoso].bandwidth is 1G since revision")
    return "a file older than the store is refused with the difference, an export is not"


def brought_back(lab):
    """Export, wipe, apply: the same system, and nobody notices."""
    edge = lab.edge
    exported = os.path.join(lab.run_dir, "backup.yaml")
    before = edge.command("export").stdout
    with open(exported, "w", encoding="utf-8") as file:
        file.write(before)
    with others_undisturbed(lab):
        edge.control.kill()
        os.unlink(os.path.join(edge.state_dir, "store.db"))
        edge.control.start()
        wait_until("control answers", lambda: edge.show("status"), 10)
        edge.command("apply", "--take-ownership", exported)
        edge.wait_synced()
    after = edge.command("export").stdout
    def without_revision(text):
        return [line for line in text.splitlines() if not line.startswith("revision:")]
    if without_revision(before) != without_revision(after):
        raise LabError(f"exported before:\n{before}\nand after:\n{after}")
    return f"{len(before.splitlines())} lines are the same, and contoso lost no packet"


class SmallDisk:
    """The store on a disk of its own, while control runs."""

    def __init__(self, lab):
        self.edge, self.dir = lab.edge, lab.edge.state_dir
        self.filler = os.path.join(self.dir, "filler")
        self.store = os.path.join(self.dir, "store.db")

    def _with_control_away(self, *commands):
        with open(self.store, "rb") as file:
            text = file.read()
        self.edge.control.kill()
        run(commands)
        with open(self.store, "wb") as file:
            file.write(text)
        self.edge.control.start()
        wait_until("control answers", lambda: self.edge.show("status"), 10)

    def __enter__(self):
        self._with_control_away("mount", "-t", "tmpfs", "-o",
                                f"mode=700,size={SMALL_DISK_BYTES}", "onramp-small", self.dir)
        return self

    def __exit__(self, *_):
        self._with_control_away("umount", self.dir)

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def disk_full(lab):
    """Nothing is changed, the error says why, and with room again everything goes on."""
    edge = lab.edge
    set_bandwidth = ("circuit", "set-bandwidth", "contoso", "2G")
    with others_undisturbed(lab), SmallDisk(lab) as disk:
        before, revision = edge.command("export").stdout, edge.show("status")["revision"]
        disk.fill()
        done = edge.command(*set_bandwidth, check=False)
        if done.returncode == 0 or "No space left on device; nothing was changed" not in done.stderr:
            raise LabError(f"on a full disk: {done.returncode} {done.stdout + done.stderr}")
        edge.command("audit", "verify")
        if edge.command("export").stdout != before:
            raise LabError("on a full disk a refused command changed the store")
        edge.control.kill()
        edge.control.start()
        wait_until("control answers", lambda: edge.show("status"), 10)
        if edge.command("export").stdout != before:
            raise LabError("control read another store from a full disk")
        os.unlink(disk.filler)
        edge.command(*set_bandwidth)
        edge.command("audit", "verify")
        if edge.show("status")["revision"] != revision + 1:
            raise LabError(f"revision {revision} became {edge.show('status')['revision']}")
        edge.command("rollback", str(revision))
    return "refused in these words, the store whole, also for the next control"


# ---- kill -9 ----

def next_command(lab, chance, counts):
    """One of those that would change something now which came least often so far."""
    contoso, acme = row(lab, "contoso"), row(lab, "acme")
    rates = [rate for rate in (1, 2, 5, 10) if rate * 10**9 != contoso["bandwidth_bps"]]
    able = "disable" if contoso["state"] == "enabled" else "enable"
    choices = [
        ("set-bandwidth", "contoso", f"{chance.choice(rates)}G"),
        ("set-tier", "contoso", "standard" if contoso["tier"] == "premium" else "premium"),
        (able, "contoso"),
    ]
    if not acme:
        choices.append(("create", "acme", "--port-pair", "shared", "--bandwidth", "1G",
                        "--s-tag", "200"))
    elif acme["provider_state"] == "provisioned":
        choices.append(("deprovision", acme["service_key"]))
    else:
        choices += [("provision", acme["service_key"]), ("delete", "acme")]
    least = min(counts[words[0]] for words in choices)
    chosen = chance.choice([words for words in choices if counts[words[0]] == least])
    counts[chosen[0]] += 1
    return chosen


def killed(lab):
    """At a random moment of a random command: the circuits are those before or those after."""
    edge, chance = lab.edge, random.Random(SEED)
    before_count, counts = 0, collections.Counter()
    for number in itertools.count():
        if len(counts) == len(LIVES) and min(counts.values()) >= KILLS:
            break
        words = next_command(lab, chance, counts)
        before, revision = edge.show("circuits"), edge.show("status")["revision"]
        command = subprocess.Popen([edge.onramp, "--run-dir", edge.run_dir, "circuit", *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            command.wait(timeout=chance.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            pass
        edge.control.kill()
        said = command.communicate(timeout=10)[0]
        edge.control.start()
        wait_until("control answers", lambda: edge.show("status"), 10)
        after, now = edge.show("circuits"), edge.show("status")["revision"]
        if now not in (revision, revision + 1) or (after == before) != (now == revision):
            raise LabError(f"kill {number} in {words}: revision {revision} -> {now}, {before} -> "
                           f"{after}; it said {said}")
        if "is in force" in said and now == revision:
            raise LabError(f"kill {number} in {words}: done was said, and it is not so")
        edge.command("audit", "verify")
        before_count += now == revision
    total = sum(counts.values())
    return (f"{total} times, in each of {len(counts)} commands {min(counts.values())} or more: "
            f"{before_count} times before, {total - before_count} times after")


def whole_after_all(lab):
    edge = lab.edge
    if row(lab, "contoso")["state"] == "disabled":
        edge.command("circuit", "enable", "contoso")
    edge.wait_synced()
    all_established(lab, 10)
    for customer in (CONTOSO, FABRIKAM):
        first_answer(host(lab, customer), VNET_HOST4)
    audit = edge.command("-j", "audit").stdout
    if '"principal": "provider"' not in audit or '"user": "root"' not in audit:
        raise LabError(f"the audit log: {audit[:300]}")
    return "10 sessions, both customers reach their networks"


def checks():
    yield "the lab is up", settle
    yield "a circuit's life by command", sold
    yield "who may write what", owned
    yield "waiting for a state", waited
    yield "a circuit stopped and back", stopped
    yield "bandwidth and tier under traffic", resold
    yield "files and commands", files_and_commands
    yield "export, wipe, apply", brought_back
    yield "a full disk", disk_full
    yield "kill -9 in every command", killed
    yield "whole after all", whole_after_all


if __name__ == "__main__":
    sys.exit(run_in_lab("l", checks(), use_hugepages=False))
