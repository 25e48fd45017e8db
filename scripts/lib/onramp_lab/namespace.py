# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces of the lab and the veths between them."""

import json

from .shell import LabError, run

# The routers' kernels share load by 5-tuple, among next hops whose wire has a carrier, as routers do
# (a static route would else use the others for ever), and never redirect; duplicate address
# detection would only delay (every address here is ours alone).
ROUTER_SETTINGS = {
    "net/ipv4/ip_forward": 1,
    "net/ipv6/conf/all/forwarding": 1,
    "net/ipv4/fib_multipath_hash_policy": 1,
    "net/ipv6/fib_multipath_hash_policy": 1,
    "net/ipv4/conf/all/ignore_routes_with_linkdown": 1,
    "net/ipv6/conf/all/ignore_routes_with_linkdown": 1,
    "net/ipv6/conf/default/ignore_routes_with_linkdown": 1,
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/ipv4/conf/all/send_redirects": 0,
    "net/ipv4/conf/default/send_redirects": 0,
    "net/ipv6/conf/default/accept_dad": 0,
}
HOST_SETTINGS = {
    "net/ipv6/conf/default/accept_ra": 0,
    "net/ipv6/conf/default/accept_dad": 0,
}


class Namespace:
    """A named network namespace; `short` is its name within the lab."""

    def __init__(self, lab, short, settings=None):
        self.lab = lab
        self.short = short
        self.name = f"{lab.prefix}-{short}"
        self.path = f"/run/netns/{self.name}"
        lab.manifest.add("namespace", name=self.name)
        run(["ip", "netns", "add", self.name])
        self.ip("link", "set", "lo", "up")
        self.set(settings or {})

    def run(self, *argv, **options):
        return run(list(argv), netns=self.path, **options)

    def ip(self, *argv, **options):
        return self.run("ip", *argv, **options)

    def ip_json(self, *argv):
        return json.loads(self.ip("-j", *argv).stdout or "[]")

    def set(self, settings):
        if not settings:
            return
        words = [f"{key.replace('/', '.')}={value}" for key, value in settings.items()]
        self.run("sysctl", "-q", "-w", *words)

    def ifindex(self, ifname):
        return self.ip_json("link", "show", "dev", ifname)[0]["ifindex"]

    def mac(self, ifname):
        return self.ip_json("link", "show", "dev", ifname)[0]["address"]

    def has_link(self, ifname):
        return self.ip("link", "show", "dev", ifname, check=False).returncode == 0

    def addresses(self, ifname, *addresses):
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            self.ip("address", "add", address, "dev", ifname, *nodad)

    def route(self, prefix, via, *more):
        self.ip("-6" if ":" in prefix + via else "-4", "route", "add", prefix, "via", via, *more)


def join(left, left_ifname, right, right_ifname, mtu=1500):
    """A veth between two namespaces, up at both ends, every offload off: the frames on it are the
    frames a wire would carry, checksums included."""
    if left.has_link(left_ifname):
        raise LabError(f"{left_ifname} is in {left.name} already")
    run(["ip", "-n", left.name, "link", "add", left_ifname, "mtu", str(mtu), "type", "veth",
         "peer", "name", right_ifname, "mtu", str(mtu), "netns", right.name])
    for namespace, ifname in ((left, left_ifname), (right, right_ifname)):
        namespace.run("ethtool", "-K", ifname, "tx", "off", "tso", "off", "gso", "off",
                      "gro", "off")
        namespace.ip("link", "set", ifname, "up")
