/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/log.h"

#include <stdarg.h>
#include <stdio.h>

/* One write a line, so that lines of several threads do not mix. */
static void write_line(const char *level, const char *area, const char *format, va_list arguments)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "%s %s: %s\n", level, area, text);
}

void log_error(const char *area, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("error", area, format, arguments);
	va_end(arguments);
}

void log_warning(const char *area, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("warning", area, format, arguments);
	va_end(arguments);
}

void log_info(const char *area, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("info", area, format, arguments);
	va_end(arguments);
}
