/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/observe.h"

#include <sys/socket.h>

#include "pipelines/ingress/spread.h"
#include "pipelines/punt/upper_layer.h"

enum { PORTS_BYTES = 4 };

/* ---- which packets are wanted ---- */

static bool asks_for_all(const struct api_capture *request)
{
	return request->family == 0 && request->protocol == 0 && request->port == 0;
}

static bool is_between(const struct api_capture *request, const uint8_t *source,
	const uint8_t *destination, size_t length)
{
	return (!request->has_from || memcmp(source, request->from, length) == 0) &&
	       (!request->has_to || memcmp(destination, request->to, length) == 0);
}

static bool has_addresses(const struct api_capture *request, const uint8_t *ip, bool is_ipv4)
{
	const uint8_t *source = ip + (is_ipv4 ? IPV4_SOURCE : IPV6_SOURCE);
	const uint8_t *destination = ip + (is_ipv4 ? IPV4_DESTINATION : IPV6_DESTINATION);
	size_t length = is_ipv4 ? 4 : 16;

	if (request->family != 0 && is_ipv4 != (request->family == AF_INET))
		return false;
	return is_between(request, source, destination, length) ||
	       is_between(request, destination, source, length);
}

/* Later fragments are of their protocol, but have no ports. */
static struct upper_layer find_upper_layer(const uint8_t *ip, unsigned int bytes, bool is_ipv4)
{
	struct upper_layer upper;

	if (!is_ipv4) {
		if (!upper_layer_find(ip, bytes, &upper))
			upper.later_fragment = true;
		return upper;
	}
	return (struct upper_layer){
		.protocol = ip[IPV4_PROTOCOL],
		.offset = ipv4_header_bytes(ip),
		.later_fragment = (load16(ip + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0,
	};
}

static bool has_port(const struct api_capture *request, const struct upper_layer *upper,
	const uint8_t *ip, unsigned int bytes)
{
	const uint8_t *ports = ip + upper->offset;

	if (upper->protocol != IPPROTO_TCP && upper->protocol != IPPROTO_UDP)
		return false;
	if (upper->later_fragment || upper->offset + PORTS_BYTES > bytes)
		return false;
	return load16(ports) == request->port || load16(ports + 2) == request->port;
}

static bool is_wanted(const struct api_capture *request, struct rte_mbuf *frame)
{
	struct upper_layer upper;
	struct packet packet;
	const uint8_t *ip;
	bool is_ipv4;

	if (asks_for_all(request))
		return true;
	find_l3(frame, &packet);
	if (!is_ip(&packet))
		return false;
	ip = packet_l3(&packet);
	is_ipv4 = packet_is_ipv4(&packet);
	if (!has_addresses(request, ip, is_ipv4))
		return false;
	upper = find_upper_layer(ip, packet.l3_bytes, is_ipv4);
	if (request->protocol != 0 && upper.protocol != request->protocol)
		return false;
	return request->port == 0 || has_port(request, &upper, ip, packet.l3_bytes);
}

/* ---- copies ---- */

/* Without a ring: it is not wanted, or there is no room, which is counted. */
static struct observed write_record(struct worker *worker, const struct interface *interface,
	struct rte_mbuf *frame, const struct api_captured *about)
{
	struct capture *capture = capture_get(interface->watched);
	struct capture_record *record;
	struct capture_part *part;
	uint32_t snap;

	if (capture == NULL || !is_wanted(&capture->request, frame))
		return (struct observed){NULL, NULL};
	part = &capture->parts[worker->index];
	snap = RTE_MIN(frame->data_len, capture->request.snap_bytes);
	record = capture_ring_room(&part->ring, sizeof(*record) + snap);
	if (record == NULL) {
		worker_add(&part->lost[interface->id], 1);
		return (struct observed){NULL, NULL};
	}
	record->epoch = interface->epoch;
	record->reserved = 0;
	record->about = *about;
	record->about.time_ns = worker->now;
	record->about.interface = interface->id;
	record->about.frame_bytes = frame->pkt_len;
	record->about.captured_bytes = snap;
	memcpy(record + 1, rte_pktmbuf_mtod(frame, const uint8_t *), snap);
	return (struct observed){&part->ring, &record->about};
}

struct observed observe_received(struct worker *worker, const struct packet *packet)
{
	const struct adjacency *adjacency = packet->adjacency;
	const struct api_captured about = {
		.group = packet->group,
		.adjacency = adjacency != NULL ? adjacency->id : 0,
		.other = adjacency != NULL ? adjacency->interface : 0,
	};

	return write_record(worker, packet->in, packet->mbuf, &about);
}

/* Its whole way was told when it came. */
static bool is_told(const struct interface *interface, const struct packet *packet)
{
	const struct capture *capture = capture_get(interface->watched);

	return capture != NULL && capture->request.once && packet != NULL && !packet->generated &&
	       packet->in->watched == interface->watched;
}

struct observed observe_departure(struct worker *worker, const struct interface *interface,
	struct rte_mbuf *frame, const struct packet *packet)
{
	bool came = packet != NULL && !packet->generated;
	const struct api_captured about = {
		.is_out = 1,
		.group = packet != NULL ? packet->group : 0,
		.adjacency = packet != NULL ? packet->adjacency->id : 0,
		.other = came ? packet->in->id : 0,
	};

	if (is_told(interface, packet))
		return (struct observed){NULL, NULL};
	return write_record(worker, interface, frame, &about);
}
