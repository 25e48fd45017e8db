/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/spark.h"

#include <string.h>

#define LEVELS 8

static int64_t highest(const int64_t *values, size_t count)
{
	int64_t most = SPARK_GAP;

	for (size_t i = 0; i < count; i++)
		if (values[i] > most)
			most = values[i];
	return most;
}

static const char *bar(int64_t value, int64_t most, bool unicode)
{
	static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[LEVELS] = {"_", ".", "-", "~", "=", "+", "*", "#"};
	int64_t level;

	if (value == SPARK_GAP)
		return " ";
	/* Only nothing is on the ground. */
	level = value <= 0 ? 0 : 1 + (int64_t)((__int128)value * (LEVELS - 2) / most);
	return unicode ? blocks[level] : letters[level];
}

int64_t spark_line(const int64_t *values, size_t count, bool unicode, char text[SPARK_TEXT_MAX])
{
	size_t each = (count + SPARK_WIDTH - 1) / SPARK_WIDTH;
	int64_t most = highest(values, count);

	text[0] = '\0';
	for (size_t i = 0; i < count; i += each) {
		size_t n = count - i < each ? count - i : each;

		strcat(text, bar(highest(values + i, n), most, unicode));
	}
	return most == SPARK_GAP ? 0 : most;
}
