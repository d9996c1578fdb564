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
	&driver_pressure_i16,	  /* pressure transmitter, integers */
	&driver_pressure_f32,	  /* pressure transmitter, floats */
	&driver_adam4117,	  /* 8 current inputs */
	&driver_r421a08,	  /* 8 relays by command registers */
	&driver_tm_r5,		  /* 5 relays with a watchdog */
	&driver_sdm120,		  /* power meter */
	&driver_adam6000,	  /* inputs, outputs and counters over Modbus TCP */
	&driver_register_map,	  /* any Modbus device, by YAML alone */
	&driver_gpio_lines,	  /* lines of a GPIO chip */
	&driver_pulse_flow,	  /* flow meter on a GPIO line */
	&driver_scanner,	  /* barcode scanner */
	&driver_uart_tds,	  /* two TDS probes in binary frames */
	&driver_ascii_meter,	  /* meter that sends lines, by YAML alone */
	&driver_zpl_printer,	  /* label printer */
	NULL,
};
