/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two lists: objects handed over lately, and those whose grace period is running. When the period
 * is over the second list is freed and the first takes its place, with one token for all of it.
 */
#include "dataplane/worker/reclaim.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_rcu_qsbr.h>

struct pending {
	void *object;
	reclaim_free free_fn;
};

struct list {
	struct pending *pending;
	unsigned int count, capacity;
};

/* Main thread only, but for qsbr and readers. */
static struct list fresh, waiting;
static uint64_t token; /* of the waiting list */
static struct rte_rcu_qsbr *qsbr;
static uint64_t retired;     /* token of the last retirement of an id; 0: settled */
static unsigned int readers; /* readers and main, atomic */

int reclaim_init(void)
{
	size_t bytes = rte_rcu_qsbr_get_memsize(RECLAIM_READERS_MAX);

	if (qsbr != NULL)
		return -EALREADY;
	qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));
	if (qsbr == NULL)
		return -ENOMEM;
	if (rte_rcu_qsbr_init(qsbr, RECLAIM_READERS_MAX) != 0) {
		free(qsbr);
		qsbr = NULL;
		return -EINVAL;
	}
	return 0;
}

/* Freeing an object may hand over others: those go to the fresh list, which is not this one. */
static void list_free_all(struct list *list)
{
	struct list taken = *list;

	*list = (struct list){0};
	for (unsigned int i = 0; i < taken.count; i++)
		taken.pending[i].free_fn(taken.pending[i].object);
	free(taken.pending);
}

void reclaim_fini(void)
{
	while (waiting.count + fresh.count != 0) {
		list_free_all(&waiting);
		list_free_all(&fresh);
	}
	free(qsbr);
	qsbr = NULL;
	retired = 0;
}

static int list_add(struct list *list, void *object, reclaim_free free_fn)
{
	unsigned int capacity = list->capacity != 0 ? 2 * list->capacity : 64;
	struct pending *grown;

	if (list->count == list->capacity) {
		grown = realloc(list->pending, capacity * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		list->pending = grown;
		list->capacity = capacity;
	}
	list->pending[list->count++] = (struct pending){object, free_fn};
	return 0;
}

void reclaim_later(void *object, reclaim_free free_fn)
{
	/* A read-modify-write, because it orders the caller's unlinking before the look at the
	 * readers: a reader that this does not see yet cannot see the object any more. */
	if (__atomic_fetch_add(&readers, 0, __ATOMIC_SEQ_CST) == 0) {
		free_fn(object);
		return;
	}
	if (list_add(&fresh, object, free_fn) == 0)
		return;
	rte_rcu_qsbr_synchronize(qsbr, RTE_QSBR_THRID_INVALID);
	list_free_all(&waiting);
	list_free_all(&fresh);
	free_fn(object);
}

unsigned int reclaim_run(void)
{
	if (waiting.count != 0) {
		if (rte_rcu_qsbr_check(qsbr, token, false) == 0)
			return waiting.count + fresh.count;
		list_free_all(&waiting);
	}
	if (fresh.count != 0) {
		waiting = fresh;
		fresh = (struct list){0};
		token = rte_rcu_qsbr_start(qsbr);
		/* Often enough nobody is inside: then there is nothing to wait for. */
		if (rte_rcu_qsbr_check(qsbr, token, false) != 0)
			list_free_all(&waiting);
	}
	return waiting.count + fresh.count;
}

void reclaim_id_retired(void)
{
	if (__atomic_fetch_add(&readers, 0, __ATOMIC_SEQ_CST) != 0)
		retired = rte_rcu_qsbr_start(qsbr);
}

void reclaim_ids_settle(void)
{
	if (retired == 0 || qsbr == NULL)
		return;
	rte_rcu_qsbr_check(qsbr, retired, true);
	retired = 0;
}

void reclaim_reader_register(unsigned int reader)
{
	__atomic_fetch_add(&readers, 1, __ATOMIC_SEQ_CST);
	rte_rcu_qsbr_thread_register(qsbr, reader);
	rte_rcu_qsbr_thread_online(qsbr, reader);
}

void reclaim_reader_unregister(unsigned int reader)
{
	rte_rcu_qsbr_thread_offline(qsbr, reader);
	rte_rcu_qsbr_thread_unregister(qsbr, reader);
	__atomic_fetch_sub(&readers, 1, __ATOMIC_SEQ_CST);
}

void reclaim_reader_offline(unsigned int reader)
{
	rte_rcu_qsbr_thread_offline(qsbr, reader);
}

void reclaim_reader_online(unsigned int reader)
{
	rte_rcu_qsbr_thread_online(qsbr, reader);
}

void reclaim_reader_quiet(unsigned int reader)
{
	rte_rcu_qsbr_quiescent(qsbr, reader);
}
