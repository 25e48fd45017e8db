/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing the tables by which a received tag finds its interface (struct classifier). Main thread
 * only; for dataplane/interface.
 */
#pragma once

#include <stdint.h>

/* Makes the tables that classifier_set needs, so that it finds memory later. 0, -ENOMEM. */
int classifier_reserve(uint32_t port, uint16_t s_tag);

/* Makes the tags name the interface. 0, -EEXIST (they name another one), -ENOMEM. */
int classifier_set(uint32_t port, uint16_t s_tag, uint16_t c_tag, uint32_t interface);

/* The interface the tags name; 0: none. */
uint32_t classifier_find(uint32_t port, uint16_t s_tag, uint16_t c_tag);

/* The tags name nothing from now on, but their tables stay. */
void classifier_hide(uint32_t port, uint16_t s_tag, uint16_t c_tag);

/* Forgets the tags; tables that become empty are reclaimed. */
void classifier_clear(uint32_t port, uint16_t s_tag, uint16_t c_tag);

/* Frees everything; no worker may run any more. */
void classifier_fini(void);
