/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two circuits, captures of them, and what a capture tells.
 */
#pragma once

#include "dataplane/interface/capture.h"
#include "tests/pipeline/fixture.h"

/* Of the first two interfaces: acme's and globex's. */
extern const struct encapsulation *const capture_tags[];

/* Interface 1 is acme's, 2 globex's; acme-too is another one that begins with the same letters. */
void two_circuits(void);

/* A request for all of an address, and its start. */
struct api_capture capture_of(const char *address);
void capture_address(const char *address);

/* The next packet; links that are named before it must be of that name. False: there is none. */
bool capture_take(struct api_captured *captured, const uint8_t **bytes, const char **link);

/* The next packet is this whole frame, with what became of it. */
void expect_captured(const struct frame *frame, const char *link, uint8_t verdict, uint8_t is_out,
	enum api_drop_reason reason);
void expect_none_captured(void);

/* A packet from acme's link to globex's: as it comes, as it leaves. */
void flow_in(struct frame *frame, int family, uint8_t ttl);
void flow_out(struct frame *frame, int family, uint8_t ttl);

int capture_teardown(void **state);

#define capture_test(function) \
	cmocka_unit_test_setup_teardown(function, fixture_setup, capture_teardown)
