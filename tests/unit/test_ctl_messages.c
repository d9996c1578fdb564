/* SPDX-License-Identifier: MIT
 *
 * What a technician reads at the bench is there in Chinese too: every state, verdict, quality and
 * reason code, and every sentence that the sources of rig, engine and station can put together. The
 * sources are read as they stand, so a new sentence without its Chinese fails here.
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

#include "ctl/format.h"
#include "ctl/messages.h"
#include "link/io.h"
#include "link/sample.h"
#include "plan/fixture.h"
#include "plan/profile.h"
#include "run/calibrate.h"
#include "run/engine.h"
#include "run/record.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct titles titles;

static bool has_chinese(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0xe4 && (unsigned char)*s <= 0xe9)
			return true;
	return false;
}

static void assert_zh(const char *english, const char *want)
{
	struct text out = {0};

	if (!message_translate(&titles, english, &out))
		fail_msg("\"%s\" is not in the catalogue", english);
	if (want)
		assert_string_equal(out.buf, want);
	else if (!has_chinese(out.buf))
		fail_msg("\"%s\" gives \"%s\"", english, out.buf);
	text_release(&out);
}

/* --- the catalogue itself ------------------------------------------------ */

/* {1} {2} {3}: each once in the English; the Chinese takes from these (it needs no plural). */
static int places(const char *s, unsigned *seen)
{
	int n = 0;

	*seen = 0;
	for (; *s; s++)
		if (s[0] == '{' && s[1] >= '1' && s[1] <= '9' && s[2] == '}') {
			*seen |= 1u << (s[1] - '0');
			n++;
		}
	return n;
}

static void every_message_has_both_texts_with_the_same_places(void **state)
{
	unsigned en, zh;

	(void)state;
	for (int m = 0; m < MSG_COUNT; m++) {
		const char *a = message(false, (enum ctl_message)m);
		const char *b = message(true, (enum ctl_message)m);
		int n = places(a, &en);

		assert_true(a[0] && b[0]);
		(void)places(b, &zh);
		if ((zh & ~en) || __builtin_popcount(en) != n)
			fail_msg("\"%s\" and \"%s\" differ in their places", a, b);
		for (int k = 0; k < m; k++)
			if (places(a, &en) && !strcmp(a, message(false, (enum ctl_message)k)))
				fail_msg("\"%s\" stands twice", a);
	}
}

/* --- states and codes ---------------------------------------------------- */

static void every_verdict_is_called_as_the_record_calls_it(void **state)
{
	(void)state;
	for (int v = VERDICT_PASS; v <= VERDICT_INTERRUPTED; v++)
		assert_zh(verdict_name((enum verdict)v), verdict_zh((enum verdict)v));
}

static void every_state_class_and_code_has_a_chinese_word(void **state)
{
	(void)state;
	for (int i = BAY_SECURING; i <= BAY_LOCKED; i++)
		assert_zh(bay_state_name((enum bay_state)i), NULL);
	for (int i = QUALITY_GOOD; i <= QUALITY_FROZEN; i++)
		assert_zh(quality_text((enum quality)i), NULL);
	for (int i = CALIBRATION_GOOD; i <= CALIBRATION_DATE_UNKNOWN; i++)
		assert_zh(calibration_state_name((enum calibration_state)i), NULL);
	for (int i = 0; i <= TRIP_OPERATOR; i++)
		assert_zh(trip_class_name((enum trip_class)i), NULL);
	for (int i = ATTRIBUTION_UNIT; i <= ATTRIBUTION_RIG; i++)
		assert_zh(attribution_name((enum attribution)i), NULL);
	for (int i = RUN_INCOMING; i <= RUN_MSA; i++)
		assert_zh(run_type_name((enum run_type)i), NULL);
}

/* --- what the sources can say --------------------------------------------- */

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
	{"src/station/routes.c", false, true}, {"src/station/routes_run.c", false, true},
	{"src/station/doctor.c", false, true}, {"src/station/session.c", false, true},
	{"src/station/session_start.c", false, true}, {"src/station/spawn.c", false, false},
	{"src/ctl/cmd_doctor.c", false, true}, {"src/station/routes_event.c", false, true},
	{"src/station/routes_release.c", false, true}, {"src/station/routes_ticket.c", false, true},
	{"src/station/routes_unit.c", false, true}, {"src/ticket/hook.c", false, true},
	{"src/station/outbox.c", false, false}, {"src/station/routes_webhook.c", false, true},
	/* clang-format on */
};
/* Calls whose texts nobody reads at the bench: logs, keys of JSON, mistakes between programs. */
static const char *const elsewhere[] = {
	"error_set", /* first: see struct source */
	"rig_log",	  "log_info", "log_warning",	      "log_error", "log_debug",
	"_Static_assert", "panic",    "json_kv_string",	      "json_key",  "OPTION_VALUE",
	"error_errno",	  "fprintf",  "station_store_failed",
};
/* What benchctl says at the bench: by its id from the catalogue; only what goes through ours_spoken
 * is put into Chinese on its way. */
static const char *const ours[] = {
	"src/ctl/api.c",       "src/ctl/cmd_bay.c",    "src/ctl/cmd_demo.c",
	"src/ctl/cmd_event.c", "src/ctl/cmd_events.c", "src/ctl/cmd_release.c",
	"src/ctl/cmd_run.c",   "src/ctl/cmd_ticket.c", "src/ctl/demo_results.c",
	"src/ctl/post.c",      "src/ctl/show.c",       "src/ctl/show_live.c",
	"src/ctl/watch.c",
};
static const char *const ours_spoken[] = {"ctl_fail", "error_set", "wait_until"};
/* Usage and commands to type are English. */
static const char *const ours_elsewhere[] = {
	"json_kv_string", "json_key",	 "OPTION_VALUE", "OPTION_FLAG", "ctl_usage",
	"ctl_number",	  "put_command", "member_text",	 "query_add",
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

/* A word of three letters, and a blank or a line end: printed, and no name for programs. */
static bool is_worded(const char *raw, const char *normal)
{
	const char *s = normal;

	while (*s) {
		size_t n = 0;

		while (isalnum((unsigned char)s[n]) || s[n] == '_')
			n++;
		if (n > 2 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >= n)
			return strchr(raw, ' ') && !strstr(raw, "benchctl") && !strstr(raw, " --");
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

/* --- translating ---------------------------------------------------------- */

static void sentences_are_translated_with_what_stands_in_them(void **state)
{
	(void)state;
	titles_learn(&titles, "Emergency stop", "急停");
	assert_zh("Emergency stop: estop", "急停：急停");
	assert_zh("Emergency stop: estop is stale", "急停：急停 数据过期");
	assert_zh("outputs read back, 3 conditions shown", "输出已回读，3 项安全条件已证实");
	assert_zh("outputs read back, 1 condition shown", "输出已回读，1 项安全条件已证实");
	assert_zh("not shown: feed_pressure < 0.02 MPa: feed_pressure is 0.25 MPa",
		  "未能证实：feed_pressure < 0.02 MPa：feed_pressure 0.25 MPa");
	assert_zh("bay 1 is not_ready: probe_1 (unit 32 on sim:meters): no answer",
		  "工位 1 未就绪：probe_1（sim:meters，地址 32）：无应答");
	assert_zh(
		"probe_1 (unit 32 on sim:meters): what it says is no Modbus at 9600 8N1: its baud "
		"rate or parity is another; benchctl device scan finds it",
		"probe_1（sim:meters，地址 32）：9600 8N1 下收到的不是 Modbus：它的波特率或校验位不同；"
		"可用 benchctl device scan 查出");
	assert_zh("relays_2 (unit 2 on sim:io): not the device that was here: its firmware version "
		  "reads 0x559d and was 0x00c8; if it was exchanged: benchctl device accept",
		  "relays_2（sim:io，地址 2）：不是原来的设备：固件版本 为 0x559d，原为 "
		  "0x00c8；如确已更换，请确认：benchctl device accept");
	assert_zh("limit unknown: no_reply feed_flow", "限值无法确定：feed_flow 无应答");
	assert_zh("timeout, not_settled", "超时，未稳定");
	assert_zh("too_short", "时间太短，无法判定");
	assert_zh(
		"bay 1 is busy with ticket T-1 (run 7); watch it: benchctl --state /a/state run watch --bay 1",
		"工位 1 正在检测工单 T-1（检测 7）；查看：benchctl --state /a/state run watch --bay 1");
	titles_release(&titles);
}

static void what_is_in_no_catalogue_stands_as_it_came(void **state)
{
	struct text out = {0};

	(void)state;
	assert_false(message_translate(&titles, "feed_pressure < 0.02 MPa", &out));
	assert_string_equal(out.buf, "feed_pressure < 0.02 MPa");
	assert_false(message_translate(&titles, "{1} {2}", &out));
	/* nor is half of it put into Chinese */
	text_clear(&out);
	assert_false(message_translate(&titles, "serial: \"X\" is no such thing here", &out));
	assert_string_equal(out.buf, "serial: \"X\" is no such thing here");
	text_release(&out);
}

/* A hostile text of many colons takes no time worth speaking of. */
static void long_texts_are_matched_quickly(void **state)
{
	char text[512];
	struct text out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = ": is ("[i % 6];
	text[sizeof(text) - 1] = '\0';
	(void)message_translate(&titles, text, &out);
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_both_texts_with_the_same_places),
		cmocka_unit_test(every_verdict_is_called_as_the_record_calls_it),
		cmocka_unit_test(every_state_class_and_code_has_a_chinese_word),
		cmocka_unit_test(every_sentence_and_reason_code_of_the_sources_has_its_chinese),
		cmocka_unit_test(benchctl_says_nothing_at_the_bench_that_is_not_in_the_catalogue),
		cmocka_unit_test(sentences_are_translated_with_what_stands_in_them),
		cmocka_unit_test(what_is_in_no_catalogue_stands_as_it_came),
		cmocka_unit_test(long_texts_are_matched_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
