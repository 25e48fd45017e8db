# SPDX-License-Identifier: BSD-3-Clause
"""Numbered packets on every way there is, for what must not lose one."""

from .checks_reach import first_answer, host, vnet_host
from .flow import Flow
from .topology import CUSTOMERS, CUSTOMER_HOST4, CUSTOMER_HOST6, VNET_HOST4, VNET_HOST6


def open_ways(lab):
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(host(lab, customer), address)
        for address in (CUSTOMER_HOST4, CUSTOMER_HOST6):
            first_answer(vnet_host(lab, customer), address)
    return "both customers and their networks, IPv4 and IPv6"


def flows(lab):
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            yield Flow(lab, host(lab, customer), vnet_host(lab, customer), address)
        for address in (CUSTOMER_HOST4, CUSTOMER_HOST6):
            yield Flow(lab, vnet_host(lab, customer), host(lab, customer), address)
