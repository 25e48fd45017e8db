/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * onramp-control: one event loop. Ending it, in order or not, leaves namespaces, TAPs, the
 * dataplane and FRR as they are; the next one takes over what it finds (docs/architecture.md).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/config/machine.h"
#include "control/log.h"
#include "control/server/server.h"
#include "control/sync/sync.h"
#include "control/usage/sampler.h"

/* A domain costs a namespace, a netlink socket and the duplicates of its TAPs' fds. */
#define FILES_WANTED 65536u
#define STALE_MAX_S 3600u
#define STALE_PRESET_S 180u
#define EDGE_FILE_MAX 65536u

/* NULL and 0: not said on the command line. */
struct options {
	const char *edge_file;
	const char *self;
	const char *run_dir;
	const char *state_dir;
	const char *frr_dir;
	unsigned int stale_s;
	unsigned int sample_s;
};

static const char usage[] =
	"usage: onramp-control --edge-file FILE [options]\n"
	"       onramp-control --self EDGE [options]\n"
	"\n"
	"Turns the site's document and the routes that FRR learns into the dataplane's tables.\n"
	"\n"
	"  --edge-file FILE   what is only this machine's (docs/configuration.md); what is\n"
	"                     said here too counts from here\n"
	"  --self EDGE        which edge of the document this machine is\n"
	"  --run-dir DIR      sockets and namespaces; default /run/onramp\n"
	"  --state-dir DIR    the document in force; default /var/lib/onramp\n"
	"  --frr-dir DIR      FRR's vty sockets; default /var/run/frr\n"
	"  --stale-time S     how long the routes of an FRR daemon that died stay, at most,\n"
	"                     1 to 3600; default 180\n"
	"  --sample-time S    from look to look at what links move, for rates and usage: 1, 2,\n"
	"                     5, 10, 20, 30 or 60; default 10\n"
	"  --help             this text\n"
	"  --version          the version\n"
	"\n"
	"example: onramp-control --edge-file /etc/onramp/edge.yaml\n";

static const struct option long_options[] = {
	{"edge-file", required_argument, NULL, 'e'},
	{"self", required_argument, NULL, 's'},
	{"run-dir", required_argument, NULL, 'r'},
	{"state-dir", required_argument, NULL, 't'},
	{"frr-dir", required_argument, NULL, 'f'},
	{"stale-time", required_argument, NULL, 'l'},
	{"sample-time", required_argument, NULL, 'i'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

static bool parse_stale_time(const char *text, unsigned int *seconds)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > STALE_MAX_S) {
		fprintf(stderr,
			"onramp-control: --stale-time %s: write a number of seconds from 1 to "
			"%u\n",
			text, STALE_MAX_S);
		return false;
	}
	*seconds = (unsigned int)number;
	return true;
}

/* Looks fall on the ends of minutes. */
static bool parse_sample_time(const char *text, unsigned int *seconds)
{
	static const unsigned int divisors[] = {1, 2, 5, 10, 20, 30, 60};
	char written[8];

	for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
		snprintf(written, sizeof(written), "%u", divisors[i]);
		if (strcmp(text, written) != 0)
			continue;
		*seconds = divisors[i];
		return true;
	}
	fprintf(stderr,
		"onramp-control: --sample-time %s: write a number of seconds that minutes can be "
		"cut into: 1, 2, 5, 10, 20, 30 or 60\n",
		text);
	return false;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'e':
			options->edge_file = optarg;
			break;
		case 's':
			options->self = optarg;
			break;
		case 'r':
			options->run_dir = optarg;
			break;
		case 't':
			options->state_dir = optarg;
			break;
		case 'f':
			options->frr_dir = optarg;
			break;
		case 'l':
			if (!parse_stale_time(optarg, &options->stale_s))
				return 2;
			break;
		case 'i':
			if (!parse_sample_time(optarg, &options->sample_s))
				return 2;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("onramp-control " ONRAMP_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind != argc || (options->self == NULL && options->edge_file == NULL)) {
		fprintf(stderr, "onramp-control: %s\n\n%s",
			optind != argc ? "takes no operands"
				       : "--edge-file FILE or --self EDGE is missing",
			usage);
		return 2;
	}
	return -1;
}

/* NULL: said on standard error. To be freed. */
static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text = file != NULL ? malloc(EDGE_FILE_MAX) : NULL;

	if (text == NULL) {
		fprintf(stderr, "onramp-control: %s: %s\n", path, strerror(errno));
	} else {
		*length = fread(text, 1, EDGE_FILE_MAX, file);
		if (ferror(file) != 0 || *length == EDGE_FILE_MAX) {
			fprintf(stderr, "onramp-control: %s: %s\n", path,
				ferror(file) != 0
					? "cannot be read"
					: "is longer than 64 KiB; it describes one machine");
			free(text);
			text = NULL;
		}
	}
	if (file != NULL)
		fclose(file);
	return text;
}

static bool read_edge_file(const char *path, struct machine *machine)
{
	struct config_findings findings;
	size_t length;
	char *text = read_file(path, &length);
	int error;

	if (text == NULL)
		return false;
	error = machine_load(text, length, machine, &findings);
	free(text);
	for (size_t i = 0; i < findings.count; i++) {
		char *line = config_finding_text(&findings.items[i], path);

		fprintf(stderr, "%s\n", line != NULL ? line : "no memory");
		free(line);
	}
	config_findings_free(&findings);
	if (error == -ENOMEM)
		fprintf(stderr, "onramp-control: %s: no memory\n", path);
	return error == 0;
}

/* What the command line did not say. false: said on standard error. */
static bool complete_options(struct options *options, struct machine *machine)
{
	if (options->edge_file != NULL && !read_edge_file(options->edge_file, machine))
		return false;
	if (options->self == NULL)
		options->self = machine->edge;
	if (options->state_dir == NULL)
		options->state_dir =
			machine->state_dir[0] != '\0' ? machine->state_dir : "/var/lib/onramp";
	if (options->stale_s == 0)
		options->stale_s = machine->stale_s != 0 ? machine->stale_s : STALE_PRESET_S;
	if (options->sample_s == 0)
		options->sample_s = machine->sample_s != 0 ? machine->sample_s : SAMPLE_INTERVAL_S;
	return true;
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < FILES_WANTED) {
		/* Only root may raise the hard limit; the soft one goes as far as it can. */
		struct rlimit higher = {FILES_WANTED, FILES_WANTED};
		if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
			return;
		log_warning("main", "at most %llu open files (%u wanted); raise LimitNOFILE",
			(unsigned long long)limit.rlim_max, FILES_WANTED);
	}
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("main", "RLIMIT_NOFILE: %s", strerror(errno));
}

static void stop(evutil_socket_t number, short what, void *context)
{
	log_info("main", "%s: ending; forwarding and BGP go on", strsignal((int)number));
	event_base_loopbreak(context);
}

/* 0 or -errno. */
static int run(
	struct event_base *base, const struct options *options, const struct machine *machine)
{
	const struct sync_options sync_options = {
		options->run_dir, options->frr_dir, options->stale_s};
	const struct server_options server_options = {.run_dir = options->run_dir,
		.state_dir = options->state_dir,
		.self = options->self,
		.machine = options->edge_file != NULL ? machine : NULL,
		.sample_s = options->sample_s};
	struct server *server = NULL;
	struct sync *sync = sync_open(base, &sync_options);
	int error = 0;

	if (sync == NULL) {
		error = -errno;
		log_error("main", "cannot start: %s", strerror(errno));
		return error;
	}
	server = server_open(base, &server_options, sync);
	if (server == NULL)
		error = -errno;
	else if (event_base_dispatch(base) < 0)
		error = -EIO;
	server_close(server);
	sync_close(sync);
	return error;
}

/* 0 or -errno. */
static int run_until_signal(const struct options *options, const struct machine *machine)
{
	struct event_base *base = event_base_new();
	struct event *term, *interrupt;
	int error;

	if (base == NULL)
		return -ENOMEM;
	term = evsignal_new(base, SIGTERM, stop, base);
	interrupt = evsignal_new(base, SIGINT, stop, base);
	if (term == NULL || interrupt == NULL || event_add(term, NULL) < 0 ||
		event_add(interrupt, NULL) < 0)
		error = -ENOMEM;
	else
		error = run(base, options, machine);
	if (term != NULL)
		event_free(term);
	if (interrupt != NULL)
		event_free(interrupt);
	event_base_free(base);
	libevent_global_shutdown();
	return error;
}

int main(int argc, char **argv)
{
	struct options options = {
		.run_dir = "/run/onramp",
		.frr_dir = "/var/run/frr",
	};
	struct machine machine = {0};
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!complete_options(&options, &machine))
		return 2;
	/* A client or a daemon that goes away, and a full disk, are errors of one call. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(0077);
	raise_file_limit();
	return run_until_signal(&options, &machine) == 0 ? 0 : 1;
}
