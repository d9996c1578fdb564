/* SPDX-License-Identifier: MIT
 *
 * What happens to tickets, runs and units beside the runs themselves: each an item of the chain
 * (store/chain.h), its data by a table (ticket/form.h). Types, and who reads them:
 *
 *	received	ticket	feed	the first time a ticket comes; ticket_changed afterwards
 *	repair		ticket	feed	{"repair_seq", "action", "faults", "parts", "minutes", "by",
 *					"at", "note"}; earlier passes fall
 *	acceptance	ticket	feed	{"attended", "outcome": "accepted" | "refused", "code",
 *					"employee", "at"}; counts while no repair comes after it
 *	callback	ticket	feed	{"outcome", "at"}
 *	note		run		{"note"}
 *	void		run	feed	{"reason": "wrong_unit" | "rig" | "training", "note"}
 *	suspect		run	feed	{"bay", "channel", "revision", "reason"}: a calibration found it; or
 *					{"reason": "profile_retest" | "profile_rejudge", "profile",
 *					"revision", "sha256"}: an approval asks for another look
 *	rejudged	run	feed	{"profile", "revision", "sha256", "verdict", "why",
 *					"measurements"}: that look; pass lifts its `suspect`
 *	clarification_needed, beyond_repair  ticket  feed  {"note"}
 *	label, labeled	run or ticket	ticket/label.h
 *	calibration	-		{"rig", "bay", "channel", "revision", ...}
 *	profile_submitted, profile_approved  -  {"profile", "revision", "sha256", ...}
 *	person_changed, pin_changed, token_added, token_revoked, duty, duty_ended
 *
 * Nothing is taken back: a later item corrects an earlier one.
 */
#ifndef TICKET_EVENTS_H
#define TICKET_EVENTS_H

#include "ticket/form.h"

extern const struct form_field repair_form[], acceptance_form[], callback_form[], note_form[],
	void_form[], say_form[];

#endif
