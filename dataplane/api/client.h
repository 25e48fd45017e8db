/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection to the dataplane's API socket, for control (event driven) and for the command
 * (blocking). Knows framing and fd passing, nothing of what messages mean. Not thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/api.h"

struct api_client;

/* A received message. payload and fds live until the next receive; fds that are not taken (set to
 * -1) are closed then. */
struct api_message {
	struct api_header header;
	const void *payload;
	size_t payload_length;
	int *fds;
	unsigned int fd_count;
};

/* Connects to run_dir/dataplane.sock, checks that the peer is root or the same user
 * (SO_PEERCRED), says HELLO and waits for the answer (at most 5 s). NULL with errno: ENOENT or
 * ECONNREFUSED no dataplane, EPROTO other version, EBUSY another writer, EPERM wrong peer. */
struct api_client *api_client_open(
	const char *run_dir, enum api_role role, struct api_hello *hello);
void api_client_close(struct api_client *client);
int api_client_fd(const struct api_client *client);

/* Queues a message; fds are duplicated. Returns its sequence (> 0) or -errno. */
int64_t api_client_send(struct api_client *client, enum api_message_type type, const void *payload,
	size_t length, const int *fds, unsigned int fd_count);

/* Writes what the socket takes without blocking. 1: all written, 0: more is left, -errno: lost. */
int api_client_flush(struct api_client *client);
size_t api_client_unsent(const struct api_client *client); /* bytes */

/* Next whole message, reading without blocking. 1: message filled, 0: none yet, -errno: lost
 * (-EPROTO: the peer broke the framing). */
int api_client_receive(struct api_client *client, struct api_message *message);

/* Blocking: flush all, then wait for the next message. 1, or -errno (-ETIMEDOUT). */
int api_client_wait(struct api_client *client, struct api_message *message, int timeout_ms);

/* Blocking: DUMP and call row() for each row until DUMP_END; rows are row_length bytes, which is
 * checked to be api_row_size(object). Other messages that come meanwhile (events, replies to
 * earlier requests) are kept for the next receive. 0 or -errno. */
int api_client_dump(struct api_client *client, enum api_object object, uint32_t vrf,
	void (*row)(const void *row, void *context), void *context);

/* Building a BATCH payload: append an item (padded). 0, -ENOSPC: send what is there first, or
 * -EINVAL: no such object in a batch. Start with count and length 0. */
struct api_batch {
	uint32_t count;
	size_t length;
	uint8_t bytes[API_MESSAGE_MAX - sizeof(struct api_header)];
};
int api_batch_add(struct api_batch *batch, enum api_object object, enum api_operation operation,
	const void *payload);
