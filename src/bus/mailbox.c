/* SPDX-License-Identifier: MIT */
#include <sys/eventfd.h>
#include <unistd.h>
#include "mailbox.h"

int mailbox_open(struct mailbox *m, struct error *err)
{
	pthread_mutex_init(&m->lock, NULL);
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->wake_fd < 0 ? error_errno(err, "eventfd of a mailbox") : 0;
}

void mailbox_close(struct mailbox *m)
{
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	m->wake_fd = -1;
	pthread_mutex_destroy(&m->lock);
}

/* Either the owner sees `any` before it sleeps, or this sees that it sleeps: both are written
 * before the other is read, in one order for all. */
void mailbox_wake(struct mailbox *m)
{
	uint64_t one = 1;

	m->any = true;
	/* It fails only when it is full, and then the owner is awake. */
	if (m->asleep && write(m->wake_fd, &one, sizeof(one)) < 0)
		return;
}

bool mailbox_sleep(struct mailbox *m)
{
	m->asleep = true;
	if (!m->any)
		return true;
	m->asleep = false;
	return false;
}

void mailbox_awake(struct mailbox *m, bool is_readable)
{
	uint64_t count;

	m->asleep = false;
	if (is_readable && read(m->wake_fd, &count, sizeof(count)) < 0)
		return;
}

bool mailbox_any(struct mailbox *m)
{
	return atomic_load_explicit(&m->any, memory_order_relaxed) &&
	       atomic_exchange(&m->any, false);
}

int mailbox_put(struct mailbox *m, const struct bus_request *r)
{
	int rc = 0;

	pthread_mutex_lock(&m->lock);
	if (m->count == MAILBOX_MAX)
		rc = ERR_LIMIT;
	else
		m->mail[(m->first + m->count++) % MAILBOX_MAX] = *r;
	pthread_mutex_unlock(&m->lock);
	mailbox_wake(m);
	return rc;
}

void mailbox_need(struct mailbox *m, uint16_t device, bool needed)
{
	int i = 0;

	pthread_mutex_lock(&m->lock);
	while (i < m->need_count && m->needs[i].device != device)
		i++;
	if (i < FIXTURE_DEVICES_MAX) {
		m->needs[i].device = device;
		m->needs[i].needed = needed;
		m->need_count += i == m->need_count;
	}
	pthread_mutex_unlock(&m->lock);
	mailbox_wake(m);
}

bool mailbox_peek(struct mailbox *m, struct bus_request *r)
{
	bool any;

	pthread_mutex_lock(&m->lock);
	any = m->count > 0;
	if (any)
		*r = m->mail[m->first];
	pthread_mutex_unlock(&m->lock);
	return any;
}

void mailbox_drop(struct mailbox *m)
{
	pthread_mutex_lock(&m->lock);
	m->first = (m->first + 1) % MAILBOX_MAX;
	m->count--;
	pthread_mutex_unlock(&m->lock);
}

bool mailbox_take_need(struct mailbox *m, uint16_t *device, bool *needed)
{
	bool any;

	pthread_mutex_lock(&m->lock);
	any = m->need_count > 0;
	if (any) {
		m->need_count--;
		*device = m->needs[m->need_count].device;
		*needed = m->needs[m->need_count].needed;
	}
	pthread_mutex_unlock(&m->lock);
	return any;
}
