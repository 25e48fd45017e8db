# SPDX-License-Identifier: BSD-3-Clause
"""The figures to reach."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass
class Goal:
    sign: str
    limit: float
    unit: str = ""
    of: str = "median"  # or p99, max

    @property
    def text(self):
        of = "" if self.of == "median" else self.of + " "
        if self.unit == "MiB":
            return f"{of}{self.sign} {self.limit / MIB:g} MiB"
        return f"{of}{self.sign} {self.limit:,g}{' ' + self.unit if self.unit else ''}"

    def reached(self, row):
        value = {"median": row.value, "p99": row.p99, "max": max(row.values)}[self.of]
        return value >= self.limit if self.sign == ">=" else value <= self.limit


GOALS = {
    ("forwarding", "v4-vlan-64r-1k", "ratio_macswap"): Goal(">=", 0.60),
    ("forwarding", "v4-vlan-64r-1k", "ratio_l3fwd_lpm"): Goal(">=", 0.75),
    ("forwarding", "v4-vlan-internet-16k", "ratio_macswap"): Goal(">=", 0.55),
    ("forwarding", "v4-vlan-internet-16k", "ratio_l3fwd_fib"): Goal(">=", 1.0),
    ("forwarding", "v4-vlan-internet-64k", "ratio_l3fwd_fib"): Goal(">=", 1.0),
    ("forwarding", "v4-qinq-64r-1k", "ratio"): Goal(">=", 0.93),
    ("forwarding", "v6-vlan-internet-16k", "ratio"): Goal(">=", 0.8),
    ("forwarding", "v4-vlan-1000vrf", "ratio"): Goal(">=", 0.8),
    ("fib", "v4-internet-uniform", "ratio_rte_lpm"): Goal("<=", 1.3),
    ("fib", "v4-internet-uniform", "bytes"): Goal("<=", 8 * MIB, "MiB"),
    ("fib", "v4-internet-uniform", "updates_per_s"): Goal(">=", 300_000),
    ("vrf-scale", "v4-10000vrf", "bytes"): Goal("<=", 200 * MIB, "MiB"),
    ("vrf-scale", "v6-10000vrf", "bytes"): Goal("<=", 350 * MIB, "MiB"),
    ("vrf-scale", "v4-10000vrf", "ratio"): Goal("<=", 4),
    ("vrf-scale", "v6-10000vrf", "ratio"): Goal("<=", 4),
    ("control", "kernel-to-fib", "seconds"): Goal("<=", 3, "s"),
    ("control", "api-one-vrf", "updates_per_s"): Goal(">=", 700_000),
    ("control", "api-1000-vrfs", "updates_per_s"): Goal(">=", 700_000),
    ("control", "circuits-100", "seconds"): Goal("<=", 60, "s"),
    ("control", "store-1000", "set_bandwidth_seconds"): Goal("<=", 1, "s"),
    ("control", "store-1000", "rollback_seconds"): Goal("<=", 1, "s"),
    ("control", "store-1000", "apply_seconds"): Goal("<=", 1, "s"),
    ("latency", "v4-vlan-internet", "ratio_p99.9_at_50_l3fwd_fib"): Goal("<=", 1.3),
    ("latency", "v4-vlan-internet", "ratio_p99.9_at_90_l3fwd_fib"): Goal("<=", 1.3),
    ("failover", "silent-50ms-1k", "detect_ms"): Goal("<=", 160, "ms", "p99"),
    ("failover", "silent-50ms-900k", "detect_ms"): Goal("<=", 160, "ms", "p99"),
    ("failover", "silent-10ms-1k", "detect_ms"): Goal("<=", 35, "ms", "p99"),
    ("failover", "silent-50ms-1k", "switch_us"): Goal("<=", 1000, "us", "p99"),
    ("failover", "silent-50ms-900k", "switch_us"): Goal("<=", 1000, "us", "p99"),
    ("failover", "silent-50ms-900k", "ratio"): Goal("<=", 1.2),
    ("failover", "carrier-1k", "moved_ms"): Goal("<=", 10, "ms", "p99"),
    ("failover", "saturated-256", "false_downs"): Goal("<=", 0, of="max"),
    ("failover", "saturated-256", "tx_interval_pct"): Goal("<=", 100, "%", "p99"),
    ("failover", "sessions-4000", "false_downs"): Goal("<=", 0, of="max"),
    ("failover", "sessions-4000", "core_pct"): Goal("<=", 50, "%", "max"),
    ("failover", "drain-frr", "lost_packets"): Goal("<=", 0, of="max"),
    ("failover", "drain-bird", "lost_packets"): Goal("<=", 0, of="max"),
    ("policer", "cost", "cycles"): Goal("<=", 10),
    ("scaling", "two-workers", "ratio"): Goal(">=", 1.9),
    ("scaling", "two-workers-software-hash", "ratio"): Goal(">=", 1.6),
}
# The other case that `ratio` of a forwarding case is taken to, in one interleaved run.
RATIO_TO = {"v4-qinq-64r-1k": "v4-vlan-64r-1k", "v6-vlan-internet-16k": "v4-vlan-internet-16k",
            "v4-vlan-1000vrf": "v4-vlan-internet-16k"}
# Goals of a metric in all cases of a bench.
ALL_CASES = {("policer", "error_pct"): Goal("<=", 1, "%")}


def goal_of(row):
    return GOALS.get((row.bench, row.case, row.metric), ALL_CASES.get((row.bench, row.metric)))
