/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
	json_t *findings;
	unsigned int wrong;
	char what[128]; /* the bfd field in the document, for findings */
};

/* A secret, its line's end, and one byte that is too much. */
#define FILE_BYTES (SITE_BFD_SECRET_MAX + 3)

static int __attribute__((format(printf, 3, 4)))
refuse(struct reading *reading, const struct bfd_auth_key *key, const char *format, ...)
{
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	text = json_vsprintf(format, arguments);
	va_end(arguments);
	json_array_append_new(reading->findings,
		json_pack("{s:s, s:I, s:o, s:o}", "severity", "error", "line",
			(json_int_t)key->line, "field",
			json_sprintf("%s.auth.keys[%u].file", reading->what, key->id), "text",
			text));
	reading->wrong++;
	return -1;
}

/* Only a file that its owner alone may read or change is a secret. */
static int check_file(struct reading *reading, const struct bfd_auth_key *key, int file)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return refuse(reading, key, "%s: %s", key->file, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(reading, key, "%s is no regular file; a key is a file of one line",
			key->file);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return refuse(reading, key,
			"%s belongs to user %u, who could change it; make it root's: chown root %s",
			key->file, status.st_uid, key->file);
	if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return refuse(reading, key,
			"%s can be read or changed by others (mode %04o); take that away: chmod "
			"600 %s",
			key->file, status.st_mode & 07777, key->file);
	return 0;
}

/* The bytes up to the end of the line; a second line, or a zero byte, which is as good as none
 * where short secrets are followed by zeroes (RFC 5880 4.4), is a mistake. */
static int take_secret(
	struct reading *reading, struct bfd_auth_key *key, const char *bytes, size_t count)
{
	size_t length = count;

	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	if (length == 0)
		return refuse(reading, key, "%s is empty; write 1 to %d bytes into it", key->file,
			SITE_BFD_SECRET_MAX);
	if (length > SITE_BFD_SECRET_MAX)
		return refuse(reading, key,
			"%s is longer than the %d bytes that a secret may have; write a shorter "
			"one into it, on both sides",
			key->file, SITE_BFD_SECRET_MAX);
	if (memchr(bytes, '\n', length) != NULL || memchr(bytes, '\r', length) != NULL ||
		memchr(bytes, '\0', length) != NULL)
		return refuse(reading, key,
			"%s has more than one line, or a zero byte; a key is one line of text, "
			"ended by a newline or not",
			key->file);
	memcpy(key->secret, bytes, length);
	key->secret_bytes = (uint8_t)length;
	return 0;
}

static void read_key(struct reading *reading, struct bfd_auth_key *key)
{
	/* Not to wait for whoever opens the other end of a pipe. */
	int file = open(key->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char bytes[FILE_BYTES];
	ssize_t count;

	if (file < 0) {
		refuse(reading, key, "cannot read %s: %s; write the secret there, on each edge",
			key->file, strerror(errno));
		return;
	}
	if (check_file(reading, key, file) == 0) {
		count = read(file, bytes, sizeof(bytes));
		if (count < 0)
			refuse(reading, key, "cannot read %s: %s", key->file, strerror(errno));
		else
			take_secret(reading, key, bytes, (size_t)count);
		explicit_bzero(bytes, sizeof(bytes));
	}
	close(file);
}

static void read_keys(struct reading *reading, struct bfd_auth *auth)
{
	for (unsigned int i = 0; i < auth->key_count; i++)
		read_key(reading, &auth->keys[i]);
}

static bool is_here(const struct site *site, const struct site_circuit *circuit,
	const struct site_peering *peering, unsigned int edge)
{
	const struct port_ref *ports = site->port_pairs[circuit->port_pair].ports;

	for (unsigned int half = 0; half < LINKS; half++)
		if (ports[half].present && ports[half].edge == edge && peering->links[half].present)
			return true;
	return false;
}

unsigned int keys_read(struct site *site, unsigned int edge, json_t *findings)
{
	struct reading reading = {.findings = findings};

	for (unsigned int i = 0; i < site->circuit_count; i++) {
		struct site_circuit *circuit = &site->circuits[i];

		for (unsigned int p = 0; p < circuit->peering_count; p++) {
			struct site_peering *peering = &circuit->peerings[p];

			if (peering->bfd_auth == NULL || !is_here(site, circuit, peering, edge))
				continue;
			snprintf(reading.what, sizeof(reading.what),
				"circuits[%s].peerings[%s].bfd", circuit->name,
				peering_type_name(peering->type));
			read_keys(&reading, peering->bfd_auth);
		}
	}
	for (unsigned int i = 0; i < site->vnet_count; i++) {
		struct site_vnet *vnet = &site->vnets[i];

		if (vnet->bfd_auth == NULL || !vnet->links[edge].present)
			continue;
		snprintf(reading.what, sizeof(reading.what), "vnets[%s].core.bgp.bfd", vnet->name);
		read_keys(&reading, vnet->bfd_auth);
	}
	return reading.wrong;
}
