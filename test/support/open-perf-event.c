// Runs a command with an event of its own as a descriptor: what somebody else has opened.
//
// The descriptor is in the environment, as PERF_EVENT_FD; each page fault of the process is a sample once it is enabled.
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char** arguments) {
  struct perf_event_attr event = {
      .size = sizeof(event),
      .type = PERF_TYPE_SOFTWARE,
      .config = PERF_COUNT_SW_PAGE_FAULTS,
      .sample_period = 1,
      .disabled = 1,
  };
  char text[16];
  int fd = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);

  if (fd < 0 || count < 2) {
    perror("perf_event_open");
    return 1;
  }
  snprintf(text, sizeof(text), "%d", fd);
  setenv("PERF_EVENT_FD", text, 1);
  execvp(arguments[1], arguments + 1);
  perror(arguments[1]);
  return 1;
}
