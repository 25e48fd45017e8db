# SPDX-License-Identifier: BSD-3-Clause
"""A link of a peering loses its carrier under load, and is tested: its traffic moves to the other
one at once, returns when it does, and is shared as before."""

import sys

from support import LabError, run_in_lab

from onramp_lab.checks_failure import owner
from onramp_lab.checks_reach import BGP_TIMEOUT_S, first_answer
from onramp_lab.flow import Flow
from onramp_lab.shell import wait_until
from onramp_lab.topology import CUSTOMER_HOST4, CUSTOMER_HOST6, VNET_HOST4, VNET_HOST6

PPS = 1000
PRIMARY, SECONDARY = "contoso/private/primary", "contoso/private/secondary"
PORT = "cust-a"  # of the primary links
# From the link's event to the bit that moves traffic; and packets lost, of both families, half of
# which take the link: this is a machine of two CPUs with a whole lab on it.
MOVED_MS, LOST = 50, 100
MEDIAN_MS, SAMPLES = 10, 11
TEST_S = 3
# What BFD takes to notice silence: 300 ms x 3, less a packet that was on its way, and a busy machine.
DETECTED_MS = (500, 1400)

# Says when (CLOCK_MONOTONIC, us) it asked the kernel to take the interface down, and when that had
# done so: closing an interface takes the kernel some milliseconds before it tells anybody.
TAKE_DOWN = """
import fcntl, socket, struct, sys, time
wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
name = sys.argv[1].encode()
flags = struct.unpack("16sh", fcntl.ioctl(wire, 0x8913, struct.pack("16sh", name, 0)))[1]
asked = time.monotonic_ns() // 1000
fcntl.ioctl(wire, 0x8914, struct.pack("16sh", name, flags & ~1))
print(asked, time.monotonic_ns() // 1000)
"""


def paths(lab, link):
    """{family: row}"""
    return {row["family"]: row for row in lab.edge.show("paths", link)}


def shared(lab):
    def look():
        groups = [{member["link"] for member in row["members"] if member["used"]}
                  for row in lab.edge.show("groups")]
        both = sum({PRIMARY, SECONDARY} <= links for links in groups)
        return both >= 2 or (False, f"{both} of 2 groups use both links: {groups}")
    wait_until("both links used for both families", look, 2 * BGP_TIMEOUT_S)


def sent(lab):
    return {row["interface"]: row["tx"] for row in lab.edge.show("stats", "contoso/private")
            if row["interface"]}


def shares(lab, flows, count=2 * PPS):
    """How much of what was sent went by the primary link, while so many packets came."""
    before = sent(lab)
    for flow in flows:
        flow.wait_more(count)
    after = sent(lab)
    grown = {link: after[link] - before[link] for link in after}
    return grown[PRIMARY] / (grown[PRIMARY] + grown[SECONDARY])


def must_share(lab, flows):
    share = shares(lab, flows)
    if not 0.2 < share < 0.8:
        raise LabError(f"{100 * share:.0f} % of the packets took the primary link: not shared")
    return share


def both_flows(lab):
    host, target = lab.spaces["vnet-a-host"], lab.spaces["contoso-host"]
    return [Flow(lab, host, target, address, PPS) for address in (CUSTOMER_HOST4, CUSTOMER_HOST6)]


class Load:
    def __init__(self, lab):
        self.flows = both_flows(lab)

    def __enter__(self):
        for flow in self.flows:
            flow.__enter__()
        return self.flows

    def __exit__(self, *error):
        for flow in self.flows:
            flow.__exit__(*error)


def must_lose_little(flows, limit):
    ends = [flow.end() for flow in flows]
    lost, total = sum(end["lost"] for end in ends), sum(end["sent"] for end in ends)
    if lost > limit:
        raise LabError(f"{lost} of {total} packets lost, {limit} are allowed: {ends}")
    return f"{lost} of {total} packets lost"


def settle(lab):
    for address in (VNET_HOST4, VNET_HOST6):
        first_answer(lab.spaces["contoso-host"], address)
    shared(lab)
    for link in (PRIMARY, SECONDARY):
        for family, row in paths(lab, link).items():
            if row["state"] != "live" or row["causes"]:
                raise LabError(f"{link}, {family}: {row}")
    with Load(lab) as flows:
        share = must_share(lab, flows)
        return f"{100 * share:.0f} % by the primary link, " + must_lose_little(flows, 0)


def take_down(lab):
    """When it was asked for, when it was done, and when both paths were known to be down: us."""
    done = lab.edge_space.run("/usr/bin/python3", "-c", TAKE_DOWN, PORT)
    def look():
        rows = paths(lab, PRIMARY)
        return all("carrier" in row["causes"] for row in rows.values()) and rows
    rows = wait_until(f"the paths of {PRIMARY} to be down", look, 5)
    return [*map(int, done.stdout.split()), max(row["changed_us"] for row in rows.values())]


def carrier(lab):
    with Load(lab) as flows:
        asked, _, known = take_down(lab)
        for flow in flows:
            flow.wait_more(2 * PPS)
        if shares(lab, flows) > 0.01:
            raise LabError("packets take a link that is down")
        lab.edge_space.ip("link", "set", PORT, "up")
        shared(lab)
        share = must_share(lab, flows)
        said = must_lose_little(flows, LOST)
    moved = known - asked
    if not 0 <= moved <= 1000 * MOVED_MS:
        raise LabError(f"the paths were down {moved} us after the interface was taken down")
    for row in paths(lab, PRIMARY).values():
        if row["state"] != "live" or row["changes"] < 2:
            raise LabError(f"it came back, but: {row}")
    lab.edge.control.wait_output(f"{PRIMARY}: .* is down: carrier")
    lab.edge.control.wait_output(f"{PRIMARY}: .* is live again: (carrier|bfd) is over, after ")
    return (f"paths down {moved / 1000:.1f} ms after the event, {said}; afterwards "
            f"{100 * share:.0f} % by the primary link")


def carrier_again(lab):
    """Often enough for a median, which a busy machine does not move."""
    asked_ms, done_ms = [], []
    for _ in range(SAMPLES):
        asked, done, known = take_down(lab)
        asked_ms.append((known - asked) / 1000)
        done_ms.append((known - done) / 1000)
        lab.edge_space.ip("link", "set", PORT, "up")
        wait_until("both paths live again",
                   lambda: all(row["state"] == "live" for row in paths(lab, PRIMARY).values()), 15)
    asked_ms.sort()
    done_ms.sort()
    if asked_ms[0] < 0 or done_ms[SAMPLES // 2] > MEDIAN_MS:
        raise LabError(f"paths down, ms after the kernel was asked: {asked_ms}, had done it: "
                       f"{done_ms}")
    shared(lab)
    return (f"paths down, of {SAMPLES}: median {asked_ms[SAMPLES // 2]:.1f} ms, most "
            f"{asked_ms[-1]:.1f} ms after the kernel was asked to; median "
            f"{done_ms[SAMPLES // 2]:.1f} ms, most {done_ms[-1]:.1f} ms after it had")


def link_tests(lab, link):
    return [row for row in lab.edge.show("tests") if row["link"] == link]


def test_drops(lab):
    return {(owner(row), row["reason"]) for row in lab.edge.show("drops")
            if row["packets"] and row["reason"].startswith("link-test")}


def link_test(lab):
    """BFD watches these links, and must find out by itself that one is silent."""
    with Load(lab) as flows:
        lab.edge.command("link", "test", PRIMARY, "--for", f"{TEST_S}s")
        lab.edge.control.kill()  # the dataplane must do the rest
        row = wait_until("the test's end", lambda: [row for row in link_tests(lab, PRIMARY)
                                                    if row["state"] == "ended"], 10)[0]
        shared(lab)
        share = must_share(lab, flows)
        said = must_lose_little(flows, 2 * PPS * DETECTED_MS[1] // 1000)
    lab.edge.control.start()
    lab.edge.wait_synced()
    if not TEST_S <= row["lasted_s"] <= TEST_S + 0.5:
        raise LabError(f"it lasted {row['lasted_s']} s")
    least, most = DETECTED_MS
    if row["moved_ms"] is None or not least < row["moved_ms"] < most:
        raise LabError(f"traffic did not leave the link when BFD must have noticed: {row}")
    if row["loss_out_ms"] > row["moved_ms"] + MOVED_MS:
        raise LabError(f"packets were lost when traffic had moved: {row}")
    if any(link != PRIMARY for link, _ in test_drops(lab)):
        raise LabError(f"others than {PRIMARY} lost packets: {test_drops(lab)}")
    return (f"{row['lasted_s']:.1f} s, though control was killed; moved after {row['moved_ms']} ms, "
            f"loss {row['loss_in_ms']} ms in, {row['loss_out_ms']} ms out; {said}; afterwards "
            f"{100 * share:.0f} % by the primary link")


def last_link(lab):
    """The other link is silent: nothing is tested unless somebody insists."""
    lab.edge.command("link", "test", SECONDARY, "--for", "60s")
    def noticed():
        states = [row["state"] for row in lab.edge.show("bgp")
                  if f"{row['peering']}/{row['link']}" == SECONDARY]
        return len(states) == 2 and "Established" not in states or (False, f"{states}")
    wait_until(f"{SECONDARY} given up by BGP", noticed, 20)
    done = lab.edge.command("link", "test", PRIMARY, "--for", "5s", check=False)
    for words in (f"the other link, {SECONDARY}, is not up", "all traffic of contoso/private",
                  "would be lost for 5 s", "--force"):
        if done.returncode == 0 or words not in done.stderr:
            raise LabError(f"not refused with \"{words}\": {done.stderr.strip()}")
    if any(row["state"] == "running" for row in link_tests(lab, PRIMARY)):
        raise LabError(f"a test of {PRIMARY} began")
    lab.edge.command("link", "test", SECONDARY, "--stop")
    shared(lab)
    return done.stderr.strip()


def refusals(lab):
    cases = ((("no/such/link", "--for", "5s"), "no link"), ((PRIMARY, "--for", "3d"), "no duration"),
             ((PRIMARY,), "--for DURATION or --stop"))
    for words, said in cases:
        done = lab.edge.command("link", "test", *words, check=False)
        if done.returncode == 0 or said not in done.stderr:
            raise LabError(f"link test {' '.join(words)}: {done.returncode}, {done.stderr.strip()}")
    return f"{len(cases)} mistakes are told"


def checks():
    yield "both links are used", settle
    yield "carrier lost under load: traffic moves, and returns", carrier
    yield "carrier lost again and again: known at once", carrier_again
    yield "a failure test ends by itself", link_test
    yield "the last live link is not tested", last_link
    yield "mistakes", refusals


if __name__ == "__main__":
    sys.exit(run_in_lab("fo", list(checks())))
