/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bfd/news.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "dataplane/bfd/bfdd.h"
#include "dataplane/interface/interface.h"
#include "dataplane/startup/log.h"

/* In one turn of main, which has other work too; what is left wakes it again. */
#define NEWS_PER_TURN 512u

static const char *diag_text(uint8_t diag)
{
	const char *text = api_bfd_diag_text(diag);

	return text != NULL ? text : "an unknown diagnostic";
}

static int down_text(const struct bfd_change *change, const char *name, const char *peer,
	char text[BFD_NEWS_TEXT_MAX])
{
	const char *state = api_bfd_state_name(change->state);

	if (change->diag == BFD_DIAG_TIME_EXPIRED)
		return snprintf(text, BFD_NEWS_TEXT_MAX, "%s: %s is %s: silent for %u.%u ms", name,
			peer, state, change->silence_us / 1000, change->silence_us / 100 % 10);
	if (change->diag == BFD_DIAG_NEIGHBOUR_DOWN)
		return snprintf(text, BFD_NEWS_TEXT_MAX, "%s: %s is %s: it says %s (%s)", name,
			peer, state, api_bfd_state_name(change->remote_state),
			diag_text(change->remote_diag));
	return snprintf(text, BFD_NEWS_TEXT_MAX, "%s: %s is %s: %s", name, peer, state,
		diag_text(change->diag));
}

bool bfd_news_text(const struct bfd_change *change, const char *name, char text[BFD_NEWS_TEXT_MAX])
{
	char peer[INET6_ADDRSTRLEN];

	if ((change->state == BFD_UP) == (change->before == BFD_UP))
		return false;
	if (inet_ntop(change->key.family, change->key.peer, peer, sizeof(peer)) == NULL)
		return false;
	if (change->state == BFD_UP)
		snprintf(text, BFD_NEWS_TEXT_MAX, "%s: %s is up", name, peer);
	else
		down_text(change, name, peer, text);
	return true;
}

static void log_change(const struct bfd_change *change)
{
	const struct interface *interface = change->key.interface < API_INTERFACES_MAX
						    ? interface_get(change->key.interface)
						    : NULL;
	char text[BFD_NEWS_TEXT_MAX];

	if (!bfd_news_text(change, interface != NULL ? interface->api.name : "multihop", text))
		return;
	if (change->state == BFD_UP)
		log_info("bfd", "%s", text);
	else
		log_warning("bfd", "%s", text);
}

void bfd_pass_news(void)
{
	struct bfd_change change;

	for (unsigned int i = 0; i < NEWS_PER_TURN && bfd_next_change(&change); i++) {
		bfdd_report(&change);
		log_change(&change);
	}
}
