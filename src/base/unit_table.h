/* SPDX-License-Identifier: MIT
 *
 * The table of unit.c. Pressure first among equals: the first entry of a
 * dimension is the one dim_text falls back to.
 */
#ifndef BASE_UNIT_TABLE_H
#define BASE_UNIT_TABLE_H

#define NUMBER                                                                                     \
	{                                                                                          \
		0, 0, 0, 0, 0                                                                      \
	}
#define PRESSURE                                                                                   \
	{                                                                                          \
		-1, 1, -2, 0, 0                                                                    \
	}
#define FLOW                                                                                       \
	{                                                                                          \
		3, 0, -1, 0, 0                                                                     \
	}
#define VOLUME                                                                                     \
	{                                                                                          \
		3, 0, 0, 0, 0                                                                      \
	}
#define CONDUCTIVITY                                                                               \
	{                                                                                          \
		-3, -1, 3, 2, 0                                                                    \
	}
#define DENSITY                                                                                    \
	{                                                                                          \
		-3, 1, 0, 0, 0                                                                     \
	}
#define TEMPERATURE                                                                                \
	{                                                                                          \
		0, 0, 0, 0, 1                                                                      \
	}
#define POWER                                                                                      \
	{                                                                                          \
		2, 1, -3, 0, 0                                                                     \
	}
#define VOLTAGE                                                                                    \
	{                                                                                          \
		2, 1, -3, -1, 0                                                                    \
	}
#define CURRENT                                                                                    \
	{                                                                                          \
		0, 0, 0, 1, 0                                                                      \
	}
#define ENERGY                                                                                     \
	{                                                                                          \
		2, 1, -2, 0, 0                                                                     \
	}
#define FREQUENCY                                                                                  \
	{                                                                                          \
		0, 0, -1, 0, 0                                                                     \
	}
#define TIME                                                                                       \
	{                                                                                          \
		0, 0, 1, 0, 0                                                                      \
	}
#define PERMEABILITY                                                                               \
	{                                                                                          \
		4, -1, 1, 0, 0                                                                     \
	}
#define MASS                                                                                       \
	{                                                                                          \
		0, 1, 0, 0, 0                                                                      \
	}
#define RESISTANCE                                                                                 \
	{                                                                                          \
		2, 1, -3, -2, 0                                                                    \
	}
#define CONDUCTANCE                                                                                \
	{                                                                                          \
		-2, -1, 3, 2, 0                                                                    \
	}
#define LENGTH                                                                                     \
	{                                                                                          \
		1, 0, 0, 0, 0                                                                      \
	}
#define AREA                                                                                       \
	{                                                                                          \
		2, 0, 0, 0, 0                                                                      \
	}
#define FLUX                                                                                       \
	{                                                                                          \
		1, 0, -1, 0, 0                                                                     \
	}

/* US gallon, exactly, and pound-force per square inch to 13 digits. */
#define GALLON_M3 3.785411784e-3
#define PSI_PA	  6894.757293168

static const struct unit table[] = {
	/* name, UCUM, for people, dimension, scale, offset */
	{"", "1", "", NUMBER, 1, 0},
	{"%", "%", "%", NUMBER, 0.01, 0},
	{"MPa", "MPa", "MPa", PRESSURE, 1e6, 0},
	{"kPa", "kPa", "kPa", PRESSURE, 1e3, 0},
	{"Pa", "Pa", "Pa", PRESSURE, 1, 0},
	{"bar", "bar", "bar", PRESSURE, 1e5, 0},
	{"psi", "[psi]", "psi", PRESSURE, PSI_PA, 0},
	{"L/min", "L/min", "L/min", FLOW, 1e-3 / 60, 0},
	{"mL/min", "mL/min", "mL/min", FLOW, 1e-6 / 60, 0},
	{"L/h", "L/h", "L/h", FLOW, 1e-3 / 3600, 0},
	{"m3/h", "m3/h", "m³/h", FLOW, 1.0 / 3600, 0},
	{"GPD", "[gal_us]/d", "GPD", FLOW, GALLON_M3 / 86400, 0},
	{"L", "L", "L", VOLUME, 1e-3, 0},
	{"mL", "mL", "mL", VOLUME, 1e-6, 0},
	{"m3", "m3", "m³", VOLUME, 1, 0},
	{"uS/cm", "uS/cm", "µS/cm", CONDUCTIVITY, 1e-4, 0},
	{"mS/cm", "mS/cm", "mS/cm", CONDUCTIVITY, 1e-1, 0},
	{"S/m", "S/m", "S/m", CONDUCTIVITY, 1, 0},
	{"mg/L", "mg/L", "mg/L", DENSITY, 1e-3, 0},
	{"ppm", "mg/L", "ppm", DENSITY, 1e-3, 0}, /* of water: mg/L */
	{"g/L", "g/L", "g/L", DENSITY, 1, 0},
	{"degC", "Cel", "°C", TEMPERATURE, 1, 273.15},
	{"K", "K", "K", TEMPERATURE, 1, 0},
	{"W", "W", "W", POWER, 1, 0},
	{"kW", "kW", "kW", POWER, 1e3, 0},
	{"mW", "mW", "mW", POWER, 1e-3, 0},
	{"V", "V", "V", VOLTAGE, 1, 0},
	{"mV", "mV", "mV", VOLTAGE, 1e-3, 0},
	{"A", "A", "A", CURRENT, 1, 0},
	{"mA", "mA", "mA", CURRENT, 1e-3, 0},
	{"uA", "uA", "µA", CURRENT, 1e-6, 0},
	{"Wh", "W.h", "Wh", ENERGY, 3600, 0},
	{"kWh", "kW.h", "kWh", ENERGY, 3.6e6, 0},
	{"J", "J", "J", ENERGY, 1, 0},
	{"Hz", "Hz", "Hz", FREQUENCY, 1, 0},
	{"kHz", "kHz", "kHz", FREQUENCY, 1e3, 0},
	{"s", "s", "s", TIME, 1, 0},
	{"ms", "ms", "ms", TIME, 1e-3, 0},
	{"us", "us", "µs", TIME, 1e-6, 0},
	{"min", "min", "min", TIME, 60, 0},
	{"h", "h", "h", TIME, 3600, 0},
	{"d", "d", "d", TIME, 86400, 0},
	{"L/min/MPa", "L/min/MPa", "L/min/MPa", PERMEABILITY, 1e-9 / 60, 0},
	{"kg", "kg", "kg", MASS, 1, 0},
	{"g", "g", "g", MASS, 1e-3, 0},
	{"mg", "mg", "mg", MASS, 1e-6, 0},
	{"ohm", "Ohm", "Ω", RESISTANCE, 1, 0},
	{"kohm", "kOhm", "kΩ", RESISTANCE, 1e3, 0},
	{"Mohm", "MOhm", "MΩ", RESISTANCE, 1e6, 0},
	{"S", "S", "S", CONDUCTANCE, 1, 0},
	{"mS", "mS", "mS", CONDUCTANCE, 1e-3, 0},
	{"uS", "uS", "µS", CONDUCTANCE, 1e-6, 0},
	{"m", "m", "m", LENGTH, 1, 0},
	{"cm", "cm", "cm", LENGTH, 1e-2, 0},
	{"mm", "mm", "mm", LENGTH, 1e-3, 0},
	{"m2", "m2", "m²", AREA, 1, 0},
	{"L/m2/h", "L/m2/h", "L/m²/h", FLUX, 1e-3 / 3600, 0},
};

#endif
