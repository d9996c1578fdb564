/* SPDX-License-Identifier: MIT
 *
 * The part of the catalogue that is about label printers.
 */
#ifndef CTL_MESSAGES_LABEL_H
#define CTL_MESSAGES_LABEL_H

#define CTL_SAID_LABEL(X)                                                                          \
	X(LB_PRINTED, "printed on {1}", "已在 {1} 上打印")                                         \
	X(LB_BEFORE, "printed before, on {2}; another one: --again",                               \
	  "此前已于 {2} 打印；再打一张：--again")                                                  \
	X(LB_NONE_CAME, "printer {1}: {2}; nothing was printed", "打印机 {1}：{2}；没有打印")      \
	X(LB_LOOK, "printer {1}: {2}; look whether the label has come, and print it again if not", \
	  "打印机 {1}：{2}；请查看标签是否已出，未出则重新打印")                                   \
	X(LB_IO_SILENT, "benchd-io did not say what became of it", "benchd-io 没有告知结果")       \
	X(LB_IO_GONE, "benchd-io is gone", "benchd-io 已退出")                                     \
	X(LB_BAY_WITHOUT, "bay {1} has no printer; its fixture names one with printer:",           \
	  "工位 {1} 没有打印机；请在接线文件中用 printer: 指定")                                   \
	X(LB_SEVERAL, "bay: there are several printers; name the bay of one",                      \
	  "bay：有多台打印机；请指定工位")                                                         \
	X(LB_NO_PRINTER, "no bay has a printer; a fixture names one with printer:",                \
	  "没有工位配有打印机；请在接线文件中用 printer: 指定")                                    \
	X(LB_AT_WORK, "printer {1} is at another label; ask again in a moment",                    \
	  "打印机 {1} 正在打印另一张标签；请稍后再试")                                             \
	X(LB_GOES_ON, "run {1} goes on", "检测 {1} 仍在进行")                                      \
	X(LB_VOID, "run {1} is void", "检测 {1} 已作废")                                           \
	X(LB_SUSPECT, "run {1} is suspect: repeat it", "检测 {1} 存疑：请重新检测")                \
	X(LB_NO_RELEASE, "no release of ticket {1} is in force; see: benchctl release show {2}",   \
	  "工单 {1} 没有有效的放行；查看：benchctl release show {2}")                              \
	X(LB_OTHER_RELEASE, "ticket {1} is released as {2}", "工单 {1} 已按 {2} 放行")             \
	X(LB_READY, "a printer that is ready", "打印机就绪")                                       \
	X(LB_NO_LABELS, "it is out of labels", "标签纸已用完")                                     \
	X(LB_NO_RIBBON, "it is out of ribbon", "碳带已用完")                                       \
	X(LB_HEAD_OPEN, "its head is open", "打印头未合上")                                        \
	X(LB_HEAD_HOT, "its head is too hot", "打印头过热")                                        \
	X(LB_PAUSED, "it is paused", "打印机已暂停")                                               \
	X(LB_SILENT,                                                                               \
	  "no answer to ~HS: switched off, out of labels or ribbon, head open, or no ZPL printer", \
	  "对 ~HS 无应答：未开机、标签纸或碳带用完、打印头未合上，或不是 ZPL 打印机")              \
	X(LB_LINE_FULL, "its line takes no more", "线路不再接收数据")                              \
	X(LB_LINE_BROKE, "its line broke", "线路中断")                                             \
	X(LB_BUSY, "another label is printed just now", "正在打印另一张标签")                      \
	X(LB_TOO_LONG, "the label is too long for it", "标签内容过长")                             \
	X(LB_NOT_OPEN, "its line is not open", "线路未打开")                                       \
	X(LB_ENDLESS, "it prints something else and does not end", "打印机一直在打印其他内容")     \
	X(LB_UNCONFIRMED, "it did not say in time that it has printed", "打印机未及时确认已打印")  \
	X(LB_GO_THERE, "look at the printer; runs go on without it", "请检查打印机；检测不受影响")

#endif
