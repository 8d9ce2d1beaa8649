// What tests probe: a process that does on request what they want to see.
//
// It says "ready", the address of a variable and of a function, then answers each line that it reads by
// one line, and ends with its input.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "static-probe.h"

long library_call(long value);

#define FUNCTION __attribute__((noinline, visibility("default")))

/* The kernel counts here who is listening to the probe. */
volatile unsigned short request_semaphore __attribute__((section(".probes"), used));
volatile int watched;

FUNCTION long target_one(long value) {
  __asm__ volatile("");
  return value + 1;
}

FUNCTION long target_two(long value) {
  __asm__ volatile("");
  return value + 2;
}

FUNCTION long target_three(long value) {
  __asm__ volatile("");
  return value + 3;
}

/* Arguments in registers, as constants, and in memory: three places that have the same probe. */
FUNCTION void request(int number, unsigned long size, const char* path) {
  volatile long in_memory = -(long)size;

  STATIC_PROBE("ebpftest", "request", "request_semaphore", "-4@%[number] 8@%[size] 8@%[path]",
               [number] "r"(number), [size] "r"(size), [path] "r"(path));
  STATIC_PROBE("ebpftest", "request", "request_semaphore", "-4@%[number] 8@%[size] 8@%[path]",
               [number] "n"(-7), [size] "n"(1234), [path] "r"(path));
  STATIC_PROBE("ebpftest", "request", "request_semaphore", "-4@%[number] -8@%[size] 8@%[path]",
               [number] "r"(number), [size] "m"(in_memory), [path] "r"(path));
}

FUNCTION void plain(void) { STATIC_PROBE("ebpftest", "plain", "0", ""); }

static void spin(long milliseconds) {
  clock_t end = clock() + milliseconds * (CLOCKS_PER_SEC / 1000);

  while (clock() < end) {
    for (volatile int round = 0; round < 1000; round++) continue;
  }
}

static void fault(long pages) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* memory =
      mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED) exit(1);
  madvise(memory, pages * page, MADV_NOHUGEPAGE);
  for (long index = 0; index < pages; index++) *(volatile char*)(memory + index * page) = 1;
  munmap(memory, pages * page);
}

/* Does something in a process of its own, and gives its pid. */
static long in_child(void (*action)(long), long argument) {
  pid_t child = fork();

  if (child < 0) exit(1);
  if (child == 0) {
    action(argument);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return child;
}

static long answer(const char* command, long count) {
  long sum = 0;

  if (strcmp(command, "semaphore") == 0) return request_semaphore;
  if (strcmp(command, "spin") == 0) return spin(count), 0;
  if (strcmp(command, "fault") == 0) return fault(count), 0;
  if (strcmp(command, "fork-spin") == 0) return in_child(spin, count);
  if (strcmp(command, "fork-fault") == 0) return in_child(fault, count);
  for (long index = 0; index < count; index++) {
    if (strcmp(command, "one") == 0) sum += target_one(index);
    if (strcmp(command, "two") == 0) sum += target_two(index);
    if (strcmp(command, "three") == 0) sum += target_three(index);
    if (strcmp(command, "request") == 0) request((int)index, (unsigned long)index + 100, "/a/path");
    if (strcmp(command, "plain") == 0) plain();
    if (strcmp(command, "library") == 0) sum += library_call(index);
    if (strcmp(command, "write") == 0) watched = (int)index;
    if (strcmp(command, "read") == 0) sum += watched;
  }
  return sum;
}

int main(void) {
  char command[32];
  long count;

  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("ready %lu %lu\n", (unsigned long)&watched, (unsigned long)&target_one);
  while (scanf("%31s %ld", command, &count) == 2) printf("%ld\n", answer(command, count));
  return 0;
}
