# SPDX-License-Identifier: BSD-3-Clause
"""Traffic and what came of it."""

import json
import re
import signal

from .process import Process
from .shell import LabError, run, wait_until

IN_FLIGHT_MAX = 2


def ping(space, address, *, count=5, size=None, df=None, extra=(), timeout=30):
    """(sent, received, output). size: bytes of the IP packet; df: True set, False clear."""
    header = 48 if ":" in address else 28
    argv = ["ping", "-n", "-c", str(count), "-i", "0.2", "-W", "2", *extra]
    if size:
        argv += ["-s", str(size - header)]
    if df is not None:
        argv += ["-M", "do" if df else "dont"]
    done = space.run(*argv, address, check=False, timeout=timeout)
    text = done.stdout + done.stderr
    sent, received = counts(text, address)
    return sent, received, text


def counts(text, address):
    found = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    if not found:
        raise LabError(f"ping {address} said: {text.strip()[-200:]}")
    return int(found[1]), int(found[2])


def must_answer(space, address, **options):
    """All of them, or a LabError."""
    sent, received, text = ping(space, address, **options)
    if sent != received or not sent:
        raise LabError(f"{received} of {sent} pings to {address} from {space.short} answered")
    return f"{received} of {sent} answered" + round_trip(text)


def round_trip(text):
    found = re.search(r"rtt min/avg/max/mdev = [\d.]+/([\d.]+)/", text)
    return f", {float(found[1]):.2f} ms" if found else ""


class RunningPing:
    """A ping that goes on while something else happens."""

    def __init__(self, lab, space, address, interval="0.01"):
        self.address = address
        self.process = Process(lab, f"ping-{space.short}-{lab.next_number()}",
                               ["ping", "-n", "-i", interval, "-W", "2", address],
                               netns=space.path)

    def __enter__(self):
        self.process.start()
        self.process.wait_output("bytes from")
        return self

    def answered(self):
        return self.process.output().count("bytes from")

    def wait_more(self, count, timeout=20):
        """Until so many more were answered than now."""
        goal = self.answered() + count
        wait_until(f"{count} more answers from {self.address}",
                   lambda: self.answered() >= goal, timeout)

    def end(self):
        """(sent, received), without the one or two whose answers were on their way at the end."""
        self.process.stop(signal.SIGINT)
        text = self.process.output()
        sent, received = counts(text, self.address)
        last = max(map(int, re.findall(r"icmp_seq=(\d+)", text)), default=0)
        return (last if sent - last <= IN_FLIGHT_MAX else sent), received

    def __exit__(self, *_):
        self.process.stop(signal.SIGINT)


def iperf_run(lab, client, server, address, seconds, *options):
    """The "end" of what the client says."""
    process = Process(lab, f"iperf-{server.short}-{lab.next_number()}",
                      ["iperf3", "--server", "--one-off", "--forceflush"], netns=server.path)
    process.start()
    try:
        process.wait_output("Server listening")
        argv = ["iperf3", "--client", address, "--time", str(seconds), "--json"]
        done = client.run(*argv, *options, check=False, timeout=seconds + 20)
    finally:
        process.stop()
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise LabError(f"iperf3 said: {(done.stderr or done.stdout).strip()[-200:]}") from None
    if "error" in answer:
        raise LabError(f"iperf3 to {address}: {answer['error']}")
    return answer["end"]


def iperf(lab, client, server, address, *, reverse=False, seconds=2):
    """Received bits per second of one TCP connection."""
    end = iperf_run(lab, client, server, address, seconds, *(["--reverse"] if reverse else []))
    return end["sum_received"]["bits_per_second"]


def iperf_udp(lab, client, server, address, *, bps, payload_bytes, seconds):
    """(sent, received) datagrams of a stream of that rate."""
    end = iperf_run(lab, client, server, address, seconds, "--udp", "--bitrate", str(bps),
                    "--length", str(payload_bytes))["sum"]
    return end["packets"], end["packets"] - end["lost_packets"]


def send_frame(space, ifname, frame, count=1):
    """Puts raw Ethernet frames on an interface, in a process inside the namespace."""
    run(["/usr/bin/python3", "-c",
         "import socket, sys\n"
         "wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
         "wire.bind((sys.argv[1], 0))\n"
         "for _ in range(int(sys.argv[3])): wire.send(bytes.fromhex(sys.argv[2]))\n",
         ifname, frame.hex(), str(count)], netns=space.path)
