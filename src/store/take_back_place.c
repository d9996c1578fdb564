/* SPDX-License-Identifier: MIT
 *
 * Placing what was collected: each item is checked against the keys that ever signed this chain,
 * and placed as if it were recorded now, marked with where it stood and what proves it.
 */
#include "src/store/take_back.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"

void place_say(const struct place *p, const char *fmt, ...)
{
	char line[320];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (p->tell)
		p->tell(p->ctx, line);
}

enum { ITEM_MAX = 1 << 20, DOCUMENT_MAX = 32 << 20 };

/* ---- what is known before ---- */

static void take_key(struct place *p, const json_t *data)
{
	const char *text = json_text(data, "public");
	struct known_key *k = &p->keys[p->key_count];

	if (p->key_count == TAKE_BACK_KEYS_MAX ||
	    !sign_from_base64(k->public_bytes, sizeof(k->public_bytes), text, strlen(text)))
		return;
	sign_id(k->id, k->public_bytes);
	p->key_count++;
}

static bool read_key(void *ctx, const struct chain_row *r)
{
	json_t *data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);

	take_key(ctx, data);
	json_decref(data);
	return true;
}

static void add_here(struct place *p, const char *root_hex)
{
	uint8_t root[CHAIN_ROOT_BYTES];

	if (strlen(root_hex) != 64 || !take_back_hex(root, sizeof(root), root_hex))
		return;
	p->here = xrealloc(p->here, (p->here_count + 1) * sizeof(*p->here));
	memcpy(p->here[p->here_count++], root, sizeof(root));
}

static bool read_here(void *ctx, const struct chain_row *r)
{
	json_t *item;

	if (!r->taken_back)
		return true;
	item = json_load_limited(r->bytes, r->n, ITEM_MAX, NULL);
	add_here(ctx, json_text(json_object_get(item, "imported"), "root"));
	json_decref(item);
	return true;
}

static int look_here(struct place *p, struct error *err)
{
	struct chain_filter keys = {.type = "chain_started", .or_type = "key_rotated"};
	struct chain_filter lost_keys = {.type = "key_lost"};
	struct chain_filter items = {.after = 0};
	struct loss_state loss;
	int rc = store_loss_state(p->s, &loss, err);

	if (rc == 0 && loss.epoch == 1)
		rc = error_set(err, ERR_STATE,
			       "this chain has no gap: only a station that was put back with "
			       "benchctl restore --after-loss takes anything back");
	if (rc == 0)
		rc = store_epoch_end(p->s, 1, &p->first_after, err);
	p->after = loss.after;
	items.after = p->first_after;
	if (rc == 0)
		rc = store_chain_list(p->s, &keys, read_key, p, err);
	if (rc == 0)
		rc = store_chain_list(p->s, &lost_keys, read_key, p, err);
	if (rc == 0)
		rc = store_chain_list(p->s, &items, read_here, p, err);
	return rc;
}

/* ---- one line ---- */

static int is_known(struct place *p, const struct signed_line *l, bool *known, struct error *err)
{
	uint8_t root[CHAIN_ROOT_BYTES];
	int rc = store_chain_root(p->s, l->seq, root, err);

	*known = rc == 0 && memcmp(root, l->root, sizeof(root)) == 0;
	for (size_t i = 0; !*known && i < p->here_count; i++)
		*known = memcmp(p->here[i], l->root, sizeof(root)) == 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* Whose signature proves it; NULL: nobody's. */
static const struct known_key *signer_of(const struct place *p, const struct signed_line *l)
{
	char text[CHAIN_SIGNED_SIZE];
	uint8_t root[CHAIN_ROOT_BYTES];

	memcpy(root, l->prev, sizeof(root));
	chain_next_root(root, l->bytes, l->n);
	if (memcmp(root, l->root, sizeof(root)) != 0)
		return NULL;
	chain_signed_text(text, l->seq, l->root);
	for (int i = 0; i < p->key_count; i++)
		if (sign_is_by(p->keys[i].public_bytes, text, strlen(text), l->sig))
			return &p->keys[i];
	return NULL;
}

/* What the station itself wrote and signed: its form is not looked at again. */
static bool parse(struct lost *l)
{
	static const char mark[] = ",\"data\":";
	const char *data = memmem(l->line->bytes, l->line->n, mark, sizeof(mark) - 1);

	l->json = json_load_limited(l->line->bytes, l->line->n, ITEM_MAX, NULL);
	l->data = json_object_get(l->json, "data");
	if (!data || !json_is_object(l->data) ||
	    json_integer_value(json_object_get(l->json, "seq")) != l->line->seq ||
	    !text_to_utc_us(json_text(l->json, "at"), &l->at_us))
		return false;
	data += sizeof(mark) - 1;
	l->item = (struct chain_item){.type = json_text(l->json, "type"),
				      .ticket = json_text(l->json, "ticket"),
				      .serial = json_text(l->json, "serial"),
				      .run = json_text(l->json, "run"),
				      .who = json_text(l->json, "who"),
				      .feed = json_is_true(json_object_get(l->json, "feed")),
				      .data = data,
				      .n = (size_t)(l->line->bytes + l->line->n - 1 - data)};
	return true;
}

/* What does not make the order of things doubtful. */
static bool is_harmless(const char *type)
{
	static const char *const types[] = {"received", "ticket_changed",  "claimed",	    "note",
					    "callback", "release_decided", "record_missing"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool see_native(void *ctx, const struct chain_row *r)
{
	struct lost *l = ctx;

	if (r->taken_back)
		return true;
	l->late = l->late || !is_harmless(r->type);
	l->changed_here = l->changed_here || strcmp(r->type, "received") == 0 ||
			  strcmp(r->type, "ticket_changed") == 0;
	return true;
}

static int look_for_natives(struct place *p, struct lost *l, struct error *err)
{
	struct chain_filter of_ticket = {.ticket = l->item.ticket, .after = p->after};
	struct chain_filter of_serial = {.serial = l->item.serial, .after = p->after};
	int rc = l->item.ticket[0] ? store_chain_list(p->s, &of_ticket, see_native, l, err) : 0;

	if (rc == 0 && l->item.serial[0])
		rc = store_chain_list(p->s, &of_serial, see_native, l, err);
	return rc;
}

int place_append(struct place *p, const struct lost *l, struct error *err)
{
	char prev[65], root[65], sig[SIGN_TEXT_SIZE];
	struct text imported = {0};
	struct json j;
	int rc;

	text_hex(prev, l->line->prev, CHAIN_ROOT_BYTES);
	text_hex(root, l->line->root, CHAIN_ROOT_BYTES);
	sign_to_base64(sig, sizeof(sig), l->line->sig, CHAIN_SIG_BYTES);
	json_init(&j, &imported);
	json_open_object(&j);
	json_kv_int(&j, "seq", l->line->seq);
	json_kv_string(&j, "prev", prev);
	json_kv_string(&j, "root", root);
	json_kv_string(&j, "sig", sig);
	json_kv_string(&j, "key", l->key->id);
	json_kv_bool(&j, "late", l->late);
	json_end_object(&j);
	rc = chain_append(p->s, &l->item, l->at_us, imported.buf, NULL, err);
	text_release(&imported);
	if (rc == 0) {
		add_here(p, root);
		p->out->taken++;
	}
	return rc;
}

/* ---- all of them ---- */

static const struct {
	const char *type;
	int (*place)(struct place *p, struct lost *l, struct error *err); /* NULL: append */
} kinds[] = {
	{"received", place_ticket},
	{"ticket_changed", place_ticket},
	{"repair", place_repair},
	{"run_finished", place_run},
	{"run_started", NULL},
	{"acceptance", NULL},
	{"callback", NULL},
	{"note", NULL},
	{"label", NULL},
	{"labeled", NULL},
	{"void", NULL},
	{"suspect", NULL},
	{"clarification_needed", NULL},
	{"beyond_repair", NULL},
	{"released", NULL},
	{"release_decided", NULL},
	{"override", NULL},
	{"withdrawn", NULL},
	{"claimed", NULL},
	{"claim_lost", NULL},
	{"tripped", NULL},
	{"proof", NULL},
};

/* Signed by the one it follows, it signed what came later. It signs no more: the chain goes on with
 * the key of the backup. */
static int place_key(struct place *p, const struct lost *l, struct error *err)
{
	struct chain_item item = {.type = "key_lost",
				  .who = l->item.who,
				  .feed = true,
				  .data = l->item.data,
				  .n = l->item.n};

	for (int i = 0; i < p->key_count; i++) {
		if (strcmp(p->keys[i].id, json_text(l->data, "key")) != 0)
			continue;
		p->out->known++;
		return 0;
	}
	take_key(p, l->data);
	p->out->taken++;
	return chain_append(p->s, &item, p->utc_us, NULL, NULL, err);
}

static int place_item(struct place *p, struct lost *l, struct error *err)
{
	int rc;

	if (strcmp(l->item.type, "key_rotated") == 0)
		return place_key(p, l, err);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].type, l->item.type) != 0)
			continue;
		rc = look_for_natives(p, l, err);
		if (rc < 0)
			return rc;
		return kinds[i].place ? kinds[i].place(p, l, err) : place_append(p, l, err);
	}
	p->out->left++;
	place_say(p, "item %lld (%s): is recorded anew by hand, where it still holds",
		  (long long)l->line->seq, l->item.type);
	return 0;
}

static int place_line(struct place *p, const struct signed_line *line, struct error *err)
{
	struct lost l = {.line = line};
	bool known = false;
	int rc = is_known(p, line, &known, err);

	if (rc < 0)
		return rc;
	if (known) {
		p->out->known++;
		return 0;
	}
	l.key = signer_of(p, line);
	if (!l.key || !parse(&l)) {
		p->out->forged++;
		place_say(
			p,
			"item %lld: was changed, or is signed by no key of this station; not taken",
			(long long)line->seq);
	} else {
		rc = place_item(p, &l, err);
	}
	json_decref(l.json);
	return rc;
}

static int by_place(const void *a, const void *b)
{
	const struct signed_line *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->n);
}

static int place_all(void *ctx, struct store *s, struct error *err)
{
	struct place *p = ctx;
	const struct take_back *t = p->t;
	int rc = look_here(p, err);

	(void)s;
	for (size_t i = 0; rc == 0 && i < t->line_count; i++)
		if (i == 0 || by_place(&t->lines[i], &t->lines[i - 1]) != 0)
			rc = place_line(p, &t->lines[i], err);
	return rc;
}

/* Of a run that was never lost, or is back already. */
static bool is_here(struct store *s, const struct run_document *d)
{
	json_t *doc = json_load_limited(d->bytes, d->n, DOCUMENT_MAX, NULL);
	struct text here = {0};
	struct run_row row;
	bool same = store_run_get(s, json_text(doc, "id"), &row, &here, NULL) == 0 &&
		    here.len == d->n && memcmp(here.buf, d->bytes, d->n) == 0;

	text_release(&here);
	json_decref(doc);
	return same;
}

int take_back_place(struct take_back *t, struct store *s, int64_t utc_us,
		    void (*tell)(void *ctx, const char *text), void *ctx,
		    struct take_back_report *out, struct error *err)
{
	struct place p = {.t = t, .s = s, .utc_us = utc_us, .tell = tell, .ctx = ctx, .out = out};
	int rc;

	memset(out, 0, sizeof(*out));
	if (t->line_count)
		qsort(t->lines, t->line_count, sizeof(*t->lines), by_place);
	rc = store_transact(s, place_all, &p, err);
	for (size_t i = 0; rc == 0 && i < t->document_count; i++)
		out->unused += !t->documents[i].used && !is_here(s, &t->documents[i]);
	free(p.here);
	return rc;
}
