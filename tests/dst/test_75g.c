/* SPDX-License-Identifier: MIT
 *
 * The 75G tank unit: every row of its table of faults.
 */
#include "fault_table.h"

int main(void)
{
	return fault_table("tests/data/faults_75g.csv", "profiles/models/RO75.yaml",
			   "profiles/ro75_full.yaml");
}
