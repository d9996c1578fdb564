/* SPDX-License-Identifier: MIT
 *
 * The fixture file's tables: what may stand where. plan/fixture.h exports the root as
 * fixture_schema for the reference documentation.
 */
#include "fixture_schema.h"
#include "schema_field.h"

#define NEEDED .required = true

static const struct schema_name bus_kinds[] = {
	{"modbus_rtu", BUS_MODBUS_RTU, "RS-485 line", "RS-485 总线"},
	{"modbus_tcp", BUS_MODBUS_TCP, "TCP connection", "TCP 连接"},
	{"serial", BUS_SERIAL, "serial port of one device", "单个设备的串口"},
	{"gpio", BUS_GPIO, "GPIO chip", "GPIO 芯片"},
	{"tcp", BUS_TCP, "raw TCP connection of one device, as a printer's port 9100",
	 "单个设备的裸 TCP 连接(如打印机 9100 端口)"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name parities[] = {
	{"none", 'N', NULL, NULL},
	{"even", 'E', NULL, NULL},
	{"odd", 'O', NULL, NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name quantities[] = {
	{"state", QUANTITY_STATE, NULL, NULL},
	{"count", QUANTITY_COUNT, NULL, NULL},
	{"ratio", QUANTITY_RATIO, NULL, NULL},
	{"pressure", QUANTITY_PRESSURE, NULL, NULL},
	{"flow", QUANTITY_FLOW, NULL, NULL},
	{"volume", QUANTITY_VOLUME, NULL, NULL},
	{"conductivity", QUANTITY_CONDUCTIVITY, NULL, NULL},
	{"tds", QUANTITY_TDS, NULL, NULL},
	{"temperature", QUANTITY_TEMPERATURE, NULL, NULL},
	{"power", QUANTITY_POWER, NULL, NULL},
	{"voltage", QUANTITY_VOLTAGE, NULL, NULL},
	{"current", QUANTITY_CURRENT, NULL, NULL},
	{"energy", QUANTITY_ENERGY, NULL, NULL},
	{"frequency", QUANTITY_FREQUENCY, NULL, NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name scales[] = {
	{"linear", FX_SCALE_LINEAR, "from/to, or gain and offset", "线性"},
	{"pulse_rate", FX_SCALE_PULSE_RATE, "the point is a frequency", "脉冲频率"},
	{"counter", FX_SCALE_COUNTER, "the point counts pulses", "脉冲计数"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name output_kinds[] = {
	{"valve", OUTPUT_VALVE, "open or closed", "阀"},
	{"power", OUTPUT_POWER, "on or off", "供电"},
	{"pump", OUTPUT_PUMP, "on or off", "泵"},
	{"setpoint", OUTPUT_SETPOINT, "a value with a unit", "设定值"},
	{"lamp", OUTPUT_LAMP, "on or off, not watched", "指示灯"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name trip_classes[] = {
	{"estop", TRIP_ESTOP, "A0 emergency stop", "急停"},
	{"leak", TRIP_LEAK, "A1 leak", "漏水"},
	{"over_pressure", TRIP_OVER_PRESSURE, "A2 over-pressure", "超压"},
	{"over_temperature", TRIP_OVER_TEMPERATURE, "A3 over-temperature", "超温"},
	{"dry_run", TRIP_DRY_RUN, "A4 dry run", "空转"},
	{"over_current", TRIP_OVER_CURRENT, "A5 over-current", "过流"},
	{"sensor", TRIP_SENSOR, "A6 sensor fault", "传感器故障"},
	{"timeout", TRIP_TIMEOUT, "A7 time-out", "超时"},
	{"comms", TRIP_COMMS, "A8 communication", "通信"},
	{"operator", TRIP_OPERATOR, "A9 operator", "操作员"},
	{NULL, 0, NULL, NULL},
};

static const struct schema_field bus_fields[] = {
	FIELD(raw_bus, kind, "kind", ENUM, NEEDED, .names = bus_kinds, .en = "what it is",
	      .zh = "总线种类"),
	FIELD(raw_bus, port, "port", TEXT, NEEDED,
	      .en = "sim:NAME, a path below /dev/serial, usb:VID:PID:SERIAL, host:502, or a GPIO "
		    "chip's label",
	      .zh = "端口的稳定名称"),
	FIELD(raw_bus, baud, "baud", INT, .min = 1200, .max = 921600,
	      .en = "modbus_rtu and serial: one of the kernel's fixed rates", .zh = "波特率"),
	FIELD(raw_bus, parity, "parity", ENUM, .names = parities, .def = "none", .en = "parity bit",
	      .zh = "校验位"),
	FIELD(raw_bus, stop_bits, "stop_bits", INT, .def = "1", .min = 1, .max = 2,
	      .en = "stop bits", .zh = "停止位"),
	FIELD(raw_bus, turnaround_ns, "turnaround", DURATION, .def = "20 ms", .min = 0.0005,
	      .max = 5, .en = "slowest answer expected of a device on this line",
	      .zh = "设备最慢应答时间"),
	FIELD(raw_bus, reply_timeout_ns, "reply_timeout", DURATION, .min = 0.005, .max = 10,
	      .en = "time-out of one reply; computed when absent", .zh = "应答超时"),
	FIELD(raw_bus, extra_gap_ns, "extra_gap", DURATION, .max = 1,
	      .en = "silence beyond t3.5 before a request", .zh = "帧间附加静默时间"),
	END,
};
static const struct schema bus_schema = {
	.name = "a bus",
	.size = sizeof(struct raw_bus),
	.fields = bus_fields,
	.en = "One line, connection, port or chip.",
	.zh = "一条总线、连接、串口或 GPIO 芯片。",
};

static const struct schema_field device_fields[] = {
	FIELD(raw_device, driver, "driver", NAME, NEEDED, .en = "a driver of drivers/README.md",
	      .zh = "驱动名称"),
	FIELD(raw_device, bus, "bus", NAME, NEEDED, .en = "the bus it sits on", .zh = "所在总线"),
	FIELD(raw_device, unit_id, "unit", INT, .min = 1, .max = 247, .en = "Modbus unit id",
	      .zh = "Modbus 站号"),
	FIELD(raw_device, options, "options", DEEP, .en = "the driver's options", .zh = "驱动选项"),
	END,
};
static const struct schema device_schema = {
	.name = "a device",
	.size = sizeof(struct raw_device),
	.fields = device_fields,
	.en = "A device: driver, place on a bus, options.",
	.zh = "设备:驱动、总线位置与选项。",
};

static const struct schema_field bay_fields[] = {
	FIELD(raw_bay, scanner, "scanner", TEXT, .en = "device.point of its scanner",
	      .zh = "扫码枪的 设备.点"),
	FIELD(raw_bay, printer, "printer", NAME, .en = "device that prints its labels",
	      .zh = "标签打印机的设备名"),
	END,
};
static const struct schema bay_schema = {
	.name = "a bay",
	.size = sizeof(struct raw_bay),
	.fields = bay_fields,
	.en = "A place for one unit.",
	.zh = "一个工位。",
};

static const struct schema_field frozen_fields[] = {
	FIELD(raw_frozen, after, "after", INT, NEEDED, .min = 2, .max = 100000,
	      .en = "updates without any change", .zh = "无变化的更新次数"),
	FIELD(raw_frozen, while_, "while", VALUE, .shape = "a condition",
	      .en = "condition under which a change is certain", .zh = "必有变化的条件"),
	END,
};
static const struct schema frozen_schema = {
	.name = "frozen",
	.size = sizeof(struct raw_frozen),
	.fields = frozen_fields,
	.en = "When a reading that does not change is no longer believed.",
	.zh = "读数不变时何时不再可信。",
};

static const struct schema_field calibration_fields[] = {
	FIELD(raw_calibration, revision, "revision", INT, NEEDED, .min = 1, .max = 1000000,
	      .en = "counts calibrations of this channel", .zh = "校准版本"),
	FIELD(raw_calibration, gain, "gain", NUMBER, .def = "1", .min = 0.5, .max = 2,
	      .en = "value = gain * scaled + offset", .zh = "增益"),
	FIELD(raw_calibration, offset, "offset", VALUE,
	      .shape = "a value of the channel's quantity",
	      .en = "a value of the channel's quantity", .zh = "偏移"),
	FIELD(raw_calibration, done, "done", TEXT, NEEDED, .en = "day it was done, 2026-01-31",
	      .zh = "校准日期"),
	FIELD(raw_calibration, due, "due", TEXT, NEEDED, .en = "last day it is valid, 2026-04-30",
	      .zh = "有效期至"),
	FIELD(raw_calibration, reference, "reference", TEXT, NEEDED,
	      .en = "certificate of what it was compared with", .zh = "标准器证书"),
	END,
};
static const struct schema calibration_schema = {
	.name = "a calibration",
	.size = sizeof(struct raw_calibration),
	.fields = calibration_fields,
	.en = "The calibration in force. A channel without one cannot take part in a release.",
	.zh = "当前校准;无校准的通道不能用于放行。",
};

static const struct schema_field channel_fields[] = {
	FIELD(raw_channel, name, "name", NAME, NEEDED, .en = "standard or own name", .zh = "名称"),
	FIELD(raw_channel, title, "title", TITLE, .en = "for people; standard names have one",
	      .zh = "显示名称"),
	FIELD(raw_channel, bays, "bays", TEXTS, .en = "bays that see it; all when absent",
	      .zh = "所属工位"),
	FIELD(raw_channel, quantity, "quantity", ENUM, .names = quantities,
	      .en = "own names only: what it measures", .zh = "测量量"),
	FIELD(raw_channel, unit, "unit", VALUE, .shape = "a unit",
	      .en = "when not the quantity's usual one", .zh = "单位"),
	FIELD(raw_channel, point, "point", TEXT, NEEDED, .en = "device.point", .zh = "设备.点"),
	FIELD(raw_channel, scale, "scale", ENUM, .names = scales, .def = "linear",
	      .en = "how the point becomes the value", .zh = "换算方式"),
	FIELD(raw_channel, from, "from", RANGE, .en = "linear: at the pins, 4..20 mA",
	      .zh = "输入范围"),
	FIELD(raw_channel, to, "to", RANGE, .en = "linear: what that means, 0..1 MPa",
	      .zh = "对应量程"),
	FIELD(raw_channel, gain, "gain", NUMBER, .en = "linear: in place of from and to",
	      .zh = "增益"),
	FIELD(raw_channel, offset, "offset", VALUE, .shape = "a value of the channel's quantity",
	      .en = "linear: with gain", .zh = "偏移"),
	FIELD(raw_channel, per_litre, "per_litre", NUMBER, .min = 0.1, .max = 1000000,
	      .en = "pulse_rate and counter: pulses per litre", .zh = "每升脉冲数"),
	FIELD(raw_channel, active_low, "active_low", BOOL, .en = "states: 1 on the wire means no",
	      .zh = "低有效"),
	FIELD(raw_channel, poll_ns, "poll", DURATION, NEEDED, .min = 0.01, .max = 60,
	      .en = "how often it is asked", .zh = "轮询周期"),
	FIELD(raw_channel, update_ns, "update", DURATION, .max = 600,
	      .en = "how often the device really renews it; poll when absent", .zh = "更新周期"),
	FIELD(raw_channel, stale_ns, "stale", DURATION, NEEDED, .min = 0.02, .max = 600,
	      .en = "older than this is not believed", .zh = "过期时限"),
	FIELD(raw_channel, debounce_ns, "debounce", DURATION, .max = 60,
	      .en = "states: how long it has to last", .zh = "消抖时间"),
	FIELD(raw_channel, range, "range", RANGE,
	      .en = "all but states: outside it is not believed", .zh = "有效范围"),
	FIELD(raw_channel, resolution, "resolution", VALUE,
	      .shape = "a value of the channel's quantity", .en = "all but states: smallest step",
	      .zh = "分辨力"),
	FIELD(raw_channel, uncertainty, "uncertainty", VALUE, .shape = "like 0.002 MPa + 0.5 %",
	      .en = "all but states: standard uncertainty (k = 1), absolute, relative or both: "
		    "0.002 MPa + 0.5 %",
	      .zh = "标准不确定度"),
	FIELD(raw_channel, frozen, "frozen", MAP, .sub = &frozen_schema,
	      .en = "when a reading that never changes is a fault", .zh = "冻结检测"),
	FIELD(raw_channel, calibration, "calibration", MAP, .sub = &calibration_schema,
	      .en = "calibration in force", .zh = "校准"),
	END,
};
static const struct schema channel_schema = {
	.name = "a channel",
	.size = sizeof(struct raw_channel),
	.fields = channel_fields,
	.en = "A named, scaled reading.",
	.zh = "带名称与换算的读数。",
};

static const struct schema_field output_fields[] = {
	FIELD(raw_output, name, "name", NAME, NEEDED, .en = "standard or own name", .zh = "名称"),
	FIELD(raw_output, title, "title", TITLE, .en = "for people; standard names have one",
	      .zh = "显示名称"),
	FIELD(raw_output, bays, "bays", TEXTS,
	      .en = "bays that have it; several: shared, on while any bay holds it",
	      .zh = "所属工位"),
	FIELD(raw_output, kind, "kind", ENUM, NEEDED, .names = output_kinds, .en = "what it is",
	      .zh = "种类"),
	FIELD(raw_output, quantity, "quantity", ENUM, .names = quantities,
	      .en = "setpoints with own names", .zh = "设定量"),
	FIELD(raw_output, point, "point", TEXT, NEEDED, .en = "device.point", .zh = "设备.点"),
	FIELD(raw_output, normally_open, "normally_open", BOOL,
	      .en = "open (on) while not energised", .zh = "常开"),
	FIELD(raw_output, gain, "gain", NUMBER, .def = "1",
	      .en = "setpoints: point = gain * value + offset", .zh = "增益"),
	FIELD(raw_output, offset, "offset", NUMBER, .def = "0",
	      .en = "setpoints: in the point's unit", .zh = "偏移"),
	FIELD(raw_output, safe, "safe", VALUE, NEEDED, .shape = "open, closed, on, off or a value",
	      .en = "its safe value", .zh = "安全状态"),
	FIELD(raw_output, range, "range", RANGE, .en = "setpoints: what may be set",
	      .zh = "设定范围"),
	FIELD(raw_output, max_on_ns, "max_on", DURATION, .min = 0.1, .max = 86400,
	      .en = "longest time away from safe; all but lamps and the dead-man line",
	      .zh = "离开安全状态的最长时间"),
	FIELD(raw_output, trips, "trips", BOOL,
	      .en = "trips depend on it; yes unless it is a lamp or the dead-man line",
	      .zh = "是否参与跳闸"),
	FIELD(raw_output, supply_flow, "supply_flow", QUANTITY, .quantity = QUANTITY_FLOW,
	      .max = 1000, .en = "what it may draw from the common supply", .zh = "最大取水流量"),
	END,
};
static const struct schema output_schema = {
	.name = "an output",
	.size = sizeof(struct raw_output),
	.fields = output_fields,
	.en = "A named thing a bay can switch or set.",
	.zh = "可开关或设定的输出。",
};

static const struct schema_field interlock_fields[] = {
	FIELD(raw_interlock, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_interlock, class, "class", ENUM, NEEDED, .names = trip_classes,
	      .en = "kind of trip", .zh = "跳闸类别"),
	FIELD(raw_interlock, bays, "bays", TEXTS, .en = "bays it watches; all when absent",
	      .zh = "所属工位"),
	FIELD(raw_interlock, when, "when", VALUE, NEEDED, .shape = "a condition",
	      .en = "condition over the bay's channels and outputs", .zh = "条件"),
	FIELD(raw_interlock, whole_rig, "whole_rig", BOOL,
	      .en = "drops every bay of the rig, not only its own", .zh = "全部工位跳闸"),
	FIELD(raw_interlock, unknown_trips, "unknown_trips", BOOL,
	      .en = "an unknown condition counts as true", .zh = "未知视为成立"),
	FIELD(raw_interlock, debounce_ns, "debounce", DURATION, NEEDED, .max = 60,
	      .en = "how long it has to hold", .zh = "持续时间"),
	END,
};
static const struct schema interlock_schema = {
	.name = "an interlock",
	.size = sizeof(struct raw_interlock),
	.fields = interlock_fields,
	.en = "A rule that holds whatever a profile says.",
	.zh = "无论测试方案如何都生效的规则。",
};

static const struct schema_field stop_fields[] = {
	FIELD(raw_stop, set, "set", NAME, .en = "an output; each bay stops its own", .zh = "输出"),
	FIELD(raw_stop, to, "to", VALUE, .shape = "open, closed, on, off or a value",
	      .en = "value it gets", .zh = "目标值"),
	FIELD(raw_stop, wait_ns, "wait", DURATION, .max = 60, .en = "pause after it",
	      .zh = "之后等待"),
	END,
};
static const struct schema stop_schema = {
	.name = "a stop step",
	.size = sizeof(struct raw_stop),
	.fields = stop_fields,
	.en = "One step of the ordered end.",
	.zh = "有序停机的一步。",
};

static const struct schema_field proof_fields[] = {
	FIELD(raw_proof, within_ns, "within", DURATION, .def = "20 s", .min = 0.1, .max = 600,
	      .en = "all have to hold within", .zh = "证明时限"),
	FIELD(raw_proof, holds, "holds", TEXTS, NEEDED,
	      .en = "conditions over a bay's channels that show the safe state", .zh = "安全条件"),
	END,
};
static const struct schema proof_schema = {
	.name = "the proof",
	.size = sizeof(struct raw_proof),
	.fields = proof_fields,
	.en = "What shows that a bay is safe.",
	.zh = "工位安全的证明。",
};

static const struct schema_field supply_fields[] = {
	FIELD(raw_supply, capacity, "capacity", QUANTITY, NEEDED, .quantity = QUANTITY_FLOW,
	      .min = 0.1, .max = 1000, .en = "what the common supply gives", .zh = "供水能力"),
	FIELD(raw_supply, stagger_ns, "stagger", DURATION, .def = "2 s", .max = 60,
	      .en = "time between two starts", .zh = "错峰启动间隔"),
	END,
};
static const struct schema supply_schema = {
	.name = "the supply",
	.size = sizeof(struct raw_supply),
	.fields = supply_fields,
	.en = "The common water supply.",
	.zh = "公共供水。",
};

static const struct schema_field fixture_fields[] = {
	FIELD(raw_fixture, name, "fixture", NAME, NEEDED, .en = "name of the rig",
	      .zh = "台架名称"),
	FIELD(raw_fixture, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_fixture, simulated, "simulated", BOOL,
	      .en = "runs are marked simulated; ports sim:NAME mark them in any case",
	      .zh = "模拟台架"),
	FIELD(raw_fixture, buses, "buses", KEYED, NEEDED, .sub = &bus_schema, .en = "lines by name",
	      .zh = "总线"),
	FIELD(raw_fixture, devices, "devices", KEYED, NEEDED, .sub = &device_schema,
	      .en = "devices by name", .zh = "设备"),
	FIELD(raw_fixture, bays, "bays", KEYED, NEEDED, .sub = &bay_schema, .allow = "-",
	      .en = "bays by name", .zh = "工位"),
	FIELD(raw_fixture, channels, "channels", LIST, NEEDED, .sub = &channel_schema,
	      .en = "readings", .zh = "通道"),
	FIELD(raw_fixture, outputs, "outputs", LIST, NEEDED, .sub = &output_schema, .en = "outputs",
	      .zh = "输出"),
	FIELD(raw_fixture, interlocks, "interlocks", KEYED, NEEDED, .sub = &interlock_schema,
	      .en = "interlocks by name", .zh = "联锁"),
	FIELD(raw_fixture, stop, "stop", LIST, NEEDED, .sub = &stop_schema,
	      .en = "the ordered end of each bay", .zh = "停机顺序"),
	FIELD(raw_fixture, proof, "proof", MAP, NEEDED, .sub = &proof_schema,
	      .en = "what shows that a bay is safe", .zh = "安全证明"),
	FIELD(raw_fixture, dead_man, "dead_man", NAME, .en = "output that is the dead-man line",
	      .zh = "看门狗线输出"),
	FIELD(raw_fixture, supply, "supply", MAP, .sub = &supply_schema,
	      .en = "the common water supply", .zh = "公共供水"),
	END,
};
const struct schema fixture_schema = {
	.name = "a fixture",
	.size = sizeof(struct raw_fixture),
	.fields = fixture_fields,
	.en = "The wiring of one rig: never limits of a unit.",
	.zh = "一个台架的接线;不含被测机的限值。",
};
