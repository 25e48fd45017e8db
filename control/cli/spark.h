/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A row of values as a line of bars.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPARK_WIDTH 60u
#define SPARK_TEXT_MAX (SPARK_WIDTH * 3 + 1) /* bytes */
#define SPARK_GAP INT64_MIN                  /* no value: a blank */

/* Values in order, as many to a bar as it takes for SPARK_WIDTH bars at most; a bar is as high as
 * its highest value, against the highest of all. unicode: block elements, else ASCII. Returns the
 * highest value, 0 when there are only gaps. */
int64_t spark_line(const int64_t *values, size_t count, bool unicode, char text[SPARK_TEXT_MAX]);
