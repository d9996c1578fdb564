/* SPDX-License-Identifier: MIT
 *
 * The chain: what goes in stays as it was, in order, by the station's key.
 */
#include <sys/stat.h>

#include "base/sign.h"
#include "store/chain.h"
#include "tests/unit/store_bench.h"

struct items {
	struct text text;
	int count;
};

static bool keep(void *ctx, const struct chain_row *r)
{
	struct items *i = ctx;

	text_add(&i->text, r->bytes, r->n);
	text_add(&i->text, "\n", 1);
	i->count++;
	return true;
}

static struct items list(struct store *s, const struct chain_filter *f)
{
	struct items i = {.count = 0};

	assert_int_equal(store_chain_list(s, f, keep, &i, NULL), 0);
	return i;
}

static int64_t add(struct store *s, const char *type, const char *ticket, const char *data)
{
	struct chain_item i = {.type = type,
			       .ticket = ticket,
			       .who = "li",
			       .feed = true,
			       .data = data,
			       .n = strlen(data)};
	struct error err = {0};
	int64_t seq = 0;

	if (store_chain_add(s, &i, 1000000, &seq, &err) < 0)
		fail_msg("%s", err.text);
	return seq;
}

static void an_item_s_bytes_are_the_documented_ones(void **state)
{
	struct store *s = open_or_fail();
	struct chain_filter f = {.ticket = "T\"1"};
	struct items i;

	(void)state;
	assert_int_equal(add(s, "repaired", "T\"1", "{\"n\":1}"), 2);
	i = list(s, &f);
	assert_string_equal(i.text.buf, "{\"seq\":2,\"type\":\"repaired\","
					"\"at\":\"1970-01-01T00:00:01.000000Z\","
					"\"ticket\":\"T\\\"1\",\"serial\":null,\"run\":null,"
					"\"who\":\"li\",\"feed\":true,\"data\":{\"n\":1}}\n");
	text_release(&i.text);
	store_close(s);
}

static bool check_data(void *ctx, const struct chain_row *r)
{
	assert_int_equal(r->data_n, strlen(ctx));
	assert_memory_equal(r->data, ctx, r->data_n);
	return true;
}

static void data_is_found_behind_any_subject(void **state)
{
	struct store *s = open_or_fail();
	char data[] = "{\"data\":{\"x\":\",\\\"data\\\":\"}}";
	struct chain_filter f = {.ticket = ",\"data\":"};

	(void)state;
	(void)add(s, "note", ",\"data\":", data);
	assert_int_equal(store_chain_list(s, &f, check_data, data, NULL), 0);
	store_close(s);
}

static bool add_root(void *ctx, const struct chain_row *r)
{
	struct text *t = ctx;
	char root[2 * CHAIN_ROOT_BYTES + 1];

	text_hex(root, r->root, CHAIN_ROOT_BYTES);
	text_printf(t, "%lld %.*s %s\n", (long long)r->seq, (int)r->n, r->bytes, root);
	return true;
}

static void a_page_of_bytes_alone_has_the_same_items_and_roots(void **state)
{
	struct store *s = open_or_fail();
	struct chain_filter f = {.feed_only = true, .after = 1};
	struct text whole = {0}, alone = {0};

	(void)state;
	fill(s);
	assert_int_equal(store_chain_list(s, &f, add_root, &whole, NULL), 0);
	f.bytes_alone = true;
	assert_int_equal(store_chain_list(s, &f, add_root, &alone, NULL), 0);
	assert_non_null(whole.buf);
	assert_string_equal(alone.buf, whole.buf);
	text_release(&whole);
	text_release(&alone);
	store_close(s);
}

static bool add_type(void *ctx, const struct chain_row *r)
{
	text_printf(ctx, "%s ", r->type);
	return true;
}

/* The clock went back between a and b. */
static void items_of_some_days_come_in_commit_order(void **state)
{
	static const struct {
		const char *type;
		int64_t utc_us;
		bool feed;
	} at[] = {{"a", 300, true},
		  {"b", 100, true},
		  {"c", 200, true},
		  {"d", 200, false},
		  {"e", 400, true}};
	static const struct {
		int64_t from, to;
		const char *said;
	} asked[] = {{200, 0, "a c e "}, {0, 300, "b c "}, {100, 300, "b c "}, {401, 0, ""}};
	struct store *s = open_or_fail();

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct chain_item item = {.type = at[i].type, .feed = at[i].feed};

		assert_int_equal(store_chain_add(s, &item, at[i].utc_us, NULL, NULL), 0);
	}
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct chain_filter f = {
			.feed_only = true, .from_us = asked[i].from, .to_us = asked[i].to};
		struct text said = {0};

		text_puts(&said, "");
		assert_int_equal(store_chain_list(s, &f, add_type, &said, NULL), 0);
		assert_string_equal(said.buf, asked[i].said);
		text_release(&said);
	}
	store_close(s);
}

static void readers_filter_by_subject_type_feed_and_place(void **state)
{
	struct store *s = open_or_fail();
	struct chain_filter f[] = {{.ticket = "T1"},
				   {.serial = "SN1"},
				   {.run = "run-1"},
				   {.type = "started"},
				   {.type = "started", .or_type = "run_started"},
				   {.feed_only = true},
				   {.after = 2, .limit = 1},
				   {.newest_first = true, .limit = 2}};
	static const int count[] = {3, 3, 2, 1, 2, 3, 1, 2};

	(void)state;
	fill(s);
	for (size_t k = 0; k < sizeof(f) / sizeof(f[0]); k++) {
		struct items i = list(s, &f[k]);

		if (i.count != count[k])
			fail_msg("filter %zu: %d items:\n%s", k, i.count, i.text.buf);
		text_release(&i.text);
	}
	store_close(s);
}

static void an_append_outside_of_a_transaction_or_by_a_reader_is_refused(void **state)
{
	struct store *s = open_or_fail(), *r;
	struct chain_item i = {.type = "note"};

	(void)state;
	assert_int_equal(store_chain_append(s, &i, 0, NULL, NULL), ERR_STATE);
	r = store_open_reader(dir, NULL);
	assert_non_null(r);
	assert_int_equal(store_chain_append(r, &i, 0, NULL, NULL), ERR_STATE);
	assert_int_equal(store_chain_add(r, &i, 0, NULL, NULL), ERR_STATE);
	store_close(r);
	store_close(s);
}

static void what_is_no_item_is_refused_and_leaves_no_trace(void **state)
{
	static const struct {
		const char *type, *ticket, *data;
	} bad[] = {{"", "T1", "{}"},
		   {NULL, "T1", "{}"},
		   {"Note", "T1", "{}"},
		   {"note", "a\nb", "{}"},
		   {"note", "\xff", "{}"},
		   {"note", "T1", "[]"},
		   {"note", "T1", "{"},
		   {"note", "T1", "{} "},
		   {"note", "T1", " {}"},
		   {"note", "T1", ""},
		   {"note", "T1", "{\"a\":NaN}"},
		   {"note", "T1", "{\"a\":1,\"a\":2}"}};
	struct store *s = open_or_fail();
	struct chain_head head;

	(void)state;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct chain_item i = {.type = bad[k].type,
				       .ticket = bad[k].ticket,
				       .data = bad[k].data,
				       .n = strlen(bad[k].data)};

		if (store_chain_add(s, &i, 0, NULL, NULL) == 0)
			fail_msg("item %zu was taken", k);
	}
	assert_int_equal(store_chain_head(s, &head, NULL), 0);
	assert_int_equal(head.size, 1);
	(void)add(s, "note", "T1", "{}");
	store_close(s);
}

static void a_rolled_back_item_was_never_there(void **state)
{
	struct store *s = open_or_fail();
	struct chain_item i = {.type = "note"};
	struct chain_head before, after;

	(void)state;
	assert_int_equal(store_chain_head(s, &before, NULL), 0);
	assert_int_equal(db_begin(s, NULL), 0);
	assert_int_equal(store_chain_append(s, &i, 0, NULL, NULL), 0);
	assert_int_equal(db_end(s, ERR_CONFLICT, NULL), ERR_CONFLICT);
	assert_int_equal(store_chain_head(s, &after, NULL), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	(void)add(s, "note", "T1", "{}");
	assert_int_equal(store_chain_check(s, NULL), 0);
	store_close(s);
}

static void the_key_is_made_with_the_database_and_nobody_else_reads_it(void **state)
{
	struct store *s = open_or_fail();
	uint8_t public_bytes[32], again[32], sig[64];
	char path[96], id[17], want[17];
	struct error err = {0};
	struct stat st;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/keys/station.key", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(store_key_public(s, public_bytes, NULL), 0);
	store_close(s);
	s = open_or_fail();
	assert_int_equal(store_key_public(s, again, NULL), 0);
	assert_memory_equal(again, public_bytes, 32);
	assert_int_equal(store_sign(s, "paper", 5, sig, id, NULL), 0);
	sign_id(want, public_bytes);
	assert_string_equal(id, want);
	assert_true(sign_is_by(public_bytes, "paper", 5, sig));
	assert_false(sign_is_by(public_bytes, "paprr", 5, sig));
	store_close(s);
	/* Without its key a database is not opened with another one. */
	assert_int_equal(unlink(path), 0);
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "backup"));
}

static void a_rotated_key_signs_on_and_the_old_one_is_gone(void **state)
{
	struct store *s = open_or_fail(), *reader = store_open_reader(dir, NULL);
	struct chain_filter f = {.type = "key_rotated"};
	uint8_t old[32], now[32], sig[64];
	char id[17], signed_by[17];
	struct items i;

	(void)state;
	assert_int_equal(store_key_public(s, old, NULL), 0);
	assert_int_equal(store_sign(reader, "x", 1, sig, signed_by, NULL), 0);
	assert_true(sign_is_by(old, "x", 1, sig));
	assert_int_equal(store_key_rotate(s, "admin", 5, id, NULL), 0);
	/* a reader that has read the old one signs with the new one */
	assert_int_equal(store_sign(reader, "x", 1, sig, signed_by, NULL), 0);
	assert_string_equal(signed_by, id);
	store_close(reader);
	assert_int_equal(store_key_public(s, now, NULL), 0);
	assert_memory_not_equal(old, now, 32);
	i = list(s, &f);
	assert_int_equal(i.count, 1);
	assert_non_null(strstr(i.text.buf, id));
	text_release(&i.text);
	(void)add(s, "note", "T1", "{}");
	store_close(s);
	s = open_or_fail();
	assert_int_equal(store_sign(s, "x", 1, sig, signed_by, NULL), 0);
	assert_string_equal(signed_by, id);
	assert_true(sign_is_by(now, "x", 1, sig));
	store_close(s);
}

static void a_rotation_cut_before_the_new_key_stands_is_ended_at_the_next_start(void **state)
{
	struct store *s = open_or_fail();
	char old[96], next[96], id[17], *pem, by[17];
	uint8_t sig[64];
	size_t n;
	FILE *f;

	(void)state;
	(void)snprintf(old, sizeof(old), "%s/keys/station.key", dir);
	(void)snprintf(next, sizeof(next), "%s/keys/next.key", dir);
	assert_int_equal(text_read_file(old, 4096, &pem, &n, NULL), 0);
	assert_int_equal(store_key_rotate(s, "admin", 5, id, NULL), 0);
	store_close(s);
	/* As it was between the commit and the renaming. */
	assert_int_equal(rename(old, next), 0);
	f = fopen(old, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(pem, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	free(pem);
	s = open_or_fail();
	assert_int_equal(store_sign(s, "x", 1, sig, by, NULL), 0);
	assert_string_equal(by, id);
	store_close(s);
}

static void what_was_acknowledged_may_not_be_missing(void **state)
{
	struct store *s = open_or_fail();
	struct chain_head head;
	char command[256];
	uint8_t other[32] = {1};
	struct error err = {0};

	(void)state;
	assert_int_equal(store_chain_check_acknowledged(s, NULL), 0);
	store_close(s);
	(void)snprintf(command, sizeof(command), "cp -r %s/benchd.db %s/older", dir, dir);
	assert_int_equal(system(command), 0);
	s = open_or_fail();
	(void)add(s, "note", "T1", "{}");
	assert_int_equal(store_chain_head(s, &head, NULL), 0);
	assert_int_equal(store_chain_acknowledge(s, "erp", head.size, head.root, NULL), 0);
	/* Going back is no harm; what is not here cannot have been seen. */
	assert_int_equal(store_chain_root(s, 1, other, NULL), 0);
	assert_int_equal(store_chain_acknowledge(s, "erp", 1, other, NULL), 0);
	assert_int_equal(store_chain_acknowledge(s, "erp", 3, head.root, NULL), ERR_CONFLICT);
	assert_int_equal(store_chain_acknowledge(s, "erp", 2, other, NULL), ERR_CONFLICT);
	(void)add(s, "note", "T1", "{}");
	store_close(s);
	s = open_or_fail();
	assert_int_equal(store_chain_check_acknowledged(s, NULL), 0);
	store_close(s);
	(void)snprintf(command, sizeof(command), "mv %s/older %s/benchd.db", dir, dir);
	assert_int_equal(system(command), 0);
	s = open_or_fail();
	assert_int_equal(store_chain_check_acknowledged(s, &err), ERR_CONFLICT);
	assert_non_null(strstr(err.text, "missing"));
	/* Nor does another item in its place do. */
	(void)add(s, "note", "T2", "{}");
	assert_int_equal(store_chain_check_acknowledged(s, NULL), ERR_CONFLICT);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(an_item_s_bytes_are_the_documented_ones),
		T(data_is_found_behind_any_subject),
		T(readers_filter_by_subject_type_feed_and_place),
		T(a_page_of_bytes_alone_has_the_same_items_and_roots),
		T(items_of_some_days_come_in_commit_order),
		T(an_append_outside_of_a_transaction_or_by_a_reader_is_refused),
		T(what_is_no_item_is_refused_and_leaves_no_trace),
		T(a_rolled_back_item_was_never_there),
		T(the_key_is_made_with_the_database_and_nobody_else_reads_it),
		T(a_rotated_key_signs_on_and_the_old_one_is_gone),
		T(what_was_acknowledged_may_not_be_missing),
		T(a_rotation_cut_before_the_new_key_stands_is_ended_at_the_next_start),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
