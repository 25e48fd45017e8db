# SPDX-License-Identifier: BSD-3-Clause
"""Lines of JSON of earlier runs as the tables of docs/performance.md, and as its plot."""

import json

from . import build, external, plot
from .goals import goal_of
from .results import shown


def load(paths):
    """The rows of all files; of a figure that is in several, the last one."""
    rows, builds = {}, []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                what = json.loads(line)
                if "skipped" in what:
                    continue
                rows[what["bench"], what["case"], what["metric"]] = external.parse(line)
                if what["build"] not in builds:
                    builds.append(what["build"])
    return list(rows.values()), builds


def verdict(row):
    goal = goal_of(row)
    if not goal:
        return "", ""
    return goal.text, "reached" if goal.reached(row) else "**no**"


def p99(row):
    return f", p99 {shown(row.p99)}" if row.p99 is not None else ""


def figures(rows):
    yield "| bench | case | metric | median | min to max | goal | reached |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        if row.metric.startswith("cycles_"):
            continue
        yield (f"| {row.bench} | `{row.case}` | {row.metric} | {shown(row.value)} {row.unit} | "
               f"{shown(min(row.values))} to {shown(max(row.values))}{p99(row)} | "
               + " | ".join(verdict(row)) + " |")


def stages(rows):
    bars, names = plot.bars_of(rows)
    yield "| cycles a packet | " + " | ".join(names) + " | sum |"
    yield "|---" * (len(names) + 2) + "|"
    for case, cycles in bars:
        yield (f"| `{case}` | " + " | ".join(f"{cycles[name]:.0f}" for name in names)
               + f" | {sum(cycles.values()):.0f} |")


def main(paths):
    rows, builds = load(paths)
    print("\n".join(figures(rows)))
    if any(row.metric.startswith("cycles_") for row in rows):
        print("\n" + "\n".join(stages(rows)))
        with open(build.path("cycles-by-stage.svg"), "w", encoding="utf-8") as file:
            file.write(plot.stages(rows))
        print(f"\nplot: {build.path('cycles-by-stage.svg')}")
    print("\nBuilds: " + "; ".join(builds))
    return 0
