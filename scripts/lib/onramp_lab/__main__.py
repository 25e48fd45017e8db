# SPDX-License-Identifier: BSD-3-Clause
"""scripts/lab: bring the lab up and keep it, or check it, or clean up after a killed one."""

import argparse
import os
import re
import signal
import sys
import time

from .checks import run_checks
from .checks_reach import route_checks, session_checks
from .manifest import PREFIX, Manifest, clean_leftovers, labs_up
from .shell import LabError
from .topology import (CUSTOMERS, CUSTOMER_HOST4, PORTS, VNETS, VNET_HOST4, VNET_HOST6, Lab)


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/lab", description="A whole on-ramp on this machine, without a network card.",
        usage="""scripts/lab [options]                               bring it up until Ctrl-C
       scripts/lab [options] --check                       bring it up, check it, take it down
       scripts/lab [--name NAME] in NAMESPACE COMMAND ...  look around in the one that is up
       scripts/lab --clean                                 take away what a killed one left""")
    parser.add_argument("--check", action="store_true",
                        help="bring it up, run the checks, take it down; exit status 0 or 1")
    parser.add_argument("--only", metavar="PATTERN",
                        help="with --check: only checks whose name has this in it")
    parser.add_argument("--clean", action="store_true",
                        help="remove what labs that were killed have left, and end")
    parser.add_argument("--ethertype", choices=("0x8100", "0x88a8"), default="0x8100",
                        help="outer tag of contoso's QinQ (default %(default)s)")
    parser.add_argument("--no-huge", action="store_true", help="do not use hugepages")
    parser.add_argument("--name", default="lab",
                        help="of the run directory and the namespaces (default %(default)s)")
    parser.add_argument("--build", default="build", help="meson's build directory")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser.parse_args()


def run_inside(name, build, words):
    """scripts/lab in contoso-host ping 10.1.0.10; scripts/lab in edge onramp show routes."""
    if words[0] != "in":
        raise LabError(f"there is no `scripts/lab {words[0]}`; see scripts/lab --help")
    if len(words) < 3:
        raise LabError("usage: scripts/lab in NAMESPACE COMMAND ...")
    spaces = namespaces_of(name)
    if words[1] not in spaces:
        raise LabError(f"the lab has no namespace {words[1]}; it has {' '.join(spaces)}")
    os.environ["ONRAMP_RUN_DIR"] = os.path.join(PREFIX + name, "run")
    os.environ["PATH"] = f"{os.path.join(build, 'control/cli')}:{os.environ['PATH']}"
    os.execvp("nsenter", ["nsenter", f"--net=/run/netns/onramp-{name}-{words[1]}", "--", *words[2:]])


def namespaces_of(name):
    """The short names, of a lab that is up."""
    up = labs_up()
    if name not in up:
        others = f"; there is {' and '.join(up)}: --name {up[0]}" if up else ""
        raise LabError(f"no lab named {name} is up{others}")
    return [row["name"].removeprefix(f"onramp-{name}-")
            for row in Manifest(PREFIX + name).entries("namespace")]


def clean():
    cleaned, alive = clean_leftovers()
    for name in cleaned:
        print(f"removed what the lab {name} had left")
    for name in alive:
        print(f"the lab {name} is up: end it where it runs")
    if not cleaned and not alive:
        print("nothing was left")
    return 0


def tell(lab, options):
    inside = "scripts/lab " + "".join(
        f"--{option} {value} " for option, value, default in (
            ("name", options.name, "lab"), ("build", options.build, "build"))
        if value != default) + "in"
    print(f"""
The on-ramp is up.

  contoso   AS {CUSTOMERS[0].asn}  FRR   QinQ {CUSTOMERS[0].s_tag}.{CUSTOMERS[0].c_tag} \
(outer 0x{lab.ethertype:04x})  on {' and '.join(PORTS)}  -> vnet-a (core VLAN {VNETS[0].vlan}, BGP)
  fabrikam  AS {CUSTOMERS[1].asn}  BIRD  VLAN {CUSTOMERS[1].c_tag}                     on \
{' and '.join(PORTS)}  -> vnet-b (core VLAN {VNETS[1].vlan}, static)
  Both customers have {CUSTOMER_HOST4}, both virtual networks {VNET_HOST4} and {VNET_HOST6}.

Look around:
  {inside} contoso-host ping {VNET_HOST4}
  {inside} fabrikam-host traceroute {VNET_HOST4}
  {inside} edge onramp show bgp
  {inside} edge onramp show routes private.contoso
  {inside} edge onramp show drops
  {inside} edge onramp --help
  {inside} edge onramp apply {lab.yaml}     (change it first)
  {inside} edge onramp circuit set-bandwidth contoso 2G
  {inside} edge onramp audit
Namespaces: {' '.join(lab.spaces)}
Logs:       {lab.log_dir}
Ctrl-C ends it and takes everything away.""", flush=True)


def wait_for_routes(lab):
    """So that the first command that somebody tries works. What does not come is theirs to see."""
    lab.say("waiting for BGP")
    try:
        for _, check in (*session_checks(), *route_checks()):
            check(lab)
    except LabError as error:
        lab.say(f"lab: {error}")


def stay(lab):
    """Until a signal; starts again what ends, as a service manager would."""
    while True:
        time.sleep(0.5)
        for name in lab.supervise():
            print(f"{name} had ended and was started again; its log: {lab.log_dir}/{name}.log",
                  flush=True)


def main():
    options = arguments()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", options.name):
        raise LabError(f"--name {options.name}: a name is of a-z, 0-9 and -, at most 32 of them")
    build = os.path.abspath(options.build)
    if os.geteuid():
        raise LabError("the lab makes namespaces and interfaces: run it as root")
    if options.command:
        return run_inside(options.name, build, options.command)
    if options.clean:
        return clean()
    # A shell's background job is started with Ctrl-C ignored; `kill -INT` ends it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(1))
    with Lab(options.name, build, ethertype=int(options.ethertype, 16),
             use_hugepages=not options.no_huge) as lab:
        if options.check:
            return run_checks(lab, options.only)
        lab.start()
        wait_for_routes(lab)
        tell(lab, options)
        stay(lab)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as lab_error:
        print(f"lab: {lab_error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\neverything was taken away")
        sys.exit(0)
