/* SPDX-License-Identifier: MIT
 *
 * Between register_map.c, which reads the options, and register_map_write.c.
 */
#ifndef DRIVERS_REGISTER_MAP_H
#define DRIVERS_REGISTER_MAP_H

#include "rig/driver.h"
#include "rig/register.h"

enum { MAP_POINTS_MAX = 64, MAP_IDENTITIES_MAX = 4, MAP_SETTINGS_MAX = 8 };

struct map_point {
	uint16_t first;
	uint8_t read, write; /* functions; 0: none */
	enum register_type type;
	enum register_order order;
	double scale, offset;
	bool has_error, error_is_nan;
	int64_t error_raw;
};
struct map_priv {
	int count;
	struct driver_point points[MAP_POINTS_MAX];
	struct map_point at[MAP_POINTS_MAX];
	char names[MAP_POINTS_MAX][DRIVER_ITEM_NAME_MAX];
	int identity_count;
	struct driver_identity identities[MAP_IDENTITIES_MAX];
	int setting_count;
	struct bus_request settings[MAP_SETTINGS_MAX];
};

int register_map_set(const struct driver_device *d, const int *which, const double *values, int n,
		     struct bus_request *out, int max);

#endif
