# SPDX-License-Identifier: BSD-3-Clause
"""scripts/lab: bring the lab up and keep it, or check it, or clean up after a killed one."""

import argparse
import os
import signal
import sys
import time

from .checks import run_checks
from .manifest import PREFIX, clean_leftovers
from .shell import LabError
from .topology import (CUSTOMERS, CUSTOMER_HOST4, PORTS, VNETS, VNET_HOST4, VNET_HOST6, Lab)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/lab", description=__doc__)
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
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="[in NAMESPACE COMMAND ...]",
                        help="run a command in a namespace of the lab that is up")
    return parser.parse_args()


def run_inside(name, words):
    """scripts/lab in contoso-host ping 10.1.0.10; scripts/lab in edge onramp show routes."""
    if len(words) < 3 or words[0] != "in":
        raise LabError("usage: scripts/lab in NAMESPACE COMMAND ...")
    space = f"/run/netns/onramp-{name}-{words[1]}"
    if not os.path.exists(space):
        raise LabError(f"no namespace {words[1]} here; is the lab up?")
    os.environ["ONRAMP_RUN_DIR"] = os.path.join(PREFIX + name, "run")
    argv = ["nsenter", f"--net={space}", "--", *words[2:]]
    os.execvp(argv[0], argv)


def clean():
    cleaned, alive = clean_leftovers()
    for name in cleaned:
        print(f"removed what the lab {name} had left")
    for name in alive:
        print(f"the lab {name} is up: end it where it runs")
    if not cleaned and not alive:
        print("nothing was left")
    return 0


def tell(lab):
    onramp = f"{lab.edge.onramp} --run-dir {lab.edge.run_dir}"
    print(f"""
The on-ramp is up.

  contoso   AS {CUSTOMERS[0].asn}  FRR   QinQ {CUSTOMERS[0].s_tag}.{CUSTOMERS[0].c_tag} \
(outer 0x{lab.ethertype:04x})  on {' and '.join(PORTS)}  -> vnet-a (core VLAN {VNETS[0].vlan}, BGP)
  fabrikam  AS {CUSTOMERS[1].asn}  BIRD  VLAN {CUSTOMERS[1].c_tag}                     on \
{' and '.join(PORTS)}  -> vnet-b (core VLAN {VNETS[1].vlan}, static)
  Both customers have {CUSTOMER_HOST4}, both virtual networks {VNET_HOST4} and {VNET_HOST6}.

Look around:
  scripts/lab in contoso-host ping {VNET_HOST4}
  scripts/lab in fabrikam-host traceroute {VNET_HOST4}
  {onramp} show bgp
  {onramp} show routes private.contoso
  {onramp} show drops
  {onramp} apply {lab.yaml}     (change it first)
Namespaces: {' '.join(lab.spaces)}
Logs:       {lab.log_dir}
Ctrl-C ends it and takes everything away.""", flush=True)


def stay(lab):
    """Until a signal; starts again what ends, as a service manager would."""
    while True:
        time.sleep(0.5)
        for name in lab.supervise():
            print(f"{name} had ended and was started again; its log: {lab.log_dir}/{name}.log",
                  flush=True)


def main():
    options = arguments()
    if os.geteuid():
        raise LabError("the lab makes namespaces and interfaces: run it as root")
    if options.command:
        return run_inside(options.name, options.command)
    if options.clean:
        return clean()
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(1))
    build = os.path.abspath(options.build)
    with Lab(options.name, build, ethertype=int(options.ethertype, 16),
             use_hugepages=not options.no_huge) as lab:
        if options.check:
            return run_checks(lab, options.only)
        lab.start()
        tell(lab)
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
