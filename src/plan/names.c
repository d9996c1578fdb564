/* SPDX-License-Identifier: MIT */
#include "plan/names.h"

#include <stddef.h>
#include <string.h>

static const char *const run_types[] = {
	[RUN_INCOMING] = "incoming",
	[RUN_DIAGNOSIS] = "diagnosis",
	[RUN_POST_REPAIR_QC] = "post_repair_qc",
	[RUN_TRIAL_RUN] = "trial_run",
	[RUN_ACCEPTANCE] = "acceptance",
	[RUN_PART_QC] = "part_qc",
	[RUN_VERIFICATION] = "verification",
	[RUN_MSA] = "msa",
};

#define RUN_TYPE_COUNT (int)(sizeof(run_types) / sizeof(run_types[0]))

const char *run_type_name(enum run_type t)
{
	return (int)t > 0 && (int)t < RUN_TYPE_COUNT ? run_types[t] : "unknown";
}

int run_type_find(const char *name)
{
	for (int t = 1; t < RUN_TYPE_COUNT; t++)
		if (strcmp(run_types[t], name) == 0)
			return t;
	return 0;
}

static bool is_code(const char *s, char letter, int last)
{
	if (strlen(s) != 3 || s[0] != letter || strspn(s + 1, "0123456789") != 2)
		return false;
	int n = (s[1] - '0') * 10 + s[2] - '0';
	return n >= 1 && n <= last;
}

bool names_is_symptom(const char *code)
{
	return is_code(code, 'S', 20);
}

bool names_is_fault(const char *code)
{
	return is_code(code, 'F', 25);
}

static const struct standard_name channels[] = {
	{"supply_pressure", "PT01", QUANTITY_PRESSURE, "Supply pressure", "供水压力"},
	{"feed_pressure", "PT02", QUANTITY_PRESSURE, "Feed pressure at the unit", "进水压力"},
	{"permeate_pressure", "PT03", QUANTITY_PRESSURE, "Permeate pressure", "净水压力"},
	{"feed_flow", "FT01", QUANTITY_FLOW, "Feed flow", "进水流量"},
	{"permeate_flow", "FT02", QUANTITY_FLOW, "Permeate flow", "净水流量"},
	{"concentrate_flow", "FT04", QUANTITY_FLOW, "Concentrate flow", "浓水流量"},
	{"feed_conductivity", "CT01", QUANTITY_CONDUCTIVITY, "Feed conductivity", "进水电导率"},
	{"permeate_conductivity", "CT02", QUANTITY_CONDUCTIVITY, "Permeate conductivity",
	 "净水电导率"},
	{"feed_temperature", "TT01", QUANTITY_TEMPERATURE, "Feed temperature", "进水温度"},
	{"permeate_temperature", "TT02", QUANTITY_TEMPERATURE, "Permeate temperature", "净水温度"},
	{"unit_power", "JT01", QUANTITY_POWER, "Mains power of the unit", "整机功率"},
	{"unit_voltage", "", QUANTITY_VOLTAGE, "Mains voltage of the unit", "整机电压"},
	{"unit_current", "", QUANTITY_CURRENT, "Mains current of the unit", "整机电流"},
	{"tray_leak", "LS01", QUANTITY_STATE, "Drip tray wet", "接水盘漏水"},
	{"floor_leak", "LS02", QUANTITY_STATE, "Floor wet", "地面漏水"},
	{"estop", "ES01", QUANTITY_STATE, "Emergency stop pressed", "急停按下"},
	{"start_button", "", QUANTITY_STATE, "Start button", "启动按钮"},
	{"reset_button", "", QUANTITY_STATE, "Reset button", "复位按钮"},
};

static const struct standard_name outputs[] = {
	{"supply_pump", "P01", QUANTITY_STATE, "Supply pump", "供水泵"},
	{"supply_valve", "V01", QUANTITY_STATE, "Supply valve", "供水阀"},
	{"feed_valve", "V02", QUANTITY_STATE, "Feed valve", "进水阀"},
	{"feed_vent", "V03", QUANTITY_STATE, "Feed vent", "进水泄压阀"},
	{"faucet_valve", "V11", QUANTITY_STATE, "Faucet valve", "龙头阀"},
	{"permeate_drain", "V12", QUANTITY_STATE, "Permeate drain", "净水排放阀"},
	{"surrogate_tank", "V13", QUANTITY_STATE, "Surrogate tank valve", "模拟水箱阀"},
	{"cross_check", "V14", QUANTITY_STATE, "Cross-check valve", "交叉校验阀"},
	{"concentrate_drain", "V21", QUANTITY_STATE, "Concentrate drain", "浓水排放阀"},
	{"drain_hold", "V22", QUANTITY_STATE, "Drain hold valve", "浓水截止阀"},
	{"unit_power_supply", "K01", QUANTITY_STATE, "Power of the unit", "整机供电"},
	{"regulator", "PR01", QUANTITY_PRESSURE, "Feed pressure regulator", "进水调压阀"},
	{"dead_man", "K00", QUANTITY_STATE, "Dead-man line", "看门狗线"},
	{"lamp_red", "", QUANTITY_STATE, "Red lamp", "红灯"},
	{"lamp_yellow", "", QUANTITY_STATE, "Yellow lamp", "黄灯"},
	{"lamp_green", "", QUANTITY_STATE, "Green lamp", "绿灯"},
	{"lamp_blue", "", QUANTITY_STATE, "Blue lamp", "蓝灯"},
	{"lamp_white", "", QUANTITY_STATE, "White lamp", "白灯"},
};

enum {
	CHANNEL_COUNT = sizeof(channels) / sizeof(channels[0]),
	OUTPUT_COUNT = sizeof(outputs) / sizeof(outputs[0])
};

static const struct standard_name *find(const struct standard_name *list, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

const struct standard_name *standard_channel(const char *name)
{
	return find(channels, CHANNEL_COUNT, name);
}

const struct standard_name *standard_output(const char *name)
{
	return find(outputs, OUTPUT_COUNT, name);
}

const struct standard_name *standard_channels(int *n)
{
	*n = CHANNEL_COUNT;
	return channels;
}

const struct standard_name *standard_outputs(int *n)
{
	*n = OUTPUT_COUNT;
	return outputs;
}
