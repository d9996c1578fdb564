/* SPDX-License-Identifier: MIT
 *
 * The lines of the tests of GPIO: inputs, a pulse counter, outputs.
 */
#ifndef TESTS_UNIT_BUS_GPIO_LINES_H
#define TESTS_UNIT_BUS_GPIO_LINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "bus/gpio.h"

enum { IN = 0, LOW_IN, PULSE, OUT, LOW_OUT, LINE_COUNT };
static const struct bus_line lines[LINE_COUNT] = {
	{.device = 0, .line = "ESTOP", .mode = GPIO_IN, .period_ns = NS_PER_S},
	{.device = 0, .line = "LEAK", .mode = GPIO_IN, .active_low = true, .period_ns = NS_PER_S},
	{.device = 1, .line = "FLOW", .mode = GPIO_PULSE, .period_ns = NS_PER_S / 10},
	{.device = 2, .line = "PUMP", .mode = GPIO_OUT, .initial = 0},
	{.device = 2, .line = "5", .mode = GPIO_OUT, .active_low = true, .initial = 0},
};

#endif
