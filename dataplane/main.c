/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * onramp-dataplane: waits for control, then forwards. The main thread writes all tables; workers
 * and the punt thread only read them.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/api/clock.h"
#include "dataplane/bfd/bfdd.h"
#include "dataplane/bfd/news.h"
#include "dataplane/interface/interface.h"
#include "dataplane/interface/link_test.h"
#include "dataplane/nexthop/path.h"
#include "dataplane/port/port.h"
#include "dataplane/punt/punt.h"
#include "dataplane/server/server.h"
#include "dataplane/startup/log.h"
#include "dataplane/startup/startup.h"
#include "dataplane/worker/reclaim.h"

/* How late a lost carrier may be known where the device does not tell. */
#define TURN_MS 2
/* While a failure test measures, or somebody captures packets. */
#define SHORT_TURN_MS 1
/* Per turn, so that a scan of unresolved neighbours cannot keep the API waiting. */
#define NEIGHBOURS_PER_TURN 256

static volatile sig_atomic_t stop_signal;

static void on_stop(int signo)
{
	stop_signal = signo;
}

static void handle_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	/* When net_tap's real-time signals overflow the kernel's queue, fcntl(2) F_SETSIG falls
	 * back to SIGIO, whose default is to end the process. The queued ones already say "look".
	 */
	sigaction(SIGIO, &ignore, NULL);
}

static void usage(FILE *out)
{
	fputs("usage: onramp-dataplane [--run-dir DIR]\n"
	      "\n"
	      "Forwards packets for Onramp. Waits on DIR/dataplane.sock for onramp-control, which\n"
	      "brings the whole configuration; there is nothing to configure here.\n"
	      "\n"
	      "  --run-dir DIR  where the socket lives, made with mode 0700 (default /run/onramp)\n"
	      "  --version      print the version and exit\n"
	      "  --help         print this and exit\n",
		out);
}

/* Returns the run directory, or NULL when the process is to exit with *status. */
static const char *parse_options(int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{"run-dir", required_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *run_dir = "/run/onramp";
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			run_dir = optarg;
			break;
		case 'v':
			puts("onramp-dataplane " ONRAMP_VERSION);
			*status = EXIT_SUCCESS;
			return NULL;
		case 'h':
			usage(stdout);
			*status = EXIT_SUCCESS;
			return NULL;
		default:
			usage(stderr);
			*status = 2;
			return NULL;
		}
	}
	if (optind == argc)
		return run_dir;
	fprintf(stderr, "onramp-dataplane: unexpected argument '%s'\n", argv[optind]);
	usage(stderr);
	*status = 2;
	return NULL;
}

static void link_changed(uint32_t port, bool up)
{
	interface_port_carrier(port, up);
	server_event_port_link(port, up);
}

static void pass_neighbour_wishes(void)
{
	uint8_t address[16], family;
	uint32_t interface;

	for (unsigned int i = 0; i < NEIGHBOURS_PER_TURN; i++) {
		if (!punt_next_neighbour(&interface, &family, address))
			return;
		server_event_neighbour(interface, family, address);
	}
}

static void pass_path_news(void)
{
	struct api_path path;
	uint32_t lasted_ms;

	while (path_next_news(&path, &lasted_ms))
		server_event_path(&path, lasted_ms);
}

static void pass_test_news(void)
{
	uint32_t interface;
	bool began;

	while (link_test_next_news(&interface, &began))
		server_event_link_test(interface, began);
}

static int turn_ms(void)
{
	bool tests = link_test_run(monotonic_us()), captures = server_turn_captures();

	return tests || captures ? SHORT_TURN_MS : TURN_MS;
}

static void wake_on(int fd, bool *done)
{
	if (fd >= 0 && !*done)
		*done = server_wake_on(fd) == 0;
}

/* What start-up made wakes main, once it is there. */
static void wait_for_bfd(void)
{
	static bool news, bfdd;

	wake_on(bfd_changes_fd(), &news);
	wake_on(bfdd_fd(), &bfdd);
}

static void serve_bfd(void)
{
	wait_for_bfd();
	bfd_pass_news();
	bfdd_turn(monotonic_us());
}

static void run(void)
{
	path_wake_with(server_wake);
	port_wake_with(server_wake);
	while (!stop_signal && !startup_broken()) {
		server_turn(turn_ms());
		serve_bfd();
		port_poll_links(link_changed);
		pass_path_news();
		pass_test_news();
		reclaim_run();
		pass_neighbour_wishes();
	}
}

int main(int argc, char **argv)
{
	const char *run_dir;
	int status = EXIT_FAILURE;

	run_dir = parse_options(argc, argv, &status);
	if (!run_dir)
		return status;
	handle_signals();
	if (server_open(run_dir) < 0)
		return EXIT_FAILURE;
	run();
	if (stop_signal)
		log_info("main", "stopping on %s", strsignal(stop_signal));
	else
		log_error("main", "start-up failed; ending so that a fresh process can start");

	path_wake_with(NULL);
	port_wake_with(NULL);
	server_close();
	startup_stop();
	return stop_signal ? EXIT_SUCCESS : EXIT_FAILURE;
}
