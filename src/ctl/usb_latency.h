/* SPDX-License-Identifier: MIT
 *
 * USB serial adapters that hold replies back: their latency timer, as the kernel tells it below
 * SYS/bus/usb-serial/devices.
 */
#ifndef CTL_USB_LATENCY_H
#define CTL_USB_LATENCY_H

enum { USB_LATENCY_MAX_MS = 2 };
/* Calls slow for each adapter whose timer is above that; sys: "/sys", or another root for tests. */
void usb_latency_check(const char *sys, void (*slow)(void *ctx, const char *name, long ms),
		       void *ctx);

#endif
