/* SPDX-License-Identifier: MIT */
#include "rig/commission.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "scan.h"

static const char usage[] =
	"usage: benchd-io --scan PORT [options]\n"
	"       benchd-io --set-address PORT OLD NEW [--driver NAME] [options]\n"
	"       benchd-io --prove-watchdog FIXTURE [--device NAME] --yes [options]\n"
	"  PORT               as in a fixture: usb:VID:PID:SERIAL, a path, or sim:NAME\n"
	"  --baud N           only this rate (scan: else all; set-address: else 9600)\n"
	"  --parity P         none (default), even or odd\n"
	"  --ids A-B          only these unit ids (1-247)\n"
	"  --timeout MS       wait for the first byte of an answer (80)\n"
	"  --sim-dir DIR      where benchsim's ports are\n"
	"  --json             for programs\n";

static const struct {
	const char *name;
	int words;
	int (*run)(const struct commission *c);
} modes[] = {{"--scan", 1, commission_scan},
	     {"--set-address", 3, commission_set_address},
	     {"--prove-watchdog", 1, commission_prove_watchdog}};
enum { MODES = sizeof(modes) / sizeof(modes[0]) };

static int mode_of(int argc, char **argv)
{
	for (int i = 0; argc > 1 && i < MODES; i++)
		if (!strcmp(argv[1], modes[i].name))
			return i;
	return -1;
}

bool commission_is_wanted(int argc, char **argv)
{
	return mode_of(argc, argv) >= 0;
}

static bool whole(const char *s, size_t n, int64_t lo, int64_t hi, int *out)
{
	int64_t v;

	if (!text_to_int64(s, n, &v) || v < lo || v > hi)
		return false;
	*out = (int)v;
	return true;
}

static bool read_ids(const char *s, struct commission *c)
{
	size_t n = strcspn(s, "-");

	if (!whole(s, n, 1, COMMISSION_UNITS, &c->first_unit))
		return false;
	c->last_unit = c->first_unit;
	if (!s[n])
		return true;
	return whole(s + n + 1, strlen(s + n + 1), c->first_unit, COMMISSION_UNITS, &c->last_unit);
}

static bool read_parity(const char *s, struct commission *c)
{
	if (strcmp(s, "none") && strcmp(s, "even") && strcmp(s, "odd"))
		return false;
	c->parity = s[0] == 'n' ? 'N' : s[0] == 'e' ? 'E' : 'O';
	return true;
}

static bool read_option(struct commission *c, int o)
{
	switch (o) {
	case 'b':
		return whole(optarg, strlen(optarg), 300, 4000000, &c->baud) &&
		       port_is_baud(c->baud);
	case 'p': return read_parity(optarg, c);
	case 'i': return read_ids(optarg, c);
	case 't': return whole(optarg, strlen(optarg), 5, 5000, &c->timeout_ms);
	case 's': c->sim_dir = optarg; return true;
	case 'd': c->driver = optarg; return true;
	case 'n': c->device = optarg; return true;
	case 'j': c->json = true; return true;
	case 'y': c->yes = true; return true;
	default: return false;
	}
}

int commission_main(int argc, char **argv)
{
	static const struct option longs[] = {{"baud", required_argument, NULL, 'b'},
					      {"parity", required_argument, NULL, 'p'},
					      {"ids", required_argument, NULL, 'i'},
					      {"timeout", required_argument, NULL, 't'},
					      {"sim-dir", required_argument, NULL, 's'},
					      {"driver", required_argument, NULL, 'd'},
					      {"device", required_argument, NULL, 'n'},
					      {"json", no_argument, NULL, 'j'},
					      {"yes", no_argument, NULL, 'y'},
					      {NULL, 0, NULL, 0}};
	struct commission c = {
		.parity = 'N', .first_unit = 1, .last_unit = COMMISSION_UNITS, .timeout_ms = 80};
	int mode = mode_of(argc, argv), o, index = -1;

	log_init("benchd-io", LOG_LEVEL_WARNING);
	optind = 2;
	opterr = 0;
	while ((o = getopt_long(argc, argv, "", longs, &index)) >= 0) {
		if (!read_option(&c, o)) {
			if (o == '?')
				fprintf(stderr,
					"benchd-io: %s is unknown or lacks its value; expected:\n",
					argv[optind - 1]);
			else
				fprintf(stderr, "benchd-io: --%s %s is not understood\n",
					index >= 0 ? longs[index].name : "?", optarg ? optarg : "");
			fputs(usage, stderr);
			return COMMISSION_USAGE;
		}
	}
	for (; optind < argc && c.word_count < 3; optind++)
		c.words[c.word_count++] = argv[optind];
	if (optind < argc || c.word_count != modes[mode].words) {
		fputs(usage, stderr);
		return COMMISSION_USAGE;
	}
	return modes[mode].run(&c);
}
