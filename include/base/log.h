/* SPDX-License-Identifier: MIT
 *
 * Log lines on stderr: "<N>module: text" with the syslog level prefix that
 * systemd understands when stderr is no terminal, plain otherwise. A function
 * logs or returns an error, never both. Any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Program name for the prefix on a terminal, and the highest level printed (default INFO). */
void log_init(const char *program, enum log_level max);
void log_line(enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define log_error(module, ...)	 log_line(LOG_LEVEL_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) log_line(LOG_LEVEL_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)	 log_line(LOG_LEVEL_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)	 log_line(LOG_LEVEL_DEBUG, module, __VA_ARGS__)

/* Repeated errors of one thing: the first 10 pass, then 1 in 100. */
struct log_limit {
	uint32_t count;
};
/* Count one more error; true when it should be printed. */
bool log_limit_hit(struct log_limit *l);
/* The thing works again: returns how many errors there were and starts from 0. */
uint32_t log_limit_clear(struct log_limit *l);

#endif
