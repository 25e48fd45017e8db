# SPDX-License-Identifier: BSD-3-Clause
"""What monitoring sees: a strict parser reads it, a real Prometheus scrapes it, the dashboard's
queries find what they ask for, and figures are those of the `onramp` command."""

import json
import os
import sys
import urllib.parse

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support import ROOT, LabError, run_in_lab

from onramp_lab.checks_reach import route_checks, session_checks
from onramp_lab.flow import Flow
from onramp_lab.process import Process
from onramp_lab.shell import wait_until
from onramp_lab.topology import CUSTOMER_HOST4

PORT, PROMETHEUS_PORT = 9747, 9090
DASHBOARD = os.path.join(ROOT, "docs/monitoring/grafana.json")
SESSIONS = 10
# Reads a URL inside a namespace: status, type of content, body.
FETCH = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.headers["Content-Type"])
sys.stdout.write(answer.read().decode())
"""


def fetch(lab, path, port=PORT):
    """(status and content type, body)"""
    done = lab.edge_space.run("/usr/bin/python3", "-c", FETCH, f"http://127.0.0.1:{port}{path}")
    return done.stdout.split("\n", 1)


def scrape(lab):
    """{(sample, labels): value}; the parser knows no mercy with what is malformed."""
    kind, body = fetch(lab, "/metrics")
    if not kind.startswith("200 application/openmetrics-text; version=1.0.0"):
        raise LabError(f"answered {kind}")
    found = {}
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def value(samples, name, **labels):
    key = name, frozenset(labels.items())
    if key not in samples:
        there = sorted(dict(each[1]) for each in samples if each[0] == name)
        raise LabError(f"no {name} of {labels}; there are {there}")
    return samples[key]


def program(lab):
    return os.path.join(lab.build, "control/metrics/onramp-metrics")


def started(lab):
    lab.metrics = Process(lab, "metrics", [program(lab), "--run-dir", lab.edge.run_dir],
                          netns=lab.edge_space.path).start()
    lab.metrics.wait_output(r"http://127\.0\.0\.1:9747/metrics")
    samples = scrape(lab)
    for name in ("onramp_dataplane_up", "onramp_control_up"):
        if value(samples, name) != 1:
            raise LabError(f"{name} is {value(samples, name)}")
    sessions = [key for key, up in samples.items() if key[0] == "onramp_bgp_up" and up == 1]
    if len(sessions) != SESSIONS:
        raise LabError(f"{len(sessions)} BGP sessions up, not {SESSIONS}")
    return f"{len(samples)} samples"


def same_as_the_command(lab):
    """Of packets that have all arrived: what the customer's streams left in the counters."""
    before = scrape(lab)
    with Flow(lab, lab.spaces["vnet-a-host"], lab.spaces["contoso-host"], CUSTOMER_HOST4) as flow:
        flow.wait_more(500)
        end = flow.end()
    after = scrape(lab)
    moved = sum(value(after, "onramp_link_forwarded_packets_total", circuit="contoso",
                      peering="private", link=link, direction="out")
                - value(before, "onramp_link_forwarded_packets_total", circuit="contoso",
                        peering="private", link=link, direction="out")
                for link in ("primary", "secondary"))
    # Farewells of the stream, and what was sent before the first packet came.
    if not end["sent"] - end["lost"] <= moved <= end["sent"] + 500:
        raise LabError(f"{moved} packets forwarded of a stream of {end['sent']}")
    rows = {row["interface"]: row for row in lab.edge.show("stats") if row["interface"]}
    for link in ("primary", "secondary"):
        shown = rows[f"contoso/private/{link}"]["forwarded_out"]
        told = value(after, "onramp_link_forwarded_packets_total", circuit="contoso",
                     peering="private", link=link, direction="out")
        if shown != told:
            raise LabError(f"{link}: {told} told, {shown} shown")
    return f"{moved:.0f} packets of a stream of {end['sent']}"


def ask_prometheus(lab, query):
    text = fetch(lab, "/api/v1/query?" + urllib.parse.urlencode({"query": query}),
                 PROMETHEUS_PORT)[1]
    answer = json.loads(text)
    if answer["status"] != "success":
        raise LabError(f"{query}: {answer['error']}")
    return answer["data"]["result"]


def prometheus(lab):
    config = os.path.join(lab.run_dir, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: onramp\n"
                   f"    static_configs: [{{targets: ['127.0.0.1:{PORT}']}}]\n")
    lab.prometheus = Process(lab, "prometheus", [
        "prometheus", f"--config.file={config}",
        f"--storage.tsdb.path={os.path.join(lab.run_dir, 'prometheus')}",
        f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}"], netns=lab.edge_space.path).start()
    lab.prometheus.wait_output("Server is ready to receive web requests", 60)
    def look():
        found = ask_prometheus(lab, 'count(onramp_bgp_up{job="onramp"} == 1)')
        return found and float(found[0]["value"][1]) == SESSIONS or (False, str(found))
    wait_until("Prometheus knows the sessions", look, 30)
    return f"{SESSIONS} sessions known to it"


def dashboard(lab):
    """Each query of each panel, with its variables as wide as they can be."""
    with open(DASHBOARD, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    if len(queries) < 8:
        raise LabError(f"{len(queries)} queries")
    for query in queries:
        text = query.replace("$circuit", ".*").replace("$__rate_interval", "4s")
        def look(text=text):
            return bool(ask_prometheus(lab, text)) or (False, "no samples")
        if "dropped" in query:  # none may have been
            ask_prometheus(lab, text)
            continue
        wait_until(f"samples for {text}", look, 30)
    return f"{len(queries)} queries"


def halves(lab):
    """One of the two is away: the other's figures are there."""
    lab.edge.control.kill()
    samples = scrape(lab)
    if value(samples, "onramp_control_up") != 0 or value(samples, "onramp_dataplane_up") != 1:
        raise LabError("control is away, and that is not what is told")
    value(samples, "onramp_port_up", port="core")
    scrape(lab)
    if lab.metrics.output().count("control does not run here") != 1:
        raise LabError(f"the log: {lab.metrics.output()}")
    lab.edge.control.start()
    lab.edge.wait_synced()
    def both():
        return value(scrape(lab), "onramp_control_up") == 1
    wait_until("control is told of again", both, 30)
    return "control away and back"


def refused(lab):
    kind, body = fetch(lab, "/")
    if not kind.startswith("404") or "/metrics" not in body:
        raise LabError(f"/: {kind}: {body}")
    texts = []
    for words, expected in ((("--listen", "0.0.0.0:9748"), "only loopback"),
                            (("--listen", "127.0.0.1"), "an address and a port"),
                            (("--listen", f"127.0.0.1:{PORT}"), "Address already in use"),
                            (("more",), "'more' is too much")):
        done = lab.edge_space.run(program(lab), *words, check=False, timeout=10)
        if done.returncode == 0 or expected not in done.stderr:
            raise LabError(f"{words}: {done.returncode}, {done.stderr}")
        texts.append(done.stderr.strip().splitlines()[0])
    return texts[0]


def ended(lab):
    status = lab.metrics.stop()
    if status != 0:
        raise LabError(f"ended with {status}: {lab.metrics.output()}")
    return "SIGTERM, status 0"


CHECKS = [*session_checks(), *route_checks(), ("a strict parser reads it", started),
          ("figures are the command's", same_as_the_command),
          ("a real Prometheus scrapes it", prometheus), ("the dashboard's queries", dashboard),
          ("control away", halves), ("mistakes are told", refused), ("it ends in order", ended)]

if __name__ == "__main__":
    sys.exit(run_in_lab("me", CHECKS))
