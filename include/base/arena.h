/* SPDX-License-Identifier: MIT
 *
 * Memory of one loaded file: everything is freed at once with the arena. One
 * thread at a time; read-only use afterwards from any thread.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL allowed */
/* Zeroed, aligned for any type. Panics when memory is out. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* n items of size bytes; an overflow panics. */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Call fn(p) when the arena is freed, last added first: for things that own heap memory. */
void arena_defer(struct arena *a, void (*fn)(void *p), void *p);

#endif
