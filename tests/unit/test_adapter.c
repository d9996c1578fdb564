/* SPDX-License-Identifier: MIT
 *
 * The inbound adapter: the examples of the tree over answers as those systems give them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake/temp_dir.h"
#include "ticket/adapter.h"

static char token_path[96];

/* Its token file is the test's own. */
static struct adapter *example(const char *name)
{
	struct problems problems = {0};
	struct text out = {0};
	char path[64];
	struct adapter *a;
	size_t n = 0;
	char *bytes = NULL, *at;

	snprintf(path, sizeof(path), "docs/adapters/%s.yaml", name);
	assert_int_equal(text_read_file(path, 1 << 20, &bytes, &n, NULL), 0);
	at = strstr(bytes, "token_file: ");
	assert_non_null(at);
	text_add(&out, bytes, (size_t)(at - bytes));
	text_printf(&out, "token_file: %s", token_path);
	text_puts(&out, strchr(at, '\n'));
	a = adapter_parse(path, out.buf, out.len, &problems);
	problems_print(&problems, stderr);
	assert_non_null(a);
	problems_release(&problems);
	text_release(&out);
	free(bytes);
	return a;
}

static int read_answer(const struct adapter *a, const char *code, bool by_serial, const char *body,
		       struct ticket *t, struct error *err)
{
	memset(t, 0, sizeof(*t));
	memset(err, 0, sizeof(*err));
	return adapter_read(a, code, by_serial, body, strlen(body), NULL, t, err);
}

static void redmine_issue_becomes_a_ticket(void **state)
{
	static const char answer[] =
		"{\"issue\":{\"id\":4711,\"project\":{\"id\":1,\"name\":\"Repair\"},\"author\":{\"id\":5,"
		"\"name\":\"A customer\"},\"priority\":{\"id\":4,\"name\":\"Urgent\"},\"subject\":\"no "
		"water\",\"due_date\":\"2026-12-01\",\"custom_fields\":[{\"id\":1,\"name\":\"Serial\","
		"\"value\":\"RO600-24000101\"},{\"id\":2,\"name\":\"Model\",\"value\":\"RO600\"},{\"id\":3,"
		"\"name\":\"Symptoms\",\"multiple\":true,\"value\":[\"S02\",\"S09\"]}]}}";
	struct adapter *a = example("redmine");
	struct text url = {0};
	struct error err;
	struct ticket t;

	(void)state;
	adapter_url(a, "4711", false, &url);
	assert_string_equal(url.buf, "https://redmine.example/issues/4711.json");
	assert_string_equal(adapter_headers(a)[0], "X-Redmine-API-Key: s3cret");
	assert_null(adapter_headers(a)[2]);
	assert_int_equal(read_answer(a, "4711", false, answer, &t, &err), 0);
	assert_string_equal(t.id, "4711");
	assert_string_equal(t.serial, "RO600-24000101");
	assert_string_equal(t.model, "RO600");
	assert_string_equal(t.symptoms, "S02,S09");
	assert_string_equal(t.due_at, "2026-12-01T23:59:59Z");
	assert_int_equal(t.priority, 9);
	assert_int_equal(t.repair_seq, -1);
	/* another issue than the one that was asked for */
	assert_true(read_answer(a, "4712", false, answer, &t, &err) < 0);
	text_release(&url);
	adapter_free(a);
}

static void redmine_finds_by_serial(void **state)
{
	static const char answer[] =
		"{\"issues\":[{\"id\":4711,\"priority\":{\"name\":\"Low\"},\"custom_fields\":[{\"value\":"
		"\"RO600-24000101\"},{\"value\":\"RO600\"}]}],\"total_count\":1}";
	struct adapter *a = example("redmine");
	struct text url = {0};
	struct error err;
	struct ticket t;

	(void)state;
	assert_true(adapter_has_serial_url(a));
	adapter_url(a, "RO600/24&x=1", true, &url);
	assert_non_null(strstr(url.buf, "cf_1=RO600%2F24%26x%3D1"));
	assert_int_equal(read_answer(a, "RO600-24000101", true, answer, &t, &err), 0);
	assert_string_equal(t.id, "4711");
	assert_int_equal(read_answer(a, "RO600-24000102", true, answer, &t, &err), ERR_CONFLICT);
	assert_int_equal(read_answer(a, "RO600-24000101", true, "{\"issues\":[]}", &t, &err),
			 ERR_NOT_FOUND);
	text_release(&url);
	adapter_free(a);
}

static void request_tracker_words_become_ours(void **state)
{
	static const char answer[] =
		"{\"id\":12,\"Requestor\":[{\"id\":\"a@b.example\"}],\"Subject\":\"x\",\"CustomFields\":["
		"{\"name\":\"Serial\",\"values\":[\"RO600-24000101\"]},{\"name\":\"Model\",\"values\":["
		"\"RO600\"]},{\"name\":\"Plan\",\"values\":[\"Customer signed\"]},{\"name\":\"Mail back\","
		"\"values\":[\"yes\"]}]}";
	struct adapter *a = example("rt5");
	struct error err;
	struct ticket t;

	(void)state;
	assert_false(adapter_has_serial_url(a));
	assert_int_equal(read_answer(a, "12", false, answer, &t, &err), 0);
	assert_string_equal(t.plan_state, "approved");
	assert_true(t.mail_back);
	adapter_free(a);
}

static void errcode_says_whether_it_was_found(void **state)
{
	struct adapter *a = example("errcode");
	struct error err;
	struct ticket t;

	(void)state;
	assert_int_equal(
		read_answer(a, "R-1", false,
			    "{\"errcode\":0,\"errmsg\":\"ok\",\"data\":{\"order_no\":\"R-1\","
			    "\"sn\":\"RO600-24000101\",\"model_code\":\"RO600\",\"fault_codes\":"
			    "\"S02,S09\",\"level\":2,\"send_back\":true,\"phone\":\"138\"}}",
			    &t, &err),
		0);
	assert_string_equal(t.symptoms, "S02,S09");
	assert_int_equal(t.priority, 2);
	assert_true(t.mail_back);
	assert_int_equal(read_answer(a, "R-1", false,
				     "{\"errcode\":40404,\"errmsg\":\"no such order\",\"data\":{}}",
				     &t, &err),
			 ERR_NOT_FOUND);
	assert_int_equal(read_answer(a, "R-1", false, "{\"errcode\":0,\"data\":null}", &t, &err),
			 ERR_NOT_FOUND);
	adapter_free(a);
}

/* Nothing is guessed, cut or taken by half; what is told holds no value of the answer. */
static void answer_that_is_no_ticket_is_refused_by_member(void **state)
{
	static const struct {
		const char *body, *told;
	} rows[] = {
		{"{\"errcode\":0,\"data\":{\"order_no\":\"R-1\",\"model_code\":\"RO600\"}}",
		 "/serial"},
		{"{\"errcode\":0,\"data\":{\"sn\":\" RO600-1 \",\"model_code\":\"RO600\"}}",
		 "/serial"},
		{"{\"errcode\":0,\"data\":{\"sn\":{},\"model_code\":\"RO600\"}}", "/serial"},
		{"{\"errcode\":0,\"data\":{\"sn\":\"a\",\"model_code\":\"b\",\"level\":\"high\"}}",
		 "/priority"},
		{"{\"errcode\":0,\"data\":{\"sn\":\"a\",\"model_code\":\"b\",\"due_time\":\"soon\"}}",
		 "/due_at"},
		{"{\"errcode\":0,\"data\":{\"sn\":\"a\",\"model_code\":\"b\",\"send_back\":\"maybe\"}}",
		 "/mail_back"},
		{"{\"errcode\":0,\"errcode\":0}", ""},
		{"<html>login</html>", ""},
		{"", ""},
	};
	struct adapter *a = example("errcode");
	struct error err;
	struct ticket t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = read_answer(a, "R-1", false, rows[i].body, &t, &err);

		if (rc >= 0 || rc == ERR_NOT_FOUND || !strstr(err.text, rows[i].told))
			fail_msg("%s: %d %s", rows[i].body, rc, err.text);
	}
	adapter_free(a);
}

static void mistakes_of_the_file_are_told_at_once(void **state)
{
	static const char *const rows[][2] = {
		{"adapter: x\nurl: http://h/{id}\nfields: {phone: /p}\n",
		 "phone: no member of a ticket"},
		{"adapter: x\nurl: http://h/\nfields: {id: /p}\n", "{id}"},
		{"adapter: x\nurl: http://h/{id}\nserial_url: http://h\nfields: {id: /p}\n",
		 "{serial}"},
		{"adapter: x\nurl: http://h/{id}\nfields: {id: p}\n", "JSON pointer"},
		{"adapter: x\nurl: http://h/{id}\ntoken_file: /nonexistent/t\nfields: {id: /p}\n",
		 "token_file"},
		{"adapter: x\nurl: http://h/{id}\nfield: {id: /p}\n", "fields"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problems problems = {0};
		bool told = false;

		assert_null(adapter_parse("a.yaml", rows[i][0], strlen(rows[i][0]), &problems));
		for (int k = 0; k < problems.count; k++)
			told = told || strstr(problems.at[k].text, rows[i][1]);
		if (!told)
			fail_msg("%s", rows[i][0]);
		problems_release(&problems);
	}
}

static int write_token(void **state)
{
	char dir[TEMP_DIR_SIZE];
	int fd;

	(void)state;
	temp_dir_make(dir);
	snprintf(token_path, sizeof(token_path), "%s/token", dir);
	fd = open(token_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && write(fd, "s3cret\n", 7) == 7);
	return close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redmine_issue_becomes_a_ticket),
		cmocka_unit_test(redmine_finds_by_serial),
		cmocka_unit_test(request_tracker_words_become_ours),
		cmocka_unit_test(errcode_says_whether_it_was_found),
		cmocka_unit_test(answer_that_is_no_ticket_is_refused_by_member),
		cmocka_unit_test(mistakes_of_the_file_are_told_at_once),
	};

	return cmocka_run_group_tests(tests, write_token, NULL);
}
