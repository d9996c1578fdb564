/* SPDX-License-Identifier: MIT
 *
 * The reasons: code, may it be overridden, en, zh; in the order in which a decision lists them.
 */
#include <string.h>

#include "ticket/release.h"

/* clang-format off */
#define REASONS(X) \
	X("ticket_unknown", 0, "the station has no such ticket", "本站没有该工单") \
	X("ticket_unconfirmed", 1, "the ticketing system has not confirmed the ticket", \
	  "工单未经工单系统确认") \
	X("ticket_stale", 1, "the ticket was not confirmed lately", "工单信息已过时") \
	X("ticket_not_claimed", 0, "the ticket is not claimed by this station", "工单未由本站认领") \
	X("disposition_unknown", 0, "no such disposition", "没有该处置方式") \
	X("chain_broken", 0, "the chain of records is not whole", "记录链不完整") \
	X("store_unsound", 0, "the database is not shown to be whole", "数据库未证实完好") \
	X("records_missing", 0, "records were lost and are not all taken back", \
	  "有记录丢失,尚未全部找回") \
	X("already_released", 0, "released already", "已放行") \
	X("run_open", 0, "a run on this unit is still going on", "该机的检测仍在进行") \
	X("no_run", 0, "no complete post-repair QC on this serial", "该机号没有完整的维修后质检") \
	X("run_void", 0, "the latest complete run was made void", "最近一次完整检测已作废") \
	X("run_not_pass", 1, "the latest complete run is not a pass", "最近一次完整检测未通过") \
	X("run_suspect", 0, "a later calibration or profile revision puts the run in doubt", \
	  "后来的校准或测试方案版本使该检测存疑") \
	X("run_of_other_ticket", 0, "the latest complete run belongs to another ticket", \
	  "最近一次完整检测属于另一工单") \
	X("model_mismatch", 0, "the run was made for another model", "检测所用型号与工单不符") \
	X("repair_after_run", 0, "repaired after the run; test again", \
	  "检测之后又有维修,须重新检测") \
	X("withdrawn_after_run", 0, "its release was withdrawn; test again", \
	  "放行已撤回,须重新检测") \
	X("run_record_missing", 0, "the record of a later run was lost; test again", \
	  "之后一次检测的记录已丢失,须重新检测") \
	X("profile_not_releasable", 0, "the profile is not meant for release", \
	  "该测试方案不可用于放行") \
	X("profile_unapproved", 1, "the profile revision has no approval", \
	  "测试方案版本未经批准") \
	X("limit_assumed", 1, "a limit is assumed and not adopted by a supervisor", \
	  "有限值为假定值,尚未经主管采纳") \
	X("serial_unconfirmed", 1, "the serial was not scanned at start and end", \
	  "开始和结束时未都扫描机号") \
	X("operator_unqualified", 1, "the operator is not shown to be qualified", \
	  "操作员资格未证实") \
	X("safe_state_unproven", 0, "the safe state after the run is not proven", \
	  "检测后的安全状态未得到证实") \
	X("calibration", 1, "the station's calibration is missing or lapsed", "校准缺失或已过期") \
	X("clock_unsynced", 1, "the clock was not synchronised during the run", \
	  "检测时时钟未同步") \
	X("trial_run_missing", 1, "no trial run of 30 minutes", "没有30分钟以上的试运行") \
	X("trial_run_short", 1, "the trial run is too short", "试运行时间不足") \
	X("acceptance_refused", 0, "the customer refused the unit", "客户拒绝验收") \
	X("acceptance_missing", 1, "neither accepted by the customer since the run nor to be mailed back", \
	  "检测合格后客户未验收,也未选择寄回") \
	X("ntf_protocol_missing", 0, "no complete diagnosis that found nothing", \
	  "没有未发现故障的完整诊断") \
	X("second_no_fault_found", 0, "closed as no fault found within 90 days", \
	  "90天内已判定过未发现故障") \
	X("refusal_missing", 0, "the customer has not declined the repair", "客户未拒绝维修") \
	X("unit_not_made_safe", 0, "not said to be drained and electrically safe or disabled", \
	  "未声明已排水并且电气安全或已停用") \
	X("label_missing", 0, "not labelled NOT REPAIRED", "未贴“未修复”标签") \
	X("not_unusable", 0, "not said to be rendered unusable", "未声明已毁形") \
	X("replacement_missing", 0, "the replacement's serial is missing", "缺少更换机的机号") \
	X("supervisor_required", 0, "a supervisor must sign", "须由主管签字") \
	X("simulated", 0, "made on a simulated rig", "模拟台架的结果")
/* clang-format on */

static const struct {
	const char *code;
	bool may_be_overridden;
	const char *en, *zh;
} texts[] = {
#define REASON_TEXT(code, may, en, zh) {code, may, en, zh},
	REASONS(REASON_TEXT)
#undef REASON_TEXT
};
enum { TEXT_COUNT = sizeof(texts) / sizeof(texts[0]) };

const char *const release_reason_codes[] = {
#define REASON_CODE(code, may, en, zh) code,
	REASONS(REASON_CODE)
#undef REASON_CODE
		NULL};

const char *release_reason_text(const char *code, bool zh)
{
	for (int i = 0; i < TEXT_COUNT; i++)
		if (strcmp(texts[i].code, code) == 0)
			return zh ? texts[i].zh : texts[i].en;
	return code;
}

bool release_reason_may_be_overridden(const char *code)
{
	for (int i = 0; i < TEXT_COUNT; i++)
		if (strcmp(texts[i].code, code) == 0)
			return texts[i].may_be_overridden;
	return false;
}
