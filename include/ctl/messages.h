/* SPDX-License-Identifier: MIT
 *
 * What a technician reads at the bench, English and Chinese, by message id. (Messages of
 * daemons, usage texts and mistakes in files are English.)
 */
#ifndef CTL_MESSAGES_H
#define CTL_MESSAGES_H

#include <stdbool.h>

#define CTL_MESSAGES(X)                                                                            \
	X(SIMULATED, "SIMULATED", "模拟")                                                          \
	X(BAY, "bay", "工位")                                                                      \
	X(TICKET, "ticket", "工单")                                                                \
	X(SERIAL, "serial", "序列号")                                                              \
	X(MODEL, "model", "型号")                                                                  \
	X(RUN, "run", "测试")                                                                      \
	X(PROFILE, "profile", "检测方案")                                                          \
	X(STEP, "step", "步骤")                                                                    \
	X(ELAPSED, "elapsed", "已用")                                                              \
	X(AT_MOST, "at most", "最长")                                                              \
	X(MEASUREMENT, "measurement", "测量项")                                                    \
	X(VALUE, "value", "测量值")                                                                \
	X(LIMITS, "limits", "限值")                                                                \
	X(UNIT, "unit", "单位")                                                                    \
	X(VERDICT, "verdict", "判定")                                                              \
	X(REASON, "reason", "原因")                                                                \
	X(SAFE_PROVEN, "safe state proven", "安全状态已验证")                                      \
	X(SAFE_UNPROVEN, "SAFE STATE NOT PROVEN: the bay is locked", "安全状态未验证：工位已锁定") \
	X(RELEASE_ALLOWED, "may leave: yes", "允许放行：是")                                       \
	X(UNSIGNED, "  (unsigned)", "  (未签名)")                                                  \
	X(RELEASE_BLOCKED, "may leave: NO", "允许放行：否")                                        \
	X(TRIAL, "trial clock", "试运行")                                                          \
	X(FEED, "feed", "进水")                                                                    \
	X(PERMEATE, "permeate", "净水")                                                            \
	X(MAINS, "unit", "整机")                                                                   \
	X(WOULD_BE_ALLOWED, "would be allowed on a real rig", "若非模拟，则允许")                  \
	X(WOULD_BE_BLOCKED, "would be blocked on a real rig too", "即使非模拟，也不允许")          \
	X(RESTS_ON, "rests on run", "依据测试")                                                    \
	X(PROMPT, "PLEASE", "请操作")                                                              \
	X(ANSWER_WITH, "answer with", "回答命令")                                                  \
	X(ANSWERED, "answer taken", "已回答")                                                      \
	X(OR_SCAN, "or scan it", "或直接扫描")                                                     \
	X(SECONDS_LEFT, "s left", "秒剩余")                                                        \
	X(WAIT_SCAN, "scan the ticket, then the serial on the unit's plate",                       \
	  "请先扫描工单，再扫描机身铭牌序列号")                                                    \
	X(RECORDING, "stopping and recording", "正在停机并保存记录")                               \
	X(STARTED, "started", "已开始")                                                            \
	X(FAILED, "failed", "不合格")                                                              \
	X(REPEATED, "repeated later", "之后已重测")                                                \
	X(V_PASS, "PASS", "合格")                                                                  \
	X(V_MARGINAL, "MARGINAL", "临界")                                                          \
	X(V_FAIL, "FAIL", "不合格")                                                                \
	X(V_INCONCLUSIVE, "INCONCLUSIVE", "无法判定")                                              \
	X(V_INVALID, "INVALID", "无效")                                                            \
	X(V_ERROR, "ERROR", "设备错误")                                                            \
	X(V_SKIPPED, "skipped", "跳过")                                                            \
	X(V_ABORTED, "ABORTED", "已中止")                                                          \
	X(V_TRIPPED, "TRIPPED", "安全跳停")                                                        \
	X(V_INTERRUPTED, "INTERRUPTED", "已中断")                                                  \
	X(S_SECURING, "securing", "正在进入安全状态")                                              \
	X(S_NOT_READY, "not ready", "未就绪")                                                      \
	X(S_READY, "ready", "就绪")                                                                \
	X(S_ACTIVE, "running", "运行中")                                                           \
	X(S_STOPPING, "stopping", "正在停机")                                                      \
	X(S_TRIPPED, "tripped", "已跳停")                                                          \
	X(S_LOCKED, "locked", "已锁定")

enum ctl_message {
#define CTL_MESSAGE_ENUM(id, en, zh) MSG_##id,
	CTL_MESSAGES(CTL_MESSAGE_ENUM)
#undef CTL_MESSAGE_ENUM
		MSG_COUNT
};
const char *message(bool zh, enum ctl_message m);
/* Does the environment (LC_ALL, LC_MESSAGES, LANG) ask for Chinese / show UTF-8? */
bool language_is_zh(void);
bool language_is_utf8(void);

#endif
