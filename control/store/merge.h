/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a file of the operator's makes of the store. It has the last word on what it names, and on
 * what a file brought before; what a command or another principal changed since it was written is
 * not undone by accident. Pure function.
 *
 * A field of the store that the file says otherwise, or no longer says:
 *   another's (control/store/owners.h) said otherwise: refused; not said: stays
 *   changed since the file's revision  refused, where the file names one
 *   last changed by a command          said otherwise: refused; not said: stays
 *   otherwise                          as the file says; not said: the default again
 * take_ownership: what is refused is as the file says. An object that the file does not name stays,
 * unless prune, which refuses another's where that goes alone. The order of edges, by which
 * networks get their addresses, does not change.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct file_wish {
	const json_t *objects; /* of the file; its field "revision" is not among them */
	uint64_t revision;     /* that the file says it was exported from; 0: it does not say */
	bool prune;
	bool take_ownership;
};

/* stamps: {OBJECT: {FIELD: {"principal", "origin", "generation"}}}, parallel to stored. The
 * objects as they would be; conflicts, an array, receives a sentence for each refusal. NULL: no
 * memory. */
json_t *objects_merge(const json_t *stored, const json_t *stamps, const struct file_wish *wish,
	json_t *conflicts);
