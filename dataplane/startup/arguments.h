/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arguments of rte_eal_init, from STARTUP. Main thread only.
 */
#pragma once

#include <stddef.h>

#include "dataplane/api/api.h"

#define ARGUMENTS_MAX 24
#define ARGUMENTS_TEXT 2048

/* argv points into text and is NULL terminated; good as long as the struct does not move. */
struct arguments {
	int argc;
	char *argv[ARGUMENTS_MAX];
	char text[ARGUMENTS_TEXT];
	size_t used;
};

/* lcore 0 is the main thread on all control CPUs; lcore i + 1 is worker i. One CPU may carry both.
 * prefix: a name no other EAL process on the machine uses. 0, -ENOSPC. */
int arguments_build(
	const struct api_startup *startup, const char *prefix, struct arguments *arguments);
