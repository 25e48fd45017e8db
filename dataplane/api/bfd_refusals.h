/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a BFD packet is not believed, each with a short word for tables and a sentence for people.
 * One list makes the enum (dataplane/bfd/packet.h), the counters and their names.
 */
#pragma once

#define BFD_REFUSALS(X)                                                                        \
	X(TTL, "ttl", "TTL or hop limit says that it came from farther away (RFC 5881 5)")     \
	X(LENGTH, "length", "shorter or longer than it says, or than a packet can be")         \
	X(VERSION, "version", "not BFD version 1")                                             \
	X(MULTIPLIER, "multiplier", "detect mult is 0")                                        \
	X(MULTIPOINT, "multipoint", "the multipoint bit is set")                               \
	X(MY_DISCRIMINATOR, "my-discriminator", "the sender's discriminator is 0")             \
	X(YOUR_DISCRIMINATOR, "your-discriminator",                                            \
		"our discriminator is no session's, or 0 in a state that knows it")            \
	X(NO_SESSION, "no-session", "no session with this source on the link")                 \
	X(SOURCE, "source", "the session's discriminator, but not its addresses")              \
	X(INTERFACE, "interface", "the session's discriminator, but not its link or UDP port") \
	X(AUTH_MISSING, "auth-missing", "no authentication, but the session has a key")        \
	X(AUTH_UNWANTED, "auth-unwanted", "authentication, but the session has no key")        \
	X(AUTH_TYPE, "auth-type", "authentication of another type or with an unknown key")     \
	X(AUTH_SEQUENCE, "auth-sequence", "sequence number out of range: an old packet again") \
	X(AUTH_DIGEST, "auth-digest", "the digest is wrong")                                   \
	X(ADMIN_DOWN, "admin-down", "our side is administratively down")                       \
	X(ECHO, "echo", "BFD echo, which is not spoken here")                                  \
	X(HEADER, "header", "IP options, fragments or a UDP header that is wrong")
