/* SPDX-License-Identifier: MIT
 *
 * simctl SOCKET WORDS...: send one line to benchsim's control socket, print the reply; exit 0 when it begins with "ok".
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 5};
	char line[512] = "", reply[1024];
	size_t n = 0;
	if (argc < 3 || strlen(argv[1]) >= sizeof(a.sun_path))
		return 2;
	for (int i = 2; i < argc; i++) {
		strncat(line, argv[i], sizeof(line) - strlen(line) - 2);
		strcat(line, i + 1 < argc ? " " : "\n");
	}
	strcpy(a.sun_path, argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		perror(argv[1]);
		return 1;
	}
	while (n + 1 < sizeof(reply) && !memchr(reply, '\n', n)) {
		ssize_t k = read(fd, reply + n, sizeof(reply) - 1 - n);
		if (k <= 0)
			break;
		n += (size_t)k;
	}
	reply[n] = 0;
	fputs(reply, stdout);
	close(fd);
	return strncmp(reply, "ok", 2) ? 1 : 0;
}
