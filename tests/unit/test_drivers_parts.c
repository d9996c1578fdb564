/* SPDX-License-Identifier: MIT
 *
 * Drivers of transmitters, current inputs, relay and I/O boards and the power meter against raw
 * vectors, published ones where the maker gives any.
 */
#include "drivers_bench.h"

static void a_pressure_is_read_with_its_unit_and_decimals(void **state)
{
	static const char *const kpa[] = {"unit",	    "kPa", "decimals", "1",
					  "full_scale_mpa", "1",   NULL};
	struct made *m = ready(&driver_pressure_i16, 7, NULL);
	struct driver_identity id[4];
	struct driver_read r;

	(void)state;
	/* the published example: 1600 with 3 decimals is 1.600 MPa */
	expect_reading(decode(m, "pressure", (uint16_t[]){0, 3, 1600}, 3), 1.6, 1600, QUALITY_GOOD);
	expect_reading(decode(m, "pressure", (uint16_t[]){0, 3, 0xfffe}, 3), -0.002, -2,
		       QUALITY_GOOD);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0, 3, 1700}, 3).quality,
			 QUALITY_OUT_OF_RANGE);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0, 3, 0x8000}, 3).quality,
			 QUALITY_OUT_OF_RANGE);
	/* reset to kPa or to another number of decimals: no value, however plausible */
	assert_int_equal(decode(m, "pressure", (uint16_t[]){1, 3, 250}, 3).quality,
			 QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0, 2, 250}, 3).quality,
			 QUALITY_BAD_REPLY);
	assert_int_equal(driver_pressure_i16.reads(&m->d, 0, &r, 1), 1);
	assert_int_equal(r.first, 2);
	assert_int_equal(r.count, 3);
	assert_int_equal(driver_pressure_i16.identify(&m->d, id, 4), 2);
	assert_int_equal(id[0].expect[0], 7);
	assert_int_equal(id[1].expect[1], 3);
	drop(m);
	m = ready(&driver_pressure_i16, 7, kpa);
	expect_reading(decode(m, "pressure", (uint16_t[]){1, 1, 2500}, 3), 0.25, 2500,
		       QUALITY_GOOD);
	drop(m);
}

static void every_unit_of_the_transmitter_becomes_megapascal(void **state)
{
	static const struct {
		const char *unit, *decimals;
		uint16_t code, raw;
		double mpa;
	} rows[] = {{"MPa", "3", 0, 250, 0.25},		 {"kPa", "0", 1, 250, 0.25},
		    {"bar", "2", 3, 250, 0.25},		 {"mbar", "0", 4, 2500, 0.25},
		    {"kg/cm2", "2", 5, 255, 0.25006957}, {"psi", "1", 6, 363, 0.25027969}};
	struct driver_identity id[4];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const options[] = {
			"unit",		  rows[i].unit, "decimals", rows[i].decimals,
			"full_scale_mpa", "1",		NULL};
		struct made *m = ready(&driver_pressure_i16, 1, options);
		uint16_t regs[] = {rows[i].code, (uint16_t)(rows[i].decimals[0] - '0'),
				   rows[i].raw};
		struct driver_value v = decode(m, "pressure", regs, 3);

		assert_int_equal(v.quality, QUALITY_GOOD);
		assert_true(fabs(v.value - rows[i].mpa) < 1e-7);
		assert_int_equal(driver_pressure_i16.identify(&m->d, id, 4), 2);
		assert_int_equal(id[1].expect[0], rows[i].code);
		drop(m);
	}
}

static void a_scale_the_register_cannot_reach_is_refused(void **state)
{
	static const char *const fine[] = {"unit", "Pa", "decimals", "0", NULL};
	struct made *m = make(&driver_pressure_i16, 1, fine);
	struct error err = {0};

	(void)state;
	assert_int_equal(driver_pressure_i16.init(&m->d, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, "full_scale_mpa"));
	drop(m);
}

static void a_float_pressure_needs_its_word_order(void **state)
{
	static const char *const bar[] = {"unit", "bar", "order", "CDAB", NULL};
	struct made *m = ready(&driver_pressure_f32, 1, NULL);

	(void)state;
	/* 0.25 is 0x3E800000 */
	expect_reading(decode(m, "pressure", (uint16_t[]){0x3e80, 0}, 2), 0.25, 0x3e800000,
		       QUALITY_GOOD);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0x7fc0, 0}, 2).quality,
			 QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0xff80, 0}, 2).quality,
			 QUALITY_BAD_REPLY);
	drop(m);
	m = ready(&driver_pressure_f32, 1, bar);
	/* 2.5 is 0x40200000, low word first */
	expect_reading(decode(m, "pressure", (uint16_t[]){0, 0x4020}, 2), 0.25, 0x40200000,
		       QUALITY_GOOD);
	/* 2.1 is 0x40066666; read in the wrong order it is no pressure of this world */
	assert_int_equal(decode(m, "pressure", (uint16_t[]){0x4006, 0x6666}, 2).quality,
			 QUALITY_OUT_OF_RANGE);
	expect_reading(decode(m, "temperature", (uint16_t[]){0, 0x41c8}, 2), 25, 0x41c80000,
		       QUALITY_GOOD);
	drop(m);
}

static struct driver_value current(struct made *m, uint16_t raw, uint16_t burn_out)
{
	struct driver_image images[2] = {{&raw, 1, true}, {&burn_out, 1, true}};
	struct driver_value v = {0};

	assert_int_equal(driver_adam4117.get(&m->d, 2, images, &v), 0);
	return v;
}

static void a_current_input_heeds_the_burn_out_flag(void **state)
{
	static const char *const wide[] = {"range", "20mA", "inputs", "3", "model", "4017", NULL};
	struct made *m = ready(&driver_adam4117, 1, NULL);
	struct driver_image half[2] = {{(uint16_t[]){100}, 1, true}, {NULL, 0, false}};
	struct driver_identity id[4];
	struct driver_value v;

	(void)state;
	expect_reading(current(m, 0, 0), 4, 0, QUALITY_GOOD);
	expect_reading(current(m, 13107, 0), 7.2, 13107, QUALITY_GOOD);
	assert_int_equal(current(m, 13107, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(current(m, 0, 1).quality, QUALITY_BAD_REPLY);
	assert_int_equal(current(m, 65535, 0).quality, QUALITY_OUT_OF_RANGE);
	assert_true(driver_adam4117.get(&m->d, 2, half, &v) < 0); /* its flag was not answered */
	assert_int_equal(driver_adam4117.identify(&m->d, id, 4), 3);
	assert_int_equal(id[0].expect[0], 0x4117);
	assert_int_equal(id[1].read.count, 8);
	assert_int_equal(id[1].expect[7], 0x07);
	drop(m);
	m = ready(&driver_adam4117, 1, wide);
	expect_reading(current(m, 13107, 0), -12, 13107, QUALITY_GOOD);
	assert_int_equal(current(m, 0, 0).quality, QUALITY_OUT_OF_RANGE);
	assert_int_equal(driver_adam4117.identify(&m->d, id, 4), 3);
	assert_int_equal(id[0].expect[0], 0x4017);
	assert_int_equal(id[1].read.count, 3);
	assert_int_equal(id[1].expect[2], 0x0d);
	drop(m);
}

static void command_relays_are_set_one_by_one_and_dropped_at_once(void **state)
{
	struct made *m = ready(&driver_r421a08, 1, NULL);
	const int which[] = {6, 0};
	struct bus_request r[8];

	(void)state;
	assert_int_equal(driver_r421a08.set(&m->d, which, (double[]){1, 0}, 2, r, 8), 2);
	/* "01 06 00 07 01 00": relay 7 on, as the board's page has it */
	assert_int_equal(r[0].function, MODBUS_WRITE_REGISTER);
	assert_int_equal(r[0].first, 7);
	assert_int_equal(r[0].data[0], 0x0100);
	assert_int_equal(r[0].verify_function, MODBUS_READ_HOLDING);
	assert_int_equal(r[0].verify_expect[0], 1);
	assert_int_equal(r[0].verify_mask[0], 0xffff);
	assert_int_equal(r[1].first, 1);
	assert_int_equal(r[1].data[0], 0x0200);
	assert_int_equal(r[1].verify_expect[0], 0);
	/* all off is one write, read back as eight zeros */
	assert_int_equal(driver_r421a08.safe(&m->d, which, (double[]){0, 0}, 2, r, 8), 1);
	assert_int_equal(r[0].first, 0);
	assert_int_equal(r[0].data[0], 0x0800);
	assert_int_equal(r[0].verify_first, 1);
	assert_int_equal(r[0].verify_count, 8);
	for (int i = 0; i < 8; i++)
		assert_true(r[0].verify_mask[i] == 0xffff && r[0].verify_expect[i] == 0);
	assert_true(driver_r421a08.set(&m->d, which, (double[]){1, 1}, 2, r, 1) < 0);
	expect_reading(decode(m, "relay3", (uint16_t[]){0, 0, 1, 0, 0, 0, 0, 0}, 8), 1, 1,
		       QUALITY_GOOD);
	assert_int_equal(decode(m, "relay3", (uint16_t[]){0, 0, 2, 0, 0, 0, 0, 0}, 8).quality,
			 QUALITY_BAD_REPLY);
	drop(m);
}

/* The maker's example: "01 04 04 43 66 33 34" answers a read of volts with 230.2. */
static void the_sdm120_reads_the_makers_example(void **state)
{
	static const char *const serial[] = {"serial", "19072345", NULL};
	static const char *const bad[] = {"serial", "19O72345", NULL};
	struct made *m = ready(&driver_sdm120, 3, NULL);
	struct driver_identity id[4];
	struct error err = {0};
	struct driver_value v;

	(void)state;
	v = decode(m, "voltage", (uint16_t[]){0x4366, 0x3334}, 2);
	assert_true(fabs(v.value - 230.2) < 1e-4);
	assert_int_equal(v.raw, 0x43663334);
	assert_int_equal(decode(m, "power", (uint16_t[]){0x7fc0, 1}, 2).quality, QUALITY_BAD_REPLY);
	assert_int_equal(decode(m, "voltage", (uint16_t[]){0x4500, 0}, 2).quality,
			 QUALITY_OUT_OF_RANGE);
	/* 3 is 0x40400000 */
	assert_int_equal(driver_sdm120.identify(&m->d, id, 4), 1);
	assert_int_equal(id[0].expect[0], 0x4040);
	drop(m);
	m = ready(&driver_sdm120, 3, serial);
	assert_int_equal(driver_sdm120.identify(&m->d, id, 4), 2);
	assert_int_equal(id[1].read.first, 0xfc00);
	assert_int_equal((uint32_t)id[1].expect[0] << 16 | id[1].expect[1], 19072345);
	drop(m);
	m = make(&driver_sdm120, 3, bad);
	assert_int_equal(driver_sdm120.init(&m->d, &err), ERR_CONFIG);
	drop(m);
}

static void the_adam_io_counts_reads_and_writes_its_own_points(void **state)
{
	static const char *const big[] = {"model", "6050", NULL};
	static const char *const small[] = {"model", "6060", NULL};
	struct made *m = ready(&driver_adam6000, 1, big);
	struct driver_identity id[2];
	struct bus_request r;
	struct driver_read read;
	int n, which;

	(void)state;
	(void)driver_points(&m->d, &n);
	assert_int_equal(n, 30);
	/* low word first */
	expect_reading(decode(m, "count1", (uint16_t[]){0x0001, 0x0002}, 2), 131073, 131073,
		       QUALITY_GOOD);
	assert_int_equal(
		driver_adam6000.reads(&m->d, driver_point_index(&m->d, "count1"), &read, 1), 1);
	assert_int_equal(read.first, 2);
	expect_reading(decode(m, "di11", (uint16_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 12), 1,
		       1, QUALITY_GOOD);
	which = driver_point_index(&m->d, "do5");
	assert_int_equal(driver_adam6000.set(&m->d, &which, (double[]){1}, 1, &r, 1), 1);
	assert_int_equal(r.function, MODBUS_WRITE_COILS);
	assert_int_equal(r.first, 16);
	assert_int_equal(r.count, 6);
	assert_int_equal(r.data[5], 1);
	assert_int_equal(r.data[0], 0);
	which = driver_point_index(&m->d, "di0");
	assert_true(driver_adam6000.set(&m->d, &which, (double[]){1}, 1, &r, 1) < 0);
	assert_int_equal(driver_adam6000.identify(&m->d, id, 2), 2);
	assert_int_equal(id[0].expect[0], 0x6050);
	drop(m);
	m = ready(&driver_adam6000, 1, small);
	assert_true(driver_point_index(&m->d, "di6") < 0);
	assert_true(driver_point_index(&m->d, "do5") >= 0);
	drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pressure_is_read_with_its_unit_and_decimals),
		cmocka_unit_test(every_unit_of_the_transmitter_becomes_megapascal),
		cmocka_unit_test(a_scale_the_register_cannot_reach_is_refused),
		cmocka_unit_test(a_float_pressure_needs_its_word_order),
		cmocka_unit_test(a_current_input_heeds_the_burn_out_flag),
		cmocka_unit_test(command_relays_are_set_one_by_one_and_dropped_at_once),
		cmocka_unit_test(the_sdm120_reads_the_makers_example),
		cmocka_unit_test(the_adam_io_counts_reads_and_writes_its_own_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
