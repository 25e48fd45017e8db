/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/sha1.h"

#include <assert.h>
#include <string.h>

#define BLOCK_BYTES 64u
#define ROUNDS 80u

static uint32_t rotate(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

static uint32_t load(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static void store(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

/* RFC 3174 5: f(t) + K(t) */
static uint32_t mix(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
	if (round < 20)
		return ((b & c) | (~b & d)) + 0x5a827999u;
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1u;
	if (round < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
	return (b ^ c ^ d) + 0xca62c1d6u;
}

/* RFC 3174 6.1 */
static void process(uint32_t h[5], const uint8_t *block)
{
	uint32_t w[ROUNDS];
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned int t = 0; t < 16; t++)
		w[t] = load(block + 4 * t);
	for (unsigned int t = 16; t < ROUNDS; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (unsigned int t = 0; t < ROUNDS; t++) {
		uint32_t next = rotate(a, 5) + mix(t, b, c, d) + e + w[t];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(const uint8_t *message, size_t bytes, uint8_t digest[SHA1_BYTES])
{
	uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
	uint8_t padded[2 * BLOCK_BYTES] = {0};
	/* A one bit and the length in 8 bytes come behind the message (RFC 3174 4). */
	size_t total = bytes + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;

	assert(bytes <= SHA1_MESSAGE_MAX);
	memcpy(padded, message, bytes);
	padded[bytes] = 0x80;
	store(padded + total - 4, (uint32_t)bytes * 8);
	for (size_t at = 0; at < total; at += BLOCK_BYTES)
		process(h, padded + at);
	for (unsigned int i = 0; i < 5; i++)
		store(digest + 4 * i, h[i]);
}
