/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The key of a circuit that names none: UUIDv5 (RFC 4122 4.3) of the circuit's name in the
 * namespace UUIDv5(DNS, "onramp:" + site name), so every edge of a site finds the same one. */
void service_key_make(const char *site, const char *circuit, char key[37]);
