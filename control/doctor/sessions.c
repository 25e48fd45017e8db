/* SPDX-License-Identifier: BSD-3-Clause */
/* BFD and BGP: what both sides say, and what that means. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/doctor/rules.h"

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static bool says(const char *text, const char *part)
{
	return text != NULL && strstr(text, part) != NULL;
}

/* ---- BFD ---- */

/* Both sides' diagnostics, where they say something. */
static const char *diagnostics(const struct doctor_bfd *bfd, char *text, size_t size)
{
	bool ours = bfd->diagnostic != NULL && !is(bfd->diagnostic, "none");
	bool theirs = bfd->remote_diagnostic != NULL && !is(bfd->remote_diagnostic, "none");

	snprintf(text, size, "%s%s%s%s", ours ? "; we say: " : "", ours ? bfd->diagnostic : "",
		theirs ? "; the peer says: " : "", theirs ? bfd->remote_diagnostic : "");
	return text;
}

static void bfd_up(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_bfd *bfd = &link->families[number].bfd;

	doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, doctor_family_name(number),
		"up; detects within %u ms (ours %u ms x %u, the peer's %u ms x %u)",
		bfd->detection_ms, bfd->min_tx_ms, bfd->multiplier, bfd->remote_min_tx_ms,
		bfd->remote_multiplier);
}

/* Without it the link works, and its failure is noticed late; but what BFD took down gets no
 * packets. */
static enum doctor_verdict verdict_of(const struct doctor_family *family)
{
	return says(family->path_down, "bfd") || !is(family->bgp.state, "Established")
		       ? DOCTOR_WRONG
		       : DOCTOR_WARN;
}

/* BGP is up, so FRR is there; bfdd need not be, which the edge's layer tells. */
static void bfd_absent(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	struct doctor_finding *finding =
		doctor_add(at, DOCTOR_WARN, SIDE_OURS, link->name, doctor_family_name(number),
			"it is configured, but FRR has not asked the dataplane for the session");

	doctor_next(finding, "see `onramp show status` and `onramp show bfd %s`", link->name);
}

static void bfd_down(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_bfd *bfd = &link->families[number].bfd;
	enum doctor_verdict verdict = verdict_of(&link->families[number]);
	const char *name = doctor_family_name(number);
	struct doctor_finding *finding;
	char said[160];

	diagnostics(bfd, said, sizeof(said));
	if (bfd->refused != NULL) {
		finding = doctor_add(at, verdict, SIDE_CUSTOMER, link->name, name,
			"its packets arrive and are not believed: %s", bfd->refused);
		doctor_next(finding,
			"see `onramp show bfd %s`, and agree with the customer on BFD's key, TTL "
			"and addresses",
			link->name);
	} else if (is(bfd->remote, "admin-down")) {
		finding = doctor_add(at, verdict, SIDE_CUSTOMER, link->name, name,
			"the peer has switched it off (AdminDown)%s", said);
		doctor_next(finding,
			"write to the customer: \"BFD with us is switched off on %s. Please enable "
			"it, %u ms x %u.\"",
			link->name, bfd->min_tx_ms, bfd->multiplier);
	} else if (!bfd->heard) {
		finding = doctor_add(at, verdict, SIDE_CUSTOMER, link->name, name,
			"%s: the peer sends none%s", bfd->state, said);
		doctor_next(finding,
			"write to the customer: \"We get no BFD from %s on %s. Please configure it "
			"towards us, %u ms x %u, or tell us to do without.\"",
			link->families[number].peer, link->name, bfd->min_tx_ms, bfd->multiplier);
	} else {
		finding = doctor_add(at, verdict, SIDE_CUSTOMER, link->name, name,
			"%s, the peer's is %s%s", bfd->state, bfd->remote, said);
		doctor_next(finding,
			"write to the customer: \"BFD on %s went down. Does your router run it, "
			"and does it see our packets?\"",
			link->name);
	}
}

/* Many routers begin BFD with BGP, and end it with BGP: then BGP is what to look at. */
static bool waits_for_bgp(const struct doctor_family *family)
{
	const struct doctor_bfd *bfd = &family->bfd;

	return bfd->refused == NULL &&
	       (bfd->state == NULL || !bfd->heard || is(bfd->remote, "admin-down")) &&
	       !is(family->bgp.state, "Established");
}

void doctor_bfd(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_bfd *bfd = &link->families[number].bfd;

	if (is(bfd->state, "up"))
		bfd_up(at, link, number);
	else if (!bfd->wanted)
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, doctor_family_name(number),
			"off; BGP's hold timer notices failures");
	else if (waits_for_bgp(&link->families[number]))
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, link->name, doctor_family_name(number),
			"%s; many routers speak BFD only while BGP is up, which it is not",
			bfd->state != NULL ? bfd->state : "no session");
	else if (bfd->state == NULL)
		bfd_absent(at, link, number);
	else
		bfd_down(at, link, number);
}

/* ---- BGP ---- */

/* What `show bgp` says of a session that is down, and what that means. %1: the link, %2: the
 * customer's AS number. First match. */
struct bgp_meaning {
	const char *error;
	enum doctor_side side;
	const char *meaning; /* NULL: the error says it all */
	const char *next;
};

#define CUSTOMER "write to the customer: "

static const struct bgp_meaning meanings[] = {
	{"could not be read", SIDE_OURS, NULL,
		"mend the key's file (it may be read by root alone); it is looked at every few "
		"seconds"},
	{"no md5_file is set here", SIDE_CUSTOMER, NULL,
		CUSTOMER "\"Your router signs BGP with a key, we have none for you. Shall we set "
			 "one?\", or set md5_file"},
	{"another key than", SIDE_CUSTOMER, NULL,
		CUSTOMER "\"The BGP keys differ. Please set the one that we agreed on.\" (ours is "
			 "in the file that is named)"},
	{"does not sign", SIDE_CUSTOMER, NULL,
		CUSTOMER "\"Your router does not sign BGP. Please set the key (TCP-MD5) that we "
			 "agreed on.\""},
	{"closed by us: more than", SIDE_CUSTOMER, NULL,
		CUSTOMER "\"You announce more prefixes than agreed, so the session is closed. It "
			 "comes back within a minute of announcing fewer.\""},
	{"Bad Peer AS", SIDE_CUSTOMER, "the customer's AS number, or ours as he has it, is wrong",
		CUSTOMER "\"Is your AS number the one below, and do you expect ours?\"; else "
			 "correct peer_asn"},
	{"Bad BGP Identifier", SIDE_CUSTOMER, "his router id is not usable",
		CUSTOMER "\"Your BGP router id is 0 or the same as ours. Please set another.\""},
	{"Unacceptable Hold Time", SIDE_CUSTOMER, "one side refuses the other's hold time",
		CUSTOMER "\"Please set BGP's hold time to 0, or to 3 s and more.\""},
	{"Maximum Number of Prefixes", SIDE_CUSTOMER,
		"his router takes fewer prefixes than we announce",
		CUSTOMER "\"Your router closes BGP because of its prefix limit. Please raise "
			 "it.\" (`onramp show advertised` has what we announce)"},
	{"Administrative", SIDE_CUSTOMER, "his side has shut it down or reset it",
		CUSTOMER "\"Your router has shut BGP with us down. When will it be back?\""},
	{"Peer De-configured", SIDE_CUSTOMER, "his side has taken the session out",
		CUSTOMER "\"Your router has no BGP session with us any more. Is that meant?\""},
	{"Connection Rejected", SIDE_CUSTOMER, "his router refuses the connection",
		CUSTOMER "\"Your router refuses BGP from us. Is it configured for our address?\""},
	{"Hold Timer Expired", SIDE_CUSTOMER, "one side did not hear the other for the hold time",
		CUSTOMER "\"BGP with you ended for silence. Is your router busy, or is there "
			 "loss on the line?\""},
	{"Peer closed the session", SIDE_CUSTOMER, "his router closed the connection",
		CUSTOMER "\"Your router closes BGP with us. What does its log say?\""},
};

static const struct bgp_meaning *meaning_of(const char *error)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (says(error, meanings[i].error))
			return &meanings[i];
	return NULL;
}

static void bgp_absent(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, link->name,
		doctor_family_name(number), "FRR has no such session yet");

	doctor_next(finding, "see `onramp show status`; if it stays so, control's log says why");
}

static void bgp_unvalidated(
	struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, SIDE_OURS, link->name,
		doctor_family_name(number), "%s", link->families[number].bgp.error);

	doctor_next(finding,
		"`onramp show validation %.*s` says which of the customer's prefixes are vouched "
		"for; name those in validated_prefixes",
		(int)strcspn(link->name, "/"), link->name);
}

static void bgp_unanswered(
	struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_family *family = &link->families[number];
	const char *error = family->bgp.error;
	struct doctor_finding *finding = doctor_add(at, DOCTOR_WRONG, SIDE_CUSTOMER, link->name,
		doctor_family_name(number), "%s: %s does not take part%s%s", family->bgp.state,
		family->peer, error != NULL ? "; last: " : "", error != NULL ? error : "");

	doctor_next(finding,
		CUSTOMER
		"\"Your router %s does not speak BGP with us on %s. Is it configured, with "
		"your AS number %" PRIu32 ", and does no filter stop TCP port 179?\"",
		family->peer, link->name, family->bgp.asn);
}

static void bgp_down(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_bgp *bgp = &link->families[number].bgp;
	const struct bgp_meaning *meaning = meaning_of(bgp->error);
	struct doctor_finding *finding;

	if (is(bgp->state, "Absent")) {
		bgp_absent(at, link, number);
	} else if (says(bgp->error, "not enabled:")) {
		bgp_unvalidated(at, link, number);
	} else if (meaning == NULL) {
		bgp_unanswered(at, link, number);
	} else {
		finding = doctor_add(at, DOCTOR_WRONG, meaning->side, link->name,
			doctor_family_name(number), "%s: %s%s%s", bgp->state, bgp->error,
			meaning->meaning != NULL ? "; " : "",
			meaning->meaning != NULL ? meaning->meaning : "");
		doctor_next(finding, "%s (link %s, AS %" PRIu32 ")", meaning->next, link->name,
			bgp->asn);
	}
}

void doctor_bgp(struct doctor_case *at, const struct doctor_link *link, unsigned int number)
{
	const struct doctor_bgp *bgp = &link->families[number].bgp;
	const char *name = doctor_family_name(number);
	struct doctor_finding *finding;

	if (bgp->state == NULL) {
		doctor_add(at, DOCTOR_UNKNOWN, SIDE_NONE, link->name, name,
			"not known while control or FRR is away");
	} else if (!is(bgp->state, "Established")) {
		bgp_down(at, link, number);
	} else if (bgp->alarm != NULL) {
		finding = doctor_add(at, DOCTOR_WARN, SIDE_CUSTOMER, link->name, name,
			"Established, but near its limit: %s", bgp->alarm);
		doctor_next(finding,
			CUSTOMER "\"You announce %s; above that limit routes are refused or the "
				 "session closed.\"",
			bgp->alarm);
	} else {
		doctor_add(at, DOCTOR_OK, SIDE_NONE, link->name, name,
			"Established for %" PRId64 " s with AS %" PRIu32, bgp->uptime_s, bgp->asn);
	}
}
