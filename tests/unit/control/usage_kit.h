/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A history in a directory of its own, and looks at one link: the clock, the dataplane and its
 * restarts are the test's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/usage/history.h"

#define NINE INT64_C(1700038800) /* 2023-11-15 09:00:00Z */
#define HOUR 3600
#define PRIMARY "contoso/private/primary"

#define USAGE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

extern char dir[64];
extern struct history *history;
extern struct history_link link_now; /* of the dataplane */
extern uint64_t boot_id;
extern int64_t at;
extern uint64_t at_us; /* does not follow the wall's clock */

int setup(void **state);
int teardown(void **state);
void open_history(void);
/* Control's. */
void restart(void);

int try_look(void);
void look_after(int64_t seconds);
/* Bytes that pass, from now on in the link's counters. */
void move(int64_t in, int64_t out);

/* The usage of contoso; the caller's. */
json_t *hours(void);
int64_t number(const json_t *row, const char *key);
/* The bytes in of the hour that begins so many hours after nine; -1: no row. */
int64_t in_of(int hour);
int64_t total_in(void);

/* What somebody else does to the file. */
void tamper(const char *statements);
