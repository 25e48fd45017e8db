/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server/refused_counts.h"

#include <stdio.h>

#include "control/server/views.h"

#define KEY_MAX 96

static const char *key_of(const json_t *question, char key[KEY_MAX])
{
	snprintf(key, KEY_MAX, "%s/%s %s", json_string_value(json_object_get(question, "peering")),
		json_string_value(json_object_get(question, "link")),
		json_string_value(json_object_get(question, "family")));
	return key;
}

static void forget_others(struct refused_counts *refused, const json_t *questions)
{
	json_t *kept = json_object(), *question;
	char key[KEY_MAX];
	size_t index;

	json_array_foreach ((json_t *)questions, index, question)
		if (json_object_get(refused->counts, key_of(question, key)) != NULL)
			json_object_set(kept, key, json_object_get(refused->counts, key));
	json_decref(refused->counts);
	refused->counts = kept;
}

void refused_choose(struct refused_counts *refused, json_t *questions)
{
	size_t all = json_array_size(questions), taken;
	json_t *chosen = json_array();

	forget_others(refused, questions);
	for (taken = 0; taken < all && taken < REFUSED_ASKED_MAX; taken++)
		json_array_append(chosen, json_array_get(questions, (refused->next + taken) % all));
	refused->next = all > 0 ? (refused->next + taken) % all : 0;
	json_array_clear(questions);
	json_array_extend(questions, chosen);
	json_decref(chosen);
}

void refused_learn(struct refused_counts *refused, const json_t *sessions)
{
	json_t *session;
	char key[KEY_MAX];
	size_t index;

	if (refused->counts == NULL)
		refused->counts = json_object();
	json_array_foreach ((json_t *)sessions, index, session) {
		const json_t *answer = json_object_get(session, "answer");

		if (json_is_object(answer))
			json_object_set_new(refused->counts, key_of(session, key),
				json_integer((json_int_t)json_object_size(views_routes(answer))));
	}
}

json_int_t refused_count(const struct refused_counts *refused, const char *link, const char *family)
{
	const json_t *count;
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%s %s", link, family);
	count = json_object_get(refused->counts, key);
	return count != NULL ? json_integer_value(count) : -1;
}

void refused_free(struct refused_counts *refused)
{
	json_decref(refused->counts);
	refused->counts = NULL;
}
