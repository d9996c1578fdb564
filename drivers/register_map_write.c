/* SPDX-License-Identifier: MIT
 *
 * Writes of register_map: neighbours together, each read back.
 */
#include "register_map.h"

/* One point as a write of its own. */
static int write_one(const struct map_priv *priv, int point, double value, struct bus_request *out)
{
	const struct map_point *m = &priv->at[point];
	struct bus_request r = {.kind = BUS_WRITE,
				.function = m->write,
				.first = m->first,
				.count = (uint16_t)register_count(m->type),
				.verify = true,
				.verify_function = m->read,
				.verify_first = m->first,
				.verify_count = (uint16_t)register_count(m->type)};

	if (!m->write || value < priv->points[point].lo || value > priv->points[point].hi ||
	    !register_encode(r.data, m->type, m->order, (value - m->offset) / m->scale))
		return ERR_RANGE;
	for (int i = 0; i < r.count; i++) {
		r.verify_expect[i] = r.data[i];
		r.verify_mask[i] = 0xffff;
	}
	*out = r;
	return 0;
}

/* May b follow a in one write? */
static bool joins(const struct bus_request *a, const struct bus_request *b)
{
	return a->function == b->function && a->verify_function == b->verify_function &&
	       (a->function == MODBUS_WRITE_COILS || a->function == MODBUS_WRITE_REGISTERS) &&
	       a->first + a->count == b->first && a->count + b->count <= BUS_WRITE_MAX;
}

static void join(struct bus_request *a, const struct bus_request *b)
{
	for (int i = 0; i < b->count; i++) {
		a->data[a->count + i] = b->data[i];
		a->verify_expect[a->count + i] = b->data[i];
		a->verify_mask[a->count + i] = 0xffff;
	}
	a->count = (uint16_t)(a->count + b->count);
	a->verify_count = a->count;
}

int register_map_set(const struct driver_device *d, const int *which, const double *values, int n,
		     struct bus_request *out, int max)
{
	const struct map_priv *priv = d->priv;
	int order[MAP_POINTS_MAX], count = 0;
	struct bus_request one;

	if (n > MAP_POINTS_MAX)
		return ERR_LIMIT;
	/* by register, so that neighbours meet */
	for (int i = 0; i < n; i++) {
		int k = i;

		for (; k > 0 && priv->at[which[order[k - 1]]].first > priv->at[which[i]].first; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (int i = 0; i < n; i++) {
		int rc = write_one(priv, which[order[i]], values[order[i]], &one);

		if (rc)
			return rc;
		if (count && joins(&out[count - 1], &one)) {
			join(&out[count - 1], &one);
			continue;
		}
		if (count == max)
			return ERR_LIMIT;
		out[count++] = one;
	}
	return count;
}
