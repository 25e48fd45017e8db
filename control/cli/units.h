/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and hardware addresses for people. Each writes into buffer and returns it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UNITS_MAX 24u /* bytes that every text below fits in */

const char *units_count(uint64_t count, char buffer[UNITS_MAX]);      /* 999, "1.2 k", "35 M" */
const char *units_bytes(uint64_t bytes, char buffer[UNITS_MAX]);      /* "512 B", "1.5 MiB" */
const char *units_rate(uint64_t bps, char buffer[UNITS_MAX]);         /* "10G", "2.5G", "50M" */
const char *units_duration(uint64_t seconds, char buffer[UNITS_MAX]); /* "12s", "3m 5s", "2d 4h" */
const char *units_mac(const uint8_t mac[6], char buffer[UNITS_MAX]);  /* "02:00:00:00:00:01" */
