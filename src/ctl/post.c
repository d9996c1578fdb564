/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"

void post_begin(struct post *p)
{
	memset(p, 0, sizeof(*p));
	json_init(&p->json, &p->text);
	json_open_object(&p->json);
}

void post_text(struct post *p, const char *key, const char *value)
{
	if (value)
		json_kv_string(&p->json, key, value);
}

void post_list(struct post *p, const char *key, const char *list)
{
	if (!list)
		return;
	json_key(&p->json, key);
	json_open_array(&p->json);
	while (*list) {
		size_t n = strcspn(list, ",");

		if (n)
			json_put_string_n(&p->json, list, n);
		list += n + (list[n] == ',');
	}
	json_end_array(&p->json);
}

static void print_members(const struct ctl *c, const json_t *root)
{
	struct text line = {0};
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)root, key, v)
	{
		char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

		text_clear(&line);
		put_said(c, key, &line);
		text_puts(&line, " ");
		text_puts(&line, json_is_string(v) ? json_string_value(v) : text ? text : "");
		if (!json_is_null(v))
			(void)puts(line.buf);
		free(text);
	}
	text_release(&line);
}

int post_send(struct ctl *c, enum web_route route, const char *arg, struct post *p)
{
	json_t *root = NULL;
	int code;

	json_end_object(&p->json);
	code = ctl_call(c, route, arg, "", p->text.buf, &root);
	secret_wipe(p->text.buf, p->text.len);
	text_release(&p->text);
	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	else
		print_members(c, root);
	json_decref(root);
	return CTL_OK;
}

static struct termios shown;

/* What ends a program that waits for a PIN. */
static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The next program in that terminal is seen again. */
static void show_and_end(int sig)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)raise(sig); /* by now as without this handler */
}

bool read_hidden(const char *prompt, char *dst, size_t size)
{
	const struct sigaction end = {.sa_handler = show_and_end, .sa_flags = SA_RESETHAND};
	struct sigaction before[COUNT(ends)];
	struct termios hidden;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
	bool got;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		hidden.c_cc[VSUSP] = _POSIX_VDISABLE; /* a shell would be left without echo */
		for (size_t i = 0; i < COUNT(ends); i++)
			(void)sigaction(ends[i], &end, &before[i]);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		(void)fputs(prompt, stderr); /* who reads it types unseen already */
	}
	got = fgets(dst, (int)size, stdin) != NULL;
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		for (size_t i = 0; i < COUNT(ends); i++)
			(void)sigaction(ends[i], &before[i], NULL);
		(void)fputc('\n', stderr);
	}
	if (got)
		dst[strcspn(dst, "\r\n")] = '\0';
	return got;
}

bool read_pin(const char *whose, char pin[POST_PIN_MAX])
{
	const char *given = getenv("BENCHCTL_PIN");
	struct text asks = {0};
	bool ok;

	if (given && given[0]) {
		ok = text_copy(pin, POST_PIN_MAX, given);
	} else {
		message_fill(language_is_zh(), MSG_PIN_OF, (const char *[]){whose}, &asks);
		ok = read_hidden(asks.buf, pin, POST_PIN_MAX) && pin[0];
		text_release(&asks);
	}
	if (!ok)
		(void)ctl_fail("no PIN of %s: type it, give it as a line of stdin, or in "
			       "BENCHCTL_PIN",
			       whose);
	return ok;
}

bool post_sign(struct post *p, const char *person)
{
	char pin[POST_PIN_MAX];

	if (!read_pin(person, pin))
		return false;
	json_key(&p->json, "sign");
	json_open_object(&p->json);
	json_kv_string(&p->json, "person", person);
	json_kv_string(&p->json, "pin", pin);
	json_end_object(&p->json);
	secret_wipe(pin, sizeof(pin));
	return true;
}

int get_command(struct ctl *c, const struct ctl_command *self, int argc, char **argv, int n_words,
		enum web_route route, void (*print)(const struct ctl *c, const json_t *root))
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	int code;

	if (ctl_parse(self, options, argc, argv, words, n_words, n_words, &code) < 0)
		return code;
	return get_and_print(c, route, n_words ? words[0] : NULL, "", print);
}

int get_and_print(struct ctl *c, enum web_route route, const char *arg, const char *query,
		  void (*print)(const struct ctl *c, const json_t *root))
{
	json_t *root = NULL;
	int code = ctl_call(c, route, arg, query, NULL, &root);

	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	else
		print(c, root);
	json_decref(root);
	return CTL_OK;
}
