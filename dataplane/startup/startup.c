/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/startup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "dataplane/bfd/bfd.h"
#include "dataplane/bfd/bfdd.h"
#include "dataplane/interface/interface.h"
#include "dataplane/nexthop/nexthop.h"
#include "dataplane/policer/policer.h"
#include "dataplane/port/mempool.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/startup/arguments.h"
#include "dataplane/startup/buffers.h"
#include "dataplane/startup/log.h"
#include "dataplane/startup/preflight.h"
#include "dataplane/startup/tsc.h"
#include "dataplane/vrf/vrf.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/peaks.h"
#include "dataplane/worker/reclaim.h"
#include "dataplane/worker/worker.h"

static bool eal_up;
static bool broken;

static void warn(const char *sentence)
{
	log_warning("startup", "%s", sentence);
}

static int start_eal(const struct api_startup *startup, char *text, size_t size)
{
	struct arguments arguments;
	sigset_t all, before;
	char prefix[32];
	int error;

	snprintf(prefix, sizeof(prefix), "onramp-%d", getpid());
	error = arguments_build(startup, prefix, &arguments);
	if (error < 0) {
		snprintf(text, size, "too many CPUs for EAL's arguments");
		return error;
	}
	/* EAL's threads inherit the mask: net_tap's signals belong to the main thread only. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = rte_eal_init(arguments.argc, arguments.argv);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error >= 0) {
		eal_up = true;
		/* EAL made a directory of its own and, sharing nothing, keeps it empty. Away with
		 * it now, so that a killed process leaves none behind. */
		rmdir(rte_eal_get_runtime_dir());
		return 0;
	}
	snprintf(text, size,
		"DPDK's EAL did not start: %s; its own lines in the dataplane's log say why",
		rte_strerror(rte_errno));
	return rte_errno > 0 ? -rte_errno : -EIO;
}

/* The NUMA nodes workers run on, each once. Returns how many. */
static unsigned int worker_nodes(int *nodes)
{
	unsigned int lcore, count = 0;

	RTE_LCORE_FOREACH_WORKER (lcore) {
		int node = rte_lcore_to_socket_id(lcore);
		bool known = false;

		for (unsigned int i = 0; i < count; i++)
			known = known || nodes[i] == node;
		if (!known)
			nodes[count++] = node;
	}
	return count;
}

static int start_buffers(const struct api_startup *startup, char *text, size_t size)
{
	int nodes[API_CPUS_MAX], error;
	unsigned int count = worker_nodes(nodes);
	struct buffers_plan plan = buffers_plan(startup, count);

	if (plan.count < plan.count_min) {
		snprintf(text, size,
			"memory: %u MB given, workers on %u NUMA nodes need %u MB: raise memory: "
			"{size: ...}",
			startup->memory_mb, count, count * buffers_memory_min_mb(startup));
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < count; i++) {
		error = mempool_create(nodes[i], plan.count, plan.data_room);
		if (error == 0)
			continue;
		snprintf(text, size,
			"no room for %u packet buffers of %u bytes on NUMA node %d (%s): reserve "
			"hugepages "
			"there: /sys/devices/system/node/node%d/hugepages",
			plan.count, plan.element_bytes, nodes[i], strerror(-error), nodes[i]);
		return error;
	}
	return 0;
}

static int start_counters(const struct api_startup *startup)
{
	int nodes[API_CPUS_MAX + 1];
	unsigned int lcore, count = 0;

	RTE_LCORE_FOREACH_WORKER (lcore)
		nodes[count++] = rte_lcore_to_socket_id(lcore);
	nodes[count] = -1; /* the punt thread */
	return counters_init(startup->worker_count + 1, nodes);
}

/* begun: some time ago. */
static int start_workers(const struct api_startup *startup, const struct tsc_moment *begun)
{
	struct tsc_moment now = tsc_moment_after(begun);

	return worker_start_all(startup, tsc_hz(begun, &now, rte_get_tsc_hz()));
}

static int start_threads(
	const struct api_startup *startup, const struct tsc_moment *begun, char *text, size_t size)
{
	const char *what = "counters";
	int error;

	error = start_counters(startup);
	if (error == 0) {
		what = "reclaim";
		error = reclaim_init();
	}
	if (error == 0) {
		what = "the punt thread";
		error = punt_start(startup->worker_count,
			port_mempool(rte_lcore_to_socket_id(rte_lcore_id())));
	}
	if (error == 0) {
		what = "the bfd thread";
		error = bfd_start(startup->worker_count);
	}
	if (error == 0) {
		what = "the peaks' thread";
		error = peaks_start();
	}
	if (error == 0 && startup->bfdd_socket[0] != '\0') {
		what = "the connection to bfdd";
		error = bfdd_start(startup->bfdd_socket);
	}
	if (error == 0) {
		what = "the workers";
		error = start_workers(startup, begun);
	}
	if (error < 0)
		snprintf(text, size, "%s did not start: %s%s", what, strerror(-error),
			error == -ENOMEM ? "; raise memory: {size: ...}" : "");
	return error;
}

int startup_run(const struct api_startup *startup, char *text, size_t size)
{
	struct tsc_moment begun = tsc_moment();
	struct preflight_facts facts;
	int error;

	if (eal_up || broken) {
		snprintf(text, size, "the dataplane has started already");
		return -EALREADY;
	}
	text[0] = '\0';
	preflight_gather(&facts);
	error = preflight_check(startup, &facts, text, size);
	if (error < 0)
		return error;
	preflight_advise(startup, &facts, warn);

	error = start_eal(startup, text, size);
	if (error == 0)
		error = start_buffers(startup, text, size);
	if (error == 0)
		error = start_threads(startup, &begun, text, size);
	if (error < 0) {
		broken = true;
		log_error("startup", "%s", text);
		return error;
	}
	log_info("startup", "%u worker(s), %u MB of %s", startup->worker_count, startup->memory_mb,
		startup->hugepages ? "hugepages" : "memory without hugepages");
	return 0;
}

bool startup_broken(void)
{
	return broken;
}

/* Readers first, then what they read, then what that was made of. */
void startup_stop(void)
{
	if (!eal_up)
		return;
	bfdd_stop();
	worker_stop_all();
	bfd_stop();
	peaks_stop();
	punt_stop();
	nexthop_fini();
	interface_fini();
	policer_fini();
	vrf_fini();
	port_fini();
	reclaim_fini();
	worker_free_all();
	counters_fini();
	mempool_free_all();
	rte_eal_cleanup();
	eal_up = false;
}
