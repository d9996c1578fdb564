/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ctl/ctl.h"

/* JSON with ' for ", to be readable here. */
static json_t *parse(const char *s)
{
	char *copy = strdup(s);
	struct error err = {0};
	json_t *root;

	for (char *q = copy; *q; q++)
		if (*q == '\'')
			*q = '"';
	root = json_load_limited(copy, strlen(copy), 1 << 20, &err);
	free(copy);
	if (!root)
		fail_msg("%s", err.text);
	return root;
}

static void assert_has(const struct text *t, const char *part)
{
	if (!t->buf || !strstr(t->buf, part))
		fail_msg("\"%s\" is not in:\n%s", part, t->buf ? t->buf : "");
}

static const char failed_run[] = "{'id':'r1','ticket':'T-1002','serial':'RO600-24000102',"
				 "'model':'RO600','bay':'2','simulated':true,"
				 "'profile':{'id':'ro600_quick'},'verdict':'fail','reason':null,"
				 "'measurements':[{'id':'rejection','title':{'en':'Salt rejection',"
				 "'zh':'脱盐率'},'value':71.25,'unit':'%','lo':90,'hi':null,"
				 "'uncertainty':1.5,'verdict':'fail','reason':null,'counts':true},"
				 "{'id':'power','title':{'en':'Power','zh':'功率'},'value':40,"
				 "'unit':'W','lo':null,'hi':60,'uncertainty':null,"
				 "'verdict':'inconclusive','reason':'not_settled','counts':false}],"
				 "'safe_state':{'proven':true,'detail':'0.004 MPa'}}";

static void a_failed_run_names_measurement_value_limit_and_unit(void **state)
{
	struct ctl c = {.columns = 80};
	struct text out = {0};
	json_t *run = parse(failed_run);

	(void)state;
	show_run(&c, run, &out);
	assert_has(&out, "SIMULATED");
	assert_has(&out, "failed: rejection (Salt rejection) 71.25 %, limits >= 90 %");
	assert_has(&out, "verdict: FAIL");
	assert_has(&out, "not_settled; repeated later");
	assert_has(&out, "<= 60");
	assert_has(&out, "+-1.5");
	assert_has(&out, "safe state proven: 0.004 MPa");
	text_clear(&out);
	c.zh = true;
	show_run(&c, run, &out);
	assert_has(&out, "模拟");
	assert_has(&out, "不合格: rejection (脱盐率)");
	assert_has(&out, "安全状态已验证");
	text_release(&out);
	json_decref(run);
}

static void an_unproven_safe_state_is_shouted(void **state)
{
	struct ctl c = {.columns = 80};
	struct text out = {0};
	json_t *run = parse("{'verdict':'tripped','reason':{'code':'trip','text':'leak'},"
			    "'safe_state':{'proven':false,'detail':'0.2 MPa'}}");

	(void)state;
	show_run(&c, run, &out);
	assert_has(&out, "SAFE STATE NOT PROVEN");
	assert_has(&out, "trip: leak");
	assert_has(&out, "TRIPPED");
	text_release(&out);
	json_decref(run);
}

static void a_release_answer_lists_its_reasons(void **state)
{
	struct ctl c = {.columns = 80};
	struct text out = {0};
	json_t *r = parse("{'ticket':'T-1','serial':'S','decision':'blocked',"
			  "'would_be':'blocked','simulated':true,'reasons':[{'code':'simulated',"
			  "'params':{},'en':'made on a simulated rig','zh':'模拟台架'},"
			  "{'code':'run_not_pass','params':{'run':'r1','verdict':'fail'},"
			  "'en':'not passed','zh':'未通过'}]}");

	(void)state;
	show_release(&c, r, &out);
	assert_has(&out, "SIMULATED  ticket T-1  S  may leave: NO  (unsigned)\n");
	assert_has(&out, "- simulated: made on a simulated rig\n");
	assert_has(&out, "- run_not_pass: not passed  (verdict fail)\n");
	assert_has(&out, "(would_be: blocked)");
	text_clear(&out);
	c.zh = true;
	show_release(&c, r, &out);
	assert_has(&out, "- run_not_pass: 未通过");
	text_release(&out);
	json_decref(r);
}

static void a_bay_at_work_shows_step_time_values_and_question(void **state)
{
	struct ctl c = {.columns = 80};
	struct lines l = {.count = 0};
	struct text all = {0};
	json_t *bay = parse(
		"{'bay':'1','state':'active','simulated':true,'ticket':'T-1',"
		"'serial':'S','run':'r','step':{'id':'H6','title':{'en':'Produce',"
		"'zh':'制水'},'index':2,'count':5},'elapsed_s':65,'longest_s':408,"
		"'prompt':{'id':'p','kind':'yes_no','text':{'en':'Look','zh':'看'},'remaining_s':12},"
		"'values':[{'channel':'feed_pressure','value':0.2504,'unit':'MPa',"
		"'quality':'good','title':{'en':'Feed pressure','zh':'进水压力'}},"
		"{'channel':'estop','value':0,'unit':'','quality':'good'},"
		"{'channel':'x','value':null,'unit':'W','quality':'stale'}]}");

	(void)state;
	show_panel(&c, bay, 80, &l);
	for (int i = 0; i < l.count; i++)
		text_printf(&all, "%s\n", l.at[i].buf);
	assert_has(&all, "SIMULATED");
	assert_has(&all, "step 3/5 H6 Produce");
	assert_has(&all, "elapsed 1:05, at most 6:48");
	assert_has(&all, "Feed pressure");
	assert_has(&all, " 0.250 MPa\n");
	assert_has(&all, " - W (stale)");
	assert_has(&all, "PLEASE: Look (12 s left)\n");
	assert_has(&all, "benchctl run answer --bay 1 yes|no\n");
	assert_true(strstr(all.buf, "PLEASE") < strstr(all.buf, "Feed pressure"));
	assert_null(strstr(all.buf, "estop"));
	text_clear(&all);
	show_progress_line(&c, bay, &all);
	assert_string_equal(all.buf, "SIMULATED bay 1 T-1: step 3/5 H6 Produce, elapsed 1:05: "
				     "feed 0.250 MPa");
	text_release(&all);
	lines_release(&l);
	json_decref(bay);
}

static void a_narrow_panel_keeps_to_its_width(void **state)
{
	struct ctl c = {.columns = 80, .utf8 = true, .zh = true};
	struct lines l = {.count = 0};
	json_t *bay =
		parse("{'bay':'1','state':'active','simulated':true,'ticket':'T-1001',"
		      "'serial':'RO600-24000101','run':'r','step':{'id':'H4','title':"
		      "{'en':'Low-pressure switch','zh':'低压开关'},'index':4,'count':12},"
		      "'elapsed_s':3701,'longest_s':6834,'values':[{'channel':'x','value':1,"
		      "'unit':'W','quality':'good','title':{'en':'Mains','zh':'整机功率'}}]}");

	(void)state;
	show_panel(&c, bay, 38, &l);
	assert_int_equal(l.count, 4);
	for (int i = 0; i < l.count; i++)
		assert_true(format_columns(l.at[i].buf) <= 38);
	lines_release(&l);
	json_decref(bay);
}

static void a_narrow_terminal_drops_names_then_uncertainties(void **state)
{
	struct ctl c = {.columns = 1000, .terminal = true};
	struct text out = {0};
	json_t *run = parse(failed_run);

	(void)state;
	show_run(&c, run, &out);
	assert_has(&out, "  rejection  Salt rejection");
	text_clear(&out);
	c.columns = 90;
	show_run(&c, run, &out);
	assert_has(&out, "\n  Salt rejection");
	assert_has(&out, "+-1.5");
	text_clear(&out);
	c.columns = 60;
	show_run(&c, run, &out);
	assert_null(strstr(out.buf, "+-1.5"));
	assert_has(&out, ">= 90");
	text_release(&out);
	json_decref(run);
}

static void only_a_pass_exits_with_0(void **state)
{
	(void)state;
	assert_int_equal(verdict_exit_code("pass"), 0);
	assert_int_equal(verdict_exit_code("error"), 3);
	assert_int_equal(verdict_exit_code("fail"), 1);
	assert_int_equal(verdict_exit_code("interrupted"), 1);
	assert_int_equal(verdict_exit_code("tripped"), 1);
	assert_int_equal(verdict_exit_code(""), 1);
	assert_int_equal(verdict_exit_code("passed"), 1);
}

static void every_message_stands_in_both_languages(void **state)
{
	(void)state;
	for (int i = 0; i < MSG_COUNT; i++) {
		assert_true(message(false, (enum ctl_message)i)[0] != '\0');
		assert_true(message(true, (enum ctl_message)i)[0] != '\0');
	}
}

static void the_language_follows_the_environment(void **state)
{
	(void)state;
	setenv("LC_ALL", "", 1);
	setenv("LC_MESSAGES", "", 1);
	setenv("LANG", "zh_CN.UTF-8", 1);
	assert_true(language_is_zh());
	assert_true(language_is_utf8());
	setenv("LC_ALL", "C", 1);
	assert_false(language_is_zh());
	assert_false(language_is_utf8());
}

static void query_words_are_percent_encoded(void **state)
{
	struct text q = {0};

	(void)state;
	query_add(&q, "ticket", "T 1&x=2");
	query_add(&q, "none", NULL);
	query_add(&q, "model", "维");
	assert_string_equal(q.buf, "ticket=T%201%26x%3D2&model=%E7%BB%B4");
	text_release(&q);
}

static int no_command(struct ctl *c, const struct ctl_command *self, int argc, char **argv)
{
	(void)c;
	(void)self;
	(void)argc;
	(void)argv;
	return 0;
}

static void options_and_words_are_told_apart(void **state)
{
	static const struct ctl_command cmd = {"x", "y", "", "", no_command};
	char w[6][16] = {"a", "--flag", "--name=v", "--", "--flag", "b"};
	char *argv[] = {w[0], w[1], w[2], w[3], w[4], w[5]};
	const char *words[CTL_ARGS_MAX], *name = NULL;
	bool flag = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("name", "V", &name, ""),
		OPTION_FLAG("flag", &flag, ""),
		OPTION_END,
	};
	int code = -1;

	(void)state;
	assert_int_equal(ctl_parse(&cmd, options, 6, argv, words, 0, 3, &code), 3);
	assert_string_equal(words[1], "--flag");
	assert_string_equal(name, "v");
	assert_true(flag);
	assert_int_equal(ctl_parse(&cmd, options, 6, argv, words, 0, 2, &code), -1);
	assert_int_equal(code, CTL_USAGE);
	strcpy(w[0], "--nam");
	assert_int_equal(ctl_parse(&cmd, options, 1, argv, words, 0, 2, &code), -1);
	assert_int_equal(code, CTL_USAGE);
	strcpy(w[0], "--name");
	assert_int_equal(ctl_parse(&cmd, options, 1, argv, words, 0, 2, &code), -1);
	assert_int_equal(code, CTL_USAGE);
}

static void an_option_is_given_once(void **state)
{
	static const struct ctl_command cmd = {"x", "y", "", "", no_command};
	char w[4][16] = {"--name", "1", "--name=2", "--other=1"};
	char *twice[] = {w[0], w[1], w[2]}, *both[] = {w[0], w[1], w[3]};
	const char *words[CTL_ARGS_MAX], *name = NULL, *other = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("name", "V", &name, ""),
		OPTION_VALUE("other", "V", &other, ""),
		OPTION_END,
	};
	int code = -1;

	(void)state;
	assert_int_equal(ctl_parse(&cmd, options, 3, twice, words, 0, 0, &code), -1);
	assert_int_equal(code, CTL_USAGE);
	assert_int_equal(ctl_parse(&cmd, options, 3, both, words, 0, 0, &code), 0);
	assert_string_equal(other, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_run_names_measurement_value_limit_and_unit),
		cmocka_unit_test(an_unproven_safe_state_is_shouted),
		cmocka_unit_test(a_release_answer_lists_its_reasons),
		cmocka_unit_test(a_bay_at_work_shows_step_time_values_and_question),
		cmocka_unit_test(a_narrow_panel_keeps_to_its_width),
		cmocka_unit_test(a_narrow_terminal_drops_names_then_uncertainties),
		cmocka_unit_test(only_a_pass_exits_with_0),
		cmocka_unit_test(every_message_stands_in_both_languages),
		cmocka_unit_test(the_language_follows_the_environment),
		cmocka_unit_test(query_words_are_percent_encoded),
		cmocka_unit_test(options_and_words_are_told_apart),
		cmocka_unit_test(an_option_is_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
