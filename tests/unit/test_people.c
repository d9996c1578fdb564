/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "ticket/codes.h"
#include "ticket/events.h"
#include "ticket/registry.h"
#include "ticket/tries.h"

static const char WANG[] =
	"{\"roles\":[\"technician\"],\"badge\":\"B-1\",\"qualifications\":[{\"run_types\":"
	"[\"post_repair_qc\"],\"class\":\"ro_tankless\",\"assessed\":\"2026-01-05\",\"expires\":"
	"\"2026-12-31\"}]}";

static struct person person(const char *name, const char *json)
{
	struct error err = {0};
	struct person p;

	if (person_read(name, json, strlen(json), &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static void every_route_has_a_row_and_no_other_is_let_in(void **state)
{
	struct identity all = {.via = PEOPLE_VIA_SESSION, .roles = PEOPLE_KNOWN, .on_duty = true};

	(void)state;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++)
		if (!people_rule((enum web_route)r).known)
			fail_msg("%s has no row", web_route_info((enum web_route)r)->name);
	assert_int_equal(people_may(&all, WEB_ROUTE_NONE), PEOPLE_FORBIDDEN);
	assert_int_equal(people_may(&all, WEB_ROUTE_COUNT), PEOPLE_FORBIDDEN);
}

static void nobody_writes_anything_but_a_stop(void **state)
{
	struct identity nobody = {.on_duty = true};

	(void)state;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const struct web_route_info *i = web_route_info((enum web_route)r);
		bool let_in = people_may(&nobody, (enum web_route)r) == PEOPLE_ALLOWED;

		if (let_in && strcmp(i->method, "GET") != 0 && r != WEB_BAY_STOP &&
		    r != WEB_RUN_ABORT && r != WEB_LOGIN && r != WEB_LOGOUT)
			fail_msg("%s is open to everybody", i->name);
	}
	assert_int_equal(people_may(&nobody, WEB_BAY_STOP), PEOPLE_ALLOWED);
	assert_int_equal(people_may(&nobody, WEB_TICKETS), PEOPLE_UNKNOWN);
}

static void a_reader_reads_and_a_technician_is_no_admin(void **state)
{
	struct identity reader = {.via = PEOPLE_VIA_TOKEN, .roles = PEOPLE_READER, .on_duty = true};
	struct identity tech = {.via = PEOPLE_VIA_STATION, .roles = PEOPLE_TECHNICIAN};

	(void)state;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		struct people_rule rule = people_rule((enum web_route)r);

		if (rule.roles && strcmp(web_route_info((enum web_route)r)->method, "GET") != 0)
			assert_int_equal(people_may(&reader, (enum web_route)r), PEOPLE_FORBIDDEN);
	}
	assert_int_equal(people_may(&tech, WEB_TOKEN_ADD), PEOPLE_FORBIDDEN);
	assert_int_equal(people_may(&tech, WEB_PERSON_PUT), PEOPLE_FORBIDDEN);
	assert_int_equal(people_may(&tech, WEB_RUN_START), PEOPLE_OFF_DUTY);
	tech.on_duty = true;
	assert_int_equal(people_may(&tech, WEB_RUN_START), PEOPLE_ALLOWED);
	assert_int_equal(people_rule(WEB_RUN_VOID).sign, PEOPLE_SUPERVISOR);
}

static void a_person_comes_back_as_it_was_written(void **state)
{
	struct person p = person("wang", WANG), again;
	struct text a = {0}, b = {0};
	struct json j;

	(void)state;
	json_init(&j, &a);
	person_put_json(&j, &p);
	again = person("wang", a.buf);
	json_init(&j, &b);
	person_put_json(&j, &again);
	assert_string_equal(a.buf, b.buf);
	assert_true(again.active);
	text_release(&a);
	text_release(&b);
}

static void a_qualification_holds_for_its_type_class_and_days(void **state)
{
	struct person p = person("wang", WANG);

	(void)state;
	assert_true(person_is_qualified(&p, RUN_POST_REPAIR_QC, "ro_tankless", "2026-01-05"));
	assert_true(person_is_qualified(&p, RUN_POST_REPAIR_QC, "ro_tankless", "2026-12-31"));
	assert_false(person_is_qualified(&p, RUN_POST_REPAIR_QC, "ro_tankless", "2026-01-04"));
	assert_false(person_is_qualified(&p, RUN_POST_REPAIR_QC, "ro_tankless", "2027-01-01"));
	assert_false(person_is_qualified(&p, RUN_DIAGNOSIS, "ro_tankless", "2026-06-01"));
	assert_false(person_is_qualified(&p, RUN_POST_REPAIR_QC, "uf", "2026-06-01"));
	assert_false(person_is_qualified(NULL, RUN_POST_REPAIR_QC, "uf", "2026-06-01"));
	p.active = false;
	assert_false(person_is_qualified(&p, RUN_POST_REPAIR_QC, "ro_tankless", "2026-06-01"));
}

static void a_deputy_approves_until_the_last_day(void **state)
{
	struct person p =
		person("zhao", "{\"roles\":[\"technician\"],\"deputy_until\":\"2026-11-30\"}");

	(void)state;
	assert_true(person_may_approve(&p, "2026-11-30"));
	assert_false(person_may_approve(&p, "2026-12-01"));
	p = person("s", "{\"roles\":[\"supervisor\"]}");
	assert_true(person_may_approve(&p, "2030-01-01"));
	p.active = false;
	assert_false(person_may_approve(&p, "2030-01-01"));
}

static void what_is_no_person_is_refused_with_its_pointer(void **state)
{
	static const char *const rows[][2] = {
		{"{}", "/roles"},
		{"{\"roles\":[\"boss\"]}", "/roles/0"},
		{"{\"roles\":[\"admin\"],\"phone\":\"1\"}", "/phone"},
		{"{\"roles\":[\"admin\"],\"deputy_until\":\"soon\"}", "/deputy_until"},
		{"{\"roles\":[\"admin\"],\"qualifications\":[{\"run_types\":[\"x\"],\"class\":"
		 "\"*\",\"assessed\":\"2026-01-01\"}]}",
		 "/qualifications/0/run_types/0"},
	};
	struct error err = {0};
	struct person p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(person_read("x", rows[i][0], strlen(rows[i][0]), &p, &err) < 0);
		if (strncmp(err.text, rows[i][1], strlen(rows[i][1])) != 0)
			fail_msg("%s: %s", rows[i][0], err.text);
	}
	assert_true(person_read("No Name", WANG, strlen(WANG), &p, &err) < 0);
}

static void duty_ends_after_idle_minutes_but_not_while_a_run_goes_on(void **state)
{
	const int64_t minute = 60 * NS_PER_S;
	struct registry *r = registry_new();
	struct person p = person("wang", WANG);

	(void)state;
	assert_false(registry_has_people(r));
	registry_put_person(r, &p);
	assert_true(registry_has_people(r));
	assert_null(registry_duty(r, 3, false, minute));
	registry_begin_duty(r, 3, "wang", minute);
	assert_non_null(registry_duty(r, 3, false, 16 * minute));
	assert_non_null(registry_duty(r, 3, true, 60 * minute)); /* a run: never lapses */
	assert_non_null(registry_duty(r, 3, false, 75 * minute));
	assert_null(registry_duty(r, 3, false, 75 * minute + 1));
	registry_begin_duty(r, 3, "wang", 80 * minute);
	p.active = false;
	registry_put_person(r, &p);
	assert_null(registry_duty(r, 3, false, 80 * minute));
	assert_null(registry_badge(r, "B-1"));
	registry_free(r);
}

static void a_session_ends_by_idling_and_by_leaving(void **state)
{
	const int64_t minute = 60 * NS_PER_S;
	struct registry *r = registry_new();
	struct person p = person("wang", WANG);
	char id[65];

	(void)state;
	registry_put_person(r, &p);
	memcpy(id, registry_login(r, "wang", minute)->id, sizeof(id));
	assert_non_null(registry_session(r, id, 16 * minute));
	assert_non_null(registry_session(r, id, 31 * minute));
	assert_null(registry_session(r, id, 46 * minute + 1));
	memcpy(id, registry_login(r, "wang", 50 * minute)->id, sizeof(id));
	registry_logout(r, id);
	assert_null(registry_session(r, id, 50 * minute));
	assert_null(registry_session(r, "", 50 * minute));
	registry_free(r);
}

static void a_token_is_good_until_its_day_and_its_end(void **state)
{
	const int64_t day_us = (int64_t)20000 * 86400 * 1000000; /* 2024-10-04 */
	struct registry *r = registry_new();
	struct access_token t = {.name = "erp", .roles = PEOPLE_READER, .expires = "2024-10-04"};

	(void)state;
	text_sha256(t.hash, "btk_secret", 10);
	registry_put_token(r, &t);
	assert_non_null(registry_token(r, "btk_secret", day_us));
	assert_int_equal(registry_token_named(r, "erp")->used_utc_us, day_us);
	assert_null(registry_token(r, "btk_secreT", day_us));
	assert_null(registry_token(r, "btk_secret", day_us + (int64_t)86400 * 1000000));
	t.revoked = true;
	registry_put_token(r, &t);
	assert_null(registry_token(r, "btk_secret", day_us));
	registry_free(r);
}

/* How many of so many tries at one time are let in. */
static int let_in(struct tries *t, const char *person, const char *client, bool by_web, int n,
		  int64_t now_ns)
{
	struct try_from from = {person, client, by_web};
	int good = 0;

	for (int i = 0; i < n; i++)
		good += tries_add(t, &from, now_ns) == 0;
	return good;
}

static void one_client_has_its_tries_and_leaves_the_others_theirs(void **state)
{
	struct tries t = {0};
	char name[8];
	int all = 0;

	(void)state;
	assert_int_equal(let_in(&t, "wang", "10.0.0.1", true, 20, NS_PER_S), TRIES_CLIENT_PERSON);
	/* who is not locked out by it */
	assert_int_equal(let_in(&t, "wang", "10.0.0.2", true, 1, NS_PER_S), 1);
	/* across persons it comes no further */
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		all += let_in(&t, name, "10.0.0.1", true, 1, NS_PER_S);
	}
	assert_int_equal(all, TRIES_CLIENT - TRIES_CLIENT_PERSON);
	assert_int_equal(let_in(&t, "p39", "10.0.0.2", true, 1, NS_PER_S), 1);
	assert_int_equal(let_in(&t, "wang", "10.0.0.1", true, 1, 62 * NS_PER_S), 1);
}

static void many_clients_have_ten_tries_for_one_person_and_sixty_in_all(void **state)
{
	struct tries t = {0};
	char name[8], client[16];
	int wang = 0, all = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		(void)snprintf(client, sizeof(client), "10.0.1.%d", i);
		(void)snprintf(name, sizeof(name), "p%d", i);
		wang += let_in(&t, "wang", client, true, 1, NS_PER_S);
		all += let_in(&t, name, client, true, 1, NS_PER_S);
	}
	assert_int_equal(wang, TRIES_PERSON);
	assert_int_equal(wang + all, TRIES_ALL);
	/* they keep nobody out who sits at the station */
	assert_int_equal(let_in(&t, "wang", "uid:1000", false, 20, NS_PER_S), TRIES_CLIENT_PERSON);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(client, sizeof(client), "uid:%d", i);
		(void)let_in(&t, client, client, false, 1, NS_PER_S);
	}
	assert_int_equal(let_in(&t, "wang", "10.0.0.9", true, 1, 62 * NS_PER_S), 1);
}

static void who_waits_as_long_as_it_was_told_may_try_again(void **state)
{
	struct tries t = {0};
	struct try_from from = {"wang", "10.0.0.1", true};
	int64_t wait_ns;

	(void)state;
	for (int i = 1; i <= TRIES_CLIENT_PERSON; i++)
		assert_int_equal(tries_add(&t, &from, i * NS_PER_S), 0);
	wait_ns = tries_add(&t, &from, 11 * NS_PER_S);
	assert_int_equal(wait_ns, 50 * NS_PER_S);
	assert_true(tries_add(&t, &from, 11 * NS_PER_S + wait_ns - 1) > 0);
	assert_int_equal(tries_add(&t, &from, 11 * NS_PER_S + wait_ns), 0);
}

static void a_pin_that_was_right_does_not_count(void **state)
{
	struct tries t = {0};
	struct try_from from = {"wang", "10.0.0.1", true};

	(void)state;
	for (int i = 1; i < 50; i++) {
		assert_int_equal(tries_add(&t, &from, NS_PER_S + i), 0);
		tries_take_back(&t, &from, NS_PER_S + i);
	}
	assert_int_equal(let_in(&t, "wang", "10.0.0.1", true, 9, NS_PER_S + 50),
			 TRIES_CLIENT_PERSON);
	tries_take_back(&t, &(struct try_from){"li", "10.0.0.1", true}, NS_PER_S + 50);
	assert_int_equal(let_in(&t, "wang", "10.0.0.1", true, 1, NS_PER_S + 51), 0);
}

static void a_pin_is_kept_as_argon2id_and_nothing_matches_nobody(void **state)
{
	char hash[SECRET_HASH_MAX];

	(void)state;
	assert_true(secret_hash("4711", 4, hash));
	assert_non_null(strstr(hash, "$argon2id$v=19$m=19456,t=2,p=1$"));
	assert_true(secret_verify(hash, "4711", 4));
	assert_false(secret_verify(hash, "4712", 4));
	assert_false(secret_verify("", "4711", 4));
	assert_false(secret_verify("", "", 0));
}

static void codes_are_read_by_pattern_or_as_they_are(void **state)
{
	static const char *const patterns[] = {"T:{id}", "https://x/{id}?s=1", "SN={serial}"};
	static const struct {
		const char *code;
		enum code_kind kind;
		const char *out;
	} rows[] = {
		{"T:A-1", CODE_TICKET, "A-1"},
		{"https://x/A-1?s=1", CODE_TICKET, "A-1"},
		{"SN=RO600-1", CODE_SERIAL, "RO600-1"},
		{"A-1", CODE_BARE, "A-1"},
		{"T:", CODE_BARE, ""},
		{"t:A-1", CODE_BARE, ""},
		{"T:A 1", CODE_BARE, ""},
		{"https://x/A-1", CODE_BARE, ""},
	};
	struct error err;
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (code_read(patterns, 3, rows[i].code, out) != rows[i].kind ||
		    strcmp(out, rows[i].out) != 0)
			fail_msg("%s: \"%s\"", rows[i].code, out);
	}
	assert_int_equal(code_check_pattern("T:{id}", &err), 0);
	assert_int_equal(code_check_pattern("{id}", &err), ERR_CONFIG);
	assert_int_equal(code_check_pattern("T:", &err), ERR_CONFIG);
	assert_int_equal(code_check_pattern("{id}-{serial}", &err), ERR_CONFIG);
}

static void a_body_is_written_again_in_the_tables_order(void **state)
{
	static const char in[] = "{\"by\":\"li\",\"parts\":[{\"oem\":true,\"part\":\"MEM\"}],"
				 "\"sign\":{\"pin\":\"1\"},\"action\":\"R01\"}";
	struct ticket_problems problems;
	struct text out = {0};
	json_t *root = NULL;
	struct json j;

	(void)state;
	assert_int_equal(form_read(repair_form, in, sizeof(in) - 1, &root, &problems), 0);
	json_init(&j, &out);
	json_open_object(&j);
	form_put(&j, repair_form, root);
	json_end_object(&j);
	assert_string_equal(out.buf, "{\"action\":\"R01\",\"parts\":[{\"part\":\"MEM\",\"oem\":"
				     "true}],\"by\":\"li\"}");
	json_decref(root);
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_has_a_row_and_no_other_is_let_in),
		cmocka_unit_test(nobody_writes_anything_but_a_stop),
		cmocka_unit_test(a_reader_reads_and_a_technician_is_no_admin),
		cmocka_unit_test(a_person_comes_back_as_it_was_written),
		cmocka_unit_test(a_qualification_holds_for_its_type_class_and_days),
		cmocka_unit_test(a_deputy_approves_until_the_last_day),
		cmocka_unit_test(what_is_no_person_is_refused_with_its_pointer),
		cmocka_unit_test(duty_ends_after_idle_minutes_but_not_while_a_run_goes_on),
		cmocka_unit_test(a_session_ends_by_idling_and_by_leaving),
		cmocka_unit_test(a_token_is_good_until_its_day_and_its_end),
		cmocka_unit_test(one_client_has_its_tries_and_leaves_the_others_theirs),
		cmocka_unit_test(many_clients_have_ten_tries_for_one_person_and_sixty_in_all),
		cmocka_unit_test(who_waits_as_long_as_it_was_told_may_try_again),
		cmocka_unit_test(a_pin_that_was_right_does_not_count),
		cmocka_unit_test(a_pin_is_kept_as_argon2id_and_nothing_matches_nobody),
		cmocka_unit_test(codes_are_read_by_pattern_or_as_they_are),
		cmocka_unit_test(a_body_is_written_again_in_the_tables_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
