/* SPDX-License-Identifier: MIT
 *
 * GPIO: the stand-in's socket under the thread.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/gpio_wire.h"
#include "bus/thread.h"
#include "tests/fake/temp_dir.h"
#include "tests/unit/bus_gpio_lines.h"

/* ---- the wire -------------------------------------------------------------- */

static void only_well_formed_messages_pass(void **state)
{
	struct gpio_wire_msg m;

	(void)state;
	gpio_wire_init(&m, GPIO_WIRE_EDGE);
	assert_true(gpio_wire_check(&m, sizeof(m), true));
	assert_false(gpio_wire_check(&m, sizeof(m), false)); /* the client sends no edges */
	assert_false(gpio_wire_check(&m, sizeof(m) - 1, true));
	m.value = 2;
	assert_false(gpio_wire_check(&m, sizeof(m), true));
	gpio_wire_init(&m, GPIO_WIRE_EDGE);
	m.magic++;
	assert_false(gpio_wire_check(&m, sizeof(m), true));
	gpio_wire_init(&m, GPIO_WIRE_EDGE);
	memset(m.name, 'x', sizeof(m.name));
	assert_false(gpio_wire_check(&m, sizeof(m), true));
	gpio_wire_init(&m, GPIO_WIRE_PULSES);
	assert_false(gpio_wire_check(&m, sizeof(m), true));
	m.pulses = 1;
	assert_true(gpio_wire_check(&m, sizeof(m), true));
	m.first_ns = 5;
	assert_false(gpio_wire_check(&m, sizeof(m), true));
	gpio_wire_init(&m, GPIO_WIRE_REQUEST);
	m.mode = GPIO_OUT;
	assert_false(gpio_wire_check(&m, sizeof(m), false)); /* no name */
	m.name[0] = 'A';
	assert_true(gpio_wire_check(&m, sizeof(m), false));
}

/* A chip with one client at a time: eight lines, offsets by name "ESTOP" 0, "LEAK" 1, ... */
static char dir[TEMP_DIR_SIZE];
struct chip {
	int listen_fd, fd;
	pthread_t thread;
	atomic_bool stop;
	_Atomic int level[8];
	_Atomic int grants, sets;
	const char *busy;	       /* name of a line somebody else holds */
	_Atomic int edges_before_done; /* sent between a SET and its DONE */
	char consumer[32];	       /* of the last HELLO */
	_Atomic int late;	       /* SETs whose DONE is kept back until the next SET */
	struct gpio_wire_msg kept;
};

static int offset_of(const char *name)
{
	for (int i = 0; i < LINE_COUNT; i++)
		if (strcmp(lines[i].line, name) == 0)
			return i;
	return -1;
}

static void chip_say(struct chip *c, struct gpio_wire_msg *m)
{
	assert_int_equal(send(c->fd, m, sizeof(*m), MSG_NOSIGNAL), sizeof(*m));
}

static void chip_edge(struct chip *c, int line, int value)
{
	struct gpio_wire_msg m;

	gpio_wire_init(&m, GPIO_WIRE_EDGE);
	m.line = (uint16_t)line;
	m.value = (uint8_t)value;
	m.at_ns = clock_mono_ns();
	c->level[line] = value;
	chip_say(c, &m);
}

static void chip_request(struct chip *c, const struct gpio_wire_msg *in)
{
	struct gpio_wire_msg m;
	int offset = offset_of(in->name);

	if (c->busy && strcmp(in->name, c->busy) == 0) {
		gpio_wire_init(&m, GPIO_WIRE_REFUSED);
		m.code = EBUSY;
		strcpy(m.text, "gpioset");
	} else if (offset < 0) {
		gpio_wire_init(&m, GPIO_WIRE_REFUSED);
		m.code = ENOENT;
	} else {
		gpio_wire_init(&m, GPIO_WIRE_GRANTED);
		if (in->mode == GPIO_OUT)
			c->level[offset] = in->value;
		m.line = (uint16_t)offset;
		m.value = (uint8_t)c->level[offset];
		c->grants++;
	}
	chip_say(c, &m);
}

/* The DONE that was kept back, if there is one. */
static void chip_say_kept(struct chip *c)
{
	if (c->kept.kind)
		chip_say(c, &c->kept);
	c->kept.kind = 0;
	c->late = 0;
}

static void chip_answer(struct chip *c, const struct gpio_wire_msg *in)
{
	struct gpio_wire_msg m;

	if (in->kind == GPIO_WIRE_HELLO) {
		strcpy(c->consumer, in->name);
		gpio_wire_init(&m, GPIO_WIRE_WELCOME);
		m.line = 8;
		chip_say(c, &m);
	} else if (in->kind == GPIO_WIRE_REQUEST) {
		chip_request(c, in);
	} else {
		for (int i = 0; i < c->edges_before_done; i++)
			chip_edge(c, IN, i % 2 == 0);
		c->edges_before_done = 0;
		gpio_wire_init(&m, GPIO_WIRE_DONE);
		m.line = in->line;
		m.value = in->value;
		c->level[in->line] = in->value;
		if (c->late && !c->kept.kind) {
			c->kept = m;
		} else {
			chip_say_kept(c);
			chip_say(c, &m);
		}
		c->sets++;
	}
}

static void *chip_main(void *arg)
{
	struct chip *c = arg;

	while (!c->stop) {
		struct pollfd p[2] = {{.fd = c->listen_fd, .events = POLLIN},
				      {.fd = c->fd, .events = POLLIN}};
		struct gpio_wire_msg m;
		ssize_t n;

		poll(p, 2, 10);
		if (c->fd < 0) {
			c->fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
			continue;
		}
		n = recv(c->fd, &m, sizeof(m), MSG_DONTWAIT);
		if (n == 0) {
			close(c->fd);
			c->fd = -1;
		} else if (n > 0 && gpio_wire_check(&m, (size_t)n, false)) {
			chip_answer(c, &m);
		}
	}
	return NULL;
}

static void chip_start(struct chip *c)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	c->fd = -1;
	c->stop = false;
	c->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/chip.gpio", dir);
	unlink(a.sun_path);
	assert_int_equal(bind(c->listen_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(c->listen_fd, 4), 0);
	pthread_create(&c->thread, NULL, chip_main, c);
}

static void chip_stop(struct chip *c)
{
	c->stop = true;
	pthread_join(c->thread, NULL);
	if (c->fd >= 0)
		close(c->fd);
	close(c->listen_fd);
}

/* ---- under the thread ------------------------------------------------------ */

static struct bus_event newest[LINE_COUNT];
static _Atomic int line_events[LINE_COUNT], requests, downs, ups;
static _Atomic uint32_t pulse_sum;
static struct bus_event request_event;
static char down_text[160];

static void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	(void)ctx;
	(void)bus;
	if (ev->kind == BUS_EVENT_LINE) {
		newest[ev->index] = *ev;
		pulse_sum += ev->pulses;
		line_events[ev->index]++;
	} else if (ev->kind == BUS_EVENT_REQUEST) {
		request_event = *ev;
		requests++;
	} else if (ev->kind == BUS_EVENT_DOWN) {
		memcpy(down_text, ev->text, sizeof(down_text));
		downs++;
	}
	ups += ev->kind == BUS_EVENT_UP;
}

static struct bus_thread *start_thread(void)
{
	static struct fx_bus fx = {.name = "gpio", .kind = BUS_GPIO, .port = "sim:chip"};
	static struct fixture f = {.buses = &fx, .bus_count = 1};
	struct bus_thread_config c = {
		.bus = {.fixture = &f, .lines = lines, .line_count = LINE_COUNT, .sim_dir = dir},
		.event = on_event};
	struct error err;
	struct bus_thread *t;

	for (int i = 0; i < LINE_COUNT; i++)
		line_events[i] = 0;
	requests = downs = ups = 0;
	pulse_sum = 0;
	t = bus_thread_start(&c, &err);
	assert_non_null(t);
	return t;
}

static void wait_for(_Atomic int *what, int at_least)
{
	int64_t end_ns = clock_mono_ns() + 3 * NS_PER_S;

	while (*what < at_least && clock_mono_ns() < end_ns)
		poll(NULL, 0, 1);
	assert_true(*what >= at_least);
}

static void edges_and_outputs_pass_the_stand_ins_socket(void **state)
{
	static struct chip c;
	struct bus_request r = {.kind = BUS_GPIO_SET, .token = 5, .line = OUT, .data = {1}};
	struct gpio_wire_msg m;
	struct bus_thread *t;

	(void)state;
	c.level[IN] = 1;
	chip_start(&c);
	t = start_thread();
	wait_for(&ups, 1);
	wait_for(&line_events[IN], 1);
	assert_int_equal(newest[IN].value, 1);
	assert_int_equal(c.grants, LINE_COUNT);
	assert_int_equal(c.level[LOW_OUT], 1); /* initial 0, active low */
	assert_int_equal(bus_thread_is_simulated(t), 1);
	line_events[IN] = 0;
	chip_edge(&c, IN, 0);
	wait_for(&line_events[IN], 1);
	assert_int_equal(newest[IN].value, 0);
	assert_true(newest[IN].is_edge);
	/* Edges that come while an output is being set are not lost. */
	c.edges_before_done = 5;
	line_events[IN] = 0;
	assert_int_equal(bus_thread_submit(t, &r), 0);
	wait_for(&requests, 1);
	assert_int_equal(request_event.status, BUS_OK);
	assert_int_equal(c.level[OUT], 1);
	wait_for(&line_events[IN], 5);
	assert_int_equal(newest[IN].value, 1);
	gpio_wire_init(&m, GPIO_WIRE_PULSES);
	m.line = PULSE;
	m.pulses = 40;
	m.first_ns = clock_mono_ns();
	m.last_ns = m.first_ns + 1000;
	chip_say(&c, &m);
	for (int i = 0; i < 1000 && pulse_sum < 40; i++)
		poll(NULL, 0, 1);
	assert_int_equal(pulse_sum, 40);
	bus_thread_stop(t);
	chip_stop(&c);
}

static void a_chip_that_goes_is_told_and_taken_again(void **state)
{
	static struct chip c;
	struct bus_thread *t;

	(void)state;
	chip_start(&c);
	t = start_thread();
	wait_for(&ups, 1);
	chip_stop(&c);
	wait_for(&downs, 1);
	assert_non_null(strstr(down_text, "chip sim:chip"));
	wait_for(&line_events[IN], 1);
	chip_start(&c);
	wait_for(&ups, 2);
	bus_thread_stop(t);
	chip_stop(&c);
}

static void a_line_that_somebody_holds_is_refused_with_the_holder(void **state)
{
	static struct chip c;
	struct gpio *g = NULL;
	struct error err = {0};
	char own_name[32];

	(void)state;
	c.busy = "PUMP";
	chip_start(&c);
	assert_int_equal(gpio_open(&g, "sim:chip", dir, lines, LINE_COUNT, &err), ERR_BUSY);
	assert_string_equal(err.text, "line PUMP of chip sim:chip is held by gpioset");
	/* what others will read there when the line is ours */
	snprintf(own_name, sizeof(own_name), "benchd-io %d", (int)getpid());
	assert_string_equal(c.consumer, own_name);
	assert_int_equal(gpio_open(&g, "sim:other", dir, lines, LINE_COUNT, &err), ERR_NOT_FOUND);
	assert_int_equal(gpio_open(&g, "gpiochip0", dir, lines, LINE_COUNT, &err), ERR_CONFIG);
	assert_int_equal(gpio_open(&g, "no-such-label", dir, lines, LINE_COUNT, &err),
			 ERR_NOT_FOUND);
	assert_null(g);
	chip_stop(&c);
}

static void see_nothing(void *ctx, const struct gpio_change *change)
{
	(void)ctx;
	(void)change;
	fail_msg("a late answer is no change of a line");
}

/* On a machine at its limit the chip's thread may be late by itself: set once more. */
static void set_answered(struct gpio *g, int line, uint8_t value)
{
	struct error err = {0};
	int rc = ERR_TIMEOUT;

	for (int i = 0; i < 20 && rc == ERR_TIMEOUT; i++)
		rc = gpio_set(g, line, value, &err);
	if (rc)
		fail_msg("%s", err.text);
}

/* A DONE that comes after its SET was given up belongs to that SET: neither the next SET nor a read
 * takes it for its own. */
static void a_done_that_comes_late_answers_no_other_set(void **state)
{
	static struct chip c;
	const struct gpio_sink sink = {.change = see_nothing};
	struct gpio *g = NULL;
	struct error err = {0};
	struct pollfd p;
	uint8_t level;
	int sets;

	(void)state;
	chip_start(&c);
	assert_int_equal(gpio_open(&g, "sim:chip", dir, lines, LINE_COUNT, &err), 0);
	c.late = 1;
	assert_int_equal(gpio_set(g, OUT, 1, &err), ERR_TIMEOUT);
	/* ahead of the answer to the next one, which is for the other level */
	set_answered(g, OUT, 0);
	assert_int_equal(gpio_get(g, OUT, &level, &err), 0);
	assert_int_equal(level, 0);
	/* and while nobody waits for one */
	c.late = 1;
	sets = c.sets;
	assert_int_equal(gpio_set(g, OUT, 1, &err), ERR_TIMEOUT);
	wait_for(&c.sets, sets + 1);
	chip_say_kept(&c); /* the chip's thread has nothing to say now */
	assert_int_equal(gpio_poll(g, &p, 1), 1);
	assert_int_equal(poll(&p, 1, 3000), 1);
	assert_int_equal(gpio_read(g, &sink, &err), 0);
	set_answered(g, OUT, 1);
	gpio_close(g);
	chip_stop(&c);
}

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_well_formed_messages_pass),
		cmocka_unit_test(edges_and_outputs_pass_the_stand_ins_socket),
		cmocka_unit_test(a_chip_that_goes_is_told_and_taken_again),
		cmocka_unit_test(a_done_that_comes_late_answers_no_other_set),
		cmocka_unit_test(a_line_that_somebody_holds_is_refused_with_the_holder),
	};

	return cmocka_run_group_tests(tests, make_dir, NULL);
}
