/* SPDX-License-Identifier: MIT
 *
 * The table of faults and what they do to a reply. A new one: a row here, and what it does in one of
 * the wire_spoil functions.
 */
#include "sim/wire_fault.h"

#include <string.h>

#include "base/clock.h"

/* Between pieces on a line that is not paced, and between two answers. */
#define PIECE_NS  (NS_PER_MS / 10)
#define SECOND_NS (3 * NS_PER_MS)
#define BABBLE_NS (10 * NS_PER_MS)

#define NO_K 0, 0, 0, NULL

static const struct wire_fault_info table[WIRE_FAULTS] = {
	[WIRE_FINE] = {"none", WIRE_ON_LINE, "-", NO_K, "no fault"},
	[WIRE_SILENCE] = {"silence", WIRE_ON_LINE, "B1 R3", NO_K,
			  "it does as told, its answer is lost"},
	[WIRE_LOST] = {"dead", WIRE_ON_LINE, "B1 R3", NO_K, "it hears and says nothing"},
	[WIRE_BAD_CRC] = {"bad_crc", WIRE_ON_LINE, "B3", NO_K, "the check sum is wrong"},
	[WIRE_LATE] = {"late", WIRE_ON_LINE, "B2 B17", 0.2, 0, 60, "s", "the answer comes late"},
	[WIRE_EXCEPTION] = {"exception", WIRE_ON_LINE, "B8 B16", 4, 1, 255, "code",
			    "it refuses; 6 busy, 10 and 11 a gateway's"},
	[WIRE_TRUNCATED] = {"truncated", WIRE_ON_LINE, "B4", 2, 1, 255, "bytes",
			    "the end of the answer is missing"},
	[WIRE_NOISE] = {"noise", WIRE_ON_LINE, "B5", 1, 1, 255, "bytes",
			"noise in front of the answer"},
	[WIRE_HANG_UP] = {"hang_up", WIRE_ON_LINE, "B11 B12", 0, 0, 3600, "s",
			  "the port goes and comes back, on a pty as another one"},
	[WIRE_FLIP] = {"flip", WIRE_ON_LINE, "B3", 1, 1, 64, "bits",
		       "bits of the answer turn over"},
	[WIRE_SPLIT] = {"split", WIRE_ON_LINE, "B4 B15", 0, 0, 255, "byte",
			"the answer comes in two pieces, 0: byte by byte"},
	[WIRE_EXTRA] = {"extra", WIRE_ON_LINE, "B5", 3, 1, 255, "bytes",
			"more bytes behind the answer"},
	[WIRE_ECHO] = {"echo", WIRE_ON_LINE, "B5", NO_K, "the adapter hears what it sends"},
	[WIRE_WRONG_SLAVE] = {"wrong_slave", WIRE_ON_LINE, "B7", 1, 1, 246, "addresses",
			      "the answer bears an address K further"},
	[WIRE_TWO_SLAVES] = {"two_slaves", WIRE_ON_LINE, "B7", NO_K,
			     "a second device answers at its address"},
	[WIRE_WRONG_ECHO] = {"wrong_echo", WIRE_ON_LINE, "B9 R3", NO_K,
			     "a write is confirmed with another value"},
	[WIRE_WRONG_COUNT] = {"wrong_count", WIRE_ON_LINE, "B9", 1, -1, 1, "registers",
			      "more (1), fewer (-1) than asked, 0: another count than there are"},
	[WIRE_WRONG_FUNCTION] = {"wrong_function", WIRE_ON_LINE, "B9", NO_K,
				 "the answer to another function"},
	[WIRE_WRONG_BAUD] = {"wrong_baud", WIRE_ON_LINE, "B10", NO_K,
			     "it speaks at another rate: garbage"},
	[WIRE_FLOOD] = {"flood", WIRE_ON_LINE, "B6", 0, 0, 1e6, "bytes/s",
			"noise without end, 0: at line rate"},
	[WIRE_STORM] = {"storm", WIRE_ON_LINE, "B18", 0.05, 0.001, 60, "s",
			"another master speaks, every K seconds"},
	[WIRE_RESET] = {"reset", WIRE_ON_TCP, "B14", NO_K, "the connection is reset"},
	[WIRE_HALF_OPEN] = {"half_open", WIRE_ON_TCP, "B14", NO_K,
			    "the peer is gone, the connection stands"},
	[WIRE_WRONG_ID] = {"wrong_id", WIRE_ON_TCP, "B15", NO_K, "another transaction's number"},
	[WIRE_MERGED] = {"merged", WIRE_ON_TCP, "B15", NO_K,
			 "an older answer in front, in one segment"},
	[WIRE_REBOOT] = {"reboot", WIRE_IN_DEVICE, "D1 R4", 1, 0, 60, "s",
			 "once: silent for K seconds, outputs fall, counters begin at 0"},
	[WIRE_OTHER_DEVICE] = {"other_device", WIRE_IN_DEVICE, "D2", 0, 0, 65535, "register",
			       "another one at its address, that differs in register K, 0: in all"},
	[WIRE_FROZEN] = {"frozen", WIRE_IN_DEVICE, "D3 D11 B16", NO_K,
			 "the same words again and again; of a line: a gateway that caches"},
	[WIRE_OPEN_LOOP] = {"open_loop", WIRE_IN_DEVICE, "D4", NO_K, "inputs read 0"},
	[WIRE_SHORTED] = {"shorted", WIRE_IN_DEVICE, "D4", 22000, 0, 65535, "counts",
			  "inputs read K counts (uA)"},
	[WIRE_OUT_OF_RANGE] = {"out_of_range", WIRE_IN_DEVICE, "D5", NO_K,
			       "registers at the end of what they can say"},
	[WIRE_NAN] = {"nan", WIRE_IN_DEVICE, "D5", NO_K, "NaN; 0x8000 where there is none"},
	[WIRE_SWAPPED] = {"swapped", WIRE_IN_DEVICE, "D6", NO_K,
			  "words of 32 bits and bytes of 16 the other way round"},
	[WIRE_SPIKE] = {"spike", WIRE_IN_DEVICE, "D10", 3, 0, 100, "times", "K times the value"},
	[WIRE_IGNORES] = {"ignores", WIRE_IN_DEVICE, "R1 R2", NO_K,
			  "confirms writes and does nothing"},
	[WIRE_HALF] = {"half", WIRE_IN_DEVICE, "R4", NO_K,
		       "writes end half done, the other outputs fall"},
};

const struct wire_fault_info *wire_fault_info(enum wire_fault f)
{
	return (unsigned)f < WIRE_FAULTS ? &table[f] : NULL;
}

const char *wire_fault_name(enum wire_fault f)
{
	return (unsigned)f < WIRE_FAULTS ? table[f].name : "unknown";
}

enum wire_fault wire_fault_find(const char *name, size_t n)
{
	for (int i = 0; i < WIRE_FAULTS; i++)
		if (strlen(table[i].name) == n && !strncmp(table[i].name, name, n))
			return (enum wire_fault)i;
	return WIRE_FAULTS;
}

/* ---- pieces ---- */

size_t wire_frame_next(struct wire_frame *f, const uint8_t **bytes)
{
	size_t n = f->sent ? f->piece : f->first;

	if (n > f->n - f->sent)
		n = f->n - f->sent;
	*bytes = f->bytes + f->sent;
	f->sent += n;
	f->at_ns += f->gap_ns;
	return n;
}

static struct wire_frame *add_frame(struct wire_reply *out, const uint8_t *p, size_t n)
{
	struct wire_frame *f = &out->frames[out->count++];

	f->at_ns = f->gap_ns = 0;
	f->sent = 0;
	f->n = f->first = f->piece = n;
	memcpy(f->bytes, p, n);
	return f;
}

static void split(struct wire_frame *f, size_t at, int64_t char_ns)
{
	f->gap_ns = char_ns ? char_ns : PIECE_NS;
	if (at == 0) {
		f->first = f->piece = 1;
		f->at_ns -= (int64_t)(f->n - 1) * char_ns; /* it ends when it would have */
	} else if (at < f->n) {
		f->first = at;
		f->gap_ns = SECOND_NS;
	}
}

static void put_noise(struct wire_frame *f, size_t at, size_t n, struct rng *rng)
{
	if (n > sizeof(f->bytes) - f->n)
		n = sizeof(f->bytes) - f->n;
	memmove(f->bytes + at + n, f->bytes + at, f->n - at);
	for (size_t i = 0; i < n; i++)
		f->bytes[at + i] = (uint8_t)(n == 1 ? 0 : rng_next(rng));
	f->n += n;
	f->first = f->piece = f->n;
}

static void flip_bits(uint8_t *p, size_t n, int k, struct rng *rng)
{
	uint8_t mask[WIRE_BYTES_MAX] = {0};

	for (int left = k; left > 0;) {
		size_t bit = rng_next(rng) % (8 * n);

		if (mask[bit / 8] >> bit % 8 & 1)
			continue;
		mask[bit / 8] |= (uint8_t)(1u << bit % 8);
		left--;
	}
	for (size_t i = 0; i < n; i++)
		p[i] ^= mask[i];
}

static void shorten(struct wire_frame *f, double by)
{
	size_t n = (size_t)by;

	f->n = n < f->n ? f->n - n : 1;
	f->first = f->piece = f->n;
}

/* Every data byte another one; the echo of a write stays. */
static void other_values(uint8_t *pdu, size_t n)
{
	for (size_t i = 2; i < n && pdu[0] <= 4; i++)
		pdu[i] ^= 0x55;
}

/* ---- PDU ---- */

static uint8_t other_function(uint8_t f)
{
	switch (f) {
	case 1:
	case 5: return f + 1;
	case 2:
	case 6: return f - 1;
	case 3: return 4;
	case 4: return 3;
	case 15: return 16;
	case 16: return 15;
	default: return f ^ 1;
	}
}

static size_t wrong_count(uint8_t *reply, size_t got, int k)
{
	if (reply[0] < 1 || reply[0] > 4 || got < (k < 0 ? 4 : 3))
		return got;
	if (k == 0) {
		reply[1] = (uint8_t)(reply[1] + 2);
		return got;
	}
	reply[1] = (uint8_t)(reply[1] + 2 * k);
	if (k > 0)
		memset(reply + got, 0x5a, 2);
	return k > 0 ? got + 2 : got - 2;
}

size_t wire_spoil_pdu(const struct wire_effect *e, const uint8_t *request, size_t n, uint8_t *reply,
		      size_t got)
{
	if (!got || n < 1)
		return got;
	switch ((int)e->kind) {
	case WIRE_EXCEPTION:
		reply[0] = request[0] | RTU_EXCEPTION;
		reply[1] = (uint8_t)e->k;
		return 2;
	case WIRE_WRONG_ECHO:
		if (request[0] > 4 && !(reply[0] & RTU_EXCEPTION) && got >= 5)
			reply[got - 1] ^= 1;
		return got;
	case WIRE_WRONG_COUNT: return wrong_count(reply, got, (int)e->k);
	case WIRE_WRONG_FUNCTION:
		reply[0] = other_function(reply[0] & 0x7f) | (reply[0] & 0x80);
		return got;
	default: return got;
	}
}

/* ---- serial lines ---- */

bool wire_is_heard(const struct wire_effect *e)
{
	return e->kind != WIRE_LOST && e->kind != WIRE_WRONG_BAUD && e->kind != WIRE_HALF_OPEN;
}

static void second_slave(const uint8_t *adu, size_t n, struct rng *rng, struct wire_reply *out)
{
	uint8_t other[RTU_ADU_MAX];

	memcpy(other, adu, n);
	other_values(other + 1, n - 3);
	rtu_build(other, adu[0], other + 1, n - 3);
	if (rng_next(rng) % 2) {
		memcpy(out->frames[0].bytes, other, n);
		memcpy(other, adu, n);
	}
	add_frame(out, other, n)->at_ns = SECOND_NS;
}

static void garbage(size_t n, struct rng *rng, struct wire_reply *out)
{
	uint8_t bytes[RTU_ADU_MAX];

	n = 1 + rng_next(rng) % (n ? n : 8);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)rng_next(rng);
	add_frame(out, bytes, n);
}

/* What a second master's dialog, an echo or another baud rate puts on the line besides. */
static bool is_line_noise(const struct wire_effect *e, const struct wire_medium *line,
			  const uint8_t *request, size_t request_n, size_t n,
			  struct wire_reply *out)
{
	if (e->kind == WIRE_ECHO)
		add_frame(out, request, request_n)->at_ns = INT64_MIN; /* at once */
	if (e->kind == WIRE_WRONG_BAUD)
		garbage(n, line->rng, out);
	return e->kind == WIRE_WRONG_BAUD || e->kind == WIRE_SILENCE || n == 0;
}

static double line_rate(const struct wire_medium *line)
{
	return line->char_ns ? 1e9 / (double)line->char_ns : 11520;
}

/* Noise on the line meets the answer: bytes that fall together are garbage. */
static void collide(const struct wire_effect *e, const struct wire_medium *line, uint8_t *p,
		    size_t n)
{
	double share = e->k > 0 ? e->k / line_rate(line) : 1;

	for (size_t i = 0; i < n; i++)
		if (rng_uniform(line->rng) < share)
			p[i] = (uint8_t)rng_next(line->rng);
}

void wire_spoil_rtu(const struct wire_effect *e, const struct wire_medium *line,
		    const uint8_t *request, size_t request_n, const uint8_t *adu, size_t n,
		    struct wire_reply *out)
{
	struct wire_frame *f;

	out->count = 0;
	if (is_line_noise(e, line, request, request_n, n, out))
		return;
	f = add_frame(out, adu, n);
	switch ((int)e->kind) {
	case WIRE_BAD_CRC: f->bytes[n - 1] ^= 0x10; break;
	case WIRE_LATE: f->at_ns = (int64_t)(e->k * 1e9); break;
	case WIRE_TRUNCATED: shorten(f, e->k); break;
	case WIRE_NOISE: put_noise(f, 0, (size_t)e->k, line->rng); break;
	case WIRE_EXTRA: put_noise(f, n, (size_t)e->k, line->rng); break;
	case WIRE_FLIP: flip_bits(f->bytes, n, (int)e->k, line->rng); break;
	case WIRE_SPLIT: split(f, (size_t)e->k, line->char_ns); break;
	case WIRE_WRONG_SLAVE:
		rtu_build(f->bytes, (uint8_t)(f->bytes[0] + e->k), f->bytes + 1, n - 3);
		break;
	case WIRE_FLOOD: collide(e, line, f->bytes, n); break;
	case WIRE_TWO_SLAVES: second_slave(adu, n, line->rng, out); break;
	default: break;
	}
}

static size_t flood(const struct wire_effect *e, const struct wire_medium *line, uint8_t *out,
		    size_t max, int64_t *wait_ns)
{
	double rate = e->k > 0 ? e->k : line_rate(line);
	size_t n = (size_t)(rate * (double)BABBLE_NS * 1e-9) + 1;

	n = n < max ? n : max;
	*wait_ns = (int64_t)((double)n / rate * 1e9);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)rng_next(line->rng);
	return n;
}

size_t wire_babble(const struct wire_effect *e, const struct wire_medium *line,
		   const uint8_t *units, int unit_count, uint8_t *out, size_t max, int64_t *wait_ns)
{
	uint8_t pdu[8] = {3, 0, 0, 0, 2}, unit;
	size_t n;

	if (e->kind == WIRE_FLOOD)
		return flood(e, line, out, max, wait_ns);
	*wait_ns = (int64_t)(e->k * 1e9);
	if (e->kind != WIRE_STORM || !unit_count || max < 24)
		return 0;
	unit = units[rng_next(line->rng) % (unsigned)unit_count];
	n = rtu_build(out, unit, pdu, 5);
	pdu[1] = 4;
	for (int i = 2; i < 6; i++)
		pdu[i] = (uint8_t)rng_next(line->rng);
	return n + rtu_build(out + n, unit, pdu, 6);
}

/* ---- Modbus TCP ---- */

/* An older answer, with the number before, in front of the right one. */
static void merge(struct wire_frame *f, const uint8_t *adu, size_t n)
{
	unsigned id = ((unsigned)adu[0] << 8 | adu[1]) - 1;

	memcpy(f->bytes + n, adu, n);
	f->bytes[0] = (uint8_t)(id >> 8);
	f->bytes[1] = (uint8_t)id;
	other_values(f->bytes + 7, n - 7);
	f->n = f->first = f->piece = 2 * n;
}

void wire_spoil_tcp(const struct wire_effect *e, const struct wire_medium *line, const uint8_t *adu,
		    size_t n, struct wire_reply *out)
{
	struct wire_frame *f;

	out->count = 0;
	if (n == 0 || e->kind == WIRE_SILENCE)
		return;
	f = add_frame(out, adu, n);
	switch ((int)e->kind) {
	case WIRE_LATE: f->at_ns = (int64_t)(e->k * 1e9); break;
	case WIRE_TRUNCATED: shorten(f, e->k); break;
	case WIRE_NOISE: put_noise(f, 0, (size_t)e->k, line->rng); break;
	case WIRE_EXTRA: put_noise(f, n, (size_t)e->k, line->rng); break;
	case WIRE_SPLIT: split(f, (size_t)e->k, 0); break;
	case WIRE_WRONG_SLAVE: f->bytes[6] = (uint8_t)(f->bytes[6] + e->k); break;
	case WIRE_WRONG_ID: f->bytes[1] ^= 1; break;
	case WIRE_MERGED: merge(f, adu, n); break;
	case WIRE_TWO_SLAVES:
		f = add_frame(out, adu, n);
		other_values(f->bytes + 7, n - 7);
		break;
	default: break;
	}
}

/* ---- values ---- */

void wire_spoil_words(const struct wire_effect *e, enum register_type type, uint16_t *words)
{
	static const uint16_t most[][2] = {
		[REGISTER_U16] = {0xffff},	   [REGISTER_I16] = {0x7fff},
		[REGISTER_U32] = {0xffff, 0xffff}, [REGISTER_I32] = {0x7fff, 0xffff},
		[REGISTER_F32] = {0x7f7f, 0xffff}, [REGISTER_BIT] = {1}};
	uint16_t first = words[0];
	bool wide = register_count(type) == 2;
	double spike = (double)first * e->k;

	switch ((int)e->kind) {
	case WIRE_OPEN_LOOP: words[0] = words[1] = 0; break;
	case WIRE_SHORTED:
		words[0] = wide ? most[type][0] : (uint16_t)e->k;
		words[1] = most[type][1];
		break;
	case WIRE_OUT_OF_RANGE:
		words[0] = most[type][0];
		words[1] = most[type][1];
		break;
	case WIRE_NAN:
		words[0] = type == REGISTER_F32 ? 0x7fc0 : 0x8000;
		words[1] = 0;
		break;
	case WIRE_SWAPPED:
		words[0] = wide ? words[1] : (uint16_t)(first << 8 | first >> 8);
		words[1] = wide ? first : 0;
		break;
	case WIRE_SPIKE: words[0] = spike < 65535 ? (uint16_t)spike : 65535; break;
	default: break;
	}
}
