/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A site in pieces: each list entry that has a name is an object, called as findings call it.
 *
 *   {"": {"site": "fra1", "asn": 4200100001},
 *    "circuits[acme]": {"bandwidth": "10G", ...},
 *    "circuits[acme].peerings[private]": {"c_tag": 100, ...}}
 *
 * A change is one field of one object: {"object", "field", "before", "after"}, null where there is
 * nothing; the field "" is the object itself (true: it is there). Which lists have names, and the
 * order of fields in a document, come from control/config/schema.c. Pure functions; those that
 * return JSON return NULL without memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Of a document that config_load has taken. */
json_t *objects_parse(const char *document, size_t length);

/* The document of these objects, malloc'd; revision 0: it names none. */
char *objects_document(const json_t *objects, uint64_t revision, size_t *length);

/* What makes one from the other: objects come before their fields and go behind them. */
json_t *objects_diff(const json_t *from, const json_t *to);

/* One change done, or undone. 0, or -EINVAL: the objects are not as it says. */
int objects_change(json_t *objects, const json_t *change);
int objects_unchange(json_t *objects, const json_t *change);

/* "circuits" of "circuits[acme]", "peerings" of "circuits[acme].peerings[private]", "" of "". */
const char *objects_list(const char *object, char *buffer, size_t size);

/* "circuits[acme]" of "circuits[acme].peerings[private]", "" of "circuits[acme]". */
const char *objects_parent(const char *object, char *buffer, size_t size);

/* "circuits[acme].bandwidth", "asn", "circuits[acme]": into buffer, returned. */
const char *objects_field_path(const char *object, const char *field, char *buffer, size_t size);

#define OBJECT_PATH_MAX 160u
