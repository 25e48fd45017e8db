/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches: malformed ones touch nothing; snapshot and sweep; whose fd is whose; dumps. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/server/state.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/mark.h"
#include "tests/unit/dataplane/server_fakes.h"
#include "tests/unit/dataplane/server_peer.h"

static struct peer peer;
static struct api_batch batch;

static int setup(void **state)
{
	fakes_reset();
	if (server_state_init() != 0)
		return -1;
	memset(&batch, 0, sizeof(batch));
	peer_open_writer(&peer);
	return 0;
}

static int teardown(void **state)
{
	peer_close(&peer);
	fakes_reset();
	return 0;
}

static void new_batch(void)
{
	batch.count = 0;
	batch.length = 0;
}

static void add_vrf(uint32_t id)
{
	struct api_vrf vrf = {.id = id, .name = "private.contoso"};

	assert_int_equal(api_batch_add(&batch, API_VRF, API_UPSERT, &vrf), 0);
}

static void add_route(uint8_t number, enum api_operation operation)
{
	struct api_route route = {
		.vrf = 1, .group = API_GROUP_FIRST, .address = {10, 0, 0, number}};

	assert_int_equal(api_batch_add(&batch, API_ROUTE, operation, &route), 0);
}

static void add_interface(uint32_t id, uint8_t has_tap)
{
	struct api_interface interface = {.id = id, .vrf = 1, .has_tap = has_tap};

	assert_int_equal(api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface), 0);
}

static void add_policer(uint32_t id)
{
	struct api_policer policer = {.id = id, .name = "contoso/primary/in"};

	assert_int_equal(api_batch_add(&batch, API_POLICER, API_UPSERT, &policer), 0);
}

/* One object of each kind, all with this id (groups start at 16). */
static void add_all_kinds(uint32_t id)
{
	struct api_port port = {.id = id, .name = "cust"};
	struct api_adjacency adjacency = {.id = id, .interface = id};
	struct api_group group = {.id = API_GROUP_FIRST + id, .count = 1, .adjacencies = {id}};
	struct api_path path = {.id = id, .interface = id};
	struct api_bfd_key key = {.key_id = id, .interface = id};

	api_batch_add(&batch, API_BFD_KEY, API_UPSERT, &key);
	api_batch_add(&batch, API_PORT, API_UPSERT, &port);
	add_vrf(id);
	add_interface(id, 0);
	api_batch_add(&batch, API_PATH, API_UPSERT, &path);
	api_batch_add(&batch, API_ADJACENCY, API_UPSERT, &adjacency);
	api_batch_add(&batch, API_GROUP, API_UPSERT, &group);
	add_route(id, API_UPSERT);
	add_policer(id);
}

/* The first item is right, the last is wrong: the first must not have been applied. */
static void malformed_batches_touch_nothing(void **state)
{
	struct api_item *last;
	size_t good;

	add_vrf(1);
	good = batch.length;
	add_route(1, API_UPSERT);
	last = (struct api_item *)(batch.bytes + good);

	for (int wrong = 0; wrong < 9; wrong++) {
		const struct api_item right = *last;
		size_t length = batch.length;
		struct api_ack ack;

		switch (wrong) {
		case 0:
			last->object = 0;
			break;
		case 1:
			last->object = API_MEMORY;
			break;
		case 2:
			last->object = 255;
			break;
		case 3:
			last->operation = 0;
			break;
		case 4:
			last->operation = API_DELETE + 1;
			break;
		case 5:
			last->length -= 1;
			break;
		case 6:
			last->length = UINT16_MAX;
			break;
		case 7:
			length -= 8;
			break; /* runs over the end */
		case 8:
			length = good + sizeof(*last) / 2;
			break; /* half a header */
		}
		ack = peer_ask(&peer, API_BATCH, batch.bytes, length, API_ACK);
		assert_int_equal(ack.error, -EPROTO);
		assert_non_null(strstr(ack.text, "item 1"));
		assert_false(peer.session->closing);
		assert_int_equal(fakes_count(API_VRF), 0);
		*last = right;
	}
	assert_int_equal(fakes.call_count, 0);
	/* It was right after all. */
	peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(fakes_count(API_VRF), 1);
	assert_int_equal(fakes_count(API_ROUTE), 1);
}

static void empty_batch(void **state)
{
	peer_batch(&peer, &batch, NULL, 0);
	assert_string_equal(fakes.calls, "c");
}

/* Ids and strings beyond the tables never reach them. */
static void fields_out_of_range(void **state)
{
	struct api_port port = {.id = API_PORTS_MAX};
	struct api_vrf vrf = {.id = API_VRFS_MAX};
	struct api_interface interface = {.id = API_INTERFACES_MAX};
	struct api_adjacency adjacency = {.id = API_ADJACENCIES_MAX};
	struct api_group group = {.id = API_GROUPS_MAX};
	struct api_route route = {.vrf = API_VRFS_MAX};
	struct api_policer policer = {.id = API_POLICERS_MAX};
	struct api_path path = {.id = API_PATHS_MAX};
	const int32_t *errors;

	for (enum api_operation operation = API_UPSERT; operation <= API_DELETE; operation++) {
		api_batch_add(&batch, API_PORT, operation, &port);
		api_batch_add(&batch, API_VRF, operation, &vrf);
		api_batch_add(&batch, API_INTERFACE, operation, &interface);
		api_batch_add(&batch, API_ADJACENCY, operation, &adjacency);
		api_batch_add(&batch, API_GROUP, operation, &group);
		api_batch_add(&batch, API_ROUTE, operation, &route);
		api_batch_add(&batch, API_POLICER, operation, &policer);
		api_batch_add(&batch, API_PATH, operation, &path);
	}
	port.id = 1;
	memset(port.name, 'x', sizeof(port.name));
	api_batch_add(&batch, API_PORT, API_UPSERT, &port);
	vrf.id = 0;
	api_batch_add(&batch, API_VRF, API_UPSERT, &vrf);
	vrf.id = 1;
	memset(vrf.name, 'x', sizeof(vrf.name));
	api_batch_add(&batch, API_VRF, API_UPSERT, &vrf);
	interface.id = 1;
	memset(interface.circuit, 'x', sizeof(interface.circuit));
	api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface);
	interface = (struct api_interface){.id = 1, .policer_in = API_POLICERS_MAX};
	api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface);
	interface = (struct api_interface){.id = 1, .policer_out = API_POLICERS_MAX};
	api_batch_add(&batch, API_INTERFACE, API_UPSERT, &interface);
	policer.id = 1;
	memset(policer.name, 'x', sizeof(policer.name));
	api_batch_add(&batch, API_POLICER, API_UPSERT, &policer);
	adjacency = (struct api_adjacency){.id = 1, .interface = API_INTERFACES_MAX};
	api_batch_add(&batch, API_ADJACENCY, API_UPSERT, &adjacency);
	adjacency = (struct api_adjacency){.id = 1, .path = API_PATHS_MAX};
	api_batch_add(&batch, API_ADJACENCY, API_UPSERT, &adjacency);
	path = (struct api_path){.id = 0};
	api_batch_add(&batch, API_PATH, API_UPSERT, &path);
	path = (struct api_path){.id = 1, .interface = API_INTERFACES_MAX};
	api_batch_add(&batch, API_PATH, API_UPSERT, &path);
	group = (struct api_group){.id = API_GROUP_FIRST, .count = API_GROUP_MEMBERS_MAX + 1};
	api_batch_add(&batch, API_GROUP, API_UPSERT, &group);
	group = (struct api_group){.id = API_GROUP_FIRST, .count = 1, .adjacencies = {0}};
	api_batch_add(&batch, API_GROUP, API_UPSERT, &group);
	group = (struct api_group){.id = API_GROUP_RECEIVE};
	api_batch_add(&batch, API_GROUP, API_UPSERT, &group);
	route = (struct api_route){.vrf = 1, .group = API_GROUPS_MAX};
	api_batch_add(&batch, API_ROUTE, API_UPSERT, &route);
	route = (struct api_route){.vrf = 1, .leaked_from = API_VRFS_MAX};
	api_batch_add(&batch, API_ROUTE, API_UPSERT, &route);

	errors = peer_batch(&peer, &batch, NULL, 0);
	for (uint32_t i = 0; i < batch.count; i++)
		assert_int_equal(errors[i], -EINVAL);
	for (uint32_t object = API_PORT; object <= API_PATH; object++)
		assert_int_equal(fakes_count(object), 0);
}

/* Every item is tried; each has its own error. */
static void one_error_an_item(void **state)
{
	const int32_t *errors;

	add_vrf(FAKE_IDS - 1);
	add_vrf(FAKE_IDS); /* the fakes are full there */
	add_vrf(3);
	errors = peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(errors[0], 0);
	assert_int_equal(errors[1], -ENOSPC);
	assert_int_equal(errors[2], 0);
	assert_true(fakes_has(API_VRF, 3));
}

static void deleting_twice_succeeds(void **state)
{
	const int32_t *errors;

	add_route(7, API_UPSERT);
	add_route(7, API_DELETE);
	add_route(7, API_DELETE);
	errors = peer_batch(&peer, &batch, NULL, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(errors[i], 0);
	assert_int_equal(fakes_count(API_ROUTE), 0);
	/* An upsert's -ENOENT (no such group) is an error. */
	new_batch();
	add_route(8, API_UPSERT);
	fakes.upsert_error = -ENOENT;
	assert_int_equal(peer_batch(&peer, &batch, NULL, 0)[0], -ENOENT);
}

/* Routes that packets cannot see are not acknowledged. */
static void failed_commit_fails_the_routes(void **state)
{
	const int32_t *errors;

	add_vrf(1);
	add_route(1, API_UPSERT);
	fakes.commit_error = -ENOMEM;
	errors = peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(errors[0], 0);
	assert_int_equal(errors[1], -ENOMEM);
}

/* ---- fds ---- */

static bool hung_up(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP);
}

static void taps_go_to_their_interfaces(void **state)
{
	int a[2], b[2];

	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	add_interface(1, 1);
	add_interface(2, 0);
	add_interface(3, 1);
	peer_batch(&peer, &batch, (int[]){a[1], b[1]}, 2);
	close(a[1]);
	close(b[1]);
	assert_int_equal(fakes.taps[2], -1);
	assert_int_equal(write(fakes.taps[1], "a", 1), 1);
	assert_int_equal(write(fakes.taps[3], "b", 1), 1);
	assert_int_equal(read(a[0], (char[1]){0}, 1), 1);
	assert_int_equal(read(b[0], (char[1]){0}, 1), 1);
	/* An interface that is refused does not keep its TAP, nor gives it to the next one. */
	fakes_reset();
	assert_true(hung_up(a[0]));
	close(a[0]);
	close(b[0]);
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	new_batch();
	add_interface(FAKE_IDS, 1);
	add_interface(API_INTERFACES_MAX, 1);
	add_interface(4, 1);
	peer_batch(&peer, &batch, (int[]){a[1], a[1], b[1]}, 3);
	close(a[1]);
	close(b[1]);
	assert_true(hung_up(a[0]));
	assert_false(hung_up(b[0]));
	close(a[0]);
	close(b[0]);
}

/* Too few and too many fds: refused whole, and no fd is left to become another link's TAP. */
static void fds_must_match_items(void **state)
{
	struct api_dump dump = {.object = API_VRF};
	const struct api_message *message;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	add_interface(1, 1);
	assert_int_equal(
		peer_ask(&peer, API_BATCH, batch.bytes, batch.length, API_ACK).error, -EPROTO);
	peer_send(&peer, API_BATCH, batch.bytes, batch.length, (int[]){ends[1], ends[1]}, 2);
	message = peer_receive(&peer);
	assert_int_equal(message->header.type, API_ACK);
	assert_int_equal(((const struct api_ack *)message->payload)->error, -EPROTO);
	assert_int_equal(fakes_count(API_INTERFACE), 0);
	/* Nor may an fd ride on something else. */
	peer_send(&peer, API_DUMP, &dump, sizeof(dump), &ends[1], 1);
	message = peer_receive(&peer);
	assert_int_equal(((const struct api_ack *)message->payload)->error, -EPROTO);
	close(ends[1]);
	assert_int_equal(stream_next(&peer.session->stream, &peer.message), 0);
	assert_true(hung_up(ends[0]));
	close(ends[0]);
}

static void disconnect_in_the_middle_of_a_message(void **state)
{
	struct api_header header = {.type = API_BATCH, .sequence = 1, .fd_count = 1};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	add_interface(1, 1);
	header.length = sizeof(header) + batch.length;
	peer_raw(&peer, &header, sizeof(header), &ends[1], 1);
	peer_raw(&peer, batch.bytes, batch.length - 1, NULL, 0);
	assert_null(peer_receive(&peer));
	assert_false(hung_up(ends[0]));
	peer_close(&peer);
	assert_true(hung_up(ends[0]));
	close(ends[0]);
	assert_int_equal(fakes_count(API_INTERFACE), 0);
	peer_open_writer(&peer);
}

/* ---- snapshot ---- */

static uint32_t ask_count(enum api_message_type type)
{
	struct api_ack ack = peer_ask(&peer, type, NULL, 0, API_ACK);

	assert_int_equal(ack.error, 0);
	return ack.count;
}

static void snapshot_sweeps_what_was_not_named(void **state)
{
	add_all_kinds(1);
	add_all_kinds(2);
	peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(ask_count(API_SNAPSHOT_BEGIN), 0);
	new_batch();
	add_all_kinds(2);
	add_all_kinds(3);
	peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(server_state.state, API_STATE_LOADING);
	fakes.call_count = 0;
	memset(fakes.calls, 0, sizeof(fakes.calls));
	assert_int_equal(ask_count(API_SNAPSHOT_END), 9);
	/* Holders before what they hold; no packet sees a route whose group goes. */
	assert_string_equal(fakes.calls, "rcgahkivlpo");
	assert_int_equal(server_state.state, API_STATE_RUNNING);
	for (uint32_t object = API_PORT; object <= API_PATH; object++) {
		uint32_t base = object == API_GROUP ? API_GROUP_FIRST : 0;

		assert_false(fakes_has(object, base + 1));
		assert_true(fakes_has(object, base + 2));
		assert_true(fakes_has(object, base + 3));
	}
	/* The next one opens nothing. */
	ask_count(API_SNAPSHOT_BEGIN);
	assert_int_equal(ask_count(API_SNAPSHOT_END), 18);
	assert_string_equal(fakes.calls, "rcgahkivlporcgahkivlp");
}

static void cut_snapshot_sweeps_nothing(void **state)
{
	struct api_ack ack;

	add_all_kinds(1);
	peer_batch(&peer, &batch, NULL, 0);
	ask_count(API_SNAPSHOT_BEGIN);
	peer_close(&peer);
	peer_open_writer(&peer);
	/* The END of a new writer does not end the snapshot of the old one. */
	ack = peer_ask(&peer, API_SNAPSHOT_END, NULL, 0, API_ACK);
	assert_int_equal(ack.error, -EINVAL);
	assert_int_equal(server_state.state, API_STATE_LOADING);
	for (uint32_t object = API_PORT; object <= API_PATH; object++)
		assert_int_equal(fakes_count(object), 1);
	ask_count(API_SNAPSHOT_BEGIN);
	assert_int_equal(ask_count(API_SNAPSHOT_END), 9);
}

static void begin_twice_starts_over(void **state)
{
	ask_count(API_SNAPSHOT_BEGIN);
	add_vrf(1);
	peer_batch(&peer, &batch, NULL, 0);
	ask_count(API_SNAPSHOT_BEGIN);
	assert_int_equal(ask_count(API_SNAPSHOT_END), 1);
}

/* While ports are closed nobody needs a FIB; later every batch is visible when acknowledged. */
static void routes_of_the_first_snapshot_are_committed_at_its_end(void **state)
{
	ask_count(API_SNAPSHOT_BEGIN);
	add_route(1, API_UPSERT);
	peer_batch(&peer, &batch, NULL, 0);
	peer_batch(&peer, &batch, NULL, 0);
	assert_string_equal(fakes.calls, "");
	ask_count(API_SNAPSHOT_END);
	assert_string_equal(fakes.calls, "rcgahkivlpo");
	ask_count(API_SNAPSHOT_BEGIN);
	peer_batch(&peer, &batch, NULL, 0);
	assert_string_equal(fakes.calls, "rcgahkivlpoc");
}

/* A route that left a group earlier in the batch is not looked at with it any more when the group
 * goes: its id may be another tenant's the next moment. */
static void routes_are_visible_before_a_group_goes(void **state)
{
	struct api_group group = {.id = API_GROUP_FIRST + 1};

	ask_count(API_SNAPSHOT_BEGIN);
	api_batch_add(&batch, API_GROUP, API_UPSERT, &group);
	peer_batch(&peer, &batch, NULL, 0);
	ask_count(API_SNAPSHOT_END);
	new_batch();
	add_route(1, API_DELETE);
	api_batch_add(&batch, API_GROUP, API_DELETE, &group);
	fakes.call_count = 0;
	memset(fakes.calls, 0, sizeof(fakes.calls));
	peer_batch(&peer, &batch, NULL, 0);
	assert_string_equal(fakes.calls, "cdc");
}

/* The mark wraps within 1..255 and still tells two snapshots apart. */
static void marks_wrap(void **state)
{
	for (int i = 0; i < 600; i++) {
		uint8_t before = table_mark;

		new_batch();
		add_vrf(1 + i % 2);
		ask_count(API_SNAPSHOT_BEGIN);
		assert_int_not_equal(table_mark, before);
		assert_int_not_equal(table_mark, 0);
		peer_batch(&peer, &batch, NULL, 0);
		assert_int_equal(ask_count(API_SNAPSHOT_END), i > 0);
		assert_true(fakes_has(API_VRF, 1 + i % 2));
	}
}

static void ports_stay_closed_when_routes_are_not_visible(void **state)
{
	struct api_ack ack;

	ask_count(API_SNAPSHOT_BEGIN);
	fakes.commit_error = -ENOMEM;
	ack = peer_ask(&peer, API_SNAPSHOT_END, NULL, 0, API_ACK);
	assert_int_equal(ack.error, -ENOMEM);
	assert_int_equal(server_state.state, API_STATE_LOADING);
	assert_null(strchr(fakes.calls, 'o'));
	fakes.commit_error = 0;
	ask_count(API_SNAPSHOT_BEGIN);
	ask_count(API_SNAPSHOT_END);
	assert_int_equal(server_state.state, API_STATE_RUNNING);
	assert_non_null(strchr(fakes.calls, 'o'));
}

/* ---- dumps ---- */

/* Dumps and copies at most max rows. Returns how many there were; asserts DUMP_END's count. */
static uint32_t dump(enum api_object object, uint32_t vrf, void *rows, uint32_t max)
{
	struct api_dump request = {.object = object, .vrf = vrf};
	uint32_t sequence = peer_send(&peer, API_DUMP, &request, sizeof(request), NULL, 0);
	uint32_t total = 0;

	for (;;) {
		const struct api_message *message = peer_receive(&peer);
		const struct api_rows *header;

		assert_non_null(message);
		assert_int_equal(message->header.sequence, sequence);
		if (message->header.type == API_DUMP_END) {
			const struct api_ack *ack = message->payload;

			assert_int_equal(ack->error, 0);
			assert_int_equal(ack->count, total);
			return total;
		}
		assert_int_equal(message->header.type, API_ROWS);
		header = message->payload;
		assert_int_equal(header->object, object);
		assert_int_equal(header->row_length, api_row_size(object));
		assert_true(header->count > 0);
		assert_int_equal(message->payload_length,
			sizeof(*header) + header->count * header->row_length);
		if (total + header->count <= max)
			memcpy((uint8_t *)rows + total * header->row_length, header + 1,
				header->count * header->row_length);
		total += header->count;
	}
}

static void dumps_of_tables(void **state)
{
	struct api_interface interfaces[2];
	struct api_port ports[2];
	struct api_group groups[2];
	struct api_route routes[2];
	struct api_policer policers[2];
	struct api_path paths[2];

	add_all_kinds(1);
	add_all_kinds(31);
	peer_batch(&peer, &batch, NULL, 0);
	assert_int_equal(dump(API_PORT, 0, ports, 2), 2);
	assert_int_equal(ports[0].id, 1);
	assert_int_equal(ports[1].id, 31);
	assert_string_equal(ports[1].name, "cust");
	assert_int_equal(dump(API_INTERFACE, 0, interfaces, 2), 2);
	assert_int_equal(interfaces[1].id, 31);
	assert_int_equal(dump(API_VRF, 0, NULL, 0), 2);
	assert_int_equal(dump(API_ADJACENCY, 0, NULL, 0), 2);
	assert_int_equal(dump(API_GROUP, 0, groups, 2), 2);
	assert_int_equal(groups[1].id, API_GROUP_FIRST + 31);
	assert_int_equal(dump(API_ROUTE, 0, routes, 2), 2);
	assert_int_equal(routes[1].address[3], 31);
	assert_int_equal(dump(API_POLICER, 0, policers, 2), 2);
	assert_string_equal(policers[1].name, "contoso/primary/in");
	assert_int_equal(dump(API_PATH, 0, paths, 2), 2);
	assert_int_equal(paths[1].interface, 31);
}

static void dumps_of_counters_and_memory(void **state)
{
	struct api_interface_counters counters[3];
	struct api_port_counters ports[1];
	struct api_worker workers[2];
	struct api_memory memory[5];

	add_all_kinds(9);
	peer_batch(&peer, &batch, NULL, 0);
	/* One for the interface, one for what its port could give to none. */
	assert_int_equal(dump(API_INTERFACE_COUNTERS, 0, counters, 3), 2);
	assert_int_equal(counters[0].interface, 9);
	assert_int_equal(counters[0].ledger.rx, 9);
	assert_int_equal(counters[0].life, 109);
	assert_int_equal(counters[0].peaks[0].in_bps, 209);
	assert_int_equal(counters[0].peaks[1].in_bps, 309);
	assert_int_equal(counters[1].life, 0);
	assert_int_equal(counters[1].interface, 0);
	assert_int_equal(counters[1].port, 9);
	assert_string_equal(counters[1].name, "cust");
	assert_int_equal(counters[1].ledger.rx, COUNTERS_PORT(9));
	assert_int_equal(dump(API_PORT_COUNTERS, 0, ports, 1), 1);
	assert_int_equal(ports[0].rx_missed, 1009);
	assert_int_equal(dump(API_WORKER, 0, workers, 2), 2);
	assert_int_equal(workers[1].cpu, 11);
	assert_int_equal(dump(API_MEMORY, 0, memory, 5), 5);
	assert_string_equal(memory[0].name, "buffers");
	assert_int_equal(memory[0].capacity, 8);
	assert_string_equal(memory[1].name, "vrf private.contoso");
	assert_string_equal(memory[2].name, "adjacencies");
	assert_int_equal(memory[2].used, 1);
	assert_string_equal(memory[3].name, "next-hop groups");
	assert_string_equal(memory[4].name, "routes");
	assert_int_equal(memory[4].used, 6);
	assert_int_equal(memory[4].capacity, 66);
}

static void wrong_dumps(void **state)
{
	struct api_dump requests[] = {{.object = 0}, {.object = API_BFD_SESSION + 1},
		{.object = UINT32_MAX}, {.object = API_ROUTE, .vrf = API_VRFS_MAX},
		{.object = API_PORT, .vrf = 1}};
	struct api_dump missing = {.object = API_ROUTE, .vrf = 5};

	for (unsigned int i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(
			peer_ask(&peer, API_DUMP, &requests[i], sizeof(requests[i]), API_DUMP_END)
				.error,
			-EINVAL);
	assert_int_equal(
		peer_ask(&peer, API_DUMP, &missing, sizeof(missing), API_DUMP_END).error, -ENOENT);
}

static void dump_of_200k_routes_to_a_slow_reader(void **state)
{
	struct api_dump request = {.object = API_ROUTE};
	struct api_dump second = {.object = API_WORKER};
	const struct api_message *message;
	uint32_t expected = 0, waits = 0;
	size_t most = 0;

	fakes.virtual_routes = 200000;
	peer_send(&peer, API_DUMP, &request, sizeof(request), NULL, 0);
	/* The next request waits its turn. */
	peer_send(&peer, API_DUMP, &second, sizeof(second), NULL, 0);
	while ((message = peer_receive(&peer))->header.type == API_ROWS) {
		const struct api_rows *rows = message->payload;
		const struct api_route *routes = (const struct api_route *)(rows + 1);
		uint32_t number;

		if (rows->object != API_ROUTE)
			break;
		for (uint32_t i = 0; i < rows->count; i++, expected++) {
			memcpy(&number, routes[i].address, sizeof(number));
			assert_int_equal(number, expected);
		}
		session_run(peer.session);
		if (stream_unsent(&peer.session->stream) > most)
			most = stream_unsent(&peer.session->stream);
		waits += !session_wants_input(peer.session);
	}
	assert_int_equal(expected, 200000);
	assert_int_equal(message->header.type, API_DUMP_END);
	assert_int_equal(((const struct api_ack *)message->payload)->count, 200000);
	/* 6.4 MB were never there at once, and meanwhile nothing was read. */
	assert_true(most > SESSION_OUTPUT_HIGH);
	assert_true(most <= SESSION_OUTPUT_HIGH + API_MESSAGE_MAX);
	assert_true(waits > 50);
	message = peer_receive(&peer);
	assert_int_equal(message->header.type, API_ROWS);
	assert_int_equal(((const struct api_rows *)message->payload)->object, API_WORKER);
	assert_int_equal(peer_receive(&peer)->header.type, API_DUMP_END);
	assert_true(session_wants_input(peer.session));
}

/* A writer that sends and never reads: the acknowledgements stop, and so does the reading. */
static void writer_that_does_not_read(void **state)
{
	unsigned int sent = 0;
	uint8_t address[4] = {10, 0, 0, 1};
	size_t before;

	while (api_batch_add(&batch, API_ROUTE, API_UPSERT,
		       &(struct api_route){.vrf = 1, .group = API_GROUP_FIRST}) == 0)
		;
	while (session_wants_input(peer.session)) {
		peer_send(&peer, API_BATCH, batch.bytes, batch.length, NULL, 0);
		assert_true(++sent < 1000);
	}
	before = stream_unsent(&peer.session->stream);
	assert_true(before <= SESSION_OUTPUT_HIGH + API_MESSAGE_MAX);
	/* Events do not add to it; the link's last state is told when there is room. */
	session_neighbour(peer.session, 1, AF_INET, address);
	session_port_link(peer.session, 1, true);
	session_run(peer.session);
	assert_int_equal(stream_unsent(&peer.session->stream), before);
	for (unsigned int i = 0; i < sent; i++)
		assert_int_equal(peer_receive(&peer)->header.type, API_BATCH_ACK);
	assert_int_equal(peer_receive(&peer)->header.type, API_EVENT);
	assert_null(peer_receive(&peer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(malformed_batches_touch_nothing),
		TEST(empty_batch),
		TEST(fields_out_of_range),
		TEST(one_error_an_item),
		TEST(deleting_twice_succeeds),
		TEST(failed_commit_fails_the_routes),
		TEST(taps_go_to_their_interfaces),
		TEST(fds_must_match_items),
		TEST(disconnect_in_the_middle_of_a_message),
		TEST(snapshot_sweeps_what_was_not_named),
		TEST(cut_snapshot_sweeps_nothing),
		TEST(begin_twice_starts_over),
		TEST(routes_of_the_first_snapshot_are_committed_at_its_end),
		TEST(routes_are_visible_before_a_group_goes),
		TEST(marks_wrap),
		TEST(ports_stay_closed_when_routes_are_not_visible),
		TEST(dumps_of_tables),
		TEST(dumps_of_counters_and_memory),
		TEST(wrong_dumps),
		TEST(dump_of_200k_routes_to_a_slow_reader),
		TEST(writer_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
