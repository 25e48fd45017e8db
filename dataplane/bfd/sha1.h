/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SHA-1 (RFC 3174), because BFD's authentication knows nothing better (RFC 5880 6.7.4).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20u

/* Of a message of at most 119 bytes: two blocks, which is more than BFD needs. */
#define SHA1_MESSAGE_MAX 119u
void sha1(const uint8_t *message, size_t bytes, uint8_t digest[SHA1_BYTES]);
