/* SPDX-License-Identifier: MIT */
#include "ctl/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "base/text.h"

enum { ITEM_MAX = 1 << 20 };
#define MARK "benchd-chain-v1"

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool verify_hex(uint8_t *dst, size_t n, const char *hex, size_t hex_n)
{
	if (hex_n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

void verify_sha256_hex(char dst[65], const void *p, size_t n)
{
	uint8_t hash[32];

	text_sha256(hash, p, n);
	text_hex(dst, hash, sizeof(hash));
}

const char *verify_text(const json_t *item, const char *key)
{
	const char *s = json_string_value(json_object_get(item, key));

	return s ? s : "";
}

/* ---- one item ---- */

int verify_broken(struct error *err, int64_t seq, const char *what)
{
	return error_set(err, ERR_DENIED, "item %" PRId64 ": %s", seq, what);
}

static void root_after(uint8_t root[32], const char *bytes, size_t n)
{
	uint8_t in[65];

	in[0] = 1;
	memcpy(in + 1, root, 32);
	text_sha256(in + 33, bytes, n);
	text_sha256(root, in, sizeof(in));
}

static int check_link(const struct verify_item *i, const uint8_t before[32], struct error *err)
{
	uint8_t root[32];

	memcpy(root, before, 32);
	root_after(root, i->bytes, i->n);
	if (memcmp(root, i->root, 32) != 0)
		return verify_broken(err, i->seq, "its bytes or its root were changed");
	return 0;
}

static int check_signature(const struct verify_item *i, const uint8_t key[32], struct error *err)
{
	char hex[65], text[128];

	text_hex(hex, i->root, 32);
	(void)snprintf(text, sizeof(text), MARK " %" PRId64 " %s\n", i->seq, hex);
	if (!sign_is_by(key, text, strlen(text), i->sig))
		return verify_broken(err, i->seq, "its signature is not the key's");
	return 0;
}

static json_t *parse_item(const struct verify_item *i, struct error *err)
{
	json_t *item = json_load_limited(i->bytes, i->n, ITEM_MAX, NULL);
	const json_t *seq = json_object_get(item, "seq");

	if (item && json_is_integer(seq) && json_integer_value(seq) == i->seq &&
	    json_is_object(json_object_get(item, "data")))
		return item;
	(void)verify_broken(err, i->seq, "is no item, or another one's");
	json_decref(item);
	return NULL;
}

int verify_item_alone(const struct verify_item *i, const uint8_t before[32], const uint8_t key[32],
		      struct error *err)
{
	int rc = check_link(i, before, err);
	json_t *item;

	if (rc == 0)
		rc = check_signature(i, key, err);
	if (rc < 0)
		return rc;
	item = parse_item(i, err);
	json_decref(item);
	return item ? 0 : ERR_DENIED;
}

/* ---- the walk ---- */

int verify_chain_begin(struct verify_chain *v, const char *instance, const uint8_t trusted[32],
		       int64_t ack_size, const uint8_t ack_root[32], struct error *err)
{
	char text[80];
	uint8_t raw[16];

	memset(v, 0, sizeof(*v));
	if (!verify_hex(raw, sizeof(raw), instance, strlen(instance)))
		return error_set(err, ERR_SYNTAX, "no instance of a chain: 32 hex digits expected");
	memcpy(v->instance, instance, sizeof(v->instance));
	(void)snprintf(text, sizeof(text), MARK "\n%s\n", instance);
	text_sha256(v->root, text, strlen(text));
	memcpy(v->trusted, trusted, 32);
	v->ack_size = ack_root ? ack_size : 0;
	if (ack_root)
		memcpy(v->ack_root, ack_root, 32);
	return 0;
}

/* The key that signs from here on, as item 1 or a rotation names it. */
static int take_key(struct verify_chain *v, int64_t seq, const json_t *data, struct error *err)
{
	const char *text = verify_text(data, "public");
	char id[SIGN_ID_SIZE];

	if (!sign_from_base64(v->signer, sizeof(v->signer), text, strlen(text)))
		return verify_broken(err, seq, "names no key");
	sign_id(id, v->signer);
	if (strcmp(id, verify_text(data, "key")) != 0)
		return verify_broken(err, seq, "its key has another name");
	if (v->signer_count < VERIFY_KEYS_MAX)
		memcpy(v->signers[v->signer_count++], v->signer, 32);
	v->trusted_seen = v->trusted_seen || memcmp(v->signer, v->trusted, 32) == 0;
	return 0;
}

/* One that signed what was lost, told by the one that signs now: it proves what is taken back. */
static void take_lost_key(struct verify_chain *v, const json_t *data)
{
	const char *text = verify_text(data, "public");

	if (v->signer_count < VERIFY_KEYS_MAX &&
	    sign_from_base64(v->signers[v->signer_count], 32, text, strlen(text)))
		v->signer_count++;
}

static int take_rotation(struct verify_chain *v, int64_t seq, const json_t *data, struct error *err)
{
	const char *proof_text = verify_text(data, "proof");
	char old[SIGN_ID_SIZE], words[96];
	uint8_t proof[64];
	int rc;

	sign_id(old, v->signer);
	rc = take_key(v, seq, data, err);
	if (rc < 0)
		return rc;
	(void)snprintf(words, sizeof(words), "benchd-key-v1 %s follows %s\n",
		       verify_text(data, "key"), old);
	if (strcmp(verify_text(data, "replaces"), old) != 0 ||
	    !sign_from_base64(proof, sizeof(proof), proof_text, strlen(proof_text)) ||
	    !sign_is_by(v->signer, words, strlen(words), proof))
		return verify_broken(err, seq, "the new key does not follow the old one");
	return 0;
}

int verify_chain_item(struct verify_chain *v, const struct verify_item *i, struct error *err)
{
	struct verify_chain next = *v;
	const json_t *data;
	json_t *item;
	bool rotates;
	int rc;

	if (i->seq != v->size + 1)
		return verify_broken(err, v->size + 1, "is missing");
	rc = check_link(i, v->root, err);
	/* Item 1 brings the key it is signed with: only the trusted one makes that worth anything. */
	if (rc == 0 && i->seq > 1)
		rc = check_signature(i, v->signer, err);
	if (rc < 0)
		return rc;
	item = parse_item(i, err);
	if (!item)
		return ERR_DENIED;
	data = json_object_get(item, "data");
	rotates = strcmp(verify_text(item, "type"), "key_rotated") == 0;
	if (i->seq == 1 && (strcmp(verify_text(item, "type"), "chain_started") != 0 ||
			    strcmp(verify_text(data, "instance"), v->instance) != 0))
		rc = verify_broken(err, 1, "does not begin this chain");
	if (rc == 0 && i->seq == 1)
		rc = take_key(&next, 1, data, err);
	if (rc == 0 && i->seq == 1)
		rc = check_signature(i, next.signer, err);
	if (rc == 0 && i->seq > 1 && rotates)
		rc = take_rotation(&next, i->seq, data, err);
	if (rc == 0 && strcmp(verify_text(item, "type"), "key_lost") == 0)
		take_lost_key(&next, data);
	json_decref(item);
	if (rc == 0 && v->ack_size == i->seq && memcmp(v->ack_root, i->root, 32) != 0)
		rc = verify_broken(err, i->seq, "is not the one that was acknowledged");
	if (rc < 0)
		return rc;
	memcpy(next.root, i->root, 32);
	next.size = i->seq;
	*v = next;
	return 0;
}

int verify_chain_end(const struct verify_chain *v, struct error *err)
{
	if (v->size == 0)
		return error_set(err, ERR_DENIED, "item 1: is missing");
	if (v->ack_size > v->size)
		return error_set(err, ERR_DENIED,
				 "item %" PRId64 ": is missing; %" PRId64 " were acknowledged",
				 v->size + 1, v->ack_size);
	if (!v->trusted_seen)
		return error_set(err, ERR_DENIED,
				 "item 1: the chain was not begun, nor ever signed, by this key");
	return 0;
}
