/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fib/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

#define PAGE_BYTES (1u << 16)
#define PAGES (1u << 16)  /* 4 GiB */
#define SEGMENT_PAGES 32u /* what goes to and from the kernel: a huge page of x86 */
#define SEGMENT_BYTES (SEGMENT_PAGES * PAGE_BYTES)

/* Sizes: steps of 16 bytes to 256, of 64 to 2 KiB, of 1 KiB to 32 KiB; beyond that, whole pages. */
#define FINE_MAX 256u
#define MIDDLE_MAX 2048u
#define COARSE_MAX 32768u
#define CLASSES (16u + 28u + 30u)

uint8_t *arena_base;
bool arena_fails;

/* By the first page of a span. */
struct span {
	uint32_t bytes; /* of an object; 0: not the first page of a span with objects */
	uint32_t live;
	uint32_t next_new;             /* offset of the first object that was never used */
	uint32_t free_head;            /* offset of a free object, which holds the next one's */
	uint32_t following, preceding; /* spans of this class with room, by page; 0: none */
};

static struct span spans[PAGES];
static uint8_t page_used[PAGES];
static uint16_t page_first[PAGES];                  /* of the span that a page belongs to */
static uint8_t segment_used[PAGES / SEGMENT_PAGES]; /* pages */
static bool segment_mapped[PAGES / SEGMENT_PAGES];
static uint32_t with_room[CLASSES];
static uint32_t lowest_free = 1; /* no free page is below; page 0 is never used: offset 0 is none */

uint32_t arena_bytes(uint32_t bytes)
{
	if (bytes <= FINE_MAX)
		return RTE_ALIGN_CEIL(bytes, 16u);
	if (bytes <= MIDDLE_MAX)
		return RTE_ALIGN_CEIL(bytes, 64u);
	return RTE_ALIGN_CEIL(bytes, bytes <= COARSE_MAX ? 1024u : PAGE_BYTES);
}

/* rounded: what arena_bytes() says, at most COARSE_MAX. */
static unsigned int class_of(uint32_t rounded)
{
	if (rounded <= FINE_MAX)
		return rounded / 16 - 1;
	if (rounded <= MIDDLE_MAX)
		return 16 + (rounded - FINE_MAX) / 64 - 1;
	return 44 + (rounded - MIDDLE_MAX) / 1024 - 1;
}

/* Larger objects come in larger spans, so that little is left at the end of one. */
static uint32_t span_pages(uint32_t rounded)
{
	if (rounded <= MIDDLE_MAX)
		return 1;
	return rounded <= COARSE_MAX ? 8 : rounded / PAGE_BYTES;
}

static bool arena_reserve(void)
{
	uint64_t bytes = (uint64_t)PAGES * PAGE_BYTES;
	uint8_t *memory;

	if (arena_base != NULL)
		return true;
	memory = mmap(NULL, bytes + SEGMENT_BYTES, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	arena_base = (uint8_t *)RTE_ALIGN_CEIL((uintptr_t)memory, SEGMENT_BYTES);
	return true;
}

static bool segment_map(uint32_t segment)
{
	uint8_t *memory = arena_base + (size_t)segment * SEGMENT_BYTES;

	if (segment_mapped[segment])
		return true;
	if (mprotect(memory, SEGMENT_BYTES, PROT_READ | PROT_WRITE) != 0)
		return false;
	/* Advice only: without huge pages it is slower, not wrong. */
	madvise(memory, SEGMENT_BYTES, MADV_HUGEPAGE);
	segment_mapped[segment] = true;
	return true;
}

/* The first page of `count` free ones in a row, 0: none. */
static uint32_t pages_find(uint32_t count)
{
	uint32_t found = 0;

	while (lowest_free < PAGES && page_used[lowest_free])
		lowest_free++;
	for (uint32_t page = lowest_free; page < PAGES; page++) {
		found = page_used[page] ? 0 : found + 1;
		if (found == count)
			return page + 1 - count;
	}
	return 0;
}

static uint32_t pages_alloc(uint32_t count)
{
	uint32_t first = arena_reserve() ? pages_find(count) : 0;

	if (first == 0)
		return 0;
	for (uint32_t page = first; page < first + count; page++)
		if (!segment_map(page / SEGMENT_PAGES))
			return 0;
	for (uint32_t page = first; page < first + count; page++) {
		page_used[page] = 1;
		page_first[page] = (uint16_t)first;
		segment_used[page / SEGMENT_PAGES]++;
	}
	ASAN_UNPOISON_MEMORY_REGION(
		arena_base + (size_t)first * PAGE_BYTES, (size_t)count * PAGE_BYTES);
	return first;
}

static void pages_free(uint32_t first, uint32_t count)
{
	ASAN_POISON_MEMORY_REGION(
		arena_base + (size_t)first * PAGE_BYTES, (size_t)count * PAGE_BYTES);
	for (uint32_t page = first; page < first + count; page++) {
		uint32_t segment = page / SEGMENT_PAGES;

		page_used[page] = 0;
		if (--segment_used[segment] == 0)
			madvise(arena_base + (size_t)segment * SEGMENT_BYTES, SEGMENT_BYTES,
				MADV_DONTNEED);
	}
	lowest_free = RTE_MIN(lowest_free, first);
}

static void room_add(unsigned int class, uint32_t page)
{
	spans[page].preceding = 0;
	spans[page].following = with_room[class];
	if (with_room[class] != 0)
		spans[with_room[class]].preceding = page;
	with_room[class] = page;
}

static void room_remove(unsigned int class, uint32_t page)
{
	const struct span *span = &spans[page];

	if (span->preceding != 0)
		spans[span->preceding].following = span->following;
	else
		with_room[class] = span->following;
	if (span->following != 0)
		spans[span->following].preceding = span->preceding;
}

static bool span_full(const struct span *span, uint32_t page)
{
	uint32_t end = page * PAGE_BYTES + span_pages(span->bytes) * PAGE_BYTES;

	/* The arena's very end is 2^32, which is 0 here. */
	return span->free_head == 0 && end - span->next_new < span->bytes;
}

static uint32_t span_create(uint32_t rounded)
{
	uint32_t page = pages_alloc(span_pages(rounded));

	if (page == 0)
		return 0;
	spans[page] = (struct span){.bytes = rounded, .next_new = page * PAGE_BYTES};
	room_add(class_of(rounded), page);
	return page;
}

uint32_t arena_alloc(uint32_t bytes)
{
	uint32_t rounded = arena_bytes(bytes), page, offset;
	struct span *span;

	if (arena_fails)
		return 0;
	if (rounded > COARSE_MAX)
		return pages_alloc(rounded / PAGE_BYTES) * PAGE_BYTES;
	page = with_room[class_of(rounded)];
	if (page == 0)
		page = span_create(rounded);
	if (page == 0)
		return 0;
	span = &spans[page];
	offset = span->free_head;
	if (offset != 0) {
		ASAN_UNPOISON_MEMORY_REGION(arena_base + offset, rounded);
		memcpy(&span->free_head, arena_base + offset, sizeof(span->free_head));
	} else {
		offset = span->next_new;
		span->next_new += rounded;
	}
	span->live++;
	if (span_full(span, page))
		room_remove(class_of(rounded), page);
	return offset;
}

void arena_free(uint32_t offset, uint32_t bytes)
{
	uint32_t rounded = arena_bytes(bytes), page = page_first[offset / PAGE_BYTES];
	struct span *span = &spans[page];

	if (rounded > COARSE_MAX) {
		pages_free(page, rounded / PAGE_BYTES);
		return;
	}
	if (span_full(span, page))
		room_add(class_of(rounded), page);
	memcpy(arena_base + offset, &span->free_head, sizeof(span->free_head));
	ASAN_POISON_MEMORY_REGION(arena_base + offset, rounded);
	span->free_head = offset;
	if (--span->live != 0)
		return;
	room_remove(class_of(rounded), page);
	pages_free(page, span_pages(rounded));
}
