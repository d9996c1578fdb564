/* SPDX-License-Identifier: MIT
 *
 * Webhooks without a network: the file, what is sent, what an answer means, when it is tried again.
 * Signatures are held against the published vector of Standard Webhooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/template.h"
#include "tests/fake/temp_dir.h"
#include "ticket/hook.h"

static char dir[TEMP_DIR_SIZE];

static void put_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	temp_dir_make(dir);
	return 0;
}

static struct hooks *parse(const char *text)
{
	struct problems problems = {0};
	char path[96];
	struct hooks *h;

	(void)snprintf(path, sizeof(path), "%s/hooks.yaml", dir);
	h = hooks_parse(path, text, strlen(text), &problems);
	if (!h)
		problems_print(&problems, stderr);
	assert_non_null(h);
	problems_release(&problems);
	return h;
}

static void refused(const char *text, const char *why)
{
	struct problems problems = {0};
	struct hooks *h = hooks_parse("hooks.yaml", text, strlen(text), &problems);
	bool told = false;

	assert_null(h);
	assert_true(problems.count > 0);
	for (int i = 0; i < problems.count; i++)
		told = told || strstr(problems.at[i].text, why);
	if (!told)
		fail_msg("\"%s\" is not told; first: %s", why, problems.at[0].text);
	problems_release(&problems);
}

static struct hook_request render_with(struct hooks *h, const char *id, const char *item,
				       int64_t utc_us)
{
	struct hook_item it = {id, item, strlen(item)};
	struct hook_secrets secrets;
	struct hook_request r;
	struct error err = {0};

	assert_int_equal(hook_secrets_load(h, &h->at[0], &secrets, NULL, &err), 0);
	assert_int_equal(hook_render(&h->at[0], &secrets, "bench 1", &it, utc_us, &r, &err), 0);
	hook_secrets_wipe(&secrets);
	return r;
}

static const char *header(const struct hook_request *r, const char *name)
{
	for (int i = 0; i < r->header_count; i++)
		if (!strncmp(r->headers[i].buf, name, strlen(name)) &&
		    r->headers[i].buf[strlen(name)] == ':')
			return r->headers[i].buf + strlen(name) + 2;
	return NULL;
}

#define SIGNED "webhooks:\n  a:\n    url: https://h.example/x\n    signing: [s1]\n"

/* github.com/standard-webhooks: its libraries' common vector */
static void the_published_vector_of_standard_webhooks_is_met(void **state)
{
	struct hooks *h = parse(SIGNED);
	struct hook_request r;

	(void)state;
	put_file("s1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0600);
	r = render_with(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}",
			INT64_C(1614265330) * 1000000 + 999999);
	assert_string_equal(header(&r, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
	assert_string_equal(header(&r, "webhook-timestamp"), "1614265330");
	assert_string_equal(header(&r, "webhook-signature"),
			    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_string_equal(r.body.buf, "{\"test\": 2432232314}"); /* as it is, blanks and all */
	hook_request_release(&r);
	hooks_free(h);
}

static void while_a_secret_rotates_both_sign(void **state)
{
	struct hooks *h = parse(SIGNED);
	struct hook_request r;

	(void)state;
	put_file("s1",
		 "# new\nwhsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n"
		 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
		 0600);
	r = render_with(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}",
			INT64_C(1614265330) * 1000000);
	assert_int_equal(strncmp(header(&r, "webhook-signature"), "v1,", 3), 0);
	assert_non_null(strstr(header(&r, "webhook-signature"),
			       " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
	hook_request_release(&r);
	hooks_free(h);
}

static void a_secret_that_others_may_read_or_that_is_none_is_refused(void **state)
{
	struct hooks *h = parse(SIGNED);
	struct hook_secrets s;
	struct error err;
	char where[512] = "";

	(void)state;
	(void)snprintf(where, sizeof(where), "%s/s1", dir);
	(void)unlink(where);
	assert_int_equal(hook_secrets_load(h, &h->at[0], &s, where, &err), ERR_CONFIG);
	assert_null(strstr(err.text, dir)); /* the path is for the log */
	assert_non_null(strstr(where, dir));
	put_file("s1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0640);
	assert_int_equal(hook_secrets_load(h, &h->at[0], &s, NULL, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, "chmod 600"));
	put_file("s1", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0600);
	assert_int_equal(hook_secrets_load(h, &h->at[0], &s, NULL, &err), ERR_CONFIG);
	put_file("s1", "whsec_c2hvcnQ=\n", 0600);
	assert_int_equal(hook_secrets_load(h, &h->at[0], &s, NULL, &err), ERR_CONFIG);
	put_file("s1", "# nothing\n", 0600);
	assert_int_equal(hook_secrets_load(h, &h->at[0], &s, NULL, &err), ERR_CONFIG);
	hooks_free(h);
}

static void what_an_item_holds_never_becomes_template_url_header_or_json(void **state)
{
	static const char evil[] =
		"{\"type\":\"x\",\"serial\":\"a&b=c/../{secret.t}\",\"data\":{\"note\":"
		"\"\\\",\\\"admin\\\":true,\\\"x\\\":\\\"\\r\\nX-Evil: 1\",\"n\":0.1,\"l\":[1,\"z\"]}}";
	struct hooks *h =
		parse("webhooks:\n  a:\n    url: "
		      "https://h.example/x?s={item.serial}&k={secret.t}\n"
		      "    secrets: {t: tok}\n"
		      "    headers: {X-Note: 'n {item.data.note}'}\n"
		      "    body: '{\"text\": \"{{{item.data.note}}}\", \"n\": \"{item.data.n}\","
		      " \"all\": \"{item.data.l}\", \"no\": \"{item.data.none}\","
		      " \"z\": \"-{item.data.l.1}{item.data.none}-\", \"m\": 3}'\n");
	struct hook_request r;
	json_t *body;

	(void)state;
	put_file("tok", "s&cret\n", 0400);
	r = render_with(h, "id", evil, 1);
	assert_string_equal(r.url.buf, "https://h.example/x?s=a%26b%3Dc%2F..%2F%7Bsecret.t%7D"
				       "&k=s%26cret");
	assert_string_equal(header(&r, "X-Note"), "n \",\"admin\":true,\"x\":\"  X-Evil: 1");
	body = json_loads(r.body.buf, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(body);
	assert_string_equal(json_string_value(json_object_get(body, "text")),
			    "{\",\"admin\":true,\"x\":\"\r\nX-Evil: 1}");
	assert_null(json_object_get(body, "admin"));
	assert_non_null(strstr(r.body.buf,
			       "\"n\":0.1,\"all\":[1,\"z\"],\"no\":null,\"z\":\"-z-\",\"m\":3"));
	json_decref(body);
	hook_request_release(&r);
	hooks_free(h);
}

static void a_signature_of_the_template_is_what_openssl_makes_of_it(void **state)
{
	struct hooks *h =
		parse("webhooks:\n  a:\n    url: https://h.example/r?t={now_ms}&s={sign.s}\n"
		      "    secrets: {k: key}\n"
		      "    signatures:\n      s: {key: k, text: '{now_ms}{lf}{secret.k}'}\n");
	struct hook_request r;

	(void)state;
	put_file("key", "SECabc", 0600);
	r = render_with(h, "id", "{}", INT64_C(1700000000123000));
	/* printf '1700000000123\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64 */
	assert_string_equal(
		r.url.buf,
		"https://h.example/r?t=1700000000123&s=IqXBU%2FaLfwMA3S%2FtDcfRmHx5vWHw9Y1aOgFLBr1Ti9w%3D");
	hook_request_release(&r);
	hooks_free(h);
}

static void mistakes_of_the_file_are_told(void **state)
{
	(void)state;
#define HOOK "webhooks:\n  a:\n    url: "
	refused(HOOK "ftp://h/\n", "url is none");
	refused(HOOK "https://{item.serial}.example/\n", "stands in the host");
	refused(HOOK "https://u:p@h.example/\n", "name and password");
	refused(HOOK "https://h.example/{itm}\n", "is unknown");
	refused(HOOK "https://h.example/{secret.k}\n", "is unknown");
	refused(HOOK "https://h.example/{item\n", "is no place");
	refused(HOOK "https://h.example/x}\n", "a lone }");
	refused(HOOK "https://h.example/\n    body: '{\"a\":'\n", "no JSON");
	refused(HOOK "https://h.example/\n    body: '{\"a\": \"{b}\"}'\n", "is unknown");
	refused(HOOK "https://h.example/\n    success: errcode\n", "no condition");
	refused(HOOK "https://h.example/\n    success: errcode ==\n", "");
	refused(HOOK "https://h.example/\n    headers: {Host: x}\n", "no header that may be set");
	refused(HOOK "https://h.example/\n    headers: {webhook-id: x}\n", "no header that may be");
	refused(HOOK "https://h.example/\n    types: [Run]\n", "no type");
	refused(HOOK "https://h.example/\n    signatures:\n      s: {key: k, text: x}\n",
		"not among the secrets");
	refused(HOOK "https://h.example/\n    secrets: {k: f}\n    signatures:\n"
		     "      s: {key: k, text: '{sign.s}'}\n",
		"is unknown");
	refused("webhooks:\n  a: {methd: POST}\n", "methd");
}

/* ---- answers ---- */

static enum hook_outcome outcome(const char *success, int status, const char *body)
{
	struct hook_answer a = {status, status ? "" : "timeout", body, strlen(body)};
	enum hook_outcome o;
	struct text t = {0};
	struct hooks *h;
	char why[200];

	text_puts(&t, "webhooks:\n  a:\n    url: https://h.example/\n");
	if (success)
		text_printf(&t, "    success: %s\n", success);
	h = parse(t.buf);
	o = hook_outcome(&h->at[0], &a, why, sizeof(why));
	assert_true((o == HOOK_DELIVERED) == (why[0] == '\0'));
	assert_null(strstr(why, "stranger"));
	hooks_free(h);
	text_release(&t);
	return o;
}

static void an_answer_counts_only_when_it_is_known_to_be_good(void **state)
{
	(void)state;
	assert_int_equal(outcome(NULL, 200, "stranger"), HOOK_DELIVERED);
	assert_int_equal(outcome(NULL, 204, ""), HOOK_DELIVERED);
	assert_int_equal(outcome("errcode == 0", 200, "{\"errcode\":0,\"errmsg\":\"ok\"}"),
			 HOOK_DELIVERED);
	assert_int_equal(
		outcome("errcode == 0", 200, "{\"errcode\":93000,\"errmsg\":\"stranger\"}"),
		HOOK_REFUSED);
	assert_int_equal(outcome("errcode == 0", 200, "{\"errmsg\":\"ok\"}"), HOOK_REFUSED);
	assert_int_equal(outcome("errcode == 0", 200, "{\"errcode\":\"0\"}"), HOOK_REFUSED);
	assert_int_equal(outcome("errcode == 0", 200, "<html>stranger"), HOOK_REFUSED);
	assert_int_equal(outcome("errcode == 0", 500, "{\"errcode\":0}"), HOOK_AGAIN);
	assert_int_equal(
		outcome("result.ok == 1 and status == 201", 201, "{\"result\":{\"ok\":true}}"),
		HOOK_DELIVERED);
	assert_int_equal(outcome("result.ok == 1", 201, "{\"result\":{\"ok\":false}}"),
			 HOOK_REFUSED);
}

static void statuses_say_again_refused_or_gone(void **state)
{
	static const int again[] = {0, 301, 302, 401, 403, 404, 408, 429, 500, 502, 503, 504, 199};
	static const int refusals[] = {400, 409, 413, 415, 422};

	(void)state;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		assert_int_equal(outcome(NULL, again[i], "stranger"), HOOK_AGAIN);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_int_equal(outcome(NULL, refusals[i], "stranger"), HOOK_REFUSED);
	assert_int_equal(outcome(NULL, 410, ""), HOOK_GONE);
}

static void an_answer_that_was_cut_off_meets_no_expression(void **state)
{
	struct hooks *h = parse("webhooks:\n  a:\n    url: https://h.example/\n"
				"    success: errcode == 0\n");
	struct hook_answer a = {200, "answer_too_long", "{\"errcode\":0}", 13};
	char why[200];

	(void)state;
	assert_int_equal(hook_outcome(&h->at[0], &a, why, sizeof(why)), HOOK_REFUSED);
	hooks_free(h);
}

/* ---- again ---- */

static void waits_double_up_to_the_longest_and_differ_by_chance(void **state)
{
	struct hooks *h = parse("webhooks:\n  a:\n    url: https://h.example/\n"
				"    retry: {first_wait: 4 s, longest_wait: 60 s}\n");
	static const int want_s[] = {4, 8, 16, 32, 60, 60, 60};

	(void)state;
	for (int i = 0; i < 7; i++) {
		int64_t most = hook_wait_ns(&h->at[0], i + 1, 0);
		int64_t least = hook_wait_ns(&h->at[0], i + 1, UINT32_MAX);

		assert_int_equal(most, want_s[i] * INT64_C(1000000000));
		assert_true(least >= most / 2 && least < most / 2 + most / 1000);
	}
	assert_int_equal(hook_wait_ns(&h->at[0], 1 << 30, 0), INT64_C(60000000000));
	hooks_free(h);
}

/* A receiver that is away: virtual time goes by, and the item dies of age alone, after three days. */
static void an_item_dies_of_age_or_of_refusals_and_of_nothing_else(void **state)
{
	struct hooks *h = parse("webhooks:\n  a:\n    url: https://h.example/\n");
	struct hook_tries t = {0};
	int64_t now_ns = 0;

	(void)state;
	while (!hook_is_dead(&h->at[0], &t, HOOK_AGAIN, now_ns))
		now_ns += hook_wait_ns(&h->at[0], t.failed, 0);
	assert_true(now_ns > h->at[0].give_up_ns);
	assert_true(now_ns < h->at[0].give_up_ns + 2 * h->at[0].longest_wait_ns);
	assert_true(t.failed > 70 && t.failed < 100); /* about once an hour */

	t = (struct hook_tries){0};
	for (int i = 1; i < HOOK_REFUSED_MAX; i++)
		assert_false(hook_is_dead(&h->at[0], &t, HOOK_REFUSED, 0));
	assert_true(hook_is_dead(&h->at[0], &t, HOOK_REFUSED, 0));

	/* after a jump of the clock an item is old at once: it is tried ten times all the same */
	t = (struct hook_tries){0};
	for (int i = 1; i < HOOK_FAILED_MIN; i++)
		assert_false(hook_is_dead(&h->at[0], &t, HOOK_AGAIN, INT64_MAX));
	assert_true(hook_is_dead(&h->at[0], &t, HOOK_AGAIN, INT64_MAX));
	hooks_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector_of_standard_webhooks_is_met),
		cmocka_unit_test(while_a_secret_rotates_both_sign),
		cmocka_unit_test(a_secret_that_others_may_read_or_that_is_none_is_refused),
		cmocka_unit_test(what_an_item_holds_never_becomes_template_url_header_or_json),
		cmocka_unit_test(a_signature_of_the_template_is_what_openssl_makes_of_it),
		cmocka_unit_test(mistakes_of_the_file_are_told),
		cmocka_unit_test(an_answer_counts_only_when_it_is_known_to_be_good),
		cmocka_unit_test(statuses_say_again_refused_or_gone),
		cmocka_unit_test(an_answer_that_was_cut_off_meets_no_expression),
		cmocka_unit_test(waits_double_up_to_the_longest_and_differ_by_chance),
		cmocka_unit_test(an_item_dies_of_age_or_of_refusals_and_of_nothing_else),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
