/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/mark.h"

uint8_t table_mark = 1;
