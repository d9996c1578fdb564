/* SPDX-License-Identifier: MIT
 *
 * The part of the catalogue that is about label printers.
 */
#ifndef CTL_MESSAGES_LABEL_H
#define CTL_MESSAGES_LABEL_H

#define CTL_SAID_LABEL(X)                                                                          \
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
