# SPDX-License-Identifier: BSD-3-Clause
"""A whole on-ramp on one machine: namespaces, real FRR and BIRD, the edge between them.

The kit (Namespace, Process, Splice, Frr, Bird, Edge, Capture) is for every test that needs real
peers; `topology.Lab` is the one lab that `scripts/lab` shows, `checks` is what it must pass.
"""
