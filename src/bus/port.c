/* SPDX-License-Identifier: MIT
 *
 * Opening serial ports. Real ports go through libserialport, which knows adapters by USB id; it
 * opens no pseudo-terminal and no link, so names are resolved first and ptys have a path of their
 * own.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "bus/port.h"
#include "wire.h"

static const struct {
	int baud;
	speed_t speed;
} rates[] = {
	{1200, B1200},	   {2400, B2400},     {4800, B4800},	 {9600, B9600},
	{19200, B19200},   {38400, B38400},   {57600, B57600},	 {115200, B115200},
	{230400, B230400}, {460800, B460800}, {500000, B500000}, {921600, B921600},
};

static speed_t speed_of(int baud)
{
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rates[i].baud == baud)
			return rates[i].speed;
	return B0;
}

bool port_is_baud(int baud)
{
	return speed_of(baud) != B0;
}

static int busy(const char *port, const char *path, struct error *err)
{
	char name[32];
	int pid = port_owner(path, name);

	if (pid)
		return error_set(err, ERR_BUSY, "%s (%s) is held by process %d (%s)", port, path,
				 pid, name);
	return error_set(err, ERR_BUSY, "%s (%s) is held by another process", port, path);
}

/* ---- what the name means --------------------------------------------------- */

static bool usb_matches(const struct sp_port *port, unsigned vid, unsigned pid, const char *serial)
{
	int got_vid, got_pid;
	const char *got;

	if (sp_get_port_transport(port) != SP_TRANSPORT_USB ||
	    sp_get_port_usb_vid_pid(port, &got_vid, &got_pid) != SP_OK)
		return false;
	if ((unsigned)got_vid != vid || (unsigned)got_pid != pid)
		return false;
	got = sp_get_port_usb_serial(port);
	return !*serial || (got && strcmp(got, serial) == 0);
}

static int resolve_usb(const char *name, char *path, size_t size, struct error *err)
{
	char serial[64] = "";
	struct sp_port **list;
	unsigned vid, pid;
	int found = 0;

	if (sscanf(name, "usb:%4x:%4x:%63s", &vid, &pid, serial) < 2)
		return error_set(err, ERR_CONFIG,
				 "port %s; USB adapters are named usb:VID:PID:SERIAL, ids in hex",
				 name);
	if (sp_list_ports(&list) != SP_OK)
		return error_set(err, ERR_IO, "%s: no list of serial ports from the system", name);
	for (int i = 0; list[i]; i++) {
		if (!usb_matches(list[i], vid, pid, serial))
			continue;
		if (found++ == 0)
			text_copy(path, size, sp_get_port_name(list[i]));
	}
	sp_free_port_list(list);
	if (found == 0)
		return error_set(err, ERR_NOT_FOUND, "%s: no such adapter is plugged in", name);
	if (found > 1)
		return error_set(err, ERR_CONFIG,
				 "%s fits %d adapters; name one by serial number or by path", name,
				 found);
	return 0;
}

static int resolve_sim(const char *name, const char *sim_dir, char *path, size_t size,
		       struct error *err)
{
	char link_name[PATH_MAX], real[PATH_MAX];

	if (!sim_dir)
		return error_set(err, ERR_CONFIG, "%s is a simulated port; no simulator was named",
				 name);
	snprintf(link_name, sizeof(link_name), "%s/%s", sim_dir, name + 4);
	if (strchr(name + 4, '/') || !realpath(link_name, real))
		return error_set(err, ERR_NOT_FOUND,
				 "%s: no such simulated port in %s; is benchsim running?", name,
				 sim_dir);
	if (strncmp(real, "/dev/pts/", 9) != 0)
		return error_set(err, ERR_CONFIG, "%s leads to %s; a simulated port is a pty", name,
				 real);
	text_copy(path, size, real);
	return 0;
}

static bool is_plug_order_name(const char *name)
{
	return strncmp(name, "/dev/ttyUSB", 11) == 0 || strncmp(name, "/dev/ttyACM", 11) == 0;
}

int port_resolve(const char *name, const char *sim_dir, char *path, size_t size, struct error *err)
{
	char real[PATH_MAX];

	if (strncmp(name, "sim:", 4) == 0)
		return resolve_sim(name, sim_dir, path, size, err);
	if (strncmp(name, "usb:", 4) == 0)
		return resolve_usb(name, path, size, err);
	if (name[0] != '/')
		return error_set(err, ERR_CONFIG,
				 "port %s; a port is a path, usb:VID:PID:SERIAL or sim:NAME", name);
	if (is_plug_order_name(name))
		return error_set(err, ERR_CONFIG,
				 "port %s changes with the order of plugging; name it "
				 "usb:VID:PID:SERIAL or by /dev/serial/by-id or by-path",
				 name);
	if (!realpath(name, real))
		return error_errno(err, "port %s", name);
	text_copy(path, size, real);
	return 0;
}

/* ---- opening --------------------------------------------------------------- */

static bool is_pty_slave(int fd)
{
	struct stat st;

	/* Unix 98 ptys have the majors 136 to 143. */
	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= 136 &&
	       major(st.st_rdev) <= 143;
}

static int open_pty(struct port *p, const struct fx_bus *bus, struct error *err)
{
	p->fd = open(p->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->fd < 0)
		return error_errno(err, "port %s (%s)", bus->port, p->path);
	if (!is_pty_slave(p->fd))
		return error_set(err, ERR_CONFIG, "port %s (%s) is no pseudo-terminal", bus->port,
				 p->path);
	p->is_pty = true;
	return 0;
}

static int open_tty(struct port *p, const struct fx_bus *bus, struct error *err)
{
	struct sp_port *sp = NULL;

	if (sp_get_port_by_name(p->path, &sp) != SP_OK)
		return error_set(err, ERR_IO, "port %s (%s) is no serial port", bus->port, p->path);
	p->sp = sp;
	if (sp_open(sp, SP_MODE_READ_WRITE) != SP_OK) {
		int saved = errno;

		if (saved == EBUSY)
			return busy(bus->port, p->path, err);
		errno = saved;
		return error_errno(err, "port %s (%s)", bus->port, p->path);
	}
	if (sp_get_port_handle(sp, &p->fd) != SP_OK)
		return error_set(err, ERR_IO, "port %s (%s) has no handle", bus->port, p->path);
	(void)fcntl(p->fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int lock_port(struct port *p, const struct fx_bus *bus, struct error *err)
{
	if (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return busy(bus->port, p->path, err);
		return error_errno(err, "lock of port %s (%s)", bus->port, p->path);
	}
	/* Nobody else opens it from now on. On a pty it would bind the simulator's side too. */
	if (!p->is_pty && ioctl(p->fd, TIOCEXCL) < 0)
		return error_errno(err, "exclusive use of port %s (%s)", bus->port, p->path);
	return 0;
}

static tcflag_t mode_flags(const struct fx_bus *bus)
{
	tcflag_t flags = CS8;

	if (bus->parity == 'E')
		flags |= PARENB;
	if (bus->parity == 'O')
		flags |= PARENB | PARODD;
	if (bus->stop_bits == 2)
		flags |= CSTOPB;
	return flags;
}

static int set_port(struct port *p, const struct fx_bus *bus, struct error *err)
{
	const tcflag_t mode_mask = CSIZE | PARENB | PARODD | CSTOPB;
	speed_t speed = speed_of(bus->baud);
	struct termios t, got;

	if (speed == B0)
		return error_set(err, ERR_CONFIG, "bus %s: %d baud; use one of 1200 to 921600",
				 bus->name, bus->baud);
	if (tcgetattr(p->fd, &t) < 0)
		return error_errno(err, "settings of port %s (%s)", bus->port, p->path);
	cfmakeraw(&t);
	t.c_cflag &= ~(mode_mask | CRTSCTS | HUPCL);
	/* A pty has no parity, and asked for it a second time glibc says EINVAL. */
	t.c_cflag |= CLOCAL | CREAD | (p->is_pty ? CS8 : mode_flags(bus));
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 0;
	cfsetispeed(&t, speed);
	cfsetospeed(&t, speed);
	if (tcsetattr(p->fd, TCSANOW, &t) < 0 || tcgetattr(p->fd, &got) < 0)
		return error_errno(err, "settings of port %s (%s)", bus->port, p->path);
	/* tcsetattr is content with any part of it: look what the driver took. */
	if (cfgetospeed(&got) != speed || cfgetispeed(&got) != speed ||
	    (!p->is_pty && (got.c_cflag & mode_mask) != (t.c_cflag & mode_mask)))
		return error_set(err, ERR_CONFIG,
				 "port %s (%s) does not take %d baud, parity %c, %d stop bits",
				 bus->port, p->path, bus->baud, bus->parity, bus->stop_bits);
	tcflush(p->fd, TCIOFLUSH);
	return 0;
}

/* FTDI adapters hold a part-filled packet back by this much. */
static int64_t usb_latency_ns(const char *path)
{
	char name[300];
	const char *base = strrchr(path, '/');
	int ms = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/sys/bus/usb-serial/devices/%s/latency_timer",
		 base ? base + 1 : path);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &ms) != 1)
		ms = 0;
	fclose(f);
	return ms > 0 && ms < 256 ? ms * NS_PER_MS : 0;
}

int port_open(struct port *p, const struct fx_bus *bus, const char *sim_dir, struct error *err)
{
	int rc;

	memset(p, 0, sizeof(*p));
	p->fd = -1;
	rc = port_resolve(bus->port, sim_dir, p->path, sizeof(p->path), err);
	if (rc < 0)
		return rc;
	rc = strncmp(p->path, "/dev/pts/", 9) == 0 ? open_pty(p, bus, err) : open_tty(p, bus, err);
	if (rc == 0)
		rc = lock_port(p, bus, err);
	if (rc == 0)
		rc = set_port(p, bus, err);
	if (rc < 0)
		port_close(p);
	else
		p->latency_ns = usb_latency_ns(p->path);
	return rc;
}

int port_connect(struct port *p, const struct fx_bus *bus, const char *sim_dir, int timeout_ms,
		 struct error *err)
{
	*p = (struct port){.is_tcp = true};
	p->fd = wire_tcp_connect(bus, sim_dir, timeout_ms, p->path, sizeof(p->path), err);
	if (p->fd < 0) {
		int rc = p->fd;

		p->fd = -1;
		return rc;
	}
	(void)fcntl(p->fd, F_SETFL, fcntl(p->fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

void port_close(struct port *p)
{
	if (p->sp) {
		/* Closes the descriptor as well; an unplugged adapter may answer with an error. */
		sp_close(p->sp);
		sp_free_port(p->sp);
	} else if (p->fd >= 0) {
		close(p->fd);
	}
	p->sp = NULL;
	p->fd = -1;
}

int port_read(struct port *p, uint8_t *dst, size_t max, struct error *err)
{
	ssize_t n = read(p->fd, dst, max);

	if (n > 0)
		return (int)n;
	if (n == 0 && p->is_tcp)
		return error_set(err, ERR_CLOSED, "%s closed the connection", p->path);
	/* VMIN 0: "nothing there" reads as 0; a hang-up does too, but poll tells it. */
	if (n == 0 || errno == EAGAIN || errno == EINTR)
		return 0;
	error_errno(err, "%s", p->path);
	return ERR_CLOSED;
}

int port_uart(const struct port *p, struct bus_uart *out)
{
	struct serial_icounter_struct c;

	if (p->is_pty || p->is_tcp || ioctl(p->fd, TIOCGICOUNT, &c) < 0)
		return ERR_NOT_FOUND;
	*out = (struct bus_uart){.framing = (uint32_t)c.frame, .parity = (uint32_t)c.parity};
	return 0;
}

int port_write(struct port *p, const uint8_t *bytes, size_t n, struct error *err)
{
	ssize_t done = p->is_tcp ? send(p->fd, bytes, n, MSG_NOSIGNAL) : write(p->fd, bytes, n);

	if (done == (ssize_t)n)
		return 0;
	if (done < 0 && errno != EAGAIN)
		return error_errno(err, "%s", p->path);
	return error_set(err, ERR_IO, "%s takes no more bytes", p->path);
}
