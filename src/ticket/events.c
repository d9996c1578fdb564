/* SPDX-License-Identifier: MIT */
#include "ticket/events.h"

static const char *const outcomes[] = {"accepted", "refused", NULL};
static const char *const void_reasons[] = {"wrong_unit", "rig", "training", NULL};
static const char *const callback_outcomes[] = {"satisfied", "fault_again", "other_fault",
						"not_reached", NULL};

static const struct form_field part_fields[] = {
	{.name = "part", .kind = FORM_ID, .required = true},
	{.name = "oem", .kind = FORM_BOOL, .required = true},
	{.name = "lot", .kind = FORM_ID},
	{.name = "quantity", .kind = FORM_INT, .lo = 1, .hi = 99},
	{.name = NULL},
};
const struct form_field repair_form[] = {
	{.name = "action", .kind = FORM_CODE, .required = true, .shape = "R99"},
	{.name = "faults", .kind = FORM_CODES, .lo = 0, .hi = 16, .shape = "F99"},
	{.name = "parts", .kind = FORM_LIST, .lo = 0, .hi = 16, .sub = part_fields},
	{.name = "minutes", .kind = FORM_INT, .lo = 0, .hi = 10000},
	{.name = "by", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 63},
	{.name = "at", .kind = FORM_UTC},
	{.name = "note", .kind = FORM_NOTE, .lo = 1, .hi = 500},
	{.name = "if_repair_seq", .kind = FORM_INT, .lo = 0, .hi = 1e9},
	{.name = NULL},
};
const struct form_field acceptance_form[] = {
	{.name = "attended", .kind = FORM_BOOL, .required = true},
	{.name = "outcome", .kind = FORM_WORD, .required = true, .words = outcomes},
	{.name = "code", .kind = FORM_CODE, .shape = "S99"},
	{.name = "employee", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 63},
	{.name = "at", .kind = FORM_UTC},
	{.name = "note", .kind = FORM_NOTE, .lo = 1, .hi = 500},
	{.name = NULL},
};
const struct form_field callback_form[] = {
	{.name = "outcome", .kind = FORM_WORD, .required = true, .words = callback_outcomes},
	{.name = "code", .kind = FORM_CODE, .shape = "S99"},
	{.name = "at", .kind = FORM_UTC},
	{.name = NULL},
};
const struct form_field note_form[] = {
	{.name = "note", .kind = FORM_NOTE, .required = true, .lo = 1, .hi = 2000},
	{.name = NULL},
};
const struct form_field say_form[] = {
	{.name = "note", .kind = FORM_NOTE, .lo = 1, .hi = 500},
	{.name = NULL},
};
const struct form_field void_form[] = {
	{.name = "reason", .kind = FORM_WORD, .required = true, .words = void_reasons},
	{.name = "note", .kind = FORM_NOTE, .required = true, .lo = 1, .hi = 500},
	{.name = NULL},
};
