/* SPDX-License-Identifier: MIT
 *
 * NAN and INFINITY are floats; as doubles they promote nothing in silence.
 */
#ifndef RUN_NUMBER_H
#define RUN_NUMBER_H

#include <math.h>

#define NO_NUMBER ((double)NAN)
#define UNBOUNDED ((double)INFINITY)

#endif
