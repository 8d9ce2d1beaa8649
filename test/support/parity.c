// What a C program gets: loads each program of an object alone, attaches it where its section says, and
// prints one line of JSON for each: 0, or the negative errno of what failed.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static int ignore(enum libbpf_print_level level, const char* format, va_list arguments) {
  (void)level;
  (void)format;
  (void)arguments;
  return 0;
}

static struct bpf_object* open_with(const char* path, const char* only) {
  struct bpf_object* object = bpf_object__open_file(path, NULL);
  struct bpf_program* program;

  if (object == NULL) return NULL;
  bpf_object__for_each_program(program, object) {
    bpf_program__set_autoload(program, strcmp(bpf_program__name(program), only) == 0);
  }
  return object;
}

static int attach(struct bpf_object* object, const char* name) {
  struct bpf_link* link = bpf_program__attach(bpf_object__find_program_by_name(object, name));

  if (link == NULL) return -errno;
  bpf_link__destroy(link);
  return 0;
}

static int report(const char* path, const char* name, const char* section) {
  struct bpf_object* object = open_with(path, name);
  int load;

  if (object == NULL) return -errno;
  load = bpf_object__load(object);
  printf("{\"program\":\"%s\",\"section\":\"%s\",\"load\":%d", name, section, load);
  if (load == 0) printf(",\"attach\":%d", attach(object, name));
  printf("}\n");
  bpf_object__close(object);
  return 0;
}

int main(int count, char** arguments) {
  struct bpf_object* object;
  struct bpf_program* program;
  const char* path;

  if (count != 2) return 2;
  path = arguments[1];
  libbpf_set_print(ignore);
  object = bpf_object__open_file(path, NULL);
  if (object == NULL) {
    printf("{\"open\":%d}\n", -errno);
    return 0;
  }
  bpf_object__for_each_program(program, object) {
    int error = report(path, bpf_program__name(program), bpf_program__section_name(program));

    if (error != 0) return 1;
  }
  bpf_object__close(object);
  return 0;
}
