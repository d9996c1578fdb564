/* SPDX-License-Identifier: MIT
 *
 * A preload by which libserialport takes a pseudo-terminal for a serial port: modem lines read as
 * none, and can be set. TTYSHIM_REFUSES=BAUD (115200 or 9600): the driver takes any setting but that
 * rate, and says nothing, as some do. Exclusive use ends when it is closed, though the simulator
 * keeps the pseudo-terminal open.
 *
 * Build: cc -D_GNU_SOURCE -shared -fPIC -o ttyshim.so tests/fake/ttyshim.c -ldl
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { FDS = 1024 };
static bool exclusive[FDS];

int close(int fd)
{
	int (*real)(int);

	if (fd >= 0 && fd < FDS && exclusive[fd]) {
		exclusive[fd] = false;
		syscall(SYS_ioctl, fd, TIOCNXCL, 0);
	}
	*(void **)&real = dlsym(RTLD_NEXT, "close");
	return real(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...);
	va_list args;
	void *p;
	int rc;

	va_start(args, request);
	p = va_arg(args, void *);
	va_end(args);
	*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	rc = real(fd, request, p);
	if (rc == 0 || errno != ENOTTY)
		return rc;
	/* umockdev answers for the ports of its tree: what is left is the kernel's */
	rc = (int)syscall(SYS_ioctl, fd, request, p);
	if (rc == 0 && request == TIOCEXCL && fd < FDS)
		exclusive[fd] = true;
	if (rc == 0 || errno != ENOTTY)
		return rc;
	switch (request) {
	case TIOCMGET: *(int *)p = 0; return 0;
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC: return 0;
	default: return rc;
	}
}

static speed_t refused(void)
{
	const char *rate = getenv("TTYSHIM_REFUSES");

	return !rate ? B0 : !strcmp(rate, "115200") ? B115200 : B9600;
}

int tcsetattr(int fd, int when, const struct termios *t)
{
	int (*real)(int, int, const struct termios *);
	struct termios taken = *t;

	*(void **)&real = dlsym(RTLD_NEXT, "tcsetattr");
	if (refused() != B0 && cfgetospeed(t) == refused()) {
		cfsetispeed(&taken, B38400);
		cfsetospeed(&taken, B38400);
	}
	return real(fd, when, &taken);
}
