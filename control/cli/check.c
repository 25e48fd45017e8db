/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "control/cli/document.h"
#include "control/cli/table.h"
#include "control/config/config.h"

int check_run(const struct cli *cli)
{
	struct config_findings findings = {0};
	struct site *site;
	size_t length;
	char *document = document_read(cli, &length);
	json_t *list;

	if (document == NULL)
		return STATUS_REFUSED;
	site = config_load(document, length, &findings);
	free(document);
	list = config_findings_json(&findings);
	config_findings_free(&findings);
	if (list == NULL || (site == NULL && json_array_size(list) == 0)) {
		cli_error(cli, "no memory");
	} else if (cli->json) {
		json_print(cli, list);
	} else {
		findings_print(cli, cli->out, list);
		findings_count(list, cli->out);
	}
	json_decref(list);
	if (site == NULL)
		return STATUS_REFUSED;
	site_free(site);
	return STATUS_OK;
}
