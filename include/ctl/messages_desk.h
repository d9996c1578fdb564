/* SPDX-License-Identifier: MIT
 *
 * The part of the catalogue that is said at the desk: persons, approvals, calibrations, copies, files.
 */
#ifndef CTL_MESSAGES_DESK_H
#define CTL_MESSAGES_DESK_H

#define CTL_SAID_DESK(X)                                                                                         \
	/* persons, duty, tokens */                                                                              \
	X(DK_BADGE_TAKEN, "badge: this is {1}'s badge", "badge：这是 {1} 的工牌")                                \
	X(DK_NO_PERSON, "there is no person \"{1}\"; see: benchctl user list",                                   \
	  "没有人员“{1}”；查看：benchctl user list")                                                             \
	X(DK_PIN_BY, "a PIN is set by an admin, or by its person who signs with the old one",                    \
	  "PIN 由管理员设置，或由本人用旧 PIN 签名后设置")                                                       \
	X(DK_PIN_WRONG, "person or PIN is not right", "人员或 PIN 不正确")                                       \
	X(DK_PIN_LONG, "pin: at most {1} bytes expected", "pin：应不超过 {1} 字节")                              \
	X(DK_DUTY_ROLE, "technicians and supervisors are on duty at bays",                                       \
	  "只有技术员和主管可以在工位值守")                                                                      \
	X(DK_DUTY_STAYS, "a run goes on at bay {1}; its person stays until it is over",                          \
	  "工位 {1} 正在检测；结束前不能换人")                                                                   \
	X(DK_RUN_AT_BAY, "a run goes on at bay {1}", "工位 {1} 正在检测")                                        \
	X(DK_NOBODY_ON_DUTY,                                                                                     \
	  "nobody is on duty at this bay; scan a badge there, or: benchctl duty begin",                          \
	  "该工位无人值守；请在工位扫工牌，或执行：benchctl duty begin")                                         \
	X(DK_TRIES, "too many tries; wait {1} s, then try again", "尝试次数过多；请等 {1} 秒再试")               \
	X(DK_SIGN_ROLE, "sign: this needs one of: {1}", "签名：需要以下角色之一：{1}")                           \
	X(DK_SIGN_MISSING, "sign: {\"person\", \"pin\"} of who signs this expected",                             \
	  "sign：应为签名人的 {\"person\", \"pin\"}")                                                            \
	X(DK_CSRF, "send the session's csrf value as X-CSRF-Token with every write",                             \
	  "每次写入都应以 X-CSRF-Token 发送会话的 csrf 值")                                                      \
	X(DK_WHO, "say who you are: a token, a session, or the Unix socket",                                     \
	  "请表明身份：令牌、会话或 Unix 套接字")                                                                \
	X(DK_NEEDS_ROLE, "this needs one of: {1}", "需要以下角色之一：{1}")                                      \
	X(DK_NOBODY_MAY, "nobody may", "任何人都不可以")                                                         \
	X(DK_PERSON_NAME, "a person's name is of a-z 0-9 _, such as wang_li",                                    \
	  "人员名由 a-z 0-9 _ 组成，例如 wang_li")                                                               \
	X(DK_PIN_MEMORY, "no memory for a PIN; try again", "内存不足，无法处理 PIN；请重试")                     \
	X(DK_DAY_FROM, "expires: a day from {1} to {2} expected",                                                \
	  "expires：应为 {1} 到 {2} 之间的日期")                                                                 \
	X(DK_TOKEN_TAKEN, "name: a token of this name was given already",                                        \
	  "name：已发放过同名令牌")                                                                              \
	X(DK_NO_TOKEN, "there is no token \"{1}\"; see: benchctl token list",                                    \
	  "没有令牌“{1}”；查看：benchctl token list")                                                            \
	X(DK_U_BADGE, "badge", "工牌")                                                                           \
	X(DK_U_DEPUTY, "deputy until {1}", "代理至 {1}")                                                         \
	X(DK_U_INACTIVE, "inactive", "已停用")                                                                   \
	X(DK_U_QUALIFIED, "qualified {1} class {2} assessed {3} expires {4}",                                    \
	  "上岗资格 {1} 类别 {2} 考核 {3} 到期 {4}")                                                             \
	X(DK_U_NEVER, "never", "无期限")                                                                         \
	X(DK_U_NOBODY, "nobody on duty", "无人值守")                                                             \
	X(DK_U_TOKEN, "{1}  {2}  until {3}  last used {4}",                                                      \
	  "{1}  {2}  有效期至 {3}  上次使用 {4}")                                                                \
	X(DK_U_UNUSED, "not used since the start", "启动以来未使用")                                             \
	X(DK_U_REVOKED, "REVOKED", "已吊销")                                                                     \
	X(DK_U_TECHNICIAN, "technician", "技术员")                                                               \
	X(DK_U_SUPERVISOR, "supervisor", "主管")                                                                 \
	X(DK_U_SERVICE, "service", "服务")                                                                       \
	X(DK_U_ADMIN, "admin", "管理员")                                                                         \
	/* states of tickets and profiles, keys of answers */                                                    \
	X(DK_K_DIAGNOSED, "diagnosed", "已诊断")                                                                 \
	X(DK_K_REPAIRED, "repaired", "已维修")                                                                   \
	X(DK_K_REFUSED, "refused", "客户拒收")                                                                   \
	X(DK_K_ACCEPTED, "accepted", "客户已验收")                                                               \
	X(DK_P_APPROVED, "approved", "已批准")                                                                   \
	X(DK_P_DRAFT, "draft", "文件有未批准的改动")                                                             \
	X(DK_L_START, "start", "开始")                                                                           \
	X(DK_L_END, "end", "结束")                                                                               \
	X(DK_L_BECAUSE, "because", "因为")                                                                       \
	X(DK_L_CHANNEL, "channel", "通道")                                                                       \
	X(DK_L_BAYS, "bays", "工位")                                                                             \
	X(DK_L_CERTIFICATE, "certificate", "证书")                                                               \
	X(DK_L_WHO, "who", "操作者")                                                                             \
	X(DK_L_PERSON, "person", "人员")                                                                         \
	X(DK_L_TYPE, "type", "类型")                                                                             \
	X(DK_L_REPEAT, "repeat", "需重测的测量项")                                                               \
	X(DK_L_REPEAT_ALL, "repeat_all", "需全部重测")                                                           \
	X(DK_L_SATISFIED_BY, "satisfied_by", "以何种检测满足")                                                   \
	X(DK_L_DATA, "data", "内容")                                                                             \
	X(DK_L_ROLES, "roles", "角色")                                                                           \
	X(DK_L_QUALIFICATIONS, "qualifications", "上岗资格")                                                     \
	X(DK_L_EXPIRES, "expires", "到期")                                                                       \
	X(DK_L_NAME, "name", "名称")                                                                             \
	X(DK_L_TOKEN, "token", "令牌")                                                                           \
	X(DK_L_SUBMITTED_BY, "submitted_by", "提交人")                                                           \
	X(DK_L_APPROVED_BY, "approved_by", "批准人")                                                             \
	X(DK_L_AS_DEPUTY, "as_deputy", "以代理身份")                                                             \
	X(DK_L_ADOPTED, "adopted", "采纳的限值")                                                                 \
	X(DK_L_EFFECTIVE, "effective_at", "生效时间")                                                            \
	X(DK_L_PASSES, "passes", "已合格机器")                                                                   \
	X(DK_L_AFFECTED, "affected", "受影响的检测")                                                             \
	X(DK_L_SUSPECT, "suspect", "存疑的检测")                                                                 \
	/* approvals, calibrations, devices, copies */                                                           \
	X(DK_NOT_SUBMITTED, "profile {1}: nothing is submitted; see: benchctl profile submit",                   \
	  "测试方案 {1}：没有提交；查看：benchctl profile submit")                                               \
	X(DK_NOT_READ, "profile {1}: its submission is not read",                                                \
	  "测试方案 {1}：提交的内容无法读取")                                                                    \
	X(DK_SELF_APPROVAL, "{1} submitted this; another person approves it",                                    \
	  "这是 {1} 提交的；须由另一人批准")                                                                     \
	X(DK_ADOPT_NONE, "adopt/{1}: revision {2} of {3} has no measurement \"{4}\"",                            \
	  "adopt/{1}：{3} 的版本 {2} 没有测量项“{4}”")                                                           \
	X(DK_ADOPT_BY, "adopt: assumed limits are adopted by a supervisor or a deputy",                          \
	  "adopt：假定限值由主管或代理采纳")                                                                     \
	X(DK_CAL_CLOCK, "the clock is not synchronised: the day of a calibration must be known",                 \
	  "时钟未同步：校准日期必须确定")                                                                        \
	X(DK_CAL_CHANNEL, "channel: no such channel on this bay, or one that is not calibrated",                 \
	  "channel：该工位没有这个通道，或该通道无需校准")                                                       \
	X(DK_CAL_CERTIFICATE, "certificate_expires: the reference's certificate has expired",                    \
	  "certificate_expires：标准器的证书已过期")                                                             \
	X(DK_CAL_DUE, "due: this day is past", "due：该日期已过")                                                \
	X(DK_CAL_LEFT, "as_left: still beyond the tolerance; adjust or repair the channel",                      \
	  "as_left：仍超出允差；请调整或维修该通道")                                                             \
	X(DK_CAL_RUN, "a run goes on with this channel; end it first",                                           \
	  "正在用该通道检测；请先结束检测")                                                                      \
	X(DK_DEV_RUN, "a run goes on at rig {1}; end it first", "台架 {1} 正在检测；请先结束检测")               \
	X(DK_DEV_SAME, "device {1} is the one that was here before, or there was none",                          \
	  "设备 {1} 就是原来的那台，或之前没有记录")                                                             \
	X(DK_DEV_NONE, "there is no device \"{1}\"; see: benchctl doctor",                                       \
	  "没有设备“{1}”；查看：benchctl doctor")                                                                \
	X(DK_DEV_MANY, "rig: {1} rigs have a device \"{2}\"; name the rig",                                      \
	  "rig：有 {1} 个台架有设备“{2}”；请指定台架")                                                           \
	X(DK_COPIES_WAIT, "too many backups wait", "等待中的备份过多")                                           \
	X(DK_COPIES_NONE,                                                                                        \
	  "this station has no folder for backups; start benchd with --backup FOLDER, on another disk",          \
	  "本站没有备份文件夹；请用 --backup 文件夹（另一块磁盘上）启动 benchd")                                 \
	X(DK_COPY_FAILED, "no backup was made: {1}", "没有做成备份：{1}")                                        \
	X(DK_COPY_MADE, "{1}: verified, {2} items, {3} bytes", "{1}：已验证，{2} 项，{3} 字节")                  \
	X(DK_KEY_LOCAL, "only on the station itself; there: benchctl key",                                       \
	  "只能在检测台本机上；在那里执行：benchctl key")                                                        \
	X(DK_DB_UNKNOWN, "the database is not known to be whole", "数据库未证实完好")                            \
	X(DK_EXPORT_BIG,                                                                                         \
	  "?from=: this is more than one table takes (56 MiB); ask for a shorter time, one serial or one model", \
	  "?from=：超过一张表的上限（56 MiB）；请缩短时间，或只选一个序列号或型号")                              \
	X(DK_EXPORT_TABLE, "there is no table \"{1}\"; runs, measurements or results expected",                  \
	  "没有表“{1}”；应为 runs、measurements 或 results")                                                     \
	X(DK_EXPORT_BUSY, "other tables are being made; try again in a moment",                                  \
	  "正在生成其他表；请稍后再试")                                                                          \
	X(DK_RUN_ELSEWHERE, "model or bay of the run is not here any more: test again",                          \
	  "检测所用型号或工位已不在本站：须重新检测")                                                            \
	X(DK_REVISION_UNFIT, "a revision does not fit the bay any more: test again",                             \
	  "有版本已不适用于该工位：须重新检测")                                                                  \
	/* what a member must be */                                                                              \
	X(DK_F_CHARACTERS, "{1} to {2} characters expected", "应为 {1} 到 {2} 个字符")                           \
	X(DK_F_CONTROL, "text without control characters expected", "应为不含控制字符的文本")                    \
	X(DK_F_PERSONAL, "looks as if it held a {1}; leave it out, or send \"{2}\": true",                       \
	  "看起来含有{1}；请删去，或发送 \"{2}\": true")                                                         \
	X(DK_F_MOBILE, "mobile number", "手机号")                                                                \
	X(DK_F_EMAIL, "e-mail address", "电子邮箱")                                                              \
	X(DK_F_ADDRESS, "postal address", "住址")                                                                \
	X(DK_F_ONE_OF, "one of {1}", "应为以下之一：{1}")                                                        \
	X(DK_F_NO_WORD, "no word is right here", "这里没有可用的词")                                             \
	X(DK_F_CODE, "a code of the form {1} expected (9: a digit)",                                             \
	  "应为 {1} 形式的代码（9 表示一位数字）")                                                               \
	X(DK_F_CODE_AT, "{1}: a code of the form {2} expected (9: a digit)",                                     \
	  "{1}：应为 {2} 形式的代码（9 表示一位数字）")                                                          \
	X(DK_F_STRING, "a string expected", "应为文本")                                                          \
	X(DK_F_NAME, "a name of a-z 0-9 _ expected", "应为由 a-z 0-9 _ 组成的名称")                              \
	X(DK_F_ID, "1 to 63 characters of A-Z a-z 0-9 . _ / - expected",                                         \
	  "应为 1 到 63 个字符：A-Z a-z 0-9 . _ / -")                                                            \
	X(DK_F_ID_PATH, "1 to 63 characters of A-Z a-z 0-9 . _ / - expected in the path",                        \
	  "路径中应为 1 到 63 个字符：A-Z a-z 0-9 . _ / -")                                                      \
	X(DK_F_DAY, "a day like 2026-11-22 expected", "应为日期，如 2026-11-22")                                 \
	X(DK_F_UTC, "a time in UTC like {1} expected", "应为 UTC 时间，如 {1}")                                  \
	X(DK_F_UTC_NOW, "a time in UTC like 2026-11-22T08:00:00Z expected",                                      \
	  "应为 UTC 时间，如 2026-11-22T08:00:00Z")                                                              \
	X(DK_F_UTC_TICKET, "a time in UTC like 2024-05-01T08:00:00Z expected",                                   \
	  "应为 UTC 时间，如 2024-05-01T08:00:00Z")                                                              \
	X(DK_F_QUERY_UTC, "{1} takes a time in UTC like {2}", "{1} 应为 UTC 时间，如 {2}")                       \
	X(DK_F_WHOLE, "a whole number expected", "应为整数")                                                     \
	X(DK_F_NUMBER, "a number expected", "应为数字")                                                          \
	X(DK_F_RANGE, "{1} to {2} expected", "应为 {1} 到 {2}")                                                  \
	X(DK_F_ARRAY, "an array expected", "应为列表")                                                           \
	X(DK_F_ENTRIES, "{1} to {2} entries expected", "应为 {1} 到 {2} 项")                                     \
	X(DK_F_OBJECT, "an object expected", "应为对象")                                                         \
	X(DK_F_JSON, "a JSON object expected", "应为 JSON 对象")                                                 \
	X(DK_F_BOOL, "true or false expected", "应为 true 或 false")                                             \
	X(DK_F_CUSTOMER, "the station keeps no customer data; leave it out (客户信息不得录入)",                  \
	  "本站不保存客户信息；请删去（客户信息不得录入）")                                                      \
	X(DK_F_NO_MEMBER, "no such member here", "这里没有这个成员")                                             \
	X(DK_F_MISSING, "this member is missing", "缺少这个成员")                                                \
	X(DK_F_SOME, "1 to 63 characters expected", "应为 1 到 63 个字符")                                       \
	X(DK_F_ALPHABET, "A-Z a-z 0-9 . _ / - expected", "只能用 A-Z a-z 0-9 . _ / -")                           \
	X(DK_F_DATE, "a date like 2024-05-01, 2024-05 or 2024 expected",                                         \
	  "应为日期，如 2024-05-01、2024-05 或 2024")                                                            \
	X(DK_F_SYMPTOMS, "an array of symptom codes expected", "应为故障现象代码的列表")                         \
	X(DK_F_SYMPTOMS_MANY, "at most 16 symptom codes expected", "故障现象代码最多 16 个")                     \
	X(DK_F_SYMPTOM, "a symptom code like S02 expected", "应为故障现象代码，如 S02")                          \
	X(DK_F_RUN_TYPE, "a run type like post_repair_qc expected",                                              \
	  "应为检测类型，如 post_repair_qc")                                                                     \
	X(DK_F_NEGATIVE, "0 or more expected", "应为 0 或更大")                                                  \
	X(DK_F_OURS, "the station sets this; leave it out", "由检测台设置；请删去")                              \
	X(DK_F_TICKET_MEMBER, "no such member of a ticket", "工单没有这个成员")                                  \
	X(DK_F_OTHER_ID, "another ticket than the path names", "与路径中的工单不同")                             \
	X(DK_I_MODEL, "this station does not know this model", "本站不认识该型号")                               \
	X(DK_I_TWICE, "this id stands twice", "这个工单号出现了两次")                                            \
	/* releases */                                                                                           \
	X(DK_R_TICKET, "ticket {1}: no such ticket", "工单 {1}：没有该工单")                                     \
	X(DK_R_SEQ, "ticket {1}: repair_seq is {2}, not {3}; look at it again",                                  \
	  "工单 {1}：维修序号是 {2}，不是 {3}；请重新查看")                                                      \
	X(DK_R_NO_OVERRIDE, "codes: {1} cannot be overridden", "codes：{1} 不能由主管解除")                      \
	X(DK_R_NOT_BLOCKING, "codes: {1} does not block now", "codes：{1} 目前并不阻止放行")                     \
	X(DK_R_OWN_RUN, "{1} ran it: another supervisor decides",                                                \
	  "这是 {1} 做的检测：须由另一主管决定")                                                                 \
	X(DK_R_NO_RELEASE, "ticket {1}: no release in force", "工单 {1}：没有有效的放行")                        \
	X(DK_R_CLAIM, "ticket {1}: claim {2} is older than the one in force ({3})",                              \
	  "工单 {1}：认领 {2} 早于现行的认领（{3}）")                                                            \
	/* files of benchctl */                                                                                  \
	X(DK_T_ROW_NAMES, "{1}: row 1: a row of at most {2} member names expected",                              \
	  "{1}：第 1 行：应为成员名，最多 {2} 个")                                                               \
	X(DK_T_ROW_UNNAMED, "{1}: row 1, column {2}: a member's name expected",                                  \
	  "{1}：第 1 行，第 {2} 列：应为字段名")                                                                 \
	X(DK_T_ROW_TWICE, "{1}: row 1: column {2} stands twice",                                                 \
	  "{1}：第 1 行：列 {2} 出现了两次")                                                                     \
	X(DK_T_ROW_MANY, "{1}: row {2}: at most {3} tickets at once",                                            \
	  "{1}：第 {2} 行：一次最多 {3} 个工单")                                                                 \
	X(DK_T_ROW_QUOTE, "{1}: row {2}, column {3}: a quote is not closed or not alone",                        \
	  "{1}：第 {2} 行第 {3} 列：引号没有闭合或不单独")                                                       \
	X(DK_T_ROW_WIDE, "{1}: row {2}: more columns than names in row 1",                                       \
	  "{1}：第 {2} 行：列数多于第 1 行的名称")                                                               \
	X(DK_T_ROW, "{1}: row {2}, column {3}: {4}", "{1}：第 {2} 行，{3} 列：{4}")                              \
	X(DK_T_NONE, "{1}: no ticket stands below the names of row 1",                                           \
	  "{1}：第 1 行的名称下面没有工单")                                                                      \
	X(DK_T_BIG, "{1}: {2} rows are more than one import takes (64 KiB); split the file",                     \
	  "{1}：{2} 行超过一次导入的上限（64 KiB）；请拆分文件")                                                 \
	X(DK_T_DONE, "tickets imported: {1}", "已导入工单：{1}")                                                 \
	X(DK_T_UTF8, "{1}: the file is not UTF-8", "{1}：文件不是 UTF-8 编码")                                   \
	X(DK_X_NO_FILE, "{1} does not exist", "{1} 不存在")                                                      \
	X(DK_X_EXISTS, "{1} exists already; move it away, or name another file",                                 \
	  "{1} 已存在；请将它移走，或换一个文件名")                                                              \
	X(DK_KEY_IS, "key {1} (Ed25519)", "密钥 {1}（Ed25519）")                                                 \
	X(DK_KEY_CHAIN, "chain {1}, {2} items, root {3}", "记录链 {1}，{2} 项，根 {3}")                          \
	X(DK_KEY_PASSPHRASE, "passphrase: ", "口令：")                                                           \
	X(DK_KEY_RESTORED, "{1}: key {2}", "{1}：密钥 {2}")                                                      \
	X(DK_KEY_SEALED, "{1}: the key, sealed; keep it and the passphrase apart",                               \
	  "{1}：已加密封存的密钥；请与口令分开保管")                                                             \
	X(DK_KEY_ROTATED, "key {1} signs from here on; back it up: benchctl key backup",                         \
	  "此后由密钥 {1} 签名；请备份：benchctl key backup")                                                    \
	X(DK_KEY_PASS_EXPECTED, "a passphrase expected on standard input", "应从标准输入给出口令")               \
	X(DK_V_WHOLE, "{1}: {2}, {3} items, whole", "{1}：{2}，{3} 项，完整")                                    \
	X(DK_V_SIGNED, "{1}: {2}, as it was signed", "{1}：{2}，与签名时一致")                                   \
	X(DK_V_BAD_KEY, "no Ed25519 public key in PEM (-----BEGIN PUBLIC KEY-----)",                             \
	  "不是 PEM 格式的 Ed25519 公钥（-----BEGIN PUBLIC KEY-----）")                                          \
	X(DK_V_NO_DOCUMENT, "no signed document of benchd", "不是 benchd 签名的文件")                            \
	X(DK_V_NEEDS_CHAIN,                                                                                      \
	  "a run's record is signed through the chain: add --chain FILE (benchctl export chain FILE)",           \
	  "检测记录经记录链签名：请加 --chain 文件（benchctl export chain 文件）")                               \
	X(DK_V_ITEM, "item {1}: {2}", "第 {1} 项：{2}")                                                          \
	X(DK_V_ITEM_CHANGED, "its bytes or its root were changed", "内容或根已被改动")                           \
	X(DK_V_ITEM_SIGNATURE, "its signature is not the key's", "签名不是该密钥的")                             \
	X(DK_V_DOCUMENT, "the document: was changed, or signed by another key",                                  \
	  "文件已被改动，或由另一密钥签名")                                                                      \
	X(DK_S_RUNS, "the station runs with this folder; end it first: systemctl stop benchd",                   \
	  "检测台正在使用该文件夹；请先停止：systemctl stop benchd")                                             \
	X(DK_D_HELD, "a bay may be ready or at work there; nothing was sent",                                    \
	  "那里可能有工位就绪或正在工作；没有发送任何内容")                                                      \
	X(DK_D_NO_IO, "benchd-io is not beside benchctl, nor in ../sbin",                                        \
	  "benchd-io 不在 benchctl 旁边，也不在 ../sbin")

#endif
