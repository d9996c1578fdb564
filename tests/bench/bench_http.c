/* SPDX-License-Identifier: MIT
 *
 * bench_http [-n COUNT] [-r BELOW] [-c PIDS] [-e ETAG] [-o FILE] [-f] SOCKET TITLE PATH: one client of the
 * HTTP server on a Unix socket, one request after the other, on one connection as long as the server keeps it; how long each took, and what CPU those processes
 * (1,2,3) used for each. %u in PATH is a random number below BELOW. -o keeps the last body; -f follows "cursor" of
 * each body as a reader of the feed does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <dirent.h>

#include "base/clock.h"
#include "base/text.h"

enum { ANSWER_MAX = 64 << 20, PIDS_MAX = 8 };

static struct {
	const char *socket, *path, *title, *keep, *etag;
	unsigned below;
	int count, pids[PIDS_MAX], pid_count;
	bool follow;
	char cursor[160];
} asked = {.below = 1, .count = 5000};

struct answer {
	int status;
	char *bytes; /* head and body */
	size_t n, head, room;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_http: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!text_copy(a.sun_path, sizeof(a.sun_path), path) || fd < 0 ||
	    connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	return fd;
}

/* The bytes of the whole answer once its head is there; 0: not yet. */
static size_t length_of(struct answer *a)
{
	const char *end = memmem(a->bytes, a->n, "\r\n\r\n", 4), *at;

	if (!end)
		return 0;
	a->head = (size_t)(end + 4 - a->bytes);
	a->bytes[a->n] = '\0';
	a->status = atoi(a->bytes + sizeof("HTTP/1.1"));
	at = a->status == 304 ? NULL : strcasestr(a->bytes, "\r\ncontent-length:");
	return a->head + (at && at < end ? strtoul(at + 17, NULL, 10) : 0);
}

static void read_answer(int fd, struct answer *a)
{
	size_t want = 0;

	a->n = 0;
	while (want == 0 || a->n < want) {
		ssize_t got;

		if (a->room < a->n + 65536 &&
		    !(a->bytes = realloc(a->bytes, a->room = 2 * a->room + 131072)))
			die("memory");
		got = read(fd, a->bytes + a->n, a->room - a->n - 1);
		if (got <= 0)
			die("the connection ended");
		a->n += (size_t)got;
		if (want == 0)
			want = length_of(a);
		if (want > ANSWER_MAX)
			die("the answer is too long");
	}
}

static unsigned random_below(unsigned n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x >> 33) % n;
}

static size_t request(char *dst, size_t size)
{
	char path[512];
	const char *mark = strstr(asked.path, "%u");

	if (mark)
		(void)snprintf(path, sizeof(path), "%.*s%u%s", (int)(mark - asked.path), asked.path,
			       random_below(asked.below), mark + 2);
	else
		(void)snprintf(path, sizeof(path), "%s%s%s", asked.path,
			       asked.cursor[0] ? "&cursor=" : "", asked.cursor);
	return (size_t)snprintf(dst, size, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", path,
				asked.etag ? "If-None-Match: " : "", asked.etag ? asked.etag : "",
				asked.etag ? "\r\n" : "");
}

static void follow(const struct answer *a)
{
	static const char mark[] = "\"cursor\":\"";
	const char *at = memmem(a->bytes, a->n, mark, sizeof(mark) - 1), *end;

	if (!at)
		return;
	at += sizeof(mark) - 1;
	end = memchr(at, '"', a->n - (size_t)(at - a->bytes));
	if (end && (size_t)(end - at) < sizeof(asked.cursor))
		(void)snprintf(asked.cursor, sizeof(asked.cursor), "%.*s", (int)(end - at), at);
}

/* Of all threads, now. */
static double cpu_us(int pid)
{
	char path[300];
	double ns, sum = 0;
	struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, e->d_name);
		f = fopen(path, "r");
		if (f && fscanf(f, "%lf", &ns) == 1)
			sum += ns / 1e3;
		if (f)
			(void)fclose(f);
	}
	if (d)
		(void)closedir(d);
	return sum;
}

static double all_cpu_us(void)
{
	double sum = 0;

	for (int i = 0; i < asked.pid_count; i++)
		sum += cpu_us(asked.pids[i]);
	return sum;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(int64_t *took, const struct answer *a, double bytes, double seconds, double cpu)
{
	int n = asked.count;

	qsort(took, (size_t)n, sizeof(took[0]), by_size);
	(void)printf("  %-46s %3d %8.1f %8.1f %9.0f %8.1f %8.1f\n", asked.title, a->status,
		     (double)took[n / 2] / 1e3, (double)took[n * 99 / 100] / 1e3, n / seconds,
		     bytes / seconds / 1e6, cpu / n);
}

static bool is_closed(const struct answer *a)
{
	const char *at = strcasestr(a->bytes, "\r\nconnection: close");

	return at && at < a->bytes + a->head;
}

static void run(void)
{
	int fd = -1;
	struct answer a = {.status = 0};
	int64_t *took = calloc((size_t)asked.count, sizeof(*took)), begun = clock_mono_ns();
	double cpu = all_cpu_us(), bytes = 0;
	FILE *f;

	for (int i = 0; took && i < asked.count; i++) {
		char text[1024];
		size_t n = request(text, sizeof(text));
		int64_t at = clock_mono_ns();

		if (fd < 0)
			fd = connect_to(asked.socket);
		if (write(fd, text, n) != (ssize_t)n)
			die("write");
		read_answer(fd, &a);
		if (is_closed(&a) && close(fd) == 0)
			fd = -1;
		took[i] = clock_mono_ns() - at;
		bytes += (double)a.n;
		if (asked.follow)
			follow(&a);
	}
	if (took)
		tell(took, &a, bytes, (double)(clock_mono_ns() - begun) / 1e9, all_cpu_us() - cpu);
	if (asked.keep && (f = fopen(asked.keep, "w"))) {
		(void)fwrite(a.bytes + a.head, 1, a.n - a.head, f);
		(void)fclose(f);
	}
	if (fd >= 0)
		(void)close(fd);
	free(took);
	free(a.bytes);
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:r:c:e:o:f")) != -1)
		switch (c) {
		case 'n': asked.count = atoi(optarg); break;
		case 'r': asked.below = (unsigned)atoi(optarg); break;
		case 'c':
			for (char *p = strtok(optarg, ","); p && asked.pid_count < PIDS_MAX;
			     p = strtok(NULL, ","))
				asked.pids[asked.pid_count++] = atoi(p);
			break;
		case 'e': asked.etag = optarg; break;
		case 'o': asked.keep = optarg; break;
		case 'f': asked.follow = true; break;
		default: return 2;
		}
	if (argc != optind + 3 || asked.count < 1 || asked.below < 1) {
		(void)fprintf(
			stderr,
			"usage: bench_http [-n COUNT] [-r BELOW] [-c PIDS] [-e ETAG] [-o FILE] [-f] "
			"SOCKET TITLE PATH\n");
		return 2;
	}
	asked.title = argv[optind + 1];
	asked.path = argv[optind + 2];
	asked.socket = argv[optind];
	run();
	return 0;
}
