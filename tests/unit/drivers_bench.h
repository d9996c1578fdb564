/* SPDX-License-Identifier: MIT
 *
 * A device as the core makes it, for the drivers' unit tests.
 */
#ifndef TESTS_UNIT_DRIVERS_BENCH_H
#define TESTS_UNIT_DRIVERS_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "drivers/drivers.h"
#include "rig/register.h"

/* A test need not use all of it. */
#define UNUSED __attribute__((unused))

/* A device as the core makes it: options "key", "value", ... NULL. */
struct made {
	struct driver_device d;
	struct fx_device fx;
	struct fx_option options[64];
};

static struct made *make(const struct driver *drv, int unit_id, const char *const *pairs)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->fx = (struct fx_device){.name = "dev",
				   .driver = drv->name,
				   .unit_id = unit_id,
				   .options = m->options,
				   .line = 3};
	for (; pairs && pairs[0]; pairs += 2)
		m->options[m->fx.option_count++] =
			(struct fx_option){.key = pairs[0], .value = pairs[1], .line = 7, .col = 9};
	m->d = (struct driver_device){.driver = drv, .fx = &m->fx};
	m->d.priv = calloc(1, drv->priv_size + 1);
	return m;
}

static void drop(struct made *m)
{
	free(m->d.priv);
	free(m);
}

static struct made *ready(const struct driver *drv, int unit_id, const char *const *pairs)
{
	struct made *m = make(drv, unit_id, pairs);
	struct problems p = {0};
	struct error err = {0};

	if (driver_check_options(&m->d, "t.yaml", &p))
		fail_msg("%s", p.at[0].text);
	problems_release(&p);
	if (drv->init && drv->init(&m->d, &err))
		fail_msg("%s", err.text);
	return m;
}

UNUSED static struct driver_value decode(struct made *m, const char *point, const uint16_t *regs,
					 int n)
{
	int i = driver_point_index(&m->d, point);
	struct driver_image image = {.data = regs, .count = (uint16_t)n, .good = true};
	struct driver_value v = {0};

	assert_true(i >= 0);
	assert_int_equal(m->d.driver->get(&m->d, i, &image, &v), 0);
	return v;
}

UNUSED static void expect_reading(struct driver_value v, double value, int64_t raw, enum quality q)
{
	assert_true(fabs(v.value - value) < 1e-9 * (1 + fabs(value)));
	assert_int_equal(v.raw, raw);
	assert_int_equal(v.quality, q);
}

#endif
