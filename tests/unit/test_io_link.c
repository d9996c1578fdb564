/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "link/io.h"

/* One message of each type with every field at a telling value; make() fills the arrays. */
static const struct io_msg telling[IO_LAST + 1] = {
	[IO_HELLO] = {.type = IO_HELLO,
		      .u.hello =
			      {
				      .version = IO_VERSION,
				      .rig = "rig-1 检测台",
				      .simulated = 1,
				      .pid = 4711,
				      .speed = 10,
				      .origin_ns = 12345678901,
			      }},
	[IO_WELCOME] = {.type = IO_WELCOME,
			.u.welcome =
				{
					.version = IO_VERSION,
					.origin_ns = 123456789012345,
					.speed = 10,
				}},
	[IO_SAMPLES] = {.type = IO_SAMPLES,
			.u.samples =
				{
					.count = IO_SAMPLES_MAX,
				}},
	[IO_BAY] = {.type = IO_BAY,
		    .u.bay =
			    {
				    .bay = 7,
				    .state = BAY_LOCKED,
				    .lease = 9,
				    .reason = "relays on /dev/ttyS1: no answer",
			    }},
	[IO_IMAGE] = {.type = IO_IMAGE,
		      .u.image =
			      {
				      .bay = 1,
				      .lease = UINT32_MAX,
				      .seq = 3,
				      .count = IO_OUTPUTS_MAX,
			      }},
	[IO_TRIP] = {.type = IO_TRIP,
		     .u.trip =
			     {
				     .bays = 0xff,
				     .class = 9,
				     .interlock = -1,
				     .value = 0.55,
				     .reason = "feed_pressure above 0.5 MPa",
			     }},
	[IO_SAFE] = {.type = IO_SAFE,
		     .u.safe =
			     {
				     .bay = 2,
				     .what = SAFE_CHECK,
				     .token = 0xfffffffe,
			     }},
	[IO_PROOF] = {.type = IO_PROOF,
		      .u.proof =
			      {
				      .bay = 2,
				      .after = SAFE_RESET,
				      .proven = 1,
				      .token = 5,
				      .took_ns = 7,
				      .detail = "read back, pressure 0.003 MPa",
			      }},
	[IO_INPUT] = {.type = IO_INPUT,
		      .u.input =
			      {
				      .bay = 0,
				      .name = "scan",
				      .text = "RT-2024-0001",
			      }},
	[IO_DEVICE] = {.type = IO_DEVICE,
		       .u.device =
			       {
				       .device = 127,
				       .present = 1,
				       .reason = "probe_1 answers again",
				       .identity = "2:b001 3:0007.1234",
			       }},
	[IO_KNOWN] = {.type = IO_KNOWN,
		      .u.known =
			      {
				      .device = 4,
				      .identity = "1:00c8",
			      }},
	[IO_CALIBRATION] = {.type = IO_CALIBRATION,
			    .u.calibration =
				    {
					    .channel = 255,
					    .revision = IO_CALIBRATIONS_MAX,
					    .gain = 1.25,
					    .offset = -0.5,
				    }},
	[IO_CALIBRATED] = {.type = IO_CALIBRATED,
			   .u.calibrated =
				   {
					   .channel = 7,
					   .revision = 0,
					   .reason = "a run holds bay 1",
				   }},
	[IO_LABEL] = {.type = IO_LABEL,
		      .u.label =
			      {
				      .device = 5,
				      .token = 77,
				      .copies = IO_LABEL_COPIES_MAX,
				      .qr = "T-1001",
				      .count = 2,
				      .line = {"已放行 RELEASED", "RO600-24000101"},
			      }},
	[IO_LABELED] = {.type = IO_LABELED,
			.u.labeled =
				{
					.device = 5,
					.token = 77,
					.outcome = LABEL_UNKNOWN,
					.reason = "it is out of labels",
				}},
	[IO_LINE] = {.type = IO_LINE,
		     .u.line =
			     {
				     .device = 3,
				     .damaged = 12,
				     .turnaround_us = 4711,
				     .load = 0.5,
				     .planned = 0.25,
			     }},
};

static struct io_msg make(enum io_type t)
{
	struct io_msg m = telling[t];

	if (t == IO_HELLO) {
		for (int i = 0; i < 32; i++)
			m.u.hello.fixture_hash[i] = (uint8_t)(i * 7);
	} else if (t == IO_SAMPLES) {
		for (int i = 0; i < IO_SAMPLES_MAX; i++)
			m.u.samples.at[i] = (struct sample){.channel = (uint16_t)i,
							    .quality = (uint8_t)(1 + i % 6),
							    .updates = UINT32_MAX - (uint32_t)i,
							    .raw = -i,
							    .value = i * 0.1,
							    .at_ns = INT64_MAX - i,
							    .calibration = (uint32_t)i};
	} else if (t == IO_IMAGE) {
		for (int i = 0; i < IO_OUTPUTS_MAX; i++)
			m.u.image.value[i] = i - 1.5;
	}
	return m;
}

static void every_message_comes_back_as_it_was_sent(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX], again[IO_MESSAGE_MAX];
	struct io_msg got;

	(void)state;
	for (enum io_type t = IO_HELLO; t <= IO_LAST; t++) {
		struct io_msg m = make(t);
		struct error err = {0};
		int n = io_encode(&m, wire, sizeof(wire));

		assert_true(n > 2);
		assert_int_equal(io_decode(&got, wire, (size_t)n, &err), 0);
		assert_int_equal(got.type, t);
		assert_int_equal(io_encode(&got, again, sizeof(again)), n);
		assert_memory_equal(wire, again, n);
	}
}

static void fields_arrive_in_their_own_places(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX];
	struct io_msg m = make(IO_PROOF), got;
	int n = io_encode(&m, wire, sizeof(wire));

	(void)state;
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), 0);
	assert_int_equal(got.u.proof.token, 5);
	assert_int_equal(got.u.proof.took_ns, 7);
	m = make(IO_SAMPLES);
	n = io_encode(&m, wire, sizeof(wire));
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), 0);
	assert_int_equal(got.u.samples.at[199].channel, 199);
	assert_int_equal(got.u.samples.at[199].raw, -199);
	assert_true(got.u.samples.at[199].updates == UINT32_MAX - 199);
	m = make(IO_HELLO);
	n = io_encode(&m, wire, sizeof(wire));
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), 0);
	assert_string_equal(got.u.hello.rig, "rig-1 检测台");
	assert_int_equal(got.u.hello.fixture_hash[31], (31 * 7) & 255);
}

static void a_message_cut_at_any_byte_is_refused(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX + 1];
	struct io_msg got;

	(void)state;
	for (enum io_type t = IO_HELLO; t <= IO_LAST; t++) {
		struct io_msg m = make(t);
		int n = io_encode(&m, wire, sizeof(wire));

		for (int i = 0; i < n; i++)
			assert_int_equal(io_decode(&got, wire, (size_t)i, NULL), ERR_PROTOCOL);
		wire[n] = 0;
		assert_int_equal(io_decode(&got, wire, (size_t)n + 1, NULL), ERR_PROTOCOL);
	}
}

static void no_room_is_an_error_of_the_caller(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX];

	(void)state;
	for (enum io_type t = IO_HELLO; t <= IO_LAST; t++) {
		struct io_msg m = make(t);
		int n = io_encode(&m, wire, sizeof(wire));

		for (int i = 0; i < n; i++)
			assert_int_equal(io_encode(&m, wire, (size_t)i), ERR_RANGE);
		assert_int_equal(io_encode(&m, wire, (size_t)n), n);
	}
}

static void unknown_types_and_versions_are_refused(void **state)
{
	struct io_msg m = make(IO_SAFE), got;
	uint8_t wire[64];
	int n = io_encode(&m, wire, sizeof(wire));
	struct error err = {0};

	(void)state;
	wire[0] = 0;
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), ERR_PROTOCOL);
	wire[0] = IO_LAST + 1;
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), ERR_PROTOCOL);
	wire[0] = IO_SAFE;
	wire[1] = IO_VERSION + 1;
	assert_int_equal(io_decode(&got, wire, (size_t)n, &err), ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "version 6"));
}

/* Offset on the wire of a byte to spoil, what to put there, and the field the refusal must name. */
struct spoil {
	enum io_type type;
	int at;
	uint8_t bytes[8];
	int n;
	const char *field;
};

static const struct spoil spoils[] = {
	{IO_HELLO, 2, {1}, 1, "version"},
	{IO_HELLO, 7, {0x80}, 1, "rig"},
	{IO_HELLO, 7, {'\n'}, 1, "rig"},
	{IO_HELLO, 22 + 32, {2}, 1, "simulated"},
	{IO_HELLO, 23 + 32, {0, 0, 0, 0}, 4, "pid"},
	{IO_HELLO, 26 + 32, {0x80}, 1, "pid"},
	{IO_HELLO, 27 + 32, {0, 0, 0, 0}, 4, "speed"},
	{IO_HELLO, 27 + 32, {21, 0, 0, 0}, 4, "speed"},
	{IO_HELLO, 38 + 32, {0x80}, 1, "origin_ns"},
	{IO_WELCOME, 2, {9}, 1, "version"},
	{IO_WELCOME, 13, {0x80}, 1, "origin_ns"},
	{IO_WELCOME, 14, {0}, 1, "speed"},
	{IO_WELCOME, 14, {21}, 1, "speed"},
	{IO_SAMPLES, 2, {201}, 1, "count"},
	{IO_SAMPLES, 5, {1}, 1, "channel"},
	{IO_SAMPLES, 6, {0}, 1, "quality"},
	{IO_SAMPLES, 6, {7}, 1, "quality"},
	{IO_SAMPLES, 34, {0x80}, 1, "at_ns"},
	{IO_BAY, 2, {8}, 1, "bay"},
	{IO_BAY, 3, {0}, 1, "state"},
	{IO_BAY, 3, {8}, 1, "state"},
	{IO_BAY, 8, {160}, 1, "reason"},
	{IO_IMAGE, 2, {8}, 1, "bay"},
	{IO_IMAGE, 3, {0, 0, 0, 0}, 4, "lease"},
	{IO_IMAGE, 11, {0}, 1, "count"},
	{IO_IMAGE, 11, {65}, 1, "count"},
	{IO_TRIP, 2, {0}, 1, "bays"},
	{IO_TRIP, 3, {1}, 1, "bays"},
	{IO_TRIP, 6, {10}, 1, "class"},
	{IO_TRIP, 7, {0xfe, 0xff}, 2, "interlock"},
	{IO_TRIP, 7, {64, 0}, 2, "interlock"},
	{IO_TRIP, 17, {0}, 1, "reason"},
	{IO_SAFE, 2, {8}, 1, "bay"},
	{IO_SAFE, 3, {0}, 1, "what"},
	{IO_SAFE, 3, {5}, 1, "what"},
	{IO_PROOF, 2, {8}, 1, "bay"},
	{IO_PROOF, 3, {0}, 1, "after"},
	{IO_PROOF, 4, {2}, 1, "proven"},
	{IO_PROOF, 16, {0x80}, 1, "took_ns"},
	{IO_INPUT, 2, {8}, 1, "bay"},
	{IO_INPUT, 3, {0}, 1, "name"},
	{IO_DEVICE, 2, {128}, 1, "device"},
	{IO_DEVICE, 4, {2}, 1, "present"},
	{IO_LINE, 2, {128}, 1, "device"},
	{IO_KNOWN, 2, {128}, 1, "device"},
	{IO_LINE, 4, {101}, 1, "damaged"},
	{IO_CALIBRATION, 2, {0, 1}, 2, "channel"},
	{IO_CALIBRATION, 4, {0, 0, 0, 0}, 4, "revision"},
	{IO_CALIBRATION, 7, {1}, 1, "revision"},
	{IO_CALIBRATION, 14, {0xf0, 0x7f}, 2, "gain"},
	{IO_CALIBRATION, 22, {0xf8, 0x7f}, 2, "offset"},
	{IO_CALIBRATED, 2, {0, 1}, 2, "channel"},
	{IO_CALIBRATED, 7, {1}, 1, "revision"},
};

static void every_field_outside_its_range_is_refused_by_name(void **state)
{
	static const uint8_t nan_bits[8] = {0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
	uint8_t wire[IO_MESSAGE_MAX];
	struct io_msg m, got;
	struct error err;
	int n;

	(void)state;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		const struct spoil *s = &spoils[i];

		m = make(s->type);
		n = io_encode(&m, wire, sizeof(wire));
		memcpy(wire + s->at, s->bytes, (size_t)s->n);
		memset(&err, 0, sizeof(err));
		assert_int_equal(io_decode(&got, wire, (size_t)n, &err), ERR_PROTOCOL);
		if (!strstr(err.text, s->field))
			fail_msg("spoil %zu: \"%s\" does not name %s", i, err.text, s->field);
	}
	m = make(IO_TRIP);
	n = io_encode(&m, wire, sizeof(wire));
	memcpy(wire + 9, nan_bits, 8);
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), ERR_PROTOCOL);
	m = make(IO_IMAGE);
	n = io_encode(&m, wire, sizeof(wire));
	memcpy(wire + 13, nan_bits, 8);
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), ERR_PROTOCOL);
}

static void what_the_sender_gets_wrong_is_not_sent(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX];
	struct io_msg m;

	(void)state;
	m = make(IO_SAFE);
	m.type = (enum io_type)0;
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
	m = make(IO_SAFE);
	m.u.safe.bay = IO_BAYS_MAX;
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
	m = make(IO_BAY);
	memset(m.u.bay.reason, 'x', sizeof(m.u.bay.reason)); /* no end */
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
	m = make(IO_IMAGE);
	m.u.image.value[63] = (double)INFINITY;
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
	m.u.image.count = 65;
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
}

static void a_good_sample_is_a_number(void **state)
{
	uint8_t wire[IO_MESSAGE_MAX];
	struct io_msg m = make(IO_SAMPLES), got;
	int n;

	(void)state;
	m.u.samples.count = 1;
	m.u.samples.at[0].value = (double)NAN;
	assert_int_equal(m.u.samples.at[0].quality, QUALITY_GOOD);
	assert_int_equal(io_encode(&m, wire, sizeof(wire)), ERR_RANGE);
	m.u.samples.at[0].quality = QUALITY_NO_REPLY;
	n = io_encode(&m, wire, sizeof(wire));
	assert_true(n > 0);
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), 0);
	assert_true(isnan(got.u.samples.at[0].value));
	wire[6] = QUALITY_GOOD;
	assert_int_equal(io_decode(&got, wire, (size_t)n, NULL), ERR_PROTOCOL);
}

static void numbers_that_are_no_quality_or_state_never_read_as_one(void **state)
{
	(void)state;
	assert_string_equal(quality_text((enum quality)0), "?");
	assert_string_equal(quality_text((enum quality)7), "?");
	assert_string_equal(quality_text(QUALITY_GOOD), "good");
	assert_string_equal(quality_text(QUALITY_FROZEN), "frozen");
	assert_string_equal(bay_state_name((enum bay_state)0), "?");
	assert_string_equal(bay_state_name(BAY_LOCKED), "locked");
	assert_string_equal(safe_what_name(SAFE_CHECK), "check");
	assert_string_equal(io_type_name(IO_DEVICE), "device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was_sent),
		cmocka_unit_test(fields_arrive_in_their_own_places),
		cmocka_unit_test(a_message_cut_at_any_byte_is_refused),
		cmocka_unit_test(no_room_is_an_error_of_the_caller),
		cmocka_unit_test(unknown_types_and_versions_are_refused),
		cmocka_unit_test(every_field_outside_its_range_is_refused_by_name),
		cmocka_unit_test(what_the_sender_gets_wrong_is_not_sent),
		cmocka_unit_test(a_good_sample_is_a_number),
		cmocka_unit_test(numbers_that_are_no_quality_or_state_never_read_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
