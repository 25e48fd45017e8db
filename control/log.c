/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>

static void log_line(const char *level, const char *area, const char *format, va_list arguments)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "%s %s: %s\n", level, area, text);
}

#define LOG_FUNCTION(function, level)                            \
	void function(const char *area, const char *format, ...) \
	{                                                        \
		va_list arguments;                               \
		va_start(arguments, format);                     \
		log_line(level, area, format, arguments);        \
		va_end(arguments);                               \
	}

LOG_FUNCTION(log_error, "error")
LOG_FUNCTION(log_warning, "warning")
LOG_FUNCTION(log_info, "info")
