/* SPDX-License-Identifier: MIT
 *
 * Any Modbus device, by YAML alone:
 *
 *	options:
 *	  identify: {name: {register: 0x0100, value: 0x1234}}
 *	  points:
 *	    regulator_1: {register: 0x10, type: u16, scale: 0.001, unit: MPa, quantity: pressure,
 *			  direction: read_write, write_function: 6, max: 0.7}
 *	    flow_1: {register: 0x20, function: 4, type: u32, order: CDAB, quantity: count}
 *
 * Registers are counted from 0 as they go over the wire. value = raw * scale + offset. Writes are
 * read back; neighbours are written together. What the device has to be set to, and the comms
 * watchdog that comes of it:
 *
 *	  settings: {wdt_time: {register: 488, value: 15}, wdt_on: {register: 260, coil: 1}}
 *	  watchdog_s: 1.5
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "drivers.h"
#include "register_map.h"

#define POINT_KEYS                                                                                 \
	"register|type|order|function|write_function|scale|offset|unit|quantity|direction|"        \
	"error_value|min|max"
static const struct driver_option options[] = {
	{"points", OPTION_MAP, NULL, 0, 0, POINT_KEYS, "what the device measures or sets, by name",
	 "设备的点,按名称"},
	{"identify", OPTION_MAP, "", 0, 0, "register|function|value|mask",
	 "registers whose value proves that the right device answers", "用于识别设备的寄存器"},
	{"settings", OPTION_MAP, "", 0, 0, "register|value|coil",
	 "what the device has to be set to: read when it comes and before each run, written where it "
	 "differs",
	 "设备应有的设定:上线时及每次运行前读取,不符则写入"},
	{"identification", OPTION_CHOICE, "ask", 0, 0, "ask|never",
	 "Modbus TCP: whether it may be asked who it is (function 43/14); never: one that suffers from a "
	 "function it does not know",
	 "Modbus TCP:是否可询问设备标识(功能码 43/14);不认识该功能码即出错的设备选 never"},
	{"watchdog_s", OPTION_NUMBER, "0", 0, WATCHDOG_MAX_S, NULL,
	 "comms watchdog that the settings make; at most 2 s, 0: none",
	 "由 settings 设定的通信看门狗,最长 2 秒;0 表示没有"},
};

/* --- reading the options --- */

struct reading {
	const struct driver_device *d;
	const char *map, *item;
	struct error *err;
	int code;
};

static void wrong(struct reading *r, const char *key, const char *what)
{
	driver_wrong(r->d, r->map, r->item, key, what);
	if (!r->code)
		r->code = error_set(r->err, ERR_CONFIG, "%s.%s.%s %s", r->map, r->item, key, what);
}

static long whole(struct reading *r, const char *key, long def, long lo, long hi)
{
	const char *s = driver_option_of(r->d, r->map, r->item, key);
	char *end, what[80];
	long v;

	if (!s)
		return def;
	v = strtol(s, &end, 0);
	if (end != s && !*end && v >= lo && v <= hi)
		return v;
	snprintf(what, sizeof(what), "is \"%.20s\"; expected %ld to %ld", s, lo, hi);
	wrong(r, key, what);
	return lo;
}

static double number(struct reading *r, const char *key, double def)
{
	const char *s = driver_option_of(r->d, r->map, r->item, key);
	double v = def;

	if (s && !text_to_double(s, strlen(s), &v))
		wrong(r, key, "is no number");
	return v;
}

static const char *word(struct reading *r, const char *key, const char *def)
{
	const char *s = driver_option_of(r->d, r->map, r->item, key);

	return s ? s : def;
}

static void need(struct reading *r, const char *key)
{
	if (!driver_option_of(r->d, r->map, r->item, key))
		wrong(r, key, "is missing");
}

static void read_quantity(struct reading *r, struct driver_point *p)
{
	const char *unit = word(r, "unit", NULL);

	const char *name = word(r, "quantity", "");

	p->quantity = quantity_find(name);
	if (p->quantity == QUANTITY_NONE || p->quantity == QUANTITY_TEXT) {
		p->quantity = QUANTITY_STATE;
		p->unit = quantity_unit(p->quantity);
		if (*name) /* else its lack is told */
			wrong(r, "quantity", "is no quantity of this program");
		return;
	}
	p->unit = unit ? unit_find(unit, strlen(unit)) : quantity_unit(p->quantity);
	if (!p->unit || !dim_equal(p->unit->dim, quantity_unit(p->quantity)->dim)) {
		p->unit = quantity_unit(p->quantity);
		wrong(r, "unit", "is no unit of its quantity");
	}
}

static void read_direction(struct reading *r, struct driver_point *p, struct map_point *m)
{
	const char *s = word(r, "direction", "read");
	bool bits = m->type == REGISTER_BIT;
	long f = whole(r, "function", bits ? MODBUS_READ_COILS : MODBUS_READ_HOLDING, 1, 4);
	long w = whole(r, "write_function", bits ? MODBUS_WRITE_COILS : MODBUS_WRITE_REGISTERS, 5,
		       16);

	if (bits != (f == MODBUS_READ_COILS || f == MODBUS_READ_DISCRETE))
		wrong(r, "function",
		      "does not fit the type; bits are read by 1 or 2, registers by 3 or 4");
	m->read = (uint8_t)f;
	if (!strcmp(s, "read")) {
		p->direction = POINT_READ;
		return;
	}
	/* What is written is read back: there is no point that can only be written. */
	p->direction = POINT_READ_WRITE;
	m->write = (uint8_t)w;
	if (strcmp(s, "read_write"))
		wrong(r, "direction", "is neither read nor read_write");
	if (bits ? w != MODBUS_WRITE_COIL && w != MODBUS_WRITE_COILS
		 : w != MODBUS_WRITE_REGISTER && w != MODBUS_WRITE_REGISTERS)
		wrong(r, "write_function",
		      "does not fit the type; bits: 5 or 15, registers: 6 or 16");
	if (w == MODBUS_WRITE_REGISTER && register_count(m->type) == 2)
		wrong(r, "write_function", "6 cannot write two registers");
	if (f == MODBUS_READ_DISCRETE || f == MODBUS_READ_INPUT)
		wrong(r, "function", "cannot read back what is written; use 1 or 3");
}

/* What the raw numbers can say. */
static void natural_range(struct driver_point *p, const struct map_point *m)
{
	static const double lo[] = {0, 0, INT16_MIN, 0, INT32_MIN, -3e38, 0};
	static const double hi[] = {0, UINT16_MAX, INT16_MAX, UINT32_MAX, INT32_MAX, 3e38, 1};
	double a = lo[m->type] * m->scale + m->offset, b = hi[m->type] * m->scale + m->offset;

	p->lo = a < b ? a : b;
	p->hi = a < b ? b : a;
	p->resolution = m->type == REGISTER_F32 ? 0 : fabs(m->scale);
}

static void read_error_value(struct reading *r, struct map_point *m)
{
	const char *s = word(r, "error_value", NULL);

	if (!s)
		return;
	m->has_error = true;
	m->error_is_nan = !strcmp(s, "nan");
	if (!m->error_is_nan)
		m->error_raw = whole(r, "error_value", 0, INT32_MIN, UINT32_MAX);
	/* 0x8000 in a signed register is read as its negative number */
	if (m->type == REGISTER_I16 && m->error_raw > INT16_MAX && m->error_raw <= UINT16_MAX)
		m->error_raw -= 0x10000;
	if (m->type == REGISTER_I32 && m->error_raw > INT32_MAX)
		m->error_raw -= (int64_t)1 << 32;
}

/* min and max, within what the raw numbers can say. */
static void read_bounds(struct reading *r, struct driver_point *p)
{
	double lo = number(r, "min", p->lo), hi = number(r, "max", p->hi);
	char what[120];

	snprintf(what, sizeof(what), "is beyond what its register says, %.6g to %.6g", p->lo,
		 p->hi);
	if (lo < p->lo)
		wrong(r, "min", what);
	if (hi > p->hi)
		wrong(r, "max", what);
	p->lo = lo;
	p->hi = hi;
	if (!(lo < hi))
		wrong(r, "min", "is not below max");
	else if (p->quantity != QUANTITY_STATE && (hi - lo) < 10 * p->resolution)
		wrong(r, "scale", "makes steps larger than a tenth of min to max");
}

static void read_point(struct reading *r, struct driver_point *p, struct map_point *m)
{
	need(r, "register");
	need(r, "quantity");
	read_quantity(r, p);
	p->name = r->item;
	m->first = (uint16_t)whole(r, "register", 0, 0, UINT16_MAX);
	m->type =
		register_type_find(word(r, "type", p->quantity == QUANTITY_STATE ? "bit" : "u16"));
	m->order = register_order_find(word(r, "order", "ABCD"));
	m->scale = number(r, "scale", 1);
	m->offset = number(r, "offset", 0);
	if (!m->type)
		wrong(r, "type", "is none of u16 i16 u32 i32 f32 bit");
	if (!m->order)
		wrong(r, "order", "is none of ABCD CDAB BADC DCBA");
	if (fabs(m->scale) < 1e-12)
		wrong(r, "scale", "is 0");
	if (r->code)
		return;
	if (m->first + register_count(m->type) > 0x10000)
		wrong(r, "register", "ends beyond 65535");
	read_direction(r, p, m);
	read_error_value(r, m);
	natural_range(p, m);
	read_bounds(r, p);
}

static int read_identities(struct driver_device *d, struct map_priv *priv, struct error *err)
{
	char names[MAP_IDENTITIES_MAX][DRIVER_ITEM_NAME_MAX];
	int n = driver_option_items(d, "identify", names, MAP_IDENTITIES_MAX), rc = 0;

	if (n > MAP_IDENTITIES_MAX)
		return error_set(err, ERR_CONFIG, "identify has more than %d items",
				 MAP_IDENTITIES_MAX);
	for (int i = 0; i < n; i++) {
		struct reading r = {d, "identify", names[i], err, 0};
		struct driver_identity *o = &priv->identities[i];

		need(&r, "register");
		need(&r, "value");
		o->read.function = (uint8_t)whole(&r, "function", MODBUS_READ_HOLDING, 1, 4);
		o->read.first = (uint16_t)whole(&r, "register", 0, 0, UINT16_MAX);
		o->read.count = 1;
		o->expect[0] = (uint16_t)whole(&r, "value", 0, 0, UINT16_MAX);
		o->mask[0] = (uint16_t)whole(&r, "mask", UINT16_MAX, 0, UINT16_MAX);
		o->says = "its identity register";
		rc = rc ? rc : r.code;
	}
	priv->identity_count = n;
	return rc;
}

static int read_settings(struct driver_device *d, struct map_priv *priv, struct error *err)
{
	char names[MAP_SETTINGS_MAX][DRIVER_ITEM_NAME_MAX];
	int n = driver_option_items(d, "settings", names, MAP_SETTINGS_MAX), rc = 0;

	if (n > MAP_SETTINGS_MAX)
		return error_set(err, ERR_CONFIG, "settings has more than %d items",
				 MAP_SETTINGS_MAX);
	for (int i = 0; i < n; i++) {
		struct reading r = {d, "settings", names[i], err, 0};
		bool coil = driver_option_of(d, "settings", names[i], "coil") != NULL;
		uint16_t value =
			(uint16_t)whole(&r, coil ? "coil" : "value", 0, 0, coil ? 1 : UINT16_MAX);
		uint16_t first = (uint16_t)whole(&r, "register", 0, 0, UINT16_MAX);

		need(&r, "register");
		if (!coil)
			need(&r, "value");
		rc = rc ? rc : r.code;
		priv->settings[i] = (struct bus_request){
			.kind = BUS_WRITE,
			.function = coil ? MODBUS_WRITE_COIL : MODBUS_WRITE_REGISTER,
			.first = first,
			.count = 1,
			.data = {value},
			.verify = true,
			.verify_function = coil ? MODBUS_READ_COILS : MODBUS_READ_HOLDING,
			.verify_first = first,
			.verify_count = 1,
			.verify_expect = {value},
			.verify_mask = {coil ? 1 : 0xffff}};
	}
	priv->setting_count = n;
	if (!rc && driver_option_number(d, "watchdog_s") > 0 && !n)
		return error_set(err, ERR_CONFIG,
				 "watchdog_s without settings; expected the registers that switch "
				 "it on");
	return rc;
}

/* Both alike, which says nothing against reading a number twice: but not against two who write it,
 * and a bit has one meaning. */
static bool may_share(const struct map_point *a, const struct map_point *b)
{
	return a->first == b->first && a->type == b->type && a->order == b->order &&
	       !(a->write && b->write) && a->type != REGISTER_BIT;
}

/* One register is one number: two points may share it only when both read it the same way. */
static int check_overlaps(const struct driver_device *d, const struct map_priv *priv,
			  struct error *err)
{
	char what[200];

	for (int i = 0; i < priv->count; i++)
		for (int k = 0; k < i; k++) {
			const struct map_point *a = &priv->at[i], *b = &priv->at[k];
			int na = register_count(a->type), nb = register_count(b->type);
			bool alike = a->first == b->first && a->type == b->type &&
				     a->order == b->order;

			if (!priv->points[i].quantity || !priv->points[k].quantity ||
			    a->read != b->read || a->first >= b->first + nb ||
			    b->first >= a->first + na || may_share(a, b))
				continue;
			if (alike)
				snprintf(what, sizeof(what),
					 "0x%04x is %s's already; expected one of its own",
					 a->first, priv->names[k]);
			else
				snprintf(
					what, sizeof(what),
					"0x%04x is read by %s with another type or from another "
					"beginning; expected one type, order and register for both",
					a->first > b->first ? a->first : b->first, priv->names[k]);
			driver_wrong(d, "points", priv->names[i], "register", what);
			return error_set(err, ERR_CONFIG, "points.%s.register %s", priv->names[i],
					 what);
		}
	return 0;
}

/* An output that writes a setting, like the watchdog's coil, would switch it off. */
static int check_settings(const struct driver_device *d, const struct map_priv *priv,
			  struct error *err)
{
	char what[120];

	for (int i = 0; i < priv->count; i++)
		for (int k = 0; k < priv->setting_count; k++) {
			const struct map_point *m = &priv->at[i];
			const struct bus_request *s = &priv->settings[k];

			if (!m->write || m->read != s->verify_function || s->first < m->first ||
			    s->first >= m->first + register_count(m->type))
				continue;
			snprintf(what, sizeof(what),
				 "0x%04x is a setting of the device; expected another", s->first);
			driver_wrong(d, "points", priv->names[i], "register", what);
			return error_set(err, ERR_CONFIG, "points.%s.register %s", priv->names[i],
					 what);
		}
	return 0;
}

/* Every mistake of the device in one round; err is the first. */
static int init(struct driver_device *d, struct error *err)
{
	struct map_priv *priv = d->priv;
	int n = driver_option_items(d, "points", priv->names, MAP_POINTS_MAX), rc = 0;
	struct error later;

	if (n > MAP_POINTS_MAX)
		return error_set(err, ERR_CONFIG, "points has more than %d items", MAP_POINTS_MAX);
	for (int i = 0; i < n; i++) {
		struct reading r = {d, "points", priv->names[i], rc ? &later : err, 0};

		read_point(&r, &priv->points[i], &priv->at[i]);
		if (r.code || driver_item_is_refused(d, "points", priv->names[i]))
			priv->points[i].quantity = QUANTITY_NONE;
		rc = rc ? rc : r.code;
	}
	priv->count = n;
	if (check_overlaps(d, priv, rc ? &later : err))
		rc = rc ? rc : ERR_CONFIG;
	if (read_settings(d, priv, rc ? &later : err))
		rc = rc ? rc : ERR_CONFIG;
	if (read_identities(d, priv, rc ? &later : err))
		rc = rc ? rc : ERR_CONFIG;
	if (!rc)
		rc = check_settings(d, priv, err);
	return rc;
}

/* --- the driver --- */

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct map_priv *priv = d->priv;

	*count = priv->count;
	return priv->points;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	const struct map_priv *priv = d->priv;
	const struct map_point *m = &priv->at[point];

	if (max < 1)
		return 0;
	out[0] = (struct driver_read){m->read, m->first, (uint16_t)register_count(m->type), true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	const struct map_priv *priv = d->priv;
	const struct map_point *m = &priv->at[point];
	double v;

	if (!images[0].good || images[0].count < register_count(m->type))
		return ERR_DEVICE;
	out->raw = register_decode(images[0].data, m->type, m->order, &v);
	out->value = v * m->scale + m->offset;
	out->quality = QUALITY_GOOD;
	if (!isfinite(v)) {
		out->value = 0;
		out->quality = QUALITY_BAD_REPLY;
	} else if (m->has_error && !m->error_is_nan && out->raw == m->error_raw) {
		out->quality = QUALITY_BAD_REPLY;
	} else if (out->value < priv->points[point].lo || out->value > priv->points[point].hi) {
		out->quality = QUALITY_OUT_OF_RANGE;
	}
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	const struct map_priv *priv = d->priv;
	int n = priv->identity_count < max ? priv->identity_count : max;

	for (int i = 0; i < n; i++)
		out[i] = priv->identities[i];
	return n;
}

static int settings(const struct driver_device *d, struct bus_request *out, int max)
{
	const struct map_priv *priv = d->priv;
	int n = priv->setting_count < max ? priv->setting_count : max;

	for (int i = 0; i < n; i++)
		out[i] = priv->settings[i];
	return n;
}

static int64_t watchdog_ns(const struct driver_device *d)
{
	return (int64_t)(driver_option_number(d, "watchdog_s") * 1e9);
}

static bool may_be_asked(const struct driver_device *d)
{
	return strcmp(driver_option(d, "identification"), "ask") == 0;
}

const struct driver driver_register_map = {
	.name = "register_map",
	.title_en = "Any Modbus device, described by its register map",
	.title_zh = "通用 Modbus 寄存器设备",
	.source = "the fixture's author; Modbus application protocol V1.1b",
	.maturity = DRIVER_BETA,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct map_priv),
	.init = init,
	.own_points = own_points,
	.reads = reads,
	.get = get,
	.may_be_asked = may_be_asked,
	.identify = identify,
	.settings = settings,
	.watchdog_ns = watchdog_ns,
	.set = register_map_set,
	.safe = register_map_set,
};
