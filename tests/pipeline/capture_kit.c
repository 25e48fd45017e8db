/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/interface/interface.h"
#include "tests/pipeline/capture_kit.h"

const struct encapsulation *const capture_tags[] = {&encapsulations[2], &encapsulations[1]};

static void name_link(struct api_interface *link, const char *circuit)
{
	snprintf(link->circuit, sizeof(link->circuit), "%s", circuit);
	snprintf(link->name, sizeof(link->name), "%s/private/primary", circuit);
}

void two_circuits(void)
{
	static const struct encapsulation third = {"802.1Q", 0x8100, 0, 777};
	struct api_interface link;

	scene(capture_tags[0], capture_tags[1]);
	for (uint32_t id = 1; id <= 2; id++) {
		link = interface_get(id)->api;
		name_link(&link, id == 1 ? "acme" : "globex");
		add_interface(&link);
	}
	link = make_interface(3, 0, 1, &third);
	name_link(&link, "acme-too");
	add_interface(&link);
}

struct api_capture capture_of(const char *address)
{
	struct api_capture request = {
		.packets = 1000, .seconds = 60, .snap_bytes = API_CAPTURE_SNAP_MAX};

	snprintf(request.address, sizeof(request.address), "%s", address);
	return request;
}

void capture_address(const char *address)
{
	struct api_capture request = capture_of(address);

	assert_int_equal(capture_start(&request, 1, 0), 0);
}

bool capture_take(struct api_captured *captured, const uint8_t **bytes, const char **link)
{
	static struct api_capture_link named;

	for (;;) {
		switch (capture_next(&named, captured, bytes)) {
		case CAPTURE_NONE:
			return false;
		case CAPTURE_PACKET:
			*link = interface_get(captured->interface)->api.name;
			return true;
		case CAPTURE_LINK:
			assert_string_equal(named.name, interface_get(named.interface)->api.name);
			assert_int_equal(named.vrf, 1);
		}
	}
}

void expect_captured(const struct frame *frame, const char *link, uint8_t verdict, uint8_t is_out,
	enum api_drop_reason reason)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;

	assert_true(capture_take(&captured, &bytes, &name));
	assert_string_equal(name, link);
	assert_int_equal(captured.verdict, verdict);
	assert_int_equal(captured.is_out, is_out);
	if (verdict == API_CAPTURE_DROPPED)
		assert_int_equal(captured.reason, reason);
	assert_int_equal(captured.frame_bytes, frame->length);
	assert_int_equal(captured.captured_bytes, frame->length);
	assert_memory_equal(bytes, frame->bytes, frame->length);
}

void expect_none_captured(void)
{
	struct api_captured captured;
	const uint8_t *bytes;
	const char *name;

	assert_false(capture_take(&captured, &bytes, &name));
}

void flow_in(struct frame *frame, int family, uint8_t ttl)
{
	frame_to_us(frame, 0, capture_tags[0], family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, ttl, 30, 1);
}

void flow_out(struct frame *frame, int family, uint8_t ttl)
{
	frame_from_us(frame, 1, capture_tags[1], family == AF_INET ? 0x0800 : 0x86dd);
	frame_flow(frame, family, ttl, 30, 1);
}

int capture_teardown(void **state)
{
	capture_stop();
	return fixture_teardown(state);
}
