/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

/* Copies text into an array of the API, cut to fit, always terminated. */
#define COPY_TEXT(to, from) copy_text(to, sizeof(to), from)

static inline void copy_text(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}
