/* SPDX-License-Identifier: MIT
 *
 * A bus's port: the right kind of name for the kind of bus, a stable one, and no other bus's.
 */
#include "fixture_schema.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHIP_LABEL_MAX = 31, USB_ID_DIGITS = 4, USB_KIND = 5 + 2 * USB_ID_DIGITS };

static const struct {
	const char *prefix, *instead;
	bool chip; /* of GPIO lines, not a serial line */
} unstable_ports[] = {
	{"/dev/ttyUSB", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL", false},
	{"/dev/ttyACM", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL", false},
	{"ttyUSB", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL", false},
	{"ttyACM", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL", false},
	{"/dev/gpiochip", "the chip's label", true},
	{"gpiochip", "the chip's label", true},
};

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool is_serial(int kind)
{
	return kind == BUS_MODBUS_RTU || kind == BUS_SERIAL;
}

/* A port of this kind of bus (0: refused) that has no lasting name? Then that name, as which one is
 * expected. */
static const char *unstable(int kind, const char *port)
{
	for (size_t i = 0; i < sizeof(unstable_ports) / sizeof(unstable_ports[0]); i++) {
		bool chip = unstable_ports[i].chip;
		if (starts(port, unstable_ports[i].prefix) &&
		    (!kind || (chip ? kind == BUS_GPIO : is_serial(kind))))
			return unstable_ports[i].instead;
	}
	return NULL;
}

static bool is_device(const char *port)
{
	return unstable(0, port) != NULL;
}

static bool is_usb_id(const char *s)
{
	for (int i = 0; i < USB_ID_DIGITS; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* usb:VID:PID or usb:VID:PID:SERIAL. */
static bool is_usb(const char *s)
{
	if (strlen(s) < USB_KIND || !starts(s, "usb:") || !is_usb_id(s + 4) ||
	    s[4 + USB_ID_DIGITS] != ':' || !is_usb_id(s + 5 + USB_ID_DIGITS))
		return false;
	return !s[USB_KIND] || (s[USB_KIND] == ':' && s[USB_KIND + 1]);
}

static bool is_path(const char *s)
{
	return *s == '/' && s[strlen(s) - 1] != '/';
}

/* Is it a number of digits alone, of a TCP port? */
static bool is_service(const char *s)
{
	int64_t n;
	return isdigit((unsigned char)*s) && text_to_int64(s, strlen(s), &n) && n >= 1 &&
	       n <= 65535;
}

/* A host of digits and dots alone is an address of four numbers. */
static bool is_host(const char *s, size_t n, bool v6)
{
	const char *of = v6 ? "0123456789abcdefABCDEF:.%_-ghijklmnopqrstuvwxyz"
			    : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
	char host[INET6_ADDRSTRLEN] = "";
	struct in6_addr to;
	size_t numbers = v6 ? strcspn(s, "%]") : strspn(s, "0123456789.");
	if (!n || strspn(s, of) != n)
		return false;
	if (!v6 && numbers != n)
		return true;
	if (numbers >= sizeof(host))
		return false;
	memcpy(host, s, numbers);
	return inet_pton(v6 ? AF_INET6 : AF_INET, host, &to) == 1;
}

/* host:502, 192.168.1.5:502, [fe80::1%eth0]:502 */
static bool is_address(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t n = colon ? (size_t)(colon - s) : 0;
	bool v6 = n > 2 && s[0] == '[' && s[n - 1] == ']';
	return n && is_service(colon + 1) && is_host(s + v6, n - 2 * v6, v6);
}

/* The chip's label as the kernel keeps it; some have a colon: INT33FC:00. */
static bool is_label(const char *s)
{
	return strlen(s) <= CHIP_LABEL_MAX && !strchr(s, '/') && !strchr(s, ' ') &&
	       !starts(s, "usb:") && !(strchr(s, '.') && is_address(s));
}

static bool fits(enum bus_kind kind, const char *port, const char **expected)
{
	switch (kind) {
	case BUS_MODBUS_RTU:
	case BUS_SERIAL:
		*expected = "a path below /dev/serial, usb:VID:PID:SERIAL with ids of four hex "
			    "digits, or sim:NAME";
		return is_path(port) || is_usb(port);
	case BUS_MODBUS_TCP:
	case BUS_TCP:
		*expected = "host:PORT, the number 1 to 65535, or sim:NAME";
		return is_address(port);
	case BUS_GPIO:
		*expected = "the chip's label, at most 31 bytes, or sim:NAME";
		return is_label(port);
	}
	return true; /* the kind was refused */
}

/* Do two names lead to one port? */
static bool is_same(const char *a, const char *b)
{
	const char *ca = strrchr(a, ':'), *cb = strrchr(b, ':');
	if (strcmp(a, b) == 0)
		return true;
	if (starts(a, "sim:") || starts(b, "sim:"))
		return false;
	if (is_usb(a) && is_usb(b)) /* without a serial number it fits any adapter of the kind */
		return strncasecmp(a, b, USB_KIND) == 0 &&
		       (!a[USB_KIND] || !b[USB_KIND] || !strcmp(a + USB_KIND, b + USB_KIND));
	return is_address(a) && is_address(b) && ca - a == cb - b &&
	       strncasecmp(a, b, (size_t)(ca - a)) == 0 &&
	       strtol(ca + 1, NULL, 10) == strtol(cb + 1, NULL, 10);
}

void fixture_check_port(struct fixture_build *b, const struct raw_bus *all, int index)
{
	const struct raw_bus *r = &all[index];
	const struct yaml_node *at = schema_node(&r->item, "port");
	const char *expected = NULL, *lasting;
	int before = b->mistakes;
	if (!r->port)
		return;
	lasting = unstable(r->kind, r->port);
	if (starts(r->port, "sim:")) {
		b->f->simulated = true;
		if (!text_is_name(r->port + 4))
			fixture_bad(b, at,
				    "port \"%.60s\" names no simulated port; expected sim:NAME",
				    r->port);
	} else if (lasting) {
		fixture_bad(b, at, "port \"%.60s\" may be another one after a replug; expected %s",
			    r->port, lasting);
	} else if (!fits((enum bus_kind)r->kind, r->port, &expected) ||
		   (r->kind && is_device(r->port))) {
		fixture_bad(b, at, "port \"%.60s\" is none of this kind of bus; expected %s",
			    r->port, expected);
	}
	for (int i = 0; i < index && b->mistakes == before; i++)
		if (all[i].port && is_same(all[i].port, r->port))
			fixture_bad(b, at, "port \"%.60s\" is bus %s's already; expected another",
				    r->port, all[i].item.name);
}
