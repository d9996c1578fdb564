/* SPDX-License-Identifier: MIT
 *
 * A model: one product type with its nameplate. Parameters are read by profiles as model.NAME.
 */
#ifndef PLAN_MODEL_H
#define PLAN_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/unit.h"

struct yaml_node;
struct model_param {
	const char *name; /* rated_permeate_flow, adapter_efficiency, ... */
	double si;
	const struct unit *unit;
};
struct model_code { /* fault-code table of the unit's own display */
	const char *code, *en, *zh;
	const char *fault; /* F01.. of the depot's table, "" if none */
};
struct model_part {	  /* what a repair with this part asks to be measured again */
	const char *code; /* a part's code, or the beginning of one before its '-': "MEM" */
	const char *en, *zh;
	const char **repeat;
	const struct yaml_node **repeat_nodes; /* where they stand */
	int repeat_count;
};
struct model {
	const char *path, *code, *title_en, *title_zh, *class_name;
	const char **aliases;
	int alias_count;
	struct {
		int line, col;
	} code_at, aliases_at;	    /* where the file says them */
	const char *serial_pattern; /* POSIX extended regular expression, anchored */
	bool separate_trial;	    /* its trial run may be a run of its own */
	struct model_param *params;
	int param_count;
	struct model_code *codes;
	int code_count;
	struct model_part *parts;
	int part_count;
	uint8_t hash[32];
	struct arena *arena;
};
struct model *model_load(const char *path, struct problems *problems);
struct model *model_parse(const char *path, const char *bytes, size_t n, struct problems *problems);
void model_free(struct model *m);
/* Does the code name this model (code or alias, case-sensitive)? */
bool model_is(const struct model *m, const char *code);
/* 0 or ERR_CONFIG with what a serial of this model looks like. */
int model_check_serial(const struct model *m, const char *serial, struct error *err);
/* The tables of the file, for the reference documentation (base/schema.h). */
struct schema;
extern const struct schema model_schema;
/* "MEM-3012-600" finds MEM-3012-600, else MEM-3012, else MEM; NULL: the model does not know it. */
const struct model_part *model_part(const struct model *m, const char *part);
const struct model_param *model_param(const struct model *m, const char *name); /* NULL if none */

#endif
