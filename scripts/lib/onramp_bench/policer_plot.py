# SPDX-License-Identifier: BSD-3-Clause
"""The error of each rate as an SVG of dots: a row for each rate, a colour for each packet size;
filled where it was measured in real time, hollow where on a simulated clock."""

from xml.sax.saxutils import escape

from .goals import ALL_CASES
from .plot import FONT, text

COLOURS = {"64": "#08306b", "594": "#1864aa", "1500": "#4b97c9", "9000": "#e08214"}
NAMES = {"1518": "1500"}
LEFT, TOP, WIDTH, ROW, RIGHT, BOTTOM, RADIUS = 70, 50, 640, 26, 40, 50, 5
UNITS = {"M": 1, "G": 1000}


def dots_of(rows):
    """[(rate, size, simulated, error)] of the result rows whose metric is error_pct."""
    found = []
    for row in rows:
        if row.bench == "policer" and row.metric == "error_pct":
            rate, size, how = row.case.split("-")
            found.append((rate, NAMES.get(size, size), how == "simulated", row.value))
    return found


def mbps(rate):
    return int(rate[:-1]) * UNITS[rate[-1]]


def legend():
    lines, x = [], LEFT
    for size, colour in COLOURS.items():
        lines += [f'<circle cx="{x + 7}" cy="22" r="{RADIUS}" fill="{colour}"/>',
                  text(x + 19, 27, f"{size} bytes")]
        x += 110
    return lines + [f'<circle cx="{x + 7}" cy="22" r="{RADIUS}" fill="none" stroke="#08306b" '
                    'stroke-width="1.5"/>', text(x + 19, 27, "simulated clock")]


def dot(x, y, colour, hollow, title):
    fill = (f'fill="none" stroke="{colour}" stroke-width="1.5"' if hollow
            else f'fill="{colour}" fill-opacity="0.8"')
    return (f'<circle cx="{x:.1f}" cy="{y}" r="{RADIUS}" {fill}>'
            f"<title>{escape(title)}</title></circle>")


def errors(rows):
    dots = dots_of(rows)
    rates = sorted({rate for rate, *_ in dots}, key=mbps)
    goal = ALL_CASES["policer", "error_pct"].limit
    scale = WIDTH / max(1.1 * goal, *(error for *_, error in dots))
    bottom = TOP + len(rates) * ROW
    lines = legend()
    for tenth in range(0, int(WIDTH / scale * 10) + 1):
        x = LEFT + tenth / 10 * scale
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" '
                     f'stroke="{"#b2182b" if tenth == 10 * goal else "#dddddd"}"/>')
        if tenth % 2 == 0:
            lines.append(text(x, bottom + 18, f"{tenth / 10:g}", "middle"))
    lines.append(text(LEFT + WIDTH / 2, bottom + 38, "error, % of the rate", "middle"))
    for rate, size, simulated, error in dots:
        y = TOP + rates.index(rate) * ROW + ROW // 2
        lines.append(dot(LEFT + error * scale, y, COLOURS[size], simulated,
                         f"{rate}, {size} bytes: {error:.3f} %"))
    lines += [text(LEFT - 10, TOP + index * ROW + ROW // 2 + 5, rate, "end")
              for index, rate in enumerate(rates)]
    size = (LEFT + WIDTH + RIGHT, bottom + BOTTOM)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
            f'viewBox="0 0 {size[0]} {size[1]}" {FONT}>\n'
            '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(lines) + "\n</svg>\n")
