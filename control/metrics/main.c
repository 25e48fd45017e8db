/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * onramp-metrics: what monitoring systems scrape, on a loopback HTTP port. A process of its own:
 * HTTP is not parsed where BGP and packets are, and it only reads.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>

#include "control/metrics/collect.h"

#define LISTEN_DEFAULT "127.0.0.1:9747"
#define HEADERS_MAX 8192 /* bytes of a request's headers */
#define IDLE_S 60

static struct cli cli = {.run_dir = "/run/onramp"};

static int usage(FILE *out, int status)
{
	fputs("usage: onramp-metrics [--run-dir DIR] [--listen ADDRESS:PORT]\n"
	      "  --run-dir DIR           of dataplane and control (default /run/onramp)\n"
	      "  --listen ADDRESS:PORT   a loopback address (default " LISTEN_DEFAULT
	      "); [::1]:9747 is one too\n"
	      "Answers GET /metrics in the OpenMetrics format.\n",
		out);
	return status;
}

/* What is wrong is told once, when it begins. */
static void report(char *text)
{
	static char *before;

	if (before == NULL || strcmp(text, before) != 0)
		fputs(text, stderr);
	free(before);
	before = text;
}

static void answer_metrics(struct evhttp_request *request, void *unused)
{
	struct metrics metrics = {0};
	char *text = NULL;
	size_t length;

	cli.err = open_memstream(&text, &length);
	if (cli.err == NULL) {
		evhttp_send_error(request, HTTP_INTERNAL, "no memory");
		return;
	}
	collect(&cli, &metrics);
	fclose(cli.err);
	if (text != NULL)
		report(text);
	if (metrics.no_memory || evbuffer_add(evhttp_request_get_output_buffer(request),
					 metrics.text, metrics.length) != 0) {
		evhttp_send_error(request, HTTP_INTERNAL, "no memory");
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			OPENMETRICS_CONTENT_TYPE);
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
	}
	metrics_free(&metrics);
}

static void answer_other(struct evhttp_request *request, void *unused)
{
	evhttp_send_error(request, HTTP_NOTFOUND, "there is only /metrics");
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)address;

		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* 0, or -1 and said. */
static int bind_to(struct evhttp *http, const char *listen)
{
	struct sockaddr_storage address;
	int length = sizeof(address);
	const char *colon = strrchr(listen, ':');
	char host[64];

	if (evutil_parse_sockaddr_port(listen, (struct sockaddr *)&address, &length) != 0 ||
		colon == NULL || atoi(colon + 1) == 0) {
		fprintf(stderr,
			"onramp-metrics: --listen %s: an address and a port are wanted, such as "
			"%s or [::1]:9747\n",
			listen, LISTEN_DEFAULT);
		return -1;
	}
	if (!is_loopback((const struct sockaddr *)&address)) {
		fprintf(stderr,
			"onramp-metrics: --listen %s: only loopback addresses, for anybody who "
			"reaches the port reads every tenant's figures; put a proxy that asks who "
			"it is before it\n",
			listen);
		return -1;
	}
	if (evutil_inet_ntop(address.ss_family,
		    address.ss_family == AF_INET
			    ? (const void *)&((struct sockaddr_in *)&address)->sin_addr
			    : (const void *)&((struct sockaddr_in6 *)&address)->sin6_addr,
		    host, sizeof(host)) == NULL)
		return -1;
	if (evhttp_bind_socket(http, host, (uint16_t)atoi(colon + 1)) == 0)
		return 0;
	fprintf(stderr, "onramp-metrics: cannot listen on %s: %s\n", listen, strerror(errno));
	return -1;
}

/* The port to listen on, or NULL and *status says how it ended. */
static const char *parse(int argc, char **argv, int *status)
{
	static const struct option options[] = {{"run-dir", required_argument, NULL, 'r'},
		{"listen", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {0}};
	const char *listen = LISTEN_DEFAULT;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			cli.run_dir = optarg;
			break;
		case 'l':
			listen = optarg;
			break;
		case 'v':
			puts("onramp-metrics " ONRAMP_VERSION);
			*status = EXIT_SUCCESS;
			return NULL;
		default:
			*status = usage(option == 'h' ? stdout : stderr,
				option == 'h' ? EXIT_SUCCESS : STATUS_USAGE);
			return NULL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "onramp-metrics: '%s' is too much\n", argv[optind]);
		*status = usage(stderr, STATUS_USAGE);
		return NULL;
	}
	return listen;
}

static void end(evutil_socket_t number, short events, void *base)
{
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	int status = EXIT_FAILURE;
	const char *listen = parse(argc, argv, &status);
	struct event_base *base;
	struct evhttp *http;

	if (listen == NULL)
		return status;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	http = base != NULL ? evhttp_new(base) : NULL;
	if (http == NULL) {
		fputs("onramp-metrics: no memory\n", stderr);
		return EXIT_FAILURE;
	}
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(http, HEADERS_MAX);
	evhttp_set_max_body_size(http, 0);
	evhttp_set_timeout(http, IDLE_S);
	evhttp_set_cb(http, "/metrics", answer_metrics, NULL);
	evhttp_set_gencb(http, answer_other, NULL);
	if (bind_to(http, listen) == 0) {
		struct event *ends[] = {evsignal_new(base, SIGTERM, end, base),
			evsignal_new(base, SIGINT, end, base)};

		for (unsigned int i = 0; i < 2; i++)
			evsignal_add(ends[i], NULL);
		fprintf(stderr, "onramp-metrics: http://%s/metrics\n", listen);
		status = event_base_dispatch(base) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		for (unsigned int i = 0; i < 2; i++)
			event_free(ends[i]);
	}
	evhttp_free(http);
	event_base_free(base);
	return status;
}
