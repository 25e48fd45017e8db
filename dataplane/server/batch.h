/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BATCH: first the sizes of all items, then each item to its table. Main thread only.
 */
#pragma once

#include <stdint.h>

#include "dataplane/api/client.h"

#define BATCH_ITEMS_MAX (API_MESSAGE_MAX / (sizeof(struct api_item) + sizeof(struct api_route)))

/* Checks framing, sizes and the number of fds, touches no table. 0, or -EPROTO with ack filled. */
int batch_check(const struct api_message *message, struct api_ack *ack);

/* After batch_check. Tries every item, commits the routes; takes the fds that items use (set to -1
 * in message). errors: one for each item, 0 or -errno. */
void batch_apply(
	struct api_message *message, struct api_batch_ack *ack, int32_t errors[BATCH_ITEMS_MAX]);
