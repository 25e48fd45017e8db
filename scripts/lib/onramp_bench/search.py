# SPDX-License-Identifier: BSD-3-Clause
"""How fast a device forwards: at the rate that comes (MRR, maximum receive rate), without any loss
(NDR, RFC 2544 26.1) and with little (PDR)."""

from dataclasses import dataclass

from onramp_lab.shell import LabError

PDR_LOSS = 0.005
PRECISION = 0.01   # of the rate
LOWEST = 0.001     # of the line's rate: a device that loses packets there has another trouble
# The forwarding rate under overload may be lower than the best one.
ABOVE_MRR = 1.25


@dataclass
class Trial:
    """What one trial saw: packets that reached the device, of these not forwarded, seconds."""
    offered: int
    lost: int
    seconds: float

    @property
    def loss(self):
        return self.lost / self.offered

    @property
    def forwarded_pps(self):
        return (self.offered - self.lost) / self.seconds


def checked(trial, pps, seconds):
    seen = trial(pps, seconds)
    if seen.offered <= 0:
        raise LabError(f"no packet reached the device at {pps:.0f} packets/s; is the generator "
                       "connected, and does it send to the port's MAC?")
    return seen


def between(passes, low, high):
    """Halves the ratio of a rate that passes and one that does not until they are close."""
    while high / low > 1 + PRECISION:
        middle = (low * high) ** 0.5
        if passes(middle):
            low = middle
        else:
            high = middle
    return low


def below(passes, high):
    """The highest rate that passes below one that does not, going down in growing steps."""
    step, low = PRECISION, high / (1 + PRECISION)
    while not passes(low):
        step *= 2
        high, low = low, low / (1 + step)
        if step > 1 / LOWEST:
            raise LabError(f"even {high:.0f} packets/s are not confirmed by a longer trial")
    return between(passes, low, high)


def highest(trial, low, high, allowed, seconds, confirm_seconds):
    """The highest rate with at most `allowed` loss, found between two rates by short trials and
    confirmed by longer ones. A generator may send less than it was asked for: what it really sent
    in the confirming trial counts."""
    sent = {}

    def within(duration):
        def passes(pps):
            seen = checked(trial, pps, duration)
            sent[pps] = seen.offered / seen.seconds
            return seen.loss <= allowed
        return passes

    short, long = within(seconds), within(confirm_seconds)
    if not short(low):
        raise LabError(f"more than {100 * allowed:g} % of the packets are lost already at "
                       f"{low:.0f} packets/s")
    found = high if short(high) else between(short, low, high)
    found = found if long(found) else below(long, found)
    return min(found, sent[found])


def search(trial, line_pps, seconds, confirm_seconds):
    """{"mrr", "ndr", "pdr"}: packets a second."""
    mrr = checked(trial, line_pps, seconds).forwarded_pps
    high = min(line_pps, ABOVE_MRR * mrr)
    low = LOWEST * line_pps
    ndr = highest(trial, low, high, 0, seconds, confirm_seconds)
    pdr = highest(trial, ndr, high, PDR_LOSS, seconds, confirm_seconds)
    return {"mrr": mrr, "ndr": ndr, "pdr": pdr}
