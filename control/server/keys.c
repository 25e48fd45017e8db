/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/keys.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"

struct reading {
	json_t *findings;
	unsigned int wrong;
	char what[128]; /* the mapping in the document that names the file, for findings */
	/* The file at hand. */
	char field[160];
	const char *file;
	unsigned int line;
	unsigned int most; /* bytes of a secret */
};

#define SECRET_MAX SITE_MD5_MAX
/* A secret, its line's end, and one byte that is too much. */
#define FILE_BYTES (SECRET_MAX + 3)

static_assert(SECRET_MAX >= SITE_BFD_SECRET_MAX, "the longest of all secrets");

static int __attribute__((format(printf, 2, 3)))
refuse(struct reading *reading, const char *format, ...)
{
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	text = json_vsprintf(format, arguments);
	va_end(arguments);
	json_array_append_new(reading->findings,
		json_pack("{s:s, s:I, s:s, s:o}", "severity", "error", "line",
			(json_int_t)reading->line, "field", reading->field, "text", text));
	reading->wrong++;
	return -EINVAL;
}

/* Only a file that its owner alone may read or change is a secret. */
static int check_file(struct reading *reading, int file)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return refuse(reading, "%s: %s", reading->file, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(reading, "%s is no regular file; a key is a file of one line",
			reading->file);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return refuse(reading,
			"%s belongs to user %u, who could change it; make it root's: chown root %s",
			reading->file, status.st_uid, reading->file);
	if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return refuse(reading,
			"%s can be read or changed by others (mode %04o); take that away: chmod "
			"600 %s",
			reading->file, status.st_mode & 07777, reading->file);
	return 0;
}

/* The bytes up to the end of the line; a second line, or a zero byte, which is as good as none
 * where short secrets are followed by zeroes (RFC 5880 4.4), is a mistake. Its length. */
static int check_secret(struct reading *reading, const char *bytes, size_t count)
{
	size_t length = count;

	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	if (length == 0)
		return refuse(reading, "%s is empty; write 1 to %u bytes into it", reading->file,
			reading->most);
	if (length > reading->most)
		return refuse(reading,
			"%s is longer than the %u bytes that a secret may have; write a shorter "
			"one into it, on both sides",
			reading->file, reading->most);
	if (memchr(bytes, '\n', length) != NULL || memchr(bytes, '\r', length) != NULL ||
		memchr(bytes, '\0', length) != NULL)
		return refuse(reading,
			"%s has more than one line, or a zero byte; a key is one line of text, "
			"ended by a newline or not",
			reading->file);
	return (int)length;
}

/* The length of the secret, or negative: refused. bytes is to be wiped either way. */
static int read_secret(struct reading *reading, char bytes[FILE_BYTES])
{
	/* Not to wait for whoever opens the other end of a pipe. */
	int file = open(reading->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t count;
	int length;

	if (file < 0)
		return refuse(reading, "cannot read %s: %s; write the secret there, on each edge",
			reading->file, strerror(errno));
	length = check_file(reading, file);
	if (length == 0) {
		count = read(file, bytes, reading->most + 3);
		length = count < 0 ? refuse(reading, "cannot read %s: %s", reading->file,
					     strerror(errno))
				   : check_secret(reading, bytes, (size_t)count);
	}
	close(file);
	return length;
}

static void read_bfd(struct reading *reading, struct bfd_auth *auth)
{
	for (unsigned int i = 0; auth != NULL && i < auth->key_count; i++) {
		struct bfd_auth_key *key = &auth->keys[i];
		char bytes[FILE_BYTES];
		int length;

		snprintf(reading->field, sizeof(reading->field), "%s.bfd.auth.keys[%u].file",
			reading->what, key->id);
		reading->file = key->file;
		reading->line = key->line;
		reading->most = SITE_BFD_SECRET_MAX;
		length = read_secret(reading, bytes);
		if (length > 0) {
			memcpy(key->secret, bytes, (size_t)length);
			key->secret_bytes = (uint8_t)length;
		}
		explicit_bzero(bytes, sizeof(bytes));
	}
}

/* As other makers' routers and portals take it too. */
static void read_md5(struct reading *reading, struct md5_key *key)
{
	char bytes[FILE_BYTES];
	int length;

	if (key == NULL)
		return;
	snprintf(reading->field, sizeof(reading->field), "%s.md5_file", reading->what);
	reading->file = key->file;
	reading->line = key->line;
	reading->most = SITE_MD5_MAX;
	length = read_secret(reading, bytes);
	for (int i = 0; i < length; i++)
		if (!isascii(bytes[i]) || !isalnum((unsigned char)bytes[i]))
			length = refuse(reading,
				"character %d of %s is neither a letter nor a digit; a key of "
				"TCP-MD5 is of A-Z, a-z and 0-9",
				i + 1, key->file);
	if (length > 0) {
		memcpy(key->secret, bytes, (size_t)length);
		key->secret[length] = '\0';
	}
	explicit_bzero(bytes, sizeof(bytes));
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

static void read_core(struct reading *reading, struct site_vnet *vnet, unsigned int edge)
{
	if (!vnet->links[edge].present)
		return;
	snprintf(reading->what, sizeof(reading->what), "%s[%s].core.bgp",
		vnet->is_service ? "services" : "vnets", vnet->name);
	read_bfd(reading, vnet->bfd_auth);
	read_md5(reading, vnet->md5);
}

unsigned int keys_read(struct site *site, unsigned int edge, json_t *findings)
{
	struct reading reading = {.findings = findings};

	for (unsigned int i = 0; i < site->circuit_count; i++) {
		struct site_circuit *circuit = &site->circuits[i];

		for (unsigned int p = 0; p < circuit->peering_count; p++) {
			struct site_peering *peering = &circuit->peerings[p];

			if (!is_here(site, circuit, peering, edge))
				continue;
			snprintf(reading.what, sizeof(reading.what), "circuits[%s].peerings[%s]",
				circuit->name, peering_type_name(peering->type));
			read_bfd(&reading, peering->bfd_auth);
			read_md5(&reading, peering->md5);
		}
	}
	for (unsigned int i = 0; i < site->vnet_count; i++)
		read_core(&reading, &site->vnets[i], edge);
	for (unsigned int i = 0; i < site->service_count; i++)
		read_core(&reading, &site->services[i].core, edge);
	return reading.wrong;
}

void keys_log(const json_t *findings)
{
	size_t index;
	json_t *finding;

	json_array_foreach ((json_t *)findings, index, finding)
		if (strcmp(json_string_value(json_object_get(finding, "severity")), "error") == 0)
			log_error("keys", "%s: %s",
				json_string_value(json_object_get(finding, "field")),
				json_string_value(json_object_get(finding, "text")));
}

/* ---- what cannot be read now ---- */

static void keep_bfd(struct bfd_auth *auth, const struct bfd_auth *before)
{
	for (unsigned int i = 0; auth != NULL && i < auth->key_count; i++) {
		struct bfd_auth_key *key = &auth->keys[i];

		for (unsigned int j = 0; before != NULL && j < before->key_count; j++) {
			const struct bfd_auth_key *old = &before->keys[j];

			if (key->secret_bytes != 0 || old->id != key->id ||
				strcmp(old->file, key->file) != 0)
				continue;
			memcpy(key->secret, old->secret, sizeof(key->secret));
			key->secret_bytes = old->secret_bytes;
		}
	}
}

static void keep_md5(struct md5_key *key, const struct md5_key *before)
{
	if (key != NULL && before != NULL && key->secret[0] == '\0' &&
		strcmp(key->file, before->file) == 0)
		memcpy(key->secret, before->secret, sizeof(key->secret));
}

static void keep_core(struct site_vnet *core, const struct site_vnet *before)
{
	keep_bfd(core->bfd_auth, before->bfd_auth);
	keep_md5(core->md5, before->md5);
}

void keys_keep(struct site *site, const struct site *before)
{
	for (unsigned int i = 0; i < site->circuit_count; i++) {
		struct site_circuit *circuit = &site->circuits[i];
		int index = site_find_circuit(before, circuit->name);
		const struct site_circuit *old = index >= 0 ? &before->circuits[index] : NULL;

		for (unsigned int p = 0; p < circuit->peering_count; p++)
			for (unsigned int q = 0; old != NULL && q < old->peering_count; q++) {
				if (old->peerings[q].type != circuit->peerings[p].type)
					continue;
				keep_bfd(circuit->peerings[p].bfd_auth, old->peerings[q].bfd_auth);
				keep_md5(circuit->peerings[p].md5, old->peerings[q].md5);
			}
	}
	for (unsigned int i = 0; i < site->vnet_count; i++) {
		int index = site_find_vnet(before, site->vnets[i].name);

		if (index >= 0)
			keep_core(&site->vnets[i], &before->vnets[index]);
	}
	for (unsigned int i = 0; i < site->service_count; i++)
		for (unsigned int j = 0; j < before->service_count; j++)
			if (strcmp(site->services[i].core.name, before->services[j].core.name) == 0)
				keep_core(&site->services[i].core, &before->services[j].core);
}

/* ---- did any of them change? ---- */

static void add_file(uint64_t *hash, const char *file)
{
	struct {
		uint64_t device, inode, size, mode, owner;
		struct timespec changed;
	} seen;
	struct stat status;

	memset(&seen, 0, sizeof(seen));
	if (stat(file, &status) == 0) {
		seen.device = status.st_dev;
		seen.inode = status.st_ino;
		seen.size = (uint64_t)status.st_size;
		seen.mode = status.st_mode;
		seen.owner = status.st_uid;
		seen.changed = status.st_ctim;
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		*hash = (*hash ^ ((const uint8_t *)&seen)[i]) * 0x100000001b3u; /* FNV-1a */
}

static void add_files(uint64_t *hash, const struct bfd_auth *auth, const struct md5_key *md5)
{
	for (unsigned int i = 0; auth != NULL && i < auth->key_count; i++)
		add_file(hash, auth->keys[i].file);
	if (md5 != NULL)
		add_file(hash, md5->file);
}

uint64_t keys_seen(const struct site *site, unsigned int edge)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (unsigned int i = 0; i < site->circuit_count; i++) {
		const struct site_circuit *circuit = &site->circuits[i];

		for (unsigned int p = 0; p < circuit->peering_count; p++)
			if (is_here(site, circuit, &circuit->peerings[p], edge))
				add_files(&hash, circuit->peerings[p].bfd_auth,
					circuit->peerings[p].md5);
	}
	for (unsigned int i = 0; i < site->vnet_count; i++)
		if (site->vnets[i].links[edge].present)
			add_files(&hash, site->vnets[i].bfd_auth, site->vnets[i].md5);
	for (unsigned int i = 0; i < site->service_count; i++)
		if (site->services[i].core.links[edge].present)
			add_files(
				&hash, site->services[i].core.bfd_auth, site->services[i].core.md5);
	return hash;
}
