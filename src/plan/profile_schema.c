/* SPDX-License-Identifier: MIT
 *
 * The profile file's tables: what may stand where. plan/profile.h exports the root as
 * profile_schema.
 */
#include "profile_schema.h"
#include "schema_field.h"

#define NEEDED	.required = true
#define STEP_ID "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct schema_name run_types[] = {
	{"incoming", RUN_INCOMING, "receiving inspection", "接收检验"},
	{"diagnosis", RUN_DIAGNOSIS, "fault diagnosis", "故障检测"},
	{"post_repair_qc", RUN_POST_REPAIR_QC, "quality check after repair", "维修后质检"},
	{"trial_run", RUN_TRIAL_RUN, "trial run", "试运行"},
	{"acceptance", RUN_ACCEPTANCE, "customer acceptance", "客户验收"},
	{"part_qc", RUN_PART_QC, "incoming parts", "配件入库质检"},
	{"verification", RUN_VERIFICATION, "golden unit, reference", "标准样机验证"},
	{"msa", RUN_MSA, "measurement system analysis", "测量系统分析"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name controls[] = {
	{"blackbox", 1, "the unit's own board runs it", "整机自控"},
	{"harness", 2, "the rig drives its parts", "线束直驱"},
	{"service_protocol", 3, "by the unit's service port", "服务协议"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name rules[] = {
	{"simple", RULE_SIMPLE, "inside the limits passes", "简单接收"},
	{"guarded", RULE_GUARDED, "inside by U passes, else fails", "保护带(二元)"},
	{"four_state", RULE_FOUR_STATE, "within U of a limit is marginal", "四态判定"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name bases[] = {
	{"assumed", BASIS_ASSUMED, "blocks release until a supervisor adopts it",
	 "假定,须主管确认"},
	{"standard", BASIS_STANDARD, "a standard; name it in note", "标准"},
	{"nameplate", BASIS_NAMEPLATE, "the unit's nameplate", "铭牌"},
	{"maker", BASIS_MAKER, "the maker's data", "厂家资料"},
	{"rig", BASIS_RIG, "the rig's own condition", "台架自身"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name attributions[] = {
	{"unit", ATTRIBUTION_UNIT, "the unit under test", "被测机"},
	{"hose", ATTRIBUTION_HOSE, "hose or connection", "接管"},
	{"rig", ATTRIBUTION_RIG, "the rig: never counts against a unit", "台架"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name trip_classes[] = {
	{"estop", TRIP_ESTOP, NULL, NULL},
	{"leak", TRIP_LEAK, NULL, NULL},
	{"over_pressure", TRIP_OVER_PRESSURE, NULL, NULL},
	{"over_temperature", TRIP_OVER_TEMPERATURE, NULL, NULL},
	{"dry_run", TRIP_DRY_RUN, NULL, NULL},
	{"over_current", TRIP_OVER_CURRENT, NULL, NULL},
	{"sensor", TRIP_SENSOR, NULL, NULL},
	{"timeout", TRIP_TIMEOUT, NULL, NULL},
	{"comms", TRIP_COMMS, NULL, NULL},
	{"operator", TRIP_OPERATOR, NULL, NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name prompt_kinds[] = {
	{"confirm", PROMPT_CONFIRM, "ok when done", "确认"},
	{"yes_no", PROMPT_YES_NO, "yes passes, no fails the measurement", "是/否"},
	{"number", PROMPT_NUMBER, "a reading, captured", "数值"},
	{"scan_serial", PROMPT_SCAN_SERIAL, "the serial from the unit's plate", "扫描机号"},
	{NULL, 0, NULL, NULL},
};

static const struct schema_field made_fields[] = {
	FIELD(raw_made, from, "from", TEXT, .en = "first day, 2022-07-01", .zh = "起始日期"),
	FIELD(raw_made, until, "until", TEXT, .en = "last day, 2024-12-31", .zh = "截止日期"),
	END,
};
static const struct schema made_schema = {
	.name = "made",
	.size = sizeof(struct raw_made),
	.fields = made_fields,
	.en = "Manufacture dates the profile is for.",
	.zh = "适用的生产日期。",
};

static const struct schema_field derived_fields[] = {
	FIELD(raw_derived, value, "value", VALUE, NEEDED, .shape = "an expression",
	      .en = "expression over channels, model.* and earlier derived names", .zh = "表达式"),
	FIELD(raw_derived, unit, "unit", VALUE, NEEDED, .shape = "a unit",
	      .en = "unit it is shown in", .zh = "单位"),
	END,
};
static const struct schema derived_schema = {
	.name = "a derived value",
	.size = sizeof(struct raw_derived),
	.fields = derived_fields,
	.en = "A name for an expression, used like a channel.",
	.zh = "表达式的名称,用法同通道。",
};

static const struct schema_field measurement_fields[] = {
	FIELD(raw_measurement, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_measurement, value, "value", VALUE, .shape = "an expression",
	      .en = "what is judged; absent when only conditions decide it", .zh = "被判定的值"),
	FIELD(raw_measurement, unit, "unit", VALUE, .shape = "a unit",
	      .en = "unit it is shown and stored in; needed with value", .zh = "单位"),
	FIELD(raw_measurement, lo, "min", VALUE, .shape = "an expression",
	      .en = "lower limit, over model.* and means too", .zh = "下限"),
	FIELD(raw_measurement, hi, "max", VALUE, .shape = "an expression", .en = "upper limit",
	      .zh = "上限"),
	FIELD(raw_measurement, rule, "rule", ENUM, .names = rules, .def = "guarded",
	      .en = "how uncertainty counts", .zh = "判定规则"),
	FIELD(raw_measurement, uncertainty, "uncertainty", VALUE, .shape = "an expression",
	      .en = "expanded uncertainty (k = 2); computed from the channels' when absent",
	      .zh = "扩展不确定度"),
	FIELD(raw_measurement, basis, "basis", ENUM, NEEDED, .names = bases,
	      .en = "where the limits come from", .zh = "限值依据"),
	FIELD(raw_measurement, note, "note", TEXT, .en = "which standard, which assumption",
	      .zh = "依据说明"),
	FIELD(raw_measurement, required, "required", BOOL, .def = "yes",
	      .en = "a pass of the run needs it", .zh = "必需"),
	FIELD(raw_measurement, envelope, "envelope", BOOL, .def = "no",
	      .en = "invalid when the conditions were outside the envelope",
	      .zh = "受条件范围约束"),
	FIELD(raw_measurement, symptoms, "symptoms", TEXTS,
	      .en = "symptoms it explains: S01 to S20", .zh = "对应故障现象"),
	FIELD(raw_measurement, faults, "faults", TEXTS, .en = "faults it points to: F01 to F25",
	      .zh = "指向故障原因"),
	FIELD(raw_measurement, attribution, "attribution", ENUM, .names = attributions,
	      .def = "unit", .en = "whose fault a failure is by default", .zh = "默认归属"),
	END,
};
static const struct schema measurement_schema = {
	.name = "a measurement",
	.size = sizeof(struct raw_measurement),
	.fields = measurement_fields,
	.en = "One judged value. With value it has min, max or both; without, watches, waits, "
	      "prompts and aborts decide it.",
	.zh = "一个被判定的值。",
};

static const struct schema_field ramp_fields[] = {
	FIELD(raw_ramp, output, "output", NAME, NEEDED, .en = "a setpoint", .zh = "设定输出"),
	FIELD(raw_ramp, to, "to", VALUE, NEEDED, .shape = "a value", .en = "where it ends",
	      .zh = "终值"),
	FIELD(raw_ramp, rate, "rate", VALUE, NEEDED, .shape = "a rate like 0.005 MPa/s",
	      .en = "how fast, 0.005 MPa/s", .zh = "速率"),
	FIELD(raw_ramp, until, "until", VALUE, .shape = "a condition",
	      .en = "stops there when it holds", .zh = "停止条件"),
	FIELD(raw_ramp, hold_ns, "hold", DURATION, .max = 60, .en = "until has to hold this long",
	      .zh = "保持时间"),
	FIELD(raw_ramp, timeout_ns, "timeout", DURATION, .min = 0.1, .max = 3600,
	      .en = "until: longest time in all", .zh = "超时"),
	FIELD(raw_ramp, fails, "fails", TEXT,
	      .en = "measurement that fails when time runs out, or rig: the run ends error",
	      .zh = "超时判不合格的测量项,或 rig"),
	FIELD(raw_ramp, then_continue, "continue", BOOL,
	      .en = "go on with this step after that; else leave it", .zh = "超时后继续本工步"),
	FIELD(raw_ramp, attribution, "attribution", ENUM, .names = attributions,
	      .en = "whose fault the time-out is; the measurement's when absent", .zh = "归属"),
	END,
};
static const struct schema ramp_schema = {
	.name = "ramp",
	.size = sizeof(struct raw_ramp),
	.fields = ramp_fields,
	.en = "Move a setpoint slowly.",
	.zh = "缓变设定值。",
};

static const struct schema_field wait_fields[] = {
	FIELD(raw_wait, for_ns, "for", DURATION, .max = 3600, .en = "a fixed time",
	      .zh = "固定时间"),
	FIELD(raw_wait, until, "until", VALUE, .shape = "a condition",
	      .en = "a condition; then timeout and fails are needed", .zh = "等待条件"),
	FIELD(raw_wait, hold_ns, "hold", DURATION, .max = 600, .en = "it has to hold this long",
	      .zh = "保持时间"),
	FIELD(raw_wait, timeout_ns, "timeout", DURATION, .min = 0.1, .max = 3600,
	      .en = "longest wait", .zh = "超时"),
	FIELD(raw_wait, fails, "fails", TEXT,
	      .en = "measurement that fails when time runs out, or rig: the run ends error",
	      .zh = "超时判不合格的测量项,或 rig"),
	FIELD(raw_wait, then_continue, "continue", BOOL,
	      .en = "go on with this step after that; else leave it", .zh = "超时后继续本工步"),
	FIELD(raw_wait, attribution, "attribution", ENUM, .names = attributions,
	      .en = "whose fault the time-out is; the measurement's when absent", .zh = "归属"),
	END,
};
static const struct schema wait_schema = {
	.name = "wait",
	.size = sizeof(struct raw_wait),
	.fields = wait_fields,
	.shorthand = "for",
	.en = "Let time pass, or wait for a condition.",
	.zh = "等待时间或条件。",
};

static const struct schema_field settle_fields[] = {
	FIELD(raw_settle, of, "of", TEXTS, NEEDED, .en = "channels or derived values",
	      .zh = "通道或派生值"),
	FIELD(raw_settle, tolerance, "tolerance", VALUE, NEEDED, .shape = "a share like 2 %",
	      .en = "drift and spread over the window, as a share of the value", .zh = "相对容差"),
	FIELD(raw_settle, at_least, "at_least", PAIRS,
	      .en = "per name: the tolerance is at least this, 2 uS/cm", .zh = "最小绝对容差"),
	FIELD(raw_settle, window_ns, "window", DURATION, NEEDED, .min = 1, .max = 600,
	      .en = "over which it has to be steady", .zh = "稳定窗口"),
	FIELD(raw_settle, min_ns, "min", DURATION, .max = 3600, .en = "not before this time",
	      .zh = "最短时间"),
	FIELD(raw_settle, timeout_ns, "timeout", DURATION, NEEDED, .min = 1, .max = 3600,
	      .en = "then it goes on, not settled", .zh = "超时"),
	END,
};
static const struct schema settle_schema = {
	.name = "settle",
	.size = sizeof(struct raw_settle),
	.fields = settle_fields,
	.en = "Wait until values are steady. What is measured unsettled can only fail or be "
	      "inconclusive.",
	.zh = "等待数值稳定;未稳定时只能判不合格或无法判定。",
};

static const struct schema_field window_fields[] = {
	FIELD(raw_window, for_ns, "for", DURATION, NEEDED, .max = 3600,
	      .en = "its length; 0 s begins one and goes on", .zh = "窗口长度"),
	END,
};
static const struct schema window_schema = {
	.name = "window",
	.size = sizeof(struct raw_window),
	.fields = window_fields,
	.shorthand = "for",
	.en = "Begin the window of mean() and the other statistics, and collect for that long.",
	.zh = "开始统计窗口并采集。",
};

static const struct schema_field prompt_fields[] = {
	FIELD(raw_prompt, id, "id", NAME, NEEDED, .en = "what it asks: visual_ok, serial",
	      .zh = "提问标识"),
	FIELD(raw_prompt, kind, "kind", ENUM, NEEDED, .names = prompt_kinds, .en = "kind of answer",
	      .zh = "回答类型"),
	FIELD(raw_prompt, text, "text", TITLE, NEEDED, .max = 400,
	      .en = "what the technician reads", .zh = "提示文字"),
	FIELD(raw_prompt, attended, "attended", BOOL,
	      .en = "somebody stands there: outputs may be away from safe", .zh = "有人值守"),
	FIELD(raw_prompt, timeout_ns, "timeout", DURATION, NEEDED, .min = 1, .max = 86400,
	      .en = "how long an answer is waited for", .zh = "超时"),
	FIELD(raw_prompt, unit, "unit", VALUE, .shape = "a unit", .en = "number: its unit",
	      .zh = "单位"),
	FIELD(raw_prompt, range, "range", RANGE, .en = "number: what is accepted",
	      .zh = "可接受范围"),
	FIELD(raw_prompt, capture, "capture", NAME, .en = "number: name the answer gets",
	      .zh = "保存为"),
	FIELD(raw_prompt, measurement, "measurement", NAME,
	      .en = "yes_no: passes on yes, fails on no", .zh = "对应测量项"),
	END,
};
static const struct schema prompt_schema = {
	.name = "prompt",
	.size = sizeof(struct raw_prompt),
	.fields = prompt_fields,
	.en = "Ask the technician.",
	.zh = "询问技术员。",
};

static const struct schema_field check_fields[] = {
	FIELD(raw_check, holds, "holds", VALUE, NEEDED, .shape = "a condition", .en = "has to hold",
	      .zh = "必须成立的条件"),
	FIELD(raw_check, within_ns, "within", DURATION, .max = 600,
	      .en = "becomes true within; at once when absent", .zh = "时限"),
	FIELD(raw_check, hold_ns, "hold", DURATION, .max = 60, .en = "and holds this long",
	      .zh = "保持时间"),
	FIELD(raw_check, fails, "fails", TEXT, .def = "rig",
	      .en = "measurement that fails, or rig: the run ends error", .zh = "不成立时判定"),
	FIELD(raw_check, locks, "locks", BOOL,
	      .en = "when it does not hold the bay is locked until somebody looked",
	      .zh = "不成立则锁定工位"),
	END,
};
static const struct schema check_schema = {
	.name = "check",
	.size = sizeof(struct raw_check),
	.fields = check_fields,
	.shorthand = "holds",
	.en = "What has to be so before going on.",
	.zh = "继续之前必须成立的条件。",
};

static const struct schema action_schema;
static const struct schema_field trial_fields[] = {
	FIELD(raw_trial, for_ns, "for", DURATION, NEEDED, .min = 1, .max = 86400,
	      .en = "on the trial clock: powered, its cycle in force", .zh = "试运行计时"),
	FIELD(raw_trial, making, "making", VALUE, NEEDED, .shape = "a condition",
	      .en = "condition that water is being made", .zh = "制水条件"),
	FIELD(raw_trial, actions, "do", LIST, NEEDED, .sub = &action_schema,
	      .en = "the cycle: set and wait, repeated", .zh = "循环动作"),
	END,
};
static const struct schema trial_schema = {
	.name = "trial",
	.size = sizeof(struct raw_trial),
	.fields = trial_fields,
	.en = "A trial run: the cycle is repeated until the clock is full. An interruption starts "
	      "it from zero.",
	.zh = "试运行:循环直至计时完成;中断则从零开始。",
};

static const struct schema_field action_fields[] = {
	FIELD(raw_action, set, "set", PAIRS, .en = "outputs and their values", .zh = "设定输出"),
	FIELD(raw_action, ramp, "ramp", MAP, .sub = &ramp_schema, .en = "move a setpoint slowly",
	      .zh = "缓变"),
	FIELD(raw_action, wait, "wait", MAP, .sub = &wait_schema, .en = "a time or a condition",
	      .zh = "等待"),
	FIELD(raw_action, settle, "settle", MAP, .sub = &settle_schema,
	      .en = "until values are steady", .zh = "等待稳定"),
	FIELD(raw_action, window, "window", MAP, .sub = &window_schema,
	      .en = "collect for statistics", .zh = "统计窗口"),
	FIELD(raw_action, prompt, "prompt", MAP, .sub = &prompt_schema, .en = "ask the technician",
	      .zh = "询问"),
	FIELD(raw_action, capture, "capture", PAIRS, .en = "name: expression, kept for later",
	      .zh = "保存数值"),
	FIELD(raw_action, measure, "measure", TEXTS, .en = "measurements judged now",
	      .zh = "测量判定"),
	FIELD(raw_action, check, "check", MAP, .sub = &check_schema, .en = "has to be so",
	      .zh = "检查"),
	FIELD(raw_action, trial, "trial", MAP, .sub = &trial_schema, .en = "a trial run",
	      .zh = "试运行"),
	END,
};
static const struct schema action_schema = {
	.name = "an action",
	.size = sizeof(struct raw_action),
	.fields = action_fields,
	.one_of = true,
	.en = "One verb.",
	.zh = "一个动作。",
};

static const struct schema_field watch_fields[] = {
	FIELD(raw_watch, measurement, "measurement", NAME, NEEDED,
	      .en = "passes when it held throughout, fails at the first violation", .zh = "测量项"),
	FIELD(raw_watch, holds, "holds", VALUE, NEEDED, .shape = "a condition",
	      .en = "has to hold throughout the step", .zh = "全程必须成立"),
	FIELD(raw_watch, for_ns, "for", DURATION, .max = 600, .en = "violated this long counts",
	      .zh = "违反持续时间"),
	FIELD(raw_watch, stop, "stop", BOOL, .en = "leave the step at the first violation",
	      .zh = "违反即离开工步"),
	END,
};
static const struct schema watch_schema = {
	.name = "a watch",
	.size = sizeof(struct raw_watch),
	.fields = watch_fields,
	.en = "A limit that holds throughout a step.",
	.zh = "整个工步期间的限值。",
};

static const struct schema_field step_fields[] = {
	FIELD(raw_step, id, "step", NAME, NEEDED, .allow = STEP_ID, .en = "its code: H6",
	      .zh = "工步代号"),
	FIELD(raw_step, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_step, actions, "do", LIST, NEEDED, .sub = &action_schema,
	      .en = "what happens, in order", .zh = "动作"),
	FIELD(raw_step, watches, "watch", LIST, .sub = &watch_schema,
	      .en = "limits that hold throughout", .zh = "全程限值"),
	FIELD(raw_step, stop_on_fail, "stop_on_fail", BOOL,
	      .en = "a failed measurement ends the run after this step", .zh = "不合格即结束"),
	FIELD(raw_step, retries, "retries", INT, .max = 3,
	      .en = "after inconclusive or marginal, never after fail", .zh = "重试次数"),
	FIELD(raw_step, rig_check, "rig_check", BOOL,
	      .en = "what fails here is the rig: the run ends error", .zh = "台架自检"),
	END,
};
static const struct schema step_schema = {
	.name = "a step",
	.size = sizeof(struct raw_step),
	.fields = step_fields,
	.en = "One step. Outputs stay as they are until a step sets them.",
	.zh = "一个工步;输出保持到再次设定。",
};

static const struct schema_field abort_fields[] = {
	FIELD(raw_abort, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_abort, when, "when", VALUE, .shape = "a condition",
	      .en = "condition that ends the run at once; when, interlock or both",
	      .zh = "中止条件"),
	FIELD(raw_abort, for_ns, "for", DURATION, .max = 600, .en = "how long it has to hold",
	      .zh = "持续时间"),
	FIELD(raw_abort, interlock, "interlock", NAME,
	      .en = "an interlock of the fixture whose trip counts as this abort",
	      .zh = "对应联锁"),
	FIELD(raw_abort, class, "class", ENUM, NEEDED, .names = trip_classes, .en = "kind of trip",
	      .zh = "类别"),
	FIELD(raw_abort, attribution, "attribution", ENUM, NEEDED, .names = attributions,
	      .en = "whose fault it is by default", .zh = "默认归属"),
	FIELD(raw_abort, fails, "fails", NAME,
	      .en = "measurement that fails with it; needed when it is the unit's",
	      .zh = "判不合格的测量项"),
	END,
};
static const struct schema abort_schema = {
	.name = "an abort",
	.size = sizeof(struct raw_abort),
	.fields = abort_fields,
	.en = "A condition that ends the run at once, in any step.",
	.zh = "任何工步中立即结束测试的条件。",
};

static const struct schema_field profile_fields[] = {
	FIELD(raw_profile, id, "profile", NAME, NEEDED, .en = "its id, the file's name",
	      .zh = "方案标识"),
	FIELD(raw_profile, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_profile, revision, "revision", INT, NEEDED, .min = 1, .max = 1000000,
	      .en = "counts up with every change", .zh = "版本"),
	FIELD(raw_profile, class_name, "class", NAME, NEEDED, .en = "class of models it is for",
	      .zh = "适用类别"),
	FIELD(raw_profile, models, "models", TEXTS, .en = "only these models of the class",
	      .zh = "适用型号"),
	FIELD(raw_profile, made, "made", MAP, .sub = &made_schema, .en = "only units made then",
	      .zh = "适用生产日期"),
	FIELD(raw_profile, run_types, "run_types", ENUM_SET, NEEDED, .names = run_types,
	      .en = "run types it serves", .zh = "检测类型"),
	FIELD(raw_profile, variant, "variant", NAME, .def = "full", .en = "full, quick, training",
	      .zh = "变体"),
	FIELD(raw_profile, releasable, "releasable", BOOL, .required = true,
	      .en = "may a release rest on it; no for quick and training variants",
	      .zh = "可用于放行"),
	FIELD(raw_profile, unit_control, "unit_control", ENUM, NEEDED, .names = controls,
	      .en = "who controls the unit", .zh = "整机控制方式"),
	FIELD(raw_profile, envelope, "envelope", PAIRS,
	      .en = "channel or derived value: range within which results are valid",
	      .zh = "有效条件范围"),
	FIELD(raw_profile, derived, "derived", KEYED, .sub = &derived_schema,
	      .en = "named expressions", .zh = "派生值"),
	FIELD(raw_profile, measurements, "measurements", KEYED, NEEDED, .sub = &measurement_schema,
	      .en = "what is judged, by id", .zh = "测量项"),
	FIELD(raw_profile, aborts, "aborts", KEYED, .sub = &abort_schema,
	      .en = "what ends a run at once", .zh = "中止条件"),
	FIELD(raw_profile, setup, "setup", LIST, .sub = &step_schema, .en = "first steps",
	      .zh = "准备工步"),
	FIELD(raw_profile, steps, "steps", LIST, NEEDED, .sub = &step_schema, .en = "the steps",
	      .zh = "工步"),
	FIELD(raw_profile, teardown, "teardown", LIST, .sub = &step_schema,
	      .en = "last steps, run after a stop on fail too", .zh = "收尾工步"),
	END,
};
const struct schema profile_schema = {
	.name = "a profile",
	.size = sizeof(struct raw_profile),
	.fields = profile_fields,
	.en = "What is tested. It names channels and outputs, never devices or registers.",
	.zh = "测试内容;只引用通道与输出,不涉及设备与寄存器。",
};
