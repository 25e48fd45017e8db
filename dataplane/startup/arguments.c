/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void add(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends to the argument in the making. used beyond the text means that it did not fit. */
static void append(struct arguments *arguments, const char *format, va_list values)
{
	size_t room;
	int length;

	if (arguments->used >= ARGUMENTS_TEXT)
		return;
	room = ARGUMENTS_TEXT - arguments->used;
	length = vsnprintf(arguments->text + arguments->used, room, format, values);
	arguments->used =
		length < 0 || (size_t)length >= room ? ARGUMENTS_TEXT : arguments->used + length;
}

static void add(struct arguments *arguments, const char *format, ...)
{
	va_list values;

	if (arguments->argc == ARGUMENTS_MAX - 1 || arguments->used >= ARGUMENTS_TEXT) {
		arguments->used = ARGUMENTS_TEXT;
		return;
	}
	arguments->argv[arguments->argc++] = arguments->text + arguments->used;
	va_start(values, format);
	append(arguments, format, values);
	va_end(values);
	arguments->used++; /* the terminating zero */
}

/* Continues the last argument: takes its terminating zero back. */
static void more(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void more(struct arguments *arguments, const char *format, ...)
{
	va_list values;

	if (arguments->used >= ARGUMENTS_TEXT)
		return;
	arguments->used--;
	va_start(values, format);
	append(arguments, format, values);
	va_end(values);
	arguments->used++;
}

static void add_lcores(struct arguments *arguments, const struct api_startup *startup)
{
	add(arguments, "--lcores");
	add(arguments, "0@(");
	for (uint32_t i = 0; i < startup->control_cpu_count; i++)
		more(arguments, i ? ",%u" : "%u", startup->control_cpus[i]);
	more(arguments, ")");
	for (uint32_t i = 0; i < startup->worker_count; i++)
		more(arguments, ",%u@%u", i + 1, startup->worker_cpus[i]);
	add(arguments, "--main-lcore=0");
}

int arguments_build(
	const struct api_startup *startup, const char *prefix, struct arguments *arguments)
{
	arguments->argc = 0;
	arguments->used = 0;
	add(arguments, "onramp-dataplane");
	add_lcores(arguments, startup);
	add(arguments, "-m");
	add(arguments, "%u", startup->memory_mb);
	add(arguments, "--file-prefix=%s", prefix);
	if (startup->hugepages) {
		/* Nothing in hugetlbfs: a killed process leaves no file behind. */
		add(arguments, "--in-memory");
	} else {
		add(arguments, "--no-huge");
		add(arguments, "--no-shconf");
	}
	if (!startup->pci) {
		add(arguments, "--no-pci");
	} else {
		/* Only an allow list keeps EAL from taking every device that is bound to vfio-pci;
		 * ports are hot plugged by name later, which the list does not hinder. */
		add(arguments, "--allow=0000:00:00.0");
	}
	add(arguments, "--no-telemetry");
	add(arguments, "--log-level=warning");
	add(arguments, "--force-max-simd-bitwidth=512");
	if (arguments->used >= ARGUMENTS_TEXT)
		return -ENOSPC;
	arguments->argv[arguments->argc] = NULL;
	return 0;
}
