/* SPDX-License-Identifier: MIT
 *
 * Long loops under a sanitizer, which makes them ten times as long: it looks at every SANITIZED_STRIDE-th of what
 * the ordinary build goes through one by one.
 */
#ifndef TESTS_FAKE_SANITIZED_H
#define TESTS_FAKE_SANITIZED_H

#ifdef SANITIZED /* the Makefile's word for its variants */
enum { SANITIZED_STRIDE = 7 };
#else
enum { SANITIZED_STRIDE = 1 };
#endif

#endif
