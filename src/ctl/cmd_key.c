/* SPDX-License-Identifier: MIT
 *
 * The station's key, and the chain it signs, as files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/sign.h"
#include "post.h"

enum { PASSPHRASE_MAX = 250 };

/* Never over a file that is there. */
static bool write_new(const char *path, const char *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool good = fd >= 0;

	while (good && n > 0) {
		ssize_t k = write(fd, bytes, n);

		good = k > 0;
		bytes += good ? k : 0;
		n -= good ? (size_t)k : 0;
	}
	good = good && fsync(fd) == 0;
	if (!good && errno == EEXIST)
		(void)ctl_fail("%s exists already; move it away, or name another file", path);
	else if (!good)
		(void)ctl_fail("%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static void show_key(const struct ctl *c, const json_t *key)
{
	ctl_tell(c, "key %s (Ed25519)", member_text(key, "key"));
	ctl_tell(c, "chain %s, %.0f items, root %s", member_text(key, "instance"),
		 member_number(key, "size"), member_text(key, "root"));
	(void)fputs(member_text(key, "pem"), stdout);
}

CTL_COMMAND(cmd_key_show)
{
	const char *words[CTL_ARGS_MAX];
	bool pem = false;
	const struct ctl_option options[] = {
		OPTION_FLAG("pem", &pem, "only the public key, as openssl takes it"),
		OPTION_END,
	};
	json_t *key = NULL;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	code = ctl_call(c, WEB_KEY, NULL, "", NULL, &key);
	if (code)
		return code;
	if (pem)
		(void)fputs(member_text(key, "pem"), stdout);
	else if (c->json)
		ctl_put_reply(c);
	else
		show_key(c, key);
	json_decref(key);
	return CTL_OK;
}

static bool read_passphrase(char dst[PASSPHRASE_MAX + 2])
{
	return read_hidden(message(language_is_zh(), MSG_DK_KEY_PASSPHRASE), dst,
			   PASSPHRASE_MAX + 2) &&
	       strlen(dst) <= PASSPHRASE_MAX;
}

CTL_COMMAND(cmd_key_backup)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	char passphrase[PASSPHRASE_MAX + 2] = "";
	struct text body = {0};
	json_t *reply = NULL;
	struct json j;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!read_passphrase(passphrase))
		return ctl_usage(self, "a passphrase of 12 to %d bytes expected on standard input",
				 PASSPHRASE_MAX);
	json_init(&j, &body);
	json_open_object(&j);
	json_kv_string(&j, "passphrase", passphrase);
	json_end_object(&j);
	code = ctl_call(c, WEB_KEY_BACKUP, NULL, "", body.buf, &reply);
	sign_bytes_wipe(passphrase, sizeof(passphrase));
	sign_bytes_wipe(body.buf, body.len);
	text_release(&body);
	if (code)
		return code;
	if (!write_new(words[0], member_text(reply, "sealed"), strlen(member_text(reply, "sealed")),
		       0600))
		code = CTL_USAGE;
	else
		ctl_tell(c, "%s: the key, sealed; keep it and the passphrase apart", words[0]);
	json_decref(reply);
	return code;
}

/* Without a station: it does not start without its key. */
CTL_COMMAND(cmd_key_restore)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	char passphrase[PASSPHRASE_MAX + 2] = "", path[480], pem[SIGN_PEM_SIZE];
	struct sign_key key;
	struct error err = {0};
	char *sealed = NULL;
	size_t n = 0;
	int code, rc;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	rc = text_read_file(words[0], SIGN_SEALED_MAX, &sealed, &n, &err);
	if (rc == 0 && !read_passphrase(passphrase))
		rc = error_set(&err, ERR_USAGE, "a passphrase expected on standard input");
	if (rc == 0)
		rc = sign_unseal(&key, sealed, n, passphrase, strlen(passphrase), &err);
	sign_bytes_wipe(passphrase, sizeof(passphrase));
	free(sealed);
	if (rc < 0) {
		(void)ctl_fail("%s", err.text);
		return rc == ERR_DENIED ? CTL_NO_PASS : CTL_USAGE;
	}
	(void)snprintf(path, sizeof(path), "%s/keys", c->state);
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		(void)ctl_fail("%s: %s", path, strerror(errno));
		sign_wipe(&key);
		return CTL_USAGE;
	}
	(void)snprintf(path, sizeof(path), "%s/keys/station.key", c->state);
	sign_secret_to_pem(pem, &key);
	code = write_new(path, pem, strlen(pem), 0600) ? CTL_OK : CTL_USAGE;
	sign_bytes_wipe(pem, sizeof(pem));
	if (code == CTL_OK)
		ctl_tell(c, "%s: key %s", path, key.id);
	sign_wipe(&key);
	return code;
}

static void show_new_key(const struct ctl *c, const json_t *key)
{
	ctl_tell(c, "key %s signs from here on; back it up: benchctl key backup",
		 member_text(key, "key"));
	(void)fputs(member_text(key, "pem"), stdout);
}

CTL_COMMAND(cmd_key_rotate)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	json_t *key = NULL;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	code = ctl_call(c, WEB_KEY_ROTATE, NULL, "", "{}", &key);
	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	else
		show_new_key(c, key);
	json_decref(key);
	return CTL_OK;
}

/* Page by page, each appended. */
static int fetch_chain(struct ctl *c, struct text *out)
{
	int64_t after = 0;

	out->max = (size_t)1 << 30;
	for (;;) {
		char query[40];
		json_t *page = NULL;
		const char *lines;
		int code;

		(void)snprintf(query, sizeof(query), "after=%lld", (long long)after);
		code = ctl_call(c, WEB_CHAIN, NULL, query, NULL, &page);
		if (code)
			return code;
		lines = member_text(page, "lines");
		if (out->len == 0)
			text_printf(out, "{\"chain\":\"benchd-chain-v1\",\"instance\":\"%s\"}\n",
				    member_text(page, "instance"));
		text_puts(out, lines);
		for (const char *p = strchr(lines, '\n'); p; p = strchr(p + 1, '\n'))
			after++;
		if (!lines[0] || after >= (int64_t)member_number(page, "size")) {
			json_decref(page);
			return CTL_OK;
		}
		json_decref(page);
	}
}

CTL_COMMAND(cmd_export_chain)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct text out = {0};
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	code = fetch_chain(c, &out);
	if (code == CTL_OK && !write_new(words[0], out.buf, out.len, 0640))
		code = CTL_USAGE;
	text_release(&out);
	return code;
}
