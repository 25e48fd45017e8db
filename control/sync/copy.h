/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <string.h>

/* Copies a name into an array of the API, cut to fit, always terminated. */
#define COPY_NAME(to, from) copy_name(to, sizeof(to), from)

static inline void copy_name(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}
