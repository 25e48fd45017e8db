/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real and broken captures through the pipeline: nothing crashes, every packet is accounted for,
 * every buffer comes back (the fixture's teardown checks both). The captures are those of
 * ONRAMP_DATA (or ../shared/data beside the sources); without them, frames made here.
 */
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/pipeline.h"
#include "tests/pipeline/fixture.h"

#define ARCHIVE "ethernet-pcaps.tar.gz"

static uint64_t frames_in, files_in;

static struct rte_mbuf *burst[BURST_MAX];
static unsigned int burst_count, burst_limit;

static void send_burst(void)
{
	static struct frame frame;

	pipeline_receive(&worker, port_get(0), burst, burst_count);
	pipeline_flush(&worker);
	burst_count = 0;
	burst_limit = burst_limit % BURST_MAX + 1;
	for (uint32_t port = 0; port < PORTS; port++) {
		while (sent_count(port) > 0)
			take_sent(port, &frame);
	}
	drop_punted();
	wait_for_budgets();
}

static void feed(const uint8_t *bytes, uint32_t length)
{
	static struct frame frame;

	if (length > FRAME_MAX)
		return;
	frame.length = length;
	memcpy(frame.bytes, bytes, length);
	burst[burst_count++] = to_mbuf(&frame);
	frames_in++;
	if (burst_count >= burst_limit)
		send_burst();
}

/* As it is, then addressed to us, then behind the link's tags: more of it gets further. */
static void feed_in_all_ways(const uint8_t *bytes, uint32_t length)
{
	static uint8_t copy[FRAME_MAX];
	const uint8_t tags[8] = {0x81, 0, 0, 100, 0x81, 0, 0, 200};

	feed(bytes, length);
	if (length < 14 || length > FRAME_MAX - sizeof(tags))
		return;
	memcpy(copy, bytes, length);
	memcpy(copy, port_mac[0], 6);
	feed(copy, length);
	memmove(copy + 12 + sizeof(tags), copy + 12, length - 12);
	memcpy(copy + 12, tags, sizeof(tags));
	feed(copy, length + sizeof(tags));
}

static uint32_t read32(const uint8_t *at, bool swapped)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

/* The classic format; other formats and link types are passed over. */
static void feed_file(const char *path)
{
	static uint8_t bytes[1 << 16];
	uint8_t header[24], record[16];
	FILE *file = fopen(path, "rb");
	bool swapped;

	assert_non_null(file);
	if (fread(header, sizeof(header), 1, file) != 1)
		goto out;
	swapped = read32(header, false) == 0xd4c3b2a1 || read32(header, false) == 0x4d3cb2a1;
	if (!swapped && read32(header, false) != 0xa1b2c3d4 && read32(header, false) != 0xa1b23c4d)
		goto out;
	if ((read32(header + 20, swapped) & 0xffff) != 1) /* Ethernet */
		goto out;
	files_in++;
	while (fread(record, sizeof(record), 1, file) == 1) {
		uint32_t length = read32(record + 8, swapped);

		if (length > sizeof(bytes) || fread(bytes, 1, length, file) != length)
			break;
		feed_in_all_ways(bytes, length);
	}
out:
	fclose(file);
}

static void feed_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char below[4096];

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			feed_folder(below);
		else
			feed_file(below);
	}
	closedir(folder);
}

/* Frames of the scene with single bytes changed at random places, from a fixed seed. */
static void feed_generated(void)
{
	static struct frame frame;
	uint32_t random = 20240229;

	for (unsigned int i = 0; i < 100000; i++) {
		int family = i % 2 == 0 ? AF_INET : AF_INET6;

		frame_to_us(&frame, 0, &encapsulations[2], i % 2 == 0 ? 0x0800 : 0x86dd);
		frame_flow(&frame, family, i % 5, i % 1600, i);
		for (unsigned int change = 0; change < i % 4; change++) {
			random = random * 1664525 + 1013904223;
			frame.bytes[(random >> 8) % RTE_MIN(frame.length, 90)] = random >> 24;
		}
		feed(frame.bytes, frame.length);
	}
}

static bool find_archive(char *path, size_t size)
{
	const char *data = getenv("ONRAMP_DATA");

	snprintf(path, size, "%s/" ARCHIVE, data != NULL ? data : SOURCE_ROOT "/../shared/data");
	return access(path, R_OK) == 0;
}

static void feed_archive(const char *archive)
{
	char folder[] = "/tmp/onramp-replay-XXXXXX", command[8192];

	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "tar -xzf '%s' -C '%s'", archive, folder);
	assert_int_equal(system(command), 0);
	feed_folder(folder);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
	assert_true(files_in > 100);
}

static void scene_with_default_routes(void)
{
	struct api_interface untagged;

	scene(&encapsulations[2], &encapsulations[1]);
	untagged = make_interface(3, 0, 1, &encapsulations[0]);
	memcpy(untagged.address4, (const uint8_t[]){203, 0, 113, 2}, 4);
	memcpy(untagged.address6, (const uint8_t[]){0x20, 1, 0xd, 0xb8, [15] = 9}, 16);
	add_interface(&untagged);
	add_route(1, "0.0.0.0", 1, 17);
	add_route(1, "2000::", 3, 17);
}

static void accounts_for_every_frame(void **state)
{
	char archive[4096];
	uint64_t received = 0;

	burst_limit = 1;
	scene_with_default_routes();
	if (find_archive(archive, sizeof(archive))) {
		feed_archive(archive);
		print_message("%lu frames of %lu captures in %s\n", frames_in, files_in, archive);
	} else {
		feed_generated();
		print_message("no captures at %s: %lu generated frames\n", archive, frames_in);
	}
	if (burst_count > 0)
		send_burst();
	for (uint32_t slot = 0; slot < COUNTERS_SLOTS; slot++)
		received += ledger_of(slot).rx;
	assert_int_equal(received, frames_in);
	assert_true(ledger_of(2).tx > 0);
	assert_true(ledger_of(1).generated > 0);
	assert_true(ledger_of(1).punt > 0);
}

static void accounts_for_generated_frames(void **state)
{
	uint64_t before = frames_in;

	burst_limit = 1;
	scene_with_default_routes();
	feed_generated();
	if (burst_count > 0)
		send_burst();
	assert_int_equal(ledger_of(1).rx + ledger_of(3).rx + ledger_of(COUNTERS_PORT(0)).rx,
		frames_in - before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(accounts_for_every_frame),
		pipeline_test(accounts_for_generated_frames),
	};

	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
