# SPDX-License-Identifier: BSD-3-Clause
"""BFD: sessions with the customers' and the core's routers, and what becomes of traffic when a link
goes silent while nothing says so."""

from .checks_reach import BGP_TIMEOUT_S, host, uses_links, vnet_host
from .gaps import FLOWS, Stream
from .shell import LabError, wait_until
from .topology import CONTOSO, CUSTOMER_HOST4, CUSTOMER_PREFIX4, VNET_PREFIX4, VNET_PREFIX6

SESSIONS = 10
LINK = "contoso/private/primary"
MULTIPLIER = 3
# The last packet is younger than an interval when the wire is cut, so a flow is silent for at most
# MULTIPLIER intervals; then it has to send its next packet, and the machine may be busy.
SLACK_MS = 300


def checks():
    yield "BFD: sessions up", all_up
    yield f"BFD: {LINK} cut silently, traffic moved within BFD's time, BGP withdrawn behind it", cut
    yield f"BFD: {LINK} restored, both links carry again", restored


def sessions(lab):
    """{(link, family): row}"""
    return {(row["interface"], row["family"]): row for row in lab.edge.show("bfd") if row["peer"]}


def all_up(lab):
    def look():
        rows = sessions(lab)
        wrong = [f"{link} IPv{family} {row['state']} ({row['diagnostic']})"
                 for (link, family), row in rows.items() if row["state"] != "up"]
        return len(rows) == SESSIONS and not wrong or (
            False, f"{len(rows)} of {SESSIONS} sessions, not up: {wrong}")
    wait_until(f"{SESSIONS} BFD sessions up", look, BGP_TIMEOUT_S)
    for (link, family), row in sessions(lab).items():
        if row["detection_us"] != detection_ms(lab) * 1000:
            raise LabError(f"{link} IPv{family} detects after {row['detection_us']} us, not after "
                           f"{detection_ms(lab)} ms: {row}")
    return (f"{SESSIONS} sessions up, with FRR and BIRD, IPv4 and IPv6; each detects in "
            f"{detection_ms(lab)} ms")


def detection_ms(lab):
    return MULTIPLIER * lab.bfd_ms


def splice(lab):
    """contoso's wire at the port of its primary link."""
    found = [each for each in lab.splices if each.port == "cust-a" and each.s_tag == CONTOSO.s_tag]
    if len(found) != 1:
        raise LabError(f"{len(found)} wires are {LINK}'s")
    return found[0]


def stream(lab):
    return Stream(lab, vnet_host(lab, CONTOSO), host(lab, CONTOSO), CUSTOMER_HOST4)


def sent_on(lab):
    """Packets forwarded out of contoso's links so far."""
    return {row["interface"]: row["forwarded_out"] for row in lab.edge.show("stats")
            if (row["interface"] or "").startswith("contoso/private/")}


def both_carry(lab):
    """Each of the two links takes some share of what is forwarded from now on."""
    before = sent_on(lab)
    def look():
        more = {link: count - before[link] for link, count in sent_on(lab).items()}
        return min(more.values()) > 100 or (False, f"forwarded out: {more}")
    wait_until("traffic out of both links of contoso", look, 20)


def cut(lab):
    flaps = {key: row["flaps"] for key, row in sessions(lab).items()}
    with stream(lab) as running:
        both_carry(lab)
        splice(lab).cut()
        for family in (4, 6):
            wait_until(f"BFD on {LINK} down, IPv{family}",
                       lambda family=family: sessions(lab)[LINK, family]["state"] == "down", 10)
        withdrawn(lab)
        result = running.end()
    for key, row in sessions(lab).items():
        more = row["flaps"] - flaps[key]
        if more != (key[0] == LINK):
            raise LabError(f"BFD of {key} left Up {more} times")
    limit = detection_ms(lab) + SLACK_MS
    moved = sum(gap > detection_ms(lab) / 2 for gap in result["gaps_ms"])
    if not 0 < moved < FLOWS:
        raise LabError(f"{moved} of {FLOWS} flows met the cut: the check proves nothing")
    if result["longest_ms"] > limit:
        raise LabError(f"a flow was silent for {result['longest_ms']:.0f} ms, more than {limit} ms")
    return (f"{moved} of {result['flows']} flows silent for at most "
            f"{result['longest_ms']:.0f} ms, {result['lost']} packets lost; other sessions untouched")


def withdrawn(lab):
    """What came by the link is gone from the edge's routes, and the customer has left it too."""
    def look():
        hops = {hop["link"] for row in lab.edge.show("routes", "private.contoso")
                if row["prefix"] == CUSTOMER_PREFIX4 for hop in row["next_hops"]}
        return hops == {"contoso/private/secondary"} or (False, f"next hops of "
                                                         f"{CUSTOMER_PREFIX4}: {sorted(hops)}")
    wait_until(f"{CUSTOMER_PREFIX4} by the secondary link alone", look, BGP_TIMEOUT_S)
    uses_links(lab.spaces["contoso"], (VNET_PREFIX4, VNET_PREFIX6), ("secondary",))


def restored(lab):
    with stream(lab) as running:
        splice(lab).connect()
        all_up(lab)
        uses_links(lab.spaces["contoso"], (VNET_PREFIX4, VNET_PREFIX6), ("primary", "secondary"))
        both_carry(lab)
        result = running.end()
    if result["lost"]:
        raise LabError(f"{result['lost']} packets lost while the link came back: {result}")
    return f"up again, {result['flows']} flows over both links, 0 packets lost on the way back"
