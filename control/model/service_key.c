/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model/service_key.h"

#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "control/model/site.h"

void service_key_make(const char *site, const char *circuit, char key[37])
{
	char seed[sizeof("onramp:") + NAME_MAX_LENGTH];
	uuid_t namespace_id, id;

	snprintf(seed, sizeof(seed), "onramp:%s", site);
	uuid_generate_sha1(namespace_id, *uuid_get_template("dns"), seed, strlen(seed));
	uuid_generate_sha1(id, namespace_id, circuit, strlen(circuit));
	uuid_unparse_lower(id, key);
}
