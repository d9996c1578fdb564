/* SPDX-License-Identifier: MIT
 *
 * Quantities, units and dimensions: the one registry. Inside expressions and
 * judgement values are SI (temperature in kelvin); files, links, records and
 * pages use the unit of each channel, normally the canonical unit of its quantity.
 */
#ifndef BASE_UNIT_H
#define BASE_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/* Exponents of metre, kilogram, second, ampere, kelvin. */
struct dim {
	int8_t m, kg, s, a, k;
};
bool dim_equal(struct dim a, struct dim b);
struct dim dim_mul(struct dim a, struct dim b);
struct dim dim_div(struct dim a, struct dim b);
extern const struct dim DIM_NONE;
/* What people call it: "pressure (MPa)", "number without unit", "m4*s/kg". Returns dst. */
char *dim_text(struct dim d, char *dst, size_t size);
/* The unit of the first quantity of that dimension, NULL if none has it. DIM_NONE gives "". */
const struct unit *dim_unit(struct dim d);

/* si = value * scale + offset. "degC" has an offset, "K" has none. */
struct unit {
	const char *
		name; /* as written in files: "MPa" "L/min" "uS/cm" "degC" "K" "%" "mg/L" "L/min/MPa" */
	const char *ucum; /* UCUM code: "MPa" "L/min" "uS/cm" "Cel" */
	const char *show; /* for people: "MPa" "L/min" "µS/cm" "°C" */
	struct dim dim;
	double scale, offset;
};
/* Exact name, also composed with * and / from left to right ("MPa/s", "1/min"). NULL if unknown,
 * and for degC in a composed unit: its zero is elsewhere, use K. U+00B5 and U+03BC are read as u, a
 * degree sign with C as degC. Any thread. The pointer is good for the life of the process,
 * and equal for equal names. */
const struct unit *unit_find(const char *name, size_t n);
/* The known name nearest to name[n], NULL if none is near. */
const char *unit_nearest(const char *name, size_t n);
double unit_to_si(const struct unit *u, double v);
double unit_from_si(const struct unit *u, double si);

/* What a channel, a point or an output measures or sets. */
enum quantity {
	QUANTITY_NONE = 0,
	QUANTITY_STATE,	       /* 0 or 1; no unit ("") */
	QUANTITY_COUNT,	       /* pulses; "" */
	QUANTITY_RATIO,	       /* "%" */
	QUANTITY_PRESSURE,     /* MPa */
	QUANTITY_FLOW,	       /* L/min */
	QUANTITY_VOLUME,       /* L */
	QUANTITY_CONDUCTIVITY, /* uS/cm */
	QUANTITY_TDS,	       /* mg/L */
	QUANTITY_TEMPERATURE,  /* degC */
	QUANTITY_POWER,	       /* W */
	QUANTITY_VOLTAGE,      /* V */
	QUANTITY_CURRENT,      /* A */
	QUANTITY_ENERGY,       /* Wh */
	QUANTITY_FREQUENCY,    /* Hz */
	QUANTITY_TIME,	       /* s */
	QUANTITY_PERMEABILITY, /* L/min/MPa */
	QUANTITY_TEXT,	       /* scanner lines */
	QUANTITY_COUNT_OF
};
const char *quantity_name(enum quantity q);    /* "pressure" */
enum quantity quantity_find(const char *name); /* QUANTITY_NONE if unknown */
const struct unit *
quantity_unit(enum quantity q); /* canonical unit, "" (dimensionless) for states */

/* Parse "0.25 MPa", "500 uS/cm", "2 %", "25 degC", "30 s", "5 min", "0.5" (dimensionless).
 * The dimension must equal want. *si gets the SI value, *u (NULL allowed) the unit as written. */
int quantity_parse(const char *text, size_t n, struct dim want, double *si, const struct unit **u,
		   struct error *err);

#endif
