/* SPDX-License-Identifier: MIT
 *
 * Labels: what a job looks like, that no field is ever a command, the printer's answers, and the
 * machine that asks, sends and says what became of it.
 */
#define RIG_MORE_BUSES	 "  labels: {kind: tcp, port: \"sim:labels\"}\n"
#define RIG_MORE_DEVICES "  labels: {driver: zpl_printer, bus: labels}\n"
#define RIG_BAY_2	 "{printer: labels}"
#include "drivers_bench.h"
#include "rig_bench.h"

/* ---- the driver ---- */

static int job(const struct driver_label *l, const char *font, char *dst, size_t size)
{
	const char *const pairs[] = {"font", font, NULL};
	struct made *m = ready(&driver_zpl_printer, 0, pairs);
	int n = m->d.driver->printer->job(&m->d, l, dst, size);

	drop(m);
	return n;
}

static void a_label_is_one_job_with_its_lines_and_its_code(void **unused)
{
	struct driver_label l = {.lines = {"RO600-24000101", "PASS 2026-11-22"},
				 .line_count = 2,
				 .qr = "T-1001",
				 .copies = 2};
	char out[4096];

	(void)unused;
	assert_true(job(&l, "0", out, sizeof(out)) > 0);
	assert_string_equal(out, "^XA\n^CI28\n"
				 "^FO16,12^A0N,24,24^FH_^FDRO600-24000101^FS\n"
				 "^FO16,40^A0N,24,24^FH_^FDPASS 2026-11-22^FS\n"
				 "^FO278,12^BQN,2,4^FH_^FDMA,T-1001^FS\n"
				 "^PQ2\n^XZ\n");
	assert_true(job(&l, "E:SIMSUN.FNT", out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "^FO16,12^A@N,24,24,E:SIMSUN.FNT^FH_^FDRO600-24000101^FS"));
}

/* Commands begin with '^' or '~': of any byte in a field none comes through. */
static void no_byte_of_a_field_is_ever_a_command(void **unused)
{
	struct driver_label plain = {.lines = {"x"}, .line_count = 1, .qr = "x", .copies = 1};
	char want[4096], out[4096];
	size_t commands = 0;

	(void)unused;
	assert_true(job(&plain, "0", want, sizeof(want)) > 0);
	for (const char *s = want; *s; s++)
		commands += *s == '^' || *s == '~';
	for (int c = 1; c < 128; c++) {
		const char field[] = {(char)c, 'X', 'Z', (char)c, '\0'};
		struct driver_label l = {
			.lines = {field}, .line_count = 1, .qr = field, .copies = 1};
		size_t n = 0, lines = 0;

		assert_true(job(&l, "0", out, sizeof(out)) > 0);
		for (const char *s = out; *s; s++) {
			n += *s == '^' || *s == '~';
			lines += *s == '\n';
			assert_true(*s == '\n' || (*s >= 0x20 && *s < 0x7f));
		}
		assert_int_equal(n, commands);
		assert_int_equal(lines, 6);
	}
}

static void attacks_and_chinese_are_sent_in_hex(void **unused)
{
	struct driver_label l = {
		.lines = {"^XZ~JA", "_5E", "\xe4\xb8\xad"}, .line_count = 3, .qr = "", .copies = 1};
	char out[4096];

	(void)unused;
	assert_true(job(&l, "0", out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "^FD_5EXZ_7EJA^FS"));
	assert_non_null(strstr(out, "^FD_5F5E^FS"));
	assert_non_null(strstr(out, "^FD_E4_B8_AD^FS"));
	assert_null(strstr(out, "^BQ"));
}

/* 30 Latin characters beside the QR code: 2 * (278 - 8 - 16) / 31 = 16 dots wide. */
static void a_long_line_is_printed_narrower_and_whole(void **unused)
{
	struct driver_label l = {
		.lines = {"ABCDEFGHIJABCDEFGHIJABCDEFGHIJ", "五六七八九十五六七八九十"},
		.line_count = 2,
		.qr = "x",
		.copies = 1};
	char out[4096];

	(void)unused;
	assert_true(job(&l, "0", out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "^A0N,24,16^FH_^FDABCDEFGHIJABCDEFGHIJABCDEFGHIJ^FS"));
	assert_non_null(strstr(out, "^A0N,24,20^FH_^FD_E4_BA_94"));
}

static void the_longest_label_fits(void **unused)
{
	char line[IO_LABEL_TEXT_MAX] = "", out[4096];
	struct driver_label l = {
		.line_count = IO_LABEL_LINES_MAX, .qr = line, .copies = IO_LABEL_COPIES_MAX};

	(void)unused;
	memset(line, '^', sizeof(line) - 1);
	for (int i = 0; i < l.line_count; i++)
		l.lines[i] = line;
	assert_true(job(&l, "E:ABCDEFGHIJKLMNOP.FNT", out, sizeof(out)) > 0);
	assert_int_equal(job(&l, "0", out, 2000), ERR_RANGE);
}

static void a_font_is_a_name_of_the_printers(void **unused)
{
	static const char *const bad[] = {
		"SIMSUN",	"E:^XZ.FNT", "E:.FNT", "e:SIMSUN.FNT", "E:ABCDEFGHIJKLMNOPQ.FNT",
		"E:SIMSUN.EXE", "E:"};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const pairs[] = {"font", bad[i], NULL};
		struct made *m = make(&driver_zpl_printer, 0, pairs);
		struct error err = {0};

		assert_int_equal(m->d.driver->init(&m->d, &err), ERR_CONFIG);
		assert_non_null(strstr(err.text, "E:SIMSUN.FNT"));
		drop(m);
	}
}

/* The lines of the ZPL II programming guide's format. */
#define STATUS(paper, pause, formats, head, ribbon, left)                                          \
	"\x02"                                                                                     \
	"030," paper "," pause ",0240," formats ",0,0,0,000,0,0,0\x03\r\n\x02"                     \
	"001,0," head "," ribbon ",1,2,4,0," left ",1,000\x03\r\n\x02"                             \
	"1234,0\x03\r\n"
#define SAYS_READY   STATUS("0", "0", "000", "0", "0", "00000000")
#define SAYS_BUSY    STATUS("0", "0", "001", "0", "0", "00000000")
#define SAYS_NO_MORE STATUS("1", "0", "000", "0", "0", "00000000")

/* "ready", "busy", what is in the way, "nothing"; in pieces of `piece` bytes. */
static const char *said(const char *bytes, size_t piece)
{
	struct made *m = ready(&driver_zpl_printer, 0, NULL);
	enum printer_state state = 0;
	const char *why = "nothing", *w;
	size_t n = strlen(bytes);

	for (size_t at = 0; at < n; at += piece) {
		size_t k = n - at < piece ? n - at : piece;

		if (m->d.driver->printer->feed(&m->d, (const uint8_t *)bytes + at, k, &state, &w))
			why = state == PRINTER_READY ? "ready" : state == PRINTER_BUSY ? "busy" : w;
	}
	drop(m);
	return why;
}

static void the_printer_says_what_is_in_the_way(void **unused)
{
	(void)unused;
	for (size_t piece = 1; piece < 100; piece++) {
		assert_string_equal(said(SAYS_READY, piece), "ready");
		assert_string_equal(said(SAYS_BUSY SAYS_READY, piece), "ready");
		assert_string_equal(said(SAYS_READY SAYS_BUSY, piece), "busy");
		assert_string_equal(said(STATUS("0", "0", "000", "0", "0", "00000003"), piece),
				    "busy");
		assert_string_equal(said(SAYS_NO_MORE, piece), "it is out of labels");
		assert_string_equal(said(STATUS("1", "1", "000", "1", "0", "00000000"), piece),
				    "its head is open");
		assert_string_equal(said(STATUS("0", "1", "000", "0", "0", "00000000"), piece),
				    "it is paused");
		assert_string_equal(said(STATUS("0", "0", "000", "0", "1", "00000000"), piece),
				    "it is out of ribbon");
	}
}

static void half_an_answer_says_nothing_and_spoils_no_other(void **unused)
{
	char part[200];

	(void)unused;
	for (size_t n = 0; n < strlen(SAYS_READY) - 3; n++) { /* the last line's ETX is the end */
		snprintf(part, sizeof(part), "%.*s", (int)n, SAYS_READY);
		assert_string_equal(said(part, 7), "nothing");
		strcat(part, SAYS_NO_MORE);
		assert_string_equal(said(part, 7), "it is out of labels");
	}
	assert_string_equal(said("\x02"
				 "030,0\x03\x02"
				 "1\x03\x02"
				 "1,2\x03",
				 7),
			    "nothing");
	assert_string_equal(said("\x02"
				 "a,b\x03",
				 7),
			    "nothing");
}

/* ---- the machine ---- */

enum { LABELS_BUS = 3, DEV_LABELS = DEV_SCANNER + 1 };

static void printer_says(struct bench *b, const char *bytes)
{
	struct bus_event ev = {.kind = BUS_EVENT_BYTES, .at_ns = b->now_ns};

	ev.byte_count = (uint16_t)strlen(bytes);
	memcpy(ev.bytes, bytes, ev.byte_count);
	deliver(b, LABELS_BUS, &ev);
}

static void print(struct bench *b, uint32_t token)
{
	struct io_msg m = {.type = IO_LABEL};
	struct error err = {0};

	m.u.label.device = DEV_LABELS;
	m.u.label.token = token;
	m.u.label.copies = 1;
	m.u.label.count = 2;
	snprintf(m.u.label.line[0], IO_LABEL_TEXT_MAX, "RELEASED");
	snprintf(m.u.label.line[1], IO_LABEL_TEXT_MAX, "RO600-24000101");
	if (rig_message(b->r, &m, b->now_ns, &err))
		fail_msg("%s", err.text);
}

/* What became of it; 0: nothing yet. */
static int outcome(const struct bench *b, uint32_t token, const char **reason)
{
	for (int i = 0; i < b->sent_count; i++)
		if (b->sent[i].type == IO_LABELED && b->sent[i].u.labeled.token == token) {
			if (reason)
				*reason = b->sent[i].u.labeled.reason;
			return b->sent[i].u.labeled.outcome;
		}
	return 0;
}

static const char *printer_is(const struct bench *b)
{
	for (int i = b->sent_count - 1; i >= 0; i--)
		if (b->sent[i].type == IO_DEVICE && b->sent[i].u.device.device == DEV_LABELS)
			return b->sent[i].u.device.reason;
	return "";
}

static struct bench *ready_printer(void)
{
	struct bench *b = ready_bench();

	printer_says(b, SAYS_READY);
	assert_string_equal(printer_is(b), "a printer that is ready");
	return b;
}

static void a_label_is_printed_when_the_printer_has_said_so_twice(void **unused)
{
	struct bench *b = ready_printer();

	(void)unused;
	print(b, 7);
	pass(b, 0.1);
	assert_int_equal(outcome(b, 7, NULL), 0);
	printer_says(b, SAYS_READY); /* now it is sent */
	pass(b, 1);
	printer_says(b, SAYS_BUSY);
	pass(b, 0.3);
	printer_says(b, SAYS_READY);
	assert_int_equal(outcome(b, 7, NULL), 0);
	pass(b, 0.3);
	printer_says(b, SAYS_READY);
	assert_int_equal(outcome(b, 7, NULL), LABEL_PRINTED);
	bench_free(b);
}

static void nothing_is_sent_to_a_printer_that_is_not_ready(void **unused)
{
	struct bench *b = ready_printer();
	const char *why = "";

	(void)unused;
	print(b, 7);
	pass(b, 0.1);
	printer_says(b, SAYS_NO_MORE);
	assert_int_equal(outcome(b, 7, &why), LABEL_NOT_PRINTED);
	assert_string_equal(why, "it is out of labels");
	assert_non_null(strstr(printer_is(b), "it is out of labels"));
	pass(b, 6);
	printer_says(b, SAYS_READY);
	assert_string_equal(printer_is(b), "a printer that is ready");
	bench_free(b);
}

static void a_dead_printer_is_told_and_harms_no_bay(void **unused)
{
	struct bench *b = ready_printer();
	const char *why = "";

	(void)unused;
	hold(b, 1, 1, 1, 1, 0, 0.2);
	print(b, 7);
	pass(b, 3);
	assert_int_equal(outcome(b, 7, &why), LABEL_NOT_PRINTED);
	assert_non_null(strstr(why, "no answer to ~HS"));
	assert_non_null(strstr(printer_is(b), "no answer to ~HS"));
	pass(b, 30);
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void what_was_sent_and_never_confirmed_is_unknown(void **unused)
{
	static const char *const then[] = {"", SAYS_NO_MORE, SAYS_BUSY};

	(void)unused;
	for (size_t i = 0; i < sizeof(then) / sizeof(then[0]); i++) {
		struct bench *b = ready_printer();

		print(b, 7);
		pass(b, 0.1);
		printer_says(b, SAYS_READY);
		pass(b, 1);
		for (int k = 0; k < 60 && !outcome(b, 7, NULL); k++) {
			printer_says(b, then[i]);
			pass(b, 0.5);
		}
		assert_int_equal(outcome(b, 7, NULL), LABEL_UNKNOWN);
		bench_free(b);
	}
}

static void a_line_that_breaks_over_half_a_label_leaves_it_unknown(void **unused)
{
	struct bench *b = ready_printer();
	struct bus_event down = {.kind = BUS_EVENT_DOWN, .text = "closed the connection"};
	const char *why = "";

	(void)unused;
	print(b, 7);
	pass(b, 0.1);
	printer_says(b, SAYS_READY);
	pass(b, 0.02); /* the first pieces are on their way */
	deliver(b, LABELS_BUS, &down);
	assert_int_equal(outcome(b, 7, &why), LABEL_UNKNOWN);
	assert_string_equal(why, "closed the connection");
	print(b, 8); /* and nobody is there */
	assert_int_equal(outcome(b, 8, &why), LABEL_NOT_PRINTED);
	bench_free(b);
}

static void one_label_at_a_time(void **unused)
{
	struct bench *b = ready_printer();
	const char *why = "";

	(void)unused;
	print(b, 7);
	print(b, 8);
	assert_int_equal(outcome(b, 8, &why), LABEL_NOT_PRINTED);
	assert_string_equal(why, "another label is printed just now");
	assert_int_equal(outcome(b, 7, NULL), 0);
	bench_free(b);
}

static void a_label_for_what_is_no_printer_breaks_the_link(void **unused)
{
	struct io_msg m = {.type = IO_LABEL, .u.label = {.device = DEV_SCANNER, .count = 1}};
	struct bench *b = ready_printer();

	(void)unused;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), ERR_PROTOCOL);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_one_job_with_its_lines_and_its_code),
		cmocka_unit_test(no_byte_of_a_field_is_ever_a_command),
		cmocka_unit_test(attacks_and_chinese_are_sent_in_hex),
		cmocka_unit_test(a_long_line_is_printed_narrower_and_whole),
		cmocka_unit_test(the_longest_label_fits),
		cmocka_unit_test(a_font_is_a_name_of_the_printers),
		cmocka_unit_test(the_printer_says_what_is_in_the_way),
		cmocka_unit_test(half_an_answer_says_nothing_and_spoils_no_other),
		cmocka_unit_test(a_label_is_printed_when_the_printer_has_said_so_twice),
		cmocka_unit_test(nothing_is_sent_to_a_printer_that_is_not_ready),
		cmocka_unit_test(a_dead_printer_is_told_and_harms_no_bay),
		cmocka_unit_test(what_was_sent_and_never_confirmed_is_unknown),
		cmocka_unit_test(a_line_that_breaks_over_half_a_label_leaves_it_unknown),
		cmocka_unit_test(one_label_at_a_time),
		cmocka_unit_test(a_label_for_what_is_no_printer_breaks_the_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
