# SPDX-License-Identifier: BSD-3-Clause
"""Public prefixes and whose they are: by a registry file, by RPKI as a JSON export and from a cache.
Peerings go down and up with what is said of their prefixes, each time with the reason; routes that
RPKI calls invalid are refused by name; what is away stays in force, and no other session notices."""

import json
import os
import sys
import time

from apply_kit import Document, all_established, must_say
from support import LabError, run_in_lab
from test_public_peering import (AFTER, PEERING, SERVICES, TRANSIT4, VALID4, VALID6, build,
                                 until_rows)

from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import session_checks
from onramp_lab.process import Process
from onramp_lab.shell import wait_until

ORIGIN, OTHER = 64500, 64501
PART4 = "198.51.100.128/25"
VALIDATED = (f"        validated_prefixes: [{VALID4}, {TRANSIT4}, \"{VALID6}\"]\n"
             f"        origin_asn: {ORIGIN}\n")
CACHE_PORT = 8282
SESSIONS = 15  # the lab's ten, four of the public peering, one of a service's core
REGISTRY = {VALID4: ORIGIN, TRANSIT4: ORIGIN, VALID6: ORIGIN}


# ---- sources ----

def replace(path, text):
    """Whole or not at all, as careful writers do."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def write_registry(lab, entries):
    replace(lab.registry, "# the lab's\n" + "".join(
        f"{prefix},AS{asn}\n" for prefix, asn in entries.items()))


def write_vrps(path, entries):
    """entries: (prefix, maxLength, asn)."""
    replace(path, json.dumps({"metadata": {"buildtime": time.strftime("%Y-%m-%dT%H:%M:%SZ")}, "roas": [
        {"prefix": prefix, "maxLength": length, "asn": f"AS{asn}", "ta": "lab"}
        for prefix, length, asn in entries]}))


def start_cache(lab):
    """StayRTR, which looks at its file each second."""
    lab.cache = Process(
        lab, "stayrtr", ["stayrtr", "-cache", lab.vrps, "-checktime=false", "-refresh", "1",
                         "-bind", f"127.0.0.1:{CACHE_PORT}", "-metrics.addr", "127.0.0.1:9847"],
        netns=lab.edge_space.path).start()


def configure(lab, text):
    """edge.yaml's validation from now on, which a control reads at its start."""
    edge = lab.edge
    edge.control.stop()
    with open(edge.state_dir + ".yaml", "w", encoding="utf-8") as file:
        file.write(f"edge: {edge.name}\nstate_dir: {edge.state_dir}\n{text}")
    edge.control.start()
    edge.wait_synced()


def restart(lab):
    lab.edge.control.stop()
    lab.edge.control.start()
    lab.edge.wait_synced()


# ---- looking ----

def source(lab, name):
    return {row["source"]: row for row in lab.edge.show("validation")["sources"]}[name]


def until_source(lab, name, wanted, what):
    def look():
        row = source(lab, name)
        return wanted(row) or (False, f"{row}")
    wait_until(f"{name}: {what}", look, 60)


def until_down(lab, *words):
    until_rows(lab, f"down: {words}", lambda row: row["state"] == "Idle"
               and all(word in str(row["last_error"]) for word in words))
    said = lab.edge.command("show", "peerings", "contoso/public").stdout
    must_say(said, *words)


def until_up(lab):
    until_rows(lab, "up", lambda row: row["state"] == "Established", 60)


def others(lab):
    return {key: count for key, count in established_counts(lab).items()
            if key[0] != "public.contoso"}


def others_undisturbed(lab):
    if others(lab) != lab.others:
        raise LabError(f"other sessions began anew: {others(lab)}, before {lab.others}")


def peering_unbroken(lab):
    if established_counts(lab) != lab.counts:
        raise LabError(f"sessions began anew: {established_counts(lab)}, before {lab.counts}")


def rejected(lab):
    return {row["prefix"]: row["reason"]
            for row in lab.edge.show("routes", "--rejected", "contoso/public")}


def until_refused(lab, prefix, reason):
    """None: it is taken, by the dataplane too."""
    def look():
        said = rejected(lab).get(prefix)
        routed = prefix in {row["prefix"] for row in lab.edge.show("routes", "public.contoso")
                            if row["origin"] == "bgp"}
        if reason is None:
            return (said is None and routed) or (False, f"{said}, routed: {routed}")
        return (reason in str(said) and not routed) or (False, f"{said}, routed: {routed}")
    wait_until(f"{prefix} {'taken' if reason is None else 'refused: ' + reason}", look, 30)


# ---- checks ----

def by_the_operator(lab):
    build(lab)
    lab.document = Document(lab)
    lab.registry = os.path.join(lab.run_dir, "registry.csv")
    lab.vrps = os.path.join(lab.run_dir, "vrps.json")
    lab.document.apply((AFTER, AFTER + PEERING + VALIDATED), ("vnets:\n", SERVICES + "vnets:\n"))
    until_up(lab)
    all_established(lab, SESSIONS)  # what is counted from here on was there
    shown = lab.edge.show("validation")
    if shown["sources"] or {row["by"] for row in shown["prefixes"]} != {"operator"}:
        raise LabError(f"without a source: {shown}")
    lab.others = others(lab)
    return "without a source the list is believed"


def by_a_registry(lab):
    write_registry(lab, {VALID4: ORIGIN, TRANSIT4: ORIGIN})
    configure(lab, f"validation: {{registry: {lab.registry}}}\n")
    until_down(lab, VALID6, f"AS {ORIGIN}", "registry: not found")
    write_registry(lab, {**REGISTRY, VALID6: OTHER})
    until_down(lab, VALID6, f"registry: of AS {OTHER}")
    write_registry(lab, REGISTRY)
    until_up(lab)
    found = {row["prefix"]: (row["validated"], row["asn"], row["registry"])
             for row in lab.edge.show("validation", "contoso")["prefixes"]}
    if found != {prefix: (True, ORIGIN, "valid") for prefix in REGISTRY}:
        raise LabError(f"`show validation` says {found}")
    others_undisturbed(lab)
    return "down and up within seconds of the file's change, with the reason"


def broken_registry(lab):
    lab.counts = established_counts(lab)
    replace(lab.registry, f"{VALID4},{ORIGIN}\n198.51.100.7/24,{ORIGIN}\n")
    until_source(lab, "registry", lambda row: row["state"] == "stale" and "line 2" in row["trouble"],
                 "stale, and what is wrong")
    restart(lab)
    until_source(lab, "registry", lambda row: row["state"] == "stale" and row["entries"] == 3,
                 "stale after a restart, with what was in force")
    write_registry(lab, REGISTRY)
    until_source(lab, "registry", lambda row: row["state"] == "current", "current again")
    peering_unbroken(lab)
    return "named, and the old one stays, also when control is restarted"


def by_an_export(lab):
    write_vrps(lab.vrps, [(VALID4, 24, ORIGIN), (VALID6, 48, ORIGIN)])
    configure(lab, f"validation: {{registry: {lab.registry}, vrps: {lab.vrps}}}\n")
    until_refused(lab, PART4, f"invalid by RPKI: AS {ORIGIN} may announce it to /24")
    until_refused(lab, VALID4, None)
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN), (VALID6, 48, ORIGIN)])
    until_refused(lab, PART4, None)
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN), (PART4, 25, OTHER), (VALID6, 48, OTHER)])
    until_refused(lab, VALID6, f"invalid by RPKI: of AS {OTHER}")
    until_refused(lab, PART4, None)
    peering_unbroken(lab)
    return "invalid routes are refused by name, the sessions stay"


def by_a_cache(lab):
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN), (VALID6, 48, ORIGIN)])
    write_registry(lab, {TRANSIT4: ORIGIN})
    start_cache(lab)
    configure(lab, f"validation: {{registry: {lab.registry}, rtr: {{host: 127.0.0.1, port: "
              f"{CACHE_PORT}}}}}\n")
    until_source(lab, "rtr", lambda row: row["state"] == "current" and row["entries"] == 2,
                 "current, 2 entries")
    until_up(lab)
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN)])
    until_down(lab, VALID6, "registry: not found; RPKI: not found")
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN), (VALID6, 48, OTHER)])
    until_down(lab, VALID6, f"RPKI: of AS {OTHER}")
    write_vrps(lab.vrps, [(VALID4, 24, ORIGIN), (VALID6, 48, ORIGIN)])
    until_up(lab)
    until_refused(lab, PART4, f"invalid by RPKI: AS {ORIGIN} may announce it to /24")
    others_undisturbed(lab)
    return "a VRP comes and goes, the peering with it, and a part that it does not allow"


def cache_away(lab):
    lab.counts = established_counts(lab)
    lab.cache.stop()
    until_source(lab, "rtr", lambda row: row["state"] == "stale" and row["entries"] == 2
                 and "cannot be reached" in row["trouble"] and row["expires_s"] > 0, "stale")
    restart(lab)
    until_source(lab, "rtr", lambda row: row["state"] == "stale" and row["entries"] == 2,
                 "stale after a restart, with what was in force")
    peering_unbroken(lab)
    write_vrps(lab.vrps, [(VALID4, 25, ORIGIN), (VALID6, 48, ORIGIN)])
    start_cache(lab)
    until_source(lab, "rtr", lambda row: row["state"] == "current", "current again")
    until_refused(lab, PART4, None)
    peering_unbroken(lab)
    lab.cache.stop()
    return "what it said stays in force, also when control is restarted, until it is back"


def checks():
    yield from session_checks()
    yield "without a source the operator's word stands", by_the_operator
    yield "a registry vouches, and takes it back", by_a_registry
    yield "a registry that is broken", broken_registry
    yield "an export of VRPs", by_an_export
    yield "a cache, by RTR", by_a_cache
    yield "a cache that is away", cache_away
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("va", checks()))
