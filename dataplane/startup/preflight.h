/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machine must have before EAL starts. Gathering facts and judging them are apart, so
 * that every judgement can be tested on any machine. Main thread only.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/api.h"

struct preflight_facts {
	cpu_set_t allowed;            /* sched_getaffinity at the start of the process */
	uint64_t hugepages_free_mb;   /* of all page sizes */
	uint64_t hugepages_2m_total;  /* pages, for the command that mends */
	uint64_t memory_available_mb; /* MemAvailable */
	bool tun;                     /* /dev/net/tun can be opened */
	uint64_t files_max;           /* RLIMIT_NOFILE after raising it */
};

/* TAP fds, sockets, EAL's own: fewer than this and a full edge runs out. */
#define PREFLIGHT_FILES (API_INTERFACES_MAX + 1024u)

/* Reads the machine. Raises RLIMIT_NOFILE towards PREFLIGHT_FILES first. */
void preflight_gather(struct preflight_facts *facts);

/* 0, or -errno with a sentence in text: found, needed, what mends it. -EINVAL the request itself,
 * -ENOMEM hugepages or memory, -ENODEV CPUs or /dev/net/tun. */
int preflight_check(const struct api_startup *startup, const struct preflight_facts *facts,
	char *text, size_t size);

/* Calls warn() with a sentence for each thing that works but should be better. */
void preflight_advise(const struct api_startup *startup, const struct preflight_facts *facts,
	void (*warn)(const char *sentence));
