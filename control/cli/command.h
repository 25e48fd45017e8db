/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of the `onramp` command: which there are, what each takes, and how arguments become a
 * call. Parsing has no side effect but text on the given streams.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses. */
enum { STATUS_OK = 0, STATUS_REFUSED = 1, STATUS_USAGE = 2 };

/* One run of the command. */
struct cli {
	const char *run_dir;
	const char *operand; /* FILE, DOMAIN or address; NULL: none given */
	const char *value;   /* the second operand: RATE, TIER, STATE */
	bool json;
	bool dry_run;
	bool all;
	bool force;
	bool stop;
	bool prune;
	bool take_ownership;
	bool begin;
	bool effective;
	bool rejected;
	/* of options with values; NULL: not given */
	const char *duration;      /* --for */
	const char *circuit;       /* --circuit */
	const char *as;            /* --as */
	const char *authorization; /* --authorization */
	const char *since, *from, *to, *key, *signature;
	/* --peering, --vnet, --proto, --port, --bytes */
	const char *peering, *vnet, *proto, *l4_port, *bytes;
	const char *write, *count, *snaplen; /* -w, --count, --snaplen */
	const char *timeout, *port_pair, *bandwidth, *tier, *family, *s_tag, *secondary_s_tag;
	bool colour;
	bool unicode; /* out is a terminal that shows it */
	FILE *out;    /* results */
	FILE *err;    /* everything else */
};

enum {
	OPTION_DRY_RUN = 1,
	OPTION_ALL = 2,
	OPTION_FORCE = 4,
	OPTION_STOP = 8,
	OPTION_FOR = 16,
	OPTION_PRUNE = 32,
	OPTION_TAKE_OWNERSHIP = 64,
	OPTION_BEGIN = 128,
	OPTION_EFFECTIVE = 256,
	OPTION_TIMEOUT = 512,
	OPTION_CIRCUIT = 1 << 16,
	OPTION_SINCE = 1 << 17,
	OPTION_SPAN = 1 << 18, /* --from, --to: times */
	OPTION_KEY = 1 << 19,
	OPTION_SIGNATURE = 1 << 20,
	OPTION_FLOW = 1 << 21, /* --from, --to, --proto, --port: of a packet */
	OPTION_EXPLAIN = 4096, /* --peering, --vnet, --bytes: of one that does not exist */
	OPTION_AS = 1 << 24,
	OPTION_AUTHORIZATION = 1 << 25,
	OPTION_BANDWIDTH = 1 << 26, /* --bandwidth alone */
	OPTION_SOLD = 1024,         /* --port-pair, --bandwidth, --tier, --family, --s-tag */
	OPTION_REJECTED = 2048,
	OPTION_WRITE = 8192, /* -w, which must be given */
	OPTION_SNAPLEN = 1 << 15,
	OPTION_COUNT = 1 << 14,
};

struct command {
	const char *name;
	const char
		*operand;  /* "FILE", "[DOMAIN]"; NULL: takes none. In brackets: may be left out */
	const char *value; /* a second operand, as "RATE"; NULL: takes none */
	unsigned int options; /* bits of OPTION_* */
	const char *summary;  /* one line for the list of the level above */
	const char *details;  /* for its own help */
	const char *example;
	int (*run)(const struct cli *cli); /* NULL: has commands instead; returns a status */
	const struct command *commands;    /* ends with a name of NULL */
};

/* The whole tree; its own name is "onramp". */
extern const struct command onramp_command;
/* Parts of it that have files of their own. */
extern const struct command circuit_commands[];
extern const struct command peering_commands[];
extern const struct command port_pair_commands[];
extern const struct command show_commands[];
extern const struct command wait_commands[];
extern const struct command usage_commands[];
extern const struct command filter_commands[];
extern const struct command global_reach_commands[];

/* Fills cli from the arguments (argv[0] is skipped) and finds the command to run. NULL: it is over
 * (help was printed, or a mistake reported) and *status says how. */
const struct command *command_parse(
	const struct command *root, int argc, char *const *argv, struct cli *cli, int *status);

/* "onramp: " and a line on cli->err. */
void cli_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The commands, one a file or two. */
int check_run(const struct cli *cli);
int apply_run(const struct cli *cli);
int export_run(const struct cli *cli);
int rollback_run(const struct cli *cli);
int audit_run(const struct cli *cli);
int explain_run(const struct cli *cli);
int circuit_create_run(const struct cli *cli);
int circuit_provision_run(const struct cli *cli);
int circuit_deprovision_run(const struct cli *cli);
int circuit_enable_run(const struct cli *cli);
int circuit_disable_run(const struct cli *cli);
int circuit_set_bandwidth_run(const struct cli *cli);
int circuit_set_tier_run(const struct cli *cli);
int circuit_delete_run(const struct cli *cli);
int doctor_run(const struct cli *cli);
int filter_attach_run(const struct cli *cli);
int global_reach_connect_run(const struct cli *cli);
int global_reach_disconnect_run(const struct cli *cli);
int filter_detach_run(const struct cli *cli);
int capture_run(const struct cli *cli);
int trace_run(const struct cli *cli);
int show_advertised_run(const struct cli *cli);
int circuit_set_run(const struct cli *cli);
int peering_set_run(const struct cli *cli);
int peering_delete_run(const struct cli *cli);
int show_service_key_run(const struct cli *cli);
int port_pair_authorize_run(const struct cli *cli);
int port_pair_revoke_run(const struct cli *cli);
int show_authorizations_run(const struct cli *cli);
int wait_circuit_run(const struct cli *cli);
int link_drain_run(const struct cli *cli);
int link_undrain_run(const struct cli *cli);
int show_circuits_run(const struct cli *cli);
int show_connections_run(const struct cli *cli);
int show_peerings_run(const struct cli *cli);
int show_bgp_run(const struct cli *cli);
int show_bfd_run(const struct cli *cli);
int show_arp_run(const struct cli *cli);
int show_status_run(const struct cli *cli);
int show_validation_run(const struct cli *cli);
int show_ports_run(const struct cli *cli);
int show_routes_run(const struct cli *cli);
int show_rejected_run(const struct cli *cli);
int show_stats_run(const struct cli *cli);
int show_drops_run(const struct cli *cli);
int show_memory_run(const struct cli *cli);
int show_rates_run(const struct cli *cli);
int show_usage_run(const struct cli *cli);
int usage_export_run(const struct cli *cli);
int usage_verify_run(const struct cli *cli);
int show_workers_run(const struct cli *cli);
int show_paths_run(const struct cli *cli);
int show_groups_run(const struct cli *cli);
int show_tests_run(const struct cli *cli);
int link_test_run(const struct cli *cli);
