/* SPDX-License-Identifier: MIT
 *
 * What a technician reads at the bench, English and Chinese, by message id. (Messages of
 * daemons, usage texts and mistakes in files are English.)
 */
#ifndef CTL_MESSAGES_H
#define CTL_MESSAGES_H

#include <stdbool.h>

#include "base/text.h"
#include "ctl/messages_desk.h"
#include "ctl/messages_label.h"
#include "ctl/messages_rig.h"
#include "ctl/messages_said.h"
#include "ctl/messages_webhook.h"

#define CTL_WORDS(X)                                                                                                                          \
	X(SIMULATED, "SIMULATED", "模拟")                                                                                                     \
	X(BAY, "bay", "工位")                                                                                                                 \
	X(TICKET, "ticket", "工单")                                                                                                           \
	X(SERIAL, "serial", "序列号")                                                                                                         \
	X(MODEL, "model", "型号")                                                                                                             \
	X(MORE_RUNS, "there may be more:", "可能还有更多：")                                                                                  \
	X(RUN, "run", "检测")                                                                                                                 \
	X(PROFILE, "profile", "测试方案")                                                                                                     \
	X(STEP, "step", "工步")                                                                                                               \
	X(ELAPSED, "elapsed", "已用")                                                                                                         \
	X(AT_MOST, "at most", "最长")                                                                                                         \
	X(MEASUREMENT, "measurement", "测量项")                                                                                               \
	X(VALUE, "value", "测量值")                                                                                                           \
	X(LIMITS, "limits", "限值")                                                                                                           \
	X(UNIT, "unit", "单位")                                                                                                               \
	X(VERDICT, "verdict", "判定")                                                                                                         \
	X(REASON, "reason", "原因")                                                                                                           \
	X(SAFE_PROVEN, "safe state proven", "安全状态已验证")                                                                                 \
	X(SAFE_UNTOLD,                                                                                                                        \
	  "the run ended with its station; the safe state was proven at the next start: see the bay",                                         \
	  "检测随检测台中断；安全状态在下次启动时验证：见工位状态")                                                                           \
	X(SAFE_UNPROVEN, "SAFE STATE NOT PROVEN: the bay is locked", "安全状态未验证：工位已锁定")                                            \
	X(RELEASE_ALLOWED, "may leave: yes", "允许放行：是")                                                                                  \
	X(UNSIGNED, "  (unsigned)", "  (未签名)")                                                                                             \
	X(RELEASE_BLOCKED, "may leave: NO", "允许放行：否")                                                                                   \
	X(TRIAL, "trial clock", "试运行")                                                                                                     \
	X(FEED, "feed", "进水")                                                                                                               \
	X(PERMEATE, "permeate", "净水")                                                                                                       \
	X(MAINS, "unit", "整机")                                                                                                              \
	X(WOULD_BE_ALLOWED, "would be allowed on a real rig", "若非模拟，则允许")                                                             \
	X(WOULD_BE_BLOCKED, "would be blocked on a real rig too", "即使非模拟，也不允许")                                                     \
	X(RESTS_ON, "rests on run", "依据检测")                                                                                               \
	X(PROMPT, "PLEASE", "请操作")                                                                                                         \
	X(ANSWER_WITH, "answer with", "回答命令")                                                                                             \
	X(ANSWERED, "answer taken", "已回答")                                                                                                 \
	X(OR_SCAN, "or scan it", "或直接扫描")                                                                                                \
	X(SECONDS_LEFT, "s left", "秒剩余")                                                                                                   \
	X(RECORDING, "stopping and recording", "正在停机并保存记录")                                                                          \
	X(STARTED, "started", "已开始")                                                                                                       \
	X(FAILED, "failed", "不合格")                                                                                                         \
	X(REPEATED, "repeated later", "之后已重测")                                                                                           \
	X(V_PASS, "PASS", "合格")                                                                                                             \
	X(V_MARGINAL, "MARGINAL", "临界")                                                                                                     \
	X(V_FAIL, "FAIL", "不合格")                                                                                                           \
	X(V_INCONCLUSIVE, "INCONCLUSIVE", "无结论")                                                                                           \
	X(V_INVALID, "INVALID", "无效")                                                                                                       \
	X(V_ERROR, "ERROR", "台架故障")                                                                                                       \
	X(V_SKIPPED, "skipped", "跳过")                                                                                                       \
	X(V_ABORTED, "ABORTED", "人工中止")                                                                                                   \
	X(V_TRIPPED, "TRIPPED", "安全跳停")                                                                                                   \
	X(V_INTERRUPTED, "INTERRUPTED", "意外中断")                                                                                           \
	X(S_SECURING, "securing", "正在进入安全状态")                                                                                         \
	X(S_NOT_READY, "not ready", "未就绪")                                                                                                 \
	X(S_READY, "ready", "就绪")                                                                                                           \
	X(S_ACTIVE, "running", "运行中")                                                                                                      \
	X(S_STOPPING, "stopping", "正在停机")                                                                                                 \
	X(S_TRIPPED, "tripped", "安全跳停")                                                                                                   \
	X(S_LOCKED, "locked", "已锁定")                                                                                                       \
	X(NUMBER, "NUMBER", "数值")                                                                                                           \
	X(SERIAL_WORD, "SERIAL", "序列号")                                                                                                    \
	X(RIG, "rig", "台架")                                                                                                                 \
	X(PACE, "pace", "读取周期")                                                                                                           \
	X(ADAPTER, "adapter", "适配器")                                                                                                       \
	X(STATE, "state", "状态")                                                                                                             \
	X(RUN_TYPE, "run type", "检测类型")                                                                                                   \
	X(DUE, "due", "期限")                                                                                                                 \
	X(MADE, "made", "生产日期")                                                                                                           \
	X(PRIORITY, "priority", "优先级")                                                                                                     \
	X(SYMPTOMS, "symptoms", "故障现象")                                                                                                   \
	X(MAIL_BACK, "mail back", "寄回")                                                                                                     \
	X(REPAIR_SEQ, "repair_seq", "维修序号")                                                                                               \
	X(REVISION, "revision", "版本")                                                                                                       \
	X(VARIANT, "variant", "变体")                                                                                                         \
	X(FOR_RELEASE, "for release", "可用于放行")                                                                                           \
	X(TITLE, "title", "名称")                                                                                                             \
	X(YES, "yes", "是")                                                                                                                   \
	X(NO, "no", "否")                                                                                                                     \
	X(OK, "ok", "正常")                                                                                                                   \
	X(WARNING, "warning", "警告")                                                                                                         \
	X(PROBLEM, "error", "错误")                                                                                                           \
	X(W_STATE, "state", "状态文件夹")                                                                                                     \
	X(W_TOKEN, "token", "令牌")                                                                                                           \
	X(W_DISK, "disk", "磁盘")                                                                                                             \
	X(W_HTTP, "http", "网页接口")                                                                                                         \
	X(W_STATION, "station", "检测台")                                                                                                     \
	X(W_LINE, "line", "线路")                                                                                                             \
	X(W_DEVICE, "device", "设备")                                                                                                         \
	X(W_CLOCK, "clock", "时钟")                                                                                                           \
	X(W_WEBHOOK, "webhook", "推送")                                                                                                       \
	X(W_STORE, "store", "存储")                                                                                                           \
	X(W_PRUNING, "pruning", "清理")                                                                                                       \
	X(WHO, "who", "何人")                                                                                                                 \
	X(SINCE, "since", "自")                                                                                                               \
	X(W_BACKUP, "backup", "备份")                                                                                                         \
	X(FINDINGS, "{1} errors, {2} warnings", "{1} 个错误，{2} 个警告")                                                                     \
	X(STOP_ASKED, "stop asked for", "已请求停机")                                                                                         \
	X(RESET_ASKED, "reset asked for; the safe state is proven again",                                                                     \
	  "已请求复位；将重新验证安全状态")                                                                                                   \
	X(ABORT_ASKED, "abort asked for; its outputs go to safe now",                                                                         \
	  "已请求中止；输出正回到安全值")                                                                                                     \
	X(RUN_GOES_ON, "the run goes on; to end it: {1}", "检测仍在继续；要结束它：{1}")                                                      \
	X(WAIT_TICKET, "scan the ticket (at most {1} s more; Ctrl-C ends the waiting)",                                                       \
	  "请扫描工单（最多再等 {1} 秒；按 Ctrl-C 停止等待）")                                                                                \
	X(WAIT_SERIAL,                                                                                                                        \
	  "ticket {1} is read; now scan the serial on the unit's plate (at most {2} s more)",                                                 \
	  "已读工单 {1}；请扫描机身铭牌上的序列号（最多再等 {2} 秒）")                                                                        \
	X(NO_SCAN,                                                                                                                            \
	  "bay {1}: nothing was scanned within {2} s; scan again, or name --ticket and --serial",                                             \
	  "工位 {1}：{2} 秒内没有扫描；请重新扫描，或用 --ticket 和 --serial 指定")                                                           \
	X(BAY_BUSY, "bay {1} is busy with ticket {2} (run {3}); watch it: {4}",                                                               \
	  "工位 {1} 正在检测工单 {2}（检测 {3}）；查看：{4}")                                                                                 \
	X(NOTHING_RUNS, "nothing runs at bay {1}; see: benchctl bay list",                                                                    \
	  "工位 {1} 没有检测在进行；查看：benchctl bay list")                                                                                 \
	X(MANY_RUNS, "{1} runs go on; name one, or its --bay",                                                                                \
	  "有 {1} 个检测在进行；请指定其中一个，或用 --bay")                                                                                  \
	X(NO_RUN, "no run goes on; see: benchctl run list",                                                                                   \
	  "没有检测在进行；查看：benchctl run list")                                                                                          \
	X(ONE_RUN, "name the run or its --bay, not both", "请只写检测号或 --bay，不要两个都写")                                               \
	X(ONE_STATE, "--state is given twice; give it once", "--state 写了两次；请只写一次")                                                  \
	X(TO_CHANGE, "to change it, add --change", "要修改它，请加 --change")                                                                 \
	X(AS_FOUND, "as found", "修前")                                                                                                       \
	X(AS_LEFT, "as left", "修后")                                                                                                         \
	X(RECORDED, "recorded", "已记录")                                                                                                     \
	X(PIN_OF, "PIN of {1}: ", "{1} 的 PIN：")                                                                                             \
	X(NOTHING, "(none)", "（无）")                                                                                                        \
	X(D_UNITS, "two 600 GPD units on a simulated rig; run time is {1} times wall time",                                                   \
	  "模拟台架上的两台 600G 纯水机；检测时间是实际时间的 {1} 倍")                                                                        \
	X(D_RIG, "benchsim: the simulated rig", "benchsim：模拟台架")                                                                         \
	X(D_PROVES, "benchd: proves both bays safe before anything else",                                                                     \
	  "benchd：首先验证两个工位的安全状态")                                                                                               \
	X(D_READY, "both bays are proven safe and ready", "两个工位已验证安全，就绪")                                                         \
	X(D_TICKETS, "tickets {1} and {2} are in; the scanners read ticket and serial",                                                       \
	  "工单 {1} 和 {2} 已录入；扫码枪读取工单和序列号")                                                                                   \
	X(D_RUNS, "both runs go on", "两个检测都已开始")                                                                                      \
	X(D_STAYS, "The station stays up until Ctrl-C, at {1}",                                                                               \
	  "检测台保持运行，按 Ctrl-C 结束；地址 {1}")                                                                                         \
	X(D_TOKEN, "(with the token in {1})", "（令牌在 {1}）")                                                                               \
	X(D_TRY, "Try, in another terminal:", "在另一个终端可以试：")                                                                         \
	X(D_STOPPING, "stopping: outputs to safe, proof, records; then the simulated rig",                                                    \
	  "正在停止：输出回到安全值、验证、记录；然后停止模拟台架")                                                                           \
	X(D_ENDED, "safe state proven; the station has ended, then the simulated rig",                                                        \
	  "安全状态已验证；检测台已结束，模拟台架随后结束")                                                                                   \
	X(D_RECORDS, "records are kept in {1}", "记录保存在 {1}")                                                                             \
	X(D_SLOW,                                                                                                                             \
	  "readings came too late: this machine is too busy; try again or with a smaller --speed",                                            \
	  "读数来得太迟：这台电脑太忙；请重试，或用更小的 --speed")                                                                           \
	X(D_UNEXPECTED,                                                                                                                       \
	  "this is not what was expected: a healthy unit passes, a faulty one fails with the measurement named, a faulty rig blames no unit", \
	  "与预期不符：正常机应合格，故障机应不合格并指明测量项，台架故障不应归咎于整机")

/* The whole catalogue. */
#define CTL_MESSAGES(X)                                                                            \
	CTL_WORDS(X)                                                                               \
	CTL_SAID_RIG(X) CTL_SAID(X) CTL_SAID_WEBHOOK(X) CTL_SAID_DESK(X) CTL_SAID_LABEL(X)

enum ctl_message {
#define CTL_MESSAGE_ENUM(id, en, zh) MSG_##id,
	CTL_MESSAGES(CTL_MESSAGE_ENUM)
#undef CTL_MESSAGE_ENUM
		MSG_COUNT
};
const char *message(bool zh, enum ctl_message m);
/* The message with words[0] for {1} and so on. */
void message_fill(bool zh, enum ctl_message m, const char *const *words, struct text *out);

/* Titles that the station sent in both languages: names of interlocks, channels, steps. */
struct titles {
	struct title {
		char *en, *zh;
	} * at;
	int count;
};
void titles_learn(struct titles *t, const char *en, const char *zh);
void titles_release(struct titles *t);
/* A text or code of the station in Chinese, added to out: a message of the catalogue, its places
 * translated in turn, or a title. False: neither is known; it is added as it stands but for the
 * names in it that have titles. */
bool message_translate(const struct titles *t, const char *s, struct text *out);
/* Does the environment (LC_ALL, LC_MESSAGES, LANG) ask for Chinese / show UTF-8? */
bool language_is_zh(void);
bool language_is_utf8(void);

#endif
