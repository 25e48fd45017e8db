/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network namespaces, one a routing domain, and the TAPs in them. Calls enter the namespace and
 * come back before they return (single thread). Errors: -errno, logged with what was tried.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/model/site.h"

/* DIR is bind-mount home of the namespaces (RUN_DIR/netns); made into a shared tmpfs when it is
 * none yet, so that FRR's private mount namespace sees later ones. */
int namespace_init(const char *dir);

/* Creates it (or finds it) with the kernel settings of docs/architecture.md. Returns an fd of the
 * namespace, or -errno. */
int namespace_open(const char *dir, const char *name);
/* The same without creating it: -ENOENT. */
int namespace_find(const char *dir, const char *name);
int namespace_delete(const char *dir, const char *name);
/* Calls each() for every namespace in dir. */
int namespace_list(const char *dir, void (*each)(const char *name, void *context), void *context);

struct tap_settings {
	const char *ifname;
	uint32_t ifindex; /* to use when the TAP is made (TUNSETIFINDEX) */
	uint8_t mac[6];
	uint32_t mtu;
	struct ip address4, address6; /* with prefix_len; family 0: none */
};

/* Opens or creates the persistent TAP and sets MAC, MTU, addresses (nodad; others are removed)
 * and up. Returns its fd (O_NONBLOCK), -EBUSY when another process has it attached. */
int tap_open(int netns, const struct tap_settings *settings);
/* The same settings for a TAP whose fd is known already. */
int tap_configure(int netns, const struct tap_settings *settings);
/* The same, and every address is stated again, which the kernel tells to all who listen: for a
 * listener that missed one. Nothing that uses the addresses is disturbed. */
int tap_renotify(int netns, const struct tap_settings *settings);
/* 0: there is none. */
uint32_t tap_ifindex(int netns, const char *ifname);
int tap_delete(int netns, const char *ifname);
/* Calls each() for every TAP in the namespace. */
int tap_list(int netns, void (*each)(const char *ifname, void *context), void *context);
