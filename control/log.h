/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's log: one line an event on standard error, "LEVEL area: text". systemd or the lab's
 * supervisor adds the time. Secrets never come here.
 */
#pragma once

void log_error(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *area, const char *format, ...) __attribute__((format(printf, 2, 3)));
