/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routing/namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control/log.h"
#include "control/routing/netlink.h"
#include "control/routing/sysctl.h"

#define REQUEST_BYTES 512
#define ADDRESSES_MAX 32

static int fail(const char *what, const char *ifname, int error)
{
	log_error("tap", "%s %s: %s", what, ifname, strerror(-error));
	return error;
}

/* Opens or creates it in the namespace the thread is in. */
static int attach(const struct tap_settings *settings)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	unsigned int ifindex = settings->ifindex;
	bool exists = if_nametoindex(settings->ifname) != 0;
	int error;
	int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (tap < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", settings->ifname);
	if ((exists || ioctl(tap, TUNSETIFINDEX, &ifindex) == 0) &&
		ioctl(tap, TUNSETIFF, &request) == 0 && ioctl(tap, TUNSETPERSIST, 1) == 0)
		return tap;
	error = -errno;
	close(tap);
	return error;
}

static bool asks(int query, unsigned long what, const char *ifname, struct ifreq *request)
{
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", ifname);
	return ioctl(query, what, request) == 0;
}

/* MAC, MTU and up as wanted. To set even the same MAC once more makes the kernel forget every
 * neighbour of the link, and FRR take it for a new one. */
static bool is_set(const struct tap_settings *settings)
{
	struct ifreq mac, mtu, flags;
	int query = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool same;

	if (query < 0)
		return false;
	same = asks(query, SIOCGIFHWADDR, settings->ifname, &mac) &&
	       memcmp(mac.ifr_hwaddr.sa_data, settings->mac, sizeof(settings->mac)) == 0 &&
	       asks(query, SIOCGIFMTU, settings->ifname, &mtu) &&
	       (uint32_t)mtu.ifr_mtu == settings->mtu &&
	       asks(query, SIOCGIFFLAGS, settings->ifname, &flags) && flags.ifr_flags & IFF_UP;
	close(query);
	return same;
}

static int set_link(
	struct mnl_socket *socket, uint32_t ifindex, const struct tap_settings *settings)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *message = netlink_message(buffer, RTM_NEWLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_index = (int)ifindex;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	mnl_attr_put(message, IFLA_ADDRESS, sizeof(settings->mac), settings->mac);
	mnl_attr_put_u32(message, IFLA_MTU, settings->mtu);
	return netlink_request(socket, message);
}

static int change_address(
	struct mnl_socket *socket, uint32_t ifindex, const struct ip *address, bool add)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *message = netlink_message(
		buffer, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	size_t length = address->family == AF_INET ? 4 : 16;

	info->ifa_family = address->family;
	info->ifa_prefixlen = address->prefix_len;
	info->ifa_index = ifindex;
	mnl_attr_put(message, IFA_LOCAL, length, address->address);
	mnl_attr_put(message, IFA_ADDRESS, length, address->address);
	if (add && address->family == AF_INET6)
		mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
	return netlink_request(socket, message);
}

/* The addresses found on one interface. */
struct address_list {
	uint32_t ifindex;
	unsigned int count;
	struct ip items[ADDRESSES_MAX];
};

static int collect_address(const struct nlmsghdr *message, void *context)
{
	struct address_list *list = context;
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	const struct nlattr *found = NULL;
	size_t length = info->ifa_family == AF_INET ? 4 : 16;

	if (info->ifa_index != list->ifindex || list->count == ADDRESSES_MAX)
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(*info)) {
		int type = mnl_attr_get_type(attribute);

		if (type == IFA_LOCAL || (type == IFA_ADDRESS && !found))
			found = attribute;
	}
	if (!found || mnl_attr_get_payload_len(found) != length)
		return MNL_CB_OK;
	list->items[list->count].family = info->ifa_family;
	list->items[list->count].prefix_len = info->ifa_prefixlen;
	memcpy(list->items[list->count].address, mnl_attr_get_payload(found), length);
	list->count++;
	return MNL_CB_OK;
}

/* RFC 4291 appendix A: the MAC's halves around fffe, the universal/local bit inverted. */
static struct ip link_local(const uint8_t mac[6])
{
	struct ip address = {.family = AF_INET6,
		.prefix_len = 64,
		.address = {0xfe, 0x80, [8] = mac[0] ^ 0x02, mac[1], mac[2], 0xff, 0xfe, mac[3],
			mac[4], mac[5]}};
	return address;
}

static bool same_address(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	       memcmp(a->address, b->address, a->family == AF_INET ? 4 : 16) == 0;
}

static bool is_among(const struct ip *address, const struct ip *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (same_address(address, &list[i]))
			return true;
	}
	return false;
}

/* Others go first: two subnets that overlap would leave two connected routes. */
static int set_addresses(struct mnl_socket *socket, uint32_t ifindex,
	const struct tap_settings *settings, bool again)
{
	const struct ip wanted[] = {
		link_local(settings->mac), settings->address4, settings->address6};
	struct address_list present = {.ifindex = ifindex};
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *message = netlink_message(buffer, RTM_GETADDR, 0);
	int error;

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	error = netlink_dump(socket, message, collect_address, &present);
	for (unsigned int i = 0; error == 0 && i < present.count; i++) {
		if (!is_among(&present.items[i], wanted, 3))
			error = change_address(socket, ifindex, &present.items[i], false);
		if (error == -EADDRNOTAVAIL) /* a secondary address goes with its primary */
			error = 0;
	}
	for (unsigned int i = 0; error == 0 && i < 3; i++) {
		if (wanted[i].family &&
			(again || !is_among(&wanted[i], present.items, present.count)))
			error = change_address(socket, ifindex, &wanted[i], true);
	}
	return error;
}

/* In the namespace the thread is in. A new TAP has the namespace's settings. */
static int configure(const struct tap_settings *settings, bool again, bool is_new)
{
	uint32_t ifindex = if_nametoindex(settings->ifname);
	struct mnl_socket *socket;
	int error;

	if (ifindex == 0)
		return -errno;
	error = is_new ? 0 : sysctl_interface(settings->ifname);
	if (error < 0)
		return error;
	socket = netlink_open(-1, 0);
	if (!socket)
		return -errno;
	error = is_set(settings) ? 0 : set_link(socket, ifindex, settings);
	if (error == 0)
		error = set_addresses(socket, ifindex, settings, again);
	mnl_socket_close(socket);
	return error;
}

int tap_open(int netns, const struct tap_settings *settings)
{
	int previous = netlink_enter(netns);
	int error, tap;
	bool is_new;

	if (previous < 0)
		return fail("cannot enter the namespace of", settings->ifname, previous);
	is_new = if_nametoindex(settings->ifname) == 0;
	tap = attach(settings);
	error = tap < 0 ? tap : configure(settings, false, is_new);
	netlink_leave(previous);
	if (error == 0)
		return tap;
	if (tap >= 0)
		close(tap);
	return fail("cannot open", settings->ifname, error);
}

static int configure_in(int netns, const struct tap_settings *settings, bool again)
{
	int error;
	int previous = netlink_enter(netns);

	if (previous < 0)
		return fail("cannot enter the namespace of", settings->ifname, previous);
	error = configure(settings, again, false);
	netlink_leave(previous);
	return error ? fail("cannot configure", settings->ifname, error) : 0;
}

int tap_configure(int netns, const struct tap_settings *settings)
{
	return configure_in(netns, settings, false);
}

int tap_renotify(int netns, const struct tap_settings *settings)
{
	return configure_in(netns, settings, true);
}

uint32_t tap_ifindex(int netns, const char *ifname)
{
	int previous = netlink_enter(netns);
	uint32_t ifindex;

	if (previous < 0)
		return 0;
	ifindex = if_nametoindex(ifname);
	netlink_leave(previous);
	return ifindex;
}

int tap_delete(int netns, const char *ifname)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *message = netlink_message(buffer, RTM_DELLINK, 0);
	struct mnl_socket *socket = netlink_open(netns, 0);
	int error;

	if (!socket)
		return fail("cannot enter the namespace of", ifname, -errno);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, ifname);
	error = netlink_request(socket, message);
	mnl_socket_close(socket);
	return error && error != -ENODEV ? fail("cannot delete", ifname, error) : 0;
}

struct tap_walk {
	char (*names)[IF_NAMESIZE];
	unsigned int count;
};

#define TAPS_MAX 256 /* a domain has a handful */

static bool is_tap(const struct nlattr *info)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
			return strcmp(mnl_attr_get_str(attribute), "tun") == 0;
	}
	return false;
}

static int collect_tap(const struct nlmsghdr *message, void *context)
{
	struct tap_walk *walk = context;
	const struct nlattr *attribute;
	const char *ifname = NULL;
	bool tap = false;

	mnl_attr_for_each (attribute, message, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME)
			ifname = mnl_attr_get_str(attribute);
		if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
			tap = is_tap(attribute);
	}
	if (!ifname || !tap)
		return MNL_CB_OK;
	if (walk->count == TAPS_MAX) {
		errno = E2BIG;
		return MNL_CB_ERROR;
	}
	snprintf(walk->names[walk->count++], IF_NAMESIZE, "%s", ifname);
	return MNL_CB_OK;
}

int tap_list(int netns, void (*each)(const char *ifname, void *context), void *context)
{
	char names[TAPS_MAX][IF_NAMESIZE];
	struct tap_walk walk = {.names = names};
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *message = netlink_message(buffer, RTM_GETLINK, 0);
	struct mnl_socket *socket = netlink_open(netns, 0);
	int error;

	if (!socket)
		return fail("cannot list", "TAPs", -errno);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	error = netlink_dump(socket, message, collect_tap, &walk);
	mnl_socket_close(socket);
	/* The list is taken whole first, so that each() may delete. */
	for (unsigned int i = 0; error == 0 && i < walk.count; i++)
		each(names[i], context);
	return error ? fail("cannot list", "TAPs", error) : 0;
}
