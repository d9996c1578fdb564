/* SPDX-License-Identifier: MIT
 *
 * What a technician reads at the bench is there in Chinese too: every state, verdict and quality, and
 * sentences with what stands in them. What the sources can say: test_ctl_sources.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/messages.h"
#include "link/io.h"
#include "link/sample.h"
#include "plan/fixture.h"
#include "plan/profile.h"
#include "rig/driver.h"
#include "run/calibrate.h"
#include "run/engine.h"
#include "run/record.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct titles titles;

static bool has_chinese(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0xe4 && (unsigned char)*s <= 0xe9)
			return true;
	return false;
}

static void assert_zh(const char *english, const char *want)
{
	struct text out = {0};

	if (!message_translate(&titles, english, &out))
		fail_msg("\"%s\" is not in the catalogue", english);
	if (want)
		assert_string_equal(out.buf, want);
	else if (!has_chinese(out.buf))
		fail_msg("\"%s\" gives \"%s\"", english, out.buf);
	text_release(&out);
}

/* --- the catalogue itself ------------------------------------------------ */

/* {1} {2} {3}: each once in the English; the Chinese takes from these (it needs no plural). */
static int places(const char *s, unsigned *seen)
{
	int n = 0;

	*seen = 0;
	for (; *s; s++)
		if (s[0] == '{' && s[1] >= '1' && s[1] <= '9' && s[2] == '}') {
			*seen |= 1u << (s[1] - '0');
			n++;
		}
	return n;
}

static void every_message_has_both_texts_with_the_same_places(void **state)
{
	unsigned en, zh;

	(void)state;
	for (int m = 0; m < MSG_COUNT; m++) {
		const char *a = message(false, (enum ctl_message)m);
		const char *b = message(true, (enum ctl_message)m);
		int n = places(a, &en);

		assert_true(a[0] && b[0]);
		(void)places(b, &zh);
		if ((zh & ~en) || __builtin_popcount(en) != n)
			fail_msg("\"%s\" and \"%s\" differ in their places", a, b);
		for (int k = 0; k < m; k++)
			if (places(a, &en) && !strcmp(a, message(false, (enum ctl_message)k)))
				fail_msg("\"%s\" stands twice", a);
	}
}

/* --- states and codes ---------------------------------------------------- */

static void every_verdict_is_called_as_the_record_calls_it(void **state)
{
	(void)state;
	for (int v = VERDICT_PASS; v <= VERDICT_INTERRUPTED; v++)
		assert_zh(verdict_name((enum verdict)v), NULL);
}

static void every_state_class_and_code_has_a_chinese_word(void **state)
{
	(void)state;
	for (int i = BAY_SECURING; i <= BAY_LOCKED; i++)
		assert_zh(bay_state_name((enum bay_state)i), NULL);
	for (int i = QUALITY_GOOD; i <= QUALITY_FROZEN; i++)
		assert_zh(quality_text((enum quality)i), NULL);
	for (int i = CALIBRATION_GOOD; i <= CALIBRATION_DATE_UNKNOWN; i++)
		assert_zh(calibration_state_name((enum calibration_state)i), NULL);
	for (int i = 0; i <= TRIP_OPERATOR; i++)
		assert_zh(trip_class_name((enum trip_class)i), NULL);
	for (int i = ATTRIBUTION_UNIT; i <= ATTRIBUTION_RIG; i++)
		assert_zh(attribution_name((enum attribution)i), NULL);
	for (int i = RUN_INCOMING; i <= RUN_MSA; i++)
		assert_zh(run_type_name((enum run_type)i), NULL);
}

static void what_a_printer_says_is_there_in_chinese(void **state)
{
	static const char *const reasons[] = {"it is out of labels", "it is out of ribbon",
					      "its head is open", "its head is too hot",
					      "it is paused"};

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		assert_zh(reasons[i], NULL);
	assert_zh("run 7 is void", "检测 7 已作废");
	assert_zh("run 7 is suspect: repeat it", "检测 7 存疑：请重新检测");
	assert_zh("no release of ticket T-1 is in force; see: benchctl release show T-1",
		  "工单 T-1 没有有效的放行；查看：benchctl release show T-1");
	assert_zh("ticket T-1 is released as repaired", "工单 T-1 已按 已维修 放行");
	assert_zh("printer labels: it is out of labels; nothing was printed",
		  "打印机 labels：标签纸已用完；没有打印");
	for (int i = 0; drivers[i]; i++)
		if (drivers[i]->printer)
			assert_zh(drivers[i]->printer->silence, NULL);
}

/* --- translating ---------------------------------------------------------- */

static void sentences_are_translated_with_what_stands_in_them(void **state)
{
	(void)state;
	titles_learn(&titles, "Emergency stop", "急停");
	assert_zh("Emergency stop: estop", "急停：急停");
	assert_zh("Emergency stop cannot be judged: estop is stale (lines on sim:gpio: no new "
		  "reading)",
		  "急停 无法判断：急停 数据过期（sim:gpio 上的 lines：没有新读数）");
	assert_zh(
		"Emergency stop cannot be judged: estop is bad_reply (map on tcp:[::1]:502: not "
		"the device of the fixture: its serial number reads 0x1, expected 0x2)",
		"急停 无法判断：急停 应答无效（tcp:[::1]:502 上的 map：不是接线文件中的设备：序列号 读到 "
		"0x1，应为 0x2）");
	assert_zh("outputs read back, 3 conditions shown", "输出已回读，3 项安全条件已证实");
	assert_zh("outputs read back, 1 condition shown", "输出已回读，1 项安全条件已证实");
	assert_zh("not shown: feed_pressure < 0.02 MPa: feed_pressure is 0.25 MPa",
		  "未能证实：feed_pressure < 0.02 MPa：feed_pressure 0.25 MPa");
	assert_zh("bay 1 is not_ready: probe_1 (unit 32 on sim:meters): no answer",
		  "工位 1 未就绪：probe_1（sim:meters，地址 32）：无应答");
	assert_zh(
		"probe_1 (unit 32 on sim:meters): what it says is no Modbus at 9600 8N1: its baud "
		"rate or parity is another; benchctl device scan finds it",
		"probe_1（sim:meters，地址 32）：9600 8N1 下收到的不是 Modbus：它的波特率或校验位不同；"
		"可用 benchctl device scan 查出");
	assert_zh("relays_2 (unit 2 on sim:io): not the device that was here: its firmware version "
		  "reads 0x559d and was 0x00c8; if it was exchanged: benchctl device accept",
		  "relays_2（sim:io，地址 2）：不是原来的设备：固件版本 为 0x559d，原为 "
		  "0x00c8；如确已更换，请确认：benchctl device accept");
	assert_zh("limit unknown: no_reply feed_flow", "限值无法确定：feed_flow 无应答");
	assert_zh("timeout, not_settled", "超时，未稳定");
	assert_zh("too_short", "时间太短，无法判定");
	assert_zh(
		"bay 1 is busy with ticket T-1 (run 7); watch it: benchctl --state /a/state run watch --bay 1",
		"工位 1 正在检测工单 T-1（检测 7）；查看：benchctl --state /a/state run watch --bay 1");
	titles_release(&titles);
}

static void what_is_in_no_catalogue_stands_as_it_came(void **state)
{
	struct text out = {0};

	(void)state;
	assert_false(message_translate(&titles, "feed_pressure < 0.02 MPa", &out));
	assert_string_equal(out.buf, "feed_pressure < 0.02 MPa");
	assert_false(message_translate(&titles, "{1} {2}", &out));
	/* nor is half of it put into Chinese */
	text_clear(&out);
	assert_false(message_translate(&titles, "serial: \"X\" is no such thing here", &out));
	assert_string_equal(out.buf, "serial: \"X\" is no such thing here");
	text_release(&out);
}

/* A hostile text of many colons takes no time worth speaking of. */
static void long_texts_are_matched_quickly(void **state)
{
	char text[512];
	struct text out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = ": is ("[i % 6];
	text[sizeof(text) - 1] = '\0';
	(void)message_translate(&titles, text, &out);
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_both_texts_with_the_same_places),
		cmocka_unit_test(every_verdict_is_called_as_the_record_calls_it),
		cmocka_unit_test(every_state_class_and_code_has_a_chinese_word),
		cmocka_unit_test(what_a_printer_says_is_there_in_chinese),
		cmocka_unit_test(sentences_are_translated_with_what_stands_in_them),
		cmocka_unit_test(what_is_in_no_catalogue_stands_as_it_came),
		cmocka_unit_test(long_texts_are_matched_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
