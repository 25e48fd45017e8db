/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as what bfdd says: taken message by message within their bounds, or refused; and what
 * is taken means the same when it is said again.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/bfd/bfddp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void say_again(const struct bfddp_message *message, size_t length)
{
	uint8_t bytes[BFDDP_MESSAGE_MAX];
	struct bfddp_message again;

	require(bfddp_encode(message, bytes) == length);
	require(bfddp_decode(bytes, length, &again) == (int)length);
	require(memcmp(message, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bfddp_message message;

	while (size > 0) {
		/* Of its exact size, so that the sanitizer sees each byte beyond. */
		uint8_t *bytes = malloc(size);
		int length;

		require(bytes != NULL);
		memcpy(bytes, data, size);
		length = bfddp_decode(bytes, size, &message);
		free(bytes);
		require(length == -EPROTO || (length >= 0 && (size_t)length <= size));
		/* More bytes are only waited for while they can still come. */
		require(length != 0 || size < BFDDP_MESSAGE_MAX);
		if (length <= 0)
			return 0;
		say_again(&message, (size_t)length);
		data += length;
		size -= (size_t)length;
	}
	return 0;
}
