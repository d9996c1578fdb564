/* SPDX-License-Identifier: MIT
 *
 * docs/openapi.json as it stood when this was built.
 */
#include "serve_internal.h"

__asm__(".section .rodata\n"
	".global openapi_json, openapi_json_end\n"
	"openapi_json:\n"
	".incbin \"docs/openapi.json\"\n"
	"openapi_json_end:\n"
	".byte 0\n"
	".previous\n");
