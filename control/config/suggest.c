/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/config/loader.h"

#define SUGGEST_LENGTH_MAX 48

static unsigned int minimum(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Damerau's distance (insertions, deletions, substitutions, swaps of neighbours). */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][SUGGEST_LENGTH_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	for (unsigned int j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= a_length; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i - 1) % 3];
		const unsigned int *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned int j = 1; j <= b_length; j++) {
			row[j] = minimum(above[j], row[j - 1]) + 1;
			row[j] = minimum(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = minimum(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

void suggest(struct suggestion *suggestion, const char *candidate)
{
	size_t length = strlen(suggestion->wrong);

	if (length == 0 || length > SUGGEST_LENGTH_MAX || strlen(candidate) > SUGGEST_LENGTH_MAX)
		return;
	unsigned int distance = edit_distance(suggestion->wrong, candidate);
	/* A third of the word may be wrong, but at least a letter. */
	if (distance > (length < 6 ? 1 : length / 3))
		return;
	if (suggestion->best != NULL && distance >= suggestion->distance)
		return;
	suggestion->best = candidate;
	suggestion->distance = distance;
}

const char *suggestion_text(const struct suggestion *suggestion, char *buffer, unsigned int size)
{
	buffer[0] = '\0';
	if (suggestion->best != NULL)
		snprintf(buffer, size, "; did you mean \"%s\"?", suggestion->best);
	return buffer;
}
