/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cli/route_details.h"

#include "control/cli/control.h"

json_t *route_details_ask(struct route_details *details, const struct routes *routes,
	const struct api_route *page, size_t count)
{
	json_t *asked = json_array(), *reply, *rows;

	if (details->away) {
		json_decref(asked);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		json_t *question = routes_question(routes, &page[i]);

		json_array_append_new(asked, question != NULL ? question : json_null());
	}
	reply = control_ask(details->cli,
		json_pack("{s:s, s:s, s:o}", "request", "show", "what", "routes", "routes", asked));
	rows = json_object_get(reply, "rows");
	details->away = json_array_size(rows) != count;
	if (details->away)
		cli_error(details->cli,
			"these are the dataplane's routes alone, without LOCPRF, WEIGHT, PATH and "
			"what let them in, which control knows");
	rows = details->away ? NULL : json_incref(rows);
	json_decref(reply);
	return rows;
}
