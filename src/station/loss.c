/* SPDX-License-Identifier: MIT */
#include "station/loss.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/backup.h"
#include "store/loss.h"
#include "store/subject.h"
#include "ticket/people.h"

enum { FILE_BYTES_MAX = 1 << 29 };

static int exit_code_of(int rc)
{
	switch (rc) {
	case 0: return 0;
	case ERR_BUSY: return 75;
	case ERR_EXISTS:
	case ERR_USAGE: return 2;
	case ERR_DENIED:
	case ERR_STATE: return 1;
	default: return 74;
	}
}

static int fail(const struct error *err)
{
	fprintf(stderr, "benchd: %s\n", err->text);
	return exit_code_of(err->code);
}

/* ---- who signs ---- */

static bool see_supervisor(void *ctx, const struct subject_row *r)
{
	struct person p;

	if (!person_read(r->name, r->data, strlen(r->data), &p, NULL) && p.active &&
	    (p.roles & PEOPLE_SUPERVISOR))
		*(bool *)ctx = true;
	return true;
}

static bool is_right(struct store *s, const char *name, char pin[PEOPLE_PIN_MAX + 2])
{
	struct text data = {0};
	struct person p = {.active = false};
	struct error none;
	char hash[160] = "";
	bool good = fgets(pin, PEOPLE_PIN_MAX + 2, stdin) != NULL;

	pin[strcspn(pin, "\r\n")] = '\0';
	if (!store_subject_get(s, "person", name, &data, &none))
		(void)person_read(name, data.buf, data.len, &p, &none);
	text_release(&data);
	(void)store_secret_get(s, "pin", name, hash, &none);
	/* always, so that a wrong name takes as long as a wrong PIN */
	good = secret_verify(hash, pin, strlen(pin)) && good;
	return good && p.active && (p.roles & PEOPLE_SUPERVISOR);
}

/* A supervisor of this database, by the PIN on standard input; without any there, whoever may write
 * the folder. */
static int signer(struct store *s, const char *name, char who[96], struct error *err)
{
	char pin[PEOPLE_PIN_MAX + 2] = "";
	bool any = false, good;
	int rc = store_subject_list(s, "person", see_supervisor, &any, err);

	if (rc < 0)
		return rc;
	if (!any) {
		snprintf(who, 96, "local:%u", (unsigned)geteuid());
		return 0;
	}
	if (!name)
		return error_set(err, ERR_USAGE, "a supervisor signs this: add --as PERSON");
	good = is_right(s, name, pin);
	secret_wipe(pin, sizeof(pin));
	if (!good)
		return error_set(err, ERR_DENIED,
				 "%s: the PIN is not right, or this is no supervisor here", name);
	text_copy(who, 96, name);
	return 0;
}

/* ---- a backup put back ---- */

/* "FOLDER" or "FOLDER/benchd-...Z" */
static void split(char *path, struct restore_order *order)
{
	size_t n = strlen(path);
	char *slash;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
	slash = strrchr(path, '/');
	order->folder = path;
	if (slash && slash > path && !strncmp(slash, "/benchd-", 8)) {
		*slash = 0;
		order->name = slash + 1;
	}
}

/* By the backup's own people, before anything is put anywhere. */
static int sign_loss(const struct restore_order *order, const char *as, char who[96],
		     struct error *err)
{
	struct backup_info newest;
	struct store *s;
	char path[700];
	int rc = 0;

	if (!order->name)
		rc = store_backup_newest(order->folder, &newest, err);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/%s", order->folder,
		 order->name ? order->name : newest.name);
	s = store_open_reader(path, err);
	rc = s ? signer(s, as, who, err) : err->code;
	store_close(s);
	return rc;
}

int loss_restore(const struct station_options *o)
{
	struct restore_order order = {.state = o->state_dir};
	struct restore_loss loss = {.reason = o->after_loss, .utc_us = clock_utc_us()};
	struct backup_info info;
	struct error err = {0};
	char path[512], who[96] = "", utc[32];

	text_copy(path, sizeof(path), o->restore);
	split(path, &order);
	if (o->after_loss) {
		if (sign_loss(&order, o->signer, who, &err))
			return fail(&err);
		loss.who = who;
		order.loss = &loss;
	}
	if (store_restore(&order, &info, &err))
		return fail(&err);
	printf("%s of %s is back in %s: verified, %lld items\n", info.name,
	       text_from_utc_us(utc, sizeof(utc), info.made_utc_us), o->state_dir,
	       (long long)info.items);
	if (o->after_loss)
		printf("What was recorded after it is missing, and the chain says so. Nothing is "
		       "released until a supervisor\nsays that no more comes back: benchctl "
		       "import FILE..., then benchctl import --complete --as PERSON.\n");
	else
		printf("The station's key is not in a backup: put it there before the start, see "
		       "benchctl key --help.\n");
	return 0;
}

/* ---- what was lost, taken back ---- */

static int add_file(struct take_back *t, const char *path, struct error *err)
{
	struct error why = {0};
	char *bytes = NULL;
	size_t n = 0;
	int rc = text_read_file(path, FILE_BYTES_MAX, &bytes, &n, err);

	if (rc == 0) {
		rc = take_back_add(t, bytes, n, &why);
		if (rc)
			error_set(err, ERR_USAGE, "%.200s: %.250s", path, why.text);
	}
	free(bytes);
	return rc;
}

static int is_file_of_ours(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && (!strcmp(dot, ".json") || !strcmp(dot, ".jsonl"));
}

static int add_folder(struct take_back *t, const char *path, struct error *err)
{
	struct dirent **list;
	int rc = 0, n = scandir(path, &list, is_file_of_ours, alphasort);

	if (n < 0)
		return error_errno(err, "%s", path);
	for (int i = 0; i < n; i++) {
		char one[1100];

		snprintf(one, sizeof(one), "%.800s/%.255s", path, list[i]->d_name);
		if (rc == 0)
			rc = add_file(t, one, err);
		free(list[i]);
	}
	free(list);
	return rc;
}

static int collect(struct take_back *t, const struct station_options *o, struct error *err)
{
	struct stat st;
	int rc = 0;

	for (int i = 0; rc == 0 && i < o->import_count; i++)
		rc = !stat(o->imports[i], &st) && S_ISDIR(st.st_mode)
			     ? add_folder(t, o->imports[i], err)
			     : add_file(t, o->imports[i], err);
	return rc;
}

static void tell(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "benchd: %s\n", text);
}

static void print_report(const struct take_back_report *r)
{
	printf("%d taken back, %d were here already, %d are recorded anew by hand, %d forged or "
	       "changed, %d without document; %d documents that nothing signed speaks of\n",
	       r->taken, r->known, r->left, r->forged, r->missing, r->unused);
}

static int take_back(struct store *s, const struct station_options *o, bool *whole,
		     struct error *err)
{
	struct take_back *t = take_back_new();
	struct take_back_report r = {0};
	int rc = collect(t, o, err);

	if (rc == 0 && o->import_count) {
		rc = take_back_place(t, s, clock_utc_us(), tell, NULL, &r, err);
		if (rc == 0)
			print_report(&r);
	}
	*whole = r.forged == 0 && r.missing == 0 && r.unused == 0;
	take_back_free(t);
	return rc;
}

static int close_gap(struct store *s, const struct station_options *o, struct error *err)
{
	char who[96];
	int rc = signer(s, o->signer, who, err);

	if (rc == 0)
		rc = store_gap_close(s, who, clock_utc_us(), err);
	if (rc == 0)
		printf("%s says that no more comes: releases are decided again\n", who);
	return rc;
}

int loss_import(const struct station_options *o)
{
	struct error err = {0};
	struct store *s;
	bool whole = true;
	int rc;

	if (!o->import_count && !o->complete) {
		error_set(&err, ERR_USAGE, "--import: name files or folders, or add --complete");
		return fail(&err);
	}
	s = store_open(o->state_dir, clock_utc_us(), &err);
	if (!s)
		return fail(&err);
	rc = take_back(s, o, &whole, &err);
	if (rc == 0 && o->complete && !whole)
		rc = error_set(&err, ERR_STATE,
			       "not all of it was taken, so the gap stays open; once it is clear "
			       "that no more comes: benchctl import --complete --as PERSON");
	if (rc == 0 && o->complete)
		rc = close_gap(s, o, &err);
	store_close(s);
	if (rc)
		return fail(&err);
	return whole ? 0 : 1;
}
