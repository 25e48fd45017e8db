/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CAPTURE: one connection at a time is told of the packets of some links
 * (dataplane/interface/capture.h). Main thread only.
 */
#pragma once

#include "dataplane/server/session.h"

/* Begins one for the session, or says in ack why not. */
void session_capture_start(struct session *session, uint32_t sequence,
	const struct api_capture *request, struct api_ack *ack);
/* Its time is over; what waits is still told. */
void session_capture_close(struct session *session);
/* There is no more of it: it was told whole, or nobody listens. */
void session_capture_stop(struct session *session);

/* At each turn: tells what waits, as far as the client reads. False: the session has no capture. */
bool session_capture_run(struct session *session);
