/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket/form.h"
#include "ticket/ticket.h"

static int parse(const char *json, struct ticket *t, struct ticket_problems *p)
{
	return ticket_read(NULL, json, strlen(json), NULL, t, p);
}

static void a_whole_ticket_is_read(void **state)
{
	struct ticket t;
	struct ticket_problems p;

	(void)state;
	assert_int_equal(parse("{\"id\":\"T-2026/01\",\"serial\":\"SN_1.a\",\"model\":\"RO-600G\","
			       "\"manufacture_date\":\"2024-02-29\","
			       "\"due_at\":\"2026-01-31T08:00:00Z\",\"symptoms\":[\"S02\",\"S09\"],"
			       "\"run_type\":\"diagnosis\",\"plan_state\":\"approved\","
			       "\"priority\":9,\"mail_back\":true,\"repair_seq\":4}",
			       &t, &p),
			 0);
	assert_int_equal(p.count, 0);
	assert_string_equal(t.id, "T-2026/01");
	assert_string_equal(t.serial, "SN_1.a");
	assert_string_equal(t.manufacture_date, "2024-02-29");
	assert_string_equal(t.due_at, "2026-01-31T08:00:00Z");
	assert_string_equal(t.symptoms, "S02,S09");
	assert_string_equal(t.run_type, "diagnosis");
	assert_string_equal(t.plan_state, "approved");
	assert_int_equal(t.priority, 9);
	assert_true(t.mail_back);
	assert_int_equal(t.repair_seq, 4);
	assert_string_equal(t.state, "");
}

static void the_least_ticket_gets_the_defaults(void **state)
{
	static const char json[] = "{\"serial\":\"S\",\"model\":\"M\"}";
	struct ticket t;
	struct ticket_problems p;
	struct error err;

	(void)state;
	assert_int_equal(ticket_read("T1", json, sizeof(json) - 1, NULL, &t, &p), 0);
	assert_string_equal(t.id, "T1");
	assert_string_equal(t.run_type, "post_repair_qc");
	assert_string_equal(t.plan_state, "none");
	assert_false(t.mail_back);
	assert_int_equal(ticket_from_json("T1", json, sizeof(json) - 1, NULL, &t, &err), 0);
}

/* A ticket in order but for one member. */
static void each_mistake_is_told_with_its_pointer(void **state)
{
	static const struct {
		const char *member, *pointer, *code;
	} rows[] = {
		{"\"priority\":\"1\"", "/priority", "type"},
		{"\"priority\":1.5", "/priority", "type"},
		{"\"priority\":10", "/priority", "value"},
		{"\"priority\":-1", "/priority", "value"},
		{"\"mail_back\":1", "/mail_back", "type"},
		{"\"repair_seq\":-1", "/repair_seq", "value"},
		{"\"repair_seq\":null", "/repair_seq", "type"},
		{"\"manufacture_date\":\"2023-02-30\"", "/manufacture_date", "value"},
		{"\"manufacture_date\":\"2023-13\"", "/manufacture_date", "value"},
		{"\"manufacture_date\":\"23-01-01\"", "/manufacture_date", "value"},
		{"\"manufacture_date\":\"2023-01-00\"", "/manufacture_date", "value"},
		{"\"due_at\":\"2026-01-31T24:00:00Z\"", "/due_at", "value"},
		{"\"due_at\":\"2026-01-31T08:00:00+08:00\"", "/due_at", "value"},
		{"\"symptoms\":\"S02\"", "/symptoms", "type"},
		{"\"symptoms\":[\"S02\",\"X1\"]", "/symptoms/1", "value"},
		{"\"symptoms\":[2]", "/symptoms/0", "value"},
		{"\"symptoms\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "/symptoms", "length"},
		{"\"run_type\":\"qc\"", "/run_type", "value"},
		{"\"plan_state\":\"yes\"", "/plan_state", "value"},
		{"\"colour\":1", "/colour", "unknown_member"},
		{"\"a/b~c\":1", "/a~1b~0c", "unknown_member"},
		{"\"version\":1", "/version", "read_only"},
		{"\"state\":\"released\"", "/state", "read_only"},
		{"\"created_at\":1", "/created_at", "read_only"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char json[256];
		struct ticket t = {.priority = 77};
		struct ticket_problems p;

		(void)snprintf(json, sizeof(json),
			       "{\"id\":\"T1\",\"serial\":\"S\",\"model\":\"M\",%s}",
			       rows[i].member);
		if (parse(json, &t, &p) != ERR_RANGE || p.count != 1 ||
		    strcmp(p.at[0].pointer, rows[i].pointer) != 0 ||
		    strcmp(p.at[0].code, rows[i].code) != 0)
			fail_msg("%s: %d problems, %s %s", rows[i].member, p.count, p.at[0].pointer,
				 p.at[0].code);
		assert_int_equal(t.priority, 77); /* untouched */
	}
}

static void ids_serials_and_models_are_of_safe_characters_and_length(void **state)
{
	static const char *const bad[] = {"",	  " ",	  "a b",   "a\\u0000b",
					  "<b>",  "a;b",  "a\\nb", "\xe6\x9c\xba",
					  "a\"b", "a%2f", "a?b"};
	static const char *const keys[] = {"id", "serial", "model"};
	char json[512], longest[65];
	struct ticket t;
	struct ticket_problems p;

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			(void)snprintf(json, sizeof(json),
				       "{\"id\":\"%s\",\"serial\":\"%s\",\"model\":\"%s\"}",
				       k == 0 ? bad[i] : "T", k == 1 ? bad[i] : "S",
				       k == 2 ? bad[i] : "M");
			assert_true(parse(json, &t, &p) < 0);
		}
	memset(longest, 'x', 64);
	longest[64] = '\0';
	for (size_t k = 0; k < 3; k++) {
		(void)snprintf(
			json, sizeof(json), "{\"id\":\"%s\",\"serial\":\"%s\",\"model\":\"%s\"}",
			k == 0 ? longest : "T", k == 1 ? longest : "S", k == 2 ? longest : "M");
		assert_int_equal(parse(json, &t, &p), ERR_RANGE);
		assert_string_equal(p.at[0].code, "length");
		assert_string_equal(p.at[0].pointer + 1, keys[k]);
	}
	longest[63] = '\0';
	assert_true(ticket_is_id(longest));
	(void)snprintf(json, sizeof(json), "{\"id\":\"T\",\"serial\":\"%s\",\"model\":\"M\"}",
		       longest);
	assert_int_equal(parse(json, &t, &p), 0);
	assert_string_equal(t.serial, longest);
}

static void what_a_ticket_does_not_say_is_as_the_depot_wants_it(void **state)
{
	static const char bare[] = "{\"id\":\"T\",\"serial\":\"S\",\"model\":\"M\"}";
	static const char full[] =
		"{\"id\":\"T\",\"serial\":\"S\",\"model\":\"M\",\"priority\":0,"
		"\"run_type\":\"post_repair_qc\",\"mail_back\":false,\"plan_state\":\"none\"}";
	const struct ticket_defaults d = {"incoming", "approved", 4, true};
	struct ticket_problems p;
	struct ticket t;

	(void)state;
	assert_int_equal(ticket_read(NULL, bare, sizeof(bare) - 1, &d, &t, &p), 0);
	assert_string_equal(t.run_type, "incoming");
	assert_string_equal(t.plan_state, "approved");
	assert_int_equal(t.priority, 4);
	assert_true(t.mail_back);
	assert_int_equal(ticket_read(NULL, full, sizeof(full) - 1, &d, &t, &p), 0);
	assert_string_equal(t.run_type, "post_repair_qc");
	assert_string_equal(t.plan_state, "none");
	assert_int_equal(t.priority, 0);
	assert_false(t.mail_back);
}

static void customer_data_is_refused_in_both_languages_and_any_spelling(void **state)
{
	static const char *const keys[] = {
		"name",	  "customer_name", "CustomerName", "phone", "Phone-Number", "tel",
		"mobile", "address",	   "addr",	   "email", "contact",	    "signature",
		"photo",  "wechat",	   "owner",	   "姓名",  "客户姓名",	    "电话",
		"手机号", "地址",	   "联系人",	   "签名",  "身份证号",	    "電話",
		"手機",	  "tel1",	   "tel_no",	   "qq",    "QQ号",	    "fax",
		"传真",	  "邮编",	   "phone_2",	   "客戶"};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char json[256];
		struct ticket t;
		struct ticket_problems p;

		(void)snprintf(json, sizeof(json),
			       "{\"id\":\"T1\",\"serial\":\"S\",\"model\":\"M\",\"%s\":\"x\"}",
			       keys[i]);
		assert_int_equal(parse(json, &t, &p), ERR_RANGE);
		if (strcmp(p.at[0].code, "customer_data") != 0)
			fail_msg("%s: %s", keys[i], p.at[0].code);
		/* What was refused is not repeated. */
		assert_null(strstr(p.at[0].detail, "x\""));
	}
}

/* The words in the list of docs/ticketing.md: the line that begins with `name` and those below. */
static void the_documents_list_of_customer_data_is_the_codes(void **state)
{
	char *doc = NULL, *at, *end;
	struct error err = {0};
	size_t n;

	(void)state;
	assert_int_equal(text_read_file("docs/ticketing.md", 1 << 20, &doc, &n, &err), 0);
	at = strstr(doc, "\n`name` ");
	assert_non_null(at);
	end = strstr(at, "\n\n");
	assert_non_null(end);
	for (int i = 0; form_customer_word(i); i++) {
		const char *word = form_customer_word(i);
		size_t len = strlen(word);

		at += strcspn(at, "`") + 1;
		if (strncmp(at, word, len) != 0 || at[len] != '`')
			fail_msg("%s: the document has %.20s", word, at);
		at += len + 1;
	}
	assert_ptr_equal(at, end);
	free(doc);
}

static void every_mistake_is_told_at_once(void **state)
{
	static const char json[] = "{\"serial\":1,\"phone\":\"1\",\"priority\":99}";
	struct ticket t;
	struct ticket_problems p;
	struct error err;

	(void)state;
	assert_int_equal(parse(json, &t, &p), ERR_RANGE);
	assert_int_equal(p.count, 5); /* three wrong, id and model missing */
	assert_int_equal(ticket_from_json(NULL, json, sizeof(json) - 1, NULL, &t, &err), ERR_RANGE);
	assert_int_equal(err.code, ERR_RANGE);
	assert_non_null(strstr(err.text, "/serial: "));
	assert_non_null(strstr(err.text, "/model: "));
}

static void more_mistakes_than_places_do_no_harm(void **state)
{
	struct text json = {0};
	struct ticket t;
	struct ticket_problems p;

	(void)state;
	text_puts(&json, "{\"id\":\"T\"");
	for (int i = 0; i < 100; i++)
		text_printf(&json, ",\"x%d\":1", i);
	text_puts(&json, "}");
	assert_int_equal(parse(json.buf, &t, &p), ERR_RANGE);
	assert_int_equal(p.count, TICKET_PROBLEMS_MAX);
	text_release(&json);
}

static void the_path_and_the_body_name_the_same_ticket(void **state)
{
	static const char json[] = "{\"id\":\"T1\",\"serial\":\"S\",\"model\":\"M\"}";
	struct ticket t;
	struct ticket_problems p;

	(void)state;
	assert_int_equal(ticket_read("T1", json, sizeof(json) - 1, NULL, &t, &p), 0);
	assert_int_equal(ticket_read("T2", json, sizeof(json) - 1, NULL, &t, &p), ERR_RANGE);
	assert_string_equal(p.at[0].pointer, "/id");
	assert_int_equal(ticket_read("T 1", json, sizeof(json) - 1, NULL, &t, &p), ERR_RANGE);
}

static void what_is_no_object_is_a_syntax_error(void **state)
{
	static const char *const bad[] = {"",	   "[]",  "1", "{", "{\"id\":1,\"id\":2}",
					  "{} {}", "null"};
	struct text big = {0};
	struct ticket t;
	struct ticket_problems p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i], &t, &p), ERR_SYNTAX);
		assert_int_equal(p.count, 1);
		assert_string_equal(p.at[0].pointer, "");
	}
	text_puts(&big, "{\"id\":\"");
	for (int i = 0; i < TICKET_BYTES_MAX; i++)
		text_puts(&big, "x");
	text_puts(&big, "\"}");
	assert_int_equal(parse(big.buf, &t, &p), ERR_SYNTAX);
	text_release(&big);
}

static void a_ticket_is_written_with_what_the_station_knows(void **state)
{
	struct ticket t = {.id = "T1",
			   .serial = "S",
			   .model = "M",
			   .symptoms = "S02,S09",
			   .state = "received",
			   .run_type = "diagnosis",
			   .plan_state = "none",
			   .version = 3,
			   .repair_seq = 1,
			   .created_utc_us = 1000000};
	struct text out = {0};

	(void)state;
	ticket_to_json(&t, &out);
	assert_string_equal(
		out.buf,
		"{\"id\":\"T1\",\"serial\":\"S\",\"model\":\"M\",\"state\":\"received\","
		"\"run_type\":\"diagnosis\",\"plan_state\":\"none\",\"manufacture_date\":null,"
		"\"due_at\":null,\"symptoms\":[\"S02\",\"S09\"],\"priority\":0,\"mail_back\":false,"
		"\"repair_seq\":1,\"version\":3,\"created_at\":\"1970-01-01T00:00:01.000000Z\","
		"\"changed_at\":null,\"mirrored_at\":null}");
	text_release(&out);
}

static void problems_are_written_as_a_list(void **state)
{
	struct ticket t;
	struct ticket_problems p;
	struct text out = {0};
	struct json j;

	(void)state;
	assert_int_equal(parse("{\"id\":\"T\",\"serial\":\"S\"}", &t, &p), ERR_RANGE);
	json_init(&j, &out);
	ticket_put_problems(&j, &p);
	assert_string_equal(out.buf, "[{\"pointer\":\"/model\",\"code\":\"required\","
				     "\"detail\":\"this member is missing\"}]");
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_ticket_is_read),
		cmocka_unit_test(the_least_ticket_gets_the_defaults),
		cmocka_unit_test(each_mistake_is_told_with_its_pointer),
		cmocka_unit_test(ids_serials_and_models_are_of_safe_characters_and_length),
		cmocka_unit_test(what_a_ticket_does_not_say_is_as_the_depot_wants_it),
		cmocka_unit_test(customer_data_is_refused_in_both_languages_and_any_spelling),
		cmocka_unit_test(the_documents_list_of_customer_data_is_the_codes),
		cmocka_unit_test(every_mistake_is_told_at_once),
		cmocka_unit_test(more_mistakes_than_places_do_no_harm),
		cmocka_unit_test(the_path_and_the_body_name_the_same_ticket),
		cmocka_unit_test(what_is_no_object_is_a_syntax_error),
		cmocka_unit_test(a_ticket_is_written_with_what_the_station_knows),
		cmocka_unit_test(problems_are_written_as_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
