/* SPDX-License-Identifier: MIT */
#include "link/io.h"

const char *bay_state_name(enum bay_state s)
{
	static const char *const names[] = {
		[BAY_SECURING] = "securing", [BAY_NOT_READY] = "not_ready",
		[BAY_READY] = "ready",	     [BAY_ACTIVE] = "active",
		[BAY_STOPPING] = "stopping", [BAY_TRIPPED] = "tripped",
		[BAY_LOCKED] = "locked",
	};

	return s >= BAY_SECURING && s <= BAY_LOCKED ? names[s] : "?";
}

const char *safe_what_name(enum safe_what w)
{
	static const char *const names[] = {"?", "drop", "stop", "reset", "check"};

	return w >= SAFE_DROP && w <= SAFE_CHECK ? names[w] : "?";
}
