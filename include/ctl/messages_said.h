/* SPDX-License-Identifier: MIT
 *
 * The part of the catalogue that the station says: reason codes and sentences, as the sources of rig,
 * engine and station put them together, {1} where they put something in. tests/unit/
 * test_ctl_sources.c reads those sources and fails when one of their sentences is not here.
 */
#ifndef CTL_MESSAGES_SAID_H
#define CTL_MESSAGES_SAID_H

#define CTL_SAID(X)                                                                                                                \
	/* qualities, calibration, classes, attribution, run types */                                                              \
	X(Q_GOOD, "good", "正常")                                                                                                  \
	X(Q_STALE, "stale", "数据过期")                                                                                            \
	X(Q_NO_REPLY, "no_reply", "无应答")                                                                                        \
	X(Q_BAD_REPLY, "bad_reply", "应答无效")                                                                                    \
	X(Q_OUT_OF_RANGE, "out_of_range", "超出量程")                                                                              \
	X(Q_FROZEN, "frozen", "读数不变")                                                                                          \
	X(C_UNCALIBRATED, "uncalibrated", "未校准")                                                                                \
	X(C_LAPSED, "calibration_lapsed", "校准已过期")                                                                            \
	X(C_DATE_UNKNOWN, "calibration_date_unknown", "校准日期无法确认")                                                          \
	X(T_ESTOP, "estop", "急停")                                                                                                \
	X(T_LEAK, "leak", "漏水")                                                                                                  \
	X(T_OVER_PRESSURE, "over_pressure", "超压")                                                                                \
	X(T_OVER_TEMPERATURE, "over_temperature", "超温")                                                                          \
	X(T_DRY_RUN, "dry_run", "缺水空转")                                                                                        \
	X(T_OVER_CURRENT, "over_current", "过流")                                                                                  \
	X(T_SENSOR, "sensor", "传感器")                                                                                            \
	X(T_TIMEOUT, "timeout", "超时")                                                                                            \
	X(T_COMMS, "comms", "通信")                                                                                                \
	X(T_OPERATOR, "operator", "操作员")                                                                                        \
	X(A_UNIT, "unit", "被测机")                                                                                                \
	X(A_HOSE, "hose", "软管")                                                                                                  \
	X(A_RIG, "rig", "台架")                                                                                                    \
	X(R_INCOMING, "incoming", "接收检验")                                                                                      \
	X(R_DIAGNOSIS, "diagnosis", "故障检测")                                                                                    \
	X(R_POST_REPAIR, "post_repair_qc", "维修后质检")                                                                           \
	X(R_TRIAL, "trial_run", "试运行")                                                                                          \
	X(R_ACCEPTANCE, "acceptance", "客户验收")                                                                                  \
	X(R_PART, "part_qc", "配件入库质检")                                                                                       \
	X(R_VERIFICATION, "verification", "标准样机核查")                                                                          \
	X(R_MSA, "msa", "测量系统分析")                                                                                            \
	X(B_NOT_READY, "not_ready", "未就绪")                                                                                      \
	X(B_ACTIVE, "active", "运行中")                                                                                            \
	X(K_RECEIVED, "received", "已接收")                                                                                        \
	X(K_IN_TEST, "in_test", "检测中")                                                                                          \
	X(K_TESTED, "tested", "已检测")                                                                                            \
	X(K_RELEASED, "released", "已放行")                                                                                        \
	X(P_BROKEN, "broken", "文件有错误")                                                                                        \
	X(P_UNAPPROVED, "unapproved", "未批准")                                                                                    \
	X(L_REQUIRED, "required_seconds", "要求秒数")                                                                              \
	X(L_SECONDS, "seconds", "秒数")                                                                                            \
	X(L_RUN_MODEL, "run_model", "检测所用型号")                                                                                \
	X(L_RUN_SEQ, "run_repair_seq", "检测时的维修序号")                                                                         \
	X(L_FULL, "full", "完整")                                                                                                  \
	X(L_QUICK, "quick", "快速")                                                                                                \
	/* reasons of measurements and runs */                                                                                     \
	X(E_MISSING, "missing", "没有读数")                                                                                        \
	X(E_GAP, "gap", "读数中断")                                                                                                \
	X(E_NO_WINDOW, "no_window", "没有测量窗口")                                                                                \
	X(E_NO_UPDATES, "no_updates", "读数没有更新")                                                                              \
	X(E_NOT_CAPTURED, "not_captured", "没有记下的值")                                                                          \
	X(E_NOT_MEASURED, "not_measured", "没有测量值")                                                                            \
	X(E_NOT_SETTLED, "not_settled", "未稳定")                                                                                  \
	X(E_TOO_SHORT, "too_short", "时间太短，无法判定")                                                                          \
	X(E_NOT_A_NUMBER, "not_a_number", "算不出数值")                                                                            \
	X(E_UNKNOWN, "unknown", "未知")                                                                                            \
	X(E_CHECK, "check", "检查")                                                                                                \
	X(E_LOCK, "lock", "锁定工位")                                                                                              \
	X(E_RIG_CHECK, "rig_check", "台架检查未通过")                                                                              \
	X(E_RIG_TIMEOUT, "rig_timeout", "台架等待超时")                                                                            \
	X(E_UNKNOWN_ACTION, "unknown_action", "未知动作")                                                                          \
	X(E_ANSWERED, "answered", "已回答")                                                                                        \
	X(E_PROMPT_TIMEOUT, "prompt_timeout", "提问无人回答")                                                                      \
	X(E_SERIAL_MISMATCH, "serial_mismatch", "序列号不符")                                                                      \
	X(E_ABORT, "abort", "人工中止")                                                                                            \
	X(E_LATE, "late", "迟到的指令")                                                                                            \
	X(E_NO_STEPS, "no_steps", "没有工步")                                                                                      \
	X(E_NOT_PROVEN, "not_proven", "安全状态未验证")                                                                            \
	X(E_TRIP, "trip", "安全跳停")                                                                                              \
	X(E_CONTRADICTION, "contradiction", "台架自相矛盾")                                                                        \
	X(E_NOT_JUDGED, "not_judged", "未判定")                                                                                    \
	X(E_UNCERTAINTY, "uncertainty_unknown", "不确定度未知")                                                                    \
	X(E_NESTED_TRIAL, "nested_trial", "试运行嵌套")                                                                            \
	X(E_RETRY, "retry", "重试")                                                                                                \
	X(E_STEP_CUT, "step_cut", "工步中断")                                                                                      \
	X(E_TRIAL_INTERRUPTED, "trial_interrupted", "试运行中断")                                                                  \
	X(E_TRIAL_TIMEOUT, "trial_timeout", "试运行超时")                                                                          \
	X(E_WATCH, "watch", "监视条件不成立")                                                                                      \
	X(E_IO_LOST, "io_lost", "与 benchd-io 失去联系")                                                                           \
	X(E_BAY_NOT_READY, "bay_not_ready", "工位未就绪")                                                                          \
	X(E_BAY_LOST, "bay_lost", "工位已不在运行")                                                                                \
	X(E_INTERRUPTED, "the run has no end", "检测没有正常结束")                                                                 \
	X(G_STALE, "stale {1}", "{1} 数据过期")                                                                                    \
	X(G_NO_REPLY, "no_reply {1}", "{1} 无应答")                                                                                \
	X(G_BAD_REPLY, "bad_reply {1}", "{1} 应答无效")                                                                            \
	X(G_OUT_OF_RANGE, "out_of_range {1}", "{1} 超出量程")                                                                      \
	X(G_MISSING, "missing {1}", "{1} 没有读数")                                                                                \
	X(G_GAP, "gap {1}", "{1} 读数中断")                                                                                        \
	X(G_NO_WINDOW, "no_window {1}", "{1} 没有测量窗口")                                                                        \
	X(G_NO_UPDATES, "no_updates {1}", "{1} 读数没有更新")                                                                      \
	X(G_NOT_CAPTURED, "not_captured {1}", "{1} 没有记下的值")                                                                  \
	X(G_NOT_MEASURED, "not_measured {1}", "{1} 没有测量值")                                                                    \
	X(G_NOT_SETTLED, "not_settled {1}", "{1} 未稳定")                                                                          \
	X(G_NOT_A_NUMBER, "not_a_number {1}", "{1} 算不出数值")                                                                    \
	X(G_UNCALIBRATED, "uncalibrated {1}", "{1} 未校准")                                                                        \
	X(G_LAPSED, "calibration_lapsed {1}", "{1} 校准已过期")                                                                    \
	X(G_DATE_UNKNOWN, "calibration_date_unknown {1}", "{1} 校准日期无法确认")                                                  \
	X(M_TIMEOUT, "timeout, {1}", "超时，{1}")                                                                                  \
	X(M_WATCH, "watch, {1}", "监视，{1}")                                                                                      \
	X(M_CONTRADICTED, "contradicted {1}", "{1} 与台架其他读数矛盾")                                                            \
	X(M_ENVELOPE_UNKNOWN, "envelope unknown: {1}", "检测条件无法确认：{1}")                                                    \
	X(M_ENVELOPE_UNSETTLED, "envelope unknown: not_settled {1}",                                                               \
	  "检测条件无法确认：{1} 未稳定")                                                                                          \
	X(M_ENVELOPE, "envelope {1}", "检测条件超出范围：{1}")                                                                     \
	X(M_LIMIT_UNKNOWN, "limit unknown: {1}", "限值无法确定：{1}")                                                              \
	X(M_WHOLE_WINDOW, "not_settled: whole window beyond", "未稳定，但整个窗口都超出限值")                                      \
	X(M_FROZEN, "frozen {1}", "{1} 读数不变")                                                                                  \
	X(M_DOES_NOT_HOLD, "{1} does not hold", "{1} 不成立")                                                                      \
	X(M_DRIFT, "{1}: drift {2}, spread {3} (SI)", "{1}：漂移 {2}，波动 {3}（国际单位）")                                       \
	X(M_ANSWERED_NO, "answered no", "回答为“否”")                                                                              \
	X(M_ONLY_OK, "\"{1}\" is no answer; expected ok", "“{1}”不是有效回答；应为 ok")                                            \
	X(M_ONLY_YES_NO, "\"{1}\" is no answer; expected yes or no",                                                               \
	  "“{1}”不是有效回答；应为 yes 或 no")                                                                                     \
	X(M_NO_NUMBER, "\"{1}\" is no number; expected one in {2}",                                                                \
	  "“{1}”不是数值；应为以 {2} 表示的数值")                                                                                  \
	X(M_PLAIN_DIGITS, "plain digits", "数字")                                                                                  \
	X(M_SECRET_GONE,                                                                                                           \
	  "this token was given, and its secret cannot be shown again: the station's key has changed "                             \
	  "since; revoke it and make another",                                                                                     \
	  "该令牌已发放，其密钥无法再次显示：工作站密钥此后已更换；请吊销后重新生成")                                              \
	X(M_NOTHING, "nothing", "无")                                                                                              \
	X(M_NO_QUESTION, "no question is open", "当前没有待回答的提问")                                                            \
	X(M_NO_PROMPT, "no prompt \"{1}\" is open", "没有待回答的提问“{1}”")                                                       \
	X(M_NO_ANSWER, "prompt \"{1}\" takes no answer", "提问“{1}”不接受回答")                                                    \
	X(M_SCANNED, "scanned {1}", "扫描到 {1}")                                                                                  \
	X(M_OTHER_PLATE, "scanned {1}, the ticket is for {2}; scan the plate of that unit",                                        \
	  "扫描到 {1}，而工单对应 {2}；请扫描那台机器的铭牌")                                                                      \
	X(M_ENDS_INCONCLUSIVE, "scanned {1}, the run began with {2}: it ends inconclusive",                                        \
	  "扫描到 {1}，而检测是以 {2} 开始的：以无结论结束")                                                                       \
	X(M_NO_PLATE_SCAN, "\"{1}\" is no serial of any model here; scan the plate",                                               \
	  "“{1}”不是本站任何型号的机号；请扫描铭牌")                                                                               \
	X(M_NO_PLATE, "\"{1}\" is no serial of any model here; type what the plate says",                                          \
	  "“{1}”不是本站任何型号的机号；请按铭牌输入")                                                                             \
	X(M_AT_WORK, "the run is at work; answer again", "检测正忙；请再回答一次")                                                 \
	X(M_OTHER_SERIAL, "the serial on the bay is not {1}", "工位上的序列号不是 {1}")                                            \
	X(M_OUTSIDE, "{1} is outside {2}..{3}", "{1} 超出范围 {2}..{3}")                                                           \
	X(M_NOT_ANSWERED, "{1} was not answered", "{1} 没有人回答")                                                                \
	X(M_NO_RIG_ANSWER, "no answer from the rig", "台架没有应答")                                                               \
	X(M_NOT_PROVEN, "safe state not proven: {1}", "安全状态未验证：{1}")                                                       \
	X(M_A_MEASUREMENT, "a measurement", "某个测量项")                                                                          \
	X(M_FROM_ZERO, "the next one starts from zero", "下一次从零开始")                                                          \
	X(M_TRIAL_STANDS, "the trial clock stands", "试运行计时停住")                                                              \
	X(M_COULD_NOT, "{1} could not be shown: {2} is {3}", "{1} 无法确认：{2}为{3}")                                             \
	X(M_COULD_NOT_WHY, "{1} could not be shown: {2} is {3}: {4}",                                                              \
	  "{1} 无法确认：{2}为{3}：{4}")                                                                                           \
	X(M_COULD_NOT_JUDGE, "{1} could not be shown: {2} was not judged",                                                         \
	  "{1} 无法确认：{2} 未判定")                                                                                              \
	X(M_WAS, "{1} was {2}", "{1} 的判定为{2}")                                                                                 \
	/* the station */                                                                                                          \
	X(N_CHECK_FAILED, "a check of the rig failed", "台架检查未通过")                                                           \
	X(N_BAY_BUTTON, "bay button", "工位按钮")                                                                                  \
	X(N_RESET_BUTTON, "reset button", "复位按钮")                                                                              \
	X(N_LOCKED, "bay {1} is locked: {2}; find the cause, then: benchctl bay reset {3}",                                        \
	  "工位 {1} 已锁定：{2}；查明原因后执行：benchctl bay reset {3}")                                                          \
	X(N_TYPE_AGAIN, "type the serial from the plate once more", "请再输入一次铭牌上的序列号")                                  \
	X(N_TYPED_TWICE, "typed twice: {1}", "两次输入：{1}")                                                                      \
	X(N_BAY_IS_RESET, "bay {1} is {2}: {3}; find the cause, then: benchctl bay reset {4}",                                     \
	  "工位 {1} {2}：{3}；查明原因后执行：benchctl bay reset {4}")                                                             \
	X(N_BAY_IS, "bay {1} is {2}", "工位 {1} {2}")                                                                              \
	X(N_BAY_IS_WHY, "bay {1} is {2}: {3}", "工位 {1} {2}：{3}")                                                                \
	X(N_NO_IO, "benchd-io is not connected", "benchd-io 未连接")                                                               \
	X(N_SCAN_FIRST, "scan ticket and serial first", "请先扫描工单和序列号")                                                    \
	X(N_LINK_CLOSED, "link closed", "连接已断开")                                                                              \
	X(N_BEFORE_RUN, "bay {1} did not pass its check before the run: {2}",                                                      \
	  "工位 {1} 检测前检查未通过：{2}")                                                                                        \
	X(N_CHECK_TIME, "benchd-io did not finish the check of the bay within 15 s",                                               \
	  "benchd-io 未在 15 秒内完成工位检查")                                                                                    \
	X(N_LOST_BEGIN, "benchd-io was lost while the run began",                                                                  \
	  "检测开始时与 benchd-io 失去联系")                                                                                       \
	X(N_TRIP_UNPROVEN, "safe state not proven", "安全状态未验证")                                                              \
	X(N_NO_PROOF, "no proof of the safe state within {1} s", "{1} 秒内未能验证安全状态")                                       \
	X(N_STATION_STOPS, "the station stops", "检测台正在停止")                                                                  \
	X(N_RUN_TYPE,                                                                                                              \
	  "\"{1}\" is no run type; one of incoming, diagnosis, post_repair_qc, trial_run, acceptance, part_qc, verification, msa", \
	  "“{1}”不是检测类型；应为 incoming、diagnosis、post_repair_qc、trial_run、acceptance、part_qc、verification、msa 之一")   \
	X(N_BUSY, "bay {1} is busy with ticket {2} (run {3}, operator {4})",                                                       \
	  "工位 {1} 正在检测工单 {2}（检测 {3}，操作员 {4}）")                                                                     \
	X(N_SERIAL_NEEDED,                                                                                                         \
	  "name the serial from the unit's plate (--serial), or scan it at the bay: this profile does not ask for it",             \
	  "请用 --serial 给出机身铭牌上的序列号，或在工位扫描：该测试方案不会询问序列号")                                          \
	X(N_NO_PROFILE_FOR,                                                                                                        \
	  "no releasable profile for this model and run type{1}; see: benchctl profile list",                                      \
	  "该型号和检测类型没有可用于放行的测试方案{1}；查看：benchctl profile list")                                              \
	X(N_PROFILE_FIT, "profile {1} does not fit bay {2}: {3}",                                                                  \
	  "测试方案 {1} 不适用于工位 {2}：{3}")                                                                                    \
	X(N_UNKNOWN_HERE, "\"{1}\" is unknown here", "这里没有“{1}”")                                                              \
	X(N_PROFILE_BROKEN, "profile {1} is broken; see: benchctl profile list",                                                   \
	  "测试方案 {1} 有错误；查看：benchctl profile list")                                                                      \
	X(N_PROFILE_OTHER, "profile {1} is not for model {2} and run type {3}",                                                    \
	  "测试方案 {1} 不适用于型号 {2} 和检测类型 {3}")                                                                          \
	X(N_SEE_CHECK, "see benchctl profile check", "查看 benchctl profile check")                                                \
	X(N_STOPPED_BEFORE, "stopped before it began: {1}", "开始之前已停止：{1}")                                                 \
	X(N_BAY_TRIPPED, "the bay tripped: {1}", "工位已跳停：{1}")                                                                \
	X(N_LINK_BROKE, "the link to benchd-io broke; try again when the bay is ready",                                            \
	  "与 benchd-io 的连接中断；工位就绪后请重试")                                                                             \
	X(N_STOPPING, "the station is stopping", "检测台正在停止")                                                                 \
	X(N_STOPPING_START, "the station is stopping; start it again first",                                                       \
	  "检测台正在停止；请先重新启动")                                                                                          \
	X(N_WRONG_UNIT,                                                                                                            \
	  "the unit's serial {1} is not that of ticket {2} ({3}): wrong unit or wrong ticket",                                     \
	  "机身序列号 {1} 与工单 {2}（{3}）不符：机器或工单有误")                                                                  \
	X(N_NO_PROFILE, "there is no profile {1}; see: benchctl profile list",                                                     \
	  "没有测试方案 {1}；查看：benchctl profile list")                                                                         \
	X(N_NO_TICKET,                                                                                                             \
	  "there is no ticket \"{1}\"; add it with: benchctl ticket add {2} --serial ... --model ...",                             \
	  "没有工单“{1}”；可添加：benchctl ticket add {2} --serial ... --model ...")                                               \
	X(N_NO_MODEL,                                                                                                              \
	  "ticket {1} is for model {2}, which this station does not know; add profiles/models/{3}.yaml",                           \
	  "工单 {1} 的型号 {2} 本站不认识；请添加 profiles/models/{3}.yaml")                                                       \
	X(N_UNDER_TEST, "ticket {1}, serial {2} is under test on bay {3} (operator {4})",                                          \
	  "工单 {1}、序列号 {2} 正在工位 {3} 检测（操作员 {4}）")                                                                  \
	X(N_TWO_PROFILES, "two profiles fit ({1}, {2}); name one with --profile",                                                  \
	  "有两个测试方案适用（{1}、{2}）；请用 --profile 指定")                                                                   \
	X(N_MADE_SAFE, "benchd-io --make-safe proved the safe state",                                                              \
	  "benchd-io --make-safe 已验证安全状态")                                                                                  \
	X(N_NOT_MADE_SAFE, "benchd-io --make-safe could not prove the safe state",                                                 \
	  "benchd-io --make-safe 未能验证安全状态")                                                                                \
	X(N_IO_CONFIG, "benchd-io refused its configuration", "benchd-io 拒绝了它的配置")                                          \
	X(N_HAS_RUN, "bay {1} has a run; abort it first", "工位 {1} 正在检测；请先中止")                                           \
	X(N_NOT_RESET, "bay {1} is not reset: {2}", "工位 {1} 没有复位：{2}")                                                      \
	X(N_ON, "on", "有信号")                                                                                                    \
	X(N_OFF, "off", "无信号")                                                                                                  \
	X(N_RESET_TWICE, "somebody else resets it at this moment", "别人正在复位")                                                 \
	X(N_NO_RESET, "bay {1} is {2}; only a tripped or locked bay is reset",                                                     \
	  "工位 {1} {2}；只有已跳停或已锁定的工位才需复位")                                                                        \
	X(N_NO_BAY_READY, "no bay is ready; see: benchctl bay list",                                                               \
	  "没有就绪的工位；查看：benchctl bay list")                                                                               \
	X(N_STOPPED_AT_BAY, "stopped at the bay", "在工位按下停止")                                                                \
	X(N_ABORTED, "aborted by request", "按请求中止")                                                                           \
	X(N_WRITING, "the station is writing; try again in a moment",                                                              \
	  "检测台正在写入；请稍后重试")                                                                                            \
	X(N_NO_BAY, "there is no bay \"{1}\"; the bays are {2}", "没有工位“{1}”；现有工位：{2}")                                   \
	X(N_NO_SERIAL, "no ticket and no run is of serial \"{1}\"; see: benchctl ticket list",                                     \
	  "没有序列号为“{1}”的工单或检测；查看：benchctl ticket list")                                                             \
	X(N_MODEL_UNKNOWN, "model: this station does not know model \"{1}\"; it knows {2}",                                        \
	  "本站不认识型号“{1}”；认识的型号：{2}")                                                                                  \
	X(N_RUN_GOES_ON, "run {1} goes on; abort it first", "检测 {1} 仍在进行；请先中止它")                                       \
	X(N_RUN_VOID, "run {1} is void already", "检测 {1} 已作废")                                                                \
	X(N_REFUSAL_CODE, "code: a refusal names the symptom it is for, such as S03",                                              \
	  "code：拒收须写明故障现象代码，例如 S03")                                                                                \
	X(N_STORE_CHECKED, "the database is checked after an unclean stop; ask again in a moment",                                 \
	  "异常停机后正在检查数据库；请稍后再查询")                                                                                \
	X(N_STORE_DAMAGED, "the database is damaged; restore a backup",                                                            \
	  "数据库已损坏；请恢复备份")                                                                                              \
	X(N_DISPOSITION,                                                                                                           \
	  "?disposition=: repaired, no_fault_found, returned_unrepaired, scrapped or replaced expected",                           \
	  "?disposition=：应为 repaired、no_fault_found、returned_unrepaired、scrapped 或 replaced")                               \
	X(N_TICKETS_OWNER,                                                                                                         \
	  "tickets come from the ticketing system here (tickets.owner: ticketing)",                                                \
	  "本站的工单来自工单系统（tickets.owner: ticketing）")                                                                    \
	X(N_IF_MATCH, "If-Match must be an ETag of this ticket", "If-Match 应为该工单的 ETag")                                     \
	X(N_CHOICE, "?{1}= takes one of {2}", "?{1}= 只能取：{2}")                                                                 \
	X(N_SIGN, "sign: person or PIN is not right", "签名：人员或 PIN 不正确")                                                   \
	X(N_TOOK_LONGER, "{1} took longer than {2} s; logs are in {3}",                                                            \
	  "{1}超过 {2} 秒；日志在 {3}")                                                                                            \
	X(N_SIM_RIG, "the simulated rig", "模拟台架")                                                                              \
	X(N_SAFE_PROOF, "the proof of the safe state", "安全状态的验证")                                                           \
	X(N_SCANNING, "scanning", "扫描")                                                                                          \
	X(N_RUNS_LONGER, "the runs took longer than {1} s", "检测超过 {1} 秒")                                                     \
	X(N_BENCHD_ENDED_BADLY, "benchd did not end well (code {1}); its log is {2}",                                              \
	  "benchd 未正常结束（代码 {1}）；日志：{2}")                                                                              \
	X(N_BENCHD_ENDED, "benchd ended (exit code {1}); its log is {2}",                                                          \
	  "benchd 已结束（退出代码 {1}）；日志：{2}")                                                                              \
	X(N_BENCHSIM_ENDED, "benchsim ended; its log is {1}", "benchsim 已结束；日志：{1}")                                        \
	X(N_FOLDER_LONG, "{1} is too long for the sockets in it; name a shorter --dir",                                            \
	  "{1} 太长，无法放置套接字；请用更短的 --dir")                                                                            \
	X(N_FOLDER, "folder {1}: {2}; name another --dir", "文件夹 {1}：{2}；请换一个 --dir")                                      \
	X(N_PIN_MISSING, "no PIN of {1}: type it, give it as a line of stdin, or in BENCHCTL_PIN",                                 \
	  "没有 {1} 的 PIN：请输入，或由标准输入的一行或 BENCHCTL_PIN 给出")                                                       \
	X(N_ANSWERS_STATUS, "the station answers with status {1}", "检测台返回状态 {1}")                                           \
	X(N_RUN_STATUS, "run {1}: the station answers with status {2}",                                                            \
	  "检测 {1}：检测台返回状态 {2}")                                                                                          \
	X(N_BAY_GONE, "the station has no bay {1} any more", "检测台已没有工位 {1}")                                               \
	X(N_RUN_ID_LONG, "\"{1}...\" is no run; see: benchctl run list",                                                           \
	  "“{1}...”不是检测；查看：benchctl run list")                                                                             \
	X(E_OLD_READING, "old_reading", "读数过旧")                                                                                \
	X(N_NO_SUCH_PROFILE, "there is no profile \"{1}\"; see: benchctl profile list",                                            \
	  "没有测试方案“{1}”；查看：benchctl profile list")                                                                        \
	X(N_NO_SUCH_RUN, "there is no run \"{1}\"; see: benchctl run list",                                                        \
	  "没有检测“{1}”；查看：benchctl run list")                                                                                \
	X(N_NO_ROUTE,                                                                                                              \
	  "this benchd has no such route; client and station are of different releases",                                           \
	  "这个 benchd 没有该接口；客户端与检测台版本不同")                                                                        \
	X(N_NAME_TICKET, "ticket: name the ticket, or scan it at bay {1} first",                                                   \
	  "请指定工单，或先在工位 {1} 扫描")                                                                                       \
	X(N_TEXT, "{1}: at most {2} bytes expected", "{1}：应不超过 {2} 字节")                                                     \
	X(N_MEMBER, "{1}: unknown member", "{1}：未知成员")                                                                        \
	X(N_CURSOR, "?cursor= must be the number of an earlier answer, or left out",                                               \
	  "?cursor= 应为先前回答中的数字，或省略")                                                                                 \
	X(N_NOT_RUNNING, "run \"{1}\" is not running on this station", "检测“{1}”不在本站进行")                                    \
	X(N_NOT_RUNNING_SEE, "run \"{1}\" is not running on this station; see: benchctl run list",                                 \
	  "检测“{1}”不在本站进行；查看：benchctl run list")                                                                        \
	X(N_NO_RESULT, "run {1} has begun but has no result yet", "检测 {1} 已开始，尚无结果")                                     \
	X(N_BODY, "the body must be a JSON object", "请求体应为 JSON 对象")                                                        \
	X(N_WEB_CANNOT, "benchd-web cannot start, its message is above",                                                           \
	  "benchd-web 无法启动，原因见上文")                                                                                       \
	X(N_NO_END, "does not come to an end", "一直没有结束")                                                                     \
	X(N_NOT_END, "does not end", "没有结束")                                                                                   \
	X(N_EXIT, "exit code {1}", "退出码 {1}")                                                                                   \
	X(N_KILLED, "killed by signal {1}", "被信号 {1} 终止")                                                                     \
	X(N_NO_PROGRESS, "makes no progress", "没有进展")                                                                          \
	X(N_A_TICKET_NONE, "no ticket", "没有工单")                                                                                \
	X(N_NOBODY, "nobody on duty: scan a badge first", "无人在岗：请先扫描工牌")                                                \
	X(N_IO_REFUSED, "benchd-io is refused: {1}", "benchd-io 被拒绝：{1}")                                                      \
	X(N_NOT_THE_DEVICE, "not the device", "不是该设备")                                                                        \
	X(N_UNQUALIFIED, "{1} is not qualified for {2} on {3} (people.unqualified: block)",                                        \
	  "{1} 没有在 {3} 上进行{2}的上岗资格（people.unqualified: block）")                                                       \
	X(N_NOBODY_KNOWN, "nobody known", "未知人员")                                                                              \
	X(N_BEGIN, "begin of a run", "检测的开始")                                                                                 \
	X(N_NOTE, "note of a run", "检测的记录")                                                                                   \
	X(N_TRACE, "trace of a run", "检测的曲线")                                                                                 \
	X(N_END, "end of a run", "检测的结束")                                                                                     \
	X(N_NOT_KEPT, "the record of run {1} could not be kept", "检测 {1} 的记录无法保存")                                        \
	X(N_TICKET_EXISTS, "ticket \"{1}\" exists already", "工单“{1}”已存在")                                                     \
	X(N_NO_SUCH_TICKET, "there is no ticket \"{1}\"; see: benchctl ticket list",                                               \
	  "没有工单“{1}”；查看：benchctl ticket list")                                                                             \
	X(N_WRONG_SERIAL, "serial: serial \"{1}\" is no {2}; expected one like {3}",                                               \
	  "序列号“{1}”不是 {2} 的序列号；应为 {3}")                                                                                \
	X(N_WRONG_MODEL,                                                                                                           \
	  "model: this station does not know model \"{1}\"; see profiles/models, or correct the model",                            \
	  "本站不认识型号“{1}”；查看 profiles/models，或更正型号")                                                                 \
	X(N_NO_STATION, "no station answers at {1}; start benchd, or name its --state",                                            \
	  "{1} 没有检测台应答；请启动 benchd，或用 --state 指定")                                                                  \
	X(N_GONE, "the station is gone", "检测台已断开")                                                                           \
	X(N_SILENT, "the station does not answer", "检测台没有应答")                                                               \
	X(N_TAKES_NONE, "the station takes no request", "检测台不接受请求")                                                        \
	X(X_NOENT, "No such file or directory", "没有这个文件或文件夹")                                                            \
	X(X_ACCES, "Permission denied", "没有权限")                                                                                \
	X(X_NOSPC, "No space left on device", "磁盘已满")                                                                          \
	X(X_IO, "Input/output error", "读写错误")                                                                                  \
	X(N_LAPSED, "the calibration of {1} has lapsed; a diagnosis may run, this run may not",                                    \
	  "{1} 的校准已过期；可以做故障检测，不能做本检测")                                                                        \
	/* what doctor says */                                                                                                     \
	X(H_RESET_BAY, "find the cause, then: benchctl bay reset {1}",                                                             \
	  "查明原因，然后执行：benchctl bay reset {1}")                                                                            \
	X(H_TRACES_KEPT, "traces are kept {1} days", "原始数据保留 {1} 天")                                                        \
	X(H_TRACES_STAY, "traces are kept for good", "原始数据永久保留")                                                           \
	X(H_NOT_PRUNED, "nothing is pruned: {1}", "未清理旧数据：{1}")                                                             \
	X(H_NO_CLOCK, "the clock is not synchronised", "时钟未同步")                                                               \
	X(H_GAP,                                                                                                                   \
	  "no run ended in the {1} days from {2}: the records do not show that the time since has passed",                         \
	  "自 {2} 起 {1} 天内没有结束的检测：记录不能证明此后的时间已过去")                                                        \
	X(H_SEE_STATE_DISK,                                                                                                        \
	  "see to the disk of the state folder; the station tries again by itself",                                                \
	  "请检查状态文件夹所在的磁盘；检测台会自动重试")                                                                          \
	X(H_TRACES_WAIT, "traces stay until the records show it; keep the disk's room in view",                                    \
	  "在记录能证明之前原始数据保留；请留意磁盘空间")                                                                          \
	X(H_SEE_TICKETS, "{1}; see: benchctl ticket list", "{1}；查看：benchctl ticket list")                                      \
	X(H_NOBODYS, "no ticket and no run is of serial \"{1}\"", "没有序列号为 {1} 的工单或检测")                                 \
	X(H_HELD, "serial \"{1}\" is on hold already", "序列号 {1} 已在保留中")                                                    \
	X(H_NOT_HELD, "serial \"{1}\" is not on hold", "序列号 {1} 没有保留")                                                      \
	X(H_NO_COPY, "no copy is kept in a second place", "没有在第二处保存副本")                                                  \
	X(H_BACKUP_TO, "start benchd with --backup FOLDER, on another disk",                                                       \
	  "用 --backup 文件夹（另一块磁盘上）启动 benchd")                                                                         \
	X(H_NO_BACKUP, "no backup now: {1}", "目前没有备份：{1}")                                                                  \
	X(H_SEE_DISK, "see to that disk; the station tries again by itself",                                                       \
	  "请检查那块磁盘；检测台会自动重试")                                                                                      \
	X(H_NO_BACKUP_YET, "no backup yet", "还没有备份")                                                                          \
	X(H_DISK_LOW, "the disk is nearly full: {1} MiB left, no run begins",                                                      \
	  "磁盘将满：剩余 {1} MiB，不再开始检测")                                                                                  \
	X(H_DISK_ROOM, "make room on the disk of the state folder",                                                                \
	  "请在状态文件夹所在磁盘上腾出空间")                                                                                      \
	X(B_CALIBRATION, "the interlocks do not know calibration {1} of {2}",                                                      \
	  "联锁尚未采用 {2} 的校准 {1}")                                                                                           \
	X(B_CALIBRATION_WHY, "the interlocks do not know calibration {1} of {2}: {3}",                                             \
	  "联锁未采用 {2} 的校准 {1}：{3}")                                                                                        \
	X(B_CALIBRATING, "a calibration of rig {1} is being recorded; try again",                                                  \
	  "台架 {1} 的校准正在记录；请稍后再试")                                                                                   \
	X(B_DISK_LOW, "the disk is nearly full, {1} MiB left: make room, then start again",                                        \
	  "磁盘将满，剩余 {1} MiB：请腾出空间后再开始")                                                                            \
	X(H_BACKUP_NOW, "benchctl backup makes one now", "可执行 benchctl backup 立即备份")                                        \
	X(H_LAST_BACKUP, "last backup {1}, verified, {2} items", "上次备份 {1}，已验证，{2} 项")                                   \
	X(H_DEVICE_SAYS, "device {1}: firmware version {2}, no comms watchdog",                                                    \
	  "设备 {1}：固件版本 {2}，没有通信看门狗")                                                                                \
	X(H_NO_WATCHDOG, "no comms watchdog", "没有通信看门狗")                                                                    \
	X(H_STAY_ON, "its outputs stay on when its line or benchd-io dies: wire a dead-man line",                                  \
	  "总线或 benchd-io 中断时它的输出会保持接通：请接失能线")                                                                 \
	X(H_RIG_WHY, "rig {1}: {2}", "台架 {1}：{2}")                                                                              \
	X(H_START_BOTH, "start both anew, with the same options and files",                                                        \
	  "请用相同的选项和文件重新启动两者")                                                                                      \
	X(H_IO_REFUSED, "a benchd-io is refused: {1}", "有一个 benchd-io 被拒绝：{1}")                                             \
	X(H_STOP_IT, "stop it, or give it a fixture of this station",                                                              \
	  "停止它，或给它本站的接线文件")                                                                                          \
	X(H_TOKEN_WIDE, "the token file is open to others than its user",                                                          \
	  "令牌文件对其所有者以外开放")                                                                                            \
	X(H_TOKEN_NEW,                                                                                                             \
	  "delete the file `token` of the state folder and restart benchd: it makes a new one with mode 600",                      \
	  "删除状态文件夹中的 token 并重启 benchd：会生成权限为 600 的新文件")                                                     \
	X(H_CHECK_FILE, "benchctl profile check FILE", "执行 benchctl profile check 文件")                                         \
	X(H_DEVICE, "check power, wiring, address and bus settings of the device",                                                 \
	  "检查该设备的电源、接线、地址和总线设置")                                                                                \
	X(H_CHECK_DISK, "check the disk, then start the station again",                                                            \
	  "检查磁盘，然后重新启动检测台")                                                                                          \
	X(H_DEVICE_IS, "device {1}: {2}", "设备 {1}：{2}")                                                                         \
	X(H_NTP, "records carry this; enable NTP (timedatectl set-ntp true)",                                                      \
	  "记录会注明这一点；请启用 NTP（timedatectl set-ntp true）")                                                              \
	X(H_BACKUP, "restore a backup", "请恢复备份")                                                                              \
	X(H_WAIT, "wait", "请等待")                                                                                                \
	X(H_RIG_GONE, "rig {1}: benchd-io is not connected", "台架 {1}：benchd-io 未连接")                                         \
	X(H_RIG, "rig {1}: benchd-io pid {2}, last heard {3} s ago",                                                               \
	  "台架 {1}：benchd-io 进程 {2}，{3} 秒前有消息")                                                                          \
	X(H_RIG_SIM, "rig {1}: benchd-io pid {2}, last heard {3} s ago{4}",                                                        \
	  "台架 {1}：benchd-io 进程 {2}，{3} 秒前有消息{4}")                                                                       \
	X(H_SIM, ", SIMULATED", "，模拟")                                                                                          \
	X(H_START_IO, "start benchd-io for this fixture and read its log",                                                         \
	  "为该接线文件启动 benchd-io 并查看日志")                                                                                 \
	X(H_DB_CHECKED, "the database is checked after an unclean stop",                                                           \
	  "非正常停止后正在检查数据库")                                                                                            \
	X(H_DB_DAMAGED, "the database is damaged", "数据库已损坏")                                                                 \
	X(H_STORE_FAILED, "the store failed", "存储失败")                                                                          \
	X(H_STORE_OK, "the store takes records", "存储正常")                                                                       \
	X(H_NO_SYNC, "the wall clock is not synchronised", "时钟未同步")                                                           \
	X(H_SYNC, "the wall clock is synchronised", "时钟已同步")                                                                  \
	X(H_NO_WEB, "benchd-web does not run: no pages, no API over HTTP",                                                         \
	  "benchd-web 未运行：没有网页，也没有 HTTP 接口")                                                                         \
	X(H_STATE_MODE, "chmod o-rwx on it", "对它执行 chmod o-rwx")                                                               \
	X(H_PORT, "end that program, or give benchd another --port",                                                               \
	  "结束那个程序，或给 benchd 另一个 --port")                                                                               \
	X(H_DISK, "free at least 64 MiB; no run should start now",                                                                 \
	  "请腾出至少 64 MiB；现在不要开始检测")                                                                                   \
	X(H_GROUP, "join the station's group, or run this with sudo",                                                              \
	  "加入检测台的用户组，或用 sudo 执行")                                                                                    \
	X(H_PORT_HELD, "port {1} is held by {2} (pid {3})", "端口 {1} 被 {2} 占用（进程 {3}）")                                    \
	X(H_START_ONCE, "start benchd once, or name the folder with --state",                                                      \
	  "先启动一次 benchd，或用 --state 指定文件夹")                                                                            \
	X(H_STATE_CLOSED, "state folder {1}: not open to this user",                                                               \
	  "状态文件夹 {1}：当前用户无权访问")                                                                                      \
	X(H_STATE_FAULT, "state folder {1}: {2}", "状态文件夹 {1}：{2}")                                                           \
	X(H_START_BENCHD, "systemctl start benchd, then read: journalctl -u benchd",                                               \
	  "执行 systemctl start benchd，再看：journalctl -u benchd")                                                               \
	X(H_START_WEB, "systemctl start benchd-web; runs and benchctl work without it",                                            \
	  "执行 systemctl start benchd-web；没有它检测和 benchctl 也能工作")                                                       \
	X(H_STATE_OPEN, "the state folder is open to every user", "状态文件夹对所有用户开放")                                      \
	X(H_REFUSES, "the station refuses to tell how it is", "检测台拒绝报告状态")                                                \
	X(H_PACE, "bus {1}, read every (planned):{2}", "总线 {1}，实测（计划）读取周期：{2}")                                      \
	X(H_PACE_SLOW, "device {1} on bus {2} is read every {3} ms; planned: {4} ms",                                              \
	  "设备 {1}（总线 {2}）每 {3} ms 读取一次，计划为 {4} ms")                                                                 \
	X(H_PACE_DO,                                                                                                               \
	  "see the line's plan (benchctl fixture check), its adapter's timer, and what on it is dead or late",                     \
	  "请查看该总线的负荷（benchctl fixture check）、适配器的延迟定时器，以及总线上无应答或应答迟的设备")                      \
	X(H_LINE_DO,                                                                                                               \
	  "more than the line can carry, or was planned to: see its plan (benchctl fixture check) and what on it is dead or late", \
	  "超出该总线的承载能力或计划：请查看其负荷（benchctl fixture check），以及总线上无应答或应答迟的设备")                    \
	X(H_LINE,                                                                                                                  \
	  "bus {1} is busy {2} % of the time (planned: {3} %); answers begin after ms (planned: at most {4}):{5}",                 \
	  "总线 {1} 占用 {2} %（计划 {3} %）；应答开始时间 ms（计划最长 {4}）：{5}")                                               \
	X(H_LINE_ROUGH, "device {1}: {2} of its last 100 answers were damaged",                                                    \
	  "设备 {1}：最近 100 次应答中有 {2} 次损坏")                                                                              \
	X(H_LINE_ROUGH_DO,                                                                                                         \
	  "look at termination, bias, screen and length of its line; at 30 of 100 it is lost",                                     \
	  "请检查该线路的终端电阻、偏置、屏蔽层和长度；100 次中损坏 30 次即判为失联")                                              \
	X(H_ADAPTER, "USB adapter {1} holds replies back by up to {2} ms",                                                         \
	  "USB 适配器 {1} 最多会把应答拖延 {2} ms")                                                                                \
	X(H_ADAPTER_DO,                                                                                                            \
	  "write 1 into its latency_timer: udev rule 60-benchd.rules does it when it is plugged in",                               \
	  "把 1 写入它的 latency_timer：udev 规则 60-benchd.rules 会在插入时自动完成")                                             \
	X(H_FREE, "{1} MiB are free at {2}", "{2} 剩余 {1} MiB")

#endif
