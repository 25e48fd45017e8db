/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's log: one line an event on standard error, "LEVEL area: text". Never called per
 * packet, never by workers.
 */
#pragma once

void log_error(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
