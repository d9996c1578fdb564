/* SPDX-License-Identifier: MIT */
#include "ticket/people.h"

#include <string.h>

#include "ticket/form.h"

enum { TYPES_MAX = 8 };

static const char *const run_type_words[] = {"incoming",     "diagnosis",  "post_repair_qc",
					     "trial_run",    "acceptance", "part_qc",
					     "verification", "msa",	   NULL};
static const char *const role_words[] = {"technician", "supervisor", "service", "admin", NULL};

static const struct form_field qualification_fields[] = {
	{.name = "run_types",
	 .kind = FORM_CODES,
	 .required = true,
	 .lo = 1,
	 .hi = TYPES_MAX,
	 .words = run_type_words},
	{.name = "class", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 31},
	{.name = "assessed", .kind = FORM_DAY, .required = true},
	{.name = "expires", .kind = FORM_DAY},
	{.name = NULL},
};
static const struct form_field person_fields[] = {
	{.name = "roles",
	 .kind = FORM_CODES,
	 .required = true,
	 .lo = 1,
	 .hi = 4,
	 .words = role_words},
	{.name = "badge", .kind = FORM_ID},
	{.name = "active", .kind = FORM_BOOL},
	{.name = "deputy_until", .kind = FORM_DAY},
	{.name = "qualifications",
	 .kind = FORM_LIST,
	 .lo = 0,
	 .hi = PEOPLE_QUALIFICATIONS_MAX,
	 .sub = qualification_fields},
	{.name = NULL},
};

void people_day(char dst[16], int64_t utc_us)
{
	char utc[32];

	text_from_utc_us(utc, sizeof(utc), utc_us);
	utc[10] = '\0';
	(void)text_copy(dst, 16, utc);
}

bool person_is_qualified(const struct person *p, enum run_type type, const char *class_name,
			 const char *day)
{
	if (!p || !p->active || !(p->roles & (PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR)))
		return false;
	for (int i = 0; i < p->qualification_count; i++) {
		const struct qualification *q = &p->qualifications[i];

		if (!(q->run_types & (1u << type)) || strcmp(q->assessed, day) > 0 ||
		    (q->expires[0] && strcmp(q->expires, day) < 0))
			continue;
		if (strcmp(q->class_name, "*") == 0 || strcmp(q->class_name, class_name) == 0)
			return true;
	}
	return false;
}

bool person_may_approve(const struct person *p, const char *day)
{
	if (!p || !p->active)
		return false;
	return (p->roles & (PEOPLE_SUPERVISOR | PEOPLE_ADMIN)) ||
	       (p->deputy_until[0] && strcmp(p->deputy_until, day) >= 0);
}

static void take_qualification(struct qualification *q, const json_t *o)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(o, "run_types"), i, one)
	{
		q->run_types |= 1u << run_type_find(json_string_value(one));
	}
	(void)text_copy(q->class_name, sizeof(q->class_name), json_text(o, "class"));
	(void)text_copy(q->assessed, sizeof(q->assessed), json_text(o, "assessed"));
	(void)text_copy(q->expires, sizeof(q->expires), json_text(o, "expires"));
}

int person_read(const char *name, const char *json, size_t n, struct person *out, struct error *err)
{
	struct ticket_problems problems;
	struct person p = {.active = true};
	json_t *root = NULL;
	const json_t *one;
	char line[300];
	size_t i;
	int rc;

	if (!text_is_name(name) || !text_copy(p.name, sizeof(p.name), name))
		return error_set(err, ERR_RANGE,
				 "a person's name is of a-z 0-9 _, such as wang_li");
	rc = form_read(person_fields, json, n, &root, &problems);
	if (rc < 0) {
		form_problems_line(&problems, line, sizeof(line));
		return error_set(err, rc, "%s", line);
	}
	json_array_foreach(json_object_get(root, "roles"), i, one)
	{
		p.roles |= people_role_of(json_string_value(one));
	}
	if (json_object_get(root, "active"))
		p.active = json_is_true(json_object_get(root, "active"));
	(void)text_copy(p.badge, sizeof(p.badge), json_text(root, "badge"));
	(void)text_copy(p.deputy_until, sizeof(p.deputy_until), json_text(root, "deputy_until"));
	json_array_foreach(json_object_get(root, "qualifications"), i, one)
	{
		take_qualification(&p.qualifications[p.qualification_count++], one);
	}
	json_decref(root);
	*out = p;
	return 0;
}

static void put_qualification(struct json *j, const struct qualification *q)
{
	json_open_object(j);
	json_key(j, "run_types");
	json_open_array(j);
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		if (q->run_types & (1u << t))
			json_put_string(j, run_type_name((enum run_type)t));
	json_end_array(j);
	json_kv_string(j, "class", q->class_name);
	json_kv_string(j, "assessed", q->assessed);
	if (q->expires[0])
		json_kv_string(j, "expires", q->expires);
	json_end_object(j);
}

void person_put_json(struct json *j, const struct person *p)
{
	json_open_object(j);
	json_key(j, "roles");
	json_open_array(j);
	for (int i = 0; role_words[i]; i++)
		if (p->roles & people_role_of(role_words[i]))
			json_put_string(j, role_words[i]);
	json_end_array(j);
	if (p->badge[0])
		json_kv_string(j, "badge", p->badge);
	json_kv_bool(j, "active", p->active);
	if (p->deputy_until[0])
		json_kv_string(j, "deputy_until", p->deputy_until);
	json_key(j, "qualifications");
	json_open_array(j);
	for (int i = 0; i < p->qualification_count; i++)
		put_qualification(j, &p->qualifications[i]);
	json_end_array(j);
	json_end_object(j);
}
