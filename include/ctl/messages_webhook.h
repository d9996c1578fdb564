/* SPDX-License-Identifier: MIT
 *
 * The part of the catalogue that is about webhooks.
 */
#ifndef CTL_MESSAGES_WEBHOOK_H
#define CTL_MESSAGES_WEBHOOK_H

#define CTL_SAID_WEBHOOK(X)                                                                                         \
	X(WH_NONE, "no webhooks are configured", "没有配置推送")                                                    \
	X(WH_IDLE, "idle", "空闲")                                                                                  \
	X(WH_SENDING, "sending", "发送中")                                                                          \
	X(WH_FAILING, "failing", "发送失败")                                                                        \
	X(WH_DISABLED, "disabled", "已停用")                                                                        \
	X(WH_DELIVERED, "delivered", "已送达")                                                                      \
	X(WH_PLACE, "done up to item {1}, {2} behind, {3} dead letters",                                            \
	  "已送到第 {1} 条，落后 {2} 条，死信 {3} 条")                                                              \
	X(WH_TRIES, "failed {1} times, tried again in {2} s", "已失败 {1} 次，{2} 秒后重试")                        \
	X(WH_NO_DEAD, "no letter was given up", "没有死信")                                                         \
	X(WH_GIVEN_UP, "given up after {1} tries: {2}", "尝试 {1} 次后放弃：{2}")                                   \
	X(WH_ONCE_MORE, "is to be sent once more", "等待重新发送")                                                  \
	X(WH_NO_ANSWER, "no answer: {1}", "无应答：{1}")                                                            \
	X(WH_ANSWERED, "answered {1}", "应答状态 {1}")                                                              \
	X(WH_ANSWERED_WITH, "answered {1} with {2}", "应答状态 {1}，内容 {2}")                                      \
	X(WH_DNS, "dns", "域名无法解析")                                                                            \
	X(WH_CONNECT, "connect", "无法连接")                                                                        \
	X(WH_DENIED, "denied", "不允许的地址")                                                                      \
	X(WH_TLS, "TLS 1.2 or newer could not be agreed on; see to that server's TLS",                              \
	  "无法协商 TLS 1.2 或更高版本；请检查对方服务器的 TLS 设置")                                               \
	X(WH_TLS_NAME, "its certificate is for another name; write that one in url",                                \
	  "对方证书属于另一个名称；请在 url 中写证书上的名称")                                                      \
	X(WH_TLS_EXPIRED,                                                                                           \
	  "its certificate has expired, or begins later; renew it, and look at both clocks",                        \
	  "对方证书已过期或尚未生效；请更新证书，并检查两边的时钟")                                                 \
	X(WH_TLS_UNTRUSTED,                                                                                         \
	  "its certificate is of no authority that is trusted here; name a file with the authority's by --ca-file", \
	  "对方证书的签发机构不受信任；请用 --ca-file 指定该机构的证书文件")                                        \
	X(WH_TLS_CA_FILE,                                                                                           \
	  "the file of --ca-file holds no certificates, or benchd-web may not read it",                             \
	  "--ca-file 的文件中没有证书，或 benchd-web 无权读取")                                                     \
	X(WH_NETWORK, "network", "网络中断")                                                                        \
	X(WH_URL, "url", "地址或请求无效")                                                                          \
	X(WH_BUSY, "busy", "繁忙")                                                                                  \
	X(WH_WEB_LOST, "web_lost", "benchd-web 已断开")                                                             \
	X(WH_NO_WEB, "benchd-web does not run", "benchd-web 没有运行")                                              \
	X(WH_TRY_NO_WEB, "benchd-web does not run: nothing can be sent",                                            \
	  "benchd-web 没有运行：无法发送")                                                                          \
	X(WH_UNKNOWN, "there is no webhook \"{1}\"; see: benchctl webhook list",                                    \
	  "没有名为 \"{1}\" 的推送；请看：benchctl webhook list")                                                   \
	X(WH_SECRET_GONE, "{1}: its file is not there, or not open to benchd",                                      \
	  "{1}：密钥文件不存在或 benchd 无法读取")                                                                  \
	X(WH_SECRET_OPEN, "{1}: its file is open to others; chmod 600 it",                                          \
	  "{1}：密钥文件对他人开放；请执行 chmod 600")                                                              \
	X(WH_SECRET_SIZE, "{1}: its file is empty or longer than {2} bytes",                                        \
	  "{1}：密钥文件为空或超过 {2} 字节")                                                                       \
	X(WH_SECRET_LINE, "{1}: expected one line of at most {2} bytes of text",                                    \
	  "{1}：应为一行文本，最多 {2} 字节")                                                                       \
	X(WH_SIGNING_NONE, "signing: its file holds no secret", "signing：文件中没有密钥")                          \
	X(WH_SIGNING_MANY, "signing: more than {1} secrets", "signing：密钥超过 {1} 个")                            \
	X(WH_SIGNING_LINE,                                                                                          \
	  "signing: a line of its file is no secret; expected whsec_ and the Base64 of {1} to {2} random bytes",    \
	  "signing：文件中有一行不是密钥；应为 whsec_ 加 {1} 到 {2} 个随机字节的 Base64")                           \
	X(WH_STATE, "webhooks: {1} endpoints, {2} in trouble, {3} dead letters",                                    \
	  "推送：{1} 个端点，{2} 个有问题，死信 {3} 条")                                                            \
	X(WH_SECRET, "secret {1}", "密钥 {1}")                                                                      \
	X(WH_OUTBOX, "the outbox", "待发记录")                                                                      \
	X(WH_LOOK, "benchctl webhook list", "请看：benchctl webhook list")

#endif
