/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

#include "control/model/site.h"

/* Every object of a site with its fields as text, in file order; {} for NULL. NULL: no memory. */
json_t *site_facts(const struct site *site);
