# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's l3fwd, made from the distribution's source package of the installed version. Nothing of
it is in this repository; what must differ for large tables is edited in the fetched copy."""

import glob
import os
import re
import shutil
import subprocess

from onramp_lab.shell import LabError, run

CACHE = os.path.expanduser("~/.cache/onramp-bench")
MIRROR = "http://deb.debian.org"
BUFFERS = 131072
# (file, pattern, replacement): each must match, else the copy is not what we think it is.
EDITS = [
    ("l3fwd_lpm.c", r"(IPV4_L3FWD_LPM_MAX_RULES\s+)1024", r"\1(1 << 20)"),
    ("l3fwd_lpm.c", r"(IPV4_L3FWD_LPM_NUMBER_TBL8S\s+)\(1 << 8\)", r"\1(1 << 15)"),
    ("l3fwd_lpm.c", r"(IPV6_L3FWD_LPM_MAX_RULES\s+)1024", r"\1(1 << 18)"),
    ("l3fwd_fib.c", r"(config_ipv4\.max_routes = )\(1 << 16\)", r"\1(1 << 20)"),
    ("l3fwd_fib.c", r"(config\.max_routes = )\(1 << 16\) - 1", r"\1(1 << 18)"),
    # 22.11 miscounts the groups in use, so that the table is asked for many more than it needs.
    ("l3fwd_fib.c", r"(config_ipv4\.dir24_8\.num_tbl8 = )\(1 << 15\)", r"\1(1 << 17)"),
    ("l3fwd_fib.c", r"(config\.trie\.num_tbl8 = )\(1 << 15\)", r"\1(1 << 18)"),
    ("main.c", r"\(unsigned\)8192\)", rf"(unsigned){BUFFERS})"),
    # net_pcap has no checksum offload.
    ("main.c", r"\.offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM,", ".offloads = 0,"),
    # A line for each of a million routes is of no use.
    ("l3fwd_lpm.c", r'printf\("LPM: Adding route', r'if (0) printf("LPM: Adding route'),
    ("l3fwd_fib.c", r'printf\("FIB: Adding route', r'if (0) printf("FIB: Adding route'),
]


class Unavailable(LabError):
    """The source cannot be had; the rows of l3fwd are left out."""


def _apt_options(directory):
    lists = os.path.join(directory, "lists")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    sources = os.path.join(directory, "sources.list")
    release = re.search(r"VERSION_CODENAME=(\w+)", open("/etc/os-release").read()).group(1)
    with open(sources, "w", encoding="ascii") as file:
        for suite in (release, f"{release}-updates"):
            file.write(f"deb-src {MIRROR}/debian {suite} main\n")
        file.write(f"deb-src {MIRROR}/debian-security {release}-security main\n")
    return ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null",
            "-o", f"Dir::State::Lists={lists}"]


def _fetch(version):
    upstream = version.split("-")[0]
    found = os.path.join(CACHE, f"dpdk-{upstream}", "examples", "l3fwd")
    if os.path.isdir(found):
        return found
    if not shutil.which("dpkg-source"):
        raise Unavailable("no dpkg-source on this machine: apt-get install dpkg-dev")
    options = _apt_options(os.path.join(CACHE, "apt"))
    for words in (["update"], ["source", f"dpdk={version}"]):
        done = subprocess.run(["apt-get", *options, *words], cwd=CACHE, text=True, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode or not (words[0] == "update" or os.path.isdir(found)):
            raise Unavailable(f"apt-get {words[0]} dpdk {version}: "
                              + (done.stdout.strip().splitlines() or ["no source"])[-1])
    return found


def _edit(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for name, pattern, replacement in EDITS:
        path = os.path.join(target, name)
        with open(path, encoding="utf-8") as file:
            text, count = re.subn(pattern, replacement, file.read())
        if not count:
            raise Unavailable(f"{name} of this DPDK has no {pattern}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def program():
    """The path of the built program; made at the first call on a machine. Raises Unavailable."""
    os.makedirs(CACHE, exist_ok=True)
    version = run(["dpkg-query", "--show", "--showformat=${Version}", "libdpdk-dev"],
                  check=False).stdout.strip()
    if not version:
        raise Unavailable("DPDK is not the distribution's package, its source is not known")
    built = os.path.join(CACHE, f"l3fwd-{version}-{abs(hash_of(EDITS)):08x}")
    if os.path.exists(built):
        return built
    target = os.path.join(CACHE, "l3fwd-source")
    source = _fetch(version)
    _edit(source, target)
    flags = {word: run(["pkg-config", word, "libdpdk"]).stdout.split()
             for word in ("--cflags", "--libs")}
    files = [path for path in sorted(glob.glob(os.path.join(target, "*.c")))
             if not path.endswith(("em_route_parse.c", "lpm_route_parse.c"))]
    done = run(["cc", "-O3", *flags["--cflags"], "-march=native", "-DALLOW_EXPERIMENTAL_API",
                "-I", os.path.join(os.path.dirname(source), "common"), *files, "-o", built + ".new", *flags["--libs"]], check=False, timeout=300)
    if done.returncode:
        raise Unavailable("l3fwd does not build: " + next((line for line in done.stderr.splitlines() if "error" in line), done.stderr))
    os.rename(built + ".new", built)
    return built


def hash_of(edits):
    value = 0
    for byte in repr(edits).encode():
        value = (value * 31 + byte) & 0xffffffff
    return value
