/* SPDX-License-Identifier: MIT
 *
 * What was lost and taken back: from the item as it stands in the chain now and the proof within it,
 * the bytes it had when it was first recorded are made again, and their signature is checked.
 */
#include "ctl/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "base/text.h"

static int wrong(struct error *err, const struct verify_item *i)
{
	return error_set(err, ERR_DENIED,
			 "item %" PRId64 ": was taken back, but no key of this chain signed it",
			 i->seq);
}

/* {"seq":N,...,"imported":{..},"data":..} -> {"seq":M,...,"data":..} */
static bool first_bytes(const struct verify_item *i, int64_t seq, struct text *out)
{
	static const char mark[] = ",\"imported\":{";
	const char *end = i->bytes + i->n, *rest = memchr(i->bytes, ',', i->n), *from, *to;

	from = rest ? memmem(rest, (size_t)(end - rest), mark, sizeof(mark) - 1) : NULL;
	to = from ? memchr(from, '}', (size_t)(end - from)) : NULL;
	if (!to)
		return false;
	text_printf(out, "{\"seq\":%" PRId64, seq);
	text_add(out, rest, (size_t)(from - rest));
	text_add(out, to + 1, (size_t)(end - to - 1));
	return true;
}

int verify_taken_back(const struct verify_chain *v, const struct verify_item *i, const json_t *item,
		      struct error *err)
{
	const json_t *proof = json_object_get(item, "imported");
	const char *prev = verify_text(proof, "prev"), *root = verify_text(proof, "root");
	const char *sig_text = verify_text(proof, "sig");
	int64_t seq = json_integer_value(json_object_get(proof, "seq"));
	uint8_t in[65] = {1}, says[32], is[32], sig[64];
	char words[128];
	struct text bytes = {0};
	bool good = seq > 0 && verify_hex(in + 1, 32, prev, strlen(prev)) &&
		    verify_hex(says, 32, root, strlen(root)) &&
		    sign_from_base64(sig, sizeof(sig), sig_text, strlen(sig_text)) &&
		    first_bytes(i, seq, &bytes);

	if (good) {
		text_sha256(in + 33, bytes.buf, bytes.len);
		text_sha256(is, in, sizeof(in));
		good = memcmp(is, says, 32) == 0;
	}
	text_release(&bytes);
	(void)snprintf(words, sizeof(words), "benchd-chain-v1 %" PRId64 " %s\n", seq, root);
	for (int k = 0; good && k < v->signer_count; k++)
		if (sign_is_by(v->signers[k], words, strlen(words), sig))
			return 0;
	return wrong(err, i);
}
