/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/config/loader.h"

size_t utf8_length(const unsigned char *text, size_t left)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t length;
	} forms[] = {
		/* RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (left > 0 && text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (left < forms[i].length || text[0] < forms[i].first_low ||
			text[0] > forms[i].first_high || text[1] < forms[i].second_low ||
			text[1] > forms[i].second_high)
			continue;
		for (size_t j = 2; j < forms[i].length; j++) {
			if ((text[j] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].length;
	}
	return 0;
}

/* What YAML 1.1 (5.1) does not count as printable. */
static bool unprintable(const unsigned char *text, size_t length)
{
	if (length == 1)
		return (text[0] < 0x20 && text[0] != '\t' && text[0] != '\n' && text[0] != '\r') ||
		       text[0] == 0x7f;
	if (length == 2)
		return text[0] == 0xc2 && text[1] < 0xa0 && text[1] != 0x85;
	/* U+FFFE, U+FFFF */
	return length == 3 && text[0] == 0xef && text[1] == 0xbf && text[2] >= 0xbe;
}

/* One finding a line is enough to mend it. */
static void text_check_line(
	struct loader *loader, const unsigned char *line, size_t length, unsigned int number)
{
	bool indent = true;

	for (size_t i = 0; i < length;) {
		size_t step = utf8_length(line + i, length - i);
		if (step == 0) {
			report_at(loader, number, "",
				"byte 0x%02x at column %zu is not UTF-8; save the file as UTF-8 "
				"text",
				line[i], i + 1);
			return;
		}
		if (unprintable(line + i, step)) {
			report_at(loader, number, "",
				"control character (byte 0x%02x) at column %zu; remove it",
				line[i + step - 1], i + 1);
			return;
		}
		if (indent && line[i] == '\t') {
			report_at(loader, number, "",
				"a tab indents this line, which YAML does not allow; use spaces");
			return;
		}
		indent = indent && line[i] == ' ';
		i += step;
	}
}

void text_check(struct loader *loader, const char *document, size_t length)
{
	unsigned int number = 1;

	while (length > 0) {
		const char *newline = memchr(document, '\n', length);
		size_t line_length = newline != NULL ? (size_t)(newline - document) : length;
		text_check_line(loader, (const unsigned char *)document, line_length, number++);
		size_t step = newline != NULL ? line_length + 1 : line_length;
		document += step;
		length -= step;
	}
}
