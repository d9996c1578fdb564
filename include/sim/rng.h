/* SPDX-License-Identifier: MIT
 *
 * The simulator's own random numbers: small, fast, equal on every machine for a seed.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

/* splitmix64: good enough for noise, and every seed gives another sequence. */
static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* [0, 1) */
static inline double rng_uniform(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* Mean 0, standard deviation 1, bounded by 3.46: the sum of four 16-bit uniforms. */
static inline double rng_normal(struct rng *r)
{
	uint64_t z = rng_next(r);
	double sum = (double)(z & 0xffff) + (double)(z >> 16 & 0xffff) +
		     (double)(z >> 32 & 0xffff) + (double)(z >> 48);

	return (sum - 131070.0) * (1.7320508075688772 / 65536.0);
}

#endif
