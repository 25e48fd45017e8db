/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How full the packet buffer pools are. Apart from the rest, because it needs a living EAL.
 */
#pragma once

#include <stdbool.h>

#include "dataplane/api/api.h"

/* Main thread, after STARTUP. The index-th mempool of the process; false: there is none. */
bool pools_usage(unsigned int index, struct api_memory *row);
