/* SPDX-License-Identifier: MIT
 *
 * A slave by libmodbus, for the tests of our master against software that is not ours:
 *
 *	modbus_slave rtu LINK UNIT REGISTER=VALUE...	a pseudo-terminal with a link to it
 *	modbus_slave tcp FILE UNIT REGISTER=VALUE...	a port of the loopback, "127.0.0.1:PORT" in FILE
 *
 * Holding and input registers alike start with the values given. Each write is printed as
 * "REGISTER=VALUE". Ends by a signal.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { REGISTERS = 256 };

static modbus_mapping_t *map;

static void die(const char *what)
{
	fprintf(stderr, "modbus_slave: %s: %s\n", what, modbus_strerror(errno));
	exit(1);
}

static void set_values(char **argv)
{
	map = modbus_mapping_new(8, 8, REGISTERS, REGISTERS);
	if (!map)
		die("mapping");
	for (; *argv; argv++) {
		int at = atoi(*argv);
		const char *eq = strchr(*argv, '=');

		if (at < 0 || at >= REGISTERS || !eq)
			die(*argv);
		map->tab_registers[at] = map->tab_input_registers[at] =
			(uint16_t)strtol(eq + 1, NULL, 0);
	}
}

static void print_changes(const uint16_t *before)
{
	for (int i = 0; i < REGISTERS; i++)
		if (map->tab_registers[i] != before[i])
			printf("%d=%u\n", i, map->tab_registers[i]);
	fflush(stdout);
}

/* Until the peer is gone. */
static void serve(modbus_t *ctx)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	uint16_t before[REGISTERS];

	for (;;) {
		int n = modbus_receive(ctx, query);

		if (n < 0 && (errno == ECONNRESET || errno == EBADF || errno == EIO))
			return;
		if (n <= 0)
			continue;
		memcpy(before, map->tab_registers, sizeof(before));
		modbus_reply(ctx, query, n, map);
		print_changes(before);
	}
}

static int open_pty(const char *link)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), keep;
	struct termios t;

	if (master < 0 || grantpt(master) || unlockpt(master))
		die("pty");
	/* our own open end: the peer's close is no hang-up */
	keep = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (keep < 0 || tcgetattr(keep, &t))
		die("pty");
	cfmakeraw(&t);
	tcsetattr(keep, TCSANOW, &t);
	unlink(link);
	if (symlink(ptsname(master), link))
		die(link);
	return master;
}

static void serve_rtu(const char *link, int unit)
{
	modbus_t *ctx = modbus_new_rtu("/dev/null", 9600, 'N', 8, 1);

	if (!ctx || modbus_set_slave(ctx, unit))
		die("context");
	modbus_set_socket(ctx, open_pty(link));
	for (;;)
		serve(ctx);
}

static void serve_tcp(const char *path, int unit)
{
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	FILE *f;

	if (!ctx || s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 2) ||
	    getsockname(s, (struct sockaddr *)&a, &len))
		die("port");
	modbus_set_slave(ctx, unit);
	f = fopen(path, "w");
	if (!f || fprintf(f, "127.0.0.1:%d\n", ntohs(a.sin_port)) < 0 || fclose(f))
		die(path);
	for (;;) {
		if (modbus_tcp_accept(ctx, &s) < 0)
			die("accept");
		serve(ctx);
		modbus_close(ctx);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: modbus_slave rtu|tcp LINK UNIT REGISTER=VALUE...\n");
		return 2;
	}
	set_values(argv + 4);
	if (!strcmp(argv[1], "rtu"))
		serve_rtu(argv[2], atoi(argv[3]));
	serve_tcp(argv[2], atoi(argv[3]));
	return 0;
}
