/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/startup/preflight.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dataplane/startup/buffers.h"

#define HUGEPAGES "/sys/kernel/mm/hugepages"
#define MTU_MIN 1280u /* RFC 8200 5 */
#define MTU_MAX 9216u
#define IDLE_SLEEP_MAX_US 10000u

static uint64_t read_number(const char *path)
{
	unsigned long long value = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static void gather_hugepages(struct preflight_facts *facts)
{
	const struct dirent *entry;
	unsigned long page_kb;
	char path[512];
	DIR *directory = opendir(HUGEPAGES);

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (sscanf(entry->d_name, "hugepages-%lukB", &page_kb) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES "/%s/free_hugepages", entry->d_name);
		facts->hugepages_free_mb += read_number(path) * page_kb / 1024;
		if (page_kb != 2048)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES "/%s/nr_hugepages", entry->d_name);
		facts->hugepages_2m_total = read_number(path);
	}
	closedir(directory);
}

static void gather_memory(struct preflight_facts *facts)
{
	unsigned long long kb;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu kB", &kb) == 1)
			facts->memory_available_mb = kb / 1024;
	}
	fclose(file);
}

static void gather_files(struct preflight_facts *facts)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < PREFLIGHT_FILES) {
		struct rlimit wish = {PREFLIGHT_FILES, limit.rlim_max};

		/* With CAP_SYS_RESOURCE the hard limit gives way too; without, it is the end. */
		if (wish.rlim_max < PREFLIGHT_FILES)
			wish.rlim_max = PREFLIGHT_FILES;
		if (setrlimit(RLIMIT_NOFILE, &wish) < 0) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(RLIMIT_NOFILE, &limit);
		}
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	facts->files_max = limit.rlim_cur;
}

void preflight_gather(struct preflight_facts *facts)
{
	int tun;

	memset(facts, 0, sizeof(*facts));
	if (sched_getaffinity(0, sizeof(facts->allowed), &facts->allowed) < 0)
		CPU_ZERO(&facts->allowed);
	gather_hugepages(facts);
	gather_memory(facts);
	gather_files(facts);
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	facts->tun = tun >= 0;
	if (tun >= 0)
		close(tun);
}

static int teach(int error, char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int teach(int error, char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return error;
}

/* "0-3,6" */
static void print_cpus(const cpu_set_t *set, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && length + 12 < size; cpu++) {
		int last = cpu;

		if (!CPU_ISSET(cpu, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		length += snprintf(text + length, size - length, cpu == last ? "%s%d" : "%s%d-%d",
			length ? "," : "", cpu, last);
		cpu = last;
	}
}

static int check_cpu_list(const char *role, const uint32_t *cpus, uint32_t count,
	const cpu_set_t *allowed, char *text, size_t size)
{
	char found[64];

	if (count == 0)
		return teach(-EINVAL, text, size,
			"no %s CPU given, at least one is needed: cores: {%s: [N]}", role, role);
	if (count > API_CPUS_MAX)
		return teach(-EINVAL, text, size, "%u %s CPUs given, %u are possible", count, role,
			API_CPUS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		if (cpus[i] < CPU_SETSIZE && CPU_ISSET(cpus[i], allowed))
			continue;
		print_cpus(allowed, found, sizeof(found));
		return teach(-ENODEV, text, size,
			"CPU %u is named in cores: {%s: ...} but this process may run on %s only; "
			"name one of "
			"these, or give it more (systemd: AllowedCPUs=)",
			cpus[i], role, found);
	}
	return 0;
}

static int check_cpus(const struct api_startup *startup, const struct preflight_facts *facts,
	char *text, size_t size)
{
	cpu_set_t seen;
	int error;

	error = check_cpu_list("workers", startup->worker_cpus, startup->worker_count,
		&facts->allowed, text, size);
	if (error == 0)
		error = check_cpu_list("control", startup->control_cpus, startup->control_cpu_count,
			&facts->allowed, text, size);
	if (error < 0)
		return error;

	CPU_ZERO(&seen);
	for (uint32_t i = 0; i < startup->worker_count; i++) {
		uint32_t cpu = startup->worker_cpus[i];

		if (CPU_ISSET(cpu, &seen))
			return teach(-EINVAL, text, size,
				"CPU %u is given to two workers; each needs one of its own: cores: "
				"{workers: [...]}",
				cpu);
		CPU_SET(cpu, &seen);
	}
	return 0;
}

static int check_memory(const struct api_startup *startup, const struct preflight_facts *facts,
	char *text, size_t size)
{
	uint64_t needed = buffers_memory_min_mb(startup);

	if (startup->memory_mb < needed)
		return teach(-ENOMEM, text, size,
			"memory: %u MB given, %u worker(s) with packets of %u bytes need %llu MB "
			"at least; raise "
			"memory: {size: %lluM}",
			startup->memory_mb, startup->worker_count, startup->mtu_max,
			(unsigned long long)needed, (unsigned long long)needed);
	if (!startup->hugepages && facts->memory_available_mb < startup->memory_mb)
		return teach(-ENOMEM, text, size,
			"memory: %llu MB available, %u MB needed; free some, or lower memory: "
			"{size: ...} (at "
			"least %lluM)",
			(unsigned long long)facts->memory_available_mb, startup->memory_mb,
			(unsigned long long)needed);
	if (startup->hugepages && facts->hugepages_free_mb < startup->memory_mb) {
		uint64_t short_mb = startup->memory_mb - facts->hugepages_free_mb;

		return teach(-ENOMEM, text, size,
			"hugepages: %llu MB free, %u MB needed: echo %llu > "
			"/proc/sys/vm/nr_hugepages (or, "
			"slower, memory: {hugepages: false})",
			(unsigned long long)facts->hugepages_free_mb, startup->memory_mb,
			(unsigned long long)(facts->hugepages_2m_total + (short_mb + 1) / 2));
	}
	return 0;
}

int preflight_check(const struct api_startup *startup, const struct preflight_facts *facts,
	char *text, size_t size)
{
	int error;

	if (startup->mtu_max < MTU_MIN || startup->mtu_max > MTU_MAX)
		return teach(-EINVAL, text, size, "largest MTU is %u, %u to %u is possible",
			startup->mtu_max, MTU_MIN, MTU_MAX);
	if (startup->idle_sleep_us > IDLE_SLEEP_MAX_US)
		return teach(-EINVAL, text, size,
			"idle sleep is %u us, at most %u us is possible: cores: {idle: 50us}",
			startup->idle_sleep_us, IDLE_SLEEP_MAX_US);
	error = check_cpus(startup, facts, text, size);
	if (error == 0)
		error = check_memory(startup, facts, text, size);
	if (error < 0)
		return error;
	if (!facts->tun)
		return teach(-ENODEV, text, size,
			"/dev/net/tun cannot be opened, and control traffic needs it: modprobe tun "
			"(in a "
			"container: --device /dev/net/tun)");
	return 0;
}

static void advise_shared_cpus(const struct api_startup *startup,
	const struct preflight_facts *facts, void (*warn)(const char *sentence))
{
	cpu_set_t workers, spare = facts->allowed;
	char sentence[240], found[64];

	CPU_ZERO(&workers);
	for (uint32_t i = 0; i < startup->worker_count; i++) {
		CPU_SET(startup->worker_cpus[i], &workers);
		CPU_CLR(startup->worker_cpus[i], &spare);
	}
	for (uint32_t i = 0; i < startup->control_cpu_count; i++) {
		uint32_t cpu = startup->control_cpus[i];

		if (!CPU_ISSET(cpu, &workers))
			continue;
		print_cpus(&spare, found, sizeof(found));
		if (CPU_COUNT(&spare) == 0)
			snprintf(sentence, sizeof(sentence),
				"CPU %u is worker and control at once, no other is left; "
				"forwarding will have gaps",
				cpu);
		else
			snprintf(sentence, sizeof(sentence),
				"CPU %u is worker and control at once while %s has no worker: "
				"cores: {control: [%s]}",
				cpu, found, found);
		warn(sentence);
	}
}

void preflight_advise(const struct api_startup *startup, const struct preflight_facts *facts,
	void (*warn)(const char *sentence))
{
	char sentence[240];

	advise_shared_cpus(startup, facts, warn);
	if (!startup->hugepages)
		warn("running without hugepages: slower, and physical ports cannot be used");
	if (facts->files_max >= PREFLIGHT_FILES)
		return;
	snprintf(sentence, sizeof(sentence),
		"%llu open files allowed, a full edge needs %u: LimitNOFILE=%u in the systemd "
		"unit, or "
		"ulimit -n %u",
		(unsigned long long)facts->files_max, PREFLIGHT_FILES, PREFLIGHT_FILES,
		PREFLIGHT_FILES);
	warn(sentence);
}
