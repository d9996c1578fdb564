/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "bus/bus.h"
#include "bus/gpio_wire.h"

_Static_assert(sizeof(struct gpio_wire_msg) == 112, "the layout is the protocol");

void gpio_wire_init(struct gpio_wire_msg *m, enum gpio_wire_kind kind)
{
	memset(m, 0, sizeof(*m));
	m->magic = GPIO_WIRE_MAGIC;
	m->kind = (uint16_t)kind;
}

static bool is_client_kind(unsigned kind)
{
	return kind == GPIO_WIRE_HELLO || kind == GPIO_WIRE_REQUEST || kind == GPIO_WIRE_SET;
}

bool gpio_wire_check(const struct gpio_wire_msg *m, size_t n, bool from_chip)
{
	if (n != sizeof(*m) || m->magic != GPIO_WIRE_MAGIC)
		return false;
	if (m->kind < GPIO_WIRE_HELLO || m->kind > GPIO_WIRE_PULSES)
		return false;
	if (is_client_kind(m->kind) == from_chip)
		return false;
	if (!memchr(m->name, 0, sizeof(m->name)) || !memchr(m->text, 0, sizeof(m->text)))
		return false;
	if (m->value > 1)
		return false;
	if (m->kind == GPIO_WIRE_REQUEST)
		return m->mode >= GPIO_IN && m->mode <= GPIO_PULSE && m->bias >= -1 &&
		       m->bias <= 2 && m->name[0];
	if (m->kind == GPIO_WIRE_REFUSED)
		return m->code > 0;
	if (m->kind == GPIO_WIRE_EDGE)
		return m->at_ns >= 0;
	if (m->kind == GPIO_WIRE_PULSES)
		return m->pulses >= 1 && m->first_ns >= 0 && m->last_ns >= m->first_ns;
	return true;
}
