/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/fib_prefixes.h"

#include <arpa/inet.h>

#include <zlib.h>

#include "tests/unit/dataplane/fib_common.h"

#define SEED 20240612u

/* How many prefixes of each length the Internet has, in parts of 10,000 (2024). */
static const uint16_t mix4[33] = {[8] = 1,
	[9] = 1,
	[10] = 1,
	[11] = 1,
	[12] = 3,
	[13] = 6,
	[14] = 12,
	[15] = 21,
	[16] = 146,
	[17] = 88,
	[18] = 151,
	[19] = 265,
	[20] = 480,
	[21] = 555,
	[22] = 1180,
	[23] = 1020,
	[24] = 6069};
static const uint16_t mix6[129] = {[19] = 1,
	[20] = 4,
	[24] = 8,
	[28] = 80,
	[29] = 290,
	[30] = 45,
	[31] = 20,
	[32] = 1180,
	[33] = 160,
	[34] = 120,
	[35] = 60,
	[36] = 320,
	[38] = 90,
	[39] = 40,
	[40] = 780,
	[42] = 160,
	[44] = 780,
	[45] = 40,
	[46] = 210,
	[47] = 140,
	[48] = 5452,
	[56] = 8,
	[64] = 10,
	[128] = 2};

static void prefixes_init(struct prefixes *prefixes, enum fib_family family, uint32_t capacity)
{
	*prefixes = (struct prefixes){.family = family,
		.keys = calloc(capacity, sizeof(fib_key)),
		.lengths = calloc(capacity, 1)};
	assert_non_null(prefixes->keys);
	assert_non_null(prefixes->lengths);
}

void prefixes_free(struct prefixes *prefixes)
{
	free(prefixes->keys);
	free(prefixes->lengths);
}

static void prefixes_generate(struct prefixes *prefixes, uint32_t count)
{
	const uint16_t *mix = prefixes->family == FIB_IPV4 ? mix4 : mix6;
	struct oracle seen;
	uint64_t random = SEED;

	oracle_init(&seen, prefixes->family, count);
	while (prefixes->count < count) {
		uint32_t part = (uint32_t)(random_next(&random) % 10000);
		unsigned int length = 0;
		fib_key key = random_key(&random, prefixes->family);

		while (part >= mix[length])
			part -= mix[length++];
		/* IPv6 crowds in 2000::/4, within few /16. */
		if (prefixes->family == FIB_IPV6)
			key = key >> 16 | fib_key_make((0x2000u + (uint64_t)(key >> 124)) << 48, 0);
		key &= ~fib_key_host_bits(length);
		if (oracle_slot(&seen, key, length)->used)
			continue;
		oracle_set(&seen, key, length, 1);
		prefixes->keys[prefixes->count] = key;
		prefixes->lengths[prefixes->count++] = (uint8_t)length;
	}
	free(seen.entries);
}

static gzFile data_open(const char *name)
{
	const char *directory = getenv("ONRAMP_DATA");
	char path[4096];

	if (directory == NULL)
		directory = SOURCE_ROOT "/../shared/data";
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return gzopen(path, "rb");
}

static void prefixes_read(struct prefixes *prefixes, gzFile file, uint32_t capacity)
{
	char line[128];

	while (gzgets(file, line, sizeof(line)) != NULL) {
		char *slash = strchr(line, '/');
		uint8_t address[16] = {0};

		assert_non_null(slash);
		assert_true(prefixes->count < capacity);
		*slash = '\0';
		assert_int_equal(
			inet_pton(prefixes->family == FIB_IPV4 ? AF_INET : AF_INET6, line, address),
			1);
		prefixes->keys[prefixes->count] = fib_key_load(prefixes->family, address);
		prefixes->lengths[prefixes->count++] = (uint8_t)atoi(slash + 1);
	}
	gzclose(file);
}

void prefixes_obtain(struct prefixes *prefixes, enum fib_family family)
{
	const char *name = family == FIB_IPV4 ? "internet-v4.txt.gz" : "internet-v6.txt.gz";
	uint32_t capacity = family == FIB_IPV4 ? 1500000 : 400000;
	gzFile file = data_open(name);

	prefixes_init(prefixes, family, capacity);
	if (file != NULL)
		prefixes_read(prefixes, file, capacity);
	else
		prefixes_generate(prefixes, family == FIB_IPV4 ? 900000 : 160000);
	prefixes->source = file != NULL ? name : "generated";
	assert_true(prefixes->count >= 160000);
}

void prefixes_shuffle(struct prefixes *prefixes)
{
	uint64_t random = SEED;

	for (uint32_t i = prefixes->count - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(random_next(&random) % (i + 1));
		fib_key key = prefixes->keys[i];
		uint8_t length = prefixes->lengths[i];

		prefixes->keys[i] = prefixes->keys[j];
		prefixes->lengths[i] = prefixes->lengths[j];
		prefixes->keys[j] = key;
		prefixes->lengths[j] = length;
	}
}
