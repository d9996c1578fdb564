/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "post.h"

/* "post_repair_qc,trial_run:*:2026-05-01:2027-05-01;..." */
static bool put_qualifications(struct post *p, const char *list)
{
	json_key(&p->json, "qualifications");
	json_open_array(&p->json);
	while (list && *list) {
		char one[200], *part[4] = {NULL}, *at = one;
		size_t n = strcspn(list, ";");
		int count = 0;

		if (n >= sizeof(one))
			return false;
		memcpy(one, list, n);
		one[n] = '\0';
		list += n + (list[n] == ';');
		while (at && count < 4) {
			part[count++] = at;
			at = strchr(at, ':');
			if (at)
				*at++ = '\0';
		}
		if (at || count < 3)
			return false;
		json_open_object(&p->json);
		post_list(p, "run_types", part[0]);
		post_text(p, "class", part[1]);
		post_text(p, "assessed", part[2]);
		post_text(p, "expires", part[3]);
		json_end_object(&p->json);
	}
	json_end_array(&p->json);
	return true;
}

CTL_COMMAND(cmd_user_add)
{
	const char *words[CTL_ARGS_MAX], *roles = NULL, *badge = NULL, *deputy = NULL,
					 *qualify = NULL;
	bool inactive = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("roles", "R,R", &roles, "technician, supervisor, service, admin"),
		OPTION_VALUE("badge", "CODE", &badge, "what the bay's scanner reads"),
		OPTION_VALUE("qualify", "TYPES:CLASS:ASSESSED[:EXPIRES]", &qualify,
			     "post_repair_qc:*:2026-05-01:2027-05-01; several with a ;"),
		OPTION_VALUE("deputy-until", "DAY", &deputy, "may approve until then (代理)"),
		OPTION_FLAG("inactive", &inactive, "may do nothing any more"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!roles)
		return ctl_usage(self, "a user needs --roles");
	post_begin(&p);
	post_list(&p, "roles", roles);
	post_text(&p, "badge", badge);
	json_kv_bool(&p.json, "active", !inactive);
	post_text(&p, "deputy_until", deputy);
	if (!put_qualifications(&p, qualify)) {
		text_release(&p.text);
		return ctl_usage(self, "--qualify takes TYPES:CLASS:ASSESSED[:EXPIRES]");
	}
	return post_send(c, WEB_PERSON_PUT, words[0], &p);
}

CTL_COMMAND(cmd_user_pin)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	char pin[POST_PIN_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!read_pin(words[0], pin))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "pin", pin);
	memset(pin, 0, sizeof(pin));
	return post_send(c, WEB_PERSON_PIN, words[0], &p);
}

static void print_people(const struct ctl *c, const json_t *root)
{
	const json_t *one, *role, *q;
	size_t i, k;

	(void)c;
	json_array_foreach(json_object_get(root, "people"), i, one)
	{
		const json_t *is = json_object_get(one, "is");

		(void)printf("%s ", member_text(one, "person"));
		json_array_foreach(json_object_get(is, "roles"), k, role)
		{
			(void)printf("%s%s", k ? "," : " ", json_string_value(role));
		}
		if (member_text(is, "badge")[0])
			(void)printf("  badge %s", member_text(is, "badge"));
		if (member_text(is, "deputy_until")[0])
			(void)printf("  deputy until %s", member_text(is, "deputy_until"));
		(void)printf("%s\n", member_is_true(is, "active") ? "" : "  inactive");
		json_array_foreach(json_object_get(is, "qualifications"), k, q)
		{
			char *types = json_dumps(json_object_get(q, "run_types"), JSON_COMPACT);

			(void)printf("  qualified %s class %s assessed %s expires %s\n",
				     types ? types : "", member_text(q, "class"),
				     member_text(q, "assessed"),
				     member_text(q, "expires")[0] ? member_text(q, "expires")
								  : "never");
			free(types);
		}
	}
	json_array_foreach(json_object_get(root, "duty"), i, one)
	{
		(void)printf("bay %s: %s\n", member_text(one, "bay"),
			     member_text(one, "person")[0] ? member_text(one, "person")
							   : "nobody on duty");
	}
}

CTL_COMMAND(cmd_user_list)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	return get_and_print(c, WEB_PEOPLE, NULL, "", print_people);
}

CTL_COMMAND(cmd_duty_begin)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "which bay"),
		OPTION_END,
	};
	char pin[POST_PIN_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!bay)
		return ctl_usage(self, "duty is at a bay: --bay N");
	if (!read_pin(words[0], pin))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "person", words[0]);
	post_text(&p, "pin", pin);
	memset(pin, 0, sizeof(pin));
	return post_send(c, WEB_DUTY_BEGIN, bay, &p);
}

CTL_COMMAND(cmd_duty_end)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "which bay"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!bay)
		return ctl_usage(self, "duty is at a bay: --bay N");
	post_begin(&p);
	return post_send(c, WEB_DUTY_END, bay, &p);
}

/* ---- tokens ---- */

CTL_COMMAND(cmd_token_add)
{
	const char *words[CTL_ARGS_MAX], *scopes = NULL, *expires = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("scopes", "S,S", &scopes, "read, tickets, run, admin"),
		OPTION_VALUE("expires", "DAY", &expires, "last day, within a year"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!scopes || !expires)
		return ctl_usage(self, "a token needs --scopes and --expires");
	post_begin(&p);
	post_text(&p, "name", words[0]);
	post_list(&p, "scopes", scopes);
	post_text(&p, "expires", expires);
	return post_send(c, WEB_TOKEN_ADD, NULL, &p);
}

static void print_tokens(const struct ctl *c, const json_t *root)
{
	const json_t *one;
	size_t i;

	(void)c;
	json_array_foreach(json_object_get(root, "tokens"), i, one)
	{
		(void)printf("%s  %s  until %s  last used %s%s\n", member_text(one, "name"),
			     member_text(one, "roles"), member_text(one, "expires"),
			     member_text(one, "used_at")[0] ? member_text(one, "used_at")
							    : "never since the start",
			     member_is_true(one, "revoked") ? "  REVOKED" : "");
	}
}

CTL_COMMAND(cmd_token_list)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	return get_and_print(c, WEB_TOKENS, NULL, "", print_tokens);
}

CTL_COMMAND(cmd_token_revoke)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	post_begin(&p);
	return post_send(c, WEB_TOKEN_REVOKE, words[0], &p);
}
