/* SPDX-License-Identifier: MIT
 *
 * The part of ctl/messages_said.h that benchd-io says.
 */
#ifndef CTL_MESSAGES_RIG_H
#define CTL_MESSAGES_RIG_H

#define CTL_SAID_RIG(X)                                                                                               \
	/* the rig */                                                                                                 \
	X(IO_BOTH, "{1}: {2}", "{1}：{2}")                                                                            \
	X(IO_CANNOT_JUDGE, "{1} cannot be judged: {2} is {3} ({4} on {5}: {6})",                                      \
	  "{1} 无法判断：{2} {3}（{5} 上的 {4}：{6}）")                                                               \
	X(IO_NO_READING_YET, "no reading yet", "尚无读数")                                                            \
	X(IO_NO_NEW_READING, "no new reading", "没有新读数")                                                          \
	X(IO_NO_READING_IN_IT, "no valid reading", "读数无效")                                                        \
	X(IO_BEYOND_RANGE, "beyond its range", "超出量程")                                                            \
	X(IO_DOES_NOT_MOVE, "it does not move", "读数一直不变")                                                       \
	X(IO_READING_AS_READ, "{1}: {2} ({3} {4} before calibration)",                                                \
	  "{1}：{2}（校准前 {3} {4}）")                                                                               \
	X(IO_READING, "{1}: {2} ({3} {4})", "{1}：{2}（{3} {4}）")                                                    \
	X(IO_STILL, "{1} still stands: {2}", "{1} 仍未解除：{2}")                                                     \
	X(IO_STILL_STATE, "{1} still stands: {2} ({3} reads {4})",                                                    \
	  "{1} 仍未解除：{2}（{3} 现为 {4}）")                                                                        \
	X(IO_STILL_VALUE, "{1} still stands: {2} ({3} reads {4} {5})",                                                \
	  "{1} 仍未解除：{2}（{3} 现为 {4} {5}）")                                                                    \
	X(IO_NOT_KNOWN_YET, "not known yet", "尚无读数")                                                              \
	X(IO_NOT_KNOWN, "not known", "未知")                                                                          \
	X(IO_STUCK, "a bus is stuck: it did not come round in its longest transaction",                               \
	  "总线卡住：超过最长一次通信的时间仍未完成")                                                                 \
	X(IO_NO_EXPRESS, "its driver cannot express the values", "驱动无法表示这些值")                                \
	X(IO_OTHER_BAY, "the dead-man line is dropped: another bay's outputs cannot be confirmed",                    \
	  "失能线已断开：另一工位的输出无法确认")                                                                     \
	X(IO_STOOD_STILL,                                                                                             \
	  "the dead-man line may have stood still for {} ms: the outputs' supply can have dropped",                   \
	  "失能线可能停顿了 {} ms：输出电源可能已断开")                                                               \
	X(IO_QUEUE, "the queue of its bus is full", "总线的请求队列已满")                                             \
	X(IO_UNCONFIRMED, "{1} (on {2}) cannot be confirmed safe: the dead-man line is dropped",                      \
	  "{1}（{2}）无法确认处于安全值：失能线已断开")                                                               \
	X(IO_OUTPUTS, "{1} (on {2}): outputs {3}: {4}", "{1}（{2}）：输出{3}：{4}")                                   \
	X(IO_CANNOT_SET, "cannot be set", "无法设置")                                                                 \
	X(IO_NO_READ_BACK, "are not read back", "没有回读")                                                           \
	X(IO_READ_BACK, "{1} (on {2}): what it reads back is not what was written",                                   \
	  "{1}（{2}）：回读值与写入值不符")                                                                           \
	X(IO_OTHER_VALUE, "{1} reads {2} and was set to {3} ({4} on {5})",                                            \
	  "{1} 回读为 {2}，设定为 {3}（{5} 上的 {4}）")                                                               \
	X(IO_NO_ANSWER_YET, "no answer yet", "尚无应答")                                                              \
	X(IO_NO_ANSWER, "no answer", "无应答")                                                                        \
	X(IO_NO_VALID_ANSWER, "no valid answer", "应答无效")                                                          \
	X(IO_RUBBISH,                                                                                                 \
	  "what it says is no Modbus at {1} {2}: its baud rate or parity is another; benchctl device scan finds it",  \
	  "{1} {2} 下收到的不是 Modbus：它的波特率或校验位不同；可用 benchctl device scan 查出")                      \
	X(IO_RUBBISH_PARITY, "what it says has wrong parity at {1} {2}: its parity is another",                       \
	  "{1} {2} 下校验位错误：它的校验位设置不同")                                                                 \
	X(IO_RUBBISH_FRAMING,                                                                                         \
	  "what it says is wrongly framed at {1} {2}: its baud rate is another, or its stop bits are",                \
	  "{1} {2} 下帧格式错误：它的波特率或停止位不同")                                                             \
	X(IO_NO_GATEWAY, "the gateway got no answer from it", "网关没有得到它的应答")                                 \
	X(IO_NO_GATEWAY_2, "the gateway got no answer", "网关没有得到应答")                                           \
	X(IO_NOT_OPEN, "not open yet", "尚未打开")                                                                    \
	X(IO_REFUSES, "not the device of the fixture: it refuses to tell {1} (exception {2})",                        \
	  "不是接线文件中的设备：拒绝读取 {1}（异常码 {2}）")                                                         \
	X(IO_EXCHANGED,                                                                                               \
	  "not the device that was here: {1} reads 0x{2} and was 0x{3}; if it was exchanged: benchctl device accept", \
	  "不是原来的设备：{1} 为 0x{2}，原为 0x{3}；如确已更换，请确认：benchctl device accept")                     \
	X(IO_SAYS_FIRMWARE, "its firmware version", "固件版本")                                                       \
	X(IO_SAYS_MODULE, "its module name", "模块名称")                                                              \
	X(IO_SAYS_UNIT_ID, "its own unit id", "自身地址")                                                             \
	X(IO_SAYS_PRODUCT, "its product code", "产品代码")                                                            \
	X(IO_SAYS_SERIAL, "its serial number", "序列号")                                                              \
	X(IO_SAYS_COEFFICIENT, "its temperature coefficient", "温度补偿系数")                                         \
	X(IO_SAYS_DECIMALS, "its unit and decimals", "单位和小数位")                                                  \
	X(IO_SAYS_ITS_UNIT, "its unit", "单位")                                                                       \
	X(IO_SAYS_MODES, "the mode of its inputs", "输入通道模式")                                                    \
	X(IO_SAYS_RANGES, "the range of its inputs", "输入通道量程")                                                  \
	X(IO_SAYS_RELAY_STATE, "the state of its relays", "继电器状态")                                               \
	X(IO_OTHER_DEVICE, "not the device of the fixture: {1} reads 0x{2}, expected 0x{3}",                          \
	  "不是接线文件中的设备：{1} 读到 0x{2}，应为 0x{3}")                                                         \
	X(IO_DEVICE_ON, "{1} (on {2}): {3}", "{1}（{2}）：{3}")                                                       \
	X(IO_DEVICE_UNIT, "{1} (unit {2} on {3}): {4}", "{1}（{3}，地址 {2}）：{4}")                                  \
	X(IO_LEASE_IMAGE, "lease lost: no image of benchd for 500 ms",                                                \
	  "租约失效：500 ms 内没有收到 benchd 的输出映像")                                                            \
	X(IO_LEASE_LINK, "lease lost: the link to benchd is gone",                                                    \
	  "租约失效：与 benchd 的连接已断开")                                                                         \
	X(IO_MAX_ON, "{1} is away from its safe value for longer than its {2} s",                                     \
	  "{1} 离开安全值超过允许的 {2} 秒")                                                                          \
	X(IO_NOT_TOLD, "a device did not tell what it is in time", "有设备未在规定时间内报出身份")                    \
	X(IO_BEING_CHECKED, "being checked", "正在检查")                                                              \
	X(IO_AS_THEY_SHOULD, "devices and outputs are as they should be", "设备和输出均正常")                         \
	X(IO_NOT_SHOWN, "not shown: {1}", "未能证实：{1}")                                                            \
	X(IO_NO_READING, "not shown: {1}: no new reading of {2}", "未能证实：{1}：{2} 没有新读数")                    \
	X(IO_NOT_SHOWN_READ, "not shown: {1}: {2} is {3} before calibration",                                         \
	  "未能证实：{1}：{2} 校准前为 {3}")                                                                          \
	X(IO_NOT_SHOWN_IS, "not shown: {1}: {2} is {3}", "未能证实：{1}：{2} {3}")                                    \
	X(IO_GAIN, "a gain of {1}; expected 0.5 to 2", "增益 {1}；应为 0.5 至 2")                                     \
	X(IO_OFFSET, "an offset of {1}; expected at most {2}, a fifth of the range",                                  \
	  "偏移 {1}；最多为 {2}（量程的五分之一）")                                                                   \
	X(IO_NO_QUANTITY, "it is no measured quantity", "它不是测量量")                                               \
	X(IO_RUN_HOLDS, "a run holds bay {1}", "工位 {1} 正在运行")                                                   \
	X(IO_NOT_READ_BACK, "outputs of {1} (on {2}) are not read back: {3}",                                         \
	  "{1}（{2}）的输出没有回读：{3}")                                                                            \
	X(IO_SHOWN, "outputs read back, {1} condition{2} shown",                                                      \
	  "输出已回读，{1} 项安全条件已证实")                                                                         \
	X(IO_THE_BAY_IS, "the bay is {1}", "工位{1}")                                                                 \
	X(IO_THE_BAY_IS_WHY, "the bay is {1}: {2}", "工位{1}：{2}")                                                   \
	X(IO_NO_DEAD_MAN, "the dead-man line cannot be set", "失能线无法设置")                                        \
	X(IO_LEASE_HOLDS, "a lease holds the bay", "工位正被占用")                                                    \
	X(IO_ALL_ANSWER, "all devices answer: proving the safe state",                                                \
	  "所有设备均有应答：正在验证安全状态")                                                                       \
	X(IO_RESET, "reset: proving the safe state", "复位：正在验证安全状态")                                        \
	X(IO_NOT_READY, "safe, but not ready: {1}", "安全，但未就绪：{1}")                                            \
	X(IO_MAKING_SAFE, "the bay is being made safe", "工位正在进入安全状态")                                       \
	X(IO_TOO_MANY, "too many requests wait for the same proof", "等待同一验证的请求过多")

#endif
