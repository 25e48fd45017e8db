/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of keys that change while control runs: what is in them is taken without any command. Event
 * loop only.
 */
#pragma once

#include "control/server/requests.h"

#define KEY_WATCH_S 3

/* Reads the document in force and all keys anew, asks the validator, and puts in force what is
 * another thing now. */
void key_watch_read_again(struct office *office, const struct plan *plan);

/* Looks at the files of all keys in force on this edge; when one was touched, reads all, and puts
 * in force what differs. Of a file that cannot be used what was read last stays, and the log says
 * so. */
void key_watch_look(struct office *office);
