/* SPDX-License-Identifier: MIT
 *
 * Packets of the io link. Whatever decodes must encode, and to the same bytes. Built with clang's
 * -fsanitize=fuzzer, or alone: then it runs the files named on its command line, or random
 * mutations for the number of rounds given by "-rounds N".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "link/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct io_msg m;
	static uint8_t packet[IO_MESSAGE_MAX], again[IO_MESSAGE_MAX];
	struct error err;
	int rc;

	if (n > sizeof(packet))
		return 0;
	memcpy(packet, p, n);
	if (n > 1)
		packet[1] = IO_VERSION; /* the corpus outlives a version */
	if (io_decode(&m, packet, n, &err))
		return 0;
	rc = io_encode(&m, again, sizeof(again));
	if (rc != (int)n || memcmp(again, packet, n)) {
		fprintf(stderr, "fuzz_io: a %s message changed on its way back\n",
			io_type_name(m.type));
		abort();
	}
	return 0;
}
