/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sources of public prefixes' owners that change while control runs. Event loop only.
 */
#pragma once

#include "control/server/requests.h"

/* Looks at the sources. When they say another thing of a peering in force, that is put in force;
 * no other peering is touched. */
void validation_watch_look(struct office *office);
