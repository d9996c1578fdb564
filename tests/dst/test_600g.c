/* SPDX-License-Identifier: MIT
 *
 * The 600G unit: every row of its table of faults.
 */
#include "fault_table.h"

int main(void)
{
	return fault_table("tests/data/faults_600g.csv", "profiles/models/RO600.yaml",
			   "profiles/ro600_full.yaml");
}
