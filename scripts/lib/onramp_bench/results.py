# SPDX-License-Identifier: BSD-3-Clause
"""One measured figure is one row; rows become JSON lines or a table with the goals beside them."""

import json
import math
import statistics
from dataclasses import dataclass

from .goals import goal_of


@dataclass
class Row:
    bench: str
    case: str
    metric: str
    unit: str
    values: list
    build: str = ""
    note: str = ""
    runs: int = 0
    p99: float | None = None  # of what is judged by its rare cases

    @classmethod
    def spread(cls, bench, case, metric, unit, values):
        """One whose 99th percentile matters (nearest rank)."""
        return cls(bench, case, metric, unit, values, p99=percentile(values, 99))

    def __post_init__(self):
        self.runs = self.runs or len(self.values)

    @property
    def value(self):
        return statistics.median(self.values)

    def json(self):
        what = {"bench": self.bench, "case": self.case, "metric": self.metric,
                "value": rounded(self.value), "unit": self.unit, "min": rounded(min(self.values)),
                "max": rounded(max(self.values)), "runs": self.runs, "build": self.build}
        if self.p99 is not None:
            what["p50"], what["p99"] = what["value"], rounded(self.p99)
        if self.note:
            what["note"] = self.note
        return json.dumps(what)


def percentile(values, percent):
    """The least value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def rounded(value):
    return value if isinstance(value, int) else float(f"{value:.6g}")


def skipped(bench, case, metric, why, build):
    return json.dumps({"bench": bench, "case": case, "metric": metric, "skipped": why,
                       "build": build})


def shown(value):
    if isinstance(value, int) or value >= 10000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.1f}"


def table(rows):
    """Lines: what was measured, its spread, the goal where there is one, reached or not."""
    spread = any(row.p99 is not None for row in rows)
    titles = ["case", "metric", "median", "min", "max", "runs", "goal", ""]
    if spread:
        titles.insert(5, "p99")
    lines = [titles]
    for row in rows:
        goal = goal_of(row)
        line = [row.case, row.metric, f"{shown(row.value)} {row.unit}".strip(),
                shown(min(row.values)), shown(max(row.values)), str(row.runs),
                goal.text if goal else "",
                "" if not goal else "reached" if goal.reached(row) else "NOT reached"]
        if spread:
            line.insert(5, shown(row.p99) if row.p99 is not None else "")
        lines.append(line)
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    left = (0, 1, len(titles) - 2, len(titles) - 1)
    return ["  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]
