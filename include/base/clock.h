/* SPDX-License-Identifier: MIT
 *
 * The only place that reads clocks. Intervals and samples use the monotonic
 * clock in int64 nanoseconds; UTC is microseconds since 1970.
 *
 * Two times (see design): wire time is the monotonic clock. Run time is wire
 * time scaled by a whole factor 1..20 from an origin; with factor 1 both are equal.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS ((int64_t)1000000)
#define NS_PER_S  ((int64_t)1000000000)

int64_t clock_mono_ns(void);
int64_t clock_utc_us(void);
/* CPU time used by this process. */
int64_t clock_cpu_ns(void);
/* Kernel says that the wall clock is synchronised (adjtimex). */
bool clock_is_synced(void);
/* The boot id of this boot, 36 characters; "" when the kernel has none. */
void clock_boot_id(char dst[37]);

struct clock_scale {
	int64_t origin_ns; /* wire time at which both times were equal */
	unsigned speed;	   /* 1..20 */
};
static inline int64_t clock_to_run(const struct clock_scale *s, int64_t wire_ns)
{
	return s->origin_ns + (wire_ns - s->origin_ns) * (int64_t)s->speed;
}
/* The first wire time at or after the given run time; INT64_MAX (never) stays so. */
static inline int64_t clock_to_wire(const struct clock_scale *s, int64_t run_ns)
{
	int64_t speed = (int64_t)s->speed;
	int64_t d = run_ns - s->origin_ns;

	if (run_ns == INT64_MAX)
		return INT64_MAX;
	return s->origin_ns + (d > 0 ? (d - 1) / speed + 1 : d / speed);
}

#endif
