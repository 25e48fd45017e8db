/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What edge.yaml may say, and the parts of it that a site's edges share.
 */
#include <stddef.h>

#include "control/config/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct choice sample_times[] = {
	{"1", 1}, {"2", 2}, {"5", 5}, {"10", 10}, {"20", 20}, {"30", 30}, {"60", 60}, {NULL, 0}};

static const struct field cores_fields[] = {
	[CORES_WORKERS] = {"workers", FIELD_INTEGER, SHAPE_LIST, .required = true, .maximum = 1023,
		.unit = "CPU numbers", .example = "[2, 3]",
		.sentence = "CPUs that do nothing but move packets, one worker on each."},
	[CORES_CONTROL] = {"control", FIELD_INTEGER, SHAPE_LIST, .required = true, .maximum = 1023,
		.unit = "CPU numbers", .example = "[0, 1]",
		.sentence =
			"CPUs for the dataplane's other threads. A CPU may be in both lists only "
			"when `idle` lets workers sleep."},
	[CORES_IDLE] = {"idle", FIELD_IDLE, .preset = "poll", .minimum = 1, .maximum = 100000,
		.unit = "`poll`, or a duration in `us` or `ms`", .example = "50us",
		.sentence = "What a worker without packets does: poll on, or sleep that long."},
};
const struct schema cores_schema = {"the cores of an edge", "Which CPUs the dataplane uses.",
	cores_fields, COUNT(cores_fields), -1};

static const struct field memory_fields[] = {
	[MEMORY_SIZE] = {"size", FIELD_SIZE, .preset = "1G", .minimum = 64, .maximum = 1048576,
		.unit = "MiB (`M`) or GiB (`G`)", .example = "4G",
		.sentence = "Memory the dataplane takes at its start, from 64M to 1024G."},
	[MEMORY_HUGEPAGES] = {"hugepages", FIELD_FLAG, .preset = "true", .example = "false",
		.sentence =
			"Whether that memory is huge pages. Without them (a laboratory) look-ups "
			"are slower."},
};
const struct schema memory_schema = {"the memory of an edge",
	"How much memory the dataplane takes, and of which kind.", memory_fields,
	COUNT(memory_fields), -1};

static const struct field rtr_fields[] = {
	[RTR_HOST] = {"host", FIELD_TEXT, .required = true, .example = "192.0.2.53",
		.unit = "a name or an address", .sentence = "The cache."},
	[RTR_PORT] = {"port", FIELD_INTEGER, .preset = "323", .minimum = 1, .maximum = 65535,
		.unit = "TCP port", .example = "3323", .sentence = "Where it listens."},
};
static const struct schema rtr_schema = {"an RPKI cache",
	"A validator's cache, asked by the RPKI to Router protocol (RFC 8210, RFC 6810) over TCP, "
	"which is neither signed nor encrypted: it should be this machine, or on a network of the "
	"operator's own.",
	rtr_fields, COUNT(rtr_fields), -1};

static const struct field validation_fields[] = {
	[VALIDATION_REGISTRY] = {"registry", FIELD_TEXT, .example = "/etc/onramp/registry.csv",
		.unit = "an absolute path",
		.sentence =
			"A file of lines `PREFIX,ASN`, comments from `#` on. Who is named with a "
			"prefix may have it and each part of it validated."},
	[VALIDATION_VRPS] = {"vrps", FIELD_TEXT, .example = "/var/lib/rpki-client/json",
		.unit = "an absolute path",
		.sentence = "RPKI's validated payloads (VRPs) as JSON, as rpki-client, Routinator "
			    "and StayRTR write them."},
	[VALIDATION_RTR] = {"rtr", FIELD_MAPPING, .schema = &rtr_schema,
		.example = "{host: 192.0.2.53, port: 3323}",
		.sentence = "A cache that has RPKI's VRPs, and tells of changes at once; beside "
			    "`vrps` or in its place."},
};
const struct schema validation_schema = {"the validation of public prefixes",
	"Who is asked, beside the operator, whether the `validated_prefixes` of public peerings "
	"are their customers'. It stands here and not in the site's document, because files and "
	"caches are a machine's own, and the edges of a pair should not depend on the same one. "
	"With a source a prefix counts once the registry names the peering's AS for it, or a VRP "
	"of this AS covers it with a fitting length; until all prefixes of a peering count, its "
	"sessions stay down. Routes that RPKI calls invalid (RFC 6811) are refused. Files are read "
	"again within seconds of a change; of one that is gone or wrong what was read last stays, "
	"VRPs for two hours, or as long as the cache has it. `onramp show validation` says what "
	"each source says.",
	validation_fields, COUNT(validation_fields), -1};

static const struct field machine_fields[] = {
	[MACHINE_EDGE] = {"edge", FIELD_NAME, .required = true, .example = "fra1-a",
		.sentence = "Which edge of the site this machine is."},
	[MACHINE_CORES] = {"cores", FIELD_MAPPING, .schema = &cores_schema,
		.example = "{workers: [2, 3], control: [0, 1]}",
		.sentence = "CPUs of the dataplane; in the place of those that the site's document "
			    "has for this edge."},
	[MACHINE_MEMORY] = {"memory", FIELD_MAPPING, .schema = &memory_schema,
		.example = "{size: 4G}", .sentence = "Memory of the dataplane; likewise."},
	[MACHINE_STATE_DIR] = {"state_dir", FIELD_TEXT, .preset = "/var/lib/onramp",
		.example = "/srv/onramp",
		.sentence = "Where the store is kept, and what links moved: an absolute path."},
	[MACHINE_STALE] = {"stale_time", FIELD_INTEGER, .preset = "180", .minimum = 1,
		.maximum = 3600, .unit = "seconds", .example = "300",
		.sentence = "How long the routes of an FRR daemon that died stay, at most."},
	[MACHINE_SAMPLE] = {"sample_time", FIELD_CHOICE, .preset = "10", .choices = sample_times,
		.unit = "seconds", .example = "5",
		.sentence = "From look to look at what links move, for rates and usage."},
	[MACHINE_VALIDATION] = {"validation", FIELD_MAPPING, .schema = &validation_schema,
		.example = "{registry: /etc/onramp/registry.csv}",
		.sentence = "Whom to ask about public prefixes. Without it the operator's list is "
			    "believed."},
};
const struct schema machine_schema = {"this machine",
	"A file of its own on each edge, `/etc/onramp/edge.yaml` (`onramp-control --edge-file`): "
	"what is only this machine's. What stands on the command line too is taken from there.",
	machine_fields, COUNT(machine_fields), -1};
