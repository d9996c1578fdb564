/* SPDX-License-Identifier: MIT
 *
 * One text file per bus: "<mono_ns> <dir> <hex or -> <note>" a line, dir '>' request, '<' received,
 * '!' remark. Lines that begin with '#' describe the bus and its GPIO lines; tests/replay/ plays such
 * files back. Files are named BUS.trace; an older one is kept as BUS.trace.1.
 *
 * RTU: whole frames with CRC. TCP: unit and PDU out, PDU in. Serial: bytes. GPIO: the note says
 * "line=N" and the pin's level, edge or pulses; a remark what was told of it, after active_low.
 * Remarks stand where something came of time alone ("no reply", "up", "the line does not fall
 * silent", levels by their period), so that a player need not guess when the thread had its turn.
 */
#ifndef BUS_TRACE_H
#define BUS_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "bus/bus.h"
#include "plan/fixture.h"

struct trace;
struct trace *trace_open(const char *dir, const struct fx_bus *bus, const struct bus_config *config,
			 struct error *err);
/* Buffered; the file grows to at most 64 MiB, then stops with a remark. */
void trace_add(struct trace *t, int64_t at_ns, char dir, const uint8_t *p, size_t n,
	       const char *note);
void trace_flush(struct trace *t); /* NULL allowed */
void trace_close(struct trace *t); /* NULL allowed */

#endif
