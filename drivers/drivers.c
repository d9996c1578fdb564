/* SPDX-License-Identifier: MIT
 *
 * The one list of drivers. driver_skel is not in it: it is the commented pattern to start from.
 */
#include "drivers.h"

const struct driver *const drivers[] = {
	&driver_ectds10,	  /* EC/TDS probe */
	&driver_waveshare_ai8,	  /* 8 x 4-20 mA */
	&driver_waveshare_relay8, /* 8 relays */
	&driver_pzem016,	  /* power meter */
	&driver_register_map,	  /* any Modbus device, by YAML alone */
	&driver_gpio_lines,	  /* lines of a GPIO chip */
	&driver_pulse_flow,	  /* flow meter on a GPIO line */
	&driver_scanner,	  /* barcode scanner */
	NULL,
};
