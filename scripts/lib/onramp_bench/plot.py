# SPDX-License-Identifier: BSD-3-Clause
"""Cycles per packet by stage as an SVG of stacked bars; small enough to need no plotting library."""

from xml.sax.saxutils import escape

# From light to dark, told apart in grey and by people who do not see all colours.
COLOURS = ["#cfe1f2", "#93c3df", "#4b97c9", "#1864aa", "#08306b"]
LEFT, TOP, WIDTH, BAR, GAP, RIGHT, BOTTOM = 210, 50, 640, 22, 10, 60, 40
FONT = 'font-family="sans-serif" font-size="13"'


def nice_step(top):
    """A step of 1, 2 or 5 times a power of ten that cuts `top` into 4 to 10."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if top / (step * factor) <= 10:
                return step * factor
        step *= 10


def rectangle(x, y, width, colour, title):
    return (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}">'
            f"<title>{escape(title)}</title></rect>")


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" {FONT}>{escape(words)}</text>'


def legend(stages):
    lines, x = [], LEFT
    for stage, colour in zip(stages, COLOURS):
        lines += [f'<rect x="{x}" y="15" width="14" height="14" fill="{colour}"/>',
                  text(x + 19, 27, stage)]
        x += 115
    return lines


def axis(top, scale, bottom):
    lines = []
    for value in range(0, int(top) + 1, nice_step(top)):
        x = LEFT + value * scale
        lines += [f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" '
                  'stroke="#bbbbbb" stroke-width="0.5"/>', text(x, bottom + 16, str(value), "middle")]
    return lines + [text(LEFT + WIDTH / 2, bottom + 34, "TSC cycles per packet", "middle")]


def stacked(bars, stages):
    """bars: [(name, {stage: cycles})]."""
    top = max(sum(cycles.values()) for _, cycles in bars)
    scale = WIDTH / top
    bottom = TOP + len(bars) * (BAR + GAP)
    lines = legend(stages) + axis(top, scale, bottom)
    for index, (name, cycles) in enumerate(bars):
        x, y = LEFT, TOP + index * (BAR + GAP)
        lines.append(text(LEFT - 8, y + 16, name, "end"))
        for stage, colour in zip(stages, COLOURS):
            width = cycles[stage] * scale
            lines.append(rectangle(x, y, width, colour, f"{stage}: {cycles[stage]:.1f}"))
            x += width
        lines.append(text(x + 6, y + 16, f"{sum(cycles.values()):.0f}"))
    size = (LEFT + WIDTH + RIGHT, bottom + BOTTOM)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
            f'viewBox="0 0 {size[0]} {size[1]}">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(lines) + "\n</svg>\n")


def bars_of(rows):
    """([(case, {stage: cycles})], stages) of the result rows whose metric is cycles_STAGE."""
    bars, names = {}, []
    for row in rows:
        stage = row.metric.removeprefix("cycles_")
        if row.bench != "forwarding" or stage in ("more", row.metric):
            continue
        bars.setdefault(row.case, {})[stage] = row.value
        if stage not in names:
            names.append(stage)
    return list(bars.items()), names


def stages(rows):
    return stacked(*bars_of(rows))
