/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A YAML document as JSON values and back, so that it can be kept in pieces. Numbers and true and
 * false are what the loader takes without quotes; every other scalar is a text. Pure functions.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

/* Mappings to objects in their order, sequences to arrays. For documents that config_load has
 * taken; NULL for what is no such document, and without memory. */
json_t *tree_parse(const char *document, size_t length);

/* The document of a tree (an object), malloc'd and zero-terminated: lists of objects a line each
 * field, what is below in one line. config_load reads from it what the tree was made from. NULL:
 * no memory. */
char *tree_write(const json_t *tree, size_t *length);
