/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store/owners.h"

#include <stdio.h>
#include <string.h>

#include "control/model/lifecycle.h"
#include "control/store/objects.h"

static const char *text_of(const json_t *objects, const char *object, const char *field)
{
	return json_string_value(json_object_get(json_object_get(objects, object), field));
}

/* Nobody of that name: the operator's. */
static struct owner customer_or_operator(const char *customer)
{
	struct owner owner = {.principal = PRINCIPAL_OPERATOR};

	if (customer == NULL)
		return owner;
	owner.principal = PRINCIPAL_CUSTOMER;
	snprintf(owner.customer, sizeof(owner.customer), "%s", customer);
	return owner;
}

/* What he does not say himself: whose the peering is, which sources are believed of him, how much
 * he may announce, and which files of the edge are read. */
static bool is_operators(const char *field)
{
	static const char *const fields[] = {
		"managed_by",
		"urpf",
		"md5_file",
		"prefix_limit",
		"validated_prefixes",
		"origin_asn",
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(field, fields[i]) == 0)
			return true;
	return false;
}

static struct owner peering_owner(const json_t *objects, const char *peering, const char *field)
{
	const char *manager = text_of(objects, peering, "managed_by");
	enum principal principal = manager != NULL ? principal_find(manager) : PRINCIPAL_CUSTOMER;
	char circuit[OBJECT_PATH_MAX];

	if (is_operators(field))
		return (struct owner){.principal = PRINCIPAL_OPERATOR};
	if (principal == PRINCIPAL_OPERATOR || principal == PRINCIPAL_PROVIDER)
		return (struct owner){.principal = principal};
	return customer_or_operator(
		text_of(objects, objects_parent(peering, circuit, sizeof(circuit)), "customer"));
}

static struct owner authorization_owner(const json_t *objects, const char *authorization)
{
	char pair[OBJECT_PATH_MAX];

	return customer_or_operator(
		text_of(objects, objects_parent(authorization, pair, sizeof(pair)), "owner"));
}

struct owner owner_of(const json_t *objects, const char *object, const char *field)
{
	char list[OBJECT_PATH_MAX];

	objects_list(object, list, sizeof(list));
	if (strcmp(list, "peerings") == 0)
		return peering_owner(objects, object, field);
	if (strcmp(list, "authorizations") == 0)
		return authorization_owner(objects, object);
	if (strcmp(list, "circuits") == 0 && strcmp(field, "provider_state") == 0)
		return (struct owner){.principal = PRINCIPAL_PROVIDER};
	return (struct owner){.principal = PRINCIPAL_OPERATOR};
}

bool owner_equal(const struct owner *one, const struct owner *other)
{
	return one->principal == other->principal && strcmp(one->customer, other->customer) == 0;
}

const char *owner_text(const struct owner *owner, char buffer[OWNER_TEXT_MAX])
{
	snprintf(buffer, OWNER_TEXT_MAX, "%s%s%s", principal_name(owner->principal),
		owner->customer[0] != '\0' ? " " : "", owner->customer);
	return buffer;
}

/* As the loader takes names (control/config/scalar.c). */
static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length <= NAME_MAX_LENGTH && text[length] == '\0' && text[0] != '-';
}

bool owner_parse(const char *text, struct owner *owner)
{
	static const char customer[] = "customer:";

	*owner = (struct owner){.principal = principal_find(text)};
	if (owner->principal == PRINCIPAL_OPERATOR || owner->principal == PRINCIPAL_PROVIDER)
		return true;
	if (strncmp(text, customer, strlen(customer)) != 0 || !is_name(text + strlen(customer)))
		return false;
	*owner = customer_or_operator(text + strlen(customer));
	return true;
}
