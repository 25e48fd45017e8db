/* SPDX-License-Identifier: BSD-3-Clause */
/* The FIB's contract, rule by rule: what is refused, what nests, what a walk promises. */
#include "tests/unit/dataplane/fib_common.h"

#include "dataplane/fib/arena.h"

#include <arpa/inet.h>
#include <errno.h>

static bool malloc_fails;
static unsigned int malloc_failures;

/* With malloc() and its kin, and with what pieces come from, or with one of them alone. */
static int commit_failing(struct fib *fib, bool of_malloc, bool of_arena)
{
	int error;

	malloc_fails = of_malloc;
	arena_fails = of_arena;
	error = fib_commit(fib);
	malloc_fails = false;
	arena_fails = false;
	return error;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

static bool fail_now(void)
{
	malloc_failures += malloc_fails;
	return malloc_fails;
}

void *__wrap_malloc(size_t bytes)
{
	return fail_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fail_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
	return fail_now() ? NULL : __real_realloc(memory, bytes);
}

static fib_key text_key(const char *text, unsigned int *length, enum fib_family *family)
{
	char address[64];
	uint8_t bytes[16] = {0};
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);

	memcpy(address, text, n);
	address[n] = '\0';
	*family = strchr(address, ':') != NULL ? FIB_IPV6 : FIB_IPV4;
	*length = slash != NULL ? (unsigned int)atoi(slash + 1) : 0;
	assert_int_equal(inet_pton(*family == FIB_IPV4 ? AF_INET : AF_INET6, address, bytes), 1);
	return fib_key_load(*family, bytes);
}

static int add(struct fib *fib, const char *prefix, uint32_t group)
{
	enum fib_family family;
	unsigned int length;
	fib_key key = text_key(prefix, &length, &family);

	return add_key(fib, key, length, group);
}

static int delete (struct fib *fib, const char *prefix)
{
	enum fib_family family;
	unsigned int length;
	fib_key key = text_key(prefix, &length, &family);

	return delete_key(fib, key, length);
}

static uint32_t lookup(const struct fib *fib, const char *address)
{
	enum fib_family family;
	unsigned int length;
	fib_key key = text_key(address, &length, &family);
	uint8_t bytes[16];
	uint32_t group = lookup_key(fib, family, key);

	fib_key_store(key, bytes);
	/* The RIB must always agree, once committed. */
	assert_int_equal(group, fib_rib_lookup(fib, bytes));
	return group;
}

static struct fib *make(enum fib_family family)
{
	struct fib *fib = fib_create(family, 1000000);

	assert_non_null(fib);
	return fib;
}

static void test_invalid(void **state)
{
	struct fib *fib = make(FIB_IPV4), *fib6 = make(FIB_IPV6);
	struct fib_route route = {.group = 7}, none = {0}, previous = {.group = 99};
	uint8_t address[16] = {10, 0, 0, 1};

	assert_int_equal(fib_add(fib, address, 33, &route, &previous), -EINVAL);
	assert_int_equal(previous.group, 0);
	assert_int_equal(fib_add(fib, address, 24, &route, NULL), -EINVAL);
	assert_int_equal(fib_add(fib, address, 0, &route, NULL), -EINVAL);
	assert_int_equal(fib_add(fib, address, 32, &none, NULL), -EINVAL);
	assert_int_equal(fib_add(fib6, address, 129, &route, NULL), -EINVAL);
	assert_int_equal(fib_add(fib6, address, 31, &route, NULL), -EINVAL);
	assert_int_equal(fib_delete(fib, address, 33, NULL), -ENOENT);
	assert_int_equal(fib_delete(fib, address, 24, NULL), -ENOENT);
	assert_int_equal(fib_delete(fib, address, 32, NULL), -ENOENT);
	assert_false(fib_get(fib, address, 32, &route));
	assert_false(fib_get(fib, address, 40, &route));
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "10.0.0.1"), 0);
	/* Only the four bytes of an IPv4 address are looked at. */
	address[7] = 1;
	assert_int_equal(fib_add(fib, address, 32, &route, NULL), 0);
	fib_free(fib);
	fib_free(fib6);
	fib_free(NULL);
}

static void test_null_fib(void **state)
{
	struct fib *fib = make(FIB_IPV4);
	const struct fib *fibs[3] = {NULL, fib, NULL};
	uint32_t addresses[3] = {0x0a000001, 0x0a000001, 0}, groups[3] = {9, 9, 9};
	uint8_t addresses6[3][16] = {{0}};

	assert_int_equal(add(fib, "10.0.0.0/8", 5), 0);
	assert_int_equal(fib_commit(fib), 0);
	fib_lookup4_bulk(fibs, addresses, groups, 3);
	assert_int_equal(groups[0], 0);
	assert_int_equal(groups[1], 5);
	assert_int_equal(groups[2], 0);
	fibs[1] = NULL;
	groups[0] = groups[1] = groups[2] = 9;
	fib_lookup6_bulk(fibs, (const uint8_t(*)[16])addresses6, groups, 3);
	assert_int_equal(groups[0] | groups[1] | groups[2], 0);
	fib_lookup4_bulk(fibs, addresses, groups, 0);
	fib_free(fib);
}

/* All prefixes of one address, added from the shortest or the longest: the address itself has the
 * longest, an address that differs in bit n has length n. */
static void nested(enum fib_family family, bool parents_first)
{
	unsigned int bits = fib_family_bits(family);
	fib_key address = fib_key_make(0x9b5ac3f01e2d7788u, 0x6655aa0ff0c33c01u);
	struct fib *fib = make(family);

	if (family == FIB_IPV4)
		address = address >> 96 << 96;
	for (unsigned int i = 0; i <= bits; i++) {
		unsigned int length = parents_first ? i : bits - i;
		fib_key key = address & ~fib_key_host_bits(length);

		assert_int_equal(add_key(fib, key, length, 1000 + length), 0);
		assert_int_equal(fib_commit(fib), 0);
		if (!parents_first)
			assert_int_equal(lookup_key(fib, family, address), 1000 + bits);
		else
			assert_int_equal(lookup_key(fib, family, address), 1000 + length);
	}
	for (unsigned int n = 0; n < bits; n++) {
		fib_key other = address ^ (fib_key)1 << (127 - n);

		assert_int_equal(lookup_key(fib, family, other), 1000 + n);
	}
	for (unsigned int length = bits; length > 0; length--) {
		assert_int_equal(delete_key(fib, address & ~fib_key_host_bits(length), length), 0);
		assert_int_equal(fib_commit(fib), 0);
		assert_int_equal(lookup_key(fib, family, address), 1000 + length - 1);
	}
	fib_free(fib);
}

static void test_nested(void **state)
{
	nested(FIB_IPV4, true);
	nested(FIB_IPV4, false);
	nested(FIB_IPV6, true);
	nested(FIB_IPV6, false);
}

static void test_default(void **state)
{
	struct fib *fib = make(FIB_IPV6);

	assert_int_equal(lookup(fib, "2001:db8::1"), 0);
	assert_int_equal(add(fib, "::/0", 21), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "2001:db8::1"), 21);
	assert_int_equal(lookup(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 21);
	/* Together with another change in one commit. */
	assert_int_equal(add(fib, "2001:db8::/32", 22), 0);
	assert_int_equal(add(fib, "::/0", 23), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "2001:db8::1"), 22);
	assert_int_equal(lookup(fib, "2001:db9::1"), 23);
	assert_int_equal(lookup(fib, "::"), 23);
	/* A prefix with the same group as the default still hides a shorter one. */
	assert_int_equal(add(fib, "2001:db8:1::/48", 23), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "2001:db8:1::1"), 23);
	assert_int_equal(delete (fib, "::/0"), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "2001:db8:1::1"), 23);
	assert_int_equal(lookup(fib, "2001:db8::1"), 22);
	assert_int_equal(lookup(fib, "2001:db9::1"), 0);
	fib_free(fib);
}

static void test_add_replace_delete(void **state)
{
	struct fib *fib = make(FIB_IPV4);
	struct fib_route route = {.group = 30, .leaked_from = 9, .origin = 4, .mark = 3}, got;
	uint8_t address[16] = {192, 0, 2, 0};
	struct fib_usage usage;

	assert_int_equal(fib_add(fib, address, 24, &route, &got), 0);
	assert_int_equal(got.group, 0);
	assert_int_equal(lookup_key(fib, FIB_IPV4, fib_key_load(FIB_IPV4, address)), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "192.0.2.255"), 30);
	assert_int_equal(lookup(fib, "192.0.3.0"), 0);
	assert_true(fib_get(fib, address, 24, &got));
	assert_memory_equal(&got, &route, sizeof(route));
	assert_false(fib_get(fib, address, 25, &got));
	/* Same group, another mark: nothing to rebuild, but kept. */
	route.mark = 4;
	assert_int_equal(fib_add(fib, address, 24, &route, &got), 0);
	assert_int_equal(got.mark, 3);
	assert_true(fib_get(fib, address, 24, &got));
	assert_int_equal(got.mark, 4);
	route.group = 31;
	assert_int_equal(fib_add(fib, address, 24, &route, &got), 0);
	assert_int_equal(got.group, 30);
	assert_int_equal(lookup_key(fib, FIB_IPV4, fib_key_load(FIB_IPV4, address)), 30);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "192.0.2.0"), 31);
	fib_usage(fib, &usage);
	assert_int_equal(usage.routes, 1);
	assert_int_equal(fib_delete(fib, address, 24, &got), 0);
	assert_int_equal(got.group, 31);
	assert_int_equal(fib_delete(fib, address, 24, &got), -ENOENT);
	assert_int_equal(got.group, 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "192.0.2.0"), 0);
	fib_free(fib);
}

static void test_limit(void **state)
{
	struct fib *fib = fib_create(FIB_IPV4, 2);

	assert_non_null(fib);
	assert_int_equal(add(fib, "10.0.0.0/8", 5), 0);
	assert_int_equal(add(fib, "0.0.0.0/0", 6), 0);
	assert_int_equal(add(fib, "10.1.0.0/16", 7), -ENOSPC);
	/* At the limit what is there can still be changed. */
	assert_int_equal(add(fib, "10.0.0.0/8", 8), 0);
	assert_int_equal(delete (fib, "0.0.0.0/0"), 0);
	assert_int_equal(add(fib, "10.1.0.0/16", 7), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "10.1.2.3"), 7);
	assert_int_equal(lookup(fib, "10.2.2.3"), 8);
	assert_int_equal(lookup(fib, "11.0.0.0"), 0);
	fib_free(fib);
}

static void test_walk_order(void **state)
{
	static const char *const sorted[] = {"::/0", "::/1", "::/128", "2001:db8::/32",
		"2001:db8::/48", "2001:db8:0:1::/64", "2001:db8:1::/48", "2001:db8:1::1/128",
		"8000::/1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"};
	unsigned int count = sizeof(sorted) / sizeof(sorted[0]), seen = 0, length;
	struct fib *fib = make(FIB_IPV6);
	struct fib_prefix prefix;
	struct fib_route route;
	enum fib_family family;

	assert_false(fib_next(fib, NULL, &prefix, &route));
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(
			add(fib, sorted[(i * 7 + 3) % count], 100 + (i * 7 + 3) % count), 0);
	for (bool more = fib_next(fib, NULL, &prefix, &route); more;
		more = fib_next(fib, &prefix, &prefix, &route)) {
		fib_key key = text_key(sorted[seen], &length, &family);

		assert_true(fib_key_load(FIB_IPV6, prefix.address) == key);
		assert_int_equal(prefix.length, length);
		assert_int_equal(route.group, 100 + seen);
		seen++;
	}
	assert_int_equal(seen, count);
	fib_free(fib);
}

/* The entry where a walk stands goes, one before it and one behind it come: the walk goes on
 * behind the place where it stood. */
static void test_walk_survives(void **state)
{
	struct fib *fib = make(FIB_IPV4);
	struct fib_prefix prefix;
	struct fib_route route;

	assert_int_equal(add(fib, "10.0.0.0/8", 1), 0);
	assert_int_equal(add(fib, "10.128.0.0/16", 2), 0);
	assert_int_equal(add(fib, "11.0.0.0/8", 3), 0);
	assert_true(fib_next(fib, NULL, &prefix, &route));
	assert_true(fib_next(fib, &prefix, &prefix, &route));
	assert_int_equal(route.group, 2);
	assert_int_equal(delete (fib, "10.128.0.0/16"), 0);
	assert_int_equal(add(fib, "10.127.0.0/16", 4), 0);
	assert_int_equal(add(fib, "10.128.0.0/17", 5), 0);
	assert_true(fib_next(fib, &prefix, &prefix, &route));
	assert_int_equal(route.group, 5);
	assert_true(fib_next(fib, &prefix, &prefix, &route));
	assert_int_equal(route.group, 3);
	assert_int_equal(delete (fib, "11.0.0.0/8"), 0);
	assert_false(fib_next(fib, &prefix, &prefix, &route));
	fib_free(fib);
}

static void count_swept(const struct fib_route *route, void *context)
{
	assert_int_equal(route->mark, 1);
	*(uint32_t *)context += route->group;
}

static void test_sweep(void **state)
{
	struct fib *fib = make(FIB_IPV4);
	struct fib_route stays = {.group = 50, .mark = 2};
	uint8_t address[16] = {10, 1, 0, 0};
	uint32_t groups = 0;

	assert_int_equal(add(fib, "0.0.0.0/0", 1), 0);
	assert_int_equal(add(fib, "10.0.0.0/8", 2), 0);
	assert_int_equal(add(fib, "10.1.0.0/16", 50), 0);
	assert_int_equal(add(fib, "10.1.1.1/32", 4), 0);
	assert_int_equal(fib_add(fib, address, 16, &stays, NULL), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(fib_sweep(fib, 2, count_swept, &groups), 3);
	assert_int_equal(groups, 1 + 2 + 4);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "10.1.1.1"), 50);
	assert_int_equal(lookup(fib, "10.2.0.0"), 0);
	assert_int_equal(fib_sweep(fib, 2, NULL, NULL), 0);
	assert_int_equal(fib_sweep(fib, 1, NULL, NULL), 1);
	fib_free(fib);
}

/* Without memory a commit changes nothing, and the next one makes up for it. */
static void test_no_memory(void **state)
{
	struct fib *fib = make(FIB_IPV4);

	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(add_key(fib, (fib_key)i << 104, 24, 100 + i % 7), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(add(fib, "0.0.1.128/25", 200), 0);
	assert_int_equal(add(fib, "0.0.77.0/25", 201), 0);
	assert_int_equal(commit_failing(fib, true, false), -ENOMEM);
	assert_true(malloc_failures > 0);
	assert_int_equal(commit_failing(fib, false, true), -ENOMEM);
	assert_int_equal(lookup_key(fib, FIB_IPV4, (fib_key)0x180 << 96), 101);
	assert_int_equal(lookup_key(fib, FIB_IPV4, (fib_key)0x4d00 << 96), 100);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "0.0.1.128"), 200);
	assert_int_equal(lookup(fib, "0.0.77.127"), 201);
	/* The default together with others is published as a new whole. */
	assert_int_equal(add(fib, "0.0.0.0/0", 202), 0);
	assert_int_equal(delete (fib, "0.0.77.0/25"), 0);
	assert_int_equal(commit_failing(fib, false, true), -ENOMEM);
	assert_int_equal(lookup_key(fib, FIB_IPV4, (fib_key)0x4d00 << 96), 201);
	assert_int_equal(lookup_key(fib, FIB_IPV4, (fib_key)0xff000000u << 96), 0);
	assert_int_equal(fib_commit(fib), 0);
	assert_int_equal(lookup(fib, "0.0.77.0"), 100);
	assert_int_equal(lookup(fib, "255.0.0.0"), 202);
	fib_free(fib);
	malloc_fails = true;
	fib = fib_create(FIB_IPV6, 10);
	malloc_fails = false;
	assert_null(fib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_null_fib),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_add_replace_delete),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_walk_order),
		cmocka_unit_test(test_walk_survives),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
