/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"

static const struct unit *find(const char *name)
{
	return unit_find(name, strlen(name));
}

static const struct unit *must_find(const char *name)
{
	const struct unit *u = find(name);

	if (!u)
		fail_msg("unit %s is not known", name);
	return u;
}

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-12 * fabs(b)))
		fail_msg("%.17g is not %.17g", a, b);
}

static const char *const promised[] = {
	"MPa", "kPa", "Pa",    "bar",	    "psi", "L/min", "mL/min", "L/h",  "m3/h",
	"L",   "mL",  "uS/cm", "mS/cm",	    "S/m", "mg/L",  "ppm",    "g/L",  "degC",
	"K",   "%",   "",      "W",	    "kW",  "mW",    "V",      "mV",   "A",
	"mA",  "uA",  "Wh",    "kWh",	    "J",   "Hz",    "kHz",    "s",    "ms",
	"min", "us",  "h",     "L/min/MPa", "mg",  "kg",    "ohm",    "kohm", "Mohm",
};

static void every_promised_unit_is_known_and_inverts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
		const struct unit *u = must_find(promised[i]);

		assert_string_equal(u->name, promised[i]);
		assert_true(u->ucum[0] != '\0');
		assert_near(unit_from_si(u, unit_to_si(u, 12.5)), 12.5);
	}
}

static void conversions_agree_with_their_definitions(void **state)
{
	(void)state;
	assert_near(unit_to_si(must_find("bar"), 1), unit_to_si(must_find("kPa"), 100));
	assert_near(unit_to_si(must_find("psi"), 145.03773773020923),
		    unit_to_si(must_find("MPa"), 1));
	assert_near(unit_to_si(must_find("m3/h"), 0.06), unit_to_si(must_find("L/min"), 1));
	assert_near(unit_to_si(must_find("L/h"), 60), unit_to_si(must_find("mL/min"), 1000));
	assert_near(unit_to_si(must_find("mS/cm"), 1), unit_to_si(must_find("uS/cm"), 1000));
	assert_near(unit_to_si(must_find("S/m"), 1), unit_to_si(must_find("mS/cm"), 10));
	assert_near(unit_to_si(must_find("ppm"), 3), unit_to_si(must_find("mg/L"), 3));
	assert_near(unit_to_si(must_find("kWh"), 1), 3.6e6);
	assert_near(unit_to_si(must_find("degC"), 25), 298.15);
	assert_near(unit_from_si(must_find("degC"), 273.15 - 40), -40);
	assert_near(unit_to_si(must_find("%"), 2), 0.02);
	/* 600 GPD, the size of a membrane: 1.577 L/min (3.785411784 L, 1440 min) */
	assert_near(unit_from_si(must_find("L/min"), unit_to_si(must_find("GPD"), 600)),
		    600 * 3.785411784 / 1440);
}

static void names_are_case_sensitive_and_whole(void **state)
{
	static const char *const unknown[] = {"mpa",	"MPA",	  "l/min", "uS/Cm", "MPa ", " MPa",
					      "C",	"MP",	  "/",	   "*",	    "L/",   "/min",
					      "L//min", "L/min/", "L/x",   "1",	    "1/",   "2/min",
					      "1*s",	"MPa1",	  "degC*"};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (find(unknown[i]))
			fail_msg("'%s' is taken for a unit", unknown[i]);
	assert_ptr_equal(unit_find("MPa/s", 3), must_find("MPa"));
	assert_null(unit_find("L/min\0s", 7));
}

static void composed_units_multiply_from_left_to_right(void **state)
{
	const struct unit *u = must_find("MPa/min");

	(void)state;
	assert_near(unit_to_si(u, 6), 1e5);
	assert_string_equal(u->name, "MPa/min");
	assert_string_equal(u->ucum, "MPa/min");
	u = must_find("uS/cm/K");
	assert_string_equal(u->show, "µS/cm/K");
	assert_near(unit_to_si(must_find("1/min"), 60), 1);
	assert_string_equal(must_find("1/min")->ucum, "1/min");
	assert_near(unit_to_si(must_find("%/K"), 3), 0.03);
	assert_near(unit_to_si(must_find("L/min*s"), 60), 1e-3);
	assert_string_equal(must_find("W*h")->ucum, "W.h");
	assert_true(dim_equal(must_find("W*h")->dim, must_find("J")->dim));
	/* The factors of a unit in the table give that unit. */
	assert_near(must_find("L/min/MPa")->scale,
		    must_find("L/min")->scale / must_find("MPa")->scale);
	assert_true(dim_equal(must_find("L/min/MPa")->dim,
			      dim_div(must_find("L/min")->dim, must_find("MPa")->dim)));
	assert_near(must_find("L/m2/h")->scale, must_find("L/h")->scale);
}

static void a_composed_unit_is_one_pointer_for_ever(void **state)
{
	const struct unit *u = must_find("kPa/ms");
	char name[] = "kPa/ms";

	(void)state;
	assert_ptr_equal(must_find(name), u);
	memset(name, 'x', sizeof(name) - 1);
	assert_string_equal(u->name, "kPa/ms");
	for (int i = 0; i < 40; i++) {
		char other[32];

		(void)snprintf(other, sizeof(other), "%s/%s", promised[1 + i % 10],
			       promised[24 + i % 11]);
		(void)find(other);
	}
	assert_ptr_equal(must_find("kPa/ms"), u);
}

static void degrees_are_refused_in_composed_units(void **state)
{
	(void)state;
	assert_null(find("degC/min"));
	assert_null(find("%/degC"));
	assert_null(find("W*degC"));
	assert_null(find("1/degC"));
	assert_non_null(find("K/min"));
}

static void signs_of_other_keyboards_are_understood(void **state)
{
	(void)state;
	assert_ptr_equal(find("\xc2\xb5S/cm"), must_find("uS/cm"));
	assert_ptr_equal(find("\xce\xbcS/cm"), must_find("uS/cm"));
	assert_ptr_equal(find("\xc2\xb0"
			      "C"),
			 must_find("degC"));
	assert_ptr_equal(find("\xe2\x84\x83"), must_find("degC"));
	assert_ptr_equal(find("\xc2\xb5S/cm/K"), must_find("uS/cm/K"));
	assert_null(find("\xc2\xb0K"));
}

static void *find_composed(void *arg)
{
	const struct unit **out = arg;

	for (int i = 0; i < 200; i++)
		*out = find("mV/ms/mA");
	return NULL;
}

static void threads_agree_on_a_new_unit(void **state)
{
	const struct unit *found[4] = {NULL};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, find_composed, &found[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_ptr_equal(found[i], must_find("mV/ms/mA"));
}

static void every_quantity_has_a_name_and_a_canonical_unit(void **state)
{
	(void)state;
	for (int q = 0; q < QUANTITY_COUNT_OF; q++) {
		assert_int_equal(quantity_find(quantity_name((enum quantity)q)), q);
		assert_non_null(quantity_unit((enum quantity)q));
	}
	assert_int_equal(quantity_find("nonsense"), QUANTITY_NONE);
	assert_string_equal(quantity_unit(QUANTITY_CONDUCTIVITY)->name, "uS/cm");
	assert_string_equal(quantity_unit(QUANTITY_TEMPERATURE)->name, "degC");
	assert_string_equal(quantity_unit(QUANTITY_STATE)->name, "");
}

static void dimensions_have_words(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(dim_text(must_find("psi")->dim, buf, sizeof(buf)), "pressure (MPa)");
	assert_string_equal(dim_text(DIM_NONE, buf, sizeof(buf)), "number without unit");
	assert_string_equal(dim_text(must_find("mg")->dim, buf, sizeof(buf)), "kg");
	assert_string_equal(dim_text(must_find("MPa/s")->dim, buf, sizeof(buf)), "kg/m/s3");
	assert_string_equal(dim_text(must_find("1/K")->dim, buf, sizeof(buf)), "1/K");
	assert_ptr_equal(dim_unit(must_find("kPa")->dim), must_find("MPa"));
	assert_ptr_equal(dim_unit(DIM_NONE), must_find(""));
	assert_null(dim_unit(must_find("K/s")->dim));
}

static int parse(const char *s, const char *like, double *si, struct error *err)
{
	const struct unit *u = NULL;

	return quantity_parse(s, strlen(s), must_find(like)->dim, si, &u, err);
}

static void quantities_are_a_number_and_a_unit(void **state)
{
	const struct unit *u = NULL;
	double si = 0;

	(void)state;
	assert_int_equal(parse("0.25 MPa", "MPa", &si, NULL), 0);
	assert_near(si, 0.25e6);
	assert_int_equal(parse("500uS/cm", "S/m", &si, NULL), 0);
	assert_near(si, 0.05);
	assert_int_equal(parse(" 500  \xc2\xb5S/cm ", "S/m", &si, NULL), 0);
	assert_near(si, 0.05);
	assert_int_equal(parse("-5 degC", "K", &si, NULL), 0);
	assert_near(si, 268.15);
	assert_int_equal(parse("2 %", "", &si, NULL), 0);
	assert_near(si, 0.02);
	assert_int_equal(parse("0.5", "", &si, NULL), 0);
	assert_near(si, 0.5);
	assert_int_equal(parse("1e-3 L/min", "L/min", &si, NULL), 0);
	assert_int_equal(parse("0.02 MPa/s", "MPa/s", &si, NULL), 0);
	assert_near(si, 2e4);
	assert_int_equal(quantity_parse("5 min!", 5, must_find("s")->dim, &si, &u, NULL), 0);
	assert_near(si, 300);
	assert_string_equal(u->name, "min");
}

static void wrong_quantities_say_what_would_be_right(void **state)
{
	static const struct {
		const char *text, *like;
		int code;
		const char *says;
	} bad[] = {
		{"0.25", "MPa", ERR_TYPE, "'0.25' has no unit; expected pressure (MPa)"},
		{"0", "degC", ERR_TYPE, "'0' has no unit; expected temperature (degC)"},
		{"3 L/min", "MPa", ERR_TYPE,
		 "'3 L/min' is a flow (L/min); expected pressure (MPa)"},
		{"3 MPa", "", ERR_TYPE,
		 "'3 MPa' is a pressure (MPa); expected number without unit"},
		{"500 us/cm", "uS/cm", ERR_TYPE, "'500 us/cm' is a s/m; did you mean uS/cm?"},
		{"500 uS/Cm", "uS/cm", ERR_TYPE, "unknown unit 'uS/Cm'; did you mean uS/cm?"},
		{"5 mpa", "MPa", ERR_TYPE, "unknown unit 'mpa'; did you mean MPa?"},
		{"5 furlongs", "MPa", ERR_TYPE, "unknown unit 'furlongs'; expected pressure (MPa)"},
		{"50 mg", "mg/L", ERR_TYPE, "'50 mg' is a kg; expected tds (mg/L)"},
		{"nan MPa", "MPa", ERR_SYNTAX,
		 "'nan MPa' is not a number with a unit, such as 1.5 MPa"},
		{"inf", "", ERR_SYNTAX, "'inf' is not a number"},
		{"", "MPa", ERR_SYNTAX, "'' is not a number with a unit, such as 1.5 MPa"},
		{"MPa", "MPa", ERR_SYNTAX, "'MPa' is not a number with a unit, such as 1.5 MPa"},
		{"0x10 MPa", "MPa", ERR_SYNTAX,
		 "'x10 MPa' after the number; expected a unit alone"},
		{"1 MPa x", "MPa", ERR_SYNTAX, "'MPa x' after the number; expected a unit alone"},
		{"1 2 MPa", "MPa", ERR_SYNTAX, "'2 MPa' after the number; expected a unit alone"},
		{"1,5 MPa", "MPa", ERR_SYNTAX, "',5 MPa' after the number; expected a unit alone"},
		{"+1 MPa", "MPa", ERR_SYNTAX,
		 "'+1 MPa' is not a number with a unit, such as 1.5 MPa"},
		{"1e999 MPa", "MPa", ERR_SYNTAX,
		 "'1e999 MPa' is not a number with a unit, such as 1.5 MPa"},
		{"1e308 MPa", "MPa", ERR_RANGE, "'1e308 MPa' is too large"},
		{"2 degC/min", "K/s", ERR_TYPE,
		 "unknown unit 'degC/min': degC cannot be part of a composed unit; write K"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = {0};
		double si = 42;

		assert_int_equal(parse(bad[i].text, bad[i].like, &si, &err), bad[i].code);
		assert_string_equal(err.text, bad[i].says);
		assert_true(si == 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_promised_unit_is_known_and_inverts),
		cmocka_unit_test(conversions_agree_with_their_definitions),
		cmocka_unit_test(names_are_case_sensitive_and_whole),
		cmocka_unit_test(composed_units_multiply_from_left_to_right),
		cmocka_unit_test(a_composed_unit_is_one_pointer_for_ever),
		cmocka_unit_test(degrees_are_refused_in_composed_units),
		cmocka_unit_test(signs_of_other_keyboards_are_understood),
		cmocka_unit_test(threads_agree_on_a_new_unit),
		cmocka_unit_test(every_quantity_has_a_name_and_a_canonical_unit),
		cmocka_unit_test(dimensions_have_words),
		cmocka_unit_test(quantities_are_a_number_and_a_unit),
		cmocka_unit_test(wrong_quantities_say_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
