/* SPDX-License-Identifier: MIT
 *
 * What the sources of rig, engine, station and benchctl can put together for the one who stands at the
 * bench is there in Chinese too: sentences, reason codes, states, rows of doctor. The sources are read
 * as they stand, so a new sentence without its Chinese fails here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/messages.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct source {
	const char *path;
	bool codes;    /* single words count too: they are shown as reasons */
	bool mistakes; /* what error_set says reaches the bench; elsewhere it ends a link */
} sources[] = {
	{"src/rig/board.c", false, false},
	{"src/rig/device.c", false, false},
	{"src/rig/interlock.c", false, false},
	{"src/rig/lease.c", false, false},
	{"src/rig/output.c", false, false},
	{"src/rig/printer.c", false, false},
	{"src/rig/proof.c", false, false},
	{"src/rig/rig.c", false, false},
	{"src/rig/safe.c", false, false},
	{"src/run/action.c", true, true},
	{"src/run/answer.c", true, true},
	{"src/run/engine.c", true, true},
	{"src/run/measure.c", true, true},
	{"src/run/samples.c", true, true},
	{"src/run/step.c", true, true},
	{"src/run/uncertainty.c", true, true},
	/* clang-format off */
	{"src/station/bay.c", false, true}, {"src/station/rig.c", false, false},
	{"src/station/routes.c", false, true}, {"src/station/routes_run.c", false, true}, {"src/station/routes_run_list.c", false, true},
	{"src/station/doctor.c", false, true}, {"src/station/session.c", false, true},
	{"src/station/session_start.c", false, true}, {"src/station/spawn.c", false, false},
	{"src/ctl/cmd_doctor.c", false, true}, {"src/station/routes_event.c", false, true},
	{"src/station/routes_release.c", false, true}, {"src/station/routes_ticket.c", false, true},
	{"src/station/routes_unit.c", false, true}, {"src/ticket/hook.c", false, true},
	{"src/station/outbox.c", false, false}, {"src/station/routes_webhook.c", false, true},
	{"src/station/routes_people.c", false, true}, {"src/station/routes_token.c", false, true},
	{"src/station/approval.c", false, true}, {"src/station/calibration.c", false, true},
	{"src/station/label.c", false, true},
	{"src/station/device.c", false, true}, {"src/station/identity.c", false, true},
	{"src/station/routes_key.c", false, true}, {"src/station/routes_export.c", false, true},
	{"src/station/keeper.c", false, true}, {"src/station/prune.c", false, true},
	{"src/station/hold.c", false, true}, {"src/station/passes.c", false, true},
	{"src/ticket/people.c", false, true}, {"src/ticket/form.c", false, true},
	{"src/ticket/form_words.c", false, true}, {"src/ticket/ticket.c", false, true},
	{"src/ticket/release_record.c", false, true},
	/* clang-format on */
};
/* Calls whose texts nobody reads at the bench: logs, keys of JSON, mistakes between programs. */
static const char *const elsewhere[] = {
	"error_set", /* first: see struct source */
	"rig_log",
	"log_info",
	"log_warning",
	"log_error",
	"log_debug",
	"_Static_assert",
	"panic",
	"json_kv_string",
	"json_key",
	"OPTION_VALUE",
	"error_errno",
	"fprintf",
	"station_store_failed",
	"request_end",
	"ticket_end", /* their last word goes into the log */
};
/* What benchctl says at the bench: by its id from the catalogue; only what goes through ours_spoken
 * is put into Chinese on its way. */
static const char *const ours[] = {
	"src/ctl/api.c",	 "src/ctl/cmd_bay.c",	 "src/ctl/cmd_demo.c",
	"src/ctl/cmd_event.c",	 "src/ctl/cmd_events.c", "src/ctl/cmd_release.c",
	"src/ctl/cmd_run.c",	 "src/ctl/cmd_ticket.c", "src/ctl/demo_results.c",
	"src/ctl/post.c",	 "src/ctl/show.c",	 "src/ctl/show_live.c",
	"src/ctl/cmd_approve.c", "src/ctl/cmd_user.c",	 "src/ctl/cmd_device.c",
	"src/ctl/cmd_key.c",	 "src/ctl/cmd_import.c", "src/ctl/cmd_export.c",
	"src/ctl/cmd_backup.c",	 "src/ctl/cmd_verify.c", "src/ctl/watch.c",
};
static const char *const ours_spoken[] = {"ctl_fail", "ctl_tell", "error_set", "wait_until",
					  "print_said"};
/* Usage and commands to type are English. */
static const char *const ours_elsewhere[] = {
	"json_kv_string", "json_key",	 "OPTION_VALUE", "OPTION_FLAG", "ctl_usage",
	"ctl_number",	  "put_command", "member_text",	 "query_add",	"starts",
};

static char *read_source(const char *path)
{
	FILE *fp = fopen(path, "re");
	char *all;
	long n;

	if (!fp)
		fail_msg("%s: run this from the top of the tree", path);
	(void)fseek(fp, 0, SEEK_END);
	n = ftell(fp);
	rewind(fp);
	all = calloc(1, (size_t)n + 1);
	assert_int_equal(fread(all, 1, (size_t)n, fp), n);
	(void)fclose(fp);
	return all;
}

/* Over a comment, a literal or one character. */
static const char *skip_one(const char *s)
{
	if (s[0] == '/' && s[1] == '*') {
		s = strstr(s + 2, "*/");
		return s ? s + 2 : "";
	}
	if (s[0] != '"' && s[0] != '\'')
		return s + 1;
	for (const char q = *s++; *s && *s != q; s++)
		s += *s == '\\' && s[1];
	return *s ? s + 1 : s;
}

/* Is it a call of one of these functions? Where it ends, or NULL. */
static const char *call_end(const char *s, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++) {
		size_t n = strlen(names[i]);
		int depth = 0;

		if (strncmp(s, names[i], n) != 0 || s[n] != '(')
			continue;
		for (s += n; *s; s = skip_one(s)) {
			depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
			if (depth == 0)
				return s + 1;
		}
		return s;
	}
	return NULL;
}

/* The literal at s, and those that follow it at once; where it ends. */
static const char *take_literal(const char *s, struct text *out)
{
	text_clear(out);
	while (*s == '"') {
		const char *next;

		for (s++; *s && *s != '"'; s++) {
			if (*s == '\\')
				s++;
			text_add(out, s[-1] == '\\' && *s == 'n' ? " " : s, 1);
		}
		s++;
		for (next = s; isspace((unsigned char)*next); next++)
			;
		if (*next == '"')
			s = next;
	}
	return s;
}

/* Conversions and {1} become {}; what stands directly together becomes one. */
static void normalise(const char *s, struct text *out)
{
	text_clear(out);
	while (*s) {
		size_t n = 0;

		if (s[0] == '%' && s[1] == '%') {
			text_puts(out, "%");
			s += 2;
			continue;
		}
		if (s[0] == '{' && isdigit((unsigned char)s[1]) && s[2] == '}')
			n = 3;
		else if (s[0] == '%')
			n = 1 + strcspn(s + 1, "diusxgfc") + 1;
		if (!n) {
			text_add(out, s++, 1);
			continue;
		}
		s += n;
		if (out->len >= 2 && !strcmp(out->buf + out->len - 2, "{}"))
			continue;
		if (out->len >= 3 && !strcmp(out->buf + out->len - 3, "{} "))
			continue;
		text_puts(out, "{}");
	}
	while (out->len && out->buf[out->len - 1] == ' ')
		out->buf[--out->len] = '\0';
}

static bool is_code(const char *s)
{
	return strlen(s) > 2 && strspn(s, "abcdefghijklmnopqrstuvwxyz_") == strlen(s);
}

static bool is_sentence(const char *s)
{
	bool words = false;

	for (const char *p = s; *p; p++)
		words = words || (isalpha((unsigned char)p[0]) && p[1] == ' ' &&
				  (isalpha((unsigned char)p[2]) || p[2] == '{'));
	return words;
}

static bool in_catalogue(const char *normal)
{
	struct text entry = {0};
	bool found = false;

	for (int m = 0; m < MSG_COUNT && !found; m++) {
		normalise(message(false, (enum ctl_message)m), &entry);
		found = !strcmp(entry.buf, normal) ||
			/* "limit unknown: " with the reason printed behind it */
			(entry.len > 2 && !strcmp(entry.buf + entry.len - 2, "{}") &&
			 strlen(normal) + 3 == entry.len &&
			 !strncmp(entry.buf, normal, entry.len - 3));
	}
	text_release(&entry);
	return found;
}

static int check_source(const struct source *src)
{
	char *all = read_source(src->path);
	struct text literal = {0}, normal = {0};
	int missing = 0;

	for (const char *s = all; *s;) {
		const char *past = isalpha((unsigned char)*s) || *s == '_'
					   ? call_end(s, elsewhere + src->mistakes,
						      COUNT(elsewhere) - src->mistakes)
					   : NULL;

		if (past) {
			s = past;
		} else if (!strncmp(s, "#include", 8)) {
			s += strcspn(s, "\n");
		} else if (*s == '"') {
			s = take_literal(s, &literal);
			/* the slash of a pointer is not shown */
			normalise(literal.buf ? literal.buf + (literal.buf[0] == '/') : "",
				  &normal);
			if (!normal.buf || in_catalogue(normal.buf) ||
			    (!is_sentence(normal.buf) && !(src->codes && is_code(normal.buf))))
				continue;
			print_error("%s: no Chinese in include/ctl/messages.h for \"%s\"\n",
				    src->path, normal.buf);
			missing++;
		} else {
			s = skip_one(s);
		}
	}
	text_release(&literal);
	text_release(&normal);
	free(all);
	return missing;
}

/* A word of three letters, and a blank or a line end: printed, no name for programs, no JSON. */
static bool is_worded(const char *raw, const char *normal)
{
	const char *s = normal;

	while (*s) {
		size_t n = 0;

		while (isalnum((unsigned char)s[n]) || s[n] == '_')
			n++;
		if (n > 2 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >= n)
			return raw[0] != '{' && strchr(raw, ' ') && !strstr(raw, "benchctl") &&
			       !strstr(raw, " --");
		s += n ? n : 1;
	}
	return false;
}

/* What benchctl says by itself: from the catalogue by its id, or translated on its way. */
static int check_ours(const char *path)
{
	char *all = read_source(path);
	const char *spoken = all, *past;
	struct text literal = {0}, normal = {0};
	int missing = 0;
	bool name = false;

	for (const char *s = all; *s;) {
		bool begins = !name && (isalpha((unsigned char)*s) || *s == '_');

		name = isalnum((unsigned char)*s) || *s == '_';
		if (begins && (past = call_end(s, ours_spoken, COUNT(ours_spoken))))
			spoken = past;
		if (begins && (past = call_end(s, ours_elsewhere, COUNT(ours_elsewhere)))) {
			s = past;
		} else if (!strncmp(s, "#include", 8)) {
			s += strcspn(s, "\n");
		} else if (*s == '"') {
			bool said = s < spoken;

			s = take_literal(s, &literal);
			normalise(literal.buf ? literal.buf : "", &normal);
			if (!normal.buf ||
			    !(said ? is_sentence(normal.buf) && !in_catalogue(normal.buf)
				   : is_worded(literal.buf, normal.buf)))
				continue;
			print_error("%s: %s \"%s\"\n", path,
				    said ? "no Chinese in include/ctl/messages.h for"
					 : "printed, and not from the catalogue:",
				    normal.buf);
			missing++;
		} else {
			s = skip_one(s);
		}
	}
	text_release(&literal);
	text_release(&normal);
	free(all);
	return missing;
}

static void every_sentence_and_reason_code_of_the_sources_has_its_chinese(void **state)
{
	int missing = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++)
		missing += check_source(&sources[i]);
	assert_int_equal(missing, 0);
}

static void benchctl_says_nothing_at_the_bench_that_is_not_in_the_catalogue(void **state)
{
	int missing = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(ours); i++)
		missing += check_ours(ours[i]);
	assert_int_equal(missing, 0);
}

/* The words that a function of a source returns: return "a"; return x ? "a" : "b". */
static void assert_words_of(const char *path, const char *function, int at_least)
{
	char *all = read_source(path), *end;
	const char *s = strstr(all, function);
	int n = 0;

	assert_non_null(s);
	end = strstr(s, "\n}");
	assert_non_null(end);
	*end = '\0';
	while ((s = strchr(s, '"'))) {
		struct text word = {0};
		const char *before = s;

		while (isspace((unsigned char)before[-1]))
			before--;
		s = take_literal(s, &word);
		if (strchr("?:n", before[-1])) {
			if (!in_catalogue(word.buf))
				fail_msg("%s: \"%s\" has no Chinese word", path, word.buf);
			n++;
		}
		text_release(&word);
	}
	assert_true(n >= at_least);
	free(all);
}

static void every_state_of_tickets_and_profiles_has_a_chinese_word(void **state)
{
	(void)state;
	assert_words_of("src/store/ticket_search.c", "static const char *state_of(", 9);
	assert_words_of("src/station/approval.c", "const char *approval_state(", 3);
}

/* A finding is told as level, row, text: "warning", "clock", ... */
static int check_rows(const char *path, const char *words)
{
	static const char *const levels[] = {"\"ok\", \"", "\"warning\", \"", "\"error\", \""};
	char *all = read_source(path), name[40];
	int n = 0;

	for (size_t i = 0; i < COUNT(levels); i++)
		for (const char *s = all; (s = strstr(s, levels[i])); n++) {
			s += strlen(levels[i]);
			(void)snprintf(name, sizeof(name), "{\"%.*s\",", (int)strcspn(s, "\""), s);
			if (!strstr(words, name))
				fail_msg("%s: doctor's row %s} has no word in cmd_doctor.c", path,
					 name);
		}
	free(all);
	return n;
}

static void every_row_of_doctor_has_a_chinese_name(void **state)
{
	char *words = read_source("src/ctl/cmd_doctor.c");

	(void)state;
	assert_true(check_rows("src/ctl/cmd_doctor.c", words) >= 8);
	assert_true(check_rows("src/station/doctor.c", words) >= 12);
	assert_true(check_rows("src/station/pace.c", words) >= 4);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sentence_and_reason_code_of_the_sources_has_its_chinese),
		cmocka_unit_test(every_state_of_tickets_and_profiles_has_a_chinese_word),
		cmocka_unit_test(every_row_of_doctor_has_a_chinese_name),
		cmocka_unit_test(benchctl_says_nothing_at_the_bench_that_is_not_in_the_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
