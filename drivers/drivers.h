/* SPDX-License-Identifier: MIT
 *
 * Every driver's table; each is defined in the file of its name.
 */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include "rig/driver.h"

extern const struct driver driver_adam4117;
extern const struct driver driver_adam6000;
extern const struct driver driver_ascii_meter;
extern const struct driver driver_ectds10;
extern const struct driver driver_gpio_lines;
extern const struct driver driver_pressure_f32;
extern const struct driver driver_pressure_i16;
extern const struct driver driver_pulse_flow;
extern const struct driver driver_pzem016;
extern const struct driver driver_r421a08;
extern const struct driver driver_register_map;
extern const struct driver driver_scanner;
extern const struct driver driver_sdm120;
extern const struct driver driver_skel;
extern const struct driver driver_tm_r5;
extern const struct driver driver_uart_tds;
extern const struct driver driver_waveshare_ai8;
extern const struct driver driver_waveshare_relay8;
extern const struct driver driver_zpl_printer;

#endif
