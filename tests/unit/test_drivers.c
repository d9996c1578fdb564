/* SPDX-License-Identifier: MIT
 *
 * Register drivers against raw vectors, published ones where the maker gives any; tables and
 * options.
 */
#include "drivers_bench.h"

static void the_tables_of_all_drivers_are_in_order(void **state)
{
	struct error err = {0};

	(void)state;
	if (drivers_check(&err) || driver_check(&driver_skel, &err))
		fail_msg("%s", err.text);
	assert_ptr_equal(driver_find("pzem016"), &driver_pzem016);
	assert_null(driver_find("skel"));
	assert_null(driver_find("nothing"));
}

static void a_table_with_a_slip_is_refused(void **state)
{
	struct driver d = driver_waveshare_relay8;
	struct driver_point twice[2];

	(void)state;
	d.safe = NULL;
	assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
	d = driver_ectds10;
	d.get = NULL;
	assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
	d = driver_ectds10;
	d.maturity = (enum driver_maturity)0;
	assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
	d = driver_ectds10;
	twice[0] = twice[1] = d.points[0];
	d.points = twice;
	d.point_count = 2;
	assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
	twice[1].name = "other";
	assert_int_equal(driver_check(&d, NULL), 0);
	twice[1].unit_name = "MPa";
	assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
}

/* The option of that type whose default is then spoiled, for every driver that has one. */
static void a_default_that_the_option_would_refuse_is_refused_in_the_table_too(void **state)
{
	static const struct {
		enum option_type type;
		const char *bad;
	} spoiled[] = {{OPTION_NUMBER, "many"},	   {OPTION_NUMBER, "1e30"},
		       {OPTION_INTEGER, "1.5"},	   {OPTION_INTEGER, "99999999"},
		       {OPTION_CHOICE, "perhaps"}, {OPTION_MAP, "x"}};
	int tried = 0;

	(void)state;
	for (int i = 0; drivers[i]; i++) {
		for (int k = 0; k < drivers[i]->option_count; k++) {
			struct driver d = *drivers[i];
			struct driver_option options[32];

			assert_true(d.option_count <= 32);
			memcpy(options, d.options, (size_t)d.option_count * sizeof(options[0]));
			d.options = options;
			assert_int_equal(driver_check(&d, NULL), 0);
			for (size_t s = 0; s < sizeof(spoiled) / sizeof(spoiled[0]); s++) {
				if (options[k].type != spoiled[s].type)
					continue;
				options[k].fallback = spoiled[s].bad;
				assert_int_equal(driver_check(&d, NULL), ERR_CONFIG);
				tried++;
			}
		}
	}
	assert_true(tried > 10);
}

static void a_point_not_answered_has_no_value(void **state)
{
	static const char *const line[] = {"line", "FLOW", NULL};
	struct driver_image none = {0};
	struct driver_value v;

	(void)state;
	for (int i = 0; drivers[i]; i++) {
		struct made *m =
			make(drivers[i], 1, drivers[i] == &driver_pulse_flow ? line : NULL);

		for (int k = 0; drivers[i]->get && k < drivers[i]->point_count; k++)
			assert_true(drivers[i]->get(&m->d, k, &none, &v) < 0);
		drop(m);
	}
}

static void probe_reads_signed_temperature_and_plain_conductivity(void **state)
{
	struct made *m = ready(&driver_ectds10, 30, NULL);
	struct driver_identity id[4];
	struct driver_read r;

	(void)state;
	expect_reading(decode(m, "temperature", (uint16_t[]){0x0A28}, 1), 26.00, 0x0A28,
		       QUALITY_GOOD);
	expect_reading(decode(m, "temperature", (uint16_t[]){0xFF9C}, 1), -1.00, -100,
		       QUALITY_GOOD);
	expect_reading(decode(m, "conductivity", (uint16_t[]){1413}, 1), 1413, 1413, QUALITY_GOOD);
	expect_reading(decode(m, "tds", (uint16_t[]){250}, 1), 250, 250, QUALITY_GOOD);
	assert_int_equal(decode(m, "conductivity", (uint16_t[]){0xFFFF}, 1).quality,
			 QUALITY_OUT_OF_RANGE);
	assert_int_equal(decode(m, "temperature", (uint16_t[]){0x8000}, 1).quality,
			 QUALITY_OUT_OF_RANGE);
	assert_int_equal(driver_ectds10.reads(&m->d, 1, &r, 1), 1);
	assert_int_equal(r.first, 2);
	assert_int_equal(driver_ectds10.identify(&m->d, id, 4), 2);
	assert_int_equal(id[0].expect[0], 30);
	assert_int_equal(id[1].expect[0], 20); /* 2.0 %/K */
	drop(m);
}

static void a_broken_current_loop_is_no_number(void **state)
{
	static const char *const plain[] = {"mode", "0-20mA", "inputs", "3", NULL};
	struct made *m = ready(&driver_waveshare_ai8, 2, NULL);
	struct driver_identity id;

	(void)state;
	expect_reading(decode(m, "ai3", (uint16_t[]){12000}, 1), 12, 12000, QUALITY_GOOD);
	expect_reading(decode(m, "ai3", (uint16_t[]){3600}, 1), 3.6, 3600, QUALITY_GOOD);
	assert_int_equal(decode(m, "ai3", (uint16_t[]){3599}, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "ai3", (uint16_t[]){0}, 1).quality, QUALITY_BAD_REPLY);
	expect_reading(decode(m, "ai3", (uint16_t[]){21000}, 1), 21, 21000, QUALITY_GOOD);
	assert_int_equal(decode(m, "ai3", (uint16_t[]){21001}, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(driver_waveshare_ai8.identify(&m->d, &id, 1), 1);
	assert_int_equal(id.read.first, 0x1000);
	assert_int_equal(id.read.count, 8);
	assert_int_equal(id.expect[7], 3);
	drop(m);
	m = ready(&driver_waveshare_ai8, 2, plain);
	expect_reading(decode(m, "ai1", (uint16_t[]){0}, 1), 0, 0, QUALITY_GOOD);
	assert_int_equal(driver_waveshare_ai8.identify(&m->d, &id, 1), 1);
	assert_int_equal(id.read.count, 3);
	assert_int_equal(id.expect[2], 2);
	drop(m);
}

static void the_relay_bank_is_one_write_with_its_read_back(void **state)
{
	struct made *m = ready(&driver_waveshare_relay8, 5, NULL);
	const int which[] = {6, 0};
	const double values[] = {1, 1};
	struct bus_request r;
	uint16_t coils[8] = {1, 0, 0, 0, 0, 0, 1, 0};

	(void)state;
	assert_int_equal(driver_waveshare_relay8.set(&m->d, which, values, 2, &r, 1), 1);
	assert_int_equal(r.function, MODBUS_WRITE_COILS);
	assert_int_equal(r.count, 8);
	assert_true(r.verify);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(r.data[i], i == 0 || i == 6);
		assert_int_equal(r.verify_expect[i], r.data[i]);
		assert_int_equal(r.verify_mask[i] & 1, 1);
	}
	assert_int_equal(driver_waveshare_relay8.safe(&m->d, which, (double[]){0, 0}, 2, &r, 1), 1);
	for (int i = 0; i < 8; i++)
		assert_int_equal(r.data[i], 0);
	expect_reading(decode(m, "relay7", coils, 8), 1, 1, QUALITY_GOOD);
	expect_reading(decode(m, "relay8", coils, 8), 0, 0, QUALITY_GOOD);
	drop(m);
}

/* The manual's example answer to "01 04 00 00 00 0A". */
static void power_meter_reads_the_makers_example(void **state)
{
	static const uint16_t regs[] = {0x0898, 0x03E8, 0x0000, 0x0898, 0x0000,
					0x0000, 0x0000, 0x01F4, 0x0064, 0x0000};
	struct made *m = ready(&driver_pzem016, 1, NULL);
	struct driver_read r;

	(void)state;
	for (int i = 0; i < driver_pzem016.point_count; i++) {
		assert_int_equal(driver_pzem016.reads(&m->d, i, &r, 1), 1);
		assert_true(r.first + r.count <= 10);
	}
	expect_reading(decode(m, "voltage", regs, 1), 220.0, 2200, QUALITY_GOOD);
	expect_reading(decode(m, "current", regs + 1, 2), 1.000, 1000, QUALITY_GOOD);
	expect_reading(decode(m, "power", regs + 3, 2), 220.0, 2200, QUALITY_GOOD);
	expect_reading(decode(m, "energy", regs + 5, 2), 0, 0, QUALITY_GOOD);
	expect_reading(decode(m, "frequency", regs + 7, 1), 50.0, 500, QUALITY_GOOD);
	expect_reading(decode(m, "power_factor", regs + 8, 1), 100, 100, QUALITY_GOOD);
	expect_reading(decode(m, "alarm", regs + 9, 1), 0, 0, QUALITY_GOOD);
	expect_reading(decode(m, "power", (uint16_t[]){0x0001, 0x0001}, 2), 6553.7, 65537,
		       QUALITY_GOOD);
	assert_int_equal(decode(m, "alarm", (uint16_t[]){3}, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "current", (uint16_t[]){0xffff, 0xffff}, 2).quality,
			 QUALITY_OUT_OF_RANGE);
	drop(m);
}

static void registers_of_every_type_and_order_come_back(void **state)
{
	static const double values[] = {0, 1, 255, 256, 1234, 32767};
	double got;
	uint16_t data[2];

	(void)state;
	for (enum register_type t = REGISTER_U16; t <= REGISTER_F32; t++)
		for (enum register_order o = ORDER_ABCD; o <= ORDER_DCBA; o++)
			for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
				assert_true(register_encode(data, t, o, values[i]));
				register_decode(data, t, o, &got);
				assert_true(got == values[i]);
			}
	/* 123456.0 is 0x47F12000 */
	assert_true(register_encode(data, REGISTER_F32, ORDER_ABCD, 123456.0));
	assert_int_equal(data[0], 0x47F1);
	assert_int_equal(data[1], 0x2000);
	assert_true(register_encode(data, REGISTER_F32, ORDER_CDAB, 123456.0));
	assert_int_equal(data[0], 0x2000);
	assert_true(register_encode(data, REGISTER_F32, ORDER_BADC, 123456.0));
	assert_int_equal(data[0], 0xF147);
	assert_true(register_encode(data, REGISTER_F32, ORDER_DCBA, 123456.0));
	assert_int_equal(data[0], 0x0020);
	assert_int_equal(register_decode((uint16_t[]){1, 0xfffe}, REGISTER_I32, ORDER_ABCD, &got),
			 131070);
	assert_int_equal(
		register_decode((uint16_t[]){0xffff, 0xfffe}, REGISTER_I32, ORDER_ABCD, &got), -2);
	assert_false(register_encode(data, REGISTER_U16, ORDER_ABCD, 65536));
	assert_false(register_encode(data, REGISTER_U16, ORDER_ABCD, -1));
	assert_false(register_encode(data, REGISTER_I16, ORDER_ABCD, 32768));
	assert_false(register_encode(data, REGISTER_F32, ORDER_ABCD, (double)NAN));
	assert_true(register_encode(data, REGISTER_I16, ORDER_ABCD, -1));
	assert_int_equal(data[0], 0xffff);
}

static const char *const map_options[] = {"points.regulator_1.register",
					  "0x0010",
					  "points.regulator_1.type",
					  "u16",
					  "points.regulator_1.scale",
					  "0.001",
					  "points.regulator_1.unit",
					  "MPa",
					  "points.regulator_1.quantity",
					  "pressure",
					  "points.regulator_1.direction",
					  "read_write",
					  "points.regulator_1.max",
					  "0.7",
					  "points.regulator_2.register",
					  "17",
					  "points.regulator_2.scale",
					  "0.001",
					  "points.regulator_2.quantity",
					  "pressure",
					  "points.regulator_2.direction",
					  "read_write",
					  "points.flow.register",
					  "32",
					  "points.flow.function",
					  "4",
					  "points.flow.type",
					  "u32",
					  "points.flow.order",
					  "CDAB",
					  "points.flow.quantity",
					  "count",
					  "points.cond.register",
					  "40",
					  "points.cond.type",
					  "f32",
					  "points.cond.quantity",
					  "conductivity",
					  "points.pressure.register",
					  "4",
					  "points.pressure.type",
					  "i16",
					  "points.pressure.scale",
					  "0.001",
					  "points.pressure.quantity",
					  "pressure",
					  "points.pressure.error_value",
					  "0x8000",
					  "points.pressure.min",
					  "-0.1",
					  "points.pressure.max",
					  "1.6",
					  "identify.model.register",
					  "0x0100",
					  "identify.model.value",
					  "0x4208",
					  NULL};

static void a_map_reads_what_its_yaml_says(void **state)
{
	struct made *m = ready(&driver_register_map, 9, map_options);
	struct driver_identity id;
	struct driver_read r;

	(void)state;
	expect_reading(decode(m, "flow", (uint16_t[]){0x5678, 0x1234}, 2), 0x12345678, 0x12345678,
		       QUALITY_GOOD);
	expect_reading(decode(m, "pressure", (uint16_t[]){1600}, 1), 1.6, 1600, QUALITY_GOOD);
	expect_reading(decode(m, "pressure", (uint16_t[]){0xffff}, 1), -0.001, -1, QUALITY_GOOD);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0x8000}, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){1601}, 1).quality,
			 QUALITY_OUT_OF_RANGE);
	expect_reading(decode(m, "cond", (uint16_t[]){0x47F1, 0x2000}, 2), 123456, 0x47F12000,
		       QUALITY_GOOD);
	assert_int_equal(decode(m, "cond", (uint16_t[]){0x7fc0, 0}, 2).quality, QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "cond", (uint16_t[]){0xffff, 0xffff}, 2).quality,
			 QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "cond", (uint16_t[]){0x7f80, 0}, 2).quality, QUALITY_BAD_REPLY);
	assert_int_equal(driver_register_map.reads(&m->d, driver_point_index(&m->d, "flow"), &r, 1),
			 1);
	assert_int_equal(r.function, MODBUS_READ_INPUT);
	assert_int_equal(r.count, 2);
	assert_int_equal(driver_register_map.identify(&m->d, &id, 1), 1);
	assert_int_equal(id.expect[0], 0x4208);
	drop(m);
}

static void a_map_writes_neighbours_together_and_reads_them_back(void **state)
{
	struct made *m = ready(&driver_register_map, 9, map_options);
	const int which[] = {1, 0};
	struct bus_request r[4];

	(void)state;
	assert_int_equal(driver_register_map.set(&m->d, which, (double[]){0.3, 0.25}, 2, r, 4), 1);
	assert_int_equal(r[0].function, MODBUS_WRITE_REGISTERS);
	assert_int_equal(r[0].first, 16);
	assert_int_equal(r[0].count, 2);
	assert_int_equal(r[0].data[0], 250);
	assert_int_equal(r[0].data[1], 300);
	assert_int_equal(r[0].verify_count, 2);
	assert_int_equal(r[0].verify_expect[1], 300);
	assert_true(driver_register_map.set(&m->d, (int[]){0}, (double[]){0.71}, 1, r, 4) < 0);
	assert_true(driver_register_map.set(&m->d, (int[]){2}, (double[]){1}, 1, r, 4) < 0);
	drop(m);
}

static void a_map_with_a_mistake_says_where(void **state)
{
	static const char *const bad[][12] = {
		{"points.p.quantity", "pressure", NULL},
		{"points.p.register", "1", NULL},
		{"points.p.register", "70000", "points.p.quantity", "pressure", NULL},
		{"points.p.register", "1", "points.p.quantity", "weight", NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.unit", "mA",
		 NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.type", "u8",
		 NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.order", "AB",
		 NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.scale", "0",
		 NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.function",
		 "1", NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure", "points.p.function",
		 "4", "points.p.direction", "read_write", NULL},
		{"points.p.register", "65535", "points.p.quantity", "pressure", "points.p.type",
		 "u32", NULL},
		{"points.p.register", "1", "points.p.quantity", "pressure",
		 "points.p.write_function", "6", "points.p.type", "f32", "points.p.direction",
		 "read_write", NULL},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct made *m = make(&driver_register_map, 1, bad[i]);

		memset(&err, 0, sizeof(err));
		assert_int_equal(driver_register_map.init(&m->d, &err), ERR_CONFIG);
		assert_non_null(strstr(err.text, "points.p."));
		drop(m);
	}
}

static void options_are_checked_against_the_table(void **state)
{
	static const char *const bad[][3] = {
		{"mdoe", "4-20mA", "did you mean \"mode\""},
		{"mode", "4-20", "4-20mA|0-20mA"},
		{"inputs", "9", "1 to 8"},
		{"inputs", "3.5", "1 to 8"},
		{"mode.x.y", "1", "unknown option"},
	};
	static const char *const map_bad[][3] = {
		{"points.Foo.register", "1", "is no name"},
		{"points.p.regsiter", "1", "unknown key"},
		{"points.p", "1", "expected points.NAME.KEY"},
		{"points", "1", "single value"},
	};
	struct problems p = {0};

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		const char *const *b = i < 5 ? bad[i] : map_bad[i - 5];
		const char *pair[] = {b[0], b[1], NULL};
		struct made *m =
			make(i < 5 ? &driver_waveshare_ai8 : &driver_register_map, 1, pair);

		assert_int_equal(driver_check_options(&m->d, "t.yaml", &p), ERR_CONFIG);
		if (!strstr(p.at[0].text, b[2]))
			fail_msg("%s: %s", b[0], p.at[0].text);
		assert_int_equal(p.at[0].line, 7);
		problems_release(&p);
		memset(&p, 0, sizeof(p));
		drop(m);
	}
	/* required and absent: the device's own line */
	struct made *m = make(&driver_pulse_flow, 1, NULL);

	assert_int_equal(driver_check_options(&m->d, "t.yaml", &p), ERR_CONFIG);
	assert_int_equal(p.at[0].line, 3);
	problems_release(&p);
	drop(m);
}

static void the_skeleton_is_a_working_driver(void **state)
{
	struct made *m = ready(&driver_skel, 1, NULL);
	struct driver_identity id;
	struct bus_request r;

	(void)state;
	expect_reading(decode(m, "temperature", (uint16_t[]){253}, 1), 25.3, 253, QUALITY_GOOD);
	assert_int_equal(decode(m, "temperature", (uint16_t[]){0x8000}, 1).quality,
			 QUALITY_BAD_REPLY);
	assert_int_equal(driver_skel.identify(&m->d, &id, 1), 1);
	assert_int_equal(id.expect[0], 0x5301);
	assert_int_equal(driver_skel.set(&m->d, (int[]){1}, (double[]){1}, 1, &r, 1), 1);
	assert_int_equal(r.data[0], 1);
	drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_of_all_drivers_are_in_order),
		cmocka_unit_test(a_table_with_a_slip_is_refused),
		cmocka_unit_test(
			a_default_that_the_option_would_refuse_is_refused_in_the_table_too),
		cmocka_unit_test(a_point_not_answered_has_no_value),
		cmocka_unit_test(probe_reads_signed_temperature_and_plain_conductivity),
		cmocka_unit_test(a_broken_current_loop_is_no_number),
		cmocka_unit_test(the_relay_bank_is_one_write_with_its_read_back),
		cmocka_unit_test(power_meter_reads_the_makers_example),
		cmocka_unit_test(registers_of_every_type_and_order_come_back),
		cmocka_unit_test(a_map_reads_what_its_yaml_says),
		cmocka_unit_test(a_map_writes_neighbours_together_and_reads_them_back),
		cmocka_unit_test(a_map_with_a_mistake_says_where),
		cmocka_unit_test(options_are_checked_against_the_table),
		cmocka_unit_test(the_skeleton_is_a_working_driver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
