/* SPDX-License-Identifier: MIT
 *
 * Labels: what a job looks like, that no field is ever a command, and the printer's answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "rig/label.h"

static char *job(const struct label *l, struct text *out)
{
	struct error err = {0};

	if (label_zpl(l, out, &err))
		fail_msg("%s", err.text);
	return out->buf;
}

static void a_label_is_one_job_with_its_lines_and_its_code(void **state)
{
	struct label l = {.lines = {"RO600-24000101", "PASS 2026-11-22"},
			  .line_count = 2,
			  .qr = "T-1001",
			  .copies = 2};
	struct text out = {0};

	(void)state;
	assert_string_equal(job(&l, &out), "^XA\n^CI28\n"
					   "^FO16,16^A0N,24,24^FH_^FDRO600-24000101^FS\n"
					   "^FO16,44^A0N,24,24^FH_^FDPASS 2026-11-22^FS\n"
					   "^FO270,16^BQN,2,4^FH_^FDMA,T-1001^FS\n"
					   "^PQ2\n^XZ\n");
	text_release(&out);
}

/* Commands begin with '^' or '~': of any byte in a field none comes through. */
static void no_byte_of_a_field_is_ever_a_command(void **state)
{
	struct label plain = {.lines = {"x"}, .line_count = 1, .qr = "x", .copies = 1};
	struct text want = {0};
	size_t commands = 0;

	(void)state;
	for (const char *s = job(&plain, &want); *s; s++)
		commands += *s == '^' || *s == '~';
	for (int c = 1; c < 128; c++) {
		const char field[] = {(char)c, 'X', 'Z', (char)c, '\0'};
		struct label l = {.lines = {field}, .line_count = 1, .qr = field, .copies = 1};
		struct text out = {0};
		size_t n = 0, lines = 0;

		for (const char *s = job(&l, &out); *s; s++) {
			n += *s == '^' || *s == '~';
			lines += *s == '\n';
			assert_true(*s == '\n' || (*s >= 0x20 && *s < 0x7f));
		}
		assert_int_equal(n, commands);
		assert_int_equal(lines, 6);
		text_release(&out);
	}
	text_release(&want);
}

static void attacks_and_chinese_are_sent_in_hex(void **state)
{
	struct label l = {.lines = {"^XZ~JA", "_5E", "\xe4\xb8\xad"}, .line_count = 3, .copies = 1};
	struct text out = {0};

	(void)state;
	(void)job(&l, &out);
	assert_non_null(strstr(out.buf, "^FD_5EXZ_7EJA^FS"));
	assert_non_null(strstr(out.buf, "^FD_5F5E^FS"));
	assert_non_null(strstr(out.buf, "^FD_E4_B8_AD^FS"));
	text_release(&out);
}

static void what_is_no_label_is_refused(void **state)
{
	char longer[LABEL_FIELD_MAX + 2];
	struct text out = {0};
	struct error err = {0};
	struct label l = {.lines = {longer}, .line_count = 1, .copies = 1};

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(label_zpl(&l, &out, &err), ERR_RANGE);
	l.lines[0] = "\xff";
	assert_int_equal(label_zpl(&l, &out, &err), ERR_RANGE);
	l.lines[0] = "x";
	l.copies = 21;
	assert_int_equal(label_zpl(&l, &out, &err), ERR_RANGE);
	l.copies = 1;
	l.line_count = 0;
	assert_int_equal(label_zpl(&l, &out, &err), ERR_RANGE);
	assert_int_equal(out.len, 0);
	text_release(&out);
}

/* The lines of the ZPL II programming guide's format. */
#define STATUS(paper, pause, head, ribbon, left)                                                   \
	"\x02"                                                                                     \
	"030," paper "," pause ",0240,000,0,0,0,000,0,0,0\x03\r\n\x02"                             \
	"001,0," head "," ribbon ",1,2,4,0," left ",1,000\x03\r\n\x02"                             \
	"1234,0\x03\r\n"

static const char *said(const char *bytes)
{
	struct label_state s;

	return label_read_state(bytes, strlen(bytes), &s) ? label_state_text(&s) : "nothing";
}

static void the_printer_says_what_is_in_the_way(void **state)
{
	const char *whole = STATUS("0", "0", "0", "0", "00000000");
	struct label_state s;

	(void)state;
	assert_string_equal(said(whole), "ready");
	assert_string_equal(said(STATUS("1", "0", "0", "0", "00000000")), "it is out of labels");
	assert_string_equal(said(STATUS("1", "1", "1", "0", "00000000")), "its head is open");
	assert_string_equal(said(STATUS("0", "1", "0", "0", "00000000")), "it is paused");
	assert_string_equal(said(STATUS("0", "0", "0", "1", "00000000")), "it is out of ribbon");
	assert_string_equal(said(STATUS("0", "0", "0", "0", "00000003")), "printing");
	for (size_t n = 0; n < strlen(whole) - 3; n++) /* the last line's ETX is the end */
		assert_false(label_read_state(whole, n, &s));
	assert_string_equal(said("\x02"
				 "030,0\x03\x02"
				 "1\x03\x02"
				 "1,2\x03"),
			    "nothing");
	assert_string_equal(said("\x02"
				 "a,b\x03"),
			    "nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_one_job_with_its_lines_and_its_code),
		cmocka_unit_test(no_byte_of_a_field_is_ever_a_command),
		cmocka_unit_test(attacks_and_chinese_are_sent_in_hex),
		cmocka_unit_test(what_is_no_label_is_refused),
		cmocka_unit_test(the_printer_says_what_is_in_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
