/* SPDX-License-Identifier: MIT
 *
 * A preload that stands in for GPIO chips at the level of the kernel's interface (uAPI v1, which
 * libgpiod 1.6 speaks): the real libgpiod and the real benchd-io run on top of it. Two chips, found
 * by label, lines by name. State is a shared file that a test reads and writes:
 *
 *	GPIOSHIM	the file; made if missing
 *	GPIOSHIM_LABELS	labels of /dev/gpiochip0 and 1, "bench,other" or "other,bench"
 *	GPIOSHIM_NAMES	lines of the first, "estop,reset,..."; those of "other" are X0, X1, ...
 *
 * The file: 256 bytes per chip, those of "other" behind (so that a chip keeps its state when it is
 * renumbered):
 *	0..63 level driven by an output, 64..127 level of an input, 128..191 0 free, 1 output,
 *	2 input, 3 edges, 9 held by somebody else; 192 fault: 1 sets end with EIO, 2 the chip is gone;
 *	193 the line that pulses, and 194, 195 at how many Hz (low byte first)
 *
 * Build: cc -D_GNU_SOURCE -shared -fPIC -o gpioshim.so tests/fake/gpioshim.c -ldl -lpthread
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { CHIPS = 2, LINES = 32, FDS = 1024, STATE_BYTES = 4096, CHIP_BYTES = 256 };
enum { OUT = 0, IN = 64, HELD = 128, FAULT = 192, PULSE_LINE = 193, PULSE_HZ = 194 };
enum { FREE = 0, AS_OUTPUT, AS_INPUT, AS_EDGES, AS_OTHERS = 9 };
enum { FINE = 0, SETS_FAIL, IS_GONE };
enum fd_kind { NONE = 0, CHIP, HANDLE, EVENTS };

static volatile uint8_t *state;
static struct {
	enum fd_kind kind;
	int chip, n, lines[64];
} fds[FDS];

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_ioctl)(int, unsigned long, ...);

static void open_state(void)
{
	const char *path = getenv("GPIOSHIM");
	int fd;

	if (state || !path)
		return;
	*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	*(void **)&real_close = dlsym(RTLD_NEXT, "close");
	*(void **)&real_ioctl = dlsym(RTLD_NEXT, "ioctl");
	fd = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, STATE_BYTES))
		abort();
	state = mmap(NULL, STATE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		abort();
	real_close(fd);
}

/* The n-th of a list with commas; "" beyond. */
static void pick(const char *list, int n, char *out, size_t size)
{
	out[0] = '\0';
	for (; list && n > 0; n--) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	if (list)
		snprintf(out, size, "%.*s", (int)strcspn(list, ","), list);
}

/* The chip at /dev/gpiochipN has which label? false: there is none. */
static bool label_of(int number, char *out, size_t size)
{
	pick(getenv("GPIOSHIM_LABELS"), number, out, size);
	return out[0] != '\0';
}

/* Where a chip's state stands: by its label, so that it keeps it under another number. */
static volatile uint8_t *chip_state(int number)
{
	char label[32];

	label_of(number, label, sizeof(label));
	return state + (strcmp(label, "other") ? 0 : CHIP_BYTES);
}

static bool is_main(int number)
{
	return chip_state(number) == state;
}

/* Number of the chip behind a path of /dev or /sys; -1: not ours. */
static int chip_of(const char *path, const char *before, const char *after)
{
	char label[32];
	int number;

	if (!path || strncmp(path, before, strlen(before)))
		return -1;
	path += strlen(before);
	number = path[0] - '0';
	if (number < 0 || number >= CHIPS || strcmp(path + 1, after))
		return -1;
	open_state();
	return state && label_of(number, label, sizeof(label)) &&
			       chip_state(number)[FAULT] != IS_GONE
		       ? number
		       : -1;
}
static int dev_of(const char *path)
{
	return chip_of(path, "/dev/gpiochip", "");
}
static int sys_of(const char *path)
{
	return chip_of(path, "/sys/bus/gpio/devices/gpiochip", "/dev");
}

static int memory_file(const char *name, const char *content)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (content && (write(fd, content, strlen(content)) < 0 || lseek(fd, 0, SEEK_SET)))
		abort();
	return fd;
}

/* ---- files ---- */

int lstat(const char *path, struct stat *s)
{
	int (*real)(const char *, struct stat *);
	int chip = dev_of(path);

	if (chip < 0) {
		*(void **)&real = dlsym(RTLD_NEXT, "lstat");
		return real(path, s);
	}
	memset(s, 0, sizeof(*s));
	s->st_mode = S_IFCHR | 0660;
	s->st_rdev = makedev(254, (unsigned)chip);
	return 0;
}

int stat(const char *path, struct stat *s)
{
	int (*real)(const char *, struct stat *);

	if (dev_of(path) >= 0)
		return lstat(path, s);
	*(void **)&real = dlsym(RTLD_NEXT, "stat");
	return real(path, s);
}

int access(const char *path, int mode)
{
	int (*real)(const char *, int);

	if (dev_of(path) >= 0 || sys_of(path) >= 0)
		return 0;
	*(void **)&real = dlsym(RTLD_NEXT, "access");
	return real(path, mode);
}

/* libgpiod looks for chips in /dev: ours are told besides what is there. */
int scandir(const char *dir, struct dirent ***list, int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	int (*real)(const char *, struct dirent ***, int (*)(const struct dirent *),
		    int (*)(const struct dirent **, const struct dirent **));
	int n;

	*(void **)&real = dlsym(RTLD_NEXT, "scandir");
	n = real(dir, list, filter, compare);
	if (n < 0 || strcmp(dir, "/dev"))
		return n;
	for (int chip = 0; chip < CHIPS; chip++) {
		struct dirent *e = calloc(1, sizeof(*e));
		char path[32];

		snprintf(path, sizeof(path), "/dev/gpiochip%d", chip);
		snprintf(e->d_name, sizeof(e->d_name), "gpiochip%d", chip);
		if (dev_of(path) < 0 || (filter && !filter(e))) {
			free(e);
			continue;
		}
		*list = realloc(*list, (size_t)(n + 1) * sizeof(**list));
		(*list)[n++] = e;
	}
	return n;
}

static int open_any(const char *path, int flags, int mode)
{
	char text[16];
	int chip = dev_of(path), fd;

	open_state();
	if (chip >= 0) {
		fd = memory_file("gpiochip", NULL);
		fds[fd].kind = CHIP;
		fds[fd].chip = chip;
		return fd;
	}
	chip = sys_of(path);
	if (chip >= 0) {
		snprintf(text, sizeof(text), "254:%d\n", chip);
		return memory_file("dev", text);
	}
	if (!real_open)
		*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	return real_open(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return open_any(path, flags, mode);
}

static volatile uint8_t *state_of(int fd)
{
	return chip_state(fds[fd].chip);
}

/* A line that nobody holds falls back to its pull, as those of gpio-sim do. */
int close(int fd)
{
	if (fd >= 0 && fd < FDS && fds[fd].kind) {
		for (int i = 0; fds[fd].kind >= HANDLE && i < fds[fd].n; i++)
			state_of(fd)[HELD + fds[fd].lines[i]] =
				state_of(fd)[OUT + fds[fd].lines[i]] = FREE;
		fds[fd].kind = NONE;
	}
	if (!real_close)
		*(void **)&real_close = dlsym(RTLD_NEXT, "close");
	return real_close(fd);
}

/* ---- edges ---- */

struct watch {
	volatile uint8_t *chip;
	int fd, line;
	uint32_t flags;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* false: nobody listens any more. */
static bool tell(const struct watch *w, bool rises, int64_t at_ns)
{
	struct gpioevent_data d = {.timestamp = (uint64_t)at_ns,
				   .id = rises ? GPIOEVENT_EVENT_RISING_EDGE
					       : GPIOEVENT_EVENT_FALLING_EDGE};

	if (!(w->flags & (rises ? GPIOEVENT_REQUEST_RISING_EDGE : GPIOEVENT_REQUEST_FALLING_EDGE)))
		return true;
	/* full: the newest is dropped without a sign, as the kernel does */
	return send(w->fd, &d, sizeof(d), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
}

static void *watch(void *arg)
{
	struct watch w = *(struct watch *)arg;
	uint8_t last = w.chip[IN + w.line];
	int64_t pulse_ns = now_ns();

	free(arg);
	for (;;) {
		struct timespec wait = {0, 500000};
		unsigned hz = w.chip[PULSE_HZ] | (unsigned)w.chip[PULSE_HZ + 1] << 8;
		uint8_t level = w.chip[IN + w.line];

		nanosleep(&wait, NULL);
		if (w.chip[FAULT] == IS_GONE)
			break;
		if (level != last && !tell(&w, level, now_ns()))
			break;
		last = level;
		if (w.chip[PULSE_LINE] != w.line || !hz) {
			pulse_ns = now_ns();
			continue;
		}
		for (; pulse_ns + 1000000000 / hz <= now_ns(); pulse_ns += 1000000000 / hz)
			if (!tell(&w, true, pulse_ns + 1000000000 / hz))
				break;
	}
	real_close(w.fd);
	return NULL;
}

/* ---- requests ---- */

static int fail(int code)
{
	errno = code;
	return -1;
}

static int chip_info(int fd, struct gpiochip_info *i)
{
	memset(i, 0, sizeof(*i));
	snprintf(i->name, sizeof(i->name), "gpiochip%d", fds[fd].chip);
	label_of(fds[fd].chip, i->label, sizeof(i->label));
	i->lines = LINES;
	return 0;
}

static int line_info(int fd, struct gpioline_info *i)
{
	unsigned line = i->line_offset;
	uint8_t held;

	if (line >= LINES)
		return fail(EINVAL);
	held = state_of(fd)[HELD + line];
	memset(i, 0, sizeof(*i));
	i->line_offset = line;
	if (is_main(fds[fd].chip))
		pick(getenv("GPIOSHIM_NAMES"), (int)line, i->name, sizeof(i->name));
	else
		snprintf(i->name, sizeof(i->name), "X%u", line);
	i->flags = (held == AS_OUTPUT ? GPIOLINE_FLAG_IS_OUT : 0) |
		   (held ? GPIOLINE_FLAG_KERNEL : 0);
	if (held == AS_OTHERS)
		strcpy(i->consumer, "someone else");
	return 0;
}

static int take(int fd, int on, enum fd_kind kind, int line, int as)
{
	volatile uint8_t *held = &state_of(fd)[HELD + line];

	if (line >= LINES)
		return fail(EINVAL);
	if (*held)
		return fail(EBUSY);
	*held = (uint8_t)as;
	fds[on].kind = kind;
	fds[on].chip = fds[fd].chip;
	fds[on].lines[fds[on].n++] = line;
	return 0;
}

static int get_handle(int fd, struct gpiohandle_request *h)
{
	bool is_output = h->flags & GPIOHANDLE_REQUEST_OUTPUT;
	int on = memory_file("gpio-line", NULL);

	fds[on].n = 0;
	for (unsigned i = 0; i < h->lines; i++) {
		if (take(fd, on, HANDLE, (int)h->lineoffsets[i],
			 is_output ? AS_OUTPUT : AS_INPUT)) {
			int code = errno;

			close(on);
			return fail(code);
		}
		if (is_output)
			state_of(fd)[OUT + h->lineoffsets[i]] = h->default_values[i];
	}
	h->fd = on;
	return 0;
}

static int get_events(int fd, struct gpioevent_request *q)
{
	struct watch *w;
	pthread_t thread;
	int pair[2];

	if (state_of(fd)[HELD + q->lineoffset])
		return fail(EBUSY);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	fds[pair[0]].n = 0;
	take(fd, pair[0], EVENTS, (int)q->lineoffset, AS_EDGES);
	w = malloc(sizeof(*w));
	*w = (struct watch){state_of(fd), pair[1], (int)q->lineoffset, q->eventflags};
	pthread_create(&thread, NULL, watch, w);
	pthread_detach(thread);
	q->fd = pair[0];
	return 0;
}

static int set_values(int fd, const struct gpiohandle_data *d)
{
	if (state_of(fd)[FAULT] == SETS_FAIL)
		return fail(EIO);
	for (int i = 0; i < fds[fd].n; i++)
		state_of(fd)[OUT + fds[fd].lines[i]] = d->values[i];
	return 0;
}

static int get_values(int fd, struct gpiohandle_data *d)
{
	for (int i = 0; i < fds[fd].n; i++) {
		int line = fds[fd].lines[i];

		d->values[i] =
			state_of(fd)[(state_of(fd)[HELD + line] == AS_OUTPUT ? OUT : IN) + line];
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	enum fd_kind kind = fd >= 0 && fd < FDS ? fds[fd].kind : NONE;
	va_list args;
	void *p;

	va_start(args, request);
	p = va_arg(args, void *);
	va_end(args);
	if (!real_ioctl)
		*(void **)&real_ioctl = dlsym(RTLD_NEXT, "ioctl");
	if (kind == NONE)
		return real_ioctl(fd, request, p);
	if (state_of(fd)[FAULT] == IS_GONE)
		return fail(ENODEV);
	if (kind == CHIP && request == GPIO_GET_CHIPINFO_IOCTL)
		return chip_info(fd, p);
	if (kind == CHIP && request == GPIO_GET_LINEINFO_IOCTL)
		return line_info(fd, p);
	if (kind == CHIP && request == GPIO_GET_LINEHANDLE_IOCTL)
		return get_handle(fd, p);
	if (kind == CHIP && request == GPIO_GET_LINEEVENT_IOCTL)
		return get_events(fd, p);
	if (kind >= HANDLE && request == GPIOHANDLE_SET_LINE_VALUES_IOCTL)
		return set_values(fd, p);
	if (kind >= HANDLE && request == GPIOHANDLE_GET_LINE_VALUES_IOCTL)
		return get_values(fd, p);
	return fail(ENOTTY);
}
