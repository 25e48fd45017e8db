/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "dataplane/bfd/bfd.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/port.h"
#include "dataplane/server/state.h"
#include "dataplane/startup/startup.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/mark.h"

struct server_state server_state;

int server_state_init(void)
{
	memset(&server_state, 0, sizeof(server_state));
	if (getrandom(&server_state.boot_id, sizeof(server_state.boot_id), 0) !=
		sizeof(server_state.boot_id))
		return -EIO;
	return 0;
}

void ack_error(struct api_ack *ack, int error, const char *format, ...)
{
	va_list arguments;

	ack->error = error;
	va_start(arguments, format);
	vsnprintf(ack->text, sizeof(ack->text), format, arguments);
	va_end(arguments);
}

void server_startup(const struct api_startup *startup, struct api_ack *ack)
{
	int error;

	if (server_state.state != API_STATE_EMPTY) {
		if (memcmp(startup, &server_state.startup, sizeof(*startup)) != 0)
			ack_error(ack, -EALREADY,
				"the dataplane runs with other CPUs or memory, or another bfdd; "
				"restart it to change them");
		return;
	}
	if (startup->worker_count == 0 || startup->worker_count > API_CPUS_MAX ||
		startup->control_cpu_count > API_CPUS_MAX) {
		ack_error(ack, -EINVAL,
			"%u workers and %u control CPUs; 1 to %u and at most %u are right",
			startup->worker_count, startup->control_cpu_count, API_CPUS_MAX,
			API_CPUS_MAX);
		return;
	}
	if (memchr(startup->bfdd_socket, '\0', sizeof(startup->bfdd_socket)) == NULL) {
		ack_error(ack, -EINVAL, "the path of bfdd's socket has no end; %zu bytes at most",
			sizeof(startup->bfdd_socket) - 1);
		return;
	}
	error = startup_run(startup, ack->text, sizeof(ack->text));
	if (error != 0) {
		ack->error = error;
		return;
	}
	ack->text[0] = '\0';
	server_state.startup = *startup;
	server_state.state = API_STATE_LOADING;
}

void server_snapshot_begin(struct api_ack *ack)
{
	/* A second BEGIN starts over: what the first one named must be named again. */
	table_mark = table_mark % UINT8_MAX + 1;
	server_state.in_snapshot = true;
}

void server_snapshot_end(struct api_ack *ack)
{
	int error;

	if (!server_state.in_snapshot) {
		ack_error(ack, -EINVAL, "no snapshot was begun on this connection");
		return;
	}
	server_state.in_snapshot = false;
	/* Who holds goes before what is held: routes hold groups, groups adjacencies, those
	 * paths, both interfaces, those vrfs, policers and ports. */
	ack->count = route_sweep();
	error = vrf_commit();
	if (error != 0) {
		/* The ports stay closed if they are: no packet meets a half-filled table. */
		ack_error(ack, error,
			"the routes could not be made visible: %s; the former ones "
			"stay, a new snapshot tries again",
			strerror(-error));
		return;
	}
	ack->count += group_sweep();
	ack->count += adjacency_sweep();
	ack->count += path_sweep();
	ack->count += bfd_key_sweep();
	ack->count += interface_sweep();
	ack->count += vrf_sweep();
	ack->count += policer_sweep();
	ack->count += port_sweep();
	if (server_state.state == API_STATE_LOADING) {
		port_open_all();
		server_state.state = API_STATE_RUNNING;
	}
}

void server_writer_gone(void)
{
	server_state.writer = NULL;
	server_state.in_snapshot = false;
}
