/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many routes of each session bgpd's policies refused. bgpd has to be asked for each session by
 * itself, so a look at all of them asks some, others the next time, and remembers what the rest had
 * when they were asked last. Event loop only.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#define REFUSED_ASKED_MAX 64u /* sessions a look */

struct refused_counts {
	json_t *counts; /* {"contoso/public/primary ipv4": 9}; NULL: none yet */
	size_t next;    /* the first to ask the next time, in the order of all questions */
};

/* Takes from questions (views_session_questions, of all sessions) those that are not asked this
 * time, and forgets sessions that are not among them any more. */
void refused_choose(struct refused_counts *refused, json_t *questions);
/* sessions: questions with their answers. */
void refused_learn(struct refused_counts *refused, const json_t *sessions);
/* -1: never asked. link: CIRCUIT/PEERING/LINK, family: "ipv4", "ipv6". */
json_int_t refused_count(
	const struct refused_counts *refused, const char *link, const char *family);
void refused_free(struct refused_counts *refused);
