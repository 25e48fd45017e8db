/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `onramp doctor`: why a circuit does not work, whose side that is on, and what to do next.
 */
#include <string.h>

#include "control/cli/doctor.h"
#include "control/cli/table.h"

#define LAYER_WIDTH 9
#define VERDICT_WIDTH 7

static json_t *side_json(enum doctor_side side)
{
	return side != SIDE_NONE ? json_string(doctor_side_name(side)) : json_null();
}

static json_t *finding_json(const struct doctor_finding *finding)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s*}", "layer",
		doctor_layer_name(finding->layer), "where", finding->where, "verdict",
		doctor_verdict_name(finding->verdict), "side", side_json(finding->side), "text",
		finding->text, "next", finding->next[0] != '\0' ? finding->next : NULL);
}

static bool is_healthy(const struct doctor_finding *first)
{
	return first == NULL || first->verdict != DOCTOR_WRONG;
}

static int print_json(const struct cli *cli, const struct doctor_report *report)
{
	const struct doctor_finding *first = doctor_first(report);
	json_t *findings = json_array(), *whole;
	int error;

	for (unsigned int i = 0; i < report->count; i++)
		json_array_append_new(findings, finding_json(&report->findings[i]));
	whole = json_pack("{s:s, s:b, s:o, s:o}", "address", cli->operand, "healthy",
		is_healthy(first), "first", first != NULL ? finding_json(first) : json_null(),
		"findings", findings);
	error = json_print(cli, whole);
	json_decref(whole);
	return error;
}

/* ---- for people ---- */

static const char *colour(const struct cli *cli, enum doctor_verdict verdict)
{
	static const char *const colours[] = {[DOCTOR_OK] = "\033[32m",
		[DOCTOR_UNKNOWN] = "",
		[DOCTOR_WARN] = "\033[33m",
		[DOCTOR_WRONG] = "\033[31m"};

	return cli->colour ? colours[verdict] : "";
}

static unsigned int where_width(const struct doctor_report *report)
{
	unsigned int width = (unsigned int)strlen("WHERE");

	for (unsigned int i = 0; i < report->count; i++)
		if (strlen(report->findings[i].where) > width)
			width = (unsigned int)strlen(report->findings[i].where);
	return width;
}

static void print_findings(const struct cli *cli, const struct doctor_report *report)
{
	unsigned int width = where_width(report);

	fprintf(cli->out, "%-*s  %-*s  %-*s  %s\n", LAYER_WIDTH, "LAYER", VERDICT_WIDTH, "VERDICT",
		(int)width, "WHERE", "FOUND");
	for (unsigned int i = 0; i < report->count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		fprintf(cli->out, "%-*s  %s%-*s%s  %-*s  ", LAYER_WIDTH,
			doctor_layer_name(finding->layer), colour(cli, finding->verdict),
			VERDICT_WIDTH, doctor_verdict_name(finding->verdict),
			cli->colour ? "\033[0m" : "", (int)width, finding->where);
		text_wrapped(cli->out, LAYER_WIDTH + VERDICT_WIDTH + width + 6, finding->text);
	}
}

static const char *whose(enum doctor_side side)
{
	static const char *const texts[] = {[SIDE_NONE] = "",
		[SIDE_OURS] = "ours",
		[SIDE_PROVIDER] = "the provider's",
		[SIDE_CUSTOMER] = "the customer's"};

	return texts[side];
}

static void print_first(const struct cli *cli, const struct doctor_finding *first)
{
	if (first == NULL) {
		fputs("\nNothing is wrong.\n", cli->out);
		return;
	}
	fprintf(cli->out, "\n%s: %s of %s\n",
		first->verdict == DOCTOR_WRONG ? "First thing wrong"
					       : "Nothing is wrong; worth a look",
		doctor_layer_name(first->layer), first->where);
	fputs("  found  ", cli->out);
	text_wrapped(cli->out, 9, first->text);
	fprintf(cli->out, "  side   %s\n", whose(first->side));
	fputs("  next   ", cli->out);
	text_wrapped(cli->out, 9, first->next);
}

static int print(const struct cli *cli, const struct doctor_report *report)
{
	if (cli->json)
		return print_json(cli, report);
	print_findings(cli, report);
	print_first(cli, doctor_first(report));
	return 0;
}

int doctor_run(const struct cli *cli)
{
	static struct doctor_report report;
	struct doctor_sources sources;
	struct doctor_facts facts;
	int status = STATUS_REFUSED;

	if (doctor_sources_read(cli, &sources)) {
		doctor_facts_fill(cli->operand, &sources, &facts);
		doctor_examine(&facts, &report);
		if (print(cli, &report) != 0)
			cli_error(cli, "cannot print: no memory");
		else if (is_healthy(doctor_first(&report)))
			status = STATUS_OK;
	}
	doctor_sources_free(&sources);
	return status;
}
