/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection to bfdd: bytes in, messages out, and back. Main thread; nothing here waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "dataplane/bfd/bfddp.h"

/* bfdd's own buffer for a connection: what it can say in one go. */
#define BFDD_LINK_INPUT 8192u
/* Answers that bfdd does not take at once. */
#define BFDD_LINK_OUTPUT 4096u

enum bfdd_link_phase {
	BFDD_LINK_ASKED,   /* what it brings is not all here: no answer to our echo yet */
	BFDD_LINK_KNOWN,   /* what it brought is known */
	BFDD_LINK_LEAVING, /* we said that we go; bfdd has not noticed yet */
};

struct bfdd_link {
	TAILQ_ENTRY(bfdd_link) entry;
	int fd;
	pid_t pid; /* bfdd's */
	enum bfdd_link_phase phase;
	uint64_t opened_us;
	unsigned int adds; /* since it was opened */
	size_t input_length;
	size_t output_length;
	uint8_t input[BFDD_LINK_INPUT];
	uint8_t output[BFDD_LINK_OUTPUT];
};

/* Connects to the UNIX socket at path, if bfdd listens there: as root, as us, or as frr_uid. 0,
 * -errno of connect() (-EAGAIN: bfdd has not accepted those before), -EPERM: another user's. */
int bfdd_link_open(const char *path, uid_t frr_uid, struct bfdd_link **link);
void bfdd_link_close(struct bfdd_link *link);

/* Reads what there is, once. The number of bytes, 0: none at present (or no room: take messages
 * first), -errno: lost (-ECONNRESET: bfdd closed it). */
ssize_t bfdd_link_read(struct bfdd_link *link);
/* Takes the next message. 1, 0: none is whole, -EPROTO: this is no bfddp. */
int bfdd_link_next(struct bfdd_link *link, struct bfddp_message *message);

/* Sends, or keeps what the socket does not take. 0, -ENOBUFS: no room, nothing of it is sent,
 * -errno: lost. */
int bfdd_link_send(struct bfdd_link *link, const struct bfddp_message *message);
/* Sends what was kept. 0: all is sent, 1: some is left, -errno: lost. */
int bfdd_link_flush(struct bfdd_link *link);
/* Is there room for any one answer? */
bool bfdd_link_may_answer(const struct bfdd_link *link);
