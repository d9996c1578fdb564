/* SPDX-License-Identifier: MIT */
#include "base/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "unit_table.h"

enum {
	TABLE_COUNT = sizeof(table) / sizeof(table[0]),
	NAME_MAX_BYTES = 40,
	FACTORS_MAX = 6,
	COMPOSED_MAX = 256, /* distinct composed units in one process: a bound, not a need */
};

const struct dim DIM_NONE = {0, 0, 0, 0, 0};

/* Composed units, found before or made now. Entries never move. */
struct composed {
	struct unit unit;
	char name[NAME_MAX_BYTES + 1];
	char ucum[2 * NAME_MAX_BYTES + 1];
	char show[2 * NAME_MAX_BYTES + 1];
};
static struct composed *composed[COMPOSED_MAX];
static int composed_count;
static pthread_mutex_t composed_lock = PTHREAD_MUTEX_INITIALIZER;

bool dim_equal(struct dim a, struct dim b)
{
	return a.m == b.m && a.kg == b.kg && a.s == b.s && a.a == b.a && a.k == b.k;
}

struct dim dim_mul(struct dim a, struct dim b)
{
	return (struct dim){(int8_t)(a.m + b.m), (int8_t)(a.kg + b.kg), (int8_t)(a.s + b.s),
			    (int8_t)(a.a + b.a), (int8_t)(a.k + b.k)};
}

struct dim dim_div(struct dim a, struct dim b)
{
	return (struct dim){(int8_t)(a.m - b.m), (int8_t)(a.kg - b.kg), (int8_t)(a.s - b.s),
			    (int8_t)(a.a - b.a), (int8_t)(a.k - b.k)};
}

static const struct unit *table_find(const char *name, size_t n)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (strlen(table[i].name) == n && strncmp(table[i].name, name, n) == 0)
			return &table[i];
	return NULL;
}

/* Other ways to write a character, read as what the table has. */
static const struct {
	const char *from, *to;
} spellings[] = {
	{"\xc2\xb5", "u"},
	{"\xce\xbc", "u"},
	{"\xc2\xb0"
	 "C",
	 "degC"},
	{"\xe2\x84\x83", "degC"},
	{"\xe2\x84\xa6", "ohm"},
	{"\xce\xa9", "ohm"},
	{"\xc2\xb2", "2"},
	{"\xc2\xb3", "3"},
};

/* name[n] with one spelling for each character; false when it is too long or holds NUL. */
static bool normalise(char dst[NAME_MAX_BYTES + 1], const char *name, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n;) {
		const char *put = name + i;
		size_t take = 1;
		size_t put_n = 1;

		if (!name[i])
			return false;
		for (size_t k = 0; k < sizeof(spellings) / sizeof(spellings[0]); k++) {
			size_t from_n = strlen(spellings[k].from);

			if (from_n <= n - i && memcmp(name + i, spellings[k].from, from_n) == 0) {
				put = spellings[k].to;
				put_n = strlen(put);
				take = from_n;
				break;
			}
		}
		if (len + put_n > NAME_MAX_BYTES)
			return false;
		memcpy(dst + len, put, put_n);
		len += put_n;
		i += take;
	}
	dst[len] = '\0';
	return true;
}

/* Build a composed unit from its normalised name; false if it is none. */
static bool compose(struct composed *c, const char *name)
{
	struct text ucum = {0}, show = {0};
	const char *at = name;
	char op = '*';
	int factors = 0;
	bool ok = false;

	c->unit = (struct unit){.dim = DIM_NONE, .scale = 1};
	for (;; at++) {
		size_t n = strcspn(at, "*/");
		bool one = n == 1 && *at == '1' && factors == 0 && at[1] == '/';
		const struct unit *u = one ? &table[0] : table_find(at, n);

		if (!u || (n == 0) || u->offset != 0 || ++factors > FACTORS_MAX)
			goto out;
		if (op == '*') {
			c->unit.dim = dim_mul(c->unit.dim, u->dim);
			c->unit.scale *= u->scale;
		} else {
			c->unit.dim = dim_div(c->unit.dim, u->dim);
			c->unit.scale /= u->scale;
		}
		if (factors > 1) {
			text_puts(&ucum, op == '*' ? "." : "/");
			text_puts(&show, op == '*' ? "·" : "/");
		}
		text_puts(&ucum, u->ucum);
		text_puts(&show, one ? "1" : u->show);
		at += n;
		if (!*at)
			break;
		op = *at;
	}
	ok = factors > 1 && text_copy(c->name, sizeof(c->name), name) &&
	     text_copy(c->ucum, sizeof(c->ucum), ucum.buf) &&
	     text_copy(c->show, sizeof(c->show), show.buf);
out:
	text_release(&ucum);
	text_release(&show);
	c->unit.name = c->name;
	c->unit.ucum = c->ucum;
	c->unit.show = c->show;
	return ok;
}

static const struct unit *composed_find(const char *name)
{
	const struct unit *found = NULL;
	struct composed fresh;

	pthread_mutex_lock(&composed_lock);
	for (int i = 0; i < composed_count && !found; i++)
		if (strcmp(composed[i]->name, name) == 0)
			found = &composed[i]->unit;
	if (!found && composed_count < COMPOSED_MAX && compose(&fresh, name)) {
		struct composed *c = xcalloc(1, sizeof(*c));

		*c = fresh;
		c->unit.name = c->name;
		c->unit.ucum = c->ucum;
		c->unit.show = c->show;
		composed[composed_count++] = c;
		found = &c->unit;
	}
	pthread_mutex_unlock(&composed_lock);
	return found;
}

const struct unit *unit_find(const char *name, size_t n)
{
	char key[NAME_MAX_BYTES + 1];
	const struct unit *u = table_find(name, n);

	if (u)
		return u;
	if (!normalise(key, name, n))
		return NULL;
	u = table_find(key, strlen(key));
	if (u || !strpbrk(key, "*/"))
		return u;
	return composed_find(key);
}

const char *unit_nearest(const char *name, size_t n)
{
	const char *names[TABLE_COUNT];
	char key[NAME_MAX_BYTES + 1];

	if (n == 1 && (*name == 'C' || *name == 'c'))
		return "degC";
	if (!normalise(key, name, n))
		return NULL;
	for (size_t i = 0; i < TABLE_COUNT; i++)
		names[i] = table[i].name;
	return text_nearest(key, names, TABLE_COUNT);
}

double unit_to_si(const struct unit *u, double v)
{
	return v * u->scale + u->offset;
}

double unit_from_si(const struct unit *u, double si)
{
	return (si - u->offset) / u->scale;
}

/* The factors of a dimension nobody has a word for, "kg/m/s2". */
static void base_units(struct dim d, char *dst, size_t size)
{
	const struct {
		const char *name;
		int power;
	} base[] = {{"m", d.m}, {"kg", d.kg}, {"s", d.s}, {"A", d.a}, {"K", d.k}};
	struct text t = {0};

	for (size_t i = 0; i < 5; i++)
		if (base[i].power > 0)
			text_printf(&t, base[i].power > 1 ? "%s%s%d" : "%s%s", t.len ? "*" : "",
				    base[i].name, base[i].power);
	if (!t.len)
		text_puts(&t, "1");
	for (size_t i = 0; i < 5; i++)
		if (base[i].power < 0)
			text_printf(&t, base[i].power < -1 ? "/%s%d" : "/%s", base[i].name,
				    -base[i].power);
	text_copy(dst, size, t.buf);
	text_release(&t);
}

char *dim_text(struct dim d, char *dst, size_t size)
{
	if (dim_equal(d, DIM_NONE)) {
		text_copy(dst, size, "number without unit");
		return dst;
	}
	for (int q = QUANTITY_PRESSURE; q < QUANTITY_COUNT_OF; q++) {
		if (dim_equal(quantity_unit((enum quantity)q)->dim, d)) {
			(void)snprintf(dst, size, "%s (%s)", quantity_name((enum quantity)q),
				       quantity_unit((enum quantity)q)->name);
			return dst;
		}
	}
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (dim_equal(table[i].dim, d)) {
			text_copy(dst, size, table[i].name);
			return dst;
		}
	}
	base_units(d, dst, size);
	return dst;
}
