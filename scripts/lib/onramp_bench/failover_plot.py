# SPDX-License-Identifier: BSD-3-Clause
"""Loss over time as an SVG: a panel for each kind of failure, the share of packets that were lost
in each millisecond after it, over all runs."""

from .plot import FONT, nice_step, text

LEFT, WIDTH, HEIGHT, GAP, TOP, RIGHT, BOTTOM = 210, 640, 70, 22, 30, 40, 44
BEFORE_MS = 20  # shown before the failure
COLOUR = "#1864aa"


def shares(failures, pps, end_ms):
    """Of the packets of each millisecond from -BEFORE_MS on, the share that was lost."""
    counts = [0] * (BEFORE_MS + end_ms)
    for failure in failures:
        for loss in failure.losses_ms:
            at = int(loss + BEFORE_MS)
            if 0 <= at < len(counts):
                counts[at] += 1
    return [count / (len(failures) * pps / 1000) for count in counts]


def panel(name, failures, pps, end_ms, top):
    bottom, scale = top + HEIGHT, WIDTH / (BEFORE_MS + end_ms)
    points = [f"{LEFT},{bottom}"]
    for at, share in enumerate(shares(failures, pps, end_ms)):
        y = bottom - min(share, 1) * HEIGHT
        points += [f"{LEFT + at * scale:.1f},{y:.1f}", f"{LEFT + (at + 1) * scale:.1f},{y:.1f}"]
    points.append(f"{LEFT + WIDTH},{bottom}")
    worst = max(failure.moved_ms for failure in failures)
    return [f'<polygon points="{" ".join(points)}" fill="{COLOUR}"/>',
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" '
            'stroke="#bbbbbb" stroke-width="0.5"/>',
            text(LEFT - 8, top + HEIGHT / 2, name, "end"),
            text(LEFT - 8, top + HEIGHT / 2 + 16, f"moved within {worst:.1f} ms", "end"),
            text(LEFT + WIDTH + 4, top + 10, "100 %"), text(LEFT + WIDTH + 4, bottom, "0")]


def losses(found, pps):
    """found: {case: [Failure]}, all of which share one axis of time."""
    longest = max(failure.moved_ms for failures in found.values() for failure in failures)
    end_ms = int(longest * 1.05) + 10
    lines, top = [text(LEFT, 18, "packets lost, in percent of those that arrived, each ms")], TOP
    for case, failures in found.items():
        lines += panel(case.name, failures, pps, end_ms, top)
        top += HEIGHT + GAP
    scale, bottom = WIDTH / (BEFORE_MS + end_ms), top - GAP
    for value in range(0, end_ms + 1, nice_step(end_ms)):
        x = LEFT + (BEFORE_MS + value) * scale
        lines += [f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#bbbbbb" '
                  'stroke-width="0.5"/>', text(x, bottom + 16, str(value), "middle")]
    lines.append(text(LEFT + WIDTH / 2, bottom + 34, "ms after the failure", "middle"))
    size = (LEFT + WIDTH + RIGHT + 20, bottom + BOTTOM)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
            f'viewBox="0 0 {size[0]} {size[1]}" {FONT}>\n'
            '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(lines) + "\n</svg>\n")
