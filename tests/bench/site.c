/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steers a dataplane for benchmarks, as control would: one command a line on standard input, and
 * one line of JSON on standard output for those that are answered. The first mistake ends it, with
 * the line's number: a benchmark of half a site would be worth nothing.
 *
 * usage: site RUN_DIR
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/site.h"

#define WORDS_MAX 32
/* Like control: what is not acknowledged stays bounded. */
#define BATCHES_IN_FLIGHT 8
#define ANSWER_TIMEOUT_MS 120000

struct api_client *client;

static struct api_batch batch;
static unsigned int in_flight;
static unsigned long line_number;

void fail(const char *format, ...)
{
	va_list values;

	fprintf(stderr, "site: line %lu: ", line_number);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void check_batch(const struct api_message *message)
{
	const struct api_batch_ack *ack = message->payload;
	const int32_t *errors = (const int32_t *)(ack + 1);

	for (uint32_t i = 0; ack->failed > 0 && i < ack->count; i++) {
		if (errors[i] != 0)
			fail("the dataplane refuses item %u of a batch of %u, some lines up: %s", i,
				ack->count, strerror(-errors[i]));
	}
}

static void await(unsigned int left)
{
	struct api_message message;
	int error;

	while (in_flight > left) {
		error = api_client_wait(client, &message, ANSWER_TIMEOUT_MS);
		if (error != 1)
			fail("no answer of the dataplane: %s", strerror(-error));
		if (message.header.type == API_EVENT)
			continue;
		in_flight--;
		if (message.header.type == API_BATCH_ACK)
			check_batch(&message);
		else if (((const struct api_ack *)message.payload)->error != 0)
			fail("the dataplane says: %s",
				((const struct api_ack *)message.payload)->text);
	}
}

static void send_message(enum api_message_type type, const void *payload, size_t length)
{
	await(BATCHES_IN_FLIGHT - 1);
	if (api_client_send(client, type, payload, length, NULL, 0) < 0 ||
		api_client_flush(client) < 0)
		fail("the dataplane is gone");
	in_flight++;
}

static void send_batch(void)
{
	if (batch.count > 0)
		send_message(API_BATCH, batch.bytes, batch.length);
	batch.count = 0;
	batch.length = 0;
}

void site_settle(void)
{
	send_batch();
	await(0);
}

void site_send(enum api_message_type type, const void *payload, size_t length)
{
	site_settle();
	send_message(type, payload, length);
	await(0);
}

void site_add(enum api_object object, enum api_operation operation, const void *item)
{
	if (api_batch_add(&batch, object, operation, item) == 0)
		return;
	send_batch();
	if (api_batch_add(&batch, object, operation, item) != 0)
		fail("no item of object %d", object);
}

static unsigned int split(char *line, char **words)
{
	unsigned int count = 0;

	for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n")) {
		if (count == WORDS_MAX)
			fail("more than %d words", WORDS_MAX);
		words[count++] = word;
	}
	return count;
}

static void run_line(char *line)
{
	char *words[WORDS_MAX];
	unsigned int count = split(line, words);

	if (count == 0)
		return;
	for (const struct command *command = site_commands; command->name != NULL; command++) {
		if (strcmp(command->name, words[0]) != 0)
			continue;
		if (count - 1 < command->words_min || count - 1 > command->words_max)
			fail("%s takes %u to %u words: %s", words[0], command->words_min,
				command->words_max, command->usage);
		command->run(count - 1, words + 1);
		return;
	}
	fail("no command '%s'", words[0]);
}

int main(int argc, char **argv)
{
	struct api_hello hello;
	char line[1024];

	if (argc != 2) {
		fprintf(stderr, "usage: site RUN_DIR\n");
		return EXIT_FAILURE;
	}
	setlinebuf(stdout);
	client = api_client_open(argv[1], API_ROLE_WRITER, &hello);
	if (client == NULL)
		fail("no dataplane in %s: %m", argv[1]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line_number++;
		run_line(line);
	}
	api_client_close(client);
	return EXIT_SUCCESS;
}
