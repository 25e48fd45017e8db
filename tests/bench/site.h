/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the benchmarks' site program share. One thread. */
#pragma once

#include "dataplane/api/client.h"

struct command {
	const char *name;
	unsigned int words_min, words_max; /* after the name */
	const char *usage;
	void (*run)(unsigned int count, char **words);
};

/* Ends with one whose name is NULL. */
extern const struct command site_commands[];

extern struct api_client *client;

/* Says what is wrong with the present line and ends the program. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Adds to the batch in the making; sends it when it is full. */
void site_add(enum api_object object, enum api_operation operation, const void *item);
/* Sends the batch and waits until everything is acknowledged. */
void site_settle(void);
/* Settles, sends a message of another kind and waits for its acknowledgement. */
void site_send(enum api_message_type type, const void *payload, size_t length);

/* Prints all counters and the time they were read at. */
void site_sample(unsigned int count, char **words);
/* Of paths: how many there are, how many are live, and for the first ones cause and time. */
void site_paths(unsigned int count, char **words);
/* Of BFD sessions: how many there are, are up, left Up, and packets that no worker took. */
void site_sessions(unsigned int count, char **words);
