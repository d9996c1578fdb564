/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "link/socket.h"
#include "tests/fake/temp_dir.h"

static char dir[TEMP_DIR_SIZE], path[96];

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void packets_arrive_whole_and_name_their_sender(void **state)
{
	struct link_peer peer;
	char got[16];
	struct stat st;
	int l = link_listen(path, 0600, NULL), c, s;

	(void)state;
	assert_true(l > 0);
	assert_int_equal(link_accept(l, &peer, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	c = link_connect(path, NULL);
	assert_true(c > 0);
	s = link_accept(l, &peer, NULL);
	assert_true(s > 0);
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, getuid());
	assert_int_equal(link_receive(s, got, sizeof(got), NULL, NULL), 0);
	assert_int_equal(link_send(c, "one", 3, -1, NULL), 0);
	assert_int_equal(link_send(c, "three", 5, -1, NULL), 0);
	assert_int_equal(link_receive(s, got, sizeof(got), NULL, NULL), 3);
	assert_int_equal(link_receive(s, got, sizeof(got), NULL, NULL), 5);
	assert_memory_equal(got, "three", 5);
	close(c);
	assert_int_equal(link_receive(s, got, sizeof(got), NULL, NULL), ERR_CLOSED);
	assert_int_equal(link_send(s, "x", 1, -1, NULL), ERR_CLOSED);
	close(s);
	close(l);
}

static void a_file_left_behind_is_replaced_and_a_served_one_is_not(void **state)
{
	int l = link_listen(path, 0600, NULL), again;

	(void)state;
	assert_true(l > 0);
	assert_int_equal(link_listen(path, 0600, NULL), ERR_BUSY);
	close(l);
	assert_int_equal(link_connect(path, NULL), ERR_CLOSED);
	again = link_listen(path, 0600, NULL);
	assert_true(again > 0);
	close(again);
	unlink(path);
	assert_int_equal(link_connect(path, NULL), ERR_NOT_FOUND);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(link_listen(path, 0600, NULL), ERR_EXISTS);
}

static void a_peer_that_does_not_read_is_said_and_nothing_blocks(void **state)
{
	char packet[200] = {0};
	int fd[2], rc = 0, sent = 0;

	(void)state;
	assert_int_equal(link_pair(fd, NULL), 0);
	while (sent < 100000) {
		rc = link_send(fd[0], packet, sizeof(packet), -1, NULL);
		if (rc)
			break;
		sent++;
	}
	assert_int_equal(rc, ERR_BUSY);
	assert_true(sent > 10);
	close(fd[0]);
	close(fd[1]);
}

static void sizes_that_are_no_packet_are_refused(void **state)
{
	static char big[LINK_PACKET_MAX + 1];
	char got[4];
	int fd[2];

	(void)state;
	assert_int_equal(link_pair(fd, NULL), 0);
	assert_int_equal(link_send(fd[0], big, 0, -1, NULL), ERR_LIMIT);
	assert_int_equal(link_send(fd[0], big, sizeof(big), -1, NULL), ERR_LIMIT);
	assert_int_equal(link_send(fd[0], big, LINK_PACKET_MAX, -1, NULL), 0);
	assert_int_equal(link_receive(fd[1], big, sizeof(big), NULL, NULL), LINK_PACKET_MAX);
	assert_int_equal(link_send(fd[0], big, 5, -1, NULL), 0);
	assert_int_equal(link_receive(fd[1], got, sizeof(got), NULL, NULL), ERR_PROTOCOL);
	assert_int_equal(link_connect("", NULL), ERR_USAGE);
	memset(big, 'a', 200);
	big[200] = '\0';
	assert_int_equal(link_connect(big, NULL), ERR_USAGE);
	close(fd[0]);
	close(fd[1]);
}

static void a_descriptor_travels_and_an_unwanted_one_is_closed(void **state)
{
	int fd[2], pipe_fd[2], got = -1;
	char c = 0;

	(void)state;
	assert_int_equal(link_pair(fd, NULL), 0);
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(link_send(fd[0], "r", 1, pipe_fd[1], NULL), 0);
	assert_int_equal(link_receive(fd[1], &c, 1, &got, NULL), 1);
	assert_true(got >= 0);
	assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(got, "y", 1), 1);
	assert_int_equal(read(pipe_fd[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	close(got);
	assert_int_equal(link_send(fd[0], "r", 1, pipe_fd[1], NULL), 0);
	close(pipe_fd[1]);
	assert_int_equal(link_receive(fd[1], &c, 1, NULL, NULL), ERR_PROTOCOL);
	assert_int_equal(read(pipe_fd[0], &c, 1), 0); /* no writer is left */
	assert_int_equal(link_send(fd[0], "r", 1, -1, NULL), 0);
	assert_int_equal(link_receive(fd[1], &c, 1, &got, NULL), 1);
	assert_int_equal(got, -1);
	close(pipe_fd[0]);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_arrive_whole_and_name_their_sender,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a_file_left_behind_is_replaced_and_a_served_one_is_not, make_dir,
			remove_dir),
		cmocka_unit_test(a_peer_that_does_not_read_is_said_and_nothing_blocks),
		cmocka_unit_test(sizes_that_are_no_packet_are_refused),
		cmocka_unit_test(a_descriptor_travels_and_an_unwanted_one_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
